//! An account to measure in: an owner, a program that makes vaults, users.

use strongroom::client::{Client, ConnectOptions, connect, init};
use strongroom::model::credential::Credential;
use strongroom::model::principal::{NewServiceAccount, NewUser, Rights};
use strongroom::model::vault::{Vault, VaultSpec};

/// Connects anew, with nothing remembered.
pub(crate) async fn client(kit: &Credential) -> Client {
    let options = ConnectOptions {
        location: Some(kit.location.clone()),
        token: Some(kit.token.clone()),
        ..ConnectOptions::default()
    };
    connect(options).await.unwrap()
}

/// A new account in a file, and the program that will make its vaults.
pub(crate) async fn program(location: &str) -> (Credential, Client) {
    let (_, kit) = account(location).await;
    let program = client(&kit).await;
    (kit, program)
}

/// The same, as the credentials of its owner and of the program.
pub(crate) async fn account(location: &str) -> (Credential, Credential) {
    let kit = init(Some(location), "teacher@example.edu", None).await.unwrap();
    let owner = client(&kit).await;
    let rights = Rights { can_create_vaults: true, can_manage_users: true, ..Rights::default() };
    let account = NewServiceAccount { name: "program".to_owned(), rights, ..NewServiceAccount::default() };
    let program = owner.service_accounts().create(account, None).await.unwrap();
    owner.close().await;
    (kit, program)
}

/// As many users.
pub(crate) async fn users(program: &Client, count: usize) -> Vec<Credential> {
    let mut users = Vec::with_capacity(count);
    for number in 0..count {
        let user = NewUser { email: email(number), name: Some(format!("Student {number}")), ..NewUser::default() };
        users.push(program.users().create(user, None).await.unwrap());
    }
    users
}

pub(crate) fn email(number: usize) -> String {
    format!("student-{number}@example.edu")
}

/// A vault that a user is granted `write` in.
pub(crate) fn spec(number: usize, user: &str) -> VaultSpec {
    VaultSpec {
        name: format!("Vault {number}"),
        description: Some("Homework".to_owned()),
        external_id: Some(format!("student-{number}")),
        access: vec![(user.to_owned(), "write".to_owned())],
        ..VaultSpec::default()
    }
}

/// As many vaults, each with one of the users.
pub(crate) async fn vaults(program: &Client, numbers: std::ops::Range<usize>, users: usize) -> Vec<Vault> {
    let specs = numbers.map(|number| spec(number, &email(number % users))).collect();
    program.vaults().create_many(specs).await.unwrap().into_iter().map(Result::unwrap).collect()
}
