//! One request and its answer, within bounds.

use std::error::Error as _;
use std::path::Path;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::authority::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::{Crosses, Key, Refusal};

/// The largest answer that is taken: a thousand items of a quarter of a MiB, or all that is known of ten thousand vaults.
const LARGEST: usize = 256 << 20;

/// The largest refusal that is read.
const LARGEST_REFUSAL: usize = 64 << 10;

/// Above this, JSON is read apart from the threads that wait.
const LARGE: usize = 256 << 10;

const CONNECTS_WITHIN: Duration = Duration::from_secs(10);
/// Shorter than servers and proxies keep a connection that is not used.
const IDLE: Duration = Duration::from_secs(8);
const WINDOW: u32 = 4 << 20;

/// What goes along with a request.
pub(super) enum Body<'a, T> {
    None,
    Json(&'a T),
    Octets(Bytes),
}

/// Asks one server.
pub(super) struct Asking {
    client: Client,
    /// Without a slash at its end.
    base: String,
}

impl Asking {
    pub(super) fn to(base: &Url, ca_file: Option<&Path>, timeout: Duration, proxied: bool) -> Result<Self> {
        let mut builder = Client::builder()
            .user_agent(concat!("strongroom/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(CONNECTS_WITHIN.min(timeout))
            .read_timeout(timeout)
            .pool_idle_timeout(IDLE)
            .http2_initial_stream_window_size(WINDOW)
            .http2_initial_connection_window_size(4 * WINDOW);
        if !proxied {
            builder = builder.no_proxy();
        }
        if base.scheme() == "http" {
            // The system's certificates need not be there where none is used.
            builder = builder.tls_certs_only([]);
        } else if let Some(path) = ca_file {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        let client = builder
            .build()
            .map_err(|error| Error::unavailable(format!("TLS can't be set up: {}", causes(&error))).caused_by(error))?;
        let base = base.as_str().trim_end_matches('/').to_owned();
        Ok(Self { client, base })
    }

    /// Sends a request and reads its JSON.
    pub(super) async fn ask<T: Serialize, A: DeserializeOwned + Send + 'static>(
        &self,
        method: Method,
        path: &str,
        session: Option<Session>,
        body: Body<'_, T>,
    ) -> Result<A> {
        let answer = self.send(method, path, session, body).await?;
        let parsed = if answer.len() > LARGE {
            let parsing = tokio::task::spawn_blocking(move || serde_json::from_slice(&answer));
            parsing.await.map_err(|_| Error::unavailable("its runtime has ended: call again"))?
        } else {
            serde_json::from_slice(&answer)
        };
        parsed.map_err(|error| self.no_server().caused_by(error))
    }

    /// Sends a request and reads its answer.
    pub(super) async fn send<T: Serialize>(
        &self,
        method: Method,
        path: &str,
        session: Option<Session>,
        body: Body<'_, T>,
    ) -> Result<Bytes> {
        let request = self.request(method, path, session)?;
        let request = match body {
            Body::None => request,
            Body::Octets(octets) => request.header(CONTENT_TYPE, "application/octet-stream").body(octets),
            Body::Json(form) => {
                let text = serde_json::to_vec(form).map_err(|error| {
                    Error::invalid_argument("what is asked can't be written as JSON").caused_by(error)
                })?;
                request.header(CONTENT_TYPE, "application/json").body(text)
            }
        };
        let response = self.begin(request).await?;
        self.read(response, LARGEST).await
    }

    pub(super) fn request(&self, method: Method, path: &str, session: Option<Session>) -> Result<RequestBuilder> {
        let request = self.client.request(method, format!("{}{path}", self.base));
        let Some(session) = session else { return Ok(request) };
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", Key(session.0)))
            .map_err(|error| Error::unauthenticated("the session can't be named").caused_by(error))?;
        bearer.set_sensitive(true);
        Ok(request.header(AUTHORIZATION, bearer))
    }

    /// The answer's head, if it is no refusal.
    pub(super) async fn begin(&self, request: RequestBuilder) -> Result<Response> {
        let response = request.send().await.map_err(|error| self.lost(error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let wait = response.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
        let body = self.read(response, LARGEST_REFUSAL).await.unwrap_or_default();
        Err(self.refused(status, wait, &body))
    }

    async fn read(&self, mut response: Response, limit: usize) -> Result<Bytes> {
        let mut whole = BytesMut::new();
        let mut first: Option<Bytes> = None;
        while let Some(next) = response.chunk().await.map_err(|error| self.lost(error))? {
            if first.as_ref().map_or(0, Bytes::len) + whole.len() + next.len() > limit {
                return Err(Error::invalid_argument(format!(
                    "the answer of {} is larger than {} MiB: ask for fewer things at a time",
                    self.base,
                    limit >> 20
                )));
            }
            match first.take() {
                None if whole.is_empty() => first = Some(next),
                before => {
                    whole.extend_from_slice(&before.unwrap_or_default());
                    whole.extend_from_slice(&next);
                }
            }
        }
        Ok(first.unwrap_or_else(|| whole.freeze()))
    }

    fn refused(&self, status: StatusCode, wait: Option<u64>, body: &[u8]) -> Error {
        let wait = wait.map(Duration::from_secs);
        let error = match serde_json::from_slice::<Refusal>(body) {
            Ok(refusal) => Error::from_form(refusal),
            // Not a server's own words, but those of whatever stands before it.
            Err(_) => match status {
                StatusCode::TOO_MANY_REQUESTS => {
                    Error::new(ErrorKind::RateLimited, format!("{} asks to wait before the next request", self.base))
                }
                StatusCode::PAYLOAD_TOO_LARGE => {
                    Error::invalid_argument(format!("{} takes no request of this size: send less at a time", self.base))
                }
                StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                    Error::unavailable(format!("{} can't reach its server ({status}): try again", self.base))
                }
                other => Error::unavailable(format!(
                    "{} answered {other}, and not as a Strongroom server does: check the location",
                    self.base
                )),
            },
        };
        match (error.retry_after(), wait) {
            (None, Some(wait)) => error.with_retry_after(wait),
            _ => error,
        }
    }

    fn lost(&self, error: reqwest::Error) -> Error {
        let error = error.without_url();
        let why = causes(&error);
        let what = if error.is_connect() {
            format!("no server answers at {}: {why}", self.base)
        } else if error.is_timeout() {
            format!("the server at {} made no progress: try again", self.base)
        } else {
            format!("the connection to {} was lost: {why}", self.base)
        };
        Error::unavailable(what).caused_by(error)
    }

    fn no_server(&self) -> Error {
        Error::unavailable(format!("{} did not answer as a Strongroom server does: check the location", self.base))
    }
}

/// The words of an error and of what caused it, the last alone where it says more.
fn causes(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut last = error.to_string();
    while let Some(next) = cause {
        last = next.to_string();
        cause = next.source();
    }
    last
}

fn certificates(path: &Path) -> Result<Vec<Certificate>> {
    let wrong =
        |why: &dyn std::fmt::Display| Error::argument("ca_file", format!("{} can't be used: {why}", path.display()));
    let text = std::fs::read(path).map_err(|error| wrong(&error))?;
    let certificates = Certificate::from_pem_bundle(&text).map_err(|error| wrong(&error))?;
    if certificates.is_empty() { Err(wrong(&"it has no certificate in PEM")) } else { Ok(certificates) }
}
