//! How many spans wait, and how many are lost.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor};

/// What is lost is told this often, at most.
const TOLD: Duration = Duration::from_mins(1);

/// Counts spans on their way.
#[derive(Debug, Default)]
pub(super) struct Tally {
    waiting: AtomicUsize,
    lost: AtomicU64,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    /// Why the last request failed.
    why: Option<String>,
    last: Option<Instant>,
}

impl Tally {
    /// How many spans may wait.
    pub(super) const ROOM: usize = 8_192;

    /// Why a request to the collector failed.
    pub(super) fn failed(&self, why: String) {
        lock(&self.told).why = Some(why);
    }

    /// Lets a span wait, if there is room. It says nothing: it is called while a span is taken apart.
    fn admit(&self) -> bool {
        let one_more = |waiting| (waiting < Self::ROOM).then_some(waiting + 1);
        let room = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok();
        if !room {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        room
    }

    /// Makes room for others: these were sent, or are lost.
    fn sent(&self, count: usize) {
        self.waiting.fetch_sub(count, Ordering::Relaxed);
    }

    fn lose(&self, count: usize, otherwise: &dyn std::fmt::Display) {
        self.lost.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
        let mut told = lock(&self.told);
        let why = told.why.take().unwrap_or_else(|| otherwise.to_string());
        if told.last.is_none_or(|last| last.elapsed() >= TOLD) {
            told.last = Some(Instant::now());
            let lost = self.lost.swap(0, Ordering::Relaxed);
            tracing::warn!(lost, why, "spans are lost: the collector of traces does not take them");
        }
    }

    /// Tells what was lost and not told yet.
    pub(super) fn tell_all(&self) {
        let waiting = u64::try_from(self.waiting.load(Ordering::Relaxed)).unwrap_or(u64::MAX);
        let lost = self.lost.swap(0, Ordering::Relaxed) + waiting;
        if lost > 0 {
            tracing::warn!(lost, "the last spans are lost: the collector of traces did not take them");
        }
    }
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets in as many spans as there is room for.
#[derive(Debug)]
pub(super) struct Admitting {
    batches: BatchSpanProcessor,
    tally: Arc<Tally>,
}

impl Admitting {
    pub(super) fn new(batches: BatchSpanProcessor, tally: Arc<Tally>) -> Self {
        Self { batches, tally }
    }
}

impl SpanProcessor for Admitting {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.batches.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.tally.admit() {
            self.batches.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batches.set_resource(resource);
    }
}

/// Counts what is sent, and what is not.
#[derive(Debug)]
pub(super) struct Counting {
    exporter: SpanExporter,
    tally: Arc<Tally>,
}

impl Counting {
    pub(super) fn new(exporter: SpanExporter, tally: Arc<Tally>) -> Self {
        Self { exporter, tally }
    }
}

impl opentelemetry_sdk::trace::SpanExporter for Counting {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let sent = self.exporter.export(batch).await;
        self.tally.sent(count);
        sent.inspect_err(|error| match error {
            OTelSdkError::InternalFailure(why) => self.tally.lose(count, why),
            other => self.tally.lose(count, other),
        })
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_lost_and_counted() {
        let tally = Tally::default();
        assert!((0..Tally::ROOM).all(|_| tally.admit()));
        assert!(!tally.admit() && !tally.admit());
        assert_eq!(tally.lost.load(Ordering::Relaxed), 2);
        tally.sent(1);
        assert!(tally.admit() && !tally.admit());
    }

    #[test]
    fn losses_are_told_at_once_and_then_once_a_minute() {
        let tally = Tally::default();
        tally.failed("refused".to_owned());
        tally.lose(3, &"unknown");
        assert_eq!(tally.lost.load(Ordering::Relaxed), 0, "told");
        tally.lose(4, &"unknown");
        tally.lose(5, &"unknown");
        assert_eq!(tally.lost.load(Ordering::Relaxed), 9, "kept for the next line");
        lock(&tally.told).last = None;
        tally.lose(1, &"unknown");
        assert_eq!(tally.lost.load(Ordering::Relaxed), 0);
    }
}
