//! Signing in.

use serde::{Deserialize, Serialize};

use super::{Crosses, Key, Octets};
use crate::authority;

forms! {
    /// What a caller must sign to open a session.
    Challenge of authority::Challenge {
        /// The account that is kept here.
        account: Key,
        /// The server's origin, which the signature binds. A client refuses one that it did not connect to.
        origin: String,
        /// Random, for one session.
        nonce: Key,
        /// Which generation of the caller's keys the key is.
        generation: u32,
        /// Whom the account began with, and who own and rescue it now.
        roots: Vec<Key>,
    }

    /// A caller's answer to a challenge.
    #[serde(deny_unknown_fields)]
    SignIn of authority::SignIn {
        /// The challenge's nonce.
        nonce: Key,
        /// Who.
        principal: Key,
        /// With which keys.
        generation: u32,
        /// Ed25519 over origin, nonce, account, principal and generation.
        signature: Octets,
        /// The program, for the audit.
        app: Option<String>,
    }
}

/// An open session.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Session {
    /// The bearer: every other request has it in `Authorization: Bearer …`. It ends 15 minutes after it was used last.
    pub bearer: Key,
}

impl Crosses<Session> for authority::Session {
    fn into_form(self) -> Session {
        Session { bearer: Key(self.0) }
    }

    fn from_form(form: Session) -> Self {
        Self(form.bearer.0)
    }
}
