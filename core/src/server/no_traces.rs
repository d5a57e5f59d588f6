//! Traces, where the program was built without them: who asks for them is told so.

use http::HeaderMap;
use tracing::Span;
use tracing_subscriber::{Layer, Registry};

use super::collector::Collector;
use crate::error::{Error, Result};

/// There are none.
#[derive(Debug)]
pub enum Traces {}

impl Traces {
    /// # Errors
    /// `Unsupported`.
    pub fn begin(_: &Collector) -> Result<Self> {
        Err(Error::unsupported(
            "traces: this program was built without the feature `traces`: leave them out, or build it with that feature",
        ))
    }

    pub(super) fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        match *self {}
    }

    /// Never.
    pub async fn end(self, _: std::time::Duration) {
        match self {}
    }
}

pub(super) fn continue_trace(_: &Span, _: &HeaderMap) {}
