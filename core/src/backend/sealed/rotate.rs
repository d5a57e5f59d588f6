//! The caller's next keys, and the ones before them.

use std::sync::Arc;

use super::connect::sign_in;
use super::found::key_set;
use super::known::Known;
use super::sign::{Base, Signer};
use super::trust::Need;
use super::{MAX_TRIES, Sealed, keys, principals};
use crate::authority::{Rows, Submission};
use crate::crypto::identity::{Identity, RetiredIdentity, Seed};
use crate::crypto::kem::KemSecret;
use crate::crypto::key::SealKey;
use crate::crypto::token::{Token, TokenKind};
use crate::crypto::{chunked, wrap};
use crate::error::{Error, ErrorKind, Result};
use crate::log::body::{PrincipalRotated, kem_hash};
use crate::log::encoding::Bytes;
use crate::log::operation::{self, Body};
use crate::model::credential::{Credential, Save};
use crate::model::id::PrincipalKind;
use crate::model::secret::Secret;

/// The keys of one of the caller's generations, as far as they open what was sealed for it.
pub(super) enum OwnKeys {
    Current(Arc<Identity>),
    Retired(Arc<RetiredIdentity>),
}

impl OwnKeys {
    pub(super) fn kem(&self) -> &KemSecret {
        match self {
            Self::Current(identity) => identity.kem(),
            Self::Retired(identity) => identity.kem(),
        }
    }

    pub(super) fn self_key(&self) -> &SealKey {
        match self {
            Self::Current(identity) => identity.self_key(),
            Self::Retired(identity) => identity.self_key(),
        }
    }
}

impl Sealed {
    /// Makes the caller's next keys. `save` has the credential before the operation is sent; from then on one of both
    /// tokens works, the old one until the operation is taken, the new one afterwards.
    pub(super) async fn rotate(&self, save: Option<Save>) -> Result<Secret> {
        let known = self.refresh(Need::default()).await?;
        let (seed, kind) = (Seed::make()?, self.caller().kind);
        let next = Identity::derive(&seed)?;
        let token = Token {
            kind: token_kind(kind),
            account: self.account_id(),
            principal: self.my_id(),
            seed,
            head_size: known.head.size,
            head_root: known.head.root,
        };
        let token = Secret::from(token.encode());
        if let Some(save) = save {
            let mut principal = self.caller();
            principal.issued = false;
            let location = self.location.clone();
            save(Credential { token: token.clone(), recovery: None, principal, location }).await?;
        }
        self.take_next(next).await?;
        Ok(token)
    }

    async fn take_next(&self, next: Identity) -> Result<()> {
        for _ in 0..MAX_TRIES {
            let known = self.refresh(Need::principals([self.my_id()]).asked_now()).await?;
            let submitted = match self.submit(self.rotation(&known, &next)?).await {
                Ok(submitted) => submitted,
                // An answer that was lost leaves open which keys are the newest: whoever may sign in has them.
                Err(error) if may_have_been_taken(&error) => {
                    return self.act_with(next).await.map_err(|why| if is_unknown(&why) { why } else { error });
                }
                Err(error) => return Err(error),
            };
            if self.settle(submitted, Some((self.my_id(), None))).await?.is_some() {
                // The old keys have ended: whatever keeps this client from the new ones, the caller gets their token, and the
                // client's next call says what is wrong.
                let _ = self.act_with(next).await;
                return Ok(());
            }
        }
        Err(Self::contended("the caller's own log"))
    }

    /// The operation, signed by both generations.
    fn rotation(&self, known: &Known, next: &Identity) -> Result<Submission> {
        let (identity, signer) = self.ring.signing()?;
        let log = known.directory()?.principal(self.my_id()).ok_or_else(principals::nobody)?;
        let context = wrap::retired_context(self.account_id(), self.my_id(), signer.generation + 1);
        let retired = chunked::seal(next.self_key(), &context, &*identity.retired_secrets())?;
        let body = Body::PrincipalRotated(PrincipalRotated { keys: key_set(next), retired: Bytes::from(retired) });
        let rows = Rows { kem_key: Some(next.public().kem), ..Rows::default() };
        let base = Base { log: Some(self.my_id()), at: log.progress.head(), seen: known.head };
        let mut submission = signer.sign(&identity, base, None, body, rows)?;
        submission.signatures.push(next.sign(&operation::message(&submission.operation)).to_vec());
        Ok(submission)
    }

    /// Signs in with the next keys, and acts with them from now on.
    async fn act_with(&self, next: Identity) -> Result<()> {
        let (challenge, session) =
            sign_in(self.authority(), self.account_id(), self.my_id(), &next, self.app.clone()).await?;
        let signer = Signer { generation: challenge.generation, ..self.signer() };
        let retired = RetiredIdentity::from_secrets(&*self.ring.identity()?.retired_secrets())?;
        self.ring.keep_retired(self.signer().generation, retired);
        self.ring.exchange(next, signer, session);
        let known = self.refresh(Need::principals([self.my_id()]).asked_now()).await?;
        self.look_at_me(&known).await
    }

    /// The keys of one of the caller's generations: the newest, or an earlier one of the same chain.
    ///
    /// # Errors
    /// `Unavailable` for keys of before a reissue; `Tampered` if what was kept of them does not fit the log.
    pub(super) fn own_keys(&self, known: &Known, generation: u32) -> Result<OwnKeys> {
        let (identity, signer) = self.ring.signing()?;
        let mut keys = OwnKeys::Current(identity);
        if generation == signer.generation {
            return Ok(keys);
        }
        let log = known.directory()?.principal(self.my_id()).ok_or_else(principals::nobody)?;
        if generation > signer.generation || !log.same_chain(generation, signer.generation) {
            return Err(keys::waiting_for_a_key());
        }
        for number in (generation..signer.generation).rev() {
            let before = if let Some(before) = self.ring.retired(number) {
                before
            } else {
                let sealed = log.generation(number + 1)?.retired.as_ref().ok_or_else(keys::waiting_for_a_key)?;
                let context = wrap::retired_context(self.account_id(), self.my_id(), number + 1);
                let before = RetiredIdentity::from_secrets(&chunked::open(keys.self_key(), &context, sealed)?)?;
                if Some(kem_hash(&before.kem().public())) != log.generation(number)?.keys.kem.0 {
                    return Err(Error::tampered(
                        "the keys before a rotation are not those that the log names: restore the store",
                    ));
                }
                self.ring.keep_retired(number, before)
            };
            keys = OwnKeys::Retired(before);
        }
        Ok(keys)
    }
}

/// The prefix of a principal's tokens.
pub(super) fn token_kind(kind: PrincipalKind) -> TokenKind {
    match kind {
        PrincipalKind::User => TokenKind::User,
        PrincipalKind::Service => TokenKind::Service,
        PrincipalKind::Recovery => TokenKind::Recovery,
    }
}

/// Whether an operation may have been taken though this was answered.
fn may_have_been_taken(error: &Error) -> bool {
    is_unknown(error) || error.kind() == ErrorKind::Unauthenticated
}

/// Whether this leaves open what came of a question.
fn is_unknown(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::DeadlineExceeded)
}
