//! Every request: its id, its peer, its spans, its count, and one line in the log. Nothing of its body, its query or its
//! headers is there, and of its path the pattern alone.

use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Instant;

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use super::spans::{NO_ROUTE, Spans};
use super::{Face, Limits};
use crate::wire::REQUEST_ID;

/// The longest request id that is taken over.
const LONGEST_ID: usize = 64;

/// A method that HTTP does not know.
pub(super) const OTHER: &str = "_OTHER";

/// Where a request came from, as far as that is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub(super) address: Option<IpAddr>,
}

impl Peer {
    pub(super) fn of(parts: &Parts) -> Self {
        parts.extensions.get::<Self>().copied().unwrap_or(Self { address: None })
    }
}

impl FromRequestParts<Face> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Face) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

pub(super) async fn observed(State(face): State<Face>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let direct = request.extensions().get::<ConnectInfo<IpAddr>>().map(|ConnectInfo(address)| *address);
    let peer = Peer { address: forwarded(face.limits(), request.headers()).or(direct) };
    request.extensions_mut().insert(peer);
    let id = request_id(request.headers());
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map(MatchedPath::as_str);
    let spans = Spans::of(&request, method, route, &id, peer, face.origin());
    request.extensions_mut().insert(spans.clone());
    let answering = next.run(request).instrument(spans.traced.clone());
    let mut response = answering.instrument(spans.logged.clone()).await;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    spans.answered(status);
    spans.logged.in_scope(|| tracing::info!(milliseconds = took.as_secs_f64() * 1000.0, "answered"));
    face.metrics().answered(method, route.unwrap_or(NO_ROUTE), status, took);
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// A method, if HTTP knows it: what else callers make up would be without a number.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => OTHER,
    }
}

/// The last address that a proxy in front wrote; those before it are the client's own words.
fn forwarded(limits: &Limits, headers: &HeaderMap) -> Option<IpAddr> {
    if !limits.behind_proxy {
        return None;
    }
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

/// The request's own id if it is a plain one, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let plain = |id: &&HeaderValue| {
        id.len() <= LONGEST_ID && id.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    if let Some(id) = headers.get(REQUEST_ID).filter(plain) {
        return id.clone();
    }
    let mut bytes = [0; 16];
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        return HeaderValue::from_static("none");
    }
    HeaderValue::from_str(&data_encoding::HEXLOWER.encode(&bytes)).unwrap_or(HeaderValue::from_static("none"))
}
