//! Where traces are sent: the server's own setting, or what OpenTelemetry's environment variables say.

use url::Url;

use crate::error::{Error, Result};

/// The path of traces below a collector's address, by the OpenTelemetry protocol.
const PATH: &str = "/v1/traces";

/// A collector of traces that speaks OTLP over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collector {
    url: Url,
}

impl Collector {
    /// The collector that is asked for, if any is: by the setting, else by the variables of this environment.
    ///
    /// The setting and `OTEL_EXPORTER_OTLP_ENDPOINT` are an address to which `/v1/traces` is added,
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is taken as it is. An empty setting is none, whatever the environment says.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no URL of a collector; `Unsupported` if the environment asks for another protocol.
    pub fn asked(setting: Option<&str>, environment: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let said = |name: &str| environment(name).filter(|value| !value.is_empty());
        if let Some(setting) = setting {
            return if setting.is_empty() { Ok(None) } else { Self::at("traces", setting, true).map(Some) };
        }
        let disabled = said("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if disabled || said("OTEL_TRACES_EXPORTER").is_some_and(|value| value.trim() == "none") {
            return Ok(None);
        }
        let of_traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", false);
        let of_all = ("OTEL_EXPORTER_OTLP_ENDPOINT", true);
        let found = [of_traces, of_all].into_iter().find_map(|(name, below)| Some((name, said(name)?, below)));
        let Some((name, text, below)) = found else { return Ok(None) };
        for name in ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"] {
            match said(name) {
                Some(protocol) if protocol != "http/protobuf" => {
                    return Err(Error::unsupported(format!(
                        "{name}: it is `{protocol}`, and traces are sent by http/protobuf alone: set it so, with an endpoint that \
                         takes it, or set OTEL_TRACES_EXPORTER=none"
                    )));
                }
                Some(_) => break,
                None => {}
            }
        }
        Self::at(name, &text, below).map(Some)
    }

    fn at(name: &str, text: &str, below: bool) -> Result<Self> {
        let wrong = |why: &str| {
            Error::argument(name, format!("`{text}` {why}: give the collector's address, as http://127.0.0.1:4318"))
        };
        let mut url = Url::parse(text).map_err(|error| wrong(&format!("is no URL ({error})")))?;
        if !url.username().is_empty() || url.password().is_some() {
            let why =
                "it has a user or a password in it: what the collector asks for goes into OTEL_EXPORTER_OTLP_HEADERS";
            return Err(Error::argument(name, why));
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("is neither http nor https"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("has more than a path"));
        }
        if below && !url.path().ends_with(PATH) {
            let path = format!("{}{PATH}", url.path().trim_end_matches('/'));
            url.set_path(&path);
        }
        Ok(Self { url })
    }

    /// Where traces are put.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn asked(setting: Option<&str>, environment: &[(&str, &str)]) -> Result<Option<String>> {
        let found = Collector::asked(setting, |name| {
            environment.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned())
        })?;
        Ok(found.map(|collector| collector.url().to_string()))
    }

    #[test]
    fn the_setting_goes_before_the_environment() {
        let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://elsewhere:4318/")];
        for (setting, url) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://c.example.edu/otlp/", "https://c.example.edu/otlp/v1/traces"),
            ("https://c.example.edu/v1/traces", "https://c.example.edu/v1/traces"),
        ] {
            assert_eq!(asked(Some(setting), &environment).unwrap().as_deref(), Some(url));
        }
        assert_eq!(asked(None, &environment).unwrap().as_deref(), Some("http://elsewhere:4318/v1/traces"));
        assert_eq!(asked(Some(""), &environment).unwrap(), None);
        assert_eq!(asked(None, &[]).unwrap(), None);
    }

    #[test]
    fn the_environment_is_read_as_opentelemetry_has_it() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4318");
        let of_traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:4318/here");
        assert_eq!(asked(None, &[endpoint, of_traces]).unwrap().as_deref(), Some("http://traces:4318/here"));
        for off in [("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_TRACES_EXPORTER", "none")] {
            assert_eq!(asked(None, &[endpoint, off]).unwrap(), None);
            assert!(asked(Some("http://127.0.0.1:4318"), &[off]).unwrap().is_some(), "asked for by name");
        }
        let (grpc, http) = (("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL");
        let error = asked(None, &[endpoint, grpc]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("OTEL_EXPORTER_OTLP_PROTOCOL") && error.message().contains("grpc"), "{error}");
        assert!(asked(None, &[endpoint, grpc, (http, "http/protobuf")]).unwrap().is_some());
        assert_eq!(asked(None, &[grpc]).unwrap(), None, "no traces are asked for");
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        for (setting, part) in [
            ("collector", "`collector` is no URL"),
            ("localhost:4318", "neither http nor https"),
            ("grpc://127.0.0.1:4317", "`grpc://127.0.0.1:4317` is neither"),
            ("http://", "is no URL"),
            ("http://c/?key=1", "more than a path"),
        ] {
            let error = asked(Some(setting), &[]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.message().starts_with("traces: ") && error.message().contains(part), "{setting}: {error}");
        }
        let error = asked(None, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "collector")]).unwrap_err();
        assert!(error.message().starts_with("OTEL_EXPORTER_OTLP_ENDPOINT: `collector`"), "{error}");
        let error = asked(Some("http://user:hunter2@c"), &[]).unwrap_err();
        assert!(
            error.message().contains("OTEL_EXPORTER_OTLP_HEADERS") && !error.message().contains("hunter2"),
            "{error}"
        );
    }
}
