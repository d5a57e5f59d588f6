//! Founding an account: its owner, its recovery code, and the three operations it begins with.

use crate::authority::{Authority, Profile, Rows, Submission};
use crate::crypto::identity::{Identity, Seed};
use crate::crypto::random;
use crate::crypto::token::{Token, TokenKind};
use crate::error::{Error, Result};
use crate::log::body::{AccountCreated, KeySet, PrincipalAdded, SUITE, kind_number, profile_commitment, rights_bits};
use crate::log::encoding::MaybeId;
use crate::log::feed::Head;
use crate::log::operation::{self, At, Body, Operation};
use crate::model::credential::{Credential, Save};
use crate::model::id::{AccountId, Id, PrincipalId, PrincipalKind};
use crate::model::principal::{Principal, PrincipalState, Rights};
use crate::model::secret::Secret;
use crate::model::time;

use super::principals::NewProfile;

/// Makes the account and its owner. `save` has the credential before anything is committed.
///
/// # Errors
/// `AlreadyExists` if there is an account here already.
pub async fn found(authority: &dyn Authority, owner: &str, location: &str, save: Option<Save>) -> Result<Credential> {
    if authority.end().await?.size > 0 {
        return Err(Error::already_exists("there is an account here already: connect to it with its token"));
    }
    let (owner_seed, recovery_seed) = (Seed::make()?, Seed::make()?);
    let (owner_identity, recovery_identity) = (Identity::derive(&owner_seed)?, Identity::derive(&recovery_seed)?);
    let body = AccountCreated {
        suite: SUITE,
        owner: key_set(&owner_identity),
        recovery: key_set(&recovery_identity),
        nonce: Id(random::make_bytes()?),
    };
    let first = unsigned(None, Body::AccountCreated(body))?.to_bytes();
    let account = AccountId(operation::hash(&first));
    let created =
        Submission { signatures: vec![signature(&owner_identity, &first)], operation: first, rows: Rows::default() };

    let profile = NewProfile::make(owner.to_owned(), Some(owner.to_owned()))?;
    let (owner_id, owner_added) = added(account, PrincipalKind::User, &owner_identity, Rights::ALL, profile)?;
    let profile = NewProfile::make("recovery".to_owned(), None)?;
    let (recovery_id, recovery_added) =
        added(account, PrincipalKind::Recovery, &recovery_identity, Rights::default(), profile)?;

    let token =
        |kind, principal, seed| Token { kind, account, principal, seed, head_size: 0, head_root: Head::empty().root };
    let credential = Credential {
        token: Secret::from(token(TokenKind::User, owner_id, owner_seed).encode()),
        recovery: Some(Secret::from(token(TokenKind::Recovery, recovery_id, recovery_seed).encode())),
        principal: Principal {
            id: PrincipalId { kind: PrincipalKind::User, id: owner_id },
            kind: PrincipalKind::User,
            name: owner.to_owned(),
            email: Some(owner.to_owned()),
            state: PrincipalState::Active,
            issued: false,
            expires_at: None,
            can_create_vaults: true,
            can_manage_users: true,
            can_manage_policy: true,
            can_read_audit: true,
            created_at: chrono::Utc::now(),
        },
        location: location.to_owned(),
    };
    if let Some(save) = save {
        save(credential.clone()).await?;
    }
    let receipts = authority.found(vec![created, owner_added, recovery_added]).await?;
    let mut credential = credential;
    if let Some(owner_added) = receipts.get(1) {
        credential.principal.created_at = time::from_millis(owner_added.time);
    }
    Ok(credential)
}

/// The public keys of an identity, as operations name them.
pub(super) fn key_set(identity: &Identity) -> KeySet {
    let public = identity.public();
    KeySet { sign: Id(public.sign), note: MaybeId(Some(Id(public.note))), kem: MaybeId(Some(public.kem_hash())) }
}

fn added(
    account: AccountId,
    kind: PrincipalKind,
    identity: &Identity,
    rights: Rights,
    profile: NewProfile,
) -> Result<(Id, Submission)> {
    let body = PrincipalAdded {
        kind: kind_number(kind),
        generation: 1,
        keys: key_set(identity),
        rights: rights_bits(rights),
        profile: profile.commitment,
        expires_at: None,
    };
    let bytes = unsigned(Some(account), Body::PrincipalAdded(body))?.to_bytes();
    let rows = Rows { profile: Some(profile.row), kem_key: Some(identity.public().kem), ..Rows::default() };
    Ok((operation::hash(&bytes), Submission { signatures: vec![signature(identity, &bytes)], operation: bytes, rows }))
}

fn unsigned(account: Option<AccountId>, body: Body) -> Result<Operation> {
    Ok(Operation {
        account,
        log: None,
        signer: None,
        generation: 1,
        id: Id(random::make_bytes()?),
        at: At::empty(),
        seen: Head::empty(),
        body,
    })
}

fn signature(identity: &Identity, bytes: &[u8]) -> Vec<u8> {
    identity.sign(&operation::message(bytes)).to_vec()
}

impl NewProfile {
    /// A profile with a fresh salt.
    pub(super) fn make(name: String, email: Option<String>) -> Result<Self> {
        let salt = random::make_bytes::<32>()?.to_vec();
        let commitment = profile_commitment(&salt, &name, email.as_deref());
        Ok(Self { commitment, row: Profile { name, email, salt } })
    }
}
