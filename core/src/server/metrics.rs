//! What is counted.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    method: String,
    route: String,
    status: u32,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Taking {
    route: String,
}

/// The counts of a server.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<Taking, Histogram, fn() -> Histogram>,
    connections: Gauge,
    streams: Gauge,
    signed_in: Counter,
    refused: Counter,
}

/// Something that is there as long as this is.
pub(super) struct Counted(Gauge);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Counted {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("strongroom");
        let requests = Family::<Answered, Counter>::default();
        let seconds: Family<Taking, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.0005, 2.0, 16)));
        let (connections, streams) = (Gauge::default(), Gauge::default());
        let (signed_in, refused) = (Counter::default(), Counter::default());
        registry.register("requests", "Requests that were answered", requests.clone());
        registry.register("request_seconds", "Seconds from a request's head to its answer's", seconds.clone());
        registry.register("connections", "Connections that are open", connections.clone());
        registry.register("streams", "Streams of changes that are open", streams.clone());
        registry.register("sign_ins", "Sessions that were opened", signed_in.clone());
        registry.register("refused_sign_ins", "Challenges and sign-ins that were refused", refused.clone());
        Self { registry, requests, seconds, connections, streams, signed_in, refused }
    }

    pub(super) fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = Answered { method: method.to_owned(), route: route.to_owned(), status: u32::from(status) };
        self.requests.get_or_create(&labels).inc();
        self.seconds.get_or_create(&Taking { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    pub(super) fn connection(&self) -> Counted {
        Counted::new(&self.connections)
    }

    pub(super) fn stream(&self) -> Counted {
        Counted::new(&self.streams)
    }

    pub(super) fn signed_in(&self) {
        self.signed_in.inc();
    }

    pub(super) fn refused_sign_in(&self) {
        self.refused.inc();
    }

    pub(super) fn text(&self) -> Option<String> {
        let mut text = String::new();
        encode(&mut text, &self.registry).ok().map(|()| text)
    }
}
