//! The same authorities behind a server: with `STRONGROOM_ATTACKS_THROUGH=server` every client of these tests asks over HTTP.
//!
//! One listener serves them all, each below a path of its own, so that all have the origin that engines are bound to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use strongroom::authority::Authority;
use strongroom::engine::Engine;
use strongroom::remote::{Remote, RemoteOptions};
use strongroom::server::{Face, Limits};
use strongroom::store::Store;
use tower::ServiceExt;

struct Served {
    origin: String,
    faces: Mutex<HashMap<String, Router>>,
}

static SERVED: OnceLock<Served> = OnceLock::new();
static NEXT: AtomicU64 = AtomicU64::new(1);

fn is_wanted() -> bool {
    match std::env::var("STRONGROOM_ATTACKS_THROUGH") {
        Ok(through) => {
            assert_eq!(through, "server", "$STRONGROOM_ATTACKS_THROUGH");
            true
        }
        Err(_) => false,
    }
}

/// An engine, at the origin that its clients connect to.
pub(crate) fn engine(store: Arc<dyn Store>) -> Arc<dyn Authority> {
    if is_wanted() { Engine::at(store, served().origin.clone()) } else { Engine::new(store) }
}

/// The authority as a client has it: itself, or a server that asks it.
pub(crate) fn reached(authority: Arc<dyn Authority>) -> Arc<dyn Authority> {
    if !is_wanted() {
        return authority;
    }
    let served = served();
    let name = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
    let location = format!("{}/{name}", served.origin);
    let limits = Limits { rate: 0, failed_sign_ins: u32::MAX, ..Limits::default() };
    served.faces.lock().unwrap().insert(name, Face::new(authority, limits).routes());
    let options = RemoteOptions { ca_file: None, allow_insecure: false, timeout: Duration::from_secs(30) };
    Remote::at(&location, options).unwrap()
}

fn served() -> &'static Served {
    SERVED.get_or_init(|| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        // Each test has a runtime of its own, which ends with it; the listener stays.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, Router::new().fallback(pass_on)).await.unwrap();
            });
        });
        Served { origin, faces: Mutex::default() }
    })
}

/// Gives a request to the face that its path begins with.
async fn pass_on(mut request: Request) -> Response {
    let path = request.uri().path_and_query().unwrap().as_str().to_owned();
    let (name, rest) = path[1..].split_once('/').unwrap_or_default();
    let face = served().faces.lock().unwrap().get(name).cloned();
    let Some(face) = face else { return StatusCode::NOT_FOUND.into_response() };
    *request.uri_mut() = format!("/{rest}").parse::<Uri>().unwrap();
    face.oneshot(request).await.unwrap()
}
