//! `serve`: a database, over HTTP.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::json;

use super::failure::{Done, Failure};
use super::global::Global;
use super::output::Output;
use crate::client::authority_at;
use crate::error::{Error, Result};
use crate::server::telemetry::{self, Level};
use crate::server::{Collector, Limits, Listening, Place, Traces};

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8420);

/// Serves a database to clients elsewhere, whose location is then this server.
///
/// It prints where it listens, logs to standard error, and ends with SIGTERM or Ctrl-C once it has finished what it accepted.
/// A flag goes before its environment variable, and that before the configuration file.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// A file in TOML with these settings by their long names, `-` written as `_`.
    #[arg(long, env = "STRONGROOM_CONFIG", hide_env_values = true, value_name = "PATH")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Clone, Copy, Debug, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum LogFormat {
    Text,
    Json,
}

/// Settings, each of which may be given or not, and the way to take one source before another.
macro_rules! settings {
    ($($(#[$about:meta])* $name:ident: $type:ty,)*) => {
        #[derive(Debug, Default, Args, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct Settings { $($(#[$about])* $name: Option<$type>,)* }

        impl Settings {
            fn or(self, other: Self) -> Self {
                let Self { $($name,)* } = self;
                Self { $($name: $name.or(other.$name),)* }
            }
        }
    };
}

settings! {
    /// The address and port; 127.0.0.1:8420 by default. Port 0 is a free one.
    #[arg(long, env = "STRONGROOM_LISTEN", hide_env_values = true, value_name = "ADDRESS")]
    listen: SocketAddr,
    /// The database, as `strongroom init` made it; --location by default.
    #[arg(long, env = "STRONGROOM_DATABASE", hide_env_values = true, value_name = "LOCATION")]
    database: String,
    /// Where the content of files over 1 MiB is: a folder, or `s3://`, `gs://`, `az://`; as the location says by default.
    #[arg(long, env = "STRONGROOM_BLOBS", hide_env_values = true, value_name = "URL")]
    blobs: String,
    /// What clients have as their location, as `https://vault.example.edu`; the address by default, where that is one.
    #[arg(long, env = "STRONGROOM_ORIGIN", hide_env_values = true, value_name = "URL")]
    origin: String,
    /// The certificate and those between it and its root, in PEM. Read again when the file changes.
    #[arg(long, env = "STRONGROOM_TLS_CERT", hide_env_values = true, value_name = "PATH")]
    tls_cert: PathBuf,
    /// The certificate's key, in PEM.
    #[arg(long, env = "STRONGROOM_TLS_KEY", hide_env_values = true, value_name = "PATH")]
    tls_key: PathBuf,
    /// As --allow-insecure: serves HTTP without TLS beyond this machine, as behind a proxy that does TLS.
    #[arg(skip)]
    allow_insecure: bool,
    /// Takes the last address of X-Forwarded-For for the client's, as a proxy in front writes it.
    #[arg(long, env = "STRONGROOM_BEHIND_PROXY", hide_env_values = true, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    behind_proxy: bool,
    /// The largest body of a request, in MiB; 64 by default.
    #[arg(long, env = "STRONGROOM_MAX_BODY", hide_env_values = true, value_name = "MIB", value_parser = clap::value_parser!(u32).range(2..=4095))]
    max_body: u32,
    /// How many connections at once; 16,384 by default.
    #[arg(long, env = "STRONGROOM_MAX_CONNECTIONS", hide_env_values = true, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_connections: u32,
    /// How long a request may take, in seconds; 60 by default.
    #[arg(long, env = "STRONGROOM_REQUEST_SECONDS", hide_env_values = true, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    request_seconds: u32,
    /// How long the head of a request, and TLS before it, may take, and its body pause, in seconds; 10 by default.
    #[arg(long, env = "STRONGROOM_HEADER_SECONDS", hide_env_values = true, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    header_seconds: u32,
    /// Requests a second of one principal; 5,000 by default, 0: any.
    #[arg(long, env = "STRONGROOM_RATE", hide_env_values = true, value_name = "COUNT")]
    rate: u32,
    /// Failed sign-ins a minute of one principal from one address; 10 by default.
    #[arg(long, env = "STRONGROOM_FAILED_SIGN_INS", hide_env_values = true, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    failed_sign_ins: u32,
    /// How long requests may take to finish once the server is to end, in seconds; 30 by default.
    #[arg(long, env = "STRONGROOM_GRACE_SECONDS", hide_env_values = true, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..=86_400))]
    grace_seconds: u32,
    /// How much is logged; `info` by default: a line for each request.
    #[arg(long, env = "STRONGROOM_LOG_LEVEL", hide_env_values = true, value_enum)]
    log_level: LogLevel,
    /// How it is logged; `text` by default.
    #[arg(long, env = "STRONGROOM_LOG_FORMAT", hide_env_values = true, value_enum)]
    log_format: LogFormat,
    /// Where traces are sent, by OTLP over HTTP: a collector's address, as `http://127.0.0.1:4318`; by default as the environment
    /// variables of OpenTelemetry say, and nowhere without them.
    #[arg(long, env = "STRONGROOM_TRACES", hide_env_values = true, value_name = "URL")]
    traces: String,
}

impl Serve {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        self.serve(global, out).await.map_err(|failure| match failure {
            Failure::Refused(error) => Failure::Refused(error.in_operation("serve")),
            other => other,
        })
    }

    async fn serve(self, global: &Global, out: &Output) -> Done {
        let Self { config, settings } = self;
        let settings = match config {
            Some(path) => settings.or(from_file(&path)?),
            None => settings,
        };
        let limits = limits(&settings)?;
        let level = match settings.log_level.unwrap_or(LogLevel::Info) {
            LogLevel::Error => Level::Error,
            LogLevel::Warn => Level::Warn,
            LogLevel::Info => Level::Info,
            LogLevel::Debug => Level::Debug,
        };
        let collector = Collector::asked(settings.traces.as_deref(), |name| std::env::var(name).ok())?;
        let traces = collector.as_ref().map(Traces::begin).transpose()?;
        telemetry::start(level, settings.log_format == Some(LogFormat::Json), traces.as_ref())?;
        if let Some(collector) = &collector {
            tracing::info!(collector = collector.url().origin().ascii_serialization(), "traces are sent");
        }
        let tls = match (settings.tls_cert, settings.tls_key) {
            (Some(chain), Some(key)) => Some((chain, key)),
            (None, None) => None,
            _ => return Err(Error::argument("tls_cert", "a certificate and its key belong together: give both").into()),
        };
        let place = Place {
            listen: settings.listen.unwrap_or(LISTEN),
            origin: settings.origin,
            tls,
            allow_insecure: global.allow_insecure || settings.allow_insecure.unwrap_or_default(),
        };
        let listening = Listening::at(place).await?;
        let location = global.location.clone().or(settings.database);
        let authority = authority_at(location.as_deref(), settings.blobs.as_deref(), listening.origin()).await?;
        // There is an account, and it can be read.
        if authority.end().await?.size == 0 {
            return Err(Error::not_found("there is no account in the database: make one with `strongroom init`").into());
        }
        let (first, second) = (signal()?, signal()?);
        let told = json!({ "origin": listening.origin(), "address": listening.address()?.to_string() });
        if out.is_json() {
            out.json_line(&told)?;
        } else {
            out.text(&format!("strongroom: listening on {} as {}\n", listening.address()?, listening.origin()))?;
        }
        let stop = tokio::sync::Notify::new();
        let serving = listening.serve(authority, limits, stop.notified());
        tokio::pin!(serving);
        tokio::select! {
            ended = &mut serving => return Ok(ended?),
            () = first => stop.notify_one(),
        }
        let begun = Instant::now();
        let finishing = async {
            let ended = serving.await;
            if let Some(traces) = traces {
                traces.end(limits.grace.saturating_sub(begun.elapsed())).await;
            }
            ended
        };
        tokio::select! {
            ended = finishing => Ok(ended?),
            // Asked twice, it does not wait for what is under way.
            () = async { second.await; signal_again().await } => Err(Failure::Interrupted),
        }
    }
}

fn limits(settings: &Settings) -> Result<Limits> {
    let seconds = |name: &str, given: Option<u32>, default: Duration, least: u32| match given {
        Some(given) if given < least || given > 86_400 => {
            Err(Error::argument(name, format!("it is {given}: use {least} to 86400 seconds")))
        }
        Some(given) => Ok(Duration::from_secs(given.into())),
        None => Ok(default),
    };
    let count = |name: &str, given: Option<u32>, default: usize, most: u32| match given {
        Some(given) if given == 0 || given > most => {
            Err(Error::argument(name, format!("it is {given}: use 1 to {most}")))
        }
        Some(given) => Ok(usize::try_from(given).unwrap_or(default)),
        None => Ok(default),
    };
    let default = Limits::default();
    Ok(Limits {
        body: count("max_body", settings.max_body, default.body >> 20, 4_095)? << 20,
        connections: count("max_connections", settings.max_connections, default.connections, 1_000_000)?,
        header_time: seconds("header_seconds", settings.header_seconds, default.header_time, 1)?,
        body_pause: seconds("header_seconds", settings.header_seconds, default.body_pause, 1)?,
        request_time: seconds("request_seconds", settings.request_seconds, default.request_time, 1)?,
        rate: settings.rate.unwrap_or(default.rate),
        failed_sign_ins: settings.failed_sign_ins.unwrap_or(default.failed_sign_ins).max(1),
        grace: seconds("grace_seconds", settings.grace_seconds, default.grace, 0)?,
        behind_proxy: settings.behind_proxy.unwrap_or_default(),
    })
}

fn from_file(path: &Path) -> Result<Settings> {
    let wrong = |why: &dyn std::fmt::Display| Error::argument("config", format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error).caused_by(error))?;
    toml::from_str(&text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
        match line {
            Some(line) => wrong(&format!("line {line}: {}", error.message())),
            None => wrong(&error.message()),
        }
    })
}

