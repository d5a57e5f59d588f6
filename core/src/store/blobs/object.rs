//! One object: its bytes in and out, and what is said when that fails.

use std::error::Error as StdError;
use std::io::Read;

use object_store::path::Path as Key;
use object_store::{Error as StoreError, GetResult, GetResultPayload, ObjectStore, ObjectStoreExt};

use crate::error::{Error, Result};

/// As much memory is made for an object before it is read; none is longer.
const LARGEST: usize = 2 << 20;
/// The most characters of another library's words.
const WORDS: usize = 300;

/// An object, if it is there.
pub(in crate::store) async fn get(store: &dyn ObjectStore, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
    match store.get(key).await {
        Ok(got) => bytes_of(got).await.map(Some),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn bytes_of(got: GetResult) -> Result<Vec<u8>, StoreError> {
    let length = usize::try_from(got.meta.size).unwrap_or(usize::MAX);
    if let GetResultPayload::File(mut opened, _) = got.payload {
        // Memory of this thread: an allocator keeps some for each thread, and those that read come and go.
        let mut bytes = Vec::with_capacity(length.min(LARGEST));
        let read = tokio::task::spawn_blocking(move || opened.read_to_end(&mut bytes).map(|_| bytes));
        let failed = |source: Box<dyn StdError + Send + Sync>| StoreError::Generic { store: "folder", source };
        return read.await.map_err(|error| failed(error.into()))?.map_err(|error| failed(error.into()));
    }
    got.bytes().await.map(Into::into)
}

/// The system's own error, where there is one.
pub(in crate::store) fn of_the_system(error: &StoreError) -> Option<&std::io::Error> {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return Some(io);
        }
        cause = error.source();
    }
    None
}

/// What the other library says, on one short line, without the parameters of URLs, which may be keys, and of an answer in XML
/// its code alone.
pub(super) fn said(error: &StoreError) -> String {
    let text = error.to_string();
    let (text, answer) = text.split_once("<?xml").unwrap_or((&text, ""));
    let code =
        answer.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map_or("", |(code, _)| code);
    let text = format!("{text}{code}");
    let words = text.split_whitespace().map(|word| match word.split_once('?') {
        Some((address, _)) if address.contains("://") => address,
        _ => word,
    });
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().take(WORDS).collect()
}

/// The failure of a place that is named in the environment or in the location.
pub(super) fn refused(place: &str, error: &StoreError) -> Error {
    let why = match error {
        StoreError::NotFound { .. } => "there is no such bucket",
        StoreError::PermissionDenied { .. } => "its keys may not do this",
        StoreError::Unauthenticated { .. } => "its keys are not good",
        _ => return Error::unavailable(format!("the content of files is at {place}: {}: call again", said(error))),
    };
    let why = format!("{place} can't be used: {why}: check it, and the keys in the environment: {}", said(error));
    Error::argument("blobs", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_urls_are_not_repeated() {
        let source = "GET https://a.example/b/c?sig=hunter2&se=1 failed\n at once".into();
        let line = said(&StoreError::Generic { store: "Azure", source });
        assert_eq!(line, "Generic Azure error: GET https://a.example/b/c failed at once");
        let source = "403: <?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Key>hunter2</Key></Error>".into();
        let line = said(&StoreError::Generic { store: "S3", source });
        assert_eq!(line, "Generic S3 error: 403: AccessDenied");
    }
}
