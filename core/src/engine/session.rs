//! Sessions: who is asking, and whether they still may.

use std::sync::Arc;

use super::known::View;
use super::notes::About;
use super::sessions::{Asked, Open, Opened};
use super::{Engine, clock};
use crate::authority::{Challenge, Session, SignIn, session_message};
use crate::error::{Error, Result};
use crate::log::operation::{LogId, LogKind};
use crate::log::reads::{Action, ReadEntry};
use crate::log::replay::PrincipalLog;
use crate::log::signature;
use crate::model::id::{Id, PrincipalKind};
use crate::model::principal::PrincipalState;
use crate::store::random;
use crate::store::{Snapshot, TreeId};

const LONGEST_APP: usize = 256;

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Who.
    pub(super) principal: Id,
    /// With which keys.
    pub(super) generation: u32,
    /// User, service account or recovery key.
    pub(super) kind: PrincipalKind,
    /// Whether its keys were ever reissued, so that memberships of older keys are not its own.
    pub(super) reissued: bool,
    /// In milliseconds since 1970.
    expires_at: Option<u64>,
    /// The session's public name, which opens nothing.
    pub(super) session: Id,
    /// The program, as it named itself.
    pub(super) app: Option<Arc<str>>,
}

impl Engine {
    pub(super) async fn make_challenge(&self, principal: Id, key: Id) -> Result<Challenge> {
        let mut snapshot = self.snapshot().await?;
        let view = self.view(&mut *snapshot, [LogId::new(LogKind::Principal, principal)]).await?;
        let log = view.directory.principal(principal).ok_or_else(refused)?;
        let number = log
            .generations
            .iter()
            .find(|generation| generation.keys.sign == key)
            .map(|generation| generation.number)
            .ok_or_else(refused)?;
        check(&view, principal, number)?;
        let account = &view.directory.account;
        let mut roots: Vec<Id> =
            snapshot.logs(TreeId::AccountHeads, 1, 2).await?.iter().map(|row| row.log.id).collect();
        roots.extend(
            account.owner().into_iter().chain(account.recovery()).filter(|id| !roots.contains(id)).collect::<Vec<_>>(),
        );
        let challenge = Challenge {
            roots,
            account: view.directory.account.id,
            origin: self.origin.clone(),
            nonce: random::make_id()?,
            generation: number,
        };
        self.sessions.ask(challenge.nonce, Asked { principal, key, generation: number }).await?;
        Ok(challenge)
    }

    pub(super) async fn open_session(&self, sign_in: SignIn) -> Result<Session> {
        if sign_in.app.as_ref().is_some_and(|app| app.len() > LONGEST_APP) {
            return Err(Error::argument("app", format!("it is longer than {LONGEST_APP} bytes: shorten it")));
        }
        let asked = self.sessions.answered(sign_in.nonce).await?.ok_or_else(refused)?;
        let Asked { principal, key, generation } = asked;
        if (principal, generation) != (sign_in.principal, sign_in.generation) {
            return Err(refused());
        }
        let log = LogId::new(LogKind::Principal, principal);
        let mut snapshot = self.snapshot().await?;
        let view = self.view(&mut *snapshot, [log]).await?;
        let challenge = Challenge {
            account: view.directory.account.id,
            origin: self.origin.clone(),
            nonce: sign_in.nonce,
            generation,
            roots: Vec::new(),
        };
        signature::accept_key(&key.0)
            .and_then(|key| signature::verify(&key, &session_message(&challenge, principal), &sign_in.signature))
            .map_err(|error| refused().caused_by(error))?;
        let session = Session(random::make_id()?);
        let (name, app) = (ReadEntry::session_id(session.0), sign_in.app.map(Into::into));
        let caller = caller(&view, principal, generation, name, app)?;
        drop(snapshot);
        self.note(&caller, Action::SessionOpened, About::default(), String::new()).await?;
        self.sessions.open(session, caller, view.size(log)).await?;
        Ok(session)
    }

    /// Who asks, if they still may at this moment.
    pub(super) async fn authenticate(&self, session: Session, snapshot: &mut dyn Snapshot) -> Result<Caller> {
        let caller = match self.sessions.known(session).await? {
            Some(open) => self.look_again(session, &open, snapshot).await?,
            None => self.take_over(session, snapshot).await?,
        };
        if clock::is_over(caller.expires_at, clock::now()) {
            self.sessions.end(session).await;
            return Err(refused());
        }
        Ok(caller)
    }

    async fn look_again(&self, session: Session, open: &Open, snapshot: &mut dyn Snapshot) -> Result<Caller> {
        let Caller { principal, generation, session: name, .. } = open.caller;
        let app = open.caller.app.clone();
        let log = LogId::new(LogKind::Principal, principal);
        if snapshot.log(log).await?.is_some_and(|row| row.state.size == open.size) {
            return Ok(open.caller.clone());
        }
        let view = self.view(snapshot, [log]).await?;
        let caller = self.still(session, caller(&view, principal, generation, name, app)).await?;
        self.sessions.know(session, caller.clone(), view.size(log), open.until());
        Ok(caller)
    }

    /// The caller, or the end of the session with the refusal.
    async fn still(&self, session: Session, caller: Result<Caller>) -> Result<Caller> {
        if caller.is_err() {
            self.sessions.end(session).await;
        }
        caller
    }

    /// Goes on with a session that another engine opened.
    async fn take_over(&self, session: Session, snapshot: &mut dyn Snapshot) -> Result<Caller> {
        let Opened { principal, generation, app, origin: _ } =
            self.sessions.opened(session).await?.ok_or_else(refused)?;
        let log = LogId::new(LogKind::Principal, principal);
        let view = self.view(snapshot, [log]).await?;
        let name = ReadEntry::session_id(session.0);
        let caller = self.still(session, caller(&view, principal, generation, name, app.map(Into::into))).await?;
        self.sessions.open(session, caller.clone(), view.size(log)).await?;
        Ok(caller)
    }
}

/// Refuses unless these keys are the principal's newest and may be used now.
fn check(view: &View, principal: Id, generation: u32) -> Result<&PrincipalLog> {
    let log = view.directory.principal(principal).ok_or_else(refused)?;
    let replaced = log.kind == PrincipalKind::Recovery && view.directory.account.recovery() != Some(principal);
    if replaced || !stands(log, generation) || clock::is_over(log.expires_at, clock::now()) {
        return Err(refused());
    }
    Ok(log)
}

fn caller(view: &View, principal: Id, generation: u32, session: Id, app: Option<Arc<str>>) -> Result<Caller> {
    let log = check(view, principal, generation)?;
    let reissued = log.newest().is_some_and(|newest| newest.chain > 0);
    Ok(Caller { principal, generation, kind: log.kind, reissued, expires_at: log.expires_at, session, app })
}

fn stands(log: &PrincipalLog, generation: u32) -> bool {
    matches!(log.state, PrincipalState::Active | PrincipalState::Invited)
        && log.newest().is_some_and(|newest| newest.number == generation && newest.standing.holds())
}

/// One refusal for all causes, so that nobody learns which.
fn refused() -> Error {
    Error::unauthenticated("the token is unknown, expired or revoked: ask for a new one")
}
