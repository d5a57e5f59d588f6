"""A second reader, written from docs/protocol.md, against the frozen database, forged ones, and what is written today."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cbor2
import pytest
from reader import encoding, operations, trees
from reader.crypto import Identity
from reader.cursors import parse_cursor
from reader.database import Reader
from reader.encoding import Refused, Unknown, parse_id, print_id
from reader.vaults import Vault

import strongroom
from strongroom import Field

VECTORS = Path(__file__).parents[1] / "vectors"
DATABASE = VECTORS / "v1" / "database"
SAID: dict[str, str] = json.loads((DATABASE / "classroom.json").read_text())


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A copy of the committed database."""
    return Path(shutil.copy(DATABASE / "classroom.db", tmp_path / "classroom.db"))


def read_all(reader: Reader, vault: Vault) -> list[Any]:
    """Everything that there is to open in a vault."""
    opened: list[Any] = [reader.name(vault)]
    for item, state in vault.items.items():
        for version in state.versions:
            opened.append(reader.item(vault, item, version))
        files = opened[-1][1]["files"]
        assert [file["id"] for file in files] == list(state.files)
        opened.extend(reader.file(vault, item, file) for file in files)
    return opened


# The frozen database.


@pytest.mark.parametrize("who", ["student", "owner", "recovery"])
def test_the_frozen_database_is_verified_and_opened(database: Path, who: str) -> None:
    reader = Reader(database, SAID[who])
    audit = reader.audit
    assert (audit.entries, audit.feed.size, list(audit.heads)) == (12, 22, [0, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22])
    vault = audit.vaults[parse_id("vlt_", SAID["vault"])]
    assert vault.external_id == "student-42"
    assert sorted(reader.keys(vault)) == [1, 2]
    assert reader.name(vault) == {"name": "Alice", "description": "Homework"}
    first, second = vault.items
    assert first == parse_id("itm_", SAID["item"])
    overview, details = reader.item(vault, first, 2)
    assert overview == {
        "title": "Homework 1",
        "category": "document",
        "tags": ["math"],
        "urls": ["https://example.edu"],
    }
    assert details["notes"] == "A note"
    fields = {field["label"]: (field["value"], field["type"]) for field in details["fields"]}
    assert fields == {"password": ("hunter2", "concealed"), "grade": ("A", "text")}
    (file,) = details["files"]
    assert (file["name"], reader.file(vault, first, file)) == ("essay.txt", b"An essay")
    assert [field["label"] for field in reader.item(vault, first, 1)[1]["fields"]] == ["password"]
    assert reader.item(vault, second, 1)[0]["title"] == "Homework 2"


def test_the_cursor_of_the_frozen_database_is_its_end(database: Path) -> None:
    cursor = parse_cursor(SAID["cursor"])
    assert cursor["position"] == cursor["head"]["size"] == 22
    assert Reader(database, SAID["owner"]).audit.heads[22] == cursor["head"]["root"]


def columns(connection: sqlite3.Connection) -> list[tuple[str, str, int, bytes]]:
    """Every blob of the tables that are read, by its row: table, column, row number and bytes."""
    where = {
        "entry": ["operation", "signatures"],
        "feed": ["leaf"],
        "batch": ["root"],
        "vault": ["name"],
        "wrap": ["sealed"],
        "part": ["overview", "details"],
        "file": ["leaves"],
        "piece": ["bytes"],
        "principal": ["id", "salt"],
    }
    found = []
    for table, names in where.items():
        for name in names:
            for row, value in connection.execute(f"SELECT rowid, {name} FROM {table}").fetchall():
                found.append((table, name, row, value))
    return found


