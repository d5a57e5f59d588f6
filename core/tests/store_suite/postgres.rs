//! What is PostgreSQL's own: schemas, opening again, what another program left.

use std::sync::Arc;

use strongroom::store::postgres::{PostgresLocation, PostgresStore};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::Place;
use crate::postgresql::Schema;

pub(crate) async fn open(url: &str, create: bool) -> strongroom::error::Result<Arc<PostgresStore>> {
    PostgresStore::open(&PostgresLocation::parse(url)?, create).await
}

fn place(more: &str) -> Place {
    let schema = Schema::new();
    let url = format!("{}{more}", schema.0);
    let store = block_in_place(|| Handle::current().block_on(open(&url, true))).unwrap();
    Place::new(store, schema)
}

pub(crate) fn locks() -> Place {
    place("")
}

pub(crate) fn serializable() -> Place {
    place("&advisory_locks=off")
}
