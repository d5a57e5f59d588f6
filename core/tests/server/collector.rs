//! A collector of traces, as OpenTelemetry's own would be sent them: it keeps what comes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;

type Requests = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    requests: Requests,
}

impl Collector {
    /// One that takes everything.
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Requests::default();
        let kept = Arc::clone(&requests);
        let keep = move |headers: HeaderMap, body: Bytes| async move {
            kept.lock().unwrap().push((headers, body));
        };
        let routes = Router::new().route("/v1/traces", post(keep));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, requests }
    }

    /// One that takes connections and never answers.
    pub(crate) async fn hanging() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok(accepted) = listener.accept().await {
                open.push(accepted);
            }
        });
        Self { address, requests: Requests::default() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads and bodies that came.
    pub(crate) fn requests(&self) -> Vec<(HeaderMap, Bytes)> {
        self.requests.lock().unwrap().clone()
    }

    fn exports(&self) -> Vec<ExportTraceServiceRequest> {
        self.requests().into_iter().map(|(_, body)| ExportTraceServiceRequest::decode(body).unwrap()).collect()
    }

    /// All spans.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let resources = self.exports().into_iter().flat_map(|export| export.resource_spans);
        resources.flat_map(|of| of.scope_spans).flat_map(|of| of.spans).collect()
    }

    /// What the spans say that they are of; the same in every request.
    pub(crate) fn resource(&self) -> BTreeMap<String, String> {
        let resources = self.exports().into_iter().flat_map(|export| export.resource_spans);
        let mut all: Vec<_> = resources.map(|of| attributes(&of.resource.unwrap().attributes)).collect();
        all.dedup();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }
}

/// Attributes as text.
pub(crate) fn attributes(of: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &AnyValue| match value.value.clone().unwrap() {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    of.iter().map(|pair| (pair.key.clone(), text(pair.value.as_ref().unwrap()))).collect()
}
