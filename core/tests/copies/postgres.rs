//! Copies from and to PostgreSQL that are refused or fail: what was there stays, and nothing is left of them.

use strongroom::client::{backup, connect, migrate, restore};
use tokio_postgres::NoTls;

use crate::postgresql::Schema;
use crate::world::{World, code, options, put};

/// A connection to the database of a schema, in which names are found.
async fn inside(schema: &Schema) -> tokio_postgres::Client {
    let (base, named) = schema.0.split_once("?schema=").unwrap();
    let (client, connection) = tokio_postgres::connect(base, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(&format!("SET search_path = {named}")).await.unwrap();
    client
}

/// Whether nothing is left of a schema.
async fn is_gone(schema: &Schema) -> bool {
    let (_, named) = schema.0.split_once("?schema=").unwrap();
    let sql = "SELECT count(*) FROM pg_namespace WHERE nspname = $1";
    inside(schema).await.query_one(sql, &[&named]).await.unwrap().get::<_, i64>(0) == 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_is_filled_is_refused_and_stays() {
    let (filled, free) = (Schema::new(), Schema::new());
    let (world, theirs) = (World::new().await, World::in_postgresql(&filled).await);
    let (from, owner) = (world.place("class.db"), || Some(world.owner.clone()));
    assert_eq!(code(backup(Some(&from), &filled.0, owner()).await), "already_exists");
    assert_eq!(code(migrate(&from, &filled.0, owner()).await), "already_exists");
    assert_eq!(code(restore(&from, Some(&filled.0), owner()).await), "already_exists");
    theirs.is_whole(&filled.0).await;

    let theirs_of = || Some(theirs.owner.clone());
    assert_eq!(code(backup(Some(&filled.0), &from, theirs_of()).await), "already_exists");
    assert_eq!(code(backup(Some(&filled.0), &filled.0, theirs_of()).await), "invalid_argument");
    assert_eq!(code(backup(Some(&free.0), &theirs.place("to.db"), theirs_of()).await), "not_found");
    assert!(theirs.left_of("to.db").is_empty() && is_gone(&free).await);
    world.is_whole(&from).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_copy_leaves_nothing() {
    let (filled, free) = (Schema::new(), Schema::new());
    let world = World::in_postgresql(&filled).await;
    let alice = || Some(world.alice.clone());
    assert_eq!(code(backup(Some(&filled.0), &free.0, alice()).await), "permission_denied");
    assert_eq!(code(backup(Some(&filled.0), &world.place("to.db"), alice()).await), "permission_denied");
    assert_eq!(code(restore(&filled.0, Some(&free.0), alice()).await), "permission_denied");
    assert!(is_gone(&free).await && world.left_of("to.db").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_contradicts_itself_is_not_copied() {
    let (filled, free) = (Schema::new(), Schema::new());
    let world = World::in_postgresql(&filled).await;
    let place = world.place("to.db");
    let inside = inside(&filled).await;
    let tenth = "position = (SELECT position FROM entry ORDER BY position LIMIT 1 OFFSET 9)";
    for damage in [
        format!("UPDATE entry SET operation = decode(repeat('00', octet_length(operation)), 'hex') WHERE {tenth}"),
        format!("UPDATE entry SET time = time + 1 WHERE {tenth}"),
        "UPDATE batch SET root = decode(repeat('00', 32), 'hex') WHERE size = (SELECT max(size) FROM batch)".to_owned(),
        format!("DELETE FROM feed WHERE {tenth}"),
        "UPDATE part SET overview = decode(repeat('00', octet_length(overview)), 'hex') WHERE version = 1".to_owned(),
        "UPDATE member SET role = 3 WHERE role = 2".to_owned(),
    ] {
        let kept = ["entry", "batch", "feed", "part", "member"];
        for table in kept {
            inside.batch_execute(&format!("CREATE TEMPORARY TABLE kept_{table} AS TABLE {table}")).await.unwrap();
        }
        assert!(inside.execute(&damage, &[]).await.unwrap() > 0, "{damage}");
        for to in [&place, &free.0] {
            assert_eq!(code(backup(Some(&filled.0), to, Some(world.owner.clone())).await), "tampered", "{damage}");
        }
        assert!(world.left_of("to.db").is_empty() && is_gone(&free).await, "{damage}");
        for table in kept {
            let again = format!("DELETE FROM {table}; INSERT INTO {table} TABLE kept_{table}; DROP TABLE kept_{table}");
            inside.batch_execute(&again).await.unwrap();
        }
    }
    // Mended, it is copied.
    backup(Some(&filled.0), &free.0, Some(world.owner.clone())).await.unwrap();
    world.is_whole(&free.0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_contradicts_itself_leaves_nothing_in_postgresql() {
    let world = World::new().await;
    let free = Schema::new();
    let damage = "UPDATE part SET overview = zeroblob(length(overview)) WHERE version = 1";
    assert!(rusqlite::Connection::open(world.path("class.db")).unwrap().execute(damage, []).unwrap() > 0);
    assert_eq!(code(migrate(&world.place("class.db"), &free.0, Some(world.owner.clone())).await), "tampered");
    assert!(is_gone(&free).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_was_broken_off_is_not_opened() {
    let (filled, broken) = (Schema::new(), Schema::new());
    let world = World::in_postgresql(&filled).await;
    backup(Some(&filled.0), &broken.0, Some(world.owner.clone())).await.unwrap();
    inside(&broken).await.execute("UPDATE feed_head SET copying = TRUE", &[]).await.unwrap();
    let refused = connect(options(&broken.0, &world.owner)).await.err().unwrap();
    assert_eq!(refused.code(), "invalid_argument");
    assert!(refused.message().contains("broken off"), "{refused}");
    let refused = restore(&broken.0, Some(&world.place("to.db")), Some(world.owner.clone())).await;
    assert_eq!(code(refused), "invalid_argument");
    assert_eq!(code(backup(Some(&filled.0), &broken.0, Some(world.owner.clone())).await), "already_exists");
    assert!(world.left_of("to.db").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_meanwhile_ends_a_move() {
    let (filled, free) = (Schema::new(), Schema::new());
    let world = World::in_postgresql(&filled).await;
    let writing = async {
        loop {
            put(&filled.0, &world.alice, &world.vault, "Meanwhile").await;
        }
    };
    let refused = tokio::select! {
        refused = migrate(&filled.0, &free.0, Some(world.owner.clone())) => refused,
        () = writing => unreachable!(),
    };
    assert_eq!(code(refused), "conflict");
    assert!(is_gone(&free).await);
    world.is_whole(&filled.0).await;
}
