//! An item read with its keys warm, against opening its parts and reading a row.

use std::path::Path;
use std::time::Instant;

use rusqlite::Connection;
use strongroom::model::field::{Field, FieldType};
use strongroom::model::item::NewItem;
use strongroom::model::secret::Secret;

use crate::bare::Bare;
use crate::school;
use crate::timing::{median, row};

const ROUNDS: usize = 200;
const READS: usize = 50;

pub(crate) async fn run(folder: &Path) {
    let location = folder.join("read.db");
    let (_, program) = school::program(location.to_str().unwrap()).await;
    school::users(&program, 1).await;
    let vault = school::vaults(&program, 0..1, 1).await.remove(0).id.to_string();
    let password = Field {
        label: "password".to_owned(),
        value: Secret::new("hunter2"),
        field_type: FieldType::Concealed,
        section: None,
    };
    let item = NewItem { title: "Homework 1".to_owned(), fields: vec![password], ..NewItem::default() };
    let item = program.items().create(&vault, item).await.unwrap().id.to_string();

    let bare = Bare::make();
    let open = bare.item();
    let point = PointRead::in_folder(folder);
    let (mut reads, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..READS {
            std::hint::black_box(program.items().get(&vault, &item, None).await.unwrap());
        }
        reads.push(began.elapsed() / u32::try_from(READS).unwrap());
        let began = Instant::now();
        for number in 0..READS {
            std::hint::black_box((open(), point.read(number)));
        }
        limits.push(began.elapsed() / u32::try_from(READS).unwrap());
    }
    row("read an item, keys warm", median(reads), "open and point read", median(limits), "≤ 3");
    program.close().await;
}

/// One row by its key, from a file of the library's own kind.
struct PointRead(Connection);

impl PointRead {
    fn in_folder(folder: &Path) -> Self {
        let connection = Connection::open(folder.join("point.db")).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE row (id INTEGER PRIMARY KEY, bytes BLOB);")
            .unwrap();
        for number in 0..READS {
            connection.execute("INSERT INTO row VALUES (?1, zeroblob(500))", [number]).unwrap();
        }
        Self(connection)
    }

    fn read(&self, number: usize) -> usize {
        let mut read = self.0.prepare_cached("SELECT bytes FROM row WHERE id = ?1").unwrap();
        read.query_row([number], |row| row.get::<_, Vec<u8>>(0)).unwrap().len()
    }
}
