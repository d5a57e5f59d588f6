"""The SQLite file: its feed for the audit, its sealed rows for a holder of keys."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import crypto, trees
from .audit import Audit, Entry
from .encoding import Refused, decode, ident, join, label_hash, many, need, octets, optional, parse_token, print_id, record, text, u32, uint
from .people import Generation
from .reads import replay
from .vaults import Vault

NAME = record(name=text, description=text)
OVERVIEW = record(title=text, category=text, tags=many(text), urls=many(text))
FIELD = record(label=text, value=text, type=text, section=optional(text))
PLAIN_FILE = record(id=ident, name=text, size=uint(64), content_type=text, key=ident, attached_at=uint(64))
DETAILS = record(notes=text, fields=many(FIELD), files=many(PLAIN_FILE))
MOST = 8 << 20


class Database:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.sql = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        need(self.one("PRAGMA application_id") == (0x5374726D,), "no database of ours")
        (self.version,) = self.one("SELECT max(version) FROM refinery_schema_history")
        need(self.version in (1, 2, 3), "tables of another version")

    def one(self, statement: str, *arguments: object) -> Any:
        row = self.sql.execute(statement, arguments).fetchone()
        if row is None:
            raise Refused(f"nothing for {statement}")
        return row

    def feed(self) -> Iterator[Entry | None]:
        """Every leaf, in order; the end of a batch is `None`."""
        statement = (
            "SELECT feed.position, entry.seq, entry.time, entry.operation, entry.signatures "
            "FROM feed LEFT JOIN entry ON entry.position = feed.position ORDER BY feed.position"
        )
        for position, seq, time, operation, signatures in self.sql.execute(statement):
            if operation is None:
                yield None
            else:
                yield Entry(position, seq, time, operation, many(octets)(decode(signatures)))

    def audit(self, account: bytes, known: tuple[int, bytes]) -> Audit:
        """Replays everything, and compares the leaves and heads that the store keeps."""
        audit = Audit(account)
        batches = dict(self.sql.execute("SELECT size, root FROM batch"))
        for entry in self.feed():
            if entry is None:
                size, root = audit.end_batch()
                need(batches.pop(size, None) == root, "a batch with another head")
            else:
                audit.take(entry)
        need(not batches, "a batch beyond the feed")
        leaves = [row[0] for row in self.sql.execute("SELECT leaf FROM feed ORDER BY position")]
        need(leaves == audit.leaves, "the store's leaves are others")
        need(audit.heads.get(known[0]) == known[1] or known[0] == 0, "the head of the token was never here")
        self.check_profiles(audit)
        self.reads = self.check_reads(audit)
        return audit

    def check_reads(self, audit: Audit) -> int:
        """How many reads are noted; version 1 of the tables has none."""
        if self.version == 1:
            need(not audit.anchors, "reads without their tables")
            return 0
        chains = self.sql.execute("SELECT number, id FROM reads_chain")
        rows = self.sql.execute("SELECT place, count, entries FROM reads ORDER BY place")
        return replay(chains, rows, audit.anchors)

    def check_profiles(self, audit: Audit) -> None:
        for id, kind, name, email, salt in self.sql.execute("SELECT id, kind, name, email, salt FROM principal"):
            principal = audit.directory.principals.get(id)
            need(principal is not None and principal.kind == kind, "a profile of nobody")
            forgotten = name == "" and email is None and salt == b""
            made = label_hash("profile", salt, name.encode(), (email or "").encode())
            need(forgotten or (principal is not None and made == principal.profile), "a profile of somebody else")


class Reader:
    """Opens what one token can open, in a database that was verified with it."""

    def __init__(self, path: Path, printed_token: str) -> None:
        token = parse_token(printed_token)
        self.database = Database(path)
        self.account: bytes = token["account"]
        self.principal: bytes = token["principal"]
        self.identity = crypto.Identity(token["seed"])
        self.audit = self.database.audit(self.account, (token["head"]["size"], token["head"]["root"]))
        principal = self.audit.directory.principals[self.principal]
        need(principal.kind == token["kind"], "a token of another kind of principal")
        newest = principal.generations[-1]
        need(newest.keys["sign"] == self.identity.sign.public_key().public_bytes_raw(), "keys that are not the newest")
        need(newest.keys["kem"] == crypto.kem_hash(self.identity.kem.public), "another X-Wing key")
        self.held = self.open_retired(principal.generations)

    def open_retired(self, generations: list[Generation]) -> dict[int, crypto.Held]:
        """The token's keys and those that it follows by rotations, by generation."""
        newest = generations[-1]
        held = {newest.number: crypto.Held(self.identity.kem, self.identity.self_key)}
        for later, earlier in zip(reversed(generations), reversed(generations[:-1]), strict=False):
            if later.retired is None:
                break
            context = join("retired", self.account, self.principal, u32(later.number))
            secrets = crypto.open_sealed(held[later.number].self_key, context, later.retired)
            need(len(secrets) == 64, "retired keys of another length")
            held[earlier.number] = crypto.Held(crypto.XWing(secrets[:32]), secrets[32:])
            need(earlier.keys["kem"] == crypto.kem_hash(held[earlier.number].kem.public), "other keys than the log's")
        return held

    def keys(self, vault: Vault) -> dict[int, bytes]:
        """All keys of a vault: the newest by its wrap, the others from epoch to epoch."""
        leaf = self.leaf(vault)
        rows = self.database.sql.execute(
            "SELECT wrap.generation, wrap.epoch, wrap.form, maker.id, wrap.maker_generation, wrap.sealed FROM wrap "
            "JOIN actor ON actor.number = wrap.principal JOIN actor AS maker ON maker.number = wrap.maker "
            "WHERE wrap.vault = ? AND actor.id = ? ORDER BY wrap.epoch DESC, wrap.generation DESC",
            (leaf, self.principal),
        )
        found = next((row for row in rows if row[0] in self.held), None)
        if found is None:
            raise Refused("no key for this token")
        generation, epoch, form, maker, maker_generation, sealed = found
        keys = {epoch: self.unwrap(vault, epoch, form, generation, (maker, maker_generation), sealed)}
        while True:
            start = vault.epochs[epoch - 1].start
            made = crypto.commitment(self.account, vault.id, epoch, keys[epoch])
            need(made == start["commitment"], "a key that its log does not commit to")
            if epoch == 1:
                return keys
            (sealed,) = self.database.one(
                "SELECT sealed FROM previous_key WHERE vault = ? AND epoch = ?", leaf, epoch
            )
            need(crypto.sealed_hash(sealed) == start["previous"], "another key of the epoch before")
            before = self.open_part(keys[epoch], vault, None, 0, epoch, "previous-key", sealed)
            epoch -= 1
            keys[epoch] = before

    def key(self, vault: Vault, epoch: int) -> bytes:
        keys = self.keys(vault)
        need(epoch in keys, "a key that this token does not open")
        return keys[epoch]

    def unwrap(
        self, vault: Vault, epoch: int, form: int, generation: int, maker: tuple[bytes, int], sealed: bytes
    ) -> bytes:
        me, held = (self.principal, generation), self.held[generation]
        if form == 0:
            info = crypto.wrap_info(self.account, vault.id, epoch, me, crypto.kem_hash(held.kem.public))
            return held.kem.unwrap(info, sealed)
        if form == 1:
            context = crypto.between("self", self.account, vault.id, u32(epoch), me, me)
            return crypto.open_sealed(held.self_key, context, sealed)
        wrapped = [
            wrap
            for of, to, to_generation, wrap in self.audit.directory.principals[maker[0]].recoverable
            if (of, to, to_generation) == (maker[1], *me)
        ]
        need(form == 2 and bool(wrapped), "no key that opens it")
        info = crypto.between("recoverable", self.account, b"", b"", maker, me)
        key = held.kem.unwrap(info, wrapped[0])
        context = crypto.between("recovery", self.account, vault.id, u32(epoch), maker, me)
        return crypto.open_sealed(key, context, sealed)

    def leaf(self, vault: Vault) -> int:
        (leaf,) = self.database.one("SELECT leaf FROM vault WHERE id = ?", vault.id)
        return int(leaf)

    def open_part(
        self, key: bytes, vault: Vault, item: bytes | None, version: int, epoch: int, part: str, sealed: bytes
    ) -> bytes:
        context = crypto.part_context(self.account, vault.id, item, version, epoch, part)
        return crypto.unpad(crypto.open_sealed(key, context, sealed))

    def name(self, vault: Vault) -> dict[str, Any]:
        (sealed,) = self.database.one("SELECT name FROM vault WHERE id = ?", vault.id)
        hashed, epoch, seq = vault.name
        need(crypto.sealed_hash(sealed) == hashed, "another name")
        opened = self.open_part(self.key(vault, epoch), vault, None, seq, epoch, "name", sealed)
        named: dict[str, Any] = NAME(decode(opened, MOST))
        return named

    def item(self, vault: Vault, item: bytes, version: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Overview and details of a version."""
        leaf = self.leaf(vault)
        sealed = self.database.one(
            "SELECT part.overview, part.details FROM part JOIN item ON item.vault = part.vault "
            "AND item.created = part.item WHERE part.vault = ? AND item.id = ? AND part.version = ?",
            leaf,
            item,
            version,
        )
        body = vault.items[item].versions[version]
        key = self.key(vault, body["epoch"])
        opened = []
        for part, shape, bytes_of_part in zip(("overview", "details"), (OVERVIEW, DETAILS), sealed, strict=True):
            need(crypto.sealed_hash(bytes_of_part) == body[part], "another part")
            plain = self.open_part(key, vault, item, version, body["epoch"], part, bytes_of_part)
            opened.append(shape(decode(plain, MOST)))
        return opened[0], opened[1]

    def file(self, vault: Vault, item: bytes, plain: dict[str, Any]) -> bytes:
        """The content of a file that the details of an item name."""
        reference = vault.items[item].files[plain["id"]]
        (kept,) = self.database.one("SELECT leaves FROM file WHERE id = ?", plain["id"])
        leaves = [kept[at : at + 32] for at in range(0, len(kept), 32)]
        need(len(leaves) == crypto.piece_count(reference["length"]), "another number of pieces")
        need(trees.root(leaves) == reference["root"], "other pieces than the signed ones")
        need(crypto.plain_length(reference["length"]) == plain["size"], "another size")
        pieces = [self.piece(plain["id"], index, len(leaves) == 1) for index in range(len(leaves))]
        need([trees.leaf_hash(piece) for piece in pieces] == leaves, "a piece that was changed")
        context = crypto.file_context(self.account, vault.id, item, plain["id"])
        return crypto.open_file(plain["key"], context, pieces)

    def piece(self, file: bytes, index: int, small: bool) -> bytes:
        if small:
            (piece,) = self.database.one("SELECT bytes FROM piece WHERE file = ? AND idx = ?", file, index)
            return bytes(piece)
        return (Path(f"{self.database.path}-files") / print_id("", file) / str(index)).read_bytes()
