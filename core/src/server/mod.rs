//! An authority over HTTP: routes, sessions, limits, metrics, and the listening.
//!
//! [`Face`] is generic over what it asks, so it can't decrypt and judges nothing: the engine does. It keeps no state that
//! another server in its place would need.

mod answer;
mod bearer;
mod calls;
mod collector;
mod document;
mod gate;
mod health;
mod limits;
mod listen;
mod metrics;
mod observed;
mod pieces;
mod pulse;
mod sessions;
mod spans;
mod stream;
pub mod telemetry;
mod tls;
#[cfg_attr(not(feature = "traces"), path = "no_traces.rs")]
mod traces;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post, put};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};
use url::Url;

use crate::authority::{Authority, Session};
use crate::error::Error;
use crate::model::id::Id;
use answer::Refused;
use gate::Gate;
use metrics::Metrics;
use pulse::Pulse;

pub use collector::Collector;
pub use document::document;
pub use limits::Limits;
pub use listen::{Listening, Place};
pub use traces::Traces;

/// How many sessions' principals are remembered, for their rates.
const CALLERS: u64 = 65_536;

/// How long: a session is never another's, so this only bounds the memory.
const CALLERS_KEPT: Duration = Duration::from_mins(15);

/// An authority's HTTP face.
#[derive(Clone)]
pub struct Face(Arc<Inner>);

struct Inner {
    authority: Arc<dyn Authority>,
    limits: Limits,
    gate: Gate,
    metrics: Metrics,
    pulse: Pulse,
    callers: Cache<Session, Id>,
    /// What clients have as their location, where that is known.
    origin: Option<Url>,
}

impl Face {
    /// The face of this authority.
    pub fn new(authority: Arc<dyn Authority>, limits: Limits) -> Self {
        Self::at(authority, limits, None)
    }

    fn at(authority: Arc<dyn Authority>, limits: Limits, origin: Option<Url>) -> Self {
        Self(Arc::new(Inner {
            gate: Gate::new(&limits),
            metrics: Metrics::new(),
            pulse: Pulse::new(Arc::clone(&authority)),
            callers: Cache::builder()
                .max_capacity(CALLERS)
                .time_to_idle(CALLERS_KEPT)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            authority,
            limits,
            origin,
        }))
    }

    fn authority(&self) -> &dyn Authority {
        self.0.authority.as_ref()
    }

    fn limits(&self) -> &Limits {
        &self.0.limits
    }

    fn origin(&self) -> Option<&Url> {
        self.0.origin.as_ref()
    }

    fn gate(&self) -> &Gate {
        &self.0.gate
    }

    fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    fn pulse(&self) -> &Pulse {
        &self.0.pulse
    }

    /// Ends the streams, so that their connections can end.
    pub fn stop(&self) {
        self.0.pulse.stop();
    }

    /// Every route.
    pub fn routes(&self) -> Router {
        let Limits { request_time, body_pause, .. } = *self.limits();
        let routes = Router::new()
            .route("/v1/challenges", post(sessions::challenge))
            .route("/v1/sessions", post(sessions::sign_in).get(sessions::whose))
            .route("/v1/head", get(stream::head))
            .route("/v1/changes/stream", get(stream::changes))
            .route("/v1/vaults/{vault}/files/{file}/pieces/{index}", put(pieces::put_piece).get(pieces::piece))
            .route("/v1/uploads/{file}", delete(pieces::give_up));
        calls::routes(routes)
            .route("/v1/openapi.json", get(document::openapi))
            .fallback(async || {
                let error = Error::not_found("there is no such path: see /v1/openapi.json");
                Refused::at(StatusCode::NOT_FOUND, error)
            })
            .method_not_allowed_fallback(async || {
                let error = Error::invalid_argument("this path has no such method: see /v1/openapi.json");
                Refused::at(StatusCode::METHOD_NOT_ALLOWED, error)
            })
            .layer(RequestBodyTimeoutLayer::new(body_pause))
            .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, request_time))
            .route("/healthz", get(health::alive))
            .route("/readyz", get(health::ready))
            .route("/metrics", get(health::metrics))
            .layer(CatchPanicLayer::custom(answer::panicked))
            .layer(from_fn_with_state(self.clone(), observed::observed))
            .with_state(self.clone())
    }
}

impl std::fmt::Debug for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Face({})", self.authority().name())
    }
}
