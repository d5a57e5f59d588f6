//! Long answers, a page at a time.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::error::Result;

/// Fetches the page after one.
pub type NextPage<T> = Arc<dyn Fn() -> BoxFuture<'static, Result<Page<T>>> + Send + Sync>;

/// One page of a list, oldest first, and the way to the rest.
#[derive(Clone)]
pub struct Page<T> {
    /// The rows of this page.
    pub data: Vec<T>,
    /// Where the next page begins; opaque.
    pub cursor: Option<String>,
    /// Whether there are rows after this page.
    pub has_more: bool,
    /// How to fetch them.
    pub next: Option<NextPage<T>>,
}

impl<T> Page<T> {
    /// A page with nothing after it.
    pub fn last(data: Vec<T>) -> Self {
        Self { data, cursor: None, has_more: false, next: None }
    }

    /// The page after this one, or `None` at the end.
    pub async fn next_page(&self) -> Result<Option<Self>> {
        match &self.next {
            Some(next) if self.has_more => next().await.map(Some),
            _ => Ok(None),
        }
    }

    /// The rows of this page and of all after it.
    pub async fn all(self) -> Result<Vec<T>> {
        let mut page = self;
        let mut rows = std::mem::take(&mut page.data);
        while let Some(mut next) = page.next_page().await? {
            rows.append(&mut next.data);
            page = next;
        }
        Ok(rows)
    }
}

impl<T: fmt::Debug> fmt::Debug for Page<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("data", &self.data).field("has_more", &self.has_more).finish_non_exhaustive()
    }
}
