//! A database file with some of everything in it, and yesterday's copy of it; whoever reads it, and all they read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strongroom::client::Client;
use strongroom::error::{ErrorKind, Result};
use strongroom::model::audit::{AuditEvent, AuditFilter, Evidence};
use strongroom::model::change::ChangeFilter;
use strongroom::model::credential::Credential;
use strongroom::model::file::{NewFile, Source};
use strongroom::model::id::Id;
use strongroom::model::item::{Item, ItemFilter, ItemUpdate, NewItem};
use strongroom::model::principal::{NewServiceAccount, Rights};
use strongroom::model::vault::{VaultSpec, VaultUpdate};
use strongroom::store::Store;
use strongroom::store::sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::served;
use crate::shelf::{LARGE, SMALL, content};
use crate::world::{Member, World, connect, email, item, secret};

/// The file, yesterday's, and the credentials of who is in it.
pub(crate) struct History {
    folder: TempDir,
    pub(crate) owner: Credential,
    /// May create vaults and manage users, and made one vault.
    pub(crate) grader: Credential,
    /// In two vaults.
    pub(crate) alice: Credential,
    /// Put out of one vault, and in another.
    pub(crate) bob: Credential,
    /// Those that are not deleted.
    pub(crate) vaults: Vec<String>,
}

/// A copy of a history's file that a test may do anything to.
pub(crate) struct Copied {
    folder: TempDir,
}

/// What was asked, and what came of it: the answer as text, or the refusal.
pub(crate) type Answers = BTreeMap<String, Result<String>>;

/// Which sessions the signed entries are told to come from: the engine's word.
pub(crate) const SESSIONS: &str = "sessions of audit.list";

static HISTORY: OnceCell<History> = OnceCell::const_new();

/// The one history of this process, made when it is first asked for.
pub(crate) async fn history() -> &'static History {
    HISTORY.get_or_init(History::make).await
}

fn file(name: &str, length: usize, seed: usize) -> NewFile {
    NewFile {
        name: name.to_owned(),
        source: Source::Bytes(content(length, seed).into()),
        content_type: None,
        replace: None,
        progress: None,
        idempotency_key: None,
    }
}

fn spec(name: &str, external_id: Option<&str>, access: &[(&Member, &str)]) -> VaultSpec {
    VaultSpec {
        name: name.to_owned(),
        description: Some(format!("description of {name}")),
        external_id: external_id.map(ToOwned::to_owned),
        access: access.iter().map(|(member, role)| (member.id_text(), (*role).to_owned())).collect(),
        ..VaultSpec::default()
    }
}

impl History {
    async fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("today.db");
        let world = World::over(SqliteStore::open(&path, true).unwrap()).await;
        let owner = &world.owner.client;
        let service =
            |name: &str, rights| NewServiceAccount { name: name.to_owned(), rights, ..NewServiceAccount::default() };
        let rights = Rights { can_create_vaults: true, can_manage_users: true, ..Rights::default() };
        let grader = owner.service_accounts().create(service("grader", rights), None).await.unwrap();
        let grader = Member::new(&world.engine, grader).await;
        let other = owner.service_accounts().create(service("other", Rights::default()), None).await.unwrap();
        let (alice, bob) = (world.user("alice").await, world.user("bob").await);

