//! Traces, as a collector receives them from a server process.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use strongroom::error::ErrorKind;
use strongroom::model::field::{Field, FieldType};
use strongroom::model::file::{NewFile, Source};
use strongroom::model::item::NewItem;
use strongroom::model::principal::NewUser;
use strongroom::model::secret::Secret;
use strongroom::model::vault::VaultSpec;
use tokio::net::TcpListener;

use crate::collector::{Collector, attributes};
use crate::postgresql::Schema;
use crate::process::{Account, Server, bearer, program, vault};
use crate::raw;

const SOON: Duration = Duration::from_secs(20);

/// In everything that callers send and no trace may have.
const MARKER: &str = "xyzzyplugh";

/// All that a span may say of a request.
const SAID: &[&str] = &[
    "client.address",
    "enduser.id",
    "error.type",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "network.protocol.version",
    "server.address",
    "server.port",
    "strongroom.request_id",
    "url.scheme",
];

async fn ended(server: &mut Server, within: Duration) {
    server.stop();
    let status = server.ended(within).await;
    assert_eq!(status.and_then(|status| status.code()), Some(0), "{}", server.log());
}

fn is_of_server(span: &Span) -> bool {
    span.kind == SpanKind::Server as i32
}

/// Those that these say are their parents.
fn children<'a>(spans: &'a [Span], of: &Span) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.parent_span_id == of.span_id).collect()
}

fn only<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

/// A request with a trace of its caller's.
fn traced(method: &str, path: &str, parent: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {MARKER}.example.edu\r\nConnection: close\r\nUser-Agent: {MARKER}\r\n\
         X-Request-Id: homework-7\r\ntraceparent: {parent}\r\ntracestate: {MARKER}={MARKER}\r\n\
         baggage: {MARKER}={MARKER}\r\nCookie: {MARKER}\r\n\r\n"
    )
}

/// A vault, an item with a large file, a user who is let in, and one who is refused.
async fn some_work(server: &Server, account: &Account) -> Vec<String> {
    let marked = |place: &str| format!("{MARKER} {place}");
    let me = server.client(&account.owner).await.unwrap();
    let spec = VaultSpec { name: marked("vault"), description: Some(marked("about")), ..VaultSpec::default() };
    let made = me.vaults().create(spec).await.unwrap().id.to_string();
    let password = Field {
        label: marked("label"),
        value: Secret::new(marked("value")),
        field_type: FieldType::Concealed,
        section: None,
    };
    let homework = NewFile {
        name: marked("file"),
        source: Source::Bytes(marked("content ").into_bytes().repeat(200_000).into()),
        content_type: None,
        replace: None,
        progress: None,
        idempotency_key: None,
    };
    let item = NewItem {
        title: marked("title"),
        fields: vec![password],
        notes: Some(marked("notes")),
        files: vec![homework],
        ..NewItem::default()
    };
    let item = me.items().create(&made, item).await.unwrap();
    me.items().get(&made, &item.id.to_string(), None).await.unwrap();
    me.files().read(&made, &item.id.to_string(), &item.files[0].id.to_string()).await.unwrap();
    let user = NewUser { email: format!("{MARKER}@example.edu"), ..NewUser::default() };
    let alice = me.users().create(user, None).await.unwrap();
    let other = server.client(&alice).await.unwrap();
    assert!(other.items().get(&made, &item.id.to_string(), None).await.is_err(), "she is in no vault");
    let mut secrets = vec![account.owner.token.expose().to_owned(), alice.token.expose().to_owned()];
    secrets.push(account.owner.recovery.as_ref().unwrap().expose().to_owned());
    secrets.push(bearer(server, &alice).await);
    secrets.extend([made, item.id.to_string(), "owner@example.edu".to_owned(), MARKER.to_owned()]);
    secrets
}

/// Requests that no client sends, full of marks.
async fn strange_requests(server: &Server) {
    let mark = format!("{{\"principal\": \"{}\", \"key\": \"{MARKER}\"}}", "A".repeat(43));
    let (status, _) = raw::ask(server.address, "POST", "/v1/challenges", None, mark.as_bytes()).await;
    assert_eq!(status, 400);
    let nobody = format!("{{\"principal\": \"{0}\", \"key\": \"{0}\"}}", "A".repeat(43));
    let (status, _) = raw::ask(server.address, "POST", "/v1/challenges", None, nobody.as_bytes()).await;
    assert_eq!(status, 401, "a sign-in that fails");
    assert_eq!(raw::get(server.address, "/v1/head", Some(&MARKER.repeat(4))).await.0, 401);
    let path = format!("/v1/{MARKER}?{MARKER}={MARKER}");
    assert_eq!(raw::ask(server.address, MARKER, &path, None, MARKER.as_bytes()).await.0, 404);
}

