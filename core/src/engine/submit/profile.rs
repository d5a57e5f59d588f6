//! The rows of a principal: its profile, and its keys.

use super::stop::wrong_rows;
use crate::authority::Profile;
use crate::error::{Error, Result};
use crate::log::body::{KeySet, kem_hash, kind_number, profile_commitment};
use crate::log::signature;
use crate::model::id::{Id, PrincipalKind};
use crate::model::principal::parse_email;
use crate::store::Row;

const NAME: usize = 256;
const SALT: std::ops::RangeInclusive<usize> = 16..=64;
/// The bytes of an X-Wing public key.
const KEM_KEY: usize = 1_216;

/// The row of a profile that fits its commitment.
pub(in crate::engine) fn profile_row(
    name: &'static str,
    principal: Id,
    kind: PrincipalKind,
    commitment: Id,
    profile: Option<Profile>,
) -> Result<Row> {
    let Profile { name: called, email, salt } =
        profile.ok_or_else(|| wrong_rows(name, "the profile that it names is missing"))?;
    if called.len() > NAME {
        return Err(Error::argument("name", format!("it has {} bytes, and at most {NAME} are allowed", called.len())));
    }
    if let Some(email) = &email
        && (kind != PrincipalKind::User || parse_email(email)? != *email)
    {
        return Err(Error::argument("email", "only a user has an address, and it is kept in lower case"));
    }
    if !SALT.contains(&salt.len()) || profile_commitment(&salt, &called, email.as_deref()) != commitment {
        return Err(wrong_rows(name, "the profile does not fit what was signed of it"));
    }
    Ok(Row::Principal { principal, kind: kind_number(kind), name: called, email, salt, active: true })
}

/// The row of an X-Wing key that fits its hash, of a generation that has keys of its own.
pub(in crate::engine) fn key_row(
    name: &'static str,
    principal: Id,
    generation: u32,
    keys: &KeySet,
    kem_key: Option<Vec<u8>>,
) -> Result<Option<Row>> {
    signature::accept_key(&keys.sign.0)?;
    if generation == 0 {
        // A one-time code has no key but the one it signs with.
        return match kem_key {
            None => Ok(None),
            Some(_) => Err(wrong_rows(name, "an invitation has no key to seal to")),
        };
    }
    let (Some(note), Some(hash)) = (keys.note.0, keys.kem.0) else {
        return Err(Error::invalid_argument(format!("{name} was asked: its key set is not whole: upgrade the client")));
    };
    signature::accept_key(&note.0)?;
    match kem_key {
        Some(key) if key.len() == KEM_KEY && kem_hash(&key) == hash => {
            Ok(Some(Row::KemKey { principal, generation, key }))
        }
        _ => Err(wrong_rows(name, "the key to seal to does not fit what was signed of it")),
    }
}