def test_every_changed_blob_is_refused(database: Path) -> None:
    connection = sqlite3.connect(database)
    tokens = [SAID[who] for who in ("student", "owner", "recovery")]

    def refused() -> bool:
        try:
            for token in tokens:
                reader = Reader(database, token)
                read_all(reader, reader.audit.vaults[parse_id("vlt_", SAID["vault"])])
        except Refused:
            return True
        return False

    assert not refused()
    changed = [*columns(connection), *((table, name, row, value) for table, name, row, value in columns(connection))]
    half = len(changed) // 2
    unread = []
    for number, (table, name, row, value) in enumerate(changed):
        at = len(value) // 2 if number < half else len(value) - 1
        turned = bytes([*value[:at], value[at] ^ 1, *value[at + 1 :]])
        with connection:
            connection.execute(f"UPDATE {table} SET {name} = ? WHERE rowid = ?", (turned, row))
        if not refused():
            unread.append((table, row))
        with connection:
            connection.execute(f"UPDATE {table} SET {name} = ? WHERE rowid = ?", (value, row))
    # Those who have the key of the second epoch open the first with it, so its three wraps, and Bob's, are not read.
    of_epoch = "SELECT rowid FROM wrap WHERE epoch = 1 OR principal = 4"
    assert set(unread) == {("wrap", row) for (row,) in connection.execute(of_epoch)}
    assert not refused()
    connection.close()


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM entry WHERE position = 20",
        "DELETE FROM feed WHERE position = 21",
        "DELETE FROM feed WHERE position = 7",
        "DELETE FROM batch WHERE size = 22",
        "UPDATE entry SET time = time + 1 WHERE position = 20",
        "UPDATE entry SET seq = seq + 1 WHERE position = 20",
        "UPDATE batch SET size = 23 WHERE size = 22",
        "UPDATE principal SET name = 'Mallory' WHERE leaf = 3",
        "UPDATE principal SET email = 'mallory@example.edu' WHERE leaf = 3",
        "UPDATE principal SET kind = 1 WHERE leaf = 3",
        "DELETE FROM previous_key",
        "UPDATE previous_key SET sealed = zeroblob(length(sealed))",
        "DELETE FROM wrap",
        "DELETE FROM part WHERE version = 2",
        "DELETE FROM piece",
        "UPDATE refinery_schema_history SET version = 4",
        "PRAGMA application_id = 1",
    ],
)
def test_a_changed_table_is_refused(database: Path, change: str) -> None:
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(change)
    connection.close()
    with pytest.raises(Refused):
        reader = Reader(database, SAID["student"])
        read_all(reader, reader.audit.vaults[parse_id("vlt_", SAID["vault"])])


def test_yesterday_is_known_by_the_token_alone(database: Path) -> None:
    """Without a remembered head a shorter feed is as good as any, but not shorter than the token's."""
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("DELETE FROM feed WHERE position >= 20")
        connection.execute("DELETE FROM batch WHERE size > 20")
    assert Reader(database, SAID["student"]).audit.feed.size == 20
    with connection:
        connection.execute("DELETE FROM feed WHERE position >= 3")
        connection.execute("DELETE FROM batch WHERE size > 3")
    connection.close()
    with pytest.raises(Refused):
        Reader(database, SAID["student"])


# Forged histories.


