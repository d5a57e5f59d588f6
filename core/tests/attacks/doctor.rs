//! The hand at the database file: tables, columns and rows as the schema itself names them, and what can be done to a value.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// A column, and how its table's rows are told apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Column {
    pub(crate) table: String,
    pub(crate) name: String,
    /// The columns that name a row.
    pub(crate) key: Vec<String>,
}

/// Names a row of a table.
pub(crate) type RowKey = Vec<Value>;

/// Every table of the schema, but those that SQLite keeps for itself.
pub(crate) fn tables(database: &Connection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    database.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Every column of a table.
pub(crate) fn columns(database: &Connection, table: &str) -> Vec<Column> {
    let without_rowid: bool =
        database.query_row("SELECT wr FROM pragma_table_list WHERE name = ?1", [table], |row| row.get(0)).unwrap();
    let mut statement = database.prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid").unwrap();
    let all: Vec<(String, i64)> =
        statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    let key: Vec<String> = if without_rowid {
        all.iter().filter(|(_, place)| *place > 0).map(|(name, _)| name.clone()).collect()
    } else {
        vec!["rowid".to_owned()]
    };
    all.into_iter().map(|(name, _)| Column { table: table.to_owned(), name, key: key.clone() }).collect()
}

/// All columns of all tables.
pub(crate) fn all_columns(database: &Connection) -> Vec<Column> {
    tables(database).iter().flat_map(|table| columns(database, table)).collect()
}

pub(crate) fn at(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

impl Column {
    fn found(&self) -> String {
        let terms: Vec<String> =
            self.key.iter().enumerate().map(|(at, name)| format!("{name} IS ?{}", at + 1)).collect();
        terms.join(" AND ")
    }

    /// The rows of the table, and what they hold in this column.
    pub(crate) fn values(&self, database: &Connection) -> Vec<(RowKey, Value)> {
        let Self { table, name, key } = self;
        let sql = format!("SELECT {}, {name} FROM {table} ORDER BY 1", key.join(", "));
        let mut statement = database.prepare(&sql).unwrap();
        let read = statement.query_map([], |row| {
            let key = (0..key.len()).map(|at| row.get(at)).collect::<rusqlite::Result<_>>()?;
            Ok((key, row.get(self.key.len())?))
        });
        read.unwrap().map(Result::unwrap).collect()
    }

    /// Puts a value there; false if the schema does not take it.
    pub(crate) fn set(&self, database: &Connection, row: &RowKey, value: &Value) -> bool {
        let sql = format!("UPDATE {} SET {} = ?{} WHERE {}", self.table, self.name, row.len() + 1, self.found());
        database.execute(&sql, params_from_iter(row.iter().chain([value]))).is_ok_and(|changed| changed == 1)
    }

    pub(crate) fn delete_row(&self, database: &Connection, row: &RowKey) {
        let sql = format!("DELETE FROM {} WHERE {}", self.table, self.found());
        assert_eq!(database.execute(&sql, params_from_iter(row)).unwrap(), 1);
    }

    pub(crate) fn shown(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }
}

/// The value with one bit of it the other way; `None` for what has no bit.
pub(crate) fn flipped(value: &Value, bit: usize) -> Option<Value> {
    match value {
        Value::Integer(number) => Some(Value::Integer(number ^ (1 << (bit % 63)))),
        Value::Text(text) if !text.is_empty() => {
            let mut bytes = text.clone().into_bytes();
            // Among the lowest bits, so that it stays a text.
            let at = (bit / 3) % bytes.len();
            bytes[at] ^= 1 << (bit % 3);
            String::from_utf8(bytes).ok().map(Value::Text)
        }
        Value::Blob(bytes) if !bytes.is_empty() => {
            let mut bytes = bytes.clone();
            let at = (bit / 8) % bytes.len();
            bytes[at] ^= 1 << (bit % 8);
            Some(Value::Blob(bytes))
        }
        _ => None,
    }
}

/// Numbers that look random, and are the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below this limit.
    pub(crate) fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or_default() % below.max(1)
    }
}
