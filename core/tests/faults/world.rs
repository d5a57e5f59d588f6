//! An account in a file, and what goes into it.

use std::path::Path;

use strongroom::client::{Client, ConnectOptions, connect, init};
use strongroom::model::credential::Credential;
use strongroom::model::field::{Field, FieldType};
use strongroom::model::file::{NewFile, Source};
use strongroom::model::principal::{NewServiceAccount, NewUser, Rights};
use strongroom::model::secret::Secret;
use strongroom::model::vault::{Vault, VaultSpec};

/// A new account in this file; answers its owner's credential.
pub(crate) async fn account(path: &Path) -> Credential {
    init(path.to_str(), "teacher@example.edu", None).await.unwrap()
}

/// A client for a token.
pub(crate) async fn client(path: &Path, token: &str) -> Client {
    try_client(path, token).await.unwrap()
}

pub(crate) async fn try_client(path: &Path, token: &str) -> strongroom::error::Result<Client> {
    let options = ConnectOptions {
        location: path.to_str().map(str::to_owned),
        token: Some(Secret::new(token)),
        ..ConnectOptions::default()
    };
    connect(options).await
}

/// The same, which remembers the newest head in this file.
pub(crate) async fn remembering(path: &Path, token: &str, state: &Path) -> Client {
    try_remembering(path, token, state).await.unwrap()
}

pub(crate) async fn try_remembering(path: &Path, token: &str, state: &Path) -> strongroom::error::Result<Client> {
    let options = ConnectOptions {
        location: path.to_str().map(str::to_owned),
        token: Some(Secret::new(token)),
        state: Some(state.to_owned()),
        ..ConnectOptions::default()
    };
    connect(options).await
}

/// A service account that makes vaults.
pub(crate) async fn program(owner: &Client, name: &str) -> Credential {
    let rights = Rights { can_create_vaults: true, can_manage_users: true, ..Rights::default() };
    let account = NewServiceAccount { name: name.to_owned(), rights, ..NewServiceAccount::default() };
    owner.service_accounts().create(account, None).await.unwrap()
}

pub(crate) async fn user(owner: &Client, name: &str) -> Credential {
    let user = NewUser { email: format!("{name}@example.edu"), ..NewUser::default() };
    owner.users().create(user, None).await.unwrap()
}

pub(crate) async fn vault(client: &Client, name: &str, access: &[(&str, &str)]) -> Vault {
    let access = access.iter().map(|(who, role)| ((*who).to_owned(), (*role).to_owned())).collect();
    client.vaults().create(VaultSpec { name: name.to_owned(), access, ..VaultSpec::default() }).await.unwrap()
}

pub(crate) fn concealed(label: &str, value: &str) -> Field {
    Field { label: label.to_owned(), value: Secret::new(value), field_type: FieldType::Concealed, section: None }
}

pub(crate) fn file(name: &str, content: Vec<u8>) -> NewFile {
    NewFile {
        name: name.to_owned(),
        source: Source::Bytes(content.into()),
        content_type: None,
        replace: None,
        progress: None,
        idempotency_key: None,
    }
}
