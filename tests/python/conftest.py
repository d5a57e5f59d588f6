"""A fresh account in memory for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

import strongroom
from strongroom import AsyncClient, Client, Credential, Item, Vault

SECRET = "correct-horse-battery-staple"
"""A concealed value, which must be seen nowhere but where it is asked for."""


@pytest.fixture
def kit() -> Iterator[Credential]:
    """The owner of a new account."""
    kit = strongroom.init("memory:", owner="teacher@example.edu")
    yield kit
    strongroom.drop(kit.location)


@pytest.fixture
def client(kit: Credential) -> Iterator[Client]:
    """The owner's client."""
    with strongroom.connect(kit.location, kit.token) as client:
        yield client


@pytest_asyncio.fixture
async def aclient(kit: Credential) -> AsyncIterator[AsyncClient]:
    """The owner's client for asyncio."""
    async with strongroom.connect_async(kit.location, kit.token) as client:
        yield client


@pytest.fixture
def vault(client: Client) -> Vault:
    """A vault."""
    return client.vaults.create("Alice", external_id="student-42")


@pytest.fixture
def item(client: Client, vault: Vault) -> Item:
    """An item with a secret in it."""
    fields = [strongroom.Field("password", SECRET, type="concealed"), strongroom.Field("grade", "A")]
    return client.items.create(vault.id, title="<b>Homework</b>", fields=fields)
