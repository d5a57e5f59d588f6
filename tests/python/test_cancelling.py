"""Calls that are cancelled at any moment, and an event loop that is never held."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from pathlib import Path
from typing import Any

import pytest

import strongroom
from strongroom import AsyncClient, Client, Credential, Item, Vault

MIB = 1 << 20
LARGE = int(os.environ.get("STRONGROOM_LARGE_MIB", "128"))
"""How large a large file is; `make soak` takes 1024."""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where a database is made."""
    return tmp_path / "classroom.db"


@pytest.fixture
def kit(database: Path) -> Credential:
    """The owner of a new account in a file."""
    return strongroom.init(str(database), owner="teacher@example.edu")


def kept(database: Path) -> dict[str, set[str]]:
    """The pieces beside the database, by file."""
    folder = database.with_name(database.name + "-files")
    return {each.name: {piece.name for piece in each.iterdir()} for each in folder.iterdir()} if folder.exists() else {}


def check(database: Path, kit: Credential) -> int:
    """Every file is whole, and nothing is left of any other; answers how many there are."""
    with strongroom.connect(str(database), kit.token) as client:
        count = 0
        for vault in client.vaults.list():
            for summary in client.items.list(vault.id):
                for file in client.items.get(vault.id, summary.id).files:
                    content = client.files.read(vault.id, summary.id, file.id)
                    assert content == block() * (file.size // MIB)
                    assert len(content) == file.size
                    count += 1
        for _ in range(500):
            left = kept(database)
            if len(left) == count and not any("upload" in pieces for pieces in left.values()):
                break
            time.sleep(0.02)
        else:
            pytest.fail(f"{count} files are attached, and these are kept: {left}")
        client.audit.verify()
        return count


def block() -> bytes:
    """Some content."""
    return bytes(range(256)) * (MIB // 256)


@pytest.mark.asyncio
async def test_a_hundred_cancelled_tasks_leave_a_file_or_none(
    aclient: AsyncClient, vault: Vault, item: Item, database: Path, kit: Credential, tmp_path: Path
) -> None:
    async def blocks() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield block()

    path = tmp_path / "source"
    path.write_bytes(block() * 4)
    done = 0
    for number in range(100):
        source = (blocks(), path, block() * 4, [block()] * 4)[number % 4]
        call: Awaitable[object]
        if number % 5:
            call = aclient.files.attach(vault.id, item.id, "file", source)
        else:
            call = aclient.items.create(vault.id, title="more", files=[("file", source)])
        task = asyncio.ensure_future(call)
        await asyncio.sleep(random.random() * 0.12)
        task.cancel()
        try:
            await task
            done += 1
        except asyncio.CancelledError:
            pass
    assert done < 100
    # What was on its way when its task was cancelled arrives, or is given up.
    await asyncio.sleep(0.2)
    await aclient.close()
    assert check(database, kit) >= done


def test_a_hundred_interrupts_leave_a_file_or_none(
    client: Client, vault: Vault, item: Item, database: Path, kit: Credential
) -> None:
    client.close()
    code = f"""
    import random, signal, strongroom
    block = bytes(range(256)) * {MIB // 256}
    client = strongroom.connect({str(database)!r}, {kit.token!r})
    feed = client.changes.watch(after="start")
    done = ended = 0
    def stop(number, frame):
        raise KeyboardInterrupt
    signal.signal(signal.SIGALRM, stop)
    for number in range(100):
        source = (block * 6, (block for _ in range(6)))[number % 2]
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.001 + random.random() * 0.3)
            client.files.attach({vault.id!r}, {item.id!r}, "file", source)
            signal.setitimer(signal.ITIMER_REAL, 0)
            done += 1
        except KeyboardInterrupt:
            ended += 1
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        while True:
            next(feed)
    except KeyboardInterrupt:
        feed.close()
    client.close()
    print(done, ended)
    """
    command = [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(code)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    done, ended = map(int, run.stdout.split())
    assert ended > 0
    assert done <= check(database, kit) <= done + ended


KINDS = ("create", "rename", "grant", "revoke", "put", "edit", "archive", "user")
GUEST = "guest@example.edu"
# Calls of every kind, of either twin: each on a vault of its own, or for a name of its own.
CALL = """
def call(client, kind, name, vault, item):
    from strongroom import Field
    fields = [Field("one", name), Field("two", name)]
    if kind == "create":
        return client.vaults.create(name, description=name, external_id=name, access={"guest@example.edu": "write"})
    if kind == "rename":
        return client.vaults.update(vault, name=name, description=name)
    if kind == "grant":
        return client.access.grant(vault, "guest@example.edu", "write")
    if kind == "revoke":
        return client.access.revoke(vault, "guest@example.edu")
    if kind == "put":
        return client.items.create(vault, title=name, fields=fields, files=[("essay", b"content")])
    if kind == "edit":
        return client.items.update(vault, item, title=name, set_fields=fields)
    if kind == "archive":
        return client.items.archive(vault, item)
    return client.users.create(f"{name}@example.edu")
"""


def prepared(client: Client) -> list[tuple[str, str, str, str]]:
    """A hundred calls: kind, name, vault and item."""
    client.users.create(GUEST)
    calls = []
    for number in range(104):
        kind = KINDS[number % len(KINDS)]
        vault = client.vaults.create("before", access={GUEST: "write"} if kind == "revoke" else {})
        item = client.items.create(vault.id, title="before")
        calls.append((kind, f"{kind}{number}", vault.id, item.id))
    return calls


def is_done(client: Client, kind: str, name: str, vault: str, item: str) -> bool:
    """Whether the call was done; fails if half of it was."""
    put = client.items.get(vault, item)
    fields = [(field.label, field.value) for field in put.fields]
    whole = [("one", name), ("two", name)]
    if kind == "create":
        made = [each for each in client.vaults.list() if each.external_id == name]
        for each in made:
            assert (each.name, each.description) == (name, name)
            assert GUEST in [grant.principal.email for grant in client.access.list(each.id)]
        assert len(made) <= 1
        return bool(made)
    if kind == "rename":
        found = client.vaults.get(vault)
        assert (found.name, found.description) in ((name, name), ("before", ""))
        return found.name == name
    if kind in ("grant", "revoke"):
        is_in = GUEST in [grant.principal.email for grant in client.access.list(vault)]
        return is_in is (kind == "grant")
    if kind == "put":
        listed = [summary.id for summary in client.items.list(vault) if summary.title == name]
        for found_id in listed:
            made_item = client.items.get(vault, found_id)
            assert [(field.label, field.value) for field in made_item.fields] == whole
            assert client.files.read(vault, found_id, made_item.files[0].id) == b"content"
        assert len(listed) <= 1
        return bool(listed)
    if kind == "edit":
        assert (put.version, put.title, fields) in ((1, "before", []), (2, name, whole))
        return put.version == 2
    if kind == "archive":
        assert (put.version, put.archived) in ((1, False), (2, True))
        return put.archived
    return f"{name}@example.edu" in [user.email for user in client.users.list()]


@pytest.mark.asyncio
async def test_a_hundred_cancelled_calls_are_done_or_not(aclient: AsyncClient, client: Client) -> None:
    scope: dict[str, Any] = {}
    exec(CALL, scope)
    calls, answered = prepared(client), set()
    for kind, name, vault, item in calls:
        task = asyncio.ensure_future(scope["call"](aclient, kind, name, vault, item))
        await asyncio.sleep(random.random() ** 2 * 0.006)
        task.cancel()
        try:
            await task
            answered.add(name)
        except asyncio.CancelledError:
            pass
    await aclient.vaults.create("last")
    done = {call[1] for call in calls if is_done(client, *call)}
    print(f"{len(answered)} of {len(calls)} calls were answered, and {len(done)} were done")
    assert answered <= done
    assert len(answered) < len(calls)
    client.audit.verify()


def test_a_hundred_interrupted_calls_are_done_or_not(client: Client, kit: Credential, database: Path) -> None:
    calls = prepared(client)
    code = f"""
import json, random, signal, strongroom
{CALL}
client = strongroom.connect({str(database)!r}, {kit.token!r})
def stop(number, frame):
    raise KeyboardInterrupt
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGALRM, lambda number, frame: signal.raise_signal(signal.SIGINT))
for each in {calls!r}:
    try:
        signal.setitimer(signal.ITIMER_REAL, 1e-6 + random.random() ** 2 * 0.006)
        call(client, *each)
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(each[1])
    except KeyboardInterrupt:
        pass
client.vaults.create("last")
client.close()
    """
    command = [sys.executable, "-X", "faulthandler", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    answered = set(run.stdout.split())
    done = {call[1] for call in calls if is_done(client, *call)}
    print(f"{len(answered)} of {len(calls)} calls were answered, and {len(done)} were done")
    assert answered <= done
    assert len(answered) < len(calls)
    client.audit.verify()


@pytest.mark.asyncio
async def test_the_loop_is_never_held_by_a_large_file(
    aclient: AsyncClient, vault: Vault, item: Item, tmp_path: Path
) -> None:
    size = LARGE * MIB
    path = tmp_path / "source"
    with path.open("wb") as out:
        for _ in range(LARGE):
            out.write(block())
    large = path.read_bytes()

    async def blocks() -> AsyncIterator[bytes]:
        for at in range(0, size, MIB):
            yield large[at : at + MIB]

    for source in (path, large, bytearray(large), memoryview(large), blocks()):
        beats, held, working = 0, [0.0], True

        async def beat() -> None:
            nonlocal beats
            last = unheld()
            while working:
                await asyncio.sleep(0.001)
                now = unheld()
                held.append(now - last - 0.001)
                last, beats = now, beats + 1

        heart = asyncio.ensure_future(beat())
        await asyncio.sleep(0)
        file = await aclient.files.attach(vault.id, item.id, "large", source)
        if source is path:
            await aclient.files.download(vault.id, item.id, file.id, to=tmp_path / "out")
            async with await aclient.files.open(vault.id, item.id, file.id) as opened:
                while await opened.read(MIB):
                    pass
        working = False
        await heart
        assert file.size == size
        assert source is not path or (tmp_path / "out").read_bytes() == large
        assert beats > 20
        print(f"{type(source).__name__}: held for {max(held):.4f} s at most, of {beats} beats")
        assert max(held) < 0.05, f"{type(source).__name__}: {sorted(held)[-5:]}"
        await aclient.files.detach(vault.id, item.id, file.id)


def unheld() -> float:
    """A clock that stands still while this thread waits for a processor, so that a busy machine changes nothing."""
    try:
        waited = Path("/proc/thread-self/schedstat").read_text().split()[1]
    except OSError:
        # Elsewhere, of this thread's own time, which does not show what it waits for.
        return time.thread_time()
    return time.perf_counter() - int(waited) / 1e9


def test_a_source_that_raises_leaves_no_piece(client: Client, vault: Vault, item: Item, database: Path) -> None:
    def broken() -> Iterator[bytes]:
        for _ in range(5):
            yield block()
        raise KeyError("mine")

    for _ in range(3):
        with pytest.raises(KeyError, match="mine"):
            client.files.attach(vault.id, item.id, "file", broken())
    for _ in range(500):
        if not kept(database):
            break
        time.sleep(0.02)
    assert kept(database) == {}
    assert client.items.get(vault.id, item.id) == item


def test_a_large_buffer_of_any_shape_is_a_source(client: Client, vault: Vault, item: Item) -> None:
    whole = block() * 2 + b"end"
    wide = memoryview(bytearray(whole + b"\0" * 5)).cast("Q")
    sources: tuple[tuple[Any, bytes], ...] = (
        (bytearray(whole), whole),
        (memoryview(whole)[5:], whole[5:]),
        (memoryview(whole)[::2], whole[::2]),
        (wide, whole + b"\0" * 5),
        (bytearray(), b""),
        ([bytearray(whole), memoryview(whole)[::3]], whole + whole[::3]),
    )
    for source, content in sources:
        file = client.files.attach(vault.id, item.id, "file", source)
        assert client.files.read(vault.id, item.id, file.id) == content