@dataclass
class Forger:
    """Appends what somebody signs to a copy of the database, as an engine that judges nothing would."""

    path: Path
    who: str

    def __post_init__(self) -> None:
        self.reader = Reader(self.path, SAID[self.who])
        self.vault = self.reader.audit.vaults[parse_id("vlt_", SAID["vault"])]

    def operation(self, **changes: Any) -> bytes:
        """An `item.put` of the newest key, on what is the newest, but for the changes."""
        parts = {
            "version": 1,
            "kind": 40,
            "account": self.reader.account,
            "log": self.vault.id,
            "signer": self.reader.principal,
            "generation": 1,
            "id": bytes(32),
            "at": list(self.vault.states[-1]),
            "seen": list(self.reader.audit.feed.head()),
            "body": self.item(),
        }
        return bytes(cbor2.dumps(list({**parts, **changes}.values()), canonical=True))

    def item(self, **changes: Any) -> list[Any]:
        parts = {"item": bytes([7] * 32), "version": 1, "previous": b"", "epoch": 2, "overview": bytes(32)}
        rest = {"details": bytes(32), "archived": False, "added": [], "removed": []}
        return list({**parts, **rest, **changes}.values())

    def append(self, operation: bytes, log_kind: str = "items", signature: bytes | None = None) -> None:
        """Appends one batch of one entry, with leaves and head that fit."""
        audit = self.reader.audit
        made = self.reader.identity.sign.sign(encoding.join("operation", operation))
        signatures = [made if signature is None else signature]
        tree = audit.logs[log_kind, self.vault.id]
        seq, position, time = tree.size, audit.feed.size, 1_800_000_000_000
        hashed = operations.entry_hash(seq, time, operation, signatures)
        tree.append(hashed)
        leaf = operations.state_leaf("feed", log_kind, self.vault.id, tree.head())
        audit.feed.append(leaf)
        size, root = audit.end_batch()
        key = {"vault": 2, "items": 3}[log_kind]
        with sqlite3.connect(self.path) as connection:
            connection.execute(
                "INSERT INTO entry (position, log, seq, time, operation_id, hash, root, signatures, operation) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (position, key, seq, time, bytes(32), hashed, tree.root(), cbor2.dumps(signatures), operation),
            )
            connection.execute("INSERT INTO feed VALUES (?, ?, ?, ?)", (position, key, seq, leaf))
            (heads,) = audit.leaves[-1:]
            connection.execute("INSERT INTO feed VALUES (?, NULL, NULL, ?)", (position + 1, heads))
            connection.execute("INSERT INTO batch VALUES (?, ?, ?, 0, x'', 0, x'')", (size, root, time))
        connection.close()


def test_an_honest_entry_that_was_appended_by_hand_is_taken(database: Path) -> None:
    forger = Forger(database, "student")
    forger.append(forger.operation())
    assert Reader(database, SAID["owner"]).audit.entries == 13


BOB = bytes.fromhex("b31126cde8d758de6a0cce44732982ad9a99411ea6a218dd3d07bb1167d65c39")


@pytest.mark.parametrize(
    ("why", "log", "item", "changes"),
    [
        ("another epoch", "items", {"epoch": 1}, {}),
        ("a version out of order", "items", {"version": 2}, {}),
        ("a version out of order", "items", {"previous": bytes(32)}, {}),
        ("no first version", "items", {"archived": True}, {}),
        ("no first version", "items", {}, {"kind": 42}),
        ("no keys of that generation", "items", {}, {"generation": 2}),
        ("another account", "items", {}, {"account": bytes([1] * 32)}),
        ("another key or message", "items", {}, {"signer": BOB}),
        ("a state that the vault never had", "items", {}, {"at": [1, trees.EMPTY]}),
        ("another vault or state", "items", {}, {"at": [0, trees.EMPTY]}),
        ("a head that this feed never had", "items", {}, {"seen": [22, trees.EMPTY]}),
        ("a head that this feed never had", "items", {}, {"seen": [21, trees.EMPTY]}),
        ("no byte string", "items", {}, {"body": []}),
        ("too low a role", "items", {}, {"kind": 41, "body": [bytes([7] * 32), 1, b""]}),
        ("no administrator", "vault", {}, {"kind": 31, "body": [2, bytes(32)]}),
        ("no administrator", "vault", {}, {"kind": 32, "body": []}),
        ("no administrator", "vault", {}, {"kind": 33, "body": [2, [[BOB, 3, 1]], []]}),
        ("an epoch that is over", "vault", {}, {"kind": 34, "body": [1, 1, [BOB, 1]]}),
        ("no grant to complete", "vault", {}, {"kind": 34, "body": [2, 1, [BOB, 1]]}),
    ],
)
def test_what_a_writer_may_not_sign_is_refused(
    database: Path, why: str, log: str, item: dict[str, Any], changes: dict[str, Any]
) -> None:
    forger = Forger(database, "student")
    forger.append(forger.operation(**{"body": forger.item(**item), **changes}), log)
    with pytest.raises(Refused, match=why) as refused:
        Reader(database, SAID["owner"])
    assert refused.type is Refused


