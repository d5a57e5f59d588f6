//! Signing in.

use axum::extract::State;
use tracing::Instrument;

use super::Face;
use super::answer::{Form, Refused, Told};
use super::bearer::Bearer;
use super::observed::Peer;
use crate::error::{Error, ErrorKind};
use crate::model::id::Id;
use crate::trace::step;
use crate::wire::calls::{Challenging, Whose};
use crate::wire::{Crosses, Key, session};

/// Gives the holder of a signing key something to sign; it serves one session, within a minute.
#[utoipa::path(
    post, path = "/v1/challenges", tag = "Sessions", request_body = Challenging,
    responses((status = 200, description = "The answer.", body = session::Challenge))
)]
pub(super) async fn challenge(
    State(face): State<Face>,
    peer: Peer,
    Form(body): Form<Challenging>,
) -> Result<Told<session::Challenge>, Refused> {
    let Challenging { principal, key } = body;
    face.gate().may_try(peer, Some(principal.0))?;
    let challenge = face.authority().challenge(principal.0, key.0).instrument(step("authority.challenge")).await;
    let challenge = challenge.inspect_err(|error| face.missed(peer, principal.0, error))?;
    Ok(Told(challenge.into_form()))
}

/// Opens a session by a signed challenge.
#[utoipa::path(
    post, path = "/v1/sessions", tag = "Sessions", request_body = session::SignIn,
    responses((status = 200, description = "The answer.", body = session::Session))
)]
pub(super) async fn sign_in(
    State(face): State<Face>,
    peer: Peer,
    Form(body): Form<session::SignIn>,
) -> Result<Told<session::Session>, Refused> {
    let principal = body.principal.0;
    face.gate().may_try(peer, Some(principal))?;
    let session = face.authority().sign_in(Crosses::from_form(body)).instrument(step("authority.sign_in")).await;
    let session = session.inspect_err(|error| face.missed(peer, principal, error))?;
    face.metrics().signed_in();
    face.0.callers.insert(session, principal);
    Ok(Told(session.into_form()))
}

/// Tells whose session the bearer is.
#[utoipa::path(
    get, path = "/v1/sessions", tag = "Sessions", security(("bearer" = [])),
    responses((status = 200, description = "The answer.", body = Whose))
)]
pub(super) async fn whose(State(face): State<Face>, caller: Bearer) -> Result<Told<Whose>, Refused> {
    let principal = face.authority().whose(caller.session).instrument(step("authority.whose")).await?;
    Ok(Told(Whose { principal: Key(principal) }))
}

impl Face {
    fn missed(&self, peer: Peer, principal: Id, error: &Error) {
        if error.kind() == ErrorKind::Unauthenticated {
            self.gate().failed(peer, Some(principal));
            self.metrics().refused_sign_in();
        }
    }
}
