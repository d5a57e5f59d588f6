"""Where content comes from and goes to, and callables that are called meanwhile."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import strongroom
from strongroom import AsyncClient, Client, Credential, Item, Vault

BIG = bytes(range(256)) * 10_000


def pieces() -> Iterator[bytes]:
    yield b"once "
    yield b""
    yield b"upon a time"


async def pieces_later() -> AsyncIterator[bytes]:
    for piece in pieces():
        yield piece


class LaterReader:
    def __init__(self) -> None:
        self.left = list(pieces())

    async def read(self, size: int) -> bytes:
        return self.left.pop() if self.left and self.left[-1] else b""


def test_every_source(client: Client, vault: Vault, item: Item, tmp_path: Path) -> None:
    path = tmp_path / "essay"
    path.write_bytes(b"once upon a time")
    text = b"once upon a time"
    with path.open("rb") as opened:
        sources = (text, bytearray(text), memoryview(text), path, opened, io.BytesIO(text), pieces(), [text])
        for source in sources:
            file = client.files.attach(vault.id, item.id, "essay.txt", source)
            assert file.size == 16
            assert client.files.read(vault.id, item.id, file.id) == text


@pytest.mark.parametrize("source", ["/etc/hostname", 5, None, [1, 2], ["text"], io.StringIO("text"), {}.keys])
def test_what_is_no_source_is_refused(client: Client, vault: Vault, item: Item, source: Any) -> None:
    with pytest.raises(strongroom.InvalidArgument, match="source"):
        client.files.attach(vault.id, item.id, "essay.txt", source)
    assert client.items.get(vault.id, item.id) == item


def test_an_async_iterable_needs_the_async_client(client: Client, vault: Vault, item: Item) -> None:
    with pytest.raises(strongroom.InvalidArgument, match="AsyncClient"):
        client.files.attach(vault.id, item.id, "essay.txt", pieces_later())  # type: ignore[arg-type]


def test_what_a_source_raises_is_raised_and_nothing_attached(client: Client, vault: Vault, item: Item) -> None:
    def broken() -> Iterator[bytes]:
        yield b"once"
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        client.files.attach(vault.id, item.id, "essay.txt", broken())
    assert client.items.get(vault.id, item.id) == item


def test_files_are_read_at_any_place(client: Client, vault: Vault, item: Item, tmp_path: Path) -> None:
    made = client.items.create(vault.id, title="Homework 2", files=[("big", BIG)])
    (file,) = made.files
    with client.files.open(vault.id, made.id, file.id) as opened:
        assert opened.seekable()
        assert opened.seek(-3, io.SEEK_END) == len(BIG) - 3
        assert opened.read() == BIG[-3:]
        opened.seek(1000)
        assert opened.read(5) == BIG[1000:1005]
        assert opened.tell() == 1005
        opened.seek(0)
        assert opened.read() == BIG
        with pytest.raises(ValueError, match="before"):
            opened.seek(-1)
    done: list[int] = []
    client.files.download(vault.id, made.id, file.id, to=tmp_path / "big", progress=done.append)
    assert (tmp_path / "big").read_bytes() == BIG
    assert done == sorted(done)
    assert done[-1] == len(BIG)


def test_what_progress_raises_stops_it(client: Client, vault: Vault, item: Item, tmp_path: Path) -> None:
    file = client.files.attach(vault.id, item.id, "big", BIG)

    def stop(done: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        client.files.download(vault.id, item.id, file.id, to=tmp_path / "big", progress=stop)


def test_save_comes_before_the_commit(client: Client, vault: Vault) -> None:
    def full(credential: Credential) -> None:
        assert credential.token
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        client.users.create("alice@example.edu", save=full)
    with pytest.raises(strongroom.NotFound):
        client.users.get("alice@example.edu")

    kept: list[Credential] = []
    made = client.users.create("alice@example.edu", save=kept.append)
    assert [credential.token for credential in kept] == [made.token]
    assert [credential.principal.id for credential in kept] == [made.principal.id]

    async def later(credential: Credential) -> None: ...

    with pytest.raises(strongroom.InvalidArgument, match="AsyncClient"):
        client.users.create("bob@example.edu", save=later)
    with pytest.raises(strongroom.InvalidArgument, match="save"):
        client.users.create("bob@example.edu", save="file")  # type: ignore[arg-type]


def test_save_may_use_the_client(client: Client, vault: Vault) -> None:
    other = client.vaults.create("Tokens")
    client.users.create("bob@example.edu", save=lambda credential: client.vaults.update(other.id, name="Kept"))
    assert client.vaults.get(other.id).name == "Kept"


def test_times_must_be_aware(client: Client, vault: Vault) -> None:
    client.users.create("alice@example.edu")
    for wrong in (datetime.now(), "tomorrow"):
        with pytest.raises(strongroom.InvalidArgument, match="expires_at") as caught:
            client.access.grant(vault.id, "alice@example.edu", "read", expires_at=wrong)  # type: ignore[arg-type]
        assert caught.value.operation == "access.grant"
    at = (datetime.now(timezone.utc) + timedelta(days=9)).replace(microsecond=0)
    for zone in (timezone.utc, timezone(timedelta(hours=5)), ZoneInfo("Europe/Berlin")):
        grant = client.access.grant(vault.id, "alice@example.edu", "read", expires_at=at.astimezone(zone))
        assert grant.expires_at == at


@pytest.mark.asyncio
async def test_the_async_twin(aclient: AsyncClient, vault: Vault, item: Item, tmp_path: Path) -> None:
    for source in (b"once upon a time", pieces(), pieces_later(), io.BytesIO(b"once upon a time")):
        file = await aclient.files.attach(vault.id, item.id, "essay.txt", source)
        assert file.size == 16
    assert (await aclient.files.attach(vault.id, item.id, "essay.txt", LaterReader())).size == 11

    file = await aclient.files.attach(vault.id, item.id, "big", BIG)
    async with await aclient.files.open(vault.id, item.id, file.id) as opened:
        opened.seek(-3, io.SEEK_END)
        assert await opened.read() == BIG[-3:]
        opened.seek(0)
        assert await opened.read() == BIG

    async def broken() -> AsyncIterator[bytes]:
        yield b"once"
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await aclient.files.attach(vault.id, item.id, "essay.txt", broken())


@pytest.mark.asyncio
async def test_save_may_be_a_coroutine_function(aclient: AsyncClient) -> None:
    kept: list[Credential] = []

    async def keep(credential: Credential) -> None:
        kept.append(credential)

    async def full(credential: Credential) -> None:
        raise OSError("disk full")

    made = await aclient.users.create("alice@example.edu", save=keep)
    assert made.token == kept[0].token
    assert await aclient.users.create("bob@example.edu", save=kept.append) == kept[1]
    with pytest.raises(OSError, match="disk full"):
        await aclient.users.create("carol@example.edu", save=full)


@pytest.mark.asyncio
async def test_async_pages(aclient: AsyncClient) -> None:
    made = await aclient.vaults.create_many([strongroom.VaultSpec(name=f"v{n}") for n in range(1200)])
    page = await aclient.vaults.list()
    assert page.has_more
    assert [row async for row in page] == made
    listing = aclient.vaults.list()
    assert [row async for row in listing] == made
    with pytest.raises(strongroom.InvalidArgument, match="already"):
        await listing