def test_other_versions_and_kinds_stop_the_reader(database: Path) -> None:
    for number, changes in enumerate([{"version": 2}, {"kind": 44}]):
        path = Path(shutil.copy(database, database.with_name(f"{number}.db")))
        forger = Forger(path, "student")
        forger.append(forger.operation(**changes))
        with pytest.raises(Unknown):
            Reader(path, SAID["owner"])


def test_a_signature_of_something_else_is_refused(database: Path) -> None:
    forger = Forger(database, "student")
    operation = forger.operation()
    forger.append(operation, signature=forger.reader.identity.note.sign(encoding.join("operation", operation)))
    with pytest.raises(Refused):
        Reader(database, SAID["owner"])


# What is written today.


def test_what_is_written_today_is_read(tmp_path: Path) -> None:
    path = tmp_path / "class.db"
    kit = strongroom.init(str(path), owner="teacher@example.edu")
    teacher = strongroom.connect(str(path), kit.token)
    account = teacher.service_accounts.create("grader", can_create_vaults=True, can_manage_users=True)
    grader = strongroom.connect(str(path), account.token)
    alice = grader.users.create("alice@example.edu", name="Alice")
    bob = grader.users.create("bob@example.edu", name="Bob")
    made = grader.vaults.create(
        "Alice", description="Homework", access={"alice@example.edu": "write", "bob@example.edu": "read"}
    )
    student = strongroom.connect(str(path), alice.token)
    large = bytes(range(251)) * 9_000
    files: list[tuple[str, bytes]] = [("large", large), ("small", b"small"), ("empty", b"")]
    fields = [Field("password", "hunter2", type="concealed"), Field("grade", "Ä", section="class")]
    item = student.items.create(made.id, title="Homework 1", notes="A note", fields=fields, files=files)
    attached = student.files.attach(made.id, item.id, "later.txt", b"later")
    grader.items.update(made.id, item.id, set_fields=[Field("grade", "B")])
    grader.vaults.update(made.id, name="Alice A.")
    grader.access.grant(made.id, "teacher@example.edu", "admin")
    grader.access.revoke(made.id, "bob@example.edu")
    grader.access.grant(made.id, "alice@example.edu", "read")
    grader.files.detach(made.id, item.id, attached.id)
    grader.items.archive(made.id, item.id)
    gone = grader.items.create(made.id, title="gone")
    grader.items.delete(made.id, gone.id)
    grader.vaults.delete(grader.vaults.create("gone").id)
    grader.service_accounts.revoke(grader.service_accounts.create("spare").principal.id)
    proof = teacher.audit.verify()
    for client in (student, grader, teacher):
        client.close()

    for token in (kit.token, kit.recovery, account.token, alice.token):
        assert token is not None
        reader = Reader(path, token)
        assert print_id("", reader.audit.heads[proof.tree_size]) == proof.root
        assert reader.audit.entries + reader.database.reads >= proof.events
        vault = reader.audit.vaults[parse_id("vlt_", made.id)]
        assert sorted(reader.keys(vault)) == [1, 2, 3]
        assert reader.name(vault) == {"name": "Alice A.", "description": "Homework"}
        state = vault.items[parse_id("itm_", item.id)]
        assert state.archived
        overview, details = reader.item(vault, parse_id("itm_", item.id), state.version)
        assert (overview["title"], details["notes"]) == ("Homework 1", "A note")
        labels = [(field["section"], field["label"], field["value"]) for field in details["fields"]]
        assert labels == [(None, "password", "hunter2"), ("class", "grade", "Ä"), (None, "grade", "B")]
        contents = {file["name"]: reader.file(vault, parse_id("itm_", item.id), file) for file in details["files"]}
        assert contents == dict(files)
        assert vault.items[parse_id("itm_", gone.id)].deleted

    revoked = Reader(path, bob.token)
    vault = revoked.audit.vaults[parse_id("vlt_", made.id)]
    assert sorted(revoked.keys(vault)) == [1]
    with pytest.raises(Refused):
        revoked.name(vault)
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("DELETE FROM reads WHERE place = 0")
    with pytest.raises(Refused):
        Reader(path, kit.token)


