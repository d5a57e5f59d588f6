//! The content of large files in a place of its own: a folder, and S3 as `s3s-fs` serves it from a folder, under both kinds of
//! database.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod accounts;
#[path = "../store_suite/pieces.rs"]
mod pieces;
mod places;
#[path = "../../../tests/postgresql.rs"]
mod postgresql;
mod s3;
mod setting;
#[path = "../store_suite/world.rs"]
#[allow(dead_code, reason = "the suite uses all of it")]
mod world;

use std::any::Any;
use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use strongroom::store::Store;

use setting::Setting;

/// A new store, and what it lives in.
pub(crate) struct Place {
    pub(crate) store: Arc<dyn Store>,
    #[allow(dead_code, reason = "dropped with the store")]
    pub(crate) keep: Box<dyn Any + Send>,
}

impl Place {
    async fn within(setting: Setting) -> Self {
        let store = setting.store(true).await.unwrap();
        Self { store, keep: Box::new(setting) }
    }
}

fn block_on(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(work);
}

/// Every test on every setting.
macro_rules! trials {
    ($trials:ident; $($module:ident($form:ident): $($test:ident),*;)*) => {$($(
        for (database, content) in setting::all() {
            let name = format!("{database}_{content}::{}::{}", stringify!($module), stringify!($test));
            $trials.push(Trial::test(name, move || {
                block_on(async move { trials!($form, $module::$test, Setting::new(database, content)) });
                Ok(())
            }));
        }
    )*)*};
    (suite, $test:path, $setting:expr) => { $test(Place::within($setting).await).await };
    (own, $test:path, $setting:expr) => { $test($setting).await };
}

fn main() -> ExitCode {
    // Whose keys are meant is told by the environment, so all is done in a process that has them.
    if std::env::var_os(s3::ROOT).is_none() {
        return s3::Serving::start().run_beside();
    }
    let mut trials = Vec::new();
    trials!(trials;
        pieces(suite): small_pieces_are_rows, an_upload_is_published, pieces_go_with_their_file,
            an_attached_file_is_not_overwritten, an_upload_is_given_up, nothing_arrives_after_it_was_given_up;
        places(own): an_attached_piece_is_never_replaced, what_comes_late_goes_too,
            what_could_not_be_removed_is_tried_again_soon, a_place_is_one_databases,
            a_database_leads_nobody_to_a_place, a_place_may_be_moved_whole, files_from_before_stay_where_they_are,
            what_was_left_behind_goes_with_the_next_opener;
        accounts(own): files_go_there_and_go_with_their_item, a_server_has_it_too, copies_have_places_of_their_own;
    );
    trials.push(Trial::test("s3::what_is_refused_says_why", || {
        block_on(places::what_is_refused_says_why());
        Ok(())
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
