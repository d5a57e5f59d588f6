"""The chains of reads, each replayed from its first entry and held against its anchors."""

from collections.abc import Iterable
from typing import Any

from .encoding import decode, ident, label_hash, many, maybe_ident, need, octets, optional, record, text, uint

ENTRY = record(
    version=uint(16),
    action=uint(16),
    salt=ident,
    time=uint(64),
    actor=ident,
    generation=uint(32),
    session=ident,
    app=optional(text),
    vault=maybe_ident,
    item=maybe_ident,
    file=maybe_ident,
    item_version=uint(64),
    detail=text,
)
PLACED = many(record(number=uint(64), place=uint(64), entry=octets))
ACTIONS = 6
MOST = 4096


class Chain:
    def __init__(self, id: bytes) -> None:
        self.count = 0
        self.time = 0
        self.hashes = [label_hash("reads-chain", id)]

    def take(self, place: int, data: bytes) -> None:
        need(place == self.count, "a chain of reads with a gap")
        entry = ENTRY(decode(data, MOST))
        need(entry["version"] == 1 and 1 <= entry["action"] <= ACTIONS, "a read of another version or action")
        need(entry["time"] >= self.time, "a chain of reads that goes back in time")
        self.hashes.append(label_hash("reads-step", self.hashes[-1], label_hash("read-entry", data)))
        self.count, self.time = self.count + 1, entry["time"]


def replay(chains: Iterable[tuple[int, bytes]], rows: Iterable[tuple[int, int, bytes]], anchors: list[Any]) -> int:
    """How many entries all chains have: `rows` are those of the tables, in order of place."""
    named = dict(chains)
    replayed = {id: Chain(id) for id in named.values()}
    reached = 0
    for place, count, data in rows:
        need(place == reached, "the reads have a gap")
        entries = PLACED(decode(data))
        need(len(entries) == count, "a row of reads with another count")
        for entry in entries:
            need(entry["number"] in named, "a read of no chain")
            replayed[named[entry["number"]]].take(entry["place"], entry["entry"])
        reached += count
    for anchor in anchors:
        chain = replayed.get(anchor["chain"])
        need(chain is not None and anchor["count"] <= chain.count, "a chain of reads that ends before its anchor")
        assert chain is not None
        need(chain.hashes[anchor["count"]] == anchor["last"], "a chain of reads that stands elsewhere than it was anchored")
    return reached
