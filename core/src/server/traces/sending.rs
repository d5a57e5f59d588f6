//! Requests to the collector.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::runtime::Handle;
use url::Url;

use super::tally::Tally;
use crate::error::{Error, Result};
use crate::wire::origin;

/// How long a batch may take, if the environment says nothing else.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends on the server's runtime what a thread outside it asks for.
#[derive(Debug)]
pub(super) struct Sending {
    client: Client,
    runtime: Handle,
    timeout: Duration,
    tally: Arc<Tally>,
}

impl Sending {
    pub(super) fn to(collector: &Url, tally: Arc<Tally>) -> Result<Self> {
        let said = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok()?.parse().ok());
        let timeout = said.map_or(TIMEOUT, Duration::from_millis);
        // Headers that let in at the collector go nowhere else.
        let mut builder = Client::builder().redirect(Policy::none()).timeout(timeout);
        if collector.scheme() == "http" {
            // The system's certificates need not be there where none is used.
            builder = builder.tls_certs_only([]);
            if origin::is_loopback(collector) {
                builder = builder.no_proxy();
            }
        }
        let client = builder.build().map_err(|error| {
            Error::unavailable("TLS to the collector of traces can't be set up: see the system's certificates")
                .caused_by(error)
        })?;
        Ok(Self { client, runtime: Handle::current(), timeout, tally })
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }
}

#[async_trait]
impl HttpClient for Sending {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move { client.send_bytes(request).await });
        sent.await?.inspect_err(|error| self.tally.failed(why(error)))
    }
}

/// What a request failed of, without its address.
fn why(error: &HttpError) -> String {
    let Some(error) = error.downcast_ref::<reqwest::Error>() else { return error.to_string() };
    if error.is_timeout() {
        return "it did not answer in time".to_owned();
    }
    let mut cause = error.source();
    let mut why = String::from("the request failed");
    while let Some(next) = cause {
        why = next.to_string();
        cause = next.source();
    }
    why
}