        let shared = spec("shared", Some("one"), &[(&alice, "write"), (&bob, "write")]);
        let shared = owner.vaults().create(shared).await.unwrap().id.to_string();
        let second = owner.vaults().create(spec("second", Some("two"), &[(&alice, "read")])).await.unwrap();
        let third = spec("third", Some("one"), &[(&bob, "admin")]);
        let third = grader.client.vaults().create(third).await.unwrap().id.to_string();
        let gone = owner.vaults().create(spec("gone", Some("three"), &[(&alice, "write")])).await.unwrap();
        let gone = gone.id.to_string();
        let with_files = NewItem {
            files: vec![file("small", SMALL, 3), file("large", LARGE, 5), file("taken", 100, 7)],
            tags: vec!["tag".to_owned()],
            ..item("with files", "first value")
        };
        let with_files = alice.client.items().create(&shared, with_files).await.unwrap();
        let kept = bob.client.items().create(&shared, item("of bob", "bob's value")).await.unwrap();
        owner.items().create(&gone, item("lost", "lost value")).await.unwrap();
        let ended = owner.items().create(&shared, item("ended", "ended value")).await.unwrap();
        let stored = owner.items().create(&second.id.to_string(), item("stored", "stored value")).await.unwrap();
        bob.client.items().create(&third, item("third", "third value")).await.unwrap();
        // Closed only after the store: closing it before would drop the locks that the store has on the file.
        let beside = rusqlite::Connection::open(&path).unwrap();
        let yesterday = folder.path().join("yesterday.db");
        beside.execute("VACUUM INTO ?1", [yesterday.to_str().unwrap()]).unwrap();

        let update = ItemUpdate { set_fields: vec![secret("password", "second value")], ..ItemUpdate::default() };
        alice.client.items().update(&shared, &with_files.id.to_string(), update).await.unwrap();
        let taken = with_files.files[2].id.to_string();
        alice.client.files().detach(&shared, &with_files.id.to_string(), &taken).await.unwrap();
        owner.items().delete(&shared, &ended.id.to_string()).await.unwrap();
        owner.items().archive(&second.id.to_string(), &stored.id.to_string()).await.unwrap();
        owner.access().revoke(&shared, &email("bob")).await.unwrap();
        let update = ItemUpdate { set_fields: vec![secret("password", "new value")], ..ItemUpdate::default() };
        owner.items().update(&shared, &kept.id.to_string(), update).await.unwrap();
        owner.items().create(&shared, item("after bob", "value after bob")).await.unwrap();
        let renamed = VaultUpdate { name: Some("renamed".to_owned()), description: None };
        owner.vaults().update(&second.id.to_string(), renamed).await.unwrap();
        owner.vaults().delete(&gone).await.unwrap();
        let end = chrono::Utc::now() + chrono::TimeDelta::days(1_000);
        owner.access().grant(&second.id.to_string(), &email("bob"), "read", Some(end)).await.unwrap();
        owner.access().grant(&second.id.to_string(), &email("alice"), "write", None).await.unwrap();
        owner.service_accounts().revoke(&other.principal.id.to_string()).await.unwrap();
        // What runs: a hold, an upload, and pieces still to be removed.
        world.engine.hold(world.owner.session, bob.id(), None).await.unwrap();
        owner.audit().verify().await.unwrap();
        world.store.close().await;
        drop(beside);
        let beside = rusqlite::Connection::open(&path).unwrap();
        beside.execute("INSERT INTO garbage (file) VALUES (?1)", [Id([5; 32])]).unwrap();
        let sql = "INSERT INTO object_garbage (file, since, cleared) VALUES (?1, 1, 0)";
        beside.execute(sql, [Id([7; 32])]).unwrap();
        let sql = "INSERT INTO blobs (one, url, marker) VALUES (1, 's3://elsewhere/school', ?1)";
        beside.execute(sql, [Id([8; 32])]).unwrap();
        let tomorrow = chrono::Utc::now().timestamp_millis() + 86_400_000;
        beside.execute("INSERT INTO upload (file, expires) VALUES (?1, ?2)", (Id([6; 32]), tomorrow)).unwrap();
        let vaults = vec![shared, second.id.to_string(), third];
        Self { folder, owner: world.owner.kit, grader: grader.kit, alice: alice.kit, bob: bob.kit, vaults }
    }

    /// The recovery code as a token.
    pub(crate) fn recovery(&self) -> Credential {
        Credential { token: self.owner.recovery.clone().unwrap(), ..self.owner.clone() }
    }

    pub(crate) fn people(&self) -> [(&'static str, &Credential); 4] {
        [("owner", &self.owner), ("grader", &self.grader), ("alice", &self.alice), ("bob", &self.bob)]
    }

    /// A copy of today's file and the folder beside it.
    pub(crate) fn copied(&self) -> Copied {
        let folder = tempfile::tempdir().unwrap();
        let to = |name: &str| folder.path().join(name);
        std::fs::copy(self.folder.path().join("today.db"), to("today.db")).unwrap();
        std::fs::copy(self.folder.path().join("yesterday.db"), to("yesterday.db")).unwrap();
        copy_folder(&self.folder.path().join("today.db-files"), &to("today.db-files"));
        Copied { folder }
    }

    /// All that everybody reads, and what the audit says.
    pub(crate) async fn answers(&self, path: &Path) -> Answers {
        let mut answers = Answers::new();
        answers.insert("the audit".to_owned(), self.audit(path).await);
        for (name, kit) in self.people() {
            match open(path, kit).await {
                Ok((client, store)) => {
                    reads(&client, name, &mut answers).await;
                    store.close().await;
                }
                Err(error) => drop(answers.insert(format!("{name} connects"), Err(error))),
            }
        }
        answers
    }

    /// What `audit.verify` says to the owner.
    pub(crate) async fn audit(&self, path: &Path) -> Result<String> {
        let (client, store) = open(path, &self.owner).await?;
        let verified = client.audit().verify().await;
        store.close().await;
        verified.map(|_| "verified".to_owned())
    }
}

