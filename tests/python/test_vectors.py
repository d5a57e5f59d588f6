"""The vectors of version 1 and the published ones, by the second reader."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from reader import crypto, encoding, operations, trees
from reader.cursors import parse_cursor
from reader.database import DETAILS, NAME, OVERVIEW
from reader.encoding import Refused, Unknown, parse_id, u32, u64

VECTORS = Path(__file__).parents[1] / "vectors"


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def frozen(name: str) -> Any:
    return load(f"v1/{name}.json")


def unhex(text: str) -> bytes:
    return bytes.fromhex(text)


# The vectors of version 1.


def test_labels_and_ids_and_tokens() -> None:
    for vector in frozen("labels")["joined"]:
        parts = [unhex(part) for part in vector["parts"]]
        assert encoding.join(vector["purpose"], *parts) == unhex(vector["joined"])
        assert encoding.label_hash(vector["purpose"], *parts) == unhex(vector["hash"])
    ids = frozen("ids")
    for vector in ids["valid"]:
        assert parse_id(vector["prefix"], vector["text"]) == unhex(vector["bytes"])
        assert encoding.print_id(vector["prefix"], unhex(vector["bytes"])) == vector["text"]
    refuse_all(ids["invalid"], lambda vector: parse_id(vector["prefix"], vector["text"]))
    tokens = frozen("tokens")
    for vector in tokens["valid"]:
        token = encoding.parse_token(vector["text"])
        assert token["prefix"] == vector["prefix"]
        assert [token[name].hex() for name in ("account", "principal", "seed")] == [
            vector[name] for name in ("account", "principal", "seed")
        ]
        assert token["head"] == {"size": vector["head"]["size"], "root": unhex(vector["head"]["root"])}
    refuse_all(tokens["invalid"], lambda vector: encoding.parse_token(vector["text"]))
    refuse_all(tokens["upgrade"], lambda vector: encoding.parse_token(vector["text"]), Unknown)


def test_derivations() -> None:
    vectors = frozen("derivations")
    account, vault = unhex(vectors["account"]), unhex(vectors["vault"])
    for vector in vectors["identities"]:
        identity = crypto.Identity(unhex(vector["seed"]))
        assert identity.sign.public_key().public_bytes_raw().hex() == vector["sign"]
        assert identity.note.public_key().public_bytes_raw().hex() == vector["note"]
        assert identity.expand("identity/kem").hex() == vector["kem_secret"]
        assert identity.kem.public.hex() == vector["kem"]
        assert crypto.kem_hash(identity.kem.public).hex() == vector["kem_hash"]
        assert identity.self_key.hex() == vector["self_key"]
        recovery = vector["recovery_key"]
        key = identity.recovery_key(unhex(recovery["recovery"]), recovery["generation"])
        assert key.hex() == recovery["key"]
    session = vectors["session"]
    parts = session["origin"].encode(), unhex(session["challenge"]), account, unhex(session["principal"])
    message = encoding.join("session", *parts, u32(session["generation"]))
    assert message == unhex(session["message"])
    sign = crypto.Identity(unhex(session["seed"])).sign
    assert sign.sign(message).hex() == session["signature"]
    for vector in vectors["idempotent"]["ids"]:
        parts = account, vector["call"].encode(), vector["key"].encode(), *map(unhex, vector["place"])
        made = sign.sign(encoding.join(vector["purpose"], *parts))
        assert encoding.label_hash(vector["purpose"], made).hex() == vector["id"]
    vector = vectors["vault_id"]
    made = encoding.label_hash("vault-id", account, unhex(vector["creator"]), unhex(vector["nonce"]))
    assert made.hex() == vector["id"]
    assert crypto.kem_hash(unhex(vectors["kem_hash"]["key"])).hex() == vectors["kem_hash"]["hash"]
    assert crypto.sealed_hash(unhex(vectors["sealed_hash"]["sealed"])).hex() == vectors["sealed_hash"]["hash"]
    for vector in vectors["profiles"]:
        email = (vector["email"] or "").encode()
        made = encoding.label_hash("profile", unhex(vector["salt"]), vector["name"].encode(), email)
        assert made.hex() == vector["commitment"]
    vector = vectors["commitment"]
    assert crypto.commitment(account, vault, vector["epoch"], unhex(vector["key"])).hex() == vector["commitment"]
    for key in vectors["weak_keys"]:
        with pytest.raises(Refused):
            crypto.accept_point(unhex(key))


def test_operations() -> None:
    vectors = frozen("operations")
    kinds = set()
    for vector in vectors["operations"]:
        operation = operations.read_operation(unhex(vector["operation"]))
        kinds.add(vector["code"])
        assert (operation.kind, operation.log_kind) == (vector["kind"], vector["log"])
        assert operation.hash.hex() == vector["hash"]
        signatures = [unhex(signature) for signature in vector["signatures"]]
        for key, signature in zip(vector["keys"], signatures, strict=True):
            crypto.verify(unhex(key), operation.message, signature)
        entry = vector["entry"]
        assert trees.leaf_hash(unhex(entry["bytes"])).hex() == entry["hash"]
        made = operations.entry_hash(entry["seq"], entry["time"], operation.data, signatures)
        assert made.hex() == entry["hash"]
    assert kinds == set(operations.KINDS)
    refuse_all(vectors["invalid"], lambda vector: operations.read_operation(unhex(vector["bytes"])))
    refuse_all(vectors["upgrade"], lambda vector: operations.read_operation(unhex(vector["bytes"])), Unknown)

    def forged(vector: Any) -> None:
        message = encoding.join("operation", unhex(vector["operation"]))
        crypto.verify(unhex(vector["key"]), message, unhex(vector["signature"]))

    refuse_all(vectors["forged"], forged)


def test_parts() -> None:
    vectors = frozen("parts")
    for vector in vectors["sealed"]:
        opened = crypto.open_sealed(unhex(vector["key"]), unhex(vector["context"]), unhex(vector["sealed"]))
        assert opened.hex() == vector["plaintext"]

    def open_part(vector: Any) -> bytes:
        ids = [unhex(vector[name]) for name in ("account", "vault")]
        item = None if vector["item"] is None else unhex(vector["item"])
        context = crypto.part_context(ids[0], ids[1], item, vector["version"], vector["epoch"], vector["part"])
        assert context.hex() == vector["context"]
        return crypto.unpad(crypto.open_sealed(unhex(vector["key"]), context, unhex(vector["sealed"])))

    for vector in vectors["parts"]:
        assert open_part(vector).hex() == vector["plaintext"]
    refuse_all(vectors["invalid"], open_part)
    shapes = {"name": NAME, "overview": OVERVIEW, "details": DETAILS}

    def read(vector: Any) -> Any:
        return shapes[vector["record"]](encoding.decode(unhex(vector["bytes"])))

    records = [read(vector) for vector in vectors["records"]]
    assert records[0] == {"name": "Alice", "description": "Homework"}
    assert records[4]["fields"][1] == {"label": "grade", "value": "Ä", "type": "text", "section": "class"}
    refuse_all(vectors["invalid_records"], read)


def test_wraps() -> None:
    vectors = frozen("wraps")
    identities = {name: crypto.Identity(unhex(seed)) for name, seed in vectors["seeds"].items()}
    account, vault, epoch = unhex(vectors["account"]), unhex(vectors["vault"]), vectors["epoch"]
    maker, member, recovery = [(unhex(vectors[who][0]), vectors[who][1]) for who in ("maker", "member", "recovery")]
    recovery_key = identities["maker"].recovery_key(*recovery)
    infos = {
        "hpke": crypto.wrap_info(account, vault, epoch, member, crypto.kem_hash(identities["member"].kem.public)),
        "own": crypto.between("self", account, vault, u32(epoch), maker, maker),
        "recovery": crypto.between("recovery", account, vault, u32(epoch), maker, recovery),
        "recoverable": crypto.between("recoverable", account, b"", b"", maker, recovery),
        "retired": encoding.join("retired", account, maker[0], u32(2)),
    }

    def open_wrap(vector: Any) -> bytes:
        info, sealed = unhex(vector["info"]), unhex(vector["sealed"])
        match vector["form"]:
            case "hpke":
                return identities["member"].kem.unwrap(info, sealed)
            case "own":
                return crypto.open_sealed(identities["maker"].self_key, info, sealed)
            case "recovery":
                return crypto.open_sealed(recovery_key, info, sealed)
            case "recoverable":
                return identities["recovery"].kem.unwrap(info, sealed)
            case _:
                return crypto.open_sealed(identities["next"].self_key, info, sealed)

    key = unhex(vectors["key"])
    assert crypto.commitment(account, vault, epoch, key).hex() == vectors["commitment"]
    retired = identities["maker"].expand("identity/kem") + identities["maker"].self_key
    for vector in vectors["wraps"]:
        assert infos[vector["form"]].hex() == vector["info"]
        expected = {"recoverable": recovery_key, "retired": retired}.get(vector["form"], key)
        assert open_wrap(vector) == expected
    refuse_all(vectors["invalid"], open_wrap)


def test_files() -> None:
    vectors = frozen("files")
    key, context = unhex(vectors["key"]), unhex(vectors["context"])
    ids = [unhex(vectors[name]) for name in ("account", "vault", "item", "file")]
    assert crypto.file_context(ids[0], ids[1], ids[2], ids[3]) == context

    def plaintext(size: int) -> bytes:
        return (bytes(range(251)) * (size // 251 + 1))[:size]

    def seal(salt: bytes, plain: bytes) -> bytes:
        info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context
        derived = HKDFExpand(algorithm=SHA512(), length=76, info=info).derive(key)
        aead, base = AESGCM(derived[:32]), int.from_bytes(derived[32:44], "big")
        chunks = range(len(plain) // crypto.CHUNK + 1)
        cut = [plain[at * crypto.CHUNK : (at + 1) * crypto.CHUNK] for at in chunks]
        sealed = [aead.encrypt((base ^ at).to_bytes(12, "big"), chunk, None) for at, chunk in enumerate(cut)]
        return salt + derived[44:] + b"".join(sealed)

    def pieces(sealed: bytes) -> list[bytes]:
        ends = range(crypto.HEADER + crypto.PIECE, len(sealed), crypto.PIECE)
        return [sealed[start:end] for start, end in zip([0, *ends], [*ends, len(sealed)], strict=True)]

    for vector in vectors["files"]:
        sealed = seal(unhex(vector["header"])[:24], plaintext(vector["size"]))
        assert sealed[: crypto.HEADER].hex() == vector["header"]
        assert len(sealed) == vector["length"]
        assert crypto.plain_length(len(sealed)) == vector["size"]
        cut = pieces(sealed)
        assert len(cut) == crypto.piece_count(len(sealed))
        leaves = [trees.leaf_hash(piece) for piece in cut]
        assert [leaf.hex() for leaf in leaves] == vector["leaves"]
        assert trees.root(leaves).hex() == vector["root"]
        assert vector["sealed"] in (None, sealed.hex())
        assert crypto.open_file(key, context, cut) == plaintext(vector["size"])
    refuse_all(vectors["lengths_of_none"], crypto.plain_length)

    first, second = pieces(seal(bytes([9] * 24), plaintext(64 * crypto.CHUNK + 20_000)))
    chunk = crypto.CHUNK + crypto.TAG
    header, one, two = first[:56], first[56 : 56 + chunk], first[56 + chunk : 56 + 2 * chunk]

    def turned(data: bytes, at: int) -> bytes:
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    broken = {
        "the pieces swapped": [second, first],
        "the first piece alone": [first],
        "the second piece alone": [second],
        "the first piece twice": [first, first],
        "the second piece twice": [first, second, second],
        "two chunks swapped": [header + two + one + first[56 + 2 * chunk :], second],
        "a chunk missing": [header + first[56 + chunk :], second],
        "the last byte missing": [first, second[:-1]],
        "a byte behind": [first, second + b"\0"],
        "a bit of the salt": [turned(first, 0), second],
        "a bit of the commitment": [turned(first, 55), second],
        "a bit of a chunk in the middle": [turned(first, 56 + 30 * chunk), second],
        "a bit of the last tag": [first, turned(second, len(second) - 1)],
    }
    assert list(broken) == vectors["invalid"]
    refuse_all(broken.values(), lambda cut: crypto.open_file(key, context, cut))


def test_cursors() -> None:
    vectors = frozen("cursors")
    for vector in vectors["valid"]:
        head = {"size": vector["size"], "root": unhex(vector["root"])}
        expected = {"version": 1, "position": vector["position"], "head": head, "skip": vector["skip"]}
        assert parse_cursor(vector["text"]) == expected
    refuse_all(vectors["invalid"], lambda vector: parse_cursor(vector["text"]))


def test_leaves() -> None:
    vectors = frozen("feed")

    def head(vector: Any) -> tuple[int, bytes]:
        return vector[0], unhex(vector[1])

    for name, purpose in (("entries", "feed"), ("logs", "log-state")):
        for vector in vectors[name]:
            leaf = operations.state_leaf(purpose, vector["kind"], unhex(vector["id"]), head(vector["state"]))
            assert leaf.hex() == vector["leaf"]
    for vector in vectors["vaults"]:
        leaf = operations.vault_leaf(unhex(vector["vault"]), head(vector["access"]), head(vector["items"]))
        assert leaf.hex() == vector["leaf"]
    for vector in vectors["heads"]:
        assert operations.heads_leaf(head(vector["account"]), head(vector["vaults"])).hex() == vector["leaf"]


def test_trees() -> None:
    vectors = frozen("tree")
    leaves = [trees.leaf_hash(u64(number)) for number in range(len(vectors["roots"]) - 1)]
    growing = trees.Tree()
    for size, root in enumerate(vectors["roots"]):
        assert trees.root(leaves[:size]).hex() == root == growing.root().hex()
        if size < len(leaves):
            growing.append(leaves[size])
    for vector in vectors["inclusion"]:
        size, proof = vector["size"], [unhex(node) for node in vector["proof"]]
        some = [(index, leaves[index]) for index in vector["indices"]]
        root = unhex(vectors["roots"][size])
        trees.verify_inclusion(size, root, some, proof)
        with pytest.raises(Refused):
            trees.verify_inclusion(size, root, some, [*proof, root])
        for at in range(len(proof)):
            changed = [*proof[:at], trees.EMPTY, *proof[at + 1 :]]
            for wrong in (changed, proof[:at] + proof[at + 1 :]):
                with pytest.raises(Refused):
                    trees.verify_inclusion(size, root, some, wrong)
    for vector in vectors["consistency"]:
        old, new, proof = vector["old_size"], vector["new_size"], [unhex(node) for node in vector["proof"]]
        roots = unhex(vectors["roots"][old]), unhex(vectors["roots"][new])
        trees.verify_consistency(old, roots[0], new, roots[1], proof)
        wrongs = [[*proof, trees.EMPTY], *(proof[:at] + proof[at + 1 :] for at in range(len(proof)))]
        for wrong in wrongs:
            with pytest.raises(Refused):
                trees.verify_consistency(old, roots[0], new, roots[1], wrong)


# The published vectors, since the reader stands on primitives of its own.


def test_published_vectors() -> None:
    for group in load("published/ed25519.json")["testGroups"]:
        for test in group["tests"]:
            arguments = unhex(group["publicKey"]["pk"]), unhex(test["msg"]), unhex(test["sig"])
            assert verifies(*arguments) == (test["result"] == "valid"), test["tcId"]
    accepted = [
        verifies(unhex(test["pub_key"]), unhex(test["message"]), unhex(test["signature"]))
        for test in load("published/ed25519-speccheck.json")
    ]
    assert accepted == [number == 3 for number in range(10)]
    for test in load("published/cobblestone-256.json")["testGroups"][0]["tests"]:
        sealed = zlib.decompress(unhex(test["ct"]))
        if test["result"] == "valid":
            opened = crypto.open_sealed(unhex(test["key"]), unhex(test["ctx"]), sealed)
            assert hashlib.sha512(opened).hexdigest() == test["msgSha512"]
        else:
            with pytest.raises(Refused):
                crypto.open_sealed(unhex(test["key"]), unhex(test["ctx"]), sealed)
    for test in load("published/xwing.json"):
        assert crypto.XWing(unhex(test["sk"])).public.hex() == test["pk"]


def verifies(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        crypto.verify(key, message, signature)
    except Refused:
        return False
    return True


def refuse_all(vectors: Any, take: Callable[[Any], object], kind: type[Refused] = Refused) -> None:
    count = 0
    for vector in vectors:
        with pytest.raises(Refused) as refused:
            take(vector)
        assert refused.type is kind, vector
        count += 1
    assert count > 0
