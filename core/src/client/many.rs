//! Calls on many: what the rows are, and what each of them answers.

use crate::error::{Error, Result};

/// The most small things of one call: vaults, users, grants.
pub(super) const MAX_MANY: usize = 10_000;
/// The most things of one call that may be large: items, secrets.
pub(super) const MAX_LARGE: usize = 1_000;

/// The only row.
pub(super) fn one<T>(rows: Vec<Result<T>>) -> Result<T> {
    rows.into_iter().next().unwrap_or_else(|| Err(no_answer()))
}

/// Does the rows that passed their checks together; answers in order, an error per row that did not pass or was refused.
pub(super) async fn many<R, T, F>(
    operation: &'static str,
    rows: Vec<Result<R>>,
    together: impl FnOnce(Vec<R>) -> F,
) -> Result<Vec<Result<T>>>
where
    F: Future<Output = Result<Vec<Result<T>>>>,
{
    let mut good = Vec::with_capacity(rows.len());
    let rows: Vec<Result<()>> = rows.into_iter().map(|row| row.map(|row| good.push(row))).collect();
    let mut done = if good.is_empty() { Vec::new() } else { together(good).await? }.into_iter();
    Ok(rows
        .into_iter()
        .map(|row| {
            let done = row.and_then(|()| done.next().unwrap_or_else(|| Err(no_answer())));
            done.map_err(|error| error.in_operation(operation))
        })
        .collect())
}

fn no_answer() -> Error {
    Error::unavailable("the store gave no answer: try again")
}
