//! The library's figures, each as a ratio to a limit that is measured in the same run.
//!
//! `cargo bench --bench figures` prints them all; `-- provision` those of one subject, `-- provision 1000` with fewer vaults
//! than 10,000. Absolute times mean little: compare ratios, and on a quiet machine.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that can't go on fails, and prints what it found"
)]

mod bare;
mod calls;
mod growth;
mod item_read;
mod leaked;
mod provision;
mod reads;
mod revoke;
mod school;
mod timing;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let [calls, vault, item] = arguments.as_slice()
        && calls == "calls"
    {
        return calls::run(vault, item).await;
    }
    let (counts, wanted): (Vec<String>, Vec<String>) =
        arguments.into_iter().partition(|argument| argument.chars().all(|character| character.is_ascii_digit()));
    let count = counts.first().map_or(10_000, |count| count.parse().unwrap());
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|one| one == name);
    let folder = tempfile::tempdir_in(".").unwrap();
    if is_wanted("provision") {
        provision::run(folder.path(), count).await;
    }
    if is_wanted("item_read") {
        item_read::run(folder.path()).await;
    }
    if is_wanted("reads") {
        reads::run(folder.path()).await;
    }
    if is_wanted("revoke") {
        revoke::run(folder.path(), count).await;
    }
    if is_wanted("leaked") {
        Box::pin(leaked::run(folder.path(), count)).await;
    }
    if is_wanted("growth") {
        growth::run(folder.path(), 10 * count).await;
    }
}
