"""The whole feed, replayed from its first leaf."""

from dataclasses import dataclass
from typing import Any

from . import crypto, trees
from .encoding import need
from .operations import Operation, entry_hash, heads_leaf, read_operation, state_leaf, vault_leaf
from .people import Directory, Placed
from .vaults import Vault


@dataclass(frozen=True)
class Entry:
    """An entry as the store has it: nothing here is believed but what follows from it."""

    position: int
    seq: int
    time: int
    operation: bytes
    signatures: list[bytes]


class Audit:
    """Takes the leaves of the feed in their order; refuses the first that can't stand."""

    def __init__(self, account: bytes) -> None:
        self.directory = Directory(account)
        self.vaults: dict[bytes, Vault] = {}
        self.feed = trees.Tree()
        self.leaves: list[bytes] = []
        self.logs: dict[tuple[str, bytes], trees.Tree] = {}
        self.positions: dict[tuple[str, bytes], int] = {}
        self.heads: dict[int, bytes] = {0: trees.EMPTY}
        self.entries = 0
        self.anchors: list[dict[str, Any]] = []

    def state(self, kind: str, log: bytes) -> tuple[int, bytes]:
        tree = self.logs.get((kind, log))
        return tree.head() if tree else (0, trees.EMPTY)

    def take(self, entry: Entry) -> None:
        operation = read_operation(entry.operation)
        kind, log = operation.log_kind, operation.log_id
        account = operation.hash if operation.account is None else operation.account
        need(account == self.directory.account, "an operation of another account")
        before = self.state(kind, log)
        need(entry.position == self.feed.size, "the feed has a gap")
        need(entry.seq == before[0], "a log has a gap")
        need(self.positions.get((kind, log), -1) < entry.position, "a log in another order than the feed")
        need(self.heads.get(operation.seen[0]) == operation.seen[1], "a head that this feed never had")
        need(kind in ("items", "reads") or operation.at == before, "another state than the one before it")
        self.verify(operation, entry.signatures)
        hashed = entry_hash(entry.seq, entry.time, entry.operation, entry.signatures)
        placed = Placed(entry.seq, entry.time, hashed, entry.position, operation)
        self.apply(placed)
        self.logs.setdefault((kind, log), trees.Tree()).append(hashed)
        self.positions[kind, log] = entry.position
        if kind == "vault":
            self.vaults[log].states.append(self.state(kind, log))
        self.leaves.append(state_leaf("feed", kind, log, self.state(kind, log)))
        self.feed.append(self.leaves[-1])
        self.entries += 1

    def verify(self, operation: Operation, signatures: list[bytes]) -> None:
        keys = self.directory.signing_keys(operation)
        need(len(keys) == len(signatures), "another number of signatures")
        for key, signature in zip(keys, signatures, strict=True):
            crypto.verify(key, operation.message, signature)

    def apply(self, placed: Placed) -> None:
        log = placed.operation.log_id
        match placed.operation.log_kind:
            case "account":
                self.directory.apply_account(placed)
            case "principal":
                self.directory.apply_principal(placed)
            case "group":
                self.directory.apply_group(placed)
            case "vault":
                self.vaults.setdefault(log, Vault(log)).apply_access(placed, self.directory)
            case "reads":
                self.anchors.append(placed.operation.body)
            case "items":
                need(log in self.vaults, "an item before its vault")
                self.vaults[log].apply_item(placed, self.directory)

    def end_batch(self) -> tuple[int, bytes]:
        """Appends the leaf with both heads trees, and gives the head that it makes."""
        account, vaults = [], []
        for kind, log in self.logs:
            if kind == "vault":
                vaults.append(vault_leaf(log, self.state("vault", log), self.state("items", log)))
            elif kind != "items":
                account.append(state_leaf("log-state", kind, log, self.state(kind, log)))
        heads = (len(account), trees.root(account)), (len(vaults), trees.root(vaults))
        self.leaves.append(heads_leaf(*heads))
        self.feed.append(self.leaves[-1])
        self.heads[self.feed.size] = self.feed.root()
        return self.feed.head()

    def item(self, vault: bytes, item: bytes, version: int) -> dict[str, Any]:
        return self.vaults[vault].items[item].versions[version]
