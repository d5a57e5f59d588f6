//! Work on much data, apart from the thread that waits for it.
//!
//! That thread makes the memory that the work fills: a system's allocator keeps much of what each thread has ever used,
//! and the threads of such work are many.

use crate::error::{Error, Result};

/// Above this many bytes the way to another thread costs less than the work.
const LARGE: usize = 65_536;

/// Runs work on so many bytes: here, or beside whatever else goes on.
pub(super) async fn apart<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    if bytes <= LARGE {
        return work();
    }
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Error::unavailable("a file was to be sealed or opened, and its runtime ends: call again"))?
}
