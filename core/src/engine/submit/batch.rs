//! What the rows of one batch do to each other, which no guard of the store can see.

use std::collections::{HashMap, HashSet};

use super::plan::{Draft, Plan};
use super::received::Received;
use super::stop::{Ruled, Stop};
use crate::error::Error;
use crate::log::body::kind_of;
use crate::log::label;
use crate::log::operation::{LogId, LogKind};
use crate::log::replay::items::address;
use crate::model::id::{Id, PrincipalId, VaultId};
use crate::store::{Guard, Row};

/// Where an operation id is unique: its signer, the log unless it begins one, and the id.
type OperationKey = (Option<Id>, Option<LogId>, Id);

/// What is planned so far.
#[derive(Default)]
pub(in crate::engine) struct Batch {
    plans: Vec<Plan>,
    /// The plan and the hash of the bytes that used an operation id.
    operations: HashMap<OperationKey, (usize, Id)>,
    logs: HashSet<LogId>,
    items: HashSet<(Id, Id)>,
    files: HashSet<Id>,
    external_ids: HashMap<(Id, String), Id>,
    emails: HashMap<String, Option<PrincipalId>>,
    ended: HashSet<Id>,
    signers: HashSet<Id>,
}

impl Batch {
    /// Refuses a row that repeats an operation id of the batch.
    pub(in crate::engine) fn is_new(&self, received: &Received) -> Ruled {
        match self.operations.get(&operation_key(received)) {
            None => Ok(()),
            Some((plan, hash)) => Err(Stop::Same { plan: *plan, identical: *hash == label::sha256(&received.bytes) }),
        }
    }

    /// Whether an operation of the batch goes to this log.
    pub(in crate::engine) fn touches(&self, log: LogId) -> bool {
        self.logs.contains(&log)
    }

    /// Refuses a row that another row of the batch stands in the way of.
    pub(in crate::engine) fn fits(&self, received: &Received, draft: &Draft) -> Ruled {
        let signer = received.operation.signer;
        let voids = draft.ended.iter().any(|(ended, _)| self.signers.contains(ended));
        if voids || signer.is_some_and(|signer| self.ended.contains(&signer)) || self.touches(received.log) {
            return Err(Stop::stale());
        }
        if let Some(item) = item_of(received)
            && self.items.contains(&item)
        {
            return Err(Stop::stale());
        }
        if draft.rows.iter().any(|row| matches!(row, Row::File { file, .. } if self.files.contains(file))) {
            return Err(Stop::stale());
        }
        for guard in &draft.guards {
            match guard {
                Guard::NoExternal { creator, external_id } => {
                    if let Some(vault) = self.external_ids.get(&(*creator, external_id.clone())) {
                        return Err(Stop::Beside(external_id_taken(VaultId(*vault))));
                    }
                }
                Guard::NoEmail { email } => {
                    if let Some(who) = self.emails.get(email) {
                        let error = email_taken();
                        return Err(Stop::Beside(match who {
                            Some(who) => error.with_existing(who.to_string()),
                            None => error,
                        }));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes a plan up.
    pub(in crate::engine) fn add(&mut self, received: &Received, ended: &[(Id, Option<Id>)], plan: Plan) {
        let hash = label::sha256(&received.bytes);
        self.operations.insert(operation_key(received), (self.plans.len(), hash));
        if received.log.kind != LogKind::Items {
            self.logs.insert(received.log);
        }
        self.items.extend(item_of(received));
        self.signers.extend(received.operation.signer);
        self.ended.extend(ended.iter().map(|(who, _)| *who));
        self.files.extend(plan.rows.iter().filter_map(|row| match row {
            Row::File { file, .. } => Some(*file),
            _ => None,
        }));
        for guard in &plan.guards {
            match guard {
                Guard::NoExternal { creator, external_id } => {
                    self.external_ids.insert((*creator, external_id.clone()), received.log.id);
                }
                Guard::NoEmail { email } => {
                    let kind = plan.rows.iter().find_map(|row| match row {
                        Row::Principal { kind, .. } => kind_of(*kind).ok(),
                        _ => None,
                    });
                    let who = kind.map(|kind| PrincipalId { kind, id: received.log.id });
                    self.emails.insert(email.clone(), who);
                }
                _ => {}
            }
        }
        self.plans.push(plan);
    }

    pub(in crate::engine) fn into_plans(self) -> Vec<Plan> {
        self.plans
    }
}

/// Whether an operation begins its log, so that its id is one of all that its signer begins.
pub(in crate::engine) fn begins(received: &Received) -> bool {
    use crate::log::operation::Body;
    matches!(received.operation.body, Body::PrincipalAdded(_) | Body::GroupCreated(_) | Body::VaultCreated(_))
}

/// What is said of an external id that its creator has used.
pub(in crate::engine) fn external_id_taken(vault: VaultId) -> Error {
    Error::already_exists("a vault of this external id exists already: get it, or use another external id")
        .with_existing(vault.to_string())
}

/// What is said of an address that somebody has.
pub(in crate::engine) fn email_taken() -> Error {
    Error::already_exists("somebody of this e-mail address exists already: use another address")
}

fn operation_key(received: &Received) -> OperationKey {
    let log = (!begins(received)).then_some(received.log);
    (received.operation.signer, log, received.operation.id)
}

fn item_of(received: &Received) -> Option<(Id, Id)> {
    if received.log.kind != LogKind::Items {
        return None;
    }
    address(&received.operation).ok().map(|(item, _, _)| (received.log.id, item))
}
