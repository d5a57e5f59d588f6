//! What every store must do. SQLite passes it in a file and in memory, PostgreSQL with advisory locks and without.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod guards;
mod histories;
mod holds;
mod kept;
mod pieces;
mod postgres;
#[path = "../../../tests/postgresql.rs"]
mod postgresql;
mod processes;
mod rows;
mod sqlite;
mod stopped;
mod trees;
mod waits;
mod world;

use std::any::Any;
use std::sync::Arc;

use strongroom::store::Store;

/// A new store, and what it lives in.
pub(crate) struct Place {
    pub(crate) store: Arc<dyn Store>,
    /// Dropped with the store.
    pub(crate) keep: Box<dyn Any + Send>,
}

impl Place {
    pub(crate) fn new(store: Arc<dyn Store>, keep: impl Any + Send) -> Self {
        Self { store, keep: Box::new(keep) }
    }
}

/// Runs the suite on what `$make` makes, a new store each time.
macro_rules! store_suite {
    ($name:ident, $make:path) => {
        store_suite!($name, $make,
            rows: every_row_comes_back, a_vault_ends_with_all_that_is_in_it, an_item_ends_and_its_vault_stays,
                pages_meet_without_gap_or_overlap, people_know_each_other_through_vaults, a_row_of_nothing_is_refused;
            guards: each_guard_holds_and_fails, a_repeat_gets_the_first_receipt, a_bad_change_leaves_its_group_whole,
                two_changes_of_one_group_see_each_other;
            histories: places_and_times_are_in_order, a_snapshot_is_of_one_moment, wide_changes_bind_every_log,
                many_vaults_are_read_like_few, states_come_in_the_order_that_they_are_asked_in;
            trees: random_histories_are_bound_by_their_trees, an_empty_store_has_empty_trees;
            holds: a_hold_stops_the_signer_and_covers_the_rest, a_hold_keeps_others_from_its_log, holds_exclude_each_other;
            kept: what_is_kept_is_found_until_it_is_over, one_of_many_takes_it;
            waits: waiters_wake, the_closed_store_refuses;
            pieces: small_pieces_are_rows, an_upload_is_published, pieces_go_with_their_file, an_attached_file_is_not_overwritten,
                an_upload_is_given_up, nothing_arrives_after_it_was_given_up;
        );
    };
    ($name:ident, $make:path, $($module:ident: $($test:ident),*;)*) => {
        mod $name {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::$module::$test($make()).await;
                }
            )*)*
        }
    };
}

store_suite!(file, crate::sqlite::file);
store_suite!(memory, crate::sqlite::memory);
store_suite!(postgresql_locks, crate::postgres::locks);
store_suite!(postgresql_serializable, crate::postgres::serializable);
