//! The spans of a request: the one that its lines in the log show, and the one that is traced.

use axum::extract::Request;
use axum::http::{HeaderValue, Version};
use tracing::Span;
use tracing::field::{Empty, debug, display};
use url::Url;

use super::observed::{OTHER, Peer};
use super::traces::continue_trace;
use crate::model::id::Id;
use crate::trace;

/// The pattern of a path that there is not.
pub(super) const NO_ROUTE: &str = "none";

/// Both, for a request that is answered now.
#[derive(Clone, Debug)]
pub(super) struct Spans {
    pub(super) logged: Span,
    pub(super) traced: Span,
}

impl Spans {
    /// For a request by this method, to the pattern of its path.
    pub(super) fn of(
        request: &Request,
        method: &str,
        route: Option<&str>,
        id: &HeaderValue,
        peer: Peer,
        origin: Option<&Url>,
    ) -> Self {
        let id = id.to_str().unwrap_or_default();
        let address = peer.address.map(display);
        let logged = tracing::info_span!(
            "request",
            otel.kind = "server",
            method,
            route = route.unwrap_or(NO_ROUTE),
            request_id = id,
            peer = address,
            principal = Empty,
            status = Empty,
        );
        // By the semantic conventions for HTTP, but for the path, the query and the headers: they are the caller's words.
        let traced = tracing::info_span!(
            target: trace::TARGET,
            parent: None,
            "request",
            otel.name = name(method, route),
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method,
            http.route = route,
            http.response.status_code = Empty,
            error.r#type = Empty,
            url.scheme = origin.map(Url::scheme),
            server.address = origin.and_then(Url::host_str),
            server.port = origin.and_then(Url::port_or_known_default),
            client.address = address,
            network.protocol.version = version(request.version()),
            enduser.id = Empty,
            strongroom.request_id = id,
        );
        continue_trace(&traced, request.headers());
        Self { logged, traced }
    }

    /// Whose request it is.
    pub(super) fn principal(&self, principal: Id) {
        self.logged.record("principal", debug(principal));
        self.traced.record("enduser.id", debug(principal));
    }

    /// How it was answered.
    pub(super) fn answered(&self, status: u16) {
        self.logged.record("status", status);
        self.traced.record("http.response.status_code", status);
        if status >= 500 {
            self.traced.record("error.type", display(status));
            self.traced.record("otel.status_code", "ERROR");
        }
    }
}

fn name(method: &str, route: Option<&str>) -> String {
    let method = if method == OTHER { "HTTP" } else { method };
    route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"))
}

fn version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        _ => None,
    }
}
