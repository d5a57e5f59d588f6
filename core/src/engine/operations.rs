//! Operations by the ids that their signers gave them.

use super::Engine;
use crate::authority::Session;
use crate::error::Result;
use crate::log::operation::{LogId, LogKind};
use crate::model::id::Id;

impl Engine {
    pub(super) async fn operations_of(
        &self,
        session: Session,
        of: Vec<(Option<LogId>, Id)>,
    ) -> Result<Vec<Option<Vec<u8>>>> {
        let mut look = self.look(session).await?;
        let mut found = Vec::with_capacity(of.len());
        for (log, id) in of {
            // No log has an operation's random id for its own, so this one has not begun.
            let log = log.unwrap_or(LogId::new(LogKind::Principal, id));
            let entry = look.snapshot.repeated(Some(look.caller.principal), log, id).await?;
            found.push(entry.map(|entry| entry.operation));
        }
        Ok(found)
    }
}
