//! The program as a person and as a script use it: one class, from its first command to the proof of its audit.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod copies;
mod room;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use room::{OWNER, Room, id, rows, said};

#[test]
fn a_class_from_its_first_command_to_the_proof() {
    let room = Room::new();

    // A program makes the vaults, and people get into them.
    let made = room.json(
        "owner",
        &["service-account", "create", "grader", "--can-create-vaults", "--can-manage-users", "--save-token", "grader"],
    );
    assert_eq!((&made["token"], &made["principal"]["kind"]), (&"***".into(), &"service_account".into()));
    assert_eq!(room.json("grader", &["whoami"])["name"], "grader");
    let alice =
        room.json("grader", &["user", "create", "alice@example.edu", "--name", "Alice", "--save-token", "alice"]);
    assert_eq!(alice["principal"]["issued"], true);
    let vault = room.json(
        "grader",
        &["vault", "create", "Alice", "--external-id", "student-42", "--access", "alice@example.edu=write"],
    );
    let vault_id = id(&vault);
    assert_eq!((&vault["role"], &vault["external_id"]), (&"admin".into(), &"student-42".into()));
    assert_eq!(id(&room.json("grader", &["vault", "get", "--external-id", "student-42"])), vault_id);
    assert_eq!(room.json("alice", &["vault", "get", &vault_id])["role"], "write");
    let table = room.by("alice", &["vault", "list"]);
    assert_eq!((table.code, table.out.lines().count()), (Some(0), 2));
    assert!(table.out.starts_with("ID ") && table.out.contains(&vault_id));

    // A secret goes in from a file and comes out where it is asked for by name alone.
    room.write("password.txt", "hunter2\n");
    let create = ["item", "create", &vault_id, "--title", "Homework 1", "--field", "grade=A", "--tag", "term-1"];
    let item = room.json("alice", &[&create[..], &["--field", "login.password[concealed]=@password.txt"]].concat());
    let item_id = id(&item);
    assert_eq!(item["fields"][1]["value"], "***");
    assert_eq!(item["fields"][1]["section"], "login");
    let get = ["item", "get", &vault_id, &item_id];
    for masked in [room.by("alice", &get), room.by("alice", &[&get[..], &["--json"]].concat())] {
        assert!(masked.out.contains("***") && !masked.out.contains("hunter2"), "{}", masked.out);
    }
    assert!(room.by("alice", &[&get[..], &["--reveal"]].concat()).out.contains("hunter2"));
    assert_eq!(room.json("alice", &[&get[..], &["--reveal"]].concat())["fields"][1]["value"], "hunter2");
    let reference = "op://Alice/Homework 1/login/password";
    assert_eq!(room.by("alice", &["read", reference]).out, "hunter2\n");
    assert_eq!(room.by("alice", &["read", "--no-newline", reference]).out, "hunter2");
    assert_eq!(room.json("alice", &["read", reference]), "hunter2");

    // A file comes back as it went.
    let essay = "An essay of some length.\n".repeat(100_000);
    room.write("essay.txt", &essay);
    let file =
        room.json("alice", &["file", "attach", &vault_id, &item_id, "essay.txt", "--content-type", "text/plain"]);
    assert_eq!((&file["name"], &file["size"]), (&"essay.txt".into(), &essay.len().into()));
    for (which, to) in [("essay.txt", "by-name.txt"), (file["id"].as_str().unwrap(), "by-id.txt")] {
        let download = room.by("grader", &["file", "download", &vault_id, &item_id, which, "--to", to]);
        assert_eq!((download.code, download.out.as_str(), download.errors.as_str()), (Some(0), "", ""));
        assert!(room.read(to) == essay);
    }
    assert!(room.by("alice", &["file", "download", &vault_id, &item_id, "essay.txt", "--to", "-"]).out == essay);
    assert_eq!(rows(&room.json("alice", &["file", "list", &vault_id, &item_id])).len(), 1);

    // What happened is told once, in order, and can be gone on from.
    let changes = room.json("grader", &["changes", "--vault", &vault_id]);
    let kinds: Vec<_> = rows(&changes["data"]).iter().map(|change| change["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.last(), Some(&"file.attached"));
    assert!(kinds.contains(&"vault.created") && kinds.contains(&"item.created"), "{kinds:?}");
    assert_eq!(rows(&changes["data"]).last().unwrap()["actor"]["name"], "Alice");
    let after = changes["cursor"].as_str().unwrap();
    assert_eq!(room.json("grader", &["changes", "--after", after])["data"], Value::Array(vec![]));
    let attached = room.json("grader", &["changes", "--kind", "file.attached"]);
    assert_eq!(rows(&attached["data"]).len(), 1);

    // And all of it can be proved.
    let proof = room.json("owner", &["audit", "verify"]);
    assert!(proof["events"].as_u64().unwrap() >= 6, "{proof}");
    let events = room.json("owner", &["audit", "list", "--action", "item.*", "--actor", "alice@example.edu"]);
    let created = rows(&events).iter().find(|event| event["action"] == "item.created").unwrap();
    assert_eq!((&created["evidence"], &created["vault_id"]), (&"signed".into(), &vault_id.as_str().into()));
}

#[test]
fn an_account_is_made_once_and_its_secrets_are_shown_once() {
    let room = Room::empty();
    let made = room.run(&["init", "--owner", OWNER, "--json", "classroom.db"]).json();
    let token = made["token"].as_str().unwrap();
    assert!(!token.is_empty() && !made["recovery"].as_str().unwrap().is_empty());
    assert_eq!(made["principal"]["email"], OWNER);
    let mut whoami = room.command(&["whoami", "--json"]);
    let whoami = said(whoami.env("STRONGROOM_TOKEN", token).env("STRONGROOM_LOCATION", "classroom.db")).json();
    // The credential is shown before anything is committed, so its time is the program's clock.
    let without_time = |principal: &Value| {
        let mut principal = principal.clone();
        principal.as_object_mut().unwrap().remove("created_at");
        principal
    };
    assert_eq!(without_time(&whoami), without_time(&made["principal"]));

    let again = room.run(&["init", "--owner", OWNER, "--token-file", "token", "--json", "classroom.db"]);
    assert_eq!(again.refusal(), "already_exists");
    assert!(!room.path("token").exists());
}

#[test]
fn nothing_is_made_when_the_token_cannot_be_kept() {
    let room = Room::empty();
    room.write("token", "of another account");
    let refused = room.run(&["init", "--owner", OWNER, "--token-file", "token", "classroom.db"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    assert!(
        refused.errors.starts_with("strongroom: ") && refused.errors.contains("is there already"),
        "{}",
        refused.errors
    );
    assert_eq!(room.read("token"), "of another account");
    // Were anything there, this would be refused.
    room.run(&["init", "--owner", OWNER, "--json", "classroom.db"]).json();
}

#[cfg(unix)]
#[test]
fn a_token_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let room = Room::new();
    assert_eq!(std::fs::metadata(room.path("owner")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_item_is_changed_archived_restored_and_deleted() {
    let room = Room::new();
    let vault = room.vault("Alice");
    let item = id(&room.json("owner", &["item", "create", &vault, "--title", "Homework", "--field", "draft=yes"]));
    let input = ["item", "update", &vault, &item, "--field", "code[concealed]=-", "--remove-field", "draft", "--json"];
    let updated = room.hears("owner", &input, "s3cret\n").json();
    assert_eq!((&updated["version"], rows(&updated["fields"]).len()), (&2.into(), 1));
    assert_eq!(room.by("owner", &["read", &format!("op://{vault}/{item}/code")]).out, "s3cret\n");
    let stale = ["item", "update", &vault, &item, "--title", "Homework 1", "--if-version", "1"];
    assert_eq!(room.refusal("owner", &stale), "conflict");
    assert_eq!(rows(&room.json("owner", &["item", "history", &vault, &item])).len(), 2);
    let first = room.json("owner", &["item", "get", &vault, &item, "--version", "1"]);
    assert_eq!(first["fields"][0]["label"], "draft");

    assert_eq!(room.json("owner", &["item", "archive", &vault, &item])["archived"], true);
    assert_eq!(rows(&room.json("owner", &["item", "list", &vault])).len(), 0);
    assert_eq!(rows(&room.json("owner", &["item", "list", &vault, "--archived"])).len(), 1);
    assert_eq!(room.json("owner", &["item", "restore", &vault, &item])["archived"], false);
    assert_eq!(room.json("owner", &["item", "delete", &vault, &item]), Value::Null);
    assert_eq!(room.refusal("owner", &["item", "get", &vault, &item]), "not_found");
}

#[test]
fn access_is_given_and_taken() {
    let room = Room::new();
    let vault = room.vault("Alice");
    room.json("owner", &["user", "create", "alice@example.edu", "--save-token", "alice"]);
    assert_eq!(room.refusal("alice", &["vault", "get", &vault]), "not_found");
    let grant = room.json("owner", &["access", "grant", &vault, "alice@example.edu", "read"]);
    assert_eq!((&grant["role"], &grant["principal"]["email"]), (&"read".into(), &"alice@example.edu".into()));
    assert_eq!(room.refusal("alice", &["item", "create", &vault, "--title", "x"]), "permission_denied");
    assert_eq!(rows(&room.json("owner", &["access", "list", &vault])).len(), 2);
    assert_eq!(room.json("owner", &["access", "revoke", &vault, "alice@example.edu"]), Value::Null);
    assert_eq!(room.refusal("alice", &["vault", "get", &vault]), "not_found");

    let account = room.json("owner", &["service-account", "create", "grader", "--save-token", "grader"]);
    let account = account["principal"]["id"].as_str().unwrap();
    assert_eq!(room.json("owner", &["service-account", "revoke", account]), Value::Null);
    assert_eq!(room.refusal("grader", &["whoami"]), "unauthenticated");
}

#[test]
fn a_concealed_value_is_refused_as_an_argument() {
    let room = Room::empty();
    let arguments = ["item", "create", "v", "--title", "x", "--field", "password[concealed]=hunter2"];
    let refused = room.by("no-such-file", &arguments);
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    assert!(
        refused.errors.contains("can see an argument") && !refused.errors.contains("hunter2"),
        "{}",
        refused.errors
    );
}

#[test]
fn wrong_usage_is_two_and_a_missing_token_is_one() {
    let room = Room::empty();
    for wrong in [&[][..], &["vault"], &["vault", "create"], &["whoami", "--token", "x"], &["whoami", "--timeout", "0"]]
    {
        let said = room.run(wrong);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{wrong:?}");
        assert!(!said.errors.is_empty());
    }
    let said = room.run(&["whoami", "--location", "classroom.db"]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert_eq!(said.errors.lines().count(), 1);
    assert!(said.errors.starts_with("strongroom: connect: token: "), "{}", said.errors);
    assert!(said.errors.contains("$STRONGROOM_TOKEN") && said.errors.contains("--token-file"), "{}", said.errors);
    assert_eq!(room.run(&["whoami", "--location", "classroom.db", "--json"]).refusal(), "invalid_argument");
    assert_eq!(room.run(&["serve", "--json"]).refusal(), "invalid_argument");
    assert_eq!(room.run(&["provision", "--json"]).refusal(), "unsupported");
    assert_eq!(room.run(&["--version"]).code, Some(0));
}

#[cfg(unix)]
#[test]
fn following_ends_with_an_interrupt() {
    let room = Room::new();
    let vault = room.vault("Alice");
    let follow =
        ["--location", "classroom.db", "--token-file", "owner", "--json", "changes", "--follow", "--after", "start"];
    let mut child = room.command(&follow).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["kind"], "vault.created");
    room.json("owner", &["item", "create", &vault, "--title", "Homework 1"]);
    while next()["kind"] != "item.created" {}
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[cfg(unix)]
#[test]
fn an_upload_ends_with_an_interrupt_and_is_there_or_not() {
    use std::hash::{BuildHasher, RandomState};
    use std::time::{Duration, Instant};

    let room = Room::new();
    let vault = room.vault("Alice");
    let item = id(&room.json("owner", &["item", "create", &vault, "--title", "Homework 1"]));
    let essay = vec![b'a'; 5 << 20];
    room.write("essay.txt", &essay);
    let at = ["--location", "classroom.db", "--token-file", "owner", "--json", "file", "attach", &vault, &item];
    let begin = Instant::now();
    assert_eq!(said(&mut room.command(&[&at[..], &["essay.txt"]].concat())).code, Some(0));
    // The program's own time is what the interrupts are spread over.
    let (whole, random) = (begin.elapsed() + Duration::from_millis(20), RandomState::new());
    let mut done = vec!["essay.txt".to_owned()];
    for round in 0..30_u32 {
        let name = format!("{round}.txt");
        let arguments = [&at[..], &["essay.txt", "--name", &name]].concat();
        let mut child = room.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * u32::try_from(random.hash_one(round) % 100).unwrap() / 100);
        let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(interrupt.success());
        let status = child.wait().unwrap();
        if status.success() {
            done.push(name);
        }
    }
    let attached = room.json("owner", &["item", "get", &vault, &item]);
    let attached: Vec<&str> = rows(&attached["files"]).iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert!(done.iter().all(|name| attached.contains(&name.as_str())), "{done:?} of {attached:?}");
    assert!(attached.len() < 31, "not one was interrupted");
    for name in &attached {
        let got = room.by("owner", &["file", "download", &vault, &item, name, "--to", "-"]);
        assert!(got.out.as_bytes() == essay, "{name}");
    }
    room.json("owner", &["audit", "verify"]);
    // The next writer removes what the others left.
    let begin = Instant::now();
    let kept = || std::fs::read_dir(room.path("classroom.db-files")).unwrap().count();
    while kept() > attached.len() {
        assert!(begin.elapsed() < Duration::from_secs(30), "{} are kept of {}", kept(), attached.len());
        room.vault("Tomorrow");
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let room = Room::new();
    let vault = room.vault("Alice");
    let item = id(&room.json("owner", &["item", "create", &vault, "--title", "Homework 1"]));
    room.write("essay.txt", vec![b'a'; 4 << 20]);
    room.json("owner", &["file", "attach", &vault, &item, "essay.txt"]);
    let arguments = [
        "--location",
        "classroom.db",
        "--token-file",
        "owner",
        "file",
        "download",
        &vault,
        &item,
        "essay.txt",
        "--to",
        "-",
    ];
    let mut child = room.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn a_file_comes_from_standard_input() {
    let room = Room::new();
    let vault = room.vault("Alice");
    let item = id(&room.json("owner", &["item", "create", &vault, "--title", "Homework 1"]));
    let essay = "An essay of some length.\n".repeat(100_000);
    let attach = ["file", "attach", &vault, &item, "-", "--json"];
    assert_eq!(room.hears("owner", &attach, "").refusal(), "invalid_argument");
    let named = [&attach[..], &["--name", "essay.txt"]].concat();
    let file = room.hears("owner", &named, &essay).json();
    assert_eq!((&file["name"], &file["size"]), (&"essay.txt".into(), &essay.len().into()));
    assert!(room.by("owner", &["file", "download", &vault, &item, "essay.txt", "--to", "-"]).out == essay);
}

#[test]
fn a_leaked_token_is_ended_and_what_it_opened_moves_on() {
    let room = Room::empty();
    let made = room.run(&["init", "--owner", OWNER, "--token-file", "owner", "--json", "classroom.db"]).json();
    room.write("recovery", made["recovery"].as_str().unwrap());
    let create = ["service-account", "create", "grader", "--can-create-vaults", "--can-manage-users"];
    let grader = room.json("owner", &[&create[..], &["--save-token", "grader"]].concat());
    let grader = id(&grader["principal"]);
    room.json("grader", &["user", "create", "alice@example.edu", "--save-token", "alice"]);
    let vaults: Vec<String> = (0..3)
        .map(|number| {
            let name = format!("Vault {number}");
            id(&room.json("grader", &["vault", "create", &name, "--access", "alice@example.edu=write"]))
        })
        .collect();
    room.json("grader", &["item", "create", &vaults[0], "--title", "Homework", "--field", "grade=A"]);

    // Its own holder moves on with a token of its own making; the vaults follow.
    let rotated = room.json("grader", &["rotate-token", "--save-token", "grader-2"]);
    assert_eq!((&rotated["token"], id(&rotated["principal"])), (&"***".into(), grader.clone()));
    assert_eq!(room.refusal("grader", &["whoami"]), "unauthenticated");
    assert_eq!(room.json("grader-2", &["vault", "rekey"]), 3);
    assert_eq!(room.json("grader-2", &["vault", "rekey"]), 0);
    assert_eq!(room.refusal("grader-2", &["rotate-token", "--save-token", "grader-2"]), "invalid_argument");
    assert_eq!(room.json("grader-2", &["whoami"])["name"], "grader");

    // Its holder lost it: the owner makes another, and the recovery code lets that in.
    room.json("owner", &["service-account", "reissue", &grader, "--save-token", "grader-3"]);
    assert_eq!(room.refusal("grader-2", &["vault", "list"]), "unauthenticated");
    assert_eq!(rows(&room.json("grader-3", &["vault", "list"])).len(), 0);
    assert_eq!(room.json("owner", &["access", "approve", &grader]), 0);
    assert_eq!(room.json("recovery", &["access", "approve", &grader]), 3);
    let matrix = room.json("recovery", &["access", "matrix"]);
    assert!(rows(&matrix).len() == 6 && rows(&matrix).iter().all(|grant| grant["state"] == "active"), "{matrix}");
    let listed = room.json("grader-3", &["vault", "list"]);
    assert!(rows(&listed).len() == 3 && rows(&listed).iter().all(|vault| vault["due"] == false), "{listed}");
    let update = ["service-account", "update", &grader, "--can-create-vaults", "true"];
    assert_eq!(room.json("owner", &update)["can_create_vaults"], true);

    // What each of its keys did.
    for (generation, expected) in [("1", "item.created"), ("2", "epoch.started")] {
        let list = ["audit", "list", "--actor", &grader, "--generation", generation];
        let events = room.json("owner", &list);
        assert!(rows(&events).iter().any(|event| event["action"] == expected), "{events}");
        let other = if generation == "1" { "epoch.started" } else { "item.created" };
        assert!(rows(&events).iter().all(|event| event["action"] != other), "{events}");
    }

    // Users come and go.
    assert_eq!(room.json("owner", &["user", "suspend", "alice@example.edu"])["state"], "suspended");
    assert_eq!(room.refusal("alice", &["vault", "list"]), "unauthenticated");
    assert_eq!(room.json("owner", &["user", "reactivate", "alice@example.edu"])["state"], "active");
    assert_eq!(rows(&room.json("alice", &["vault", "list"])).len(), 3);
    room.json("owner", &["user", "reissue", "alice@example.edu", "--save-token", "alice-2"]);
    assert_eq!(room.json("grader-3", &["access", "approve", "alice@example.edu", "--vault", &vaults[0]]), 1);
    assert_eq!(rows(&room.json("alice-2", &["vault", "list"])).len(), 1);
    let deleted = room.by("owner", &["user", "delete", "alice@example.edu", "--erase"]);
    assert_eq!((deleted.code, deleted.errors.as_str()), (Some(0), ""));
    assert_eq!(room.refusal("owner", &["user", "get", "alice@example.edu"]), "not_found");
    room.json("owner", &["audit", "verify"]);
}
