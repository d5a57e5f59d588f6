//! Attack 5: a head of another feed that crosses, by the token, by the state file or by what an author had seen, ends the deceit.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use strongroom::backend::sealed::{Sealed, SealedOptions};
use strongroom::crypto::token::Token;
use strongroom::error::Result;
use strongroom::log::feed::Head;
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::model::id::{Id, ItemId};

use crate::served;
use crate::signed::{believable, force, item_row};
use crate::world::{World, code, connect, item};

/// The owner's token, as if its maker had known this head.
fn token(world: &World, head: Head) -> String {
    let Token { kind, account, principal, .. } = world.owner.token;
    let seed = Token::parse(world.owner.kit.token.expose()).unwrap().seed;
    Token { kind, account, principal, seed, head_size: head.size, head_root: head.root }.encode().to_string()
}

async fn try_connect(world: &World, token: &str, state: Option<&Path>) -> Result<Sealed> {
    let options = SealedOptions { state: state.map(Path::to_path_buf), ..SealedOptions::default() };
    Sealed::connect(served::reached(Arc::clone(&world.engine)), token, options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_and_a_state_file_are_heads_of_one_feed() {
    let world = World::new().await;
    world.user("somebody").await;
    let early = world.engine.end().await.unwrap();
    world.vault(&[]).await;
    let other = Head { root: Id([9; 32]), ..early };
    assert_eq!(code(try_connect(&world, &token(&world, other), None).await), "tampered");

    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    try_connect(&world, &token(&world, early), Some(&state)).await.unwrap();
    // The file remembers more than either token had.
    try_connect(&world, &token(&world, early), Some(&state)).await.unwrap();
    assert_eq!(code(try_connect(&world, &token(&world, other), Some(&state)).await), "tampered");

    // And a token that knows more than the file, which is of another feed.
    let text = std::fs::read_to_string(&state).unwrap();
    let remembered: serde_json::Value = serde_json::from_str(&text).unwrap();
    let newest = world.engine.end().await.unwrap();
    assert_eq!(remembered["size"], newest.size);
    let forged = serde_json::json!({
        "version": 1, "account": remembered["account"], "size": early.size, "root": "09".repeat(32),
    });
    std::fs::write(&state, forged.to_string()).unwrap();
    assert_eq!(code(try_connect(&world, &token(&world, newest), Some(&state)).await), "tampered");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_author_had_seen_is_joined_before_an_item_is_believed() {
    for read_before in [false, true] {
        let world = World::new().await;
        let (reader, writer) = (world.user("reader").await, world.user("writer").await);
        let vault = world.vault(&[(&reader, "read"), (&writer, "write")]).await.id;
        let honest = writer.client.items().create(&vault.to_string(), item("honest", "value")).await.unwrap();
        let client = connect(Arc::clone(&world.engine), &reader.kit).await.unwrap();
        if read_before {
            client.items().get(&vault.to_string(), &honest.id.to_string(), None).await.unwrap();
        }

        // The writer signed it over another feed, and the store puts it into this one.
        let key = writer.vault_key(&world, vault, 1).await;
        let crossing = Id([8; 32]);
        let (written, rows) = believable(&writer, vault, crossing, &key);
        let row = item_row(vault, &written, &rows);
        let mut operation = writer.operation(&world, vault, Body::ItemPut(written)).await;
        operation.seen.root = Id([9; 32]);
        let submission = writer.sign(&operation, rows);
        assert_eq!(code(writer.submit(&world, submission.clone()).await), "tampered");
        force(&world, LogId::new(LogKind::Items, vault), &writer, &submission, vec![row]).await;

        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let read = client.items().get(&vault.to_string(), &ItemId(crossing).to_string(), None).await;
        assert_eq!(code(read), "tampered");
        assert_eq!(code(world.owner.client.audit().verify().await), "tampered");
    }
}
