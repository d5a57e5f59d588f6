//! Copies of whole accounts: to keep, to go back to, to move.

use std::sync::Arc;

use super::{DEFAULT_TIMEOUT, Location, location_or_default, parse, token_or_default};
use crate::backend::retries::{DEFAULT_RETRIES, with_retries};
use crate::backend::sealed::{Sealed, SealedOptions};
use crate::client::Client;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::model::audit::AuditProof;
use crate::model::secret::Secret;
use crate::store::copy::copy;
use crate::store::frozen::Frozen;

/// How often a copy begins anew because the content of a file went away while it was made.
const TRIES: usize = 3;

/// Copies the account at `from` to the new place `to` as it is at one moment, and verifies the copy. Programs go on meanwhile.
///
/// The copy is a database like any other: it can be opened and looked into. A place that failed to be filled is empty again.
/// `from` is `$STRONGROOM_LOCATION` by default; the token, `$STRONGROOM_TOKEN` by default, must be allowed to read the whole audit.
///
/// # Errors
/// `AlreadyExists` if something is at `to`; `PermissionDenied` for a token that may not read the audit; `Tampered` if what is
/// copied contradicts itself.
pub async fn backup(from: Option<&str>, to: &str, token: Option<Secret>) -> Result<AuditProof> {
    let work = async {
        let token = token_or_default(token)?;
        let (from, to) = (stored(&location_or_default(from)?)?, stored(to)?);
        let (_, proof) = copied(&from, &to, &token, Who::Auditor).await?;
        Ok(proof)
    };
    work.await.map_err(|error: Error| error.in_operation("backup"))
}

/// Copies the backup at `from` to the new place `to`, verifies it, and signs as the owner that the account goes on from there.
///
/// Whoever remembers a newer state than the backup's, by `state`, a cursor or a token, is told `Tampered` until they
/// connect with `accept_restored`. `to` is `$STRONGROOM_LOCATION` by default; the token must be the owner's.
///
/// # Errors
/// As [`backup`]; `PermissionDenied` for a token that is not the owner's.
pub async fn restore(from: &str, to: Option<&str>, token: Option<Secret>) -> Result<AuditProof> {
    let work = async {
        let token = token_or_default(token)?;
        let (from, to) = (stored(from)?, stored(&location_or_default(to)?)?);
        let (last, _) = copied(&from, &to, &token, Who::Owner).await?;
        let store = to.store(false).await?;
        let owner = connected(&to, Engine::new(store), &token).await?;
        let declared = owner.run_long("restore", owner.backend.declare_restored(&last)).await;
        let proof = match declared {
            Ok(()) => owner.audit().verify().await,
            Err(error) => Err(error),
        };
        owner.close().await;
        proof
    };
    work.await.map_err(|error: Error| error.in_operation("restore"))
}

/// Copies the account at `from` to the new place `to`, where it goes on, and verifies it. No program may use it meanwhile.
///
/// What is at `from` stays as it is: remove it, or keep it as a backup, but use it no more. Tokens, cursors and state files
/// go on at the new place. The token must be allowed to read the whole audit.
///
/// # Errors
/// As [`backup`]; `Conflict` if something was written at `from` meanwhile.
pub async fn migrate(from: &str, to: &str, token: Option<Secret>) -> Result<AuditProof> {
    let work = async {
        let token = token_or_default(token)?;
        let (from, to) = (stored(from)?, stored(to)?);
        let (last, proof) = copied(&from, &to, &token, Who::Auditor).await?;
        let before = from.store(false).await?;
        let client = connected(&from, Engine::new(Arc::new(Frozen(before))), &token).await?;
        let end = client.changes().cursor().await;
        client.close().await;
        if end? != last {
            to.remove().await;
            return Err(Error::conflict(
                "the account was written to while it was moved: end every program that uses it, and move it again",
            ));
        }
        Ok(proof)
    };
    work.await.map_err(|error: Error| error.in_operation("migrate"))
}

/// Whose token a copy needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Auditor,
    Owner,
}

/// Copies, and verifies the copy; answers with a cursor at its end.
async fn copied(from: &Location, to: &Location, token: &Secret, who: Who) -> Result<(String, AuditProof)> {
    if from == to {
        return Err(Error::argument("to", "it is the place that is copied: name another"));
    }
    may(from, token, who).await?;
    to.is_free().await?;
    for _ in 0..TRIES {
        match filled(from, to, token).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
            Err(error) if error.kind() == ErrorKind::Conflict => to.remove().await,
            Err(error) => {
                to.remove().await;
                return Err(error);
            }
            filled => return filled,
        }
    }
    Err(Error::conflict("files were taken away each time they were copied: copy again at a quieter time"))
}

async fn filled(from: &Location, to: &Location, token: &Secret) -> Result<(String, AuditProof)> {
    let (source, target) = (from.store(false).await?, to.store(true).await?);
    let done = copy(source.as_ref(), target.as_ref()).await;
    source.close().await;
    target.close().await;
    done?;
    let client = connected(to, Engine::new(Arc::new(Frozen(to.store(false).await?))), token).await?;
    let proof = client.audit().verify().await;
    let end = client.changes().cursor().await;
    client.close().await;
    Ok((end?, proof?))
}

/// Refuses a token that could not verify the copy, before anything is copied.
async fn may(from: &Location, token: &Secret, who: Who) -> Result<()> {
    let client = connected(from, Engine::new(Arc::new(Frozen(from.store(false).await?))), token).await?;
    let (me, account) = (client.me(), client.account());
    client.close().await;
    let is_owner = me.id == account.owner;
    match who {
        Who::Owner if !is_owner => Err(Error::permission_denied(
            "a restored backup was to be declared: only the owner may: use the owner's token",
        )),
        Who::Auditor if !is_owner && !me.can_read_audit => Err(Error::permission_denied(
            "a copy was to be verified: that needs the right to read the audit: use the owner's token, or one with can_read_audit",
        )),
        _ => Ok(()),
    }
}

/// A client that takes what it finds for the newest: what it remembers is of before.
async fn connected(at: &Location, engine: Arc<Engine>, token: &Secret) -> Result<Client> {
    let app = Some(concat!("strongroom/", env!("CARGO_PKG_VERSION")).to_owned());
    let options = SealedOptions { location: at.to_string(), state: None, app, accept_restored: true };
    let signing_in = Sealed::connect(engine, token.expose().trim(), options);
    let backend = with_retries(DEFAULT_RETRIES, signing_in).await?;
    Ok(Client::new(Arc::new(backend), DEFAULT_TIMEOUT, DEFAULT_RETRIES))
}

fn stored(location: &str) -> Result<Location> {
    parse(location)
}
