//! Requests as bytes, for what no client would send.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes and reads until the server closes, or for so long.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8], within: Duration) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may have refused and closed already.
    let _ = stream.write_all(bytes).await;
    read(&mut stream, within).await
}

/// Reads until the server closes, or for so long.
pub(crate) async fn read(stream: &mut TcpStream, within: Duration) -> String {
    let mut all = Vec::new();
    let _ = tokio::time::timeout(within, stream.read_to_end(&mut all)).await;
    String::from_utf8_lossy(&all).into_owned()
}

/// The head of a request with a body of this length.
pub(crate) fn head(method: &str, path: &str, bearer: Option<&str>, length: usize) -> String {
    let bearer = bearer.map(|bearer| format!("Authorization: Bearer {bearer}\r\n")).unwrap_or_default();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n{bearer}\
         Content-Length: {length}\r\n\r\n"
    )
}

/// A whole request; the status and the body of its answer.
pub(crate) async fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    bearer: Option<&str>,
    body: &[u8],
) -> (u16, String) {
    let mut bytes = head(method, path, bearer, body.len()).into_bytes();
    bytes.extend_from_slice(body);
    let answer = exchange(address, &bytes, Duration::from_secs(20)).await;
    (status(&answer), answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

pub(crate) async fn get(address: SocketAddr, path: &str, bearer: Option<&str>) -> (u16, String) {
    ask(address, "GET", path, bearer, b"").await
}

/// The status of an answer; 0 if there is none.
pub(crate) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}
