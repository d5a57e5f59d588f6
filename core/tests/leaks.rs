//! What is sealed is nowhere else: not in the file or beside it, not in traces, errors or debug output.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::similar_names,
    clippy::unnecessary_literal_unwrap,
    reason = "a test that can't go on fails, and names what it compares"
)]

use std::fmt::Debug;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use strongroom::client::{Client, ConnectOptions, connect, init};
use strongroom::error::Result;
use strongroom::model::audit::AuditFilter;
use strongroom::model::change::ChangeFilter;
use strongroom::model::credential::Credential;
use strongroom::model::field::{Field, FieldType};
use strongroom::model::file::{NewFile, Source};
use strongroom::model::item::{Item, ItemFilter, ItemUpdate, NewItem};
use strongroom::model::principal::NewUser;
use strongroom::model::secret::Secret;
use strongroom::model::vault::{VaultSpec, VaultUpdate};
use tracing::field::{Field as TracedField, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// In everything that must not be seen; what follows tells where a find comes from.
const MARKER: &str = "xyzzyplugh";

fn marked(place: &str) -> String {
    format!("{MARKER}-{place}")
}

/// Keeps whatever is traced, at every level.
#[derive(Clone, Default)]
struct Traces(Arc<Mutex<String>>);

impl Traces {
    fn note(&self, text: &dyn Debug) {
        use std::fmt::Write;
        write!(self.0.lock().unwrap(), "{text:?} ").unwrap();
    }
}

impl Visit for Traces {
    fn record_debug(&mut self, field: &TracedField, value: &dyn Debug) {
        self.note(&(field.name(), format!("{value:?}")));
    }
}

impl Subscriber for Traces {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        self.note(&span.metadata().name());
        span.record(&mut self.clone());
        Id::from_u64(NUMBER.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

async fn client(kit: &Credential) -> Client {
    let (location, token) = (Some(kit.location.clone()), Some(kit.token.clone()));
    connect(ConnectOptions { location, token, ..ConnectOptions::default() }).await.unwrap()
}

fn content(length: usize) -> Vec<u8> {
    marked("content ").into_bytes().into_iter().cycle().take(length).collect()
}

fn file(name: &str, length: usize) -> NewFile {
    NewFile {
        name: marked(name),
        source: Source::Bytes(content(length).into()),
        content_type: None,
        replace: None,
        progress: None,
        idempotency_key: None,
    }
}

/// A value of every concealed type is in a section, every other one is not.
fn fields() -> Vec<Field> {
    FieldType::ALL
        .iter()
        .map(|kind| Field {
            label: marked(&format!("label {}", kind.as_str())),
            value: Secret::new(marked(&format!("value {}", kind.as_str()))),
            field_type: *kind,
            section: kind.is_concealed().then(|| marked("section")),
        })
        .collect()
}

fn marked_item() -> NewItem {
    NewItem {
        title: marked("title"),
        fields: fields(),
        notes: Some(marked("notes")),
        tags: vec![marked("tag")],
        urls: vec![format!("https://{MARKER}.example.edu")],
        files: vec![file("small", 1_000), file("large", 3 << 20)],
        ..NewItem::default()
    }
}

fn spec(place: &str) -> VaultSpec {
    VaultSpec { name: marked(place), description: Some(marked("description")), ..VaultSpec::default() }
}

fn note<T>(texts: &mut Vec<String>, what: &str, answer: Result<T>) {
    let error = answer.err().unwrap_or_else(|| panic!("{what} was answered"));
    texts.push(format!("{what}: {error} {error:?} {:?} {:?}", error.message(), error.existing()));
}

/// Calls that fail while they hold what is marked. Labels are not: a refusal of the caller's own fields names the field.
async fn failures(me: &Client, vault: &str, item: &Item) -> Vec<String> {
    let mut texts = Vec::new();
    let (items, id, other) = (me.items(), item.id.to_string(), format!("vlt_{}a", "q".repeat(51)));
    let value = |label: &str| Field { label: label.to_owned(), ..fields().remove(1) };
    let stale = ItemUpdate { title: Some(marked("title")), if_version: Some(9), ..ItemUpdate::default() };
    let twice = NewItem { fields: vec![value("one"), value("one")], ..marked_item() };
    let long = NewItem { title: MARKER.repeat(200), ..marked_item() };
    let big = Field { value: Secret::new(MARKER.repeat(200_000)), ..value("big") };
    let big = ItemUpdate { set_fields: vec![big], ..ItemUpdate::default() };
    let keyed = |title: &str| NewItem {
        title: marked(title),
        idempotency_key: Some("key".to_owned()),
        files: Vec::new(),
        ..marked_item()
    };
    items.create(vault, keyed("first")).await.unwrap();
    note(&mut texts, "no vault", items.create(&other, marked_item()).await);
    note(&mut texts, "another version", items.update(vault, &id, stale).await);
    note(&mut texts, "a field twice", items.create(vault, twice).await);
    note(&mut texts, "a long title", items.create(vault, long).await);
    note(&mut texts, "a big value", items.update(vault, &id, big).await);
    note(&mut texts, "a used key", items.create(vault, keyed("second")).await);
    let slash = NewFile { name: format!("{MARKER}/{MARKER}"), ..file("small", 10) };
    note(&mut texts, "a path", me.files().attach(vault, &id, slash).await);
    note(&mut texts, "no item", me.files().attach(vault, &other.replace("vlt_", "itm_"), file("small", 10)).await);
    note(
        &mut texts,
        "a vault",
        me.vaults().update(&other, VaultUpdate { name: Some(marked("name")), ..VaultUpdate::default() }).await,
    );
    note(&mut texts, "a long name", me.vaults().create(VaultSpec { name: MARKER.repeat(200), ..spec("name") }).await);
    note(
        &mut texts,
        "nobody",
        me.vaults()
            .create(VaultSpec { access: vec![("no@example.edu".to_owned(), "read".to_owned())], ..spec("name") })
            .await,
    );
    for reference in
        [format!("{MARKER}/title/field"), format!("{vault}/{MARKER}/field"), format!("{vault}/{id}/{MARKER}")]
    {
        note(&mut texts, "a reference", me.secrets().resolve(&format!("op://{reference}")).await);
    }
    let token = Credential {
        token: Secret::new(marked("token")),
        ..init(Some("memory:"), "owner@example.edu", None).await.unwrap()
    };
    let options =
        ConnectOptions { location: Some(token.location), token: Some(token.token), ..ConnectOptions::default() };
    texts.push(format!("{options:?}"));
    note(&mut texts, "a token", connect(options).await);
    texts
}

/// What a program prints when it prints results; the values of fields are masked in it.
async fn results(me: &Client, vault: &str, item: &Item) -> String {
    let (items, id) = (me.items(), item.id.to_string());
    let history = items.history(vault, &id).await.unwrap();
    let listed = items.list(vault, ItemFilter::default()).await.unwrap();
    let secret = me.secrets().resolve(&format!("op://{vault}/{id}/{}", marked("label text"))).await.unwrap();
    let changes = me.changes().list(ChangeFilter::default()).await.unwrap();
    let audit = me.audit().list(AuditFilter::default()).await.unwrap();
    format!("{me:?} {item:?} {history:?} {listed:?} {secret:?} {changes:?} {audit:?} {:?}", fields())
}

fn find_in_files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(find_in_files(&path));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let name = path.display().to_string();
        if name.contains(MARKER) || bytes.windows(MARKER.len()).any(|window| window == MARKER.as_bytes()) {
            found.push(name);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_shows_in_no_file_trace_error_or_debug_output() {
    let traces = Traces::default();
    tracing::subscriber::set_global_default(traces.clone()).unwrap();
    tracing::trace!(check = "seen", "the subscriber is there");
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("class.db");
    let kit = init(location.to_str(), "owner@example.edu", None).await.unwrap();
    let me = client(&kit).await;
    let vault = me.vaults().create(spec("name")).await.unwrap();
    let user = NewUser { email: "alice@example.edu".to_owned(), ..NewUser::default() };
    let alice = me.users().create(user, None).await.unwrap();
    let id = vault.id.to_string();
    me.access().grant(&id, "alice@example.edu", "write", None).await.unwrap();
    let item = me.items().create(&id, marked_item()).await.unwrap();
    me.vaults().update(&id, VaultUpdate { name: Some(marked("other name")), ..VaultUpdate::default() }).await.unwrap();
    let update = ItemUpdate { title: Some(marked("other title")), ..ItemUpdate::default() };
    let item = client(&alice).await.items().update(&id, &item.id.to_string(), update).await.unwrap();
    me.access().revoke(&id, "alice@example.edu").await.unwrap();
    let attached = me.files().attach(&id, &item.id.to_string(), file("attached", 100_000)).await.unwrap();
    let read = me.files().read(&id, &item.id.to_string(), &item.files[1].id.to_string()).await.unwrap();
    assert!(read == content(3 << 20));
    me.files().detach(&id, &item.id.to_string(), &attached.id.to_string()).await.unwrap();
    me.items().archive(&id, &item.id.to_string()).await.unwrap();
    let item = me.items().restore(&id, &item.id.to_string()).await.unwrap();

    for text in failures(&me, &id, &item).await {
        assert!(!text.contains(MARKER), "{text}");
    }
    let printed = results(&me, &id, &item).await;
    assert!(printed.contains(&marked("other title")));
    for kind in FieldType::ALL.iter().filter(|kind| kind.is_concealed()) {
        assert!(!printed.contains(&marked(&format!("value {}", kind.as_str()))), "{}", kind.as_str());
    }
    assert!(!printed.contains(&marked("content")) && !printed.contains(kit.token.expose()));
    let kits = format!("{kit:?} {alice:?}");
    assert!(!kits.contains(kit.token.expose()) && !kits.contains(alice.token.expose()));
    assert!(!kits.contains(kit.recovery.as_ref().unwrap().expose()));

    assert_eq!(find_in_files(folder.path()), Vec::<String>::new());
    me.close().await;
    assert_eq!(find_in_files(folder.path()), Vec::<String>::new());
    let told = traces.0.lock().unwrap();
    assert!(told.contains("the subscriber is there"));
    assert!(!told.contains(MARKER), "{told}");
    for token in [&kit.token, &alice.token] {
        assert!(!told.contains(token.expose()));
    }
}

/// Panics of a caller's own code print what it holds: a concealed value stays masked there too.
#[test]
fn a_panic_over_an_item_shows_no_value() {
    let shown = std::panic::catch_unwind(|| assert_eq!(fields(), Vec::new()));
    let text = shown.unwrap_err().downcast_ref::<String>().cloned().unwrap();
    assert!(text.contains(&marked("label concealed")), "{text}");
    assert!(!text.contains(&marked("value concealed")), "{text}");
}
