//! What a server tells of itself: its log on standard error, and traces.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use super::Traces;
use crate::error::{Error, Result};
use crate::trace;

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Failures of the server.
    Error,
    /// Also what may become one.
    Warn,
    /// Also a line for each request.
    Info,
    /// Also what only developers need.
    Debug,
}

/// Logs to standard error from now on: lines for a person, or one JSON object a line. Traces go where they are sent.
///
/// Of the libraries below, warnings alone. A process has one log: where there is one already, it stays.
///
/// # Errors
/// `Unsupported` for traces where the process has a log already.
pub fn start(level: Level, json: bool, traces: Option<&Traces>) -> Result<()> {
    let ours = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let targets = Targets::new().with_default(ours.min(LevelFilter::WARN)).with_target("strongroom", ours);
    let targets = targets.with_target(trace::TARGET, LevelFilter::OFF);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if json {
        Box::new(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr))
    } else {
        Box::new(fmt::layer().with_ansi(false).with_writer(std::io::stderr))
    };
    let mut layers = vec![lines.with_filter(targets).boxed()];
    layers.extend(traces.map(Traces::layer));
    match tracing_subscriber::registry().with(layers).try_init() {
        Err(error) if traces.is_some() => {
            let why = "traces: this process logs elsewhere already: leave them out, or serve from a process of its own";
            Err(Error::unsupported(why).caused_by(error))
        }
        _ => Ok(()),
    }
}
