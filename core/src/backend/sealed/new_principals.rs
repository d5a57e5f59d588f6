//! Users and service accounts: made.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::found::key_set;
use super::known::Known;
use super::principals::{NewProfile, nobody};
use super::repeats::{Purpose, Request, other_arguments};
use super::sign::Base;
use super::{Sealed, trust::Need};
use crate::authority::{Profile, Rows as SealedRows, Submission, Submitted};
use crate::backend::{GrantRequest, PrincipalRequest};
use crate::crypto::identity::{Identity, Seed};
use crate::crypto::token::{Token, TokenKind};
use crate::error::{Error, Result};
use crate::log::body::{PrincipalAdded, Recipient, kind_number, profile_commitment, rights_bits};
use crate::log::operation::{self, At, Body, Operation};
use crate::model::credential::{Credential, Save};
use crate::model::id::{Id, PrincipalId, PrincipalKind, VaultId};
use crate::model::principal::{Principal, PrincipalRef, PrincipalState};
use crate::model::role::Role;
use crate::model::secret::Secret;
use crate::model::time;

/// A principal that is signed and not submitted yet.
struct Made {
    credential: Credential,
    operation_id: Id,
    /// What its log will commit to: needed again for its first vault.
    commitment: Id,
    kem_key: Arc<Vec<u8>>,
    vaults: Vec<(VaultId, Role)>,
}

/// What becomes of a row.
enum Row {
    Refused(Error),
    /// The address is that of an earlier row.
    After(usize),
    Made(Box<Made>),
}

impl Sealed {
    /// Makes principals in one commit; an error per row that could not be made.
    pub(super) async fn add_principals(
        &self,
        requests: Vec<PrincipalRequest>,
        save: Option<Save>,
    ) -> Result<Vec<Result<Credential>>> {
        let vaults = requests.iter().flat_map(|request| &request.vaults).map(|(vault, _)| vault.0).collect();
        let known = self.refresh(Need { vaults, ..Need::default() }).await?;
        let ids = self.principal_operation_ids(&requests)?;
        let mut refused = self.repeated_principals(&requests, &ids).await?;
        self.taken_addresses(&requests, &mut refused).await?;
        let (mut keys, mut addresses) = (HashSet::new(), HashMap::new());
        let (mut rows, mut submissions) = (Vec::with_capacity(requests.len()), Vec::new());
        for (index, ((request, refused), id)) in requests.into_iter().zip(refused).zip(ids).enumerate() {
            let earlier = request.email.as_ref().and_then(|email| addresses.get(email).copied());
            rows.push(match (refused, earlier) {
                (Some(error), _) => Row::Refused(error),
                (None, Some(row)) => Row::After(row),
                (None, None) if !keys.insert(id) => Row::Refused(Error::argument(
                    "idempotency_key",
                    "it stands in this call twice: use one for each row",
                )),
                (None, None) => {
                    addresses.extend(request.email.clone().map(|email| (email, index)));
                    match self.prepare_principal(&known, request, id).await {
                        Ok((made, submission)) => {
                            submissions.push(submission);
                            Row::Made(Box::new(made))
                        }
                        Err(error) => Row::Refused(error),
                    }
                }
            });
        }
        if let Some(save) = save {
            for row in &rows {
                if let Row::Made(made) = row {
                    save(made.credential.clone()).await?;
                }
            }
        }
        let mut answers = self.submit_many(submissions).await?.into_iter();
        let mut done: Vec<Result<Credential>> = Vec::with_capacity(rows.len());
        for row in rows {
            let row = match row {
                Row::Refused(error) => Err(error),
                Row::After(earlier) => Err(match done.get(earlier) {
                    Some(Ok(first)) => address_taken().with_existing(first.principal.id.to_string()),
                    _ => Error::argument("email", "an earlier row of this call has it, and was refused: ask again"),
                }),
                Row::Made(made) => {
                    let answer = answers
                        .next()
                        .unwrap_or_else(|| Err(Error::unavailable("the store gave no answer: try again")));
                    self.finish_principal(*made, answer).await
                }
            };
            done.push(row);
        }
        Ok(done)
    }

    async fn finish_principal(&self, made: Made, answer: Result<Submitted>) -> Result<Credential> {
        let Made { mut credential, operation_id, commitment, kem_key, vaults } = made;
        match answer? {
            Submitted::Taken(receipt) | Submitted::Before(receipt) => {
                let Principal { id, name, email, created_at, .. } = &mut credential.principal;
                *created_at = time::from_millis(receipt.time);
                self.profiles.keep(commitment, name.clone(), email.clone());
                self.kem_cache.insert(Recipient { principal: id.id, generation: 1 }, kem_key);
                for (vault, role) in vaults {
                    let to = PrincipalRef::Id(credential.principal.id);
                    self.let_in(vault.0, GrantRequest { to, role, expires_at: None }).await?;
                }
                Ok(credential)
            }
            // Somebody else used the key between the look and the commit.
            Submitted::Used(_, bytes) => {
                let first = self.own_operation(&bytes, operation_id)?;
                let kind = credential.principal.kind;
                Err(made_before(PrincipalId { kind, id: operation::hash(&first.to_bytes()) }))
            }
            Submitted::Stale | Submitted::Uncovered => Err(Self::contended("the account")),
        }
    }

    fn principal_operation_ids(&self, requests: &[PrincipalRequest]) -> Result<Vec<Id>> {
        requests
            .iter()
            .map(|request| {
                let call = if request.kind == PrincipalKind::User { "users.create" } else { "service_accounts.create" };
                let key = request.idempotency_key.as_deref();
                self.id_for(Purpose::Operation, Request { call, place: &[], key })
            })
            .collect()
    }

