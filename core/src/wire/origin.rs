//! Origins: what a session is bound to, for both sides in one form.

use std::net::IpAddr;

use url::{Host, Url};

use crate::error::{Error, Result};

/// The origin of a URL: scheme, host and, where it is not the scheme's own, port.
pub fn of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The origin that a server is told to have.
///
/// # Errors
/// `InvalidArgument` for what is no origin.
pub fn of_server(text: &str) -> Result<String> {
    let wrong = |why: &str| {
        Error::argument("origin", format!("`{text}` {why}: give scheme and host, as https://vault.example.edu"))
    };
    let url = Url::parse(text).map_err(|error| wrong(&format!("is no URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("is neither http nor https"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(wrong("has more than an origin"));
    }
    Ok(of(&url))
}

/// Whether a URL leads to this machine and nowhere else.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        // RFC 6761: it resolves to loopback.
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_form() {
        for (text, origin) in [
            ("https://Vault.Example.edu", "https://vault.example.edu"),
            ("https://vault.example.edu:443/", "https://vault.example.edu"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:80", "http://[::1]"),
        ] {
            assert_eq!(of_server(text).unwrap(), origin);
        }
        for text in ["vault.example.edu", "ftp://a", "https://a/b", "https://a?b", "https://u@a", "", "https://"] {
            assert!(of_server(text).is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_is_this_machine() {
        for (text, loopback) in [
            ("http://127.0.0.1", true),
            ("http://127.9.9.9:1", true),
            ("http://[::1]", true),
            ("http://localhost:1", true),
            ("http://localhost.example.edu", false),
            ("http://10.0.0.1", false),
            ("http://0.0.0.0", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(text).unwrap()), loopback, "{text}");
        }
    }
}
