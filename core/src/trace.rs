//! Where the time of a request goes: the steps that a trace shows, wherever they are taken.
//!
//! What leaves the machine in traces are the spans of [`TARGET`] and nothing else. A step has a name out of the program's
//! text and no fields, so that none can have what a caller sent.

use tracing::Span;

/// The target of all spans that traces are made of. Logs leave it out.
pub(crate) const TARGET: &str = "strongroom::trace";

/// A step of what is done now.
pub(crate) fn step(name: &'static str) -> Span {
    tracing::debug_span!(target: TARGET, "step", otel.name = name)
}

/// A step of what somebody else waits for; none, if nobody traces that.
pub(crate) fn step_of(whole: &Span, name: &'static str) -> Span {
    if whole.is_disabled() {
        return Span::none();
    }
    tracing::debug_span!(target: TARGET, parent: whole, "step", otel.name = name)
}