    /// For each row whose idempotency key was used: why it is not made again.
    async fn repeated_principals(&self, requests: &[PrincipalRequest], ids: &[Id]) -> Result<Vec<Option<Error>>> {
        let keyed: Vec<(usize, Id)> = requests
            .iter()
            .zip(ids)
            .enumerate()
            .filter(|(_, (request, _))| request.idempotency_key.is_some())
            .map(|(row, (_, id))| (row, *id))
            .collect();
        let mut refused: Vec<Option<Error>> = requests.iter().map(|_| None).collect();
        let found = self.find_operations(keyed.iter().map(|(_, id)| (None, *id)).collect()).await?;
        for ((row, _), first) in keyed.into_iter().zip(found) {
            if let Some(first) = first {
                refused[row] = Some(self.repeated_principal(&requests[row], &first).await?);
            }
        }
        Ok(refused)
    }

    /// What a repeat answers: whom the first call made, if the arguments are the same. Its token is never answered again.
    async fn repeated_principal(&self, request: &PrincipalRequest, first: &Operation) -> Result<Error> {
        let id = operation::hash(&first.to_bytes());
        let known = self.refresh(Need::principals([id])).await?;
        let log = known.directory()?.principal(id).ok_or_else(nobody)?;
        let Body::PrincipalAdded(body) = &first.body else { return Ok(other_arguments()) };
        let same = (body.kind, body.rights, body.expires_at)
            == (kind_number(request.kind), rights_bits(request.rights), request.expires_at.map(time::to_millis));
        // The salt of a profile that was changed or forgotten since is gone, and with it what could be compared.
        let comparable = log.profile == body.profile;
        let profile = self.authority.profiles(self.session(), vec![id]).await?.pop().flatten();
        let named_otherwise = profile.is_some_and(|Profile { salt, .. }| {
            let asked = profile_commitment(&salt, &request.name, request.email.as_deref());
            comparable && !salt.is_empty() && asked != body.profile
        });
        if same && !named_otherwise {
            return Ok(made_before(PrincipalId { kind: log.kind, id }));
        }
        Ok(other_arguments())
    }

    /// Refuses rows whose address somebody has.
    async fn taken_addresses(&self, requests: &[PrincipalRequest], refused: &mut [Option<Error>]) -> Result<()> {
        let asked: Vec<(usize, &String)> = requests
            .iter()
            .enumerate()
            .filter(|(row, _)| refused[*row].is_none())
            .filter_map(|(row, request)| Some((row, request.email.as_ref()?)))
            .collect();
        let found = self.find_addresses(asked.iter().map(|(_, email)| (*email).clone()).collect()).await?;
        for ((row, _), there) in asked.into_iter().zip(found) {
            refused[row] = there
                .map(|id| address_taken().with_existing(PrincipalId { kind: PrincipalKind::User, id }.to_string()));
        }
        Ok(())
    }

    async fn prepare_principal(
        &self,
        known: &Known,
        request: PrincipalRequest,
        operation_id: Id,
    ) -> Result<(Made, Submission)> {
        let PrincipalRequest { kind, name, email, rights, expires_at, vaults, idempotency_key: _ } = request;
        for (vault, _) in &vaults {
            self.look(vault.0, Role::Admin).await?;
        }
        let seed = Seed::make()?;
        let identity = Identity::derive(&seed)?;
        let profile = NewProfile::make(name.clone(), email.clone())?;
        let body = PrincipalAdded {
            kind: kind_number(kind),
            generation: 1,
            keys: key_set(&identity),
            rights: rights_bits(rights),
            profile: profile.commitment,
            expires_at: expires_at.map(time::to_millis),
        };
        let kem_key = identity.public().kem;
        let commitment = profile.commitment;
        let rows = SealedRows { profile: Some(profile.row), kem_key: Some(kem_key.clone()), ..SealedRows::default() };
        let base = Base { log: None, at: At::empty(), seen: known.head };
        let submission = self.sign(base, Some(operation_id), Body::PrincipalAdded(body), rows)?;
        let id = operation::hash(&submission.operation);
        let token_kind = if kind == PrincipalKind::User { TokenKind::User } else { TokenKind::Service };
        let token = Token {
            kind: token_kind,
            account: self.account_id(),
            principal: id,
            seed,
            head_size: known.head.size,
            head_root: known.head.root,
        };
        let credential = Credential {
            token: Secret::from(token.encode()),
            recovery: None,
            principal: Principal {
                id: PrincipalId { kind, id },
                kind,
                name,
                email,
                state: PrincipalState::Active,
                issued: true,
                expires_at,
                can_create_vaults: rights.can_create_vaults,
                can_manage_users: rights.can_manage_users,
                can_manage_policy: rights.can_manage_policy,
                can_read_audit: rights.can_read_audit,
                created_at: chrono::Utc::now(),
            },
            location: self.location.clone(),
        };
        Ok((Made { credential, operation_id, commitment, kem_key: Arc::new(kem_key), vaults }, submission))
    }
}

fn address_taken() -> Error {
    Error::already_exists("there is a user of this e-mail address already: use users.get")
}

/// What a repeat is told: the first call's token can't be answered again, and another would be somebody else's.
fn made_before(who: PrincipalId) -> Error {
    let message = "idempotency_key: the call that used it made this principal, and its token is answered once: use the \
                   one that was kept then, by `save` or from the answer; if it is lost, reissue the principal";
    Error::already_exists(message).with_existing(who.to_string())
}
