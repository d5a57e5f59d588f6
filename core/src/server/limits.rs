//! What a server takes from one request, one connection, one caller.

use std::time::Duration;

/// The limits of a server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The largest body of a request, in bytes.
    pub body: usize,
    /// How many connections at once; more wait to be accepted.
    pub connections: usize,
    /// How long a client may take for the TLS handshake, and for the head of a request.
    pub header_time: Duration,
    /// How long a body may pause.
    pub body_pause: Duration,
    /// How long a request may take, its body with it; streams have no end.
    pub request_time: Duration,
    /// Requests a second of one principal; so many may come at once after a pause as come in two seconds.
    pub rate: u32,
    /// Failed sign-ins a minute of one principal from one address; of one address, ten times as many.
    pub failed_sign_ins: u32,
    /// How long requests may take to finish once the server is told to stop.
    pub grace: Duration,
    /// Whether the client's address is the last of `X-Forwarded-For`, which a proxy in front wrote.
    pub behind_proxy: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 64 << 20,
            connections: 16_384,
            header_time: Duration::from_secs(10),
            body_pause: Duration::from_secs(10),
            request_time: Duration::from_mins(1),
            rate: 5_000,
            failed_sign_ins: 10,
            grace: Duration::from_secs(30),
            behind_proxy: false,
        }
    }
}
