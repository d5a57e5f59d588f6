"""Three servers of one PostgreSQL, of which one is killed again and again, and PostgreSQL with them: what was acknowledged is there, once.

`STRONGROOM_CLUSTER_SECONDS=60` goes on for longer, as `make soak` does.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import strongroom
from cases.server import Server, free_port
from strongroom import Client, StrongroomError, Unavailable

SECONDS = float(os.environ.get("STRONGROOM_CLUSTER_SECONDS", "8"))
STARTER = Path(__file__).parents[1] / "postgresql.py"
SERVERS = 3
WRITERS = 6


class Database:
    """A PostgreSQL that can be made to crash."""

    def __init__(self) -> None:
        command = [sys.executable, str(STARTER), "--durable", "serve"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("postgresql:")

    def crash(self) -> None:
        """Ends it as a power cut of the process would, and starts it again."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("crash\n")
        assert self.process.stdout.readline().strip() == "started"

    def end(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


class Cluster:
    """Servers at ports of their own, each started again when it was killed."""

    def __init__(self, database: str, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.ports = [free_port() for _ in range(SERVERS)]
        self.servers = [self.start(number) for number in range(SERVERS)]
        self.locations = [server.location for server in self.servers]

    def start(self, number: int) -> Server:
        for _ in range(200):
            try:
                return Server(self.database, self.folder / f"{number}.log", listen=f"127.0.0.1:{self.ports[number]}")
            except AssertionError:
                # The database is away, or the port is not free yet.
                time.sleep(0.1)
        raise AssertionError((self.folder / f"{number}.log").read_text())

    def kill(self, number: int) -> None:
        self.servers[number].end()
        self.servers[number] = self.start(number)

    def end(self) -> None:
        for server in self.servers:
            server.end()


def persistently(call: Callable[[], object]) -> object:
    """Makes a call until it is answered; what is sent is safe to repeat."""
    for _ in range(100):
        try:
            return call()
        except Unavailable:
            time.sleep(0.1)
    return call()


def write(client: Client, vault: str, until: float, name: str) -> list[str]:
    """Makes items one after another; answers with the ids of those that were acknowledged."""
    made: list[str] = []
    while time.monotonic() < until:
        key = f"{name}-{len(made)}"
        item = persistently(lambda key=key: client.items.create(vault, title=key, idempotency_key=key))  # type: ignore[misc]
        made.append(item.id)  # type: ignore[attr-defined]
    return made


def follow(client: Client, after: str, seen: list[str], stop: threading.Event) -> None:
    """Follows the feed, and goes on from its cursor where that failed."""
    cursor = after
    while not stop.is_set():
        try:
            with client.changes.watch(after=cursor, kinds=["item.created"]) as feed:
                closer = threading.Thread(target=lambda feed=feed: (stop.wait(), feed.close()))
                closer.start()
                for change in feed:
                    seen.append(change.item_id)  # type: ignore[union-attr]
                    cursor = change.cursor
        except StrongroomError as error:
            assert isinstance(error, Unavailable), repr(error)
            time.sleep(0.1)


def test_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path) -> None:
    database = Database()
    kit = strongroom.init(database.url, owner="teacher@example.edu")
    cluster = Cluster(database.url, tmp_path)
    dice = random.Random(1)
    stop = threading.Event()
    try:
        clients = [strongroom.connect(at, kit.token, timeout=60, max_retries=8) for at in cluster.locations]
        vaults = [clients[0].vaults.create(f"Vault {number}").id for number in range(WRITERS)]
        start = clients[0].changes.cursor()
        seen: list[list[str]] = [[] for _ in clients]
        watchers = [
            threading.Thread(target=follow, args=(client, start, each, stop)) for client, each in zip(clients, seen, strict=True)
        ]
        for watcher in watchers:
            watcher.start()
        until = time.monotonic() + SECONDS
        with ThreadPoolExecutor(WRITERS) as pool:
            writing = [
                pool.submit(write, clients[number % SERVERS], vaults[number], until, f"writer-{number}") for number in range(WRITERS)
            ]
            crashed = 0
            while time.monotonic() < until:
                time.sleep(1)
                cluster.kill(dice.randrange(SERVERS))
                if crashed < SECONDS / 20 and time.monotonic() > until - SECONDS / 2:
                    database.crash()
                    crashed += 1
            made = [each.result() for each in writing]
        assert crashed and sum(map(len, made)) > 20, made
        everything = sorted(item for each in made for item in each)
        patience = time.monotonic() + 60
        while any(len(each) < len(everything) for each in seen) and time.monotonic() < patience:
            time.sleep(0.1)
        stop.set()
        for watcher in watchers:
            watcher.join(30)
        for vault, each in zip(vaults, made, strict=True):
            stored = persistently(lambda vault=vault: [item.id for item in clients[0].items.list(vault)])  # type: ignore[misc]
            assert stored == each, "each that was acknowledged, in order, and no other"
        for each in seen:
            assert sorted(each) == everything, Counter(each).most_common(3)
        assert clients[1].audit.verify().events > len(everything)
        for client in clients:
            client.close()
    finally:
        stop.set()
        cluster.end()
        database.end()
