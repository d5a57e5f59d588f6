"""Threads, forks, signals, cancelled tasks, and what closing ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from typing import Any

import pytest

import strongroom
from strongroom import AsyncClient, Client, Credential, Vault

START = """
import os, signal, sys, threading, time
import strongroom
# A process that is started in the background may have been told to ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
kit = strongroom.init("memory:", owner="teacher@example.edu")
client = strongroom.connect(kit.location, kit.token)
"""


def run(code: str, timeout: float = 20) -> str:
    """What the code prints in a process of its own."""
    command = [sys.executable, "-X", "faulthandler", "-c", START + textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_starts_nothing() -> None:
    code = """
    import sys, threading, os
    before = len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1
    import strongroom
    after = len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1
    print(after - before, sorted({"asyncio", "typing", "pandas", "ssl"} & set(sys.modules)))
    """
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n" + textwrap.dedent(code)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "0 []\n"


def test_ctrl_c_ends_a_blocking_call() -> None:
    out = run("""
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    feed = client.changes.watch()
    began = time.monotonic()
    try:
        next(feed)
    except KeyboardInterrupt:
        print("interrupted", time.monotonic() - began < 2)
    client.vaults.create("Alice")
    print(next(feed).kind)
    """)
    assert out == "interrupted True\nvault.created\n"


def test_ctrl_c_in_an_upload_leaves_nothing() -> None:
    out = run("""
    vault = client.vaults.create("Alice")
    item = client.items.create(vault.id, title="Homework 1")
    def endless():
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            yield bytes(1 << 20)
    try:
        client.files.attach(vault.id, item.id, "essay", endless())
    except KeyboardInterrupt:
        print("interrupted", client.items.get(vault.id, item.id) == item)
    print(client.audit.verify().events > 0)
    """)
    assert out == "interrupted True\nTrue\n"


def test_ctrl_c_ends_asyncio() -> None:
    out = run("""
    import asyncio
    async def watch():
        async with strongroom.connect_async(kit.location, kit.token) as admin:
            threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
            try:
                async for change in admin.changes.watch():
                    print(change)
            except asyncio.CancelledError:
                print("cancelled", (await admin.vaults.list()).data)
                raise
    try:
        asyncio.run(watch())
    except KeyboardInterrupt:
        print("interrupted")
    """)
    # Python 3.10 raises into the loop itself, which then cancels what is left.
    assert out.splitlines() == ["cancelled []", "interrupted"]


def test_a_context_ends_by_what_was_raised_in_it(kit: Credential) -> None:
    with pytest.raises(ZeroDivisionError):
        with strongroom.connect(kit.location, kit.token) as client, client.changes.watch() as feed:
            raise ZeroDivisionError
    with pytest.raises(strongroom.Unauthenticated, match="closed"):
        client.vaults.list()
    with pytest.raises(strongroom.Unauthenticated, match="closed"):
        client.with_options(timeout=1).vaults.list()
    assert next(feed, None) is None


def test_a_handler_that_returns_does_not_end_it() -> None:
    out = run("""
    feed = client.changes.watch()
    def handle(number, frame):
        print("handled", client.vaults.create("Alice").name)
    signal.signal(signal.SIGUSR1, handle)
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
    print(next(feed).kind)
    """)
    assert out == "handled Alice\nvault.created\n"


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="needs fork")
def test_a_client_is_refused_after_a_fork_and_a_new_one_works(tmp_path: Any) -> None:
    out = run(f"""
    location = {str(tmp_path / "classroom.db")!r}
    kit = strongroom.init(location, owner="teacher@example.edu")
    client = strongroom.connect(location, kit.token)
    client.vaults.create("Alice")
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            client.vaults.list()
        except strongroom.Unsupported as error:
            print("connect again" in str(error), error.operation)
        for call in (lambda: next(client.changes.watch()), client.with_options(timeout=1).me and client.vaults.list):
            try:
                call()
            except strongroom.Unsupported:
                continue
            print("it was not refused")
        client.close()
        with strongroom.connect(location, kit.token) as mine:
            print([vault.name for vault in mine.vaults.list()])
        sys.stdout.flush()
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    print(status, len(client.vaults.list().data))
    """)
    assert out == "True vaults.list\n['Alice']\n0 1\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_children_of_a_parent_that_writes_have_locks_of_their_own(tmp_path: Any) -> None:
    # As a server that loads the application before it forks its workers, which then connect anew.
    out = run(f"""
    location = {str(tmp_path / "classroom.db")!r}
    kit = strongroom.init(location, owner="teacher@example.edu")
    client = strongroom.connect(location, kit.token)
    vault = client.vaults.create("Alice")
    stop = threading.Event()
    made = []
    def write():
        while not stop.is_set():
            made.append(client.items.create(vault.id, title="parent").id)
    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    children = []
    for number in range(4):
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            try:
                below = [os.readlink(f"/proc/self/fd/{{fd}}") for fd in os.listdir("/proc/self/fd")
                         if os.path.exists(f"/proc/self/fd/{{fd}}")] if os.path.isdir("/proc/self/fd") else []
                assert not [path for path in below if path.startswith(location)], below
                with strongroom.connect(location, kit.token) as mine:
                    for _ in range(20):
                        mine.items.create(vault.id, title="child")
                # What it inherited goes without harm.
                del client
                code = 0
            except BaseException:
                import traceback
                traceback.print_exc()
                code = 1
            sys.stderr.flush()
            os._exit(code)
        children.append(pid)
    codes = [os.waitpid(pid, 0)[1] for pid in children]
    stop.set()
    for writer in writers:
        writer.join()
    titles = [item.title for item in client.items.list(vault.id)]
    client.audit.verify()
    print(codes, titles.count("child"), titles.count("parent") == len(made) > 0)
    """, timeout=60)
    assert out == "[0, 0, 0, 0] 80 True\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_threads_fork_at_once_and_children_fork_again(tmp_path: Any) -> None:
    out = run(f"""
    location = {str(tmp_path / "classroom.db")!r}
    kit = strongroom.init(location, owner="teacher@example.edu")
    client = strongroom.connect(location, kit.token)
    def child(fork_again):
        with strongroom.connect(location, kit.token) as mine:
            mine.vaults.create("child")
            if fork_again:
                begin = time.monotonic()
                assert fork(False) == 0
                # Nobody waits for what only the parent can wake.
                assert time.monotonic() - begin < 8, "it took too long"
                mine.vaults.create("child")
    def fork(fork_again):
        pid = os.fork()
        if pid == 0:
            try:
                child(fork_again)
                code = 0
            except BaseException:
                import traceback
                traceback.print_exc()
                code = 1
            sys.stderr.flush()
            os._exit(code)
        return os.waitpid(pid, 0)[1]
    codes = []
    threads = [threading.Thread(target=lambda: codes.append(fork(True))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.vaults.create("parent")
    client.audit.verify()
    print(codes, len(list(client.vaults.list())))
    """, timeout=60)
    assert out == "[0, 0, 0, 0] 13\n"


def test_a_feed_is_closed_from_another_thread(client: Client) -> None:
    feed = client.changes.watch()
    threading.Timer(0.2, feed.close).start()
    began = time.monotonic()
    assert list(feed) == []
    assert time.monotonic() - began < 5
    with client.changes.watch() as other:
        pass
    assert next(other, None) is None


def test_other_threads_run_while_one_waits(client: Client) -> None:
    feed = client.changes.watch()
    made: list[Vault] = []
    thread = threading.Timer(0.1, lambda: made.append(client.vaults.create("Alice")))
    thread.start()
    change = next(feed)
    thread.join()
    assert (change.kind, change.vault_id) == ("vault.created", made[0].id)
    assert feed.cursor == change.cursor


def test_many_threads_share_a_client(client: Client) -> None:
    threads = [threading.Thread(target=client.vaults.create, args=(f"v{n}",)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(client.vaults.list())) == 20


def test_close_ends_what_other_threads_do(kit: Credential, client: Client) -> None:
    vault = client.vaults.create("Alice")
    closing = strongroom.connect(kit.location, kit.token)
    made: list[str] = []
    ends: list[str] = []

    def write() -> None:
        try:
            while True:
                made.append(closing.items.create(vault.id, title="Homework").id)
                closing.items.list(vault.id)
        except strongroom.Unauthenticated as error:
            ends.append(str(error))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    closing.close()
    for thread in threads:
        thread.join()
    assert len(ends) == 8
    assert all("is closed" in end for end in ends)
    assert set(made) <= {item.id for item in client.items.list(vault.id)}
    client.audit.verify()


def test_close_refuses_what_comes_after(kit: Credential) -> None:
    client = strongroom.connect(kit.location, kit.token)
    client.close()
    client.close()
    with pytest.raises(strongroom.StrongroomError):
        client.vaults.list()


@pytest.mark.asyncio
async def test_a_cancelled_wait_loses_no_change(aclient: AsyncClient) -> None:
    feed = aclient.changes.watch(after="start")
    for _ in range(20):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(anext(feed), 0.005)
    before = feed.cursor
    waiting = asyncio.ensure_future(anext(feed))
    await asyncio.sleep(0.05)
    await aclient.vaults.create("Alice")
    # The change is on its way to the task when the task is cancelled.
    time.sleep(0.3)
    waiting.cancel()
    try:
        # On a busy machine the change can reach the task before the cancellation does.
        change = await waiting
    except asyncio.CancelledError:
        assert feed.cursor == before
        change = await asyncio.wait_for(anext(feed), 5)
    assert change.kind == "vault.created"
    assert feed.cursor == change.cursor


@pytest.mark.asyncio
async def test_an_async_feed_ends_when_closed(aclient: AsyncClient) -> None:
    feed = aclient.changes.watch()
    asyncio.get_running_loop().call_later(0.1, feed.close)
    assert [change async for change in feed] == []
    async with aclient.changes.watch() as other:
        pass
    assert [change async for change in other] == []


@pytest.mark.asyncio
async def test_a_cancelled_upload_is_not_attached(aclient: AsyncClient, vault: Vault, item: Any) -> None:
    async def endless() -> Any:
        while True:
            await asyncio.sleep(0.01)
            yield b"more"

    upload = asyncio.ensure_future(aclient.files.attach(vault.id, item.id, "essay", endless()))
    await asyncio.sleep(0.1)
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    assert await aclient.items.get(vault.id, item.id) == item


def test_one_client_serves_several_loops(kit: Credential) -> None:
    client = asyncio.run(connected(kit))
    for _ in range(3):
        assert asyncio.run(first(client)) == []


async def connected(kit: Credential) -> AsyncClient:
    return await strongroom.connect_async(kit.location, kit.token)


async def first(client: AsyncClient) -> list[Vault]:
    return (await client.vaults.list()).data


@pytest.mark.asyncio
async def test_connecting_is_awaited_or_entered(kit: Credential) -> None:
    client = await strongroom.connect_async(kit.location, kit.token)
    assert client.me == kit.principal
    async with client:
        pass
    with pytest.raises(strongroom.StrongroomError):
        await client.vaults.list()
    made = await strongroom.init_async("memory:", owner="other@example.edu")
    assert made.principal.email == "other@example.edu"
    with pytest.raises(strongroom.StrongroomError):
        await strongroom.connect_async("memory:nowhere", "nonsense")
