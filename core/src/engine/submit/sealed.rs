//! Sealed rows of a vault: they fit the hashes and the recipients that were signed.

use std::collections::BTreeSet;

use super::received::Received;
use super::stop::wrong_rows;
use crate::authority::Rows;
use crate::error::{Error, Result};
use crate::log::body::{Recipient, sealed_hash};
use crate::model::id::Id;
use crate::store::{Row, WrapForm, WrapRow};

/// The largest sealed name and description.
pub(super) const NAME: usize = 256 << 10;
/// The largest sealed overview of an item.
pub(super) const OVERVIEW: usize = 4 << 20;
/// The largest sealed details of an item.
pub(super) const DETAILS: usize = 8 << 20;
/// The largest sealed key.
const KEY: usize = 4 << 10;

/// Whom the key of an epoch is sealed for, and by whom.
pub(super) struct Sealing<'a> {
    pub(super) vault: Id,
    pub(super) epoch: u32,
    pub(super) maker: Recipient,
    pub(super) recipients: &'a [Recipient],
    pub(super) recovery: Option<Recipient>,
}

/// Sealed bytes that fit their hash and their limit.
pub(super) fn fits(name: &'static str, what: &str, sealed: Vec<u8>, hash: Id, limit: usize) -> Result<Vec<u8>> {
    if sealed.len() > limit {
        return Err(Error::invalid_argument(format!(
            "{name} was asked: {what} has {} bytes once sealed, and at most {limit} are allowed: make it smaller",
            sealed.len()
        )));
    }
    if sealed_hash(&sealed) == hash {
        Ok(sealed)
    } else {
        Err(wrong_rows(name, &format!("{what} does not fit its hash")))
    }
}

/// The row of a sealed name that fits its hash.
pub(super) fn name_row(name: &'static str, vault: Id, epoch: u32, hash: Id, rows: &mut Rows) -> Result<Row> {
    let sealed = rows.name.take().ok_or_else(|| wrong_rows(name, "the sealed name is missing"))?;
    Ok(Row::Name { vault, epoch, sealed: fits(name, "the name", sealed, hash, NAME)? })
}

/// The row of the sealed key of the epoch before, which fits its hash.
pub(super) fn previous_row(
    name: &'static str,
    vault: Id,
    epoch: u32,
    hash: Option<Id>,
    rows: &mut Rows,
) -> Result<Row> {
    let (Some(sealed), Some(hash)) = (rows.previous_key.take(), hash) else {
        return Err(wrong_rows(name, "the sealed key of the epoch before is missing"));
    };
    Ok(Row::PreviousKey { vault, epoch, sealed: fits(name, "the key of the epoch before", sealed, hash, KEY)? })
}

/// The rows of sealed keys: one for each recipient, one for the recovery key if it is named, and no other.
pub(super) fn wrap_rows(name: &'static str, sealing: &Sealing<'_>, wraps: Vec<WrapRow>) -> Result<Vec<Row>> {
    let recipients: BTreeSet<Recipient> = sealing.recipients.iter().copied().collect();
    let mut found = BTreeSet::new();
    let mut rows = Vec::with_capacity(wraps.len());
    for wrap in wraps {
        let whom = Recipient { principal: wrap.principal, generation: wrap.generation };
        let for_recovery = Some(whom) == sealing.recovery;
        let form_fits = match wrap.form {
            WrapForm::Hpke => recipients.contains(&whom),
            // The recovery key, as maker, seals for itself only.
            WrapForm::Own => whom == sealing.maker && (recipients.contains(&whom) || for_recovery),
            WrapForm::Recovery => for_recovery,
        };
        let of_maker = Recipient { principal: wrap.maker, generation: wrap.maker_generation } == sealing.maker;
        let placed = wrap.vault == sealing.vault && wrap.epoch == sealing.epoch;
        if !(form_fits && of_maker && placed) || wrap.sealed.len() > KEY || !found.insert(whom) {
            return Err(wrong_rows(name, "a sealed key is not for somebody that it names, or is there twice"));
        }
        rows.push(Row::Wrap(wrap));
    }
    if recipients.iter().chain(&sealing.recovery).all(|whom| found.contains(whom)) {
        Ok(rows)
    } else {
        Err(wrong_rows(name, "a sealed key is missing"))
    }
}

/// Refuses rows that the operation does not name.
pub(super) fn nothing_left(received: &Received, rows: &Rows) -> Result<()> {
    let Rows { profile, kem_key, name, wraps, previous_key, overview, details, files } = rows;
    let nothing = profile.is_none()
        && kem_key.is_none()
        && name.is_none()
        && wraps.is_empty()
        && previous_key.is_none()
        && overview.is_empty()
        && details.is_empty()
        && files.is_empty();
    if nothing { Ok(()) } else { Err(wrong_rows(received.name(), "it comes with rows that it does not name")) }
}
