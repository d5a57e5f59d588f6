//! Logs of a server, on standard error.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

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

/// Logs to standard error from now on: lines for a person, or one JSON object a line.
///
/// Of the libraries below, warnings alone. A process has one log: where there is one already, it stays.
pub fn start(level: Level, json: bool) {
    let ours = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let targets = Targets::new().with_default(ours.min(LevelFilter::WARN)).with_target("strongroom", ours);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if json {
        Box::new(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr))
    } else {
        Box::new(fmt::layer().with_ansi(false).with_writer(std::io::stderr))
    };
    let _ = tracing_subscriber::registry().with(lines.with_filter(targets)).try_init();
}