impl Copied {
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("today.db")
    }

    pub(crate) fn yesterday(&self) -> PathBuf {
        self.folder.path().join("yesterday.db")
    }

    /// The pieces of large files, which are beside the database.
    pub(crate) fn pieces(&self) -> Vec<PathBuf> {
        let folders = std::fs::read_dir(self.folder.path().join("today.db-files")).unwrap();
        let files = folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
        let has_bytes = |file: &PathBuf| file.metadata().unwrap().len() > 0;
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).filter(has_bytes).collect();
        files.sort_unstable();
        files
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
        if path.is_dir() {
            copy_folder(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

/// A client over the file, and its store, to be closed.
pub(crate) async fn open(path: &Path, kit: &Credential) -> Result<(Client, Arc<SqliteStore>)> {
    let store = SqliteStore::open(path, false)?;
    let engine = served::engine(Arc::clone(&store) as Arc<dyn Store>);
    match connect(engine, kit).await {
        Ok(client) => Ok((client, store)),
        Err(error) => {
            store.close().await;
            Err(error)
        }
    }
}

fn shown(item: &Item) -> String {
    let values: Vec<(&str, &str)> =
        item.fields.iter().map(|field| (field.label.as_str(), field.value.expose())).collect();
    format!("{item:?} {values:?}")
}

/// What one client reads: all that is there for it.
async fn reads(client: &Client, name: &str, answers: &mut Answers) {
    let mut put = |what: String, answer: Result<String>| drop(answers.insert(format!("{name}: {what}"), answer));
    let (page, list) = match client.users().list().await {
        Ok(page) => (page.all().await, "users.list"),
        Err(error) => (Err(error), "users.list"),
    };
    put(list.to_owned(), page.map(|users| format!("{users:?}")));
    let accounts = match client.service_accounts().list().await {
        Ok(page) => page.all().await.map(|all| format!("{all:?}")),
        Err(error) => Err(error),
    };
    put("service_accounts.list".to_owned(), accounts);
    for who in ["alice", "bob", "owner"] {
        put(format!("users.get {who}"), client.users().get(&email(who)).await.map(|user| format!("{user:?}")));
    }
    let filter = ChangeFilter { after: Some("start".to_owned()), ..ChangeFilter::default() };
    let changes = client.changes().list(filter).await.map(|page| {
        let told = page.data.iter().map(|change| {
            format!("{:?} {} {} {:?} {}", change.kind, change.vault_id, change.actor.name, change.subject, change.at)
        });
        told.collect::<Vec<_>>().join("\n")
    });
    put("changes.list".to_owned(), changes);
    // Reads and refusals are added with every look: what is signed stays.
    let events = match client.audit().list(AuditFilter::default()).await {
        Ok(page) => page.all().await,
        Err(error) => Err(error),
    };
    let events = events.map(|mut events| {
        events.retain(|event| event.evidence == Evidence::Signed);
        events
    });
    if let Ok(events) = &events {
        let sessions: Vec<_> = events.iter().map(|event| (event.session.clone(), event.app.clone())).collect();
        put(SESSIONS.to_owned(), Ok(format!("{sessions:?}")));
    }
    let bare = |event| AuditEvent { session: None, app: None, ..event };
    let bare = |events: Vec<AuditEvent>| format!("{:?}", events.into_iter().map(bare).collect::<Vec<_>>());
    put("audit.list".to_owned(), events.map(bare));
    for id in ["one", "two", "three"] {
        for creator in [None, Some(email("owner"))] {
            let found = client.vaults().get_by_external_id(id, creator.as_deref()).await;
            put(format!("vault {id} of {creator:?}"), found.map(|vault| format!("{vault:?}")));
        }
    }
    let vaults = match client.vaults().list().await {
        Ok(page) => page.all().await,
        Err(error) => Err(error),
    };
    let Ok(vaults) = vaults else {
        put("vaults.list".to_owned(), vaults.map(|_| String::new()));
        return;
    };
    put("vaults.list".to_owned(), Ok(format!("{vaults:?}")));
    for vault in vaults {
        vault_reads(client, &vault.id.to_string(), &mut put).await;
    }
}

async fn vault_reads(client: &Client, vault: &str, put: &mut impl FnMut(String, Result<String>)) {
    put(vault.to_owned(), client.vaults().get(vault).await.map(|vault| format!("{vault:?}")));
    let grants = match client.access().list(vault, None).await {
        Ok(page) => page.all().await.map(|grants| format!("{grants:?}")),
        Err(error) => Err(error),
    };
    put(format!("{vault} access"), grants);
    for archived in [false, true] {
        let items = match client.items().list(vault, ItemFilter { archived, ..ItemFilter::default() }).await {
            Ok(page) => page.all().await,
            Err(error) => Err(error),
        };
        let Ok(items) = items else {
            put(format!("{vault} items {archived}"), items.map(|_| String::new()));
            continue;
        };
        put(format!("{vault} items {archived}"), Ok(format!("{items:?}")));
        for item in items {
            let id = item.id.to_string();
            put(format!("{vault} {id}"), client.items().get(vault, &id, None).await.map(|item| shown(&item)));
            let history = match client.items().history(vault, &id).await {
                Ok(page) => page.all().await,
                Err(error) => Err(error),
            };
            let files = history.as_ref().map(|all| all.last().map(|item| item.files.clone()).unwrap_or_default());
            for file in files.unwrap_or_default() {
                let read = client.files().read(vault, &id, &file.id.to_string()).await;
                put(format!("{vault} {id} {}", file.name), read.map(|read| format!("{}", crc32fast::hash(&read))));
            }
            put(format!("{vault} {id} history"), history.map(|all| all.iter().map(shown).collect()));
        }
    }
}

/// Whether somebody was told that the store was tampered with.
pub(crate) fn is_noticed(answers: &Answers) -> bool {
    answers.values().any(|answer| answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::Tampered))
}

/// The answers that are other than the honest ones, and no refusals.
pub(crate) fn wrong<'a>(honest: &Answers, answers: &'a Answers) -> Vec<(&'a str, &'a str)> {
    let is_other = |(asked, answer): &(&'a String, &'a Result<String>)| match answer {
        Ok(answer) => !matches!(honest.get(*asked), Some(Ok(honest)) if honest == answer),
        Err(_) => false,
    };
    answers
        .iter()
        .filter(is_other)
        .filter_map(|(asked, answer)| Some((asked.as_str(), answer.as_ref().ok()?.as_str())))
        .collect()
}
