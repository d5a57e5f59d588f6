//! The newest head, watched once for all streams.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::authority::Authority;
use crate::log::feed::Head;

/// The pause after the store could not be asked.
const PAUSE: Duration = Duration::from_millis(500);

/// What streams are told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Beat {
    /// Nothing yet.
    Unknown,
    /// The newest head.
    Head(Head),
    /// The server stops.
    Stopped,
}

/// Follows the feed's end, from the first stream on.
pub(super) struct Pulse {
    authority: Arc<dyn Authority>,
    beat: Arc<watch::Sender<Beat>>,
    begun: std::sync::Once,
}

impl Pulse {
    pub(super) fn new(authority: Arc<dyn Authority>) -> Self {
        Self { authority, beat: Arc::new(watch::Sender::new(Beat::Unknown)), begun: std::sync::Once::new() }
    }

    pub(super) fn stop(&self) {
        self.beat.send_replace(Beat::Stopped);
    }

    /// Hears every newer head; who is slow hears the newest alone.
    pub(super) fn listen(&self) -> watch::Receiver<Beat> {
        let heard = self.beat.subscribe();
        self.begun.call_once(|| {
            tokio::spawn(follow(Arc::clone(&self.authority), Arc::clone(&self.beat)));
        });
        heard
    }
}

async fn follow(authority: Arc<dyn Authority>, beat: Arc<watch::Sender<Beat>>) {
    let mut stopped = beat.subscribe();
    let following = async {
        loop {
            let next = async {
                let head = authority.end().await?;
                beat.send_if_modified(|beat| {
                    let newer = *beat != Beat::Stopped && *beat != Beat::Head(head);
                    if newer {
                        *beat = Beat::Head(head);
                    }
                    newer
                });
                authority.wait(head.size).await
            };
            if let Err(error) = next.await {
                tracing::warn!(?error, "the feed's end can't be watched now");
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    tokio::select! {
        () = following => (),
        _ = stopped.wait_for(|beat| *beat == Beat::Stopped) => (),
    }
}
