//! What will be written of a row that is good, and the one change that all of them make.

use std::collections::HashSet;

use crate::log::operation::LogId;
use crate::model::id::Id;
use crate::store::{Append, ChangeSet, Guard, Row};

/// A scope in which a signer's entries can be held: a vault, or everywhere else.
pub(in crate::engine) type Scope = (Id, Option<Id>);

/// A good row of a batch.
pub(in crate::engine) struct Plan {
    /// Which row of the batch.
    pub(in crate::engine) index: usize,
    pub(in crate::engine) append: Append,
    /// The logs that the verdict rests on, and their sizes.
    pub(in crate::engine) rests_on: Vec<(LogId, u64)>,
    pub(in crate::engine) guards: Vec<Guard>,
    /// Rows that name an entry name this plan's, whatever number they carry.
    pub(in crate::engine) rows: Vec<Row>,
    /// Where a hold against its signer would stop it.
    pub(in crate::engine) scope: Scope,
    /// Whether it ends its own signer there: what a hold is for, and so not stopped by one that the signer asked for.
    pub(in crate::engine) ends_itself: bool,
}

/// What one kind of operation adds to its plan.
#[derive(Default)]
pub(in crate::engine) struct Draft {
    pub(in crate::engine) guards: Vec<Guard>,
    pub(in crate::engine) rows: Vec<Row>,
    /// Whom it ends, and where.
    pub(in crate::engine) ended: Vec<Scope>,
}

/// The change that all plans make, and for each of its guards the plan that asked for it.
pub(in crate::engine) fn change_set(plans: &[Plan]) -> (ChangeSet, Vec<usize>) {
    let mut change = ChangeSet::default();
    let mut owners = Vec::new();
    let (mut logs, mut scopes) = (HashSet::new(), HashSet::new());
    for (number, plan) in plans.iter().enumerate() {
        let rests_on = plan.rests_on.iter().filter(|(log, _)| logs.insert(*log));
        change.guards.extend(rests_on.map(|(log, size)| Guard::LogAt { log: *log, size: *size }));
        if !plan.ends_itself && scopes.insert(plan.scope) {
            let (signer, vault) = plan.scope;
            change.guards.push(Guard::NotHeld { signer, vault });
        }
        change.guards.extend(plan.guards.iter().cloned());
        owners.resize(change.guards.len(), number);
        change.appends.push(plan.append.clone());
        change.rows.extend(plan.rows.iter().cloned().map(|row| of_entry(row, number)));
    }
    (change, owners)
}

fn of_entry(mut row: Row, number: usize) -> Row {
    match &mut row {
        Row::Item { entry, .. } | Row::ItemGone { entry, .. } | Row::File { entry, .. } => *entry = number,
        _ => {}
    }
    row
}