def test_keys_that_were_rotated_reissued_and_ended_are_followed(tmp_path: Path) -> None:
    path = tmp_path / "class.db"
    kit = strongroom.init(str(path), owner="teacher@example.edu")
    teacher = strongroom.connect(str(path), kit.token)
    account = teacher.service_accounts.create("grader", can_create_vaults=True, can_manage_users=True)
    grader = strongroom.connect(str(path), account.token)
    kits = {name: grader.users.create(f"{name}@example.edu", name=name) for name in ("alice", "bob", "carol")}
    access: dict[str, Any] = {f"{name}@example.edu": "write" for name in kits}
    made = grader.vaults.create("Class", access=access)
    alice = strongroom.connect(str(path), kits["alice"].token)
    item = alice.items.create(made.id, title="Essay", fields=[Field("password", "hunter2", type="concealed")])

    # Rotated twice, and by whoever made the vault, before anything moves to another key.
    alice.rotate_token()
    tokens = {"alice": alice.rotate_token(), "grader": grader.rotate_token()}
    alice.items.update(made.id, item.id, notes="of the third keys")

    def opened(token: str) -> list[int]:
        reader = Reader(path, token)
        vault = reader.audit.vaults[parse_id("vlt_", made.id)]
        state = vault.items[parse_id("itm_", item.id)]
        overview, details = reader.item(vault, parse_id("itm_", item.id), state.version)
        assert (overview["title"], details["fields"][0]["value"]) == ("Essay", "hunter2")
        assert reader.name(vault)["name"] == "Class"
        return sorted(reader.keys(vault))

    for token in tokens.values():
        assert opened(token) == [1]
    assert grader.vaults.rekey() == 1
    for token in tokens.values():
        assert opened(token) == [1, 2]

    # Reissued by the owner and let in by the recovery code; suspended and back; gone.
    tokens["grader"] = teacher.service_accounts.reissue(account.principal.id).token
    with pytest.raises(Refused):
        opened(tokens["grader"])
    assert kit.recovery is not None
    rescue = strongroom.connect(str(path), kit.recovery)
    assert rescue.access.approve(account.principal.id) == 1
    teacher.users.suspend("bob@example.edu")
    assert rescue.vaults.rekey(ids=[made.id]) == 1
    teacher.users.reactivate("bob@example.edu")
    alice.access.list(made.id)
    teacher.users.delete("carol@example.edu", erase=True)
    teacher.service_accounts.update(account.principal.id, can_create_vaults=True)
    proof = teacher.audit.verify()
    for client in (alice, grader, teacher, rescue):
        client.close()

    for token in (*tokens.values(), kits["bob"].token, kit.recovery):
        reader = Reader(path, token)
        assert print_id("", reader.audit.heads[proof.tree_size]) == proof.root
        assert reader.audit.entries + reader.database.reads >= proof.events
        assert opened(token) == [1, 2, 3, 4]
    assert opened_epochs(path, kits["carol"].token, made.id) == [1, 2, 3, 4]


def opened_epochs(path: Path, token: str, vault: str) -> list[int]:
    """What somebody who was deleted still opens with the file at hand: no epoch that began afterwards."""
    reader = Reader(path, token)
    return sorted(reader.keys(reader.audit.vaults[parse_id("vlt_", vault)]))
