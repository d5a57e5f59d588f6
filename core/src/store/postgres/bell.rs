//! Telling waiters that the feed is longer: those of this store at once, those of others by a notification.
//!
//! It is sent apart from what it tells of, in a transaction of its own: one that notifies holds a lock that all others
//! which notify wait for until their commit is on disk. Where notifications do not come, the head is looked at.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::poll_fn;
use tokio::sync::{mpsc, watch};
use tokio_postgres::AsyncMessage;

use super::connect::setup;
use super::convert::Columns;
use super::{Core, tls};
use crate::error::Result;

/// Where notifications come, what one does not tell of is found so much later.
const LOOK: Duration = Duration::from_millis(500);
/// Where they do not come.
const POLL: Duration = Duration::from_millis(5);
/// While nobody waits.
const REST: Duration = Duration::from_millis(50);
/// Between two tries to listen.
const AGAIN: Duration = Duration::from_secs(1);

impl Core {
    /// Tells everybody that this store made the feed so long.
    pub(super) fn tell(&self, size: u64) {
        self.hear(size);
        self.rung.send_if_modified(|rung| grows(rung, size));
    }

    /// Tells the waiters of this store.
    pub(super) fn hear(&self, size: u64) {
        self.told.send_if_modified(|told| grows(told, size));
    }

    fn channel(&self) -> String {
        format!("strongroom_{}", self.location.schema)
    }

    async fn look(&self) -> Result<()> {
        let client = self.connections.work.get().await?;
        let sql = client.prepare_cached("SELECT size FROM feed_head WHERE one = 1").await?;
        self.hear(client.query_one(&sql, &[]).await?.number(0)?);
        Ok(())
    }

    async fn listen(&self) -> Result<()> {
        let (client, mut connection) = self.location.config.connect(tls::connector(&self.location)?).await?;
        let (heard, mut messages) = mpsc::unbounded_channel();
        let driving = tokio::spawn(async move {
            let mut stream = poll_fn(move |context| connection.poll_message(context));
            while let Some(Ok(message)) = stream.next().await {
                if let AsyncMessage::Notification(notification) = message
                    && heard.send(notification.payload().parse::<u64>().unwrap_or(0)).is_err()
                {
                    break;
                }
            }
        });
        client.batch_execute(&setup(&self.location, "60s")).await?;
        client.batch_execute(&format!("LISTEN {}", self.channel())).await?;
        // What was told before.
        self.look().await?;
        self.listening.store(true, Ordering::Release);
        while let Some(size) = messages.recv().await {
            self.hear(size);
        }
        let _ = driving.await;
        Ok(())
    }
}

fn grows(known: &mut u64, size: u64) -> bool {
    let grows = size > *known;
    *known = size.max(*known);
    grows
}

/// Hears what other stores tell.
pub(super) async fn listener(core: Arc<Core>) {
    loop {
        if let Err(error) = core.listen().await {
            tracing::debug!(%error, "PostgreSQL does not notify: its head is looked at");
        }
        core.listening.store(false, Ordering::Release);
        tokio::time::sleep(AGAIN).await;
    }
}

/// Looks at the head, while somebody waits.
pub(super) async fn looker(core: Arc<Core>) {
    loop {
        let waited = core.told.receiver_count() > 0;
        let pause = match (core.listening.load(Ordering::Acquire), waited) {
            (true, _) => LOOK,
            (false, true) => POLL,
            (false, false) => REST,
        };
        tokio::time::sleep(pause).await;
        if waited && core.look().await.is_err() {
            tokio::time::sleep(REST).await;
        }
    }
}

/// Tells other stores of what this one sequenced; of several batches at once, of the last.
pub(super) async fn ringer(core: Arc<Core>, mut rung: watch::Receiver<u64>) {
    while rung.changed().await.is_ok() {
        let size = rung.borrow_and_update().to_string();
        let sent = core.connections.relaxed("SELECT pg_notify($1, $2)", &[&core.channel(), &size]).await;
        if let Err(error) = sent {
            tracing::debug!(%error, "other stores could not be told: they look at the head themselves");
        }
    }
}
