//! The stream of a server's newest heads: one for each client, as long as somebody waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::future::BoxFuture;
use http::Method;
use reqwest::Response;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Shared;
use crate::authority::Session;
use crate::error::{Error, ErrorKind, Result};

const PATH: &str = "/v1/changes/stream";

/// A stream is kept so long after the last who waited; between two changes nobody waits.
const LINGERS: Duration = Duration::from_secs(10);

/// Without a word for so long, a stream is cut: servers say something every 15 seconds.
const SILENT: Duration = Duration::from_secs(45);

/// The longest line of a stream.
const LONGEST_LINE: usize = 4_096;

/// What the stream has told.
#[derive(Clone, Debug)]
enum Heard {
    Nothing,
    Size(u64),
    Failed(ErrorKind, String),
}

/// Tells whoever waits that the feed is longer.
pub(super) struct Feed {
    shared: Arc<Shared>,
    heard: Arc<watch::Sender<Heard>>,
    following: Arc<Mutex<Option<JoinHandle<()>>>>,
    patience: Duration,
}

impl Feed {
    pub(super) fn of(shared: Arc<Shared>, patience: Duration) -> Self {
        Self { shared, heard: Arc::new(watch::Sender::new(Heard::Nothing)), following: Arc::default(), patience }
    }

    pub(super) fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>> {
        let (shared, heard, following) =
            (Arc::clone(&self.shared), Arc::clone(&self.heard), Arc::clone(&self.following));
        let patience = self.patience;
        Box::pin(async move {
            let mut news = heard.subscribe();
            {
                let mut following = following.lock().unwrap_or_else(PoisonError::into_inner);
                if following.as_ref().is_none_or(JoinHandle::is_finished) {
                    heard.send_if_modified(|heard| {
                        let failed = matches!(heard, Heard::Failed(..));
                        if failed {
                            *heard = Heard::Nothing;
                        }
                        failed
                    });
                    *following = Some(tokio::spawn(follow(shared, Arc::clone(&heard), patience)));
                }
            }
            loop {
                match &*news.borrow_and_update() {
                    Heard::Size(newest) if *newest > size => return Ok(()),
                    Heard::Failed(kind, message) => return Err(Error::new(*kind, message.clone())),
                    Heard::Size(_) | Heard::Nothing => {}
                }
                if news.changed().await.is_err() {
                    return Err(Error::unavailable("the client ends: connect again"));
                }
            }
        })
    }

    pub(super) fn close(&self) {
        if let Some(following) = self.following.lock().unwrap_or_else(PoisonError::into_inner).take() {
            following.abort();
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.close();
    }
}

/// Says that nobody follows any more, however that came.
struct Ending(Arc<watch::Sender<Heard>>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.send_if_modified(|heard| {
            let silent = !matches!(heard, Heard::Failed(..));
            if silent {
                *heard =
                    Heard::Failed(ErrorKind::Unavailable, "the stream of changes has ended: call again".to_owned());
            }
            silent
        });
    }
}

/// Follows the stream, and resumes it where it was cut, until it is refused, gone for too long, or heard by nobody.
async fn follow(shared: Arc<Shared>, heard: Arc<watch::Sender<Heard>>, patience: Duration) {
    let _ending = Ending(Arc::clone(&heard));
    let forgotten = async {
        loop {
            heard.closed().await;
            tokio::time::sleep(LINGERS).await;
            if heard.receiver_count() == 0 {
                return;
            }
        }
    };
    let failed = tokio::select! {
        failed = resume(&shared, &heard, patience) => failed,
        () = forgotten => return,
    };
    heard.send_replace(Heard::Failed(failed.kind(), failed.message().to_owned()));
}

async fn resume(shared: &Shared, heard: &watch::Sender<Heard>, patience: Duration) -> Error {
    let mut last: Option<u64> = None;
    let (mut since, mut pauses) = (Instant::now(), pauses());
    loop {
        let session = shared.session();
        let told = last;
        let error = listen(shared, heard, session, &mut last).await.err();
        if last != told || error.is_none() {
            // It told something or was there: what comes is another cut.
            (since, pauses) = (Instant::now(), self::pauses());
        }
        match error {
            Some(error) if error.kind() == ErrorKind::Unauthenticated && shared.session() != session => {}
            Some(error) if !matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::RateLimited) => return error,
            Some(error) if since.elapsed() > patience => return error,
            Some(error) => {
                let pause = pauses.next().unwrap_or(patience);
                tokio::time::sleep(error.retry_after().unwrap_or_default().min(patience).max(pause)).await;
            }
            None => tokio::time::sleep(pauses.next().unwrap_or_default()).await,
        }
    }
}

fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(2))
        .without_max_times()
        .build()
}

/// Tells what one stream tells, until it ends.
async fn listen(
    shared: &Shared,
    heard: &watch::Sender<Heard>,
    session: Option<Session>,
    last: &mut Option<u64>,
) -> Result<()> {
    let mut request = shared.asking.request(Method::GET, PATH, session)?.header("accept", "text/event-stream");
    if let Some(size) = last {
        request = request.header("last-event-id", size.to_string());
    }
    let mut response = shared.asking.begin(request).await?;
    let mut lines = Lines::default();
    while let Some(chunk) = next(&mut response).await? {
        for size in lines.take(&chunk)? {
            *last = Some(size);
            heard.send_replace(Heard::Size(size));
        }
    }
    Ok(())
}

async fn next(response: &mut Response) -> Result<Option<bytes::Bytes>> {
    let cut = |why: &dyn std::fmt::Display| Error::unavailable(format!("the stream of changes was cut: {why}"));
    match tokio::time::timeout(SILENT, response.chunk()).await {
        Ok(chunk) => chunk.map_err(|error| cut(&error.without_url())),
        Err(_) => Err(cut(&"the server was silent")),
    }
}

/// Server-sent events, of which the ids are read: each is the size of the feed.
#[derive(Default)]
struct Lines {
    line: Vec<u8>,
    id: Option<u64>,
}

impl Lines {
    /// The ids of the events that end in this chunk.
    fn take(&mut self, chunk: &[u8]) -> Result<Vec<u64>> {
        let mut ids = Vec::new();
        for byte in chunk {
            match byte {
                b'\n' => {
                    self.end_line(&mut ids);
                    self.line.clear();
                }
                b'\r' => {}
                _ if self.line.len() == LONGEST_LINE => {
                    return Err(Error::unavailable("the stream of changes is not one: check the location"));
                }
                byte => self.line.push(*byte),
            }
        }
        Ok(ids)
    }

    fn end_line(&mut self, ids: &mut Vec<u64>) {
        if self.line.is_empty() {
            ids.extend(self.id.take());
        } else if let Some(id) = self.line.strip_prefix(b"id:") {
            self.id = std::str::from_utf8(id).ok().and_then(|id| id.trim().parse().ok());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text =
            b": hello\n\nevent: head\nid: 12\ndata: {}\n\nid:13\r\ndata: {}\r\n\r\nid: nonsense\ndata: {}\n\nid: 14\n";
        for length in 1..text.len() {
            let mut lines = Lines::default();
            let ids: Vec<u64> = text.chunks(length).flat_map(|chunk| lines.take(chunk).unwrap()).collect();
            assert_eq!(ids, [12, 13], "the last event has not ended");
        }
        assert!(Lines::default().take(&[b'a'; LONGEST_LINE + 1]).is_err());
    }
}
