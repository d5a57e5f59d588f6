//! Traces: finished spans wait in a queue of bounded length for a thread of their own, which sends them to the collector.
//!
//! Whoever ends a span never waits: where the queue is full, as while the collector is away, the span is lost and counted.

mod sending;
mod tally;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::{Layer, Registry};

use self::sending::Sending;
use self::tally::{Admitting, Counting, Tally};
use super::collector::Collector;
use crate::error::{Error, Result};
use crate::trace;

/// What resources are called that have no name of their own.
const SERVICE: &str = "strongroom";
const SERVICE_NAME: &str = "service.name";
const SERVICE_INSTANCE: &str = "service.instance.id";

/// The longest wait for the last spans at the end.
const LAST: Duration = Duration::from_secs(5);

const TRACEPARENT: &str = "traceparent";

/// Traces that are sent.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    tally: Arc<Tally>,
}

impl Traces {
    /// Sends traces to this collector from now on, on the caller's runtime.
    ///
    /// `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_TIMEOUT`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
    /// `OTEL_TRACES_SAMPLER` and `OTEL_BSP_SCHEDULE_DELAY` say what they say to every program with OpenTelemetry.
    ///
    /// # Errors
    /// `InvalidArgument` for what these say that can't be done; `Unavailable` if TLS can't be set up.
    pub fn begin(collector: &Collector) -> Result<Self> {
        let tally = Arc::new(Tally::default());
        let sending = Sending::to(collector.url(), Arc::clone(&tally))?;
        let timeout = sending.timeout();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(sending)
            .with_endpoint(collector.url().as_str())
            .with_timeout(timeout)
            .build()
            .map_err(|error| Error::argument("traces", error))?;
        let config = BatchConfigBuilder::default().with_max_queue_size(Tally::ROOM).build();
        let batches = BatchSpanProcessor::builder(Counting::new(exporter, Arc::clone(&tally)));
        let processor = Admitting::new(batches.with_batch_config(config).build(), Arc::clone(&tally));
        let provider = SdkTracerProvider::builder().with_resource(resource()?).with_span_processor(processor).build();
        Ok(Self { provider, tally })
    }

    /// What makes traces of spans: of those of our own target alone, and of no event.
    pub(super) fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        let ours = Targets::new().with_target(trace::TARGET, LevelFilter::DEBUG);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_level(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(ours)
            .boxed()
    }

    /// Sends what waits, for at most this time and five seconds.
    pub async fn end(self, within: Duration) {
        let Self { provider, tally } = self;
        let (done, ended) = tokio::sync::oneshot::channel();
        // Apart from the runtime, which would wait for it.
        let ending = std::thread::Builder::new().spawn(move || {
            // What could not be sent is in the tally.
            let _ = provider.shutdown_with_timeout(within.min(LAST));
            let _ = done.send(());
        });
        if ending.is_ok() {
            let _ = ended.await;
        }
        tally.tell_all();
    }
}

/// Lets a request's span be part of its caller's trace, if the request names one. What else callers say of their traces
/// (`tracestate`, `baggage`) is not taken over.
pub(super) fn continue_trace(span: &Span, headers: &HeaderMap) {
    struct Parent<'a>(&'a HeaderMap);

    impl Extractor for Parent<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            if key == TRACEPARENT { self.0.get(key)?.to_str().ok() } else { None }
        }

        fn keys(&self) -> Vec<&str> {
            vec![TRACEPARENT]
        }
    }

    if !span.is_disabled() && headers.contains_key(TRACEPARENT) {
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Parent(headers));
        // A span that nobody traces has no parent either.
        let _ = span.set_parent(parent);
    }
}

/// Whose spans these are.
fn resource() -> Result<Resource> {
    let given = Resource::builder().build();
    let mut ours = vec![KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))];
    if given.get(&SERVICE_NAME.into()).is_none_or(|name| name.as_str().starts_with("unknown_service")) {
        ours.push(KeyValue::new(SERVICE_NAME, SERVICE));
    }
    if given.get(&SERVICE_INSTANCE.into()).is_none() {
        let mut id = [0; 16];
        aws_lc_rs::rand::fill(&mut id).map_err(|_| Error::unavailable("the system gave no random bytes: try again"))?;
        ours.push(KeyValue::new(SERVICE_INSTANCE, data_encoding::HEXLOWER.encode(&id)));
    }
    Ok(Resource::builder().with_attributes(ours).build())
}
