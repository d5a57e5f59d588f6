"""What is planted in all that is sealed is in no file, output, log, error or traceback, and secrets are in no printed form."""

from __future__ import annotations

import asyncio
import logging
import pprint
import secrets
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

import strongroom
from strongroom import AsyncClient, Client, Credential, Field, Item, StrongroomError, Vault

MARKER = secrets.token_hex(12)
PACKAGE = str(Path(strongroom.__file__).parent)


def marked(place: str) -> str:
    return f"{MARKER}-{place}"


def content(size: int) -> bytes:
    return (marked("content ").encode() * (size // 20))[:size]


def fields() -> list[Field]:
    return [
        Field(marked("password"), marked("concealed"), type="concealed", section=marked("section")),
        Field(marked("label"), marked("text")),
    ]


def find(folder: Path) -> list[str]:
    """The files that have the marker in their names or, as it is or in hex, in their bytes."""
    wanted = (MARKER.encode(), MARKER.upper().encode(), MARKER.encode().hex().encode(), bytes.fromhex(MARKER))
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [str(path) for path in files if MARKER in path.name or any(form in path.read_bytes() for form in wanted)]


def told(error: BaseException) -> str:
    """All that is printed of an error, with what the package's own frames hold; the locals of the caller are the caller's."""
    shown = [str(error), repr(error), repr(error.args), *traceback.format_exception(error)]
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.startswith(PACKAGE):
            shown += [f"{name}={value!r}" for name, value in frame.f_locals.items()]
    shown += [told(more) for more in (error.__cause__, error.__context__) if more is not None]
    return "\n".join(shown)


def plant(client: Client) -> tuple[Vault, Item]:
    vault = client.vaults.create(marked("vault"), description=marked("description"))
    item = client.items.create(
        vault.id,
        title=marked("title"),
        fields=fields(),
        notes=marked("notes"),
        tags=[marked("tag")],
        urls=[f"https://{MARKER}.example.edu"],
        files=[(marked("small"), content(1000)), (marked("large"), content(3 << 20))],
    )
    client.items.update(vault.id, item.id, title=marked("other title"), notes=marked("other notes"), set_fields=fields())
    client.vaults.update(vault.id, name=marked("other vault"), description=marked("other description"))
    file = client.files.attach(vault.id, item.id, marked("attached"), [content(1 << 20)] * 3)
    client.files.detach(vault.id, item.id, file.id)
    assert client.files.read(vault.id, item.id, item.files[1].id) == content(3 << 20)
    client.items.archive(vault.id, item.id)
    return vault, client.items.restore(vault.id, item.id)


def refusals(client: Client, vault: Vault, item: Item, kit: Credential) -> list[Callable[[], object]]:
    """Calls that are refused while they hold what is marked. A refusal of the caller's own fields names the field."""
    nowhere = f"vlt_{'q' * 51}a"
    again = [Field("one", marked("concealed"), type="concealed")] * 2
    made = {"notes": marked("notes"), "tags": [marked("tag")], "fields": fields(), "title": marked("title")}

    return [
        lambda: client.items.create(nowhere, **made),  # type: ignore[arg-type]
        lambda: client.items.create(vault.id, title=MARKER * 200),
        lambda: client.items.create(vault.id, title=marked("title"), fields=again),
        lambda: client.items.create(vault.id, title=marked("title"), notes=MARKER * 100_000),
        lambda: client.items.update(vault.id, item.id, title=marked("title"), set_fields=fields(), if_version=99),
        lambda: client.files.attach(vault.id, item.id, f"{MARKER}/{MARKER}", b"content"),
        lambda: client.files.attach(vault.id, nowhere.replace("vlt", "itm"), marked("file"), content(1000)),
        lambda: client.files.attach(vault.id, item.id, marked("file"), marked("content")),  # type: ignore[arg-type]
        lambda: client.vaults.create(MARKER * 200),
        lambda: client.vaults.create(marked("vault"), access={"nobody@example.edu": "read"}),
        lambda: client.vaults.update(nowhere, name=marked("vault"), description=marked("description")),
        lambda: client.secrets.resolve(f"op://{vault.id}/{item.id}/{marked('no field')}"),
        lambda: client.secrets.resolve(f"op://{marked('no vault')}/{item.id}/label"),
        lambda: strongroom.connect(kit.location, kit.token[:-6] + "aaaaaa"),
    ]


def check_printed(client: Client, vault: Vault, item: Item, kit: Credential) -> None:
    """Titles and names are for those who may read them; concealed values, contents and tokens stand in nothing printed."""
    results: list[object] = [client, client.me, client.account, kit, vault, item, *item.fields, *item.files]
    results += [client.items.list(vault.id), client.items.history(vault.id, item.id), client.vaults.list()]
    results += [client.changes.list(after="start"), client.audit.list(), client.access.list(vault.id), client.changes.watch()]
    printed = ""
    for result in results:
        printed += f"{result!r} {result} {result:} {pprint.pformat(result)} "
        for form in ("_repr_html_", "to_dict"):
            printed += str(getattr(result, form, str)())
    assert marked("other title") in printed
    for secret in (marked("concealed"), marked("content"), kit.token, kit.token[20:60], str(kit.recovery)):
        assert secret not in printed


def test_what_is_sealed_shows_nowhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET)
    kit = strongroom.init(str(tmp_path / "classroom.db"), owner="teacher@example.edu")
    state = str(tmp_path / "state")
    with strongroom.connect(kit.location, kit.token, state=state, app="grader/1.4") as client:
        vault, item = plant(client)
        for number, call in enumerate(refusals(client, vault, item, kit)):
            with pytest.raises((StrongroomError, TypeError)) as caught:
                call()
            assert MARKER not in told(caught.value), number
            assert kit.token[20:60] not in told(caught.value), number
        check_printed(client, vault, item, kit)
        assert find(tmp_path) == []
        client.audit.verify()
    assert find(tmp_path) == []
    out, err = capfd.readouterr()
    assert MARKER not in out + err + caplog.text


def test_asyncio_shows_no_more(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET)
    kit = strongroom.init(str(tmp_path / "classroom.db"), owner="teacher@example.edu")

    async def refused(client: AsyncClient, vault: Vault) -> None:
        calls: list[Callable[[], object]] = [
            lambda: client.items.create(vault.id, title=MARKER * 200),
            lambda: client.vaults.create(marked("vault"), access={"nobody@example.edu": "read"}),
            lambda: client.vaults.update(f"vlt_{'q' * 51}a", name=marked("vault")),
            lambda: client.secrets.resolve(f"op://{marked('no vault')}/title/label"),
        ]
        for call in calls:
            with pytest.raises(StrongroomError) as caught:
                await call()  # type: ignore[misc]
            assert MARKER not in told(caught.value)

    async def use() -> None:
        # The loop logs what nobody awaits, with what it holds.
        asyncio.get_running_loop().set_debug(True)
        async with strongroom.connect_async(kit.location, kit.token) as client:
            vault = await client.vaults.create(marked("vault"), description=marked("description"))
            item = await client.items.create(vault.id, title=marked("title"), fields=fields(), notes=marked("notes"))
            await client.files.attach(vault.id, item.id, marked("file"), content(3 << 20))
            await refused(client, vault)
            lost = asyncio.ensure_future(client.items.create(vault.id, title=MARKER * 200))
            await asyncio.sleep(0.05)
            assert MARKER not in repr(lost)
            del lost
            dropped = asyncio.ensure_future(client.items.create(vault.id, title=marked("title"), fields=fields()))
            await asyncio.sleep(0)
            dropped.cancel()
            assert MARKER not in repr(dropped)

    asyncio.run(use())
    assert find(tmp_path) == []
    out, err = capfd.readouterr()
    assert MARKER not in out + err + caplog.text
