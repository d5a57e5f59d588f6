//! The place of the content of large files: remembered in a row, named by whoever opens the database.

use std::time::Duration;

use tokio_postgres::Client;

use super::convert::Columns;
use super::location::PostgresLocation;
use crate::error::Result;
use crate::store::blobs::{Blobs, Remembered};
use crate::store::random;

/// Another engine that marks the place at this moment is waited for so often, and so long each time.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// The place that this location names, if it is the database's; one that nothing was kept in becomes it.
pub(super) async fn prepare(client: &Client, location: &PostgresLocation) -> Result<Option<Blobs>> {
    let Some(named) = &location.blobs else { return Ok(None) };
    let blobs = Blobs::at(named)?;
    for _ in 0..TRIES {
        if let Some(remembered) = remembered(client).await? {
            belongs(client, &blobs, &remembered).await?;
            return Ok(Some(blobs));
        }
        let marker = random::make_id()?;
        // The mark first: a place that can't be used is not remembered.
        if blobs.mark(marker).await? {
            let sql = "INSERT INTO blobs (one, url, marker) VALUES (1, $1, $2) ON CONFLICT DO NOTHING";
            if client.execute(sql, &[&named.to_string(), &marker]).await? == 1 {
                return Ok(Some(blobs));
            }
            // Another engine was first, with another place.
            blobs.unmark().await?;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(blobs.is_taken())
}

async fn belongs(client: &Client, blobs: &Blobs, remembered: &Remembered) -> Result<()> {
    blobs.belongs(remembered).await?;
    if *remembered != blobs.remembered_as(remembered.marker) {
        // It was moved: whoever names another is told of this one.
        let sql = "UPDATE blobs SET url = $1 WHERE one = 1";
        client.execute(sql, &[&blobs.remembered_as(remembered.marker).url]).await?;
    }
    Ok(())
}

/// What the database remembers.
pub(super) async fn remembered(client: &Client) -> Result<Option<Remembered>> {
    let row = client.query_opt("SELECT url, marker FROM blobs WHERE one = 1", &[]).await?;
    row.map(|row| Ok(Remembered { url: row.get_as(0)?, marker: row.id(1)? })).transpose()
}

/// Removes all that the database has in the place that this location names.
pub(super) async fn remove(client: &Client, location: &PostgresLocation) -> Result<()> {
    let (Some(named), Some(remembered)) = (&location.blobs, remembered(client).await?) else { return Ok(()) };
    Blobs::at(named)?.remove_all(remembered.marker).await
}

/// Refuses a place in which another database has content.
pub(super) async fn is_free(location: &PostgresLocation) -> Result<()> {
    match &location.blobs {
        Some(named) => Blobs::at(named)?.is_free().await,
        None => Ok(()),
    }
}
