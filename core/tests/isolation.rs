//! A class in which nobody can learn of anybody else, not even that they are there.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use strongroom::client::{Client, ConnectOptions, connect, init};
use strongroom::error::{Error, Result};
use strongroom::model::audit::AuditFilter;
use strongroom::model::change::ChangeFilter;
use strongroom::model::credential::Credential;
use strongroom::model::field::{Field, FieldType};
use strongroom::model::file::{NewFile, Source};
use strongroom::model::grant::NewGrant;
use strongroom::model::item::{ItemFilter, ItemUpdate, NewItem};
use strongroom::model::principal::{NewServiceAccount, NewUser, Rights};
use strongroom::model::secret::Secret;
use strongroom::model::vault::{VaultSpec, VaultUpdate};

struct Student {
    kit: Credential,
    client: Client,
    vault: String,
    item: String,
    file: String,
}

struct Class {
    owner: Client,
    owner_id: String,
    grader: Client,
    grader_id: String,
    students: Vec<Student>,
}

async fn client(kit: &Credential) -> Client {
    let (location, token) = (Some(kit.location.clone()), Some(kit.token.clone()));
    connect(ConnectOptions { location, token, ..ConnectOptions::default() }).await.unwrap()
}

fn essay(name: &str) -> NewFile {
    let source = Source::Bytes(vec![5; 40_000].into());
    NewFile { name: name.to_owned(), source, content_type: None, replace: None, progress: None, idempotency_key: None }
}

async fn class() -> Class {
    let kit = init(Some("memory:"), "owner@example.edu", None).await.unwrap();
    let (owner, owner_id) = (client(&kit).await, kit.principal.id.to_string());
    let rights = Rights { can_create_vaults: true, can_manage_users: true, ..Rights::default() };
    let account = NewServiceAccount { name: "grader".to_owned(), rights, ..NewServiceAccount::default() };
    let kit = owner.service_accounts().create(account, None).await.unwrap();
    let (grader, grader_id) = (client(&kit).await, kit.principal.id.to_string());
    let mut students = Vec::new();
    for name in ["alice", "bob", "carol"] {
        let email = format!("{name}@example.edu");
        let user = NewUser { email: email.clone(), name: Some(format!("{name} the student")), ..NewUser::default() };
        let kit = grader.users().create(user, None).await.unwrap();
        let spec = VaultSpec {
            name: format!("{name}'s vault"),
            external_id: Some(format!("student-{name}")),
            access: vec![(email, "write".to_owned())],
            ..VaultSpec::default()
        };
        let vault = grader.vaults().create(spec).await.unwrap().id.to_string();
        let (client, field) = (client(&kit).await, Secret::new(format!("{name}'s secret")));
        let field =
            Field { label: "password".to_owned(), value: field, field_type: FieldType::Concealed, section: None };
        let new = NewItem {
            title: format!("{name}'s homework"),
            fields: vec![field],
            files: vec![essay(&format!("{name}.pdf"))],
            ..NewItem::default()
        };
        let item = client.items().create(&vault, new).await.unwrap();
        let (file, item) = (item.files[0].id.to_string(), item.id.to_string());
        students.push(Student { kit, client, vault, item, file });
    }
    Class { owner, owner_id, grader, grader_id, students }
}

/// The refusal, as one who looks for traces reads it.
fn refusal<T>(what: &str, answer: Result<T>) -> (String, Error) {
    (what.to_owned(), answer.err().unwrap_or_else(|| panic!("{what} was answered")))
}

/// Every operation on the vault, item and file of somebody else.
async fn all_operations(me: &Client, vault: &str, item: &str, file: &str) -> Vec<(String, Error)> {
    let (vaults, items, files, access) = (me.vaults(), me.items(), me.files(), me.access());
    let folder = tempfile::tempdir().unwrap();
    let download = folder.path().join("download");
    let rename = VaultUpdate { name: Some("mine".to_owned()), ..VaultUpdate::default() };
    let grant = NewGrant {
        vault: vault.to_owned(),
        who: "alice@example.edu".to_owned(),
        role: "admin".to_owned(),
        expires_at: None,
    };
    let title = ItemUpdate { title: Some("mine".to_owned()), ..ItemUpdate::default() };
    let new = || NewItem { title: "mine".to_owned(), ..NewItem::default() };
    let with_file = NewItem { files: vec![essay("mine.pdf")], ..new() };
    let only = |id: &str| ChangeFilter { vaults: Some(vec![id.to_owned()]), ..ChangeFilter::default() };
    let mut refusals = vec![
        refusal("vaults.get", vaults.get(vault).await),
        refusal("vaults.update", vaults.update(vault, rename).await),
        refusal("vaults.delete", vaults.delete(vault).await),
        refusal("access.grant", access.grant(vault, "alice@example.edu", "admin", None).await),
        refusal("access.grant_many", access.grant_many(vec![grant]).await.unwrap().remove(0)),
        refusal("access.revoke", access.revoke(vault, "alice@example.edu").await),
        refusal("access.list", access.list(vault, None).await),
        refusal("items.create", items.create(vault, new()).await),
        refusal("items.create with a file", items.create(vault, with_file).await),
        refusal("items.get", items.get(vault, item, None).await),
        refusal("items.get of a version", items.get(vault, item, Some(1)).await),
        refusal("items.history", items.history(vault, item).await),
        refusal("items.list", items.list(vault, ItemFilter::default()).await),
        refusal("items.update", items.update(vault, item, title).await),
        refusal("items.archive", items.archive(vault, item).await),
        refusal("items.restore", items.restore(vault, item).await),
        refusal("items.delete", items.delete(vault, item).await),
        refusal("files.attach", files.attach(vault, item, essay("mine.pdf")).await),
        refusal("files.read", files.read(vault, item, file).await),
        refusal("files.open", files.open(vault, item, file).await.map(drop)),
        refusal("files.download", files.download(vault, item, file, &download, None).await),
        refusal("files.detach", files.detach(vault, item, file).await),
        refusal("secrets.resolve", me.secrets().resolve(&format!("op://{vault}/{item}/password")).await),
    ];
    assert!(!download.exists());
    refusals.push(refusal("items.get_many", items.get_many(vault, vec![item.to_owned()]).await));
    refusals.push(refusal("items.create_many", items.create_many(vault, vec![new()]).await));
    // A filter on a vault that is not the caller's is no way to learn of it: nothing changes there.
    let page = me.changes().list(only(vault)).await.unwrap();
    assert!(page.data.is_empty() && !page.has_more);
    refusals
}

