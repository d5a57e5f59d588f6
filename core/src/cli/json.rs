//! Results as values, named as in every other language. Concealed values are masked here, for tables as for JSON.

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use crate::model::account::{Account, Capabilities};
use crate::model::audit::{AuditEvent, AuditProof};
use crate::model::change::{Actor, Change, Subject};
use crate::model::credential::Credential;
use crate::model::field::Field;
use crate::model::file::File;
use crate::model::grant::Grant;
use crate::model::item::{Item, ItemSummary};
use crate::model::principal::Principal;
use crate::model::role::Role;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::model::vault::Vault;

/// What stands where a secret is.
const MASK: &str = "***";

fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The account.
pub fn account(account: &Account) -> Value {
    let Capabilities { users, user_grants, changes, audit, files } = account.capabilities;
    json!({
        "id": account.id.to_string(),
        "owner": account.owner.to_string(),
        "backend": account.backend,
        "capabilities": {
            "users": users,
            "user_grants": user_grants,
            "changes": changes,
            "audit": audit,
            "files": files,
        },
    })
}

/// A vault.
pub fn vault(vault: &Vault) -> Value {
    json!({
        "id": vault.id.to_string(),
        "name": vault.name,
        "description": vault.description,
        "external_id": vault.external_id,
        "role": vault.role.as_str(),
        "due": vault.due,
        "created_at": time(vault.created_at),
        "updated_at": time(vault.updated_at),
        "created_by": vault.created_by.to_string(),
    })
}

/// A user, a service account or the recovery key.
pub fn principal(principal: &Principal) -> Value {
    json!({
        "id": principal.id.to_string(),
        "kind": principal.kind.as_str(),
        "name": principal.name,
        "email": principal.email,
        "state": principal.state.as_str(),
        "issued": principal.issued,
        "expires_at": principal.expires_at.map(time),
        "can_create_vaults": principal.can_create_vaults,
        "can_manage_users": principal.can_manage_users,
        "can_manage_policy": principal.can_manage_policy,
        "can_read_audit": principal.can_read_audit,
        "created_at": time(principal.created_at),
    })
}

/// A new credential, whose recovery code is shown once; its token is masked where it is kept elsewhere.
pub fn credential(credential: &Credential, with_token: bool) -> Value {
    json!({
        "token": if with_token { credential.token.expose() } else { MASK },
        "recovery": credential.recovery.as_ref().map(Secret::expose),
        "principal": principal(&credential.principal),
        "location": credential.location,
    })
}

/// A grant.
pub fn grant(grant: &Grant) -> Value {
    json!({
        "vault_id": grant.vault_id.to_string(),
        "principal": principal(&grant.principal),
        "role": grant.role.as_str(),
        "granted_by": grant.granted_by.to_string(),
        "granted_at": time(grant.granted_at),
        "expires_at": grant.expires_at.map(time),
        "last_used_at": grant.last_used_at.map(time),
        "state": grant.state.as_str(),
    })
}

/// The item, its concealed values masked unless they are to be revealed.
pub fn item(item: &Item, reveal: bool) -> Value {
    json!({
        "id": item.id.to_string(),
        "vault_id": item.vault_id.to_string(),
        "title": item.title,
        "category": item.category.as_str(),
        "fields": item.fields.iter().map(|each| field(each, reveal)).collect::<Vec<_>>(),
        "notes": item.notes,
        "tags": item.tags,
        "urls": item.urls,
        "files": item.files.iter().map(file).collect::<Vec<_>>(),
        "version": item.version,
        "archived": item.archived,
        "created_at": time(item.created_at),
        "updated_at": time(item.updated_at),
        "updated_by": item.updated_by.to_string(),
    })
}

fn field(field: &Field, reveal: bool) -> Value {
    let masked = field.field_type.is_concealed() && !reveal;
    json!({
        "label": field.label,
        "value": if masked { MASK } else { field.value.expose() },
        "type": field.field_type.as_str(),
        "section": field.section,
    })
}

/// An item in a list.
pub fn summary(item: &ItemSummary) -> Value {
    json!({
        "id": item.id.to_string(),
        "vault_id": item.vault_id.to_string(),
        "title": item.title,
        "category": item.category.as_str(),
        "tags": item.tags,
        "urls": item.urls,
        "version": item.version,
        "archived": item.archived,
        "created_at": time(item.created_at),
        "updated_at": time(item.updated_at),
        "updated_by": item.updated_by.to_string(),
    })
}

/// A file, without its content.
pub fn file(file: &File) -> Value {
    json!({
        "id": file.id.to_string(),
        "name": file.name,
        "size": file.size,
        "content_type": file.content_type,
        "created_at": time(file.created_at),
    })
}

fn actor(actor: &Actor) -> Value {
    json!({ "id": actor.id.to_string(), "kind": actor.kind.as_str(), "name": actor.name })
}

/// A change, with what its kind has.
pub fn change(change: &Change) -> Value {
    let mut object = Map::new();
    let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
    set("kind", change.kind.as_str().into());
    set("vault_id", change.vault_id.to_string().into());
    set("actor", actor(&change.actor));
    set("at", time(change.at).into());
    set("cursor", change.cursor.as_str().into());
    match &change.subject {
        Subject::Vault => {}
        Subject::Item { item_id, version } => {
            set("item_id", item_id.to_string().into());
            set("version", (*version).into());
        }
        Subject::File { item_id, file_id, version } => {
            set("item_id", item_id.to_string().into());
            set("file_id", file_id.to_string().into());
            set("version", (*version).into());
        }
        Subject::Access { principal: whose, role, expires_at } => {
            set("principal", principal(whose));
            set("role", role.map(Role::as_str).into());
            set("expires_at", expires_at.map(time).into());
        }
    }
    Value::Object(object)
}

/// An event of the audit.
pub fn event(event: &AuditEvent) -> Value {
    json!({
        "seq": event.seq,
        "at": time(event.at),
        "actor": actor(&event.actor),
        "generation": event.generation,
        "app": event.app,
        "session": event.session,
        "action": event.action,
        "vault_id": event.vault_id.map(|id| id.to_string()),
        "target_id": event.target_id,
        "detail": event.detail,
        "hash": format!("{:?}", event.hash),
        "evidence": event.evidence.as_str(),
    })
}

/// What a verification found whole.
pub fn proof(proof: &AuditProof) -> Value {
    json!({ "events": proof.events, "tree_size": proof.tree_size, "root": format!("{:?}", proof.root) })
}

#[cfg(test)]
mod tests;
