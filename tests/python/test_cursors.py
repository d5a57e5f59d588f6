"""Cursors order the feed: after each stands exactly what came later, whatever was done and however it is asked for."""

from __future__ import annotations

import random

import pytest

from strongroom import Client, Field, VaultSpec


def lived(client: Client, dice: random.Random) -> None:
    """Some life in a few vaults."""
    vaults = client.vaults.create_many([VaultSpec(name=f"v{n}") for n in range(3)])
    made: list[tuple[str, str]] = []
    for number in range(25):
        vault = dice.choice(vaults)
        assert not isinstance(vault, Exception)
        what = dice.randrange(5)
        if what < 2 or not made:
            files = [(f"f{n}", b"content") for n in range(dice.randrange(3))]
            made.append((vault.id, client.items.create(vault.id, title=f"i{number}", files=files).id))
        elif what == 2:
            client.items.update(*dice.choice(made), set_fields=[Field("grade", str(number))])
        elif what == 3:
            client.files.attach(*dice.choice(made), f"f{number}", b"content")
        else:
            client.vaults.update(vault.id, name=f"v{number}")


@pytest.mark.parametrize("seed", range(3))
def test_after_a_cursor_stands_what_came_later(client: Client, seed: int) -> None:
    dice = random.Random(seed)
    lived(client, dice)
    changes = list(client.changes.list(after="start"))
    cursors = [change.cursor for change in changes]
    assert len(set(cursors)) == len(changes) > 25
    for at, cursor in enumerate(cursors):
        assert client.changes.list(after=cursor).data == changes[at + 1 :]
    limit = dice.randrange(1, 7)
    assert list(client.changes.list(after="start", limit=limit)) == changes
    at = dice.randrange(len(changes))
    page = client.changes.list(after=cursors[at], limit=limit)
    assert page.data == changes[at + 1 : at + 1 + limit]
    vault = changes[at].vault_id
    # A cursor fits any filter.
    rest = [change for change in changes[at + 1 :] if change.vault_id == vault]
    assert list(client.changes.list(after=cursors[at], vaults=[vault], limit=limit)) == rest
    feed = client.changes.watch(after=cursors[at])
    assert [next(feed) for _ in changes[at + 1 :]] == changes[at + 1 :]
    assert client.changes.list(after=client.changes.cursor()).data == []
