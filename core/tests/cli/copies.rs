//! Backups, what is restored from them, and accounts that move.

use crate::room::{Room, id, rows};

#[test]
fn an_account_is_kept_restored_and_moved() {
    let room = Room::new();
    let vault = id(&room.json("owner", &["vault", "create", "Class"]));
    let kept = room.json("owner", &["backup", "kept.db"]);
    assert!(kept["events"].as_u64().unwrap() > 3, "{kept}");
    assert_eq!(room.refusal("owner", &["backup", "kept.db"]), "already_exists");
    room.json("owner", &["item", "create", &vault, "--title", "Lost"]);
    let state = ["--state", "state"];
    let items = |place: &str, more: &[&str]| {
        let list = ["item", "list", &vault, "--location", place, "--token-file", "owner", "--json"];
        room.run(&[&list[..], &state, more].concat())
    };
    assert_eq!(rows(&items("classroom.db", &[]).json()).len(), 1);

    let restored =
        room.run(&["restore", "kept.db", "--location", "again.db", "--token-file", "owner", "--json"]).json();
    assert!(restored["tree_size"].as_u64() > kept["tree_size"].as_u64(), "{restored}");
    assert_eq!(items("again.db", &[]).refusal(), "tampered");
    assert_eq!(rows(&items("again.db", &["--accept-restored"]).json()).len(), 0);
    assert_eq!(rows(&items("again.db", &[]).json()).len(), 0);

    room.run(&["migrate", "again.db", "moved.db", "--token-file", "owner", "--json"]).json();
    assert_eq!(rows(&items("moved.db", &[]).json()).len(), 0);
    let nothing = room.run(&["migrate", "none.db", "there.db", "--token-file", "owner", "--json"]);
    assert_eq!(nothing.refusal(), "not_found");
    assert!(!room.path("there.db").exists());
}
