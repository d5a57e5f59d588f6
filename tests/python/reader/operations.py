"""Operations and entries: their shapes, their hashes, and whose signatures they need."""

from dataclasses import dataclass
from typing import Any

from . import trees
from .encoding import (
    Refused,
    Shape,
    Unknown,
    boolean,
    decode,
    ident,
    join,
    label_hash,
    many,
    maybe_ident,
    need,
    octets,
    optional,
    record,
    text,
    u64,
    uint,
)

HEAD = record(size=uint(64), root=ident)
KEYS = record(sign=ident, note=maybe_ident, kem=maybe_ident)
RECIPIENT = record(principal=ident, generation=uint(32))
MEMBER = record(grantee=ident, role=uint(8), generation=optional(uint(32)), expires_at=optional(uint(64)))
EPOCH = record(
    number=uint(32),
    suite=uint(16),
    commitment=ident,
    recipients=many(RECIPIENT),
    previous=maybe_ident,
    recovery=optional(RECIPIENT),
)
REMOVAL = record(grantee=ident, reason=uint(8), role=optional(uint(8)))
FILE = record(file=ident, length=uint(64), root=ident)
ITEM = record(
    item=ident,
    version=uint(64),
    previous=maybe_ident,
    epoch=uint(32),
    overview=ident,
    details=ident,
    archived=boolean,
    added=many(FILE),
    removed=many(ident),
)
NOTHING = record()
NEW_KEYS = record(keys=KEYS)
MEMBERSHIP = record(member=ident)

KINDS: dict[int, tuple[str, str, Shape]] = {
    1: ("account.created", "account", record(suite=uint(16), owner=KEYS, recovery=KEYS, nonce=ident)),
    2: (
        "policy.changed",
        "account",
        record(
            version=uint(64),
            max_grant=uint(8),
            users_may_share=boolean,
            recovery=boolean,
            audit_reads=boolean,
            max_file_bytes=uint(64),
            email_domains=optional(many(text)),
            require_expiry_days=optional(uint(32)),
        ),
    ),
    3: ("account.transferred", "account", record(to=ident)),
    4: ("recovery.replaced", "account", record(recovery=ident)),
    5: ("account.restored", "account", record(last=HEAD)),
    6: ("reads.anchored", "reads", record(chain=ident, count=uint(64), last=ident)),
    10: (
        "principal.added",
        "principal",
        record(
            kind=uint(8),
            generation=uint(32),
            keys=KEYS,
            rights=uint(8),
            profile=ident,
            expires_at=optional(uint(64)),
        ),
    ),
    11: ("principal.updated", "principal", record(rights=uint(8), profile=ident, expires_at=optional(uint(64)))),
    12: ("principal.suspended", "principal", NOTHING),
    13: ("principal.reactivated", "principal", NOTHING),
    14: ("principal.deleted", "principal", NOTHING),
    15: ("principal.rotated", "principal", record(keys=KEYS, retired=octets)),
    16: ("principal.reissued", "principal", NEW_KEYS),
    17: ("principal.accepted", "principal", NEW_KEYS),
    18: ("principal.recoverable", "principal", record(recovery=RECIPIENT, wrap=octets)),
    20: ("group.created", "group", record(name=text, nonce=ident)),
    21: ("group.added", "group", MEMBERSHIP),
    22: ("group.removed", "group", MEMBERSHIP),
    23: ("group.deleted", "group", NOTHING),
    30: (
        "vault.created",
        "vault",
        record(nonce=ident, epoch=EPOCH, members=many(MEMBER), name=ident, external_id=optional(text)),
    ),
    31: ("vault.updated", "vault", record(epoch=uint(32), name=ident)),
    32: ("vault.deleted", "vault", NOTHING),
    33: ("access.granted", "vault", record(epoch=uint(32), members=many(MEMBER), recipients=many(RECIPIENT))),
    34: ("access.completed", "vault", record(epoch=uint(32), grant=uint(64), recipient=RECIPIENT)),
    35: ("epoch.started", "vault", record(epoch=EPOCH, name=ident, removes=many(REMOVAL))),
    40: ("item.put", "items", ITEM),
    41: ("item.deleted", "items", record(item=ident, version=uint(64), previous=maybe_ident)),
    42: ("file.attached", "items", ITEM),
    43: ("file.detached", "items", ITEM),
}


@dataclass(frozen=True)
class Operation:
    data: bytes
    kind: str
    log_kind: str
    account: bytes | None
    log: bytes | None
    signer: bytes | None
    generation: int
    id: bytes
    at: tuple[int, bytes]
    seen: tuple[int, bytes]
    body: dict[str, Any]

    @property
    def hash(self) -> bytes:
        return label_hash("operation-hash", self.data)

    @property
    def log_id(self) -> bytes:
        return self.hash if self.log is None else self.log

    @property
    def message(self) -> bytes:
        return join("operation", self.data)


def read_operation(data: bytes) -> Operation:
    value = decode(data)
    if not isinstance(value, list) or len(value) < 2:
        raise Refused("no operation")
    version = uint(8)(value[0])
    if version > 1:
        raise Unknown("an operation of a newer version")
    need(version == 1 and len(value) == 10, "an operation has ten positions")
    code = uint(16)(value[1])
    if code not in KINDS:
        raise Unknown(f"an operation of kind {code}")
    kind, log_kind, body = KINDS[code]
    at, seen = HEAD(value[7]), HEAD(value[8])
    return Operation(
        data=data,
        kind=kind,
        log_kind=log_kind,
        account=maybe_ident(value[2]),
        log=maybe_ident(value[3]),
        signer=maybe_ident(value[4]),
        generation=uint(32)(value[5]),
        id=ident(value[6]),
        at=(at["size"], at["root"]),
        seen=(seen["size"], seen["root"]),
        body=body(value[9]),
    )


def head_of_bytes(number: int, count: int) -> bytes:
    """The first bytes of a CBOR item: its major type and its length, in the shortest form."""
    for width, mark in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if count < 24:
            return bytes([number << 5 | count])
        if count < 1 << 8 * width:
            return bytes([number << 5 | mark]) + count.to_bytes(width, "big")
    raise Refused("a length beyond 64 bits")


def entry_hash(seq: int, time: int, operation: bytes, signatures: list[bytes]) -> bytes:
    """Built by hand, so that the encoding is said once more."""
    data = head_of_bytes(4, 4) + head_of_bytes(0, seq) + head_of_bytes(0, time)
    data += head_of_bytes(2, len(operation)) + operation + head_of_bytes(4, len(signatures))
    for signature in signatures:
        data += head_of_bytes(2, len(signature)) + signature
    return trees.leaf_hash(data)


def state_leaf(purpose: str, kind: str, log: bytes, state: tuple[int, bytes]) -> bytes:
    return trees.leaf_hash(join(purpose, kind.encode(), log, u64(state[0]), state[1]))


def vault_leaf(vault: bytes, access: tuple[int, bytes], items: tuple[int, bytes]) -> bytes:
    return trees.leaf_hash(join("vault-state", vault, u64(access[0]), access[1], u64(items[0]), items[1]))


def heads_leaf(account: tuple[int, bytes], vaults: tuple[int, bytes]) -> bytes:
    return trees.leaf_hash(join("heads", u64(account[0]), account[1], u64(vaults[0]), vaults[1]))
