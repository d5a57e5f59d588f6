//! Signing in, and verifying who the account is, up to the token's root.

use std::sync::{Arc, Mutex, RwLock};

use moka::sync::Cache;

use super::ends::Ends;
use super::known::Known;
use super::retrying::Retrying;
use super::ring::Ring;
use super::sign::Signer;
use super::state::StateFile;
use super::trust::{Need, Trust};
use super::versions::Versions;
use super::{Sealed, profiles, restored};
use crate::authority::{self, Authority, Challenge, Session, SignIn};
use crate::backend::retries::retried;
use crate::crypto::identity::Identity;
use crate::crypto::token::{Token, TokenKind};
use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::log::replay::PrincipalLog;
use crate::model::id::{AccountId, Id, PrincipalId, PrincipalKind};

/// How many public keys are kept.
const KEM_KEYS: u64 = 4_096;

/// What a connection needs besides its token.
#[derive(Debug, Default)]
pub struct SealedOptions {
    /// As `connect` takes it, for credentials made here.
    pub location: String,
    /// Remembers the newest head between runs.
    pub state: Option<std::path::PathBuf>,
    /// Shown in the audit.
    pub app: Option<String>,
    /// Takes a backup that the owner has restored, whatever was remembered beyond it.
    pub accept_restored: bool,
}

impl Sealed {
    /// Signs in, and verifies the account up to the token's root.
    ///
    /// # Errors
    /// `Unauthenticated` for a token that is malformed, revoked, expired or of another account; `Tampered` if the store
    /// contradicts the token or the state file.
    pub async fn connect(authority: Arc<dyn Authority>, token: &str, options: SealedOptions) -> Result<Self> {
        let authority = Retrying::over(authority);
        let token = Token::parse(token)?;
        let SealedOptions { location, state, app, accept_restored } = options;
        let identity = Identity::derive(&token.seed)?;
        let key = Id(identity.public().sign);
        let (challenge, session) =
            sign_in(authority.as_ref(), token.account, token.principal, &identity, app.clone()).await?;
        let state = state.map(|path| StateFile::open(path, token.account)).transpose()?;
        let from_token = Head { size: token.head_size, root: token.head_root };
        let from_token = if token.head_size == 0 { Head::empty() } else { from_token };
        let remembered = state.as_ref().and_then(StateFile::head);
        let (newest, older) = match remembered {
            Some(head) if head.size > from_token.size => (head, Some(from_token)),
            _ => (from_token, remembered),
        };
        let trust = Trust::new(token.account, if accept_restored { Head::empty() } else { newest });
        let signer = Signer { account: token.account, principal: token.principal, generation: challenge.generation };
        let people = challenge.roots.iter().copied().chain([token.principal]);
        // Both were verified once, so both are heads of this feed.
        let mut joins: Vec<Head> = older.filter(|head| *head != newest).into_iter().collect();
        let need = Need::principals(people);
        let (known, restored) = if accept_restored {
            joins.push(newest);
            restored::accept(&trust, authority.as_ref(), session, need, &joins).await?
        } else {
            (trust.refresh(authority.as_ref(), session, Need { joins, ..need }).await?, None)
        };
        let log = own_log(&known, signer, key)?;
        if !fits(token.kind, log.kind) {
            return Err(Error::unauthenticated(
                "the token's prefix is not that of its principal: copy it again, whole",
            ));
        }
        let owner = known.directory()?.account.owner().unwrap_or(token.principal);
        let profiles = profiles::Profiles::default();
        let me = profiles.view(authority.as_ref(), session, &known, log).await?;
        let ring = Arc::new(Ring::new(identity, signer, session));
        authority.renews(Arc::clone(&ring), app.clone());
        let sealed = Self {
            authority,
            location,
            account: token.account,
            principal: token.principal,
            ring,
            trust,
            ends: Ends::of(token.account),
            state,
            profiles,
            me: RwLock::new(me),
            joined: RwLock::new(None),
            restored,
            seen: Mutex::default(),
            versions: Versions::new(),
            app,
            kem_cache: Cache::builder().max_capacity(KEM_KEYS).build(),
            tried: Mutex::default(),
            owner: PrincipalId { kind: PrincipalKind::User, id: owner },
        };
        match &sealed.state {
            Some(state) if restored.is_some() => state.replace(known.head)?,
            _ => sealed.remember(known.head)?,
        }
        Ok(sealed)
    }
}

/// Opens a session as the holder of these keys.
pub(super) async fn sign_in(
    authority: &dyn Authority,
    account: AccountId,
    principal: Id,
    identity: &Identity,
    app: Option<String>,
) -> Result<(Challenge, Session)> {
    retried(|| signed_in(authority, account, principal, identity, app.clone())).await
}

async fn signed_in(
    authority: &dyn Authority,
    account: AccountId,
    principal: Id,
    identity: &Identity,
    app: Option<String>,
) -> Result<(Challenge, Session)> {
    let challenge = authority.challenge(principal, Id(identity.public().sign)).await?;
    if challenge.account != account {
        return Err(Error::unauthenticated("the token is of another account: check the location"));
    }
    let message = authority::session_message(&challenge, principal);
    let answer = SignIn {
        nonce: challenge.nonce,
        principal,
        generation: challenge.generation,
        signature: identity.sign(&message).to_vec(),
        app,
    };
    let session = authority.sign_in(answer).await?;
    Ok((challenge, session))
}

/// The caller's own log, if it has the key of the token as its newest.
fn own_log(known: &Known, signer: Signer, key: Id) -> Result<&PrincipalLog> {
    let log = known
        .directory()?
        .principal(signer.principal)
        .ok_or_else(|| Error::tampered("the store does not show the caller's own log: restore the store"))?;
    let keys = log.generation(signer.generation).map_err(Error::from)?;
    if keys.keys.sign == key {
        Ok(log)
    } else {
        Err(Error::tampered("the store shows other keys for the caller: restore the store"))
    }
}

fn fits(token: TokenKind, kind: PrincipalKind) -> bool {
    match token {
        TokenKind::User | TokenKind::Invitation => kind == PrincipalKind::User,
        TokenKind::Service => kind == PrincipalKind::Service,
        TokenKind::Recovery => kind == PrincipalKind::Recovery,
    }
}
