//! Engines that serve the same callers.

use std::sync::Arc;

use strongroom::authority::{Authority, Rows, Session};
use strongroom::engine::Engine;
use strongroom::log::body::Nothing;
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::log::reads::{Action, ReadEntry};
use strongroom::model::id::Id;
use strongroom::store::sqlite::SqliteStore;

use super::vault::grant;
use super::world::{World, code, fresh};

const HERE: &str = "https://vault.example.edu";

#[tokio::test]
async fn a_session_is_open_at_all_of_them_until_its_principal_ends() {
    let world = World::new().await;
    let [first, second] = [(); 2].map(|()| Engine::at(Arc::<SqliteStore>::clone(&world.store), HERE.to_owned()));
    let alice = world.student("alice@example.edu").await;
    let vault = world.vault(&[grant(&alice, 1)]).await;
    let key = Id(alice.identity.public().sign);
    let vaults = async |engine: &Engine, session| engine.vaults(session, 0, 9).await.map(|page| page.ids);

    // Asked by one, answered at the other, once.
    let challenge = first.challenge(alice.id, key).await.unwrap();
    assert_eq!(challenge.origin, HERE);
    let session = second.sign_in(alice.answer(&challenge)).await.unwrap();
    for engine in [&second, &first] {
        assert_eq!(code(engine.sign_in(alice.answer(&challenge)).await), "unauthenticated");
        assert_eq!(vaults(engine, session).await.unwrap(), [vault]);
    }
    assert_eq!(code(vaults(&first, Session(fresh())).await), "unauthenticated");
    assert_eq!(code(vaults(&world.engine, session).await), "unauthenticated", "it was opened elsewhere");

    // A third that begins later, as after a restart, goes on; and notes what is done by the session's name and program.
    let third = Engine::at(Arc::<SqliteStore>::clone(&world.store), HERE.to_owned());
    assert_eq!(code(third.may(session, fresh(), strongroom::model::role::Role::Read).await), "not_found");
    let noted = third.reads(session, strongroom::authority::ReadsFilter::default(), 0, 100).await.unwrap();
    let mut denied = noted.rows.iter().map(|row| ReadEntry::from_bytes(&row.entry).unwrap());
    let denied = denied.rfind(|entry| entry.action == Action::AccessDenied.number()).unwrap();
    assert_eq!((denied.session, denied.app.as_deref()), (ReadEntry::session_id(session.0), Some("test")));

    let at = world.state(LogId::new(LogKind::Principal, alice.id)).await;
    let suspended = Body::PrincipalSuspended(Nothing {});
    world.act(&world.owner, Some(alice.id), at, suspended, Rows::default()).await.unwrap();
    for engine in [&first, &second, &third] {
        assert_eq!(code(vaults(engine, session).await), "unauthenticated");
    }
}
