//! In whose session a request is, and whether they may ask again already.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use tracing::Instrument;

use super::Face;
use super::answer::Refused;
use super::observed::Peer;
use super::spans::Spans;
use crate::authority::Session;
use crate::error::{Error, ErrorKind};
use crate::model::id::Id;
use crate::trace::step;
use crate::wire::Key;

/// The session that a request names. Whether it still holds, the authority says with its answer.
pub(super) struct Bearer {
    pub(super) session: Session,
}

impl FromRequestParts<Face> for Bearer {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, face: &Face) -> Result<Self, Refused> {
        let value = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let text = value.and_then(|value| value.split_once(' '));
        let key = text.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).and_then(|(_, key)| Key::parse(key));
        let session = Session(key.ok_or_else(none)?.0);
        let principal = face.whose(session, Peer::of(parts)).await?;
        face.gate().admit(principal)?;
        if let Some(spans) = parts.extensions.get::<Spans>() {
            spans.principal(principal);
        }
        Ok(Self { session })
    }
}

impl Face {
    async fn whose(&self, session: Session, peer: Peer) -> Result<Id, Error> {
        if let Some(principal) = self.0.callers.get(&session) {
            return Ok(principal);
        }
        // Whoever guesses bearers is as whoever guesses keys.
        self.gate().may_try(peer, None)?;
        let principal =
            self.authority().whose(session).instrument(step("authority.whose")).await.inspect_err(|error| {
                if error.kind() == ErrorKind::Unauthenticated {
                    self.gate().failed(peer, None);
                }
            })?;
        self.0.callers.insert(session, principal);
        Ok(principal)
    }
}

fn none() -> Error {
    Error::unauthenticated("the request has no bearer: sign in with POST /v1/sessions")
}