/// A made-up id of the same form.
fn made_up(id: &str) -> String {
    let (prefix, _) = id.split_once('_').unwrap();
    format!("{prefix}_{}a", "q".repeat(51))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_classmates_things_are_not_found_in_the_words_of_what_does_not_exist() {
    let class = class().await;
    for me in &class.students {
        for other in class.students.iter().filter(|other| other.vault != me.vault) {
            let there = all_operations(&me.client, &other.vault, &other.item, &other.file).await;
            let (vault, item, file) = (made_up(&other.vault), made_up(&other.item), made_up(&other.file));
            let nowhere = all_operations(&me.client, &vault, &item, &file).await;
            // An id that exists, under a vault of one's own.
            let mixed = [
                refusal("items.get", me.client.items().get(&me.vault, &other.item, None).await),
                refusal("files.read", me.client.files().read(&me.vault, &me.item, &other.file).await),
                refusal("files.read", me.client.files().read(&me.vault, &other.item, &other.file).await),
            ];
            for ((what, error), (_, same)) in there.iter().zip(&nowhere) {
                assert_eq!(error.code(), "not_found", "{what}");
                assert_eq!(format!("{error:?}"), format!("{same:?}"), "{what}");
            }
            for (what, error) in there.iter().chain(&mixed) {
                assert_eq!(error.code(), "not_found", "{what}");
                assert_names_nothing(&format!("{error} {error:?}"), other);
            }
        }
    }
    // And all of it is still there.
    for student in &class.students {
        let item = student.client.items().get(&student.vault, &student.item, None).await.unwrap();
        assert_eq!((item.version, item.files.len()), (1, 1));
        assert_eq!(class.grader.access().list(&student.vault, None).await.unwrap().data.len(), 2);
    }
}

fn assert_names_nothing(text: &str, other: &Student) {
    let Student { kit, vault, item, file, .. } = other;
    let id = kit.principal.id.to_string();
    let (email, name) = (kit.principal.email.clone().unwrap(), kit.principal.name.clone());
    let first = email.split('@').next().unwrap().to_owned();
    for secret in [&id, &email, &name, &first, vault, item, file] {
        assert!(!text.contains(secret.as_str()), "{secret} is in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn classmates_are_in_no_list_and_under_no_address() {
    let class = class().await;
    for me in &class.students {
        let client = &me.client;
        let id = me.kit.principal.id.to_string();
        let users = client.users().list().await.unwrap().all().await.unwrap();
        assert!(users.iter().all(|user| user.id.to_string() == id || user.id.to_string() == class.owner_id));
        assert!(users.iter().any(|user| user.id.to_string() == id));
        let services = client.service_accounts().list().await.unwrap().all().await.unwrap();
        assert!(services.iter().all(|service| service.id.to_string() == class.grader_id));
        let vaults = client.vaults().list().await.unwrap().all().await.unwrap();
        assert!(vaults.len() == 1 && vaults[0].id.to_string() == me.vault);
        let grants = client.access().list(&me.vault, None).await.unwrap().all().await.unwrap();
        assert_eq!(grants.len(), 2);
        let changes = client.changes().list(ChangeFilter::default()).await.unwrap();
        assert!(!changes.data.is_empty());
        let audit = client.audit().list(AuditFilter::default()).await.unwrap().all().await.unwrap();
        let told = format!("{users:?} {services:?} {vaults:?} {grants:?} {changes:?} {audit:?}");
        for other in class.students.iter().filter(|other| other.vault != me.vault) {
            assert_names_nothing(&told, other);
            let (email, id) = (other.kit.principal.email.clone().unwrap(), other.kit.principal.id.to_string());
            let external = other.kit.principal.name.replace(" the student", "");
            let external = format!("student-{external}");
            let (users, vaults) = (client.users(), client.vaults());
            let refusals = [
                refusal("users.get", users.get(&email).await),
                refusal("users.get", users.get(&id).await),
                refusal("by external id", vaults.get_by_external_id(&external, Some(&class.grader_id)).await),
                refusal("by external id", vaults.get_by_external_id(&external, Some(&email)).await),
                refusal("by external id", vaults.get_by_external_id(&external, None).await),
            ];
            let nobody = refusal("users.get", users.get("nobody@example.edu").await);
            assert_eq!(format!("{:?}", refusals[0].1), format!("{:?}", nobody.1));
            for (what, error) in &refusals {
                assert_eq!(error.code(), "not_found", "{what}");
                assert_names_nothing(&format!("{error} {error:?}"), other);
            }
        }
        assert_eq!(client.audit().verify().await.unwrap_err().code(), "permission_denied");
    }
    assert_eq!(class.owner.users().list().await.unwrap().all().await.unwrap().len(), 4);
}
