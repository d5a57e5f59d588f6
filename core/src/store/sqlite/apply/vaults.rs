//! Vaults: names, members, keys.

use super::{Group, files, vault_leaf};
use crate::error::Result;
use crate::model::id::Id;
use crate::store::{MemberRow, Row, WrapRow};

pub(super) fn put(group: &mut Group<'_>, row: Row) -> Result<()> {
    let connection = group.connection;
    match row {
        Row::Vault { vault, creator, external_id } => {
            let (leaf, creator) = (vault_leaf(group, vault)?, group.actor(creator)?);
            connection
                .prepare_cached("INSERT INTO vault (leaf, id, creator, external_id) VALUES (?1, ?2, ?3, ?4)")?
                .execute((leaf, vault, creator, external_id))?;
        }
        Row::Name { vault, epoch, sealed } => {
            let leaf = vault_leaf(group, vault)?;
            connection
                .prepare_cached("UPDATE vault SET name_epoch = ?2, name = ?3 WHERE leaf = ?1")?
                .execute((leaf, epoch, sealed))?;
        }
        Row::Member(member) => put_member(group, &member)?,
        Row::MemberGone { vault, grantee } => {
            let leaf = vault_leaf(group, vault)?;
            let Some(grantee) = group.known_actor(grantee)? else { return Ok(()) };
            connection
                .prepare_cached("DELETE FROM member WHERE vault = ?1 AND grantee = ?2")?
                .execute((leaf, grantee))?;
        }
        Row::Person { vault, principal } => {
            let (leaf, principal) = (vault_leaf(group, vault)?, group.actor(principal)?);
            connection
                .prepare_cached("INSERT OR IGNORE INTO person (vault, principal) VALUES (?1, ?2)")?
                .execute((leaf, principal))?;
        }
        Row::Wrap(wrap) => put_wrap(group, &wrap)?,
        Row::PreviousKey { vault, epoch, sealed } => {
            let leaf = vault_leaf(group, vault)?;
            connection
                .prepare_cached("INSERT OR REPLACE INTO previous_key (vault, epoch, sealed) VALUES (?1, ?2, ?3)")?
                .execute((leaf, epoch, sealed))?;
        }
        Row::VaultGone { vault } => end(group, vault)?,
        _ => {}
    }
    Ok(())
}

fn put_member(group: &mut Group<'_>, member: &MemberRow) -> Result<()> {
    let (leaf, grantee) = (vault_leaf(group, member.vault)?, group.actor(member.grantee)?);
    group
        .connection
        .prepare_cached("INSERT OR REPLACE INTO member (vault, grantee, role, expires_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute((leaf, grantee, member.role, member.expires_at))?;
    Ok(())
}

fn put_wrap(group: &mut Group<'_>, wrap: &WrapRow) -> Result<()> {
    let leaf = vault_leaf(group, wrap.vault)?;
    let (principal, maker) = (group.actor(wrap.principal)?, group.actor(wrap.maker)?);
    group
        .connection
        .prepare_cached(
            "INSERT INTO wrap (vault, epoch, principal, generation, form, maker, maker_generation, sealed) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (vault, principal, epoch, generation, form) \
             DO UPDATE SET maker = excluded.maker, maker_generation = excluded.maker_generation, \
             sealed = excluded.sealed",
        )?
        .execute((
            leaf,
            wrap.epoch,
            principal,
            wrap.generation,
            wrap.form.number(),
            maker,
            wrap.maker_generation,
            &wrap.sealed,
        ))?;
    Ok(())
}

fn end(group: &mut Group<'_>, vault: Id) -> Result<()> {
    let leaf = vault_leaf(group, vault)?;
    files::forget(group.connection, leaf, None)?;
    for statement in [
        "DELETE FROM member WHERE vault = ?1",
        "DELETE FROM wrap WHERE vault = ?1",
        "DELETE FROM previous_key WHERE vault = ?1",
        "DELETE FROM part WHERE vault = ?1",
        "DELETE FROM item WHERE vault = ?1",
        "UPDATE vault SET deleted = 1, name_epoch = 0, name = x'' WHERE leaf = ?1",
    ] {
        group.connection.prepare_cached(statement)?.execute([leaf])?;
    }
    Ok(())
}
