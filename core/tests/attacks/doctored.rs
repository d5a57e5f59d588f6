//! Doctored stores: for every table and column, a value flipped, swapped with another row's, put back to yesterday's; a row deleted.
//!
//! Each is `Tampered` at a read or at `audit.verify`, or the column is listed here as derived: what is done to it takes
//! nothing but service. A column that is not listed fails the first test.

use std::collections::BTreeSet;
use std::path::Path;

use futures_util::StreamExt;
use rusqlite::Connection;
use rusqlite::types::Value;
use strongroom::error::ErrorKind;
use strongroom::store::Store;

use crate::doctor::{Column, Dice, RowKey, all_columns, at, columns, flipped, tables};
use crate::history::{Answers, History, SESSIONS, history, is_noticed, open, wrong};

/// A table: its columns that the logs bind, and those that are derived.
struct Table(&'static str, &'static [&'static str], &'static [&'static str]);

const TABLES: &[Table] = &[
    Table("actor", &["number", "id"], &[]),
    Table("batch", &["size", "root", "time", "account_size", "account_root", "vaults_size", "vaults_root"], &[]),
    // Where the content of large files is: a program goes only where its own location says, and holds what it finds against hashes.
    Table("blobs", &[], &["one", "url", "marker"]),
    Table(
        "entry",
        &["position", "log", "seq", "time", "signer", "operation_id", "hash", "root", "signatures", "operation"],
        // Which session brought an entry is the engine's word.
        &["session"],
    ),
    Table("feed", &["position", "log", "seq", "leaf"], &[]),
    Table("file", &["vault", "item", "id", "seq", "length", "leaves", "detached"], &[]),
    // Pieces that are to be removed from the folder: if the row is lost, they take room.
    Table("garbage", &[], &["file"]),
    // Ends after a minute by itself.
    Table("hold", &[], &["signer", "vault", "log_kind", "log_id", "holder", "until"]),
    Table("item", &["vault", "id", "version", "archived", "deleted", "created", "seq"], &[]),
    Table("kem_key", &["principal", "generation", "key"], &[]),
    Table("log", &["key", "kind", "id", "size", "root"], &[]),
    Table("member", &["vault", "grantee", "role", "expires_at"], &[]),
    Table("node", &["tree", "level", "idx", "hash"], &[]),
    Table("part", &["vault", "item", "version", "seq", "overview", "details"], &[]),
    Table("person", &["vault", "principal"], &[]),
    Table("piece", &["file", "idx", "bytes"], &[]),
    Table("previous_key", &["vault", "epoch", "sealed"], &[]),
    Table("principal", &["leaf", "id", "kind", "name", "email", "salt", "active"], &[]),
    Table("reads", &["place", "count", "time", "entries"], &[]),
    Table("reads_chain", &["number", "id", "count", "last", "anchored"], &[]),
    // What the migrations remember: a file that it does not fit is not opened.
    Table("refinery_schema_history", &[], &["version", "name", "applied_on", "checksum"]),
    // As `entry.session`: the name of a session, and of the program that opened it.
    Table("session", &[], &["number", "id", "app"]),
    // As `garbage`, for objects in that place.
    Table("object_garbage", &[], &["file", "since", "cleared"]),
    // An upload that is lost is sent again.
    Table("upload", &[], &["file", "expires"]),
    Table("vault", &["leaf", "id", "creator", "external_id", "name_epoch", "name", "deleted"], &[]),
    Table("wrap", &["vault", "epoch", "principal", "generation", "form", "maker", "maker_generation", "sealed"], &[]),
];

/// Rows of a bound column that nothing depends on: they are spare.
fn is_spare(database: &Connection, column: &Column, row: &RowKey) -> bool {
    // Of an epoch before the newest a member needs no wrap: its key lies sealed under the one after it.
    let sql = "SELECT epoch < (SELECT max(epoch) FROM wrap AS other WHERE other.vault = wrap.vault) FROM wrap WHERE rowid = ?1";
    column.shown() == "wrap.sealed" && database.query_row(sql, [&row[0]], |row| row.get(0)).unwrap()
}

fn class(column: &Column) -> Option<bool> {
    let Table(_, bound, derived) = TABLES.iter().find(|Table(name, ..)| *name == column.table)?;
    let listed = |names: &[&str]| names.contains(&column.name.as_str());
    (listed(bound) || listed(derived)).then(|| listed(bound))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_is_listed() {
    let copied = history().await.copied();
    let database = at(&copied.path());
    let there: BTreeSet<String> = all_columns(&database).iter().map(Column::shown).collect();
    let listed: BTreeSet<String> = TABLES
        .iter()
        .flat_map(|Table(table, bound, derived)| {
            bound.iter().chain(*derived).map(move |column| format!("{table}.{column}"))
        })
        .collect();
    assert_eq!(there, listed, "a column is new: say above whether the logs bind it, and have audit.verify check it");
    for table in tables(&database) {
        let rows: u64 = database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert!(rows > 0, "{table} has no row that could be doctored");
    }
}

/// What is done to a file.
#[derive(Clone, Debug)]
enum Deed {
    /// Values are put into a column, one after the other.
    Set(Column, Vec<(RowKey, Value)>),
    /// A row goes.
    Delete(Column, RowKey),
    /// The whole table is yesterday's.
    Yesterday(String),
}

impl Deed {
    /// False if the schema does not take it, or if it changes nothing: two rows that were swapped whole.
    fn done(&self, path: &Path, yesterday: &Path) -> bool {
        let database = at(path);
        let table = match self {
            Self::Set(column, _) | Self::Delete(column, _) => &column.table,
            Self::Yesterday(table) => table,
        };
        let before = content(&database, table);
        self.applied(&database, yesterday) && content(&database, table) != before
    }

    fn applied(&self, database: &Connection, yesterday: &Path) -> bool {
        match self {
            Self::Set(column, values) => values.iter().all(|(row, value)| column.set(database, row, value)),
            Self::Delete(column, row) => {
                column.delete_row(database, row);
                true
            }
            Self::Yesterday(table) => {
                database.execute("ATTACH ?1 AS yesterday", [yesterday.to_str().unwrap()]).unwrap();
                database.execute(&format!("DELETE FROM main.{table}"), []).unwrap();
                let filled = format!("INSERT INTO main.{table} SELECT * FROM yesterday.{table}");
                database.execute(&filled, []).unwrap();
                true
            }
        }
    }
}

/// The rows of a table, in an order of their own.
fn content(database: &Connection, table: &str) -> Vec<String> {
    let mut statement = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values: Vec<Value> = (0..width).map(|at| row.get(at)).collect::<rusqlite::Result<_>>()?;
        Ok(format!("{values:?}"))
    });
    let mut rows: Vec<String> = rows.unwrap().map(Result::unwrap).collect();
    rows.sort_unstable();
    rows
}

/// How many rows of each column are taken in hand; all with `STRONGROOM_DOCTOR=all`.
fn sample(rows: usize, dice: &mut Dice) -> Vec<usize> {
    if std::env::var("STRONGROOM_DOCTOR").is_ok_and(|all| all == "all") {
        return (0..rows).collect();
    }
    (0..rows.min(1)).map(|_| dice.roll(rows)).collect()
}

/// Flips, swaps and yesterdays of a column.
fn deeds(today: &Connection, yesterday: &Connection, column: &Column, dice: &mut Dice) -> Vec<(Deed, bool)> {
    let rows = column.values(today);
    let mut deeds = Vec::new();
    for place in sample(rows.len(), dice) {
        let (row, value) = &rows[place];
        if let Some(other) = flipped(value, dice.roll(1 << 30)) {
            deeds.push((Deed::Set(column.clone(), vec![(row.clone(), other)]), is_spare(today, column, row)));
        }
        let others: Vec<&(RowKey, Value)> = rows.iter().filter(|(_, other)| other != value).collect();
        if let Some((other_row, other)) = others.get(dice.roll(others.len())) {
            // By way of a value that nobody has, for columns whose values are unique.
            let nobody = match value {
                Value::Blob(_) => Value::Blob(vec![0xab; 32]),
                Value::Text(_) => Value::Text("nobody's".to_owned()),
                _ => Value::Integer(1 << 40),
            };
            let is_key = column.key.contains(&column.name) || column.key == ["rowid"] && is_rowid(today, column);
            let mut steps = vec![(row.clone(), nobody.clone()), (other_row.clone(), value.clone())];
            let mut moved = row.clone();
            if is_key {
                let at = column.key.iter().position(|name| *name == column.name).unwrap_or(0);
                moved[at] = nobody;
            }
            steps.push((moved, other.clone()));
            let spare = is_spare(today, column, row) || is_spare(today, column, other_row);
            deeds.push((Deed::Set(column.clone(), steps), spare));
        }
    }
    let before = column.values(yesterday);
    let changed: Vec<(RowKey, Value)> = before
        .into_iter()
        .filter(|(row, value)| rows.iter().any(|(today, now)| today == row && now != value))
        .collect();
    for place in sample(changed.len(), dice) {
        let (row, value) = changed[place].clone();
        let spare = is_spare(today, column, &row);
        deeds.push((Deed::Set(column.clone(), vec![(row, value)]), spare));
    }
    deeds
}

/// Whether a column is its table's rowid.
fn is_rowid(database: &Connection, column: &Column) -> bool {
    let sql = "SELECT pk > 0 AND type = 'INTEGER' FROM pragma_table_info(?1) WHERE name = ?2";
    database.query_row(sql, [&column.table, &column.name], |row| row.get(0)).unwrap()
}

/// What came of a deed: why it is wrong, or that it was not done.
async fn judged(history: &History, honest: &Answers, deed: Deed, bound: bool) -> Result<bool, String> {
    let copied = history.copied();
    if !deed.done(&copied.path(), &copied.yesterday()) {
        return Ok(false);
    }
    if history.audit(&copied.path()).await.is_err_and(|error| error.kind() == ErrorKind::Tampered) {
        return Ok(true);
    }
    let mut answers = history.answers(&copied.path()).await;
    if bound && !is_noticed(&answers) {
        rescue(history, &copied.path(), &mut answers).await;
    }
    if is_noticed(&answers) {
        return Ok(true);
    }
    let mut other = wrong(honest, &answers);
    if !bound {
        other.retain(|(asked, _)| !asked.ends_with(SESSIONS));
    }
    if bound || !other.is_empty() {
        let refused: Vec<_> = answers
            .iter()
            .filter(|(asked, now)| now.is_err() && honest.get(*asked).is_none_or(Result::is_ok))
            .collect();
        return Err(format!("{deed:?}\n    other answers: {other:?}\n    refused: {refused:?}"));
    }
    Ok(true)
}

/// The recovery code lets somebody in everywhere, for which it opens its wraps.
async fn rescue(history: &History, path: &Path, answers: &mut Answers) {
    let kit = history.recovery();
    let Ok((client, store)) = open(path, &kit).await else { return };
    for vault in &history.vaults {
        let granted = client.access().grant(vault, &history.grader.principal.id.to_string(), "write", None).await;
        answers.insert(format!("rescue of {vault}"), granted.map(|_| String::new()));
    }
    store.close().await;
}

async fn judge_all(history: &'static History, deeds: Vec<(Deed, bool)>) -> usize {
    let honest: &'static Answers = Box::leak(Box::new(history.answers(&history.copied().path()).await));
    let judged = futures_util::stream::iter(deeds)
        .map(|(deed, bound)| tokio::spawn(async move { judged(history, honest, deed, bound).await }))
        .buffer_unordered(3)
        .map(|judged| judged.expect("no deed makes a client panic"))
        .collect::<Vec<_>>()
        .await;
    let silent: Vec<&String> = judged.iter().filter_map(|judged| judged.as_ref().err()).collect();
    let list: Vec<&str> = silent.iter().map(|text| text.as_str()).collect();
    assert!(silent.is_empty(), "{} of {} passed silently:\n{}", silent.len(), judged.len(), list.join("\n"));
    judged.iter().filter(|judged| **judged == Ok(true)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_value_is_noticed_or_takes_nothing_but_service() {
    let history = history().await;
    let copied = history.copied();
    let (today, yesterday) = (at(&copied.path()), at(&copied.yesterday()));
    let mut dice = Dice::new(24);
    let mut all = Vec::new();
    for column in all_columns(&today) {
        let bound = class(&column).unwrap_or(true);
        let deeds = deeds(&today, &yesterday, &column, &mut dice);
        all.extend(deeds.into_iter().map(|(deed, spare)| (deed, bound && !spare)));
    }
    let count = all.len();
    drop((today, yesterday));
    let done = judge_all(history, all).await;
    assert!(done > count / 2, "{done} of {count}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_row_or_a_table_of_yesterday_is_noticed_or_takes_nothing_but_service() {
    let history = history().await;
    let copied = history.copied();
    let (today, yesterday) = (at(&copied.path()), at(&copied.yesterday()));
    let mut dice = Dice::new(25);
    let mut all = Vec::new();
    for table in tables(&today) {
        let column = columns(&today, &table).remove(0);
        let bound = class(&column).unwrap_or(true);
        let rows = column.values(&today);
        for place in sample(rows.len(), &mut dice) {
            all.push((Deed::Delete(column.clone(), rows[place].0.clone()), bound));
        }
        // Of yesterday's pieces, one more is there: of a file that was taken off since. It takes room.
        let bound = bound && table != "piece";
        all.push((Deed::Yesterday(table), bound));
    }
    drop((today, yesterday));
    judge_all(history, all).await;
}
