//! Attack 10: any bit of any stored byte flipped. Never a panic, and never wrong plaintext.

use std::path::Path;

use strongroom::error::ErrorKind;

use crate::doctor::{Dice, all_columns, at, flipped};
use crate::history::{Answers, History, history, wrong};

/// How many bits are flipped in values, and in the file's bytes; more with `STRONGROOM_BITS`.
fn rounds() -> (usize, usize) {
    let more = std::env::var("STRONGROOM_BITS").ok().and_then(|bits| bits.parse().ok()).unwrap_or(1);
    (40 * more, 24 * more)
}

/// A changed file gives the honest answers or refusals, whatever was changed; more is taken back by whoever notices.
async fn check(history: &History, honest: &Answers, path: &Path, what: &str) {
    let answers = history.answers(path).await;
    for (asked, answer) in &answers {
        if let Err(error) = answer {
            let expected = matches!(
                error.kind(),
                ErrorKind::Tampered
                    | ErrorKind::NotFound
                    | ErrorKind::Unauthenticated
                    | ErrorKind::PermissionDenied
                    | ErrorKind::Conflict
                    | ErrorKind::Unavailable
                    | ErrorKind::Unsupported
                    | ErrorKind::InvalidArgument
            );
            assert!(expected, "{what}: {asked}: {error:?}");
        }
    }
    let values: Vec<&str> = honest.values().filter_map(|answer| answer.as_deref().ok()).collect();
    for (asked, answer) in wrong(honest, &answers) {
        // What was read of an item or a file is what was once written there, under its own name.
        let plain = asked.contains(" itm_");
        assert!(!plain || values.contains(&answer), "{what}: {asked}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_of_a_value_is_a_refusal_or_nothing() {
    let history: &History = history().await;
    let honest = history.answers(&history.copied().path()).await;
    let mut dice = Dice::new(10);
    let columns = all_columns(&at(&history.copied().path()));
    let mut flips = 0;
    for _ in 0..rounds().0 {
        let column = &columns[dice.roll(columns.len())];
        let copied = history.copied();
        let database = at(&copied.path());
        let rows = column.values(&database);
        let Some((row, value)) = rows.get(dice.roll(rows.len())) else { continue };
        let bit = dice.roll(1 << 30);
        let done = flipped(value, bit).is_some_and(|value| column.set(&database, row, &value));
        drop(database);
        if done {
            flips += 1;
            check(history, &honest, &copied.path(), &format!("{} of {row:?}, bit {bit}", column.shown())).await;
        }
    }
    assert!(flips > rounds().0 / 2, "{flips}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_of_the_file_is_a_refusal_or_nothing() {
    let history: &History = history().await;
    let honest = history.answers(&history.copied().path()).await;
    let mut dice = Dice::new(11);
    for round in 0..rounds().1 {
        let copied = history.copied();
        let files = [vec![copied.path()], copied.pieces()].concat();
        // Every second flip goes to the database, the others to the pieces beside it.
        let file = &files[if round % 2 == 0 { 0 } else { dice.roll(files.len()) }];
        let mut bytes = std::fs::read(file).unwrap();
        let (place, bit) = (dice.roll(bytes.len()), dice.roll(8));
        bytes[place] ^= 1 << bit;
        std::fs::write(file, bytes).unwrap();
        check(history, &honest, &copied.path(), &format!("byte {place}, bit {bit} of {}", file.display())).await;
    }
}
