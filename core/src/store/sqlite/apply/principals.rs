//! Profiles and keys of principals.

use super::Group;
use crate::error::Result;
use crate::log::operation::LogKind;
use crate::store::Row;

pub(super) fn put(group: &mut Group<'_>, row: Row) -> Result<()> {
    match row {
        Row::Principal { principal, kind, name, email, salt, active } => {
            let leaf = group.leaf(LogKind::Principal, principal)?;
            group
                .connection
                .prepare_cached(
                    "INSERT INTO principal (leaf, id, kind, name, email, salt, active) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (leaf) DO UPDATE SET kind = excluded.kind, \
                     name = excluded.name, email = excluded.email, salt = excluded.salt, active = excluded.active",
                )?
                .execute((leaf, principal, kind, name, email, salt, active))?;
        }
        Row::KemKey { principal, generation, key } => {
            let principal = group.actor(principal)?;
            group
                .connection
                .prepare_cached(
                    "INSERT INTO kem_key (principal, generation, key) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (principal, generation) DO UPDATE SET key = excluded.key",
                )?
                .execute((principal, generation, key))?;
        }
        _ => {}
    }
    Ok(())
}
