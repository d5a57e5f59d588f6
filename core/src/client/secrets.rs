//! `client.secrets`: secrets by reference, as `op://vault/item/[section/]field`.

mod one_time_password;
mod openssh;

use super::Client;
use crate::error::{Error, Result};
use crate::model::item::{Item, ItemFilter};
use crate::model::secret::Secret;

const OTP: &str = "otp";
const OPENSSH: &str = "ssh-format=openssh";
const FORM: &str = "a reference is `op://vault/item/field` or `op://vault/item/section/field`, by name or by id";

/// Secrets by reference.
#[derive(Clone, Debug)]
pub struct Secrets(pub(super) Client);

/// A parsed reference.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reference {
    vault: String,
    item: String,
    section: Option<String>,
    field: String,
    attribute: Option<String>,
}

/// Refuses what is not a reference; reads nothing.
pub fn validate(reference: &str) -> Result<()> {
    parse(reference).map(drop).map_err(|error| error.in_operation("secrets.validate"))
}

impl Secrets {
    /// The value that the reference names: a field's value, or a file's content as text.
    ///
    /// With `?attribute=otp`, of a field of the type `totp`: the one-time password of this moment. With `?ssh-format=openssh`, of a
    /// field of the type `ssh_key`: an Ed25519 or RSA private key in OpenSSH's form, from PEM as PKCS #8 or PKCS #1.
    ///
    /// # Errors
    /// `Conflict` where a name fits more than one vault, item or field: use the id.
    pub async fn resolve(&self, reference: &str) -> Result<Secret> {
        const NAME: &str = "secrets.resolve";
        self.0.run(NAME, async { self.value(reference).await.map_err(|error| error.as_part_of(NAME)) }).await
    }

    /// Each reference's value, in order, or why there is none.
    pub async fn resolve_many(&self, references: Vec<String>) -> Result<Vec<Result<Secret>>> {
        const NAME: &str = "secrets.resolve_many";
        let mut values = Vec::with_capacity(references.len());
        for reference in references {
            let value = async { self.value(&reference).await.map_err(|error| error.as_part_of(NAME)) };
            values.push(self.0.run(NAME, value).await);
        }
        Ok(values)
    }

    async fn value(&self, reference: &str) -> Result<Secret> {
        let reference = parse(reference)?;
        let attribute = reference.attribute.as_deref();
        // Before the item is read, which its audit would show.
        if let Some(other) = attribute.filter(|name| !matches!(*name, "value" | OTP | OPENSSH)) {
            return Err(Error::unsupported(format!(
                "the attribute `{other}` is not in this version: read the field itself"
            )));
        }
        let vault = self.vault(&reference.vault).await?;
        let item = self.item(&vault, &reference.item).await?;
        let item = self.0.items().get(&vault, &item, None).await?;
        self.field(&vault, &item, &reference).await
    }

    async fn vault(&self, name: &str) -> Result<String> {
        if name.parse::<crate::model::id::VaultId>().is_ok() {
            return Ok(name.to_owned());
        }
        let vaults = self.0.vaults().list().await?.all().await?;
        one("vault", vaults.into_iter().filter(|vault| vault.name == name).map(|vault| vault.id.to_string()))
    }

    async fn item(&self, vault: &str, name: &str) -> Result<String> {
        if name.parse::<crate::model::id::ItemId>().is_ok() {
            return Ok(name.to_owned());
        }
        let items = self.0.items().list(vault, ItemFilter::default()).await?.all().await?;
        one("item", items.into_iter().filter(|item| item.title == name).map(|item| item.id.to_string()))
    }

    async fn field(&self, vault: &str, item: &Item, reference: &Reference) -> Result<Secret> {
        let section = reference.section.as_deref();
        let fields = item.fields.iter().filter(|field| field.label == reference.field);
        let fitting: Vec<_> = match section {
            Some(_) => fields.filter(|field| field.section.as_deref() == section).collect(),
            None => fields.collect(),
        };
        let plain = fitting.iter().find(|field| field.section.is_none());
        if let Some(field) = plain.or(if fitting.len() == 1 { fitting.first() } else { None }) {
            return match reference.attribute.as_deref() {
                Some(OTP) => one_time_password::derive(field, chrono::Utc::now()),
                Some(OPENSSH) => openssh::convert(field),
                _ => Ok(field.value.clone()),
            };
        }
        if fitting.len() > 1 {
            return Err(several("field"));
        }
        if section.is_none() {
            if reference.field == "notes" && !item.notes.is_empty() {
                return Ok(Secret::new(item.notes.clone()));
            }
            let named = |file: &&crate::model::file::File| {
                file.name == reference.field || file.id.to_string() == reference.field
            };
            if let Some(file) = item.files.iter().find(named) {
                let content = self.0.files().read(vault, &item.id.to_string(), &file.id.to_string()).await?;
                return String::from_utf8(content)
                    .map(Secret::new)
                    .map_err(|_| Error::invalid_argument("reference: this file is not text: read it with files.read"));
            }
        }
        Err(missing("field"))
    }
}

fn one(what: &str, mut ids: impl Iterator<Item = String>) -> Result<String> {
    match (ids.next(), ids.next()) {
        (Some(id), None) => Ok(id),
        (None, _) => Err(missing(what)),
        (Some(_), Some(_)) => Err(several(what)),
    }
}

fn missing(what: &str) -> Error {
    Error::not_found(format!("the reference names no {what} that you may see: check its {what} part"))
}

fn several(what: &str) -> Error {
    Error::conflict(format!("the reference fits more than one {what}: name the {what} by its id"))
}

fn parse(reference: &str) -> Result<Reference> {
    let rest = reference.strip_prefix("op://").ok_or_else(|| Error::argument("reference", FORM))?;
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let attribute = match query.map(|query| query.split_once('=')) {
        None => None,
        Some(Some(("attribute" | "attr", name))) if !name.is_empty() => Some(name.to_owned()),
        Some(Some(("ssh-format", "openssh"))) => Some(OPENSSH.to_owned()),
        Some(_) => return Err(Error::argument("reference", "after `?` comes `attribute=…` or `ssh-format=openssh`")),
    };
    let parts: Vec<&str> = path.split('/').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err(Error::argument("reference", FORM));
    }
    let (vault, item, section, field) = match parts.as_slice() {
        [vault, item, field] => (*vault, *item, None, *field),
        [vault, item, section, field] => (*vault, *item, Some((*section).to_owned()), *field),
        _ => return Err(Error::argument("reference", FORM)),
    };
    Ok(Reference { vault: vault.to_owned(), item: item.to_owned(), section, field: field.to_owned(), attribute })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_have_three_or_four_parts() {
        let reference = parse("op://Alice/Homework 1/extra/password?attribute=otp").unwrap();
        assert_eq!((reference.section.as_deref(), reference.attribute.as_deref()), (Some("extra"), Some("otp")));
        for wrong in ["op:/a/b/c", "op://a/b", "op://a//c", "op://a/b/c/d/e", "op://a/b/c?x", "a/b/c"] {
            assert_eq!(parse(wrong).unwrap_err().code(), "invalid_argument", "{wrong}");
        }
    }
}