/// Ready with the next SIGTERM or Ctrl-C.
fn signal() -> Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error: std::io::Error| Error::unavailable("signals can't be heard").caused_by(error);
        let mut term = signal(SignalKind::terminate()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        Ok(async move {
            tokio::select! {
                _ = term.recv() => (),
                _ = interrupt.recv() => (),
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

async fn signal_again() {
    match signal() {
        Ok(again) => again.await,
        Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_settings_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("server.toml");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            from_file(&path)
        };
        let settings =
            read("listen = \"127.0.0.1:0\"\nrate = 3\nlog_format = \"json\"\nallow_insecure = true\n").unwrap();
        let flags = Settings { rate: Some(5), ..Settings::default() };
        let settings = flags.or(settings);
        assert_eq!((settings.rate, settings.allow_insecure), (Some(5), Some(true)));
        assert_eq!(settings.listen.unwrap().port(), 0);
        for (text, part) in [
            ("\nlisten = \"nowhere\"", "line 2"),
            ("lisen = \"127.0.0.1:0\"", "lisen"),
            ("rate = -1", "line 1"),
            ("rate", "line 1"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.message().contains(part) && error.message().starts_with("config: "), "{text}: {error}");
        }
        assert!(limits(&read("request_seconds = 0").unwrap()).is_err());
        assert!(limits(&read("max_body = 5000").unwrap()).is_err());
        assert_eq!(limits(&Settings::default()).unwrap(), Limits::default());
    }
}
