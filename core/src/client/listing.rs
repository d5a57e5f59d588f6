//! Lists, page by page.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::Client;
use crate::backend::{PageRequest, Rows};
use crate::error::Result;
use crate::model::page::Page;

/// Rows that a list asks its backend for at a time.
const PAGE: u32 = 500;

type Fetch<T> = Arc<dyn Fn(Client, PageRequest) -> BoxFuture<'static, Result<Rows<T>>> + Send + Sync>;

/// The first page of what `fetch` answers, with the way to the others.
pub(super) async fn first<T: Send + 'static>(
    client: &Client,
    operation: &'static str,
    after: Option<String>,
    fetch: impl Fn(Client, PageRequest) -> BoxFuture<'static, Result<Rows<T>>> + Send + Sync + 'static,
) -> Result<Page<T>> {
    page(client.clone(), operation, after, Arc::new(fetch)).await
}

fn page<T: Send + 'static>(
    client: Client,
    operation: &'static str,
    after: Option<String>,
    fetch: Fetch<T>,
) -> BoxFuture<'static, Result<Page<T>>> {
    Box::pin(async move {
        let rows = client.run(operation, fetch(client.clone(), PageRequest { after, limit: PAGE })).await?;
        let cursor = rows.next.clone();
        Ok(Page {
            data: rows.data,
            has_more: cursor.is_some(),
            cursor: cursor.clone(),
            next: cursor.map(|after| -> crate::model::page::NextPage<T> {
                Arc::new(move || page(client.clone(), operation, Some(after.clone()), Arc::clone(&fetch)))
            }),
        })
    })
}
