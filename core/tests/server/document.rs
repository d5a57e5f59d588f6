//! The `OpenAPI` document: committed, current, and of the routes that are there.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use strongroom::server::document;

use crate::process::Account;
use crate::raw;

/// `UPDATE_OPENAPI=1 cargo test -p strongroom --test server document` writes the file anew.
#[test]
fn the_committed_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let current = format!("{}\n", document().trim_end());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == current, "docs/openapi.json is not of these routes: UPDATE_OPENAPI=1 writes it anew");
}

#[test]
fn what_it_refers_to_is_there() {
    let document: Value = serde_json::from_str(document()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut named = BTreeSet::new();
    references(&document, &mut named);
    assert!(named.len() > 30, "the references were not found");
    for name in named {
        assert!(document.pointer(name.strip_prefix('#').unwrap()).is_some_and(Value::is_object), "{name}");
    }
}

fn references(value: &Value, named: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(name)) = members.get("$ref") {
                named.insert(name.clone());
            }
            members.values().for_each(|member| references(member, named));
        }
        Value::Array(entries) => entries.iter().for_each(|entry| references(entry, named)),
        _ => {}
    }
}

#[tokio::test]
async fn every_path_is_routed_and_asks_who_calls() {
    let account = Account::new().await;
    let server = account.serve(&[]);
    let (status, text) = raw::get(server.address, "/v1/openapi.json", None).await;
    assert_eq!(status, 200);
    assert_eq!(text.trim_end(), document().trim_end());
    let document: Value = serde_json::from_str(document()).unwrap();
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let path =
                path.replace("{index}", "0").replace("{vault}", &"A".repeat(43)).replace("{file}", &"A".repeat(43));
            let (status, body) = raw::ask(server.address, &method.to_uppercase(), &path, None, b"{}").await;
            asked += 1;
            if operation["security"].is_array() {
                assert_eq!(status, 401, "{method} {path}: {body}");
                let refusal: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(refusal["code"], "unauthenticated");
            } else {
                assert_ne!(status, 404, "{method} {path}");
                assert_ne!(status, 405, "{method} {path}");
            }
        }
    }
    assert!(asked > 30, "{asked}");
    assert_eq!(raw::get(server.address, "/v1/nothing", None).await.0, 404);
    assert_eq!(raw::ask(server.address, "PATCH", "/v1/states", None, b"{}").await.0, 405);
}
