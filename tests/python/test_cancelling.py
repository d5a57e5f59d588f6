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