fn no_secret_is_in(collector: &Collector, secrets: &[String]) {
    for (_, body) in collector.requests() {
        let text = String::from_utf8_lossy(&body).into_owned();
        for secret in secrets {
            assert!(!text.contains(secret.as_str()), "`{secret}` is in what was sent: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_is_one_span_with_its_steps_and_no_secret() {
    let (account, collector) = (Account::new().await, Collector::new().await);
    let mut server = account.serve(&["--traces", &collector.url()]);
    let secrets = some_work(&server, &account).await;
    strange_requests(&server).await;
    ended(&mut server, SOON).await;

    let (log, spans) = (server.log(), collector.spans());
    no_secret_is_in(&collector, &secrets);
    assert!(!log.contains("lost") && log.contains(&collector.url()), "{log}");
    assert!(collector.requests().iter().all(|(head, _)| head["content-type"] == "application/x-protobuf"));
    let resource = collector.resource();
    assert_eq!(resource["service.name"], "strongroom");
    assert!(resource.contains_key("service.version") && resource.contains_key("service.instance.id"), "{resource:?}");

    let of_server: Vec<&Span> = spans.iter().filter(|span| is_of_server(span)).collect();
    assert_eq!(of_server.len(), log.matches("answered").count(), "one for each line of the log");
    for span in &of_server {
        let said = attributes(&span.attributes);
        assert!(said.keys().all(|name| SAID.contains(&name.as_str())), "{said:?}");
        let pattern = said.get("http.route").cloned().unwrap_or_default();
        let method = said["http.request.method"].replace("_OTHER", "HTTP");
        assert_eq!(span.name, format!("{method} {pattern}").trim_end());
        assert_eq!((said["client.address"].as_str(), said["url.scheme"].as_str()), ("127.0.0.1", "http"));
        assert_eq!(said["server.address"], "127.0.0.1");
        assert_eq!(said["server.port"], server.address.port().to_string());
        assert!(log.contains(&said["strongroom.request_id"]) && span.events.is_empty() && span.links.is_empty());
        assert!(span.parent_span_id.is_empty() && span.trace_state.is_empty());
    }
    let by_trace: BTreeSet<&[u8]> = of_server.iter().map(|span| span.trace_id.as_slice()).collect();
    assert_eq!(by_trace.len(), of_server.len(), "each is a trace of its own");

    let by_id: HashMap<&[u8], &Span> = spans.iter().map(|span| (span.span_id.as_slice(), span)).collect();
    for step in spans.iter().filter(|span| !is_of_server(span)) {
        let parent = by_id.get(step.parent_span_id.as_slice()).unwrap_or_else(|| panic!("{step:?} has no parent"));
        assert!(step.attributes.is_empty() && step.events.is_empty(), "{step:?}");
        assert_eq!(step.trace_id, parent.trace_id);
        assert!(parent.start_time_unix_nano <= step.start_time_unix_nano, "{step:?} in {parent:?}");
        assert!(step.end_time_unix_nano <= parent.end_time_unix_nano, "{step:?} in {parent:?}");
    }
    let written = only(&spans, "POST /v1/operations");
    assert!(!written.is_empty());
    for span in written {
        let said = attributes(&span.attributes);
        assert!(log.contains(&format!("principal={}", said["enduser.id"])), "{said:?}");
        assert_eq!(said["http.response.status_code"], "200");
        let names: Vec<&str> = children(&spans, span).iter().map(|step| step.name.as_str()).collect();
        assert!(names.contains(&"authority.submit"), "{names:?}");
    }
    let (committed, noted) = (only(&spans, "store.commit"), only(&spans, "store.note"));
    assert!(committed.iter().all(|step| by_id[step.parent_span_id.as_slice()].name == "authority.submit"));
    assert!(!committed.is_empty() && !noted.is_empty() && !only(&spans, "store.put_piece").is_empty());
    assert!(!only(&spans, "GET /v1/vaults/{vault}/files/{file}/pieces/{index}").is_empty());
    let strange = attributes(&only(&spans, "HTTP")[0].attributes);
    assert_eq!(
        (strange["http.request.method"].as_str(), strange["http.response.status_code"].as_str()),
        ("_OTHER", "404")
    );
}

#[tokio::test]
async fn a_callers_trace_goes_on_as_far_as_its_ids_and_its_sampling() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    let (account, collector) = (Account::new().await, Collector::new().await);
    let mut server = account.serve(&["--traces", &collector.url()]);
    for (path, parent) in [
        ("/healthz", format!("00-{TRACE}-b7ad6b7169203331-01")),
        ("/readyz", format!("00-{TRACE}-b7ad6b7169203332-00")),
        ("/metrics", format!("00-{MARKER}-{MARKER}-01")),
    ] {
        let answer = raw::exchange(server.address, traced("GET", path, &parent).as_bytes(), SOON).await;
        assert_eq!(raw::status(&answer), 200, "{answer}");
    }
    ended(&mut server, SOON).await;
    no_secret_is_in(&collector, &[MARKER.to_owned()]);
    let spans = collector.spans();
    let found: BTreeMap<&str, (String, String)> =
        spans.iter().map(|span| (span.name.as_str(), (hex(&span.trace_id), hex(&span.parent_span_id)))).collect();
    assert_eq!(found["GET /healthz"], (TRACE.to_owned(), "b7ad6b7169203331".to_owned()));
    assert!(!found.contains_key("GET /readyz"), "its caller samples it not: {found:?}");
    let (trace, parent) = &found["GET /metrics"];
    assert!(trace != TRACE && parent.is_empty(), "what is no parent is none");
    assert!(spans.iter().all(|span| attributes(&span.attributes)["strongroom.request_id"] == "homework-7"));
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[tokio::test]
async fn the_variables_of_opentelemetry_say_where_and_as_whom() {
    let (account, collector) = (Account::new().await, Collector::new().await);
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url());
    let mut common = vec![(endpoint.0, endpoint.1.as_str())];
    common.extend([("OTEL_SERVICE_NAME", "school"), ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=one")]);
    for (more, sent) in [
        (None, true),
        (Some(("OTEL_TRACES_SAMPLER", "always_off")), false),
        (Some(("OTEL_SDK_DISABLED", "true")), false),
        (Some(("STRONGROOM_TRACES", "")), false),
    ] {
        let environment: Vec<_> = common.iter().copied().chain(more).collect();
        let before = collector.requests().len();
        let mut server = account.serve_in(&environment, &[]);
        raw::get(server.address, "/healthz", None).await;
        ended(&mut server, SOON).await;
        assert_eq!(collector.requests().len() > before, sent, "{more:?}: {}", server.log());
    }
    assert_eq!(collector.resource()["service.name"], "school");
    assert!(collector.requests().iter().all(|(head, _)| head["x-key"] == "one"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_or_hangs_delays_nobody() {
    let away = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let hanging = Collector::hanging().await;
    for (url, why) in [(format!("http://{away}"), "refused"), (hanging.url(), "last spans are lost")] {
        let account = Account::new().await;
        let mut server = account.serve(&["--traces", &url, "--grace-seconds", "3"]);
        let client = server.client(&account.owner).await.unwrap();
        let begun = Instant::now();
        for number in 0..20 {
            client.vaults().create(vault(&format!("vault {number}"))).await.unwrap();
        }
        // Ten seconds is how long the first span would be waited for.
        assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
        let stopping = Instant::now();
        ended(&mut server, SOON).await;
        assert!(stopping.elapsed() < Duration::from_secs(9), "{:?}", stopping.elapsed());
        let log = server.log();
        let lost: Vec<&str> = log.lines().filter(|line| line.contains("lost")).collect();
        assert!(lost.iter().any(|line| line.contains(why) && line.contains("WARN")), "{log}");
        assert!(lost.len() <= 2, "it is told now and then: {log}");
    }
}

#[test]
fn what_is_no_collector_is_refused_before_the_server_listens() {
    let ask = |arguments: &[&str], variable: Option<(&str, &str)>| {
        let mut serve = program();
        serve.args(["--json", "serve", "--database", "/nowhere/school.db"]).args(arguments).envs(variable);
        let output = serve.output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (text, part) in [("collector", "`collector` is no URL"), ("localhost:4317", "neither http nor https")] {
        for said in [ask(&["--traces", text], None), ask(&[], Some(("STRONGROOM_TRACES", text)))] {
            assert!(said.contains("traces: ") && said.contains(part) && said.contains("invalid_argument"), "{said}");
        }
    }
    let said = ask(&[], Some(("OTEL_EXPORTER_OTLP_ENDPOINT", "collector")));
    assert!(said.contains("OTEL_EXPORTER_OTLP_ENDPOINT: `collector`"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgresql_a_commit_shows_its_two_steps() {
    let (schema, folder, collector) = (Schema::new(), tempfile::tempdir().unwrap(), Collector::new().await);
    let account = Account::at(folder, schema.0.clone()).await;
    let mut server = account.serve(&["--traces", &collector.url()]);
    let client = server.client(&account.owner).await.unwrap();
    let refused = client.vaults().get("vlt_nowhere").await.unwrap_err();
    assert_ne!(refused.kind(), ErrorKind::Unavailable);
    client.vaults().create(vault("homework")).await.unwrap();
    ended(&mut server, SOON).await;
    let spans = collector.spans();
    let committed = only(&spans, "store.commit");
    assert!(!committed.is_empty());
    for commit in committed {
        let steps: BTreeSet<&str> = children(&spans, commit).iter().map(|step| step.name.as_str()).collect();
        assert!(steps.contains("postgresql.stage") && steps.contains("postgresql.sequence"), "{steps:?}");
    }
    // What the store does by itself is in no trace.
    assert!(spans.iter().all(|span| is_of_server(span) || !span.parent_span_id.is_empty()));
}
