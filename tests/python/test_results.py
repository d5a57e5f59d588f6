"""Results: frozen, equal by value, and silent about secrets."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from collections.abc import Callable
from datetime import timezone
from typing import Any

import pytest
from conftest import SECRET

import strongroom
from strongroom import AsyncClient, Client, Credential, Field, Item, Policy, Vault, VaultSpec

SHOWN: list[Callable[[Any], str]] = [
    repr,
    str,
    lambda result: f"{result}",
    lambda result: str(result._repr_html_()),
    lambda result: str(result.to_dict()),
    lambda result: json.dumps(result.to_dict(), default=str),
]


@pytest.mark.parametrize("show", SHOWN)
@pytest.mark.parametrize("kind", ["concealed", "totp", "ssh_key", "credit_card_number"])
def test_a_concealed_field_is_masked(show: Callable[[Any], str], kind: Any) -> None:
    field = Field("password", SECRET, type=kind)
    assert SECRET not in show(field)
    assert "***" in show(field)
    assert field.value == SECRET


@pytest.mark.parametrize("show", SHOWN)
def test_an_item_and_a_credential_are_masked(show: Callable[[Any], str], item: Item, kit: Credential) -> None:
    assert SECRET not in show(item)
    assert "A" in show(item)
    assert kit.recovery is not None
    assert kit.token not in show(kit)
    assert kit.recovery not in show(kit)
    assert "***" in show(kit)


def test_reveal_gives_all_of_it_in_plain(item: Item) -> None:
    plain = item.reveal()
    assert plain["fields"][0] == {"label": "password", "value": SECRET, "type": "concealed", "section": None}
    assert type(plain) is dict
    assert item.to_dict()["fields"][0]["value"] == "***"


def test_a_lack_is_not_masked(client: Client) -> None:
    assert client.users.create("alice@example.edu").to_dict()["recovery"] is None


def test_html_is_escaped(item: Item) -> None:
    html = item._repr_html_()  # type: ignore[attr-defined]
    assert "&lt;b&gt;Homework" in html
    assert "<b>" not in html


@pytest.mark.parametrize("refuse", [copy.copy, copy.deepcopy, pickle.dumps])
def test_nothing_is_pickled_or_copied(
    refuse: Callable[[Any], object], client: Client, kit: Credential, vault: Vault, item: Item
) -> None:
    for result in (kit, vault, item, item.fields[0], client, client.vaults.list(), client.vaults, VaultSpec(name="a")):
        with pytest.raises(TypeError):
            refuse(result)


@pytest.mark.asyncio
async def test_what_only_asyncio_has_is_not_copied_either(aclient: AsyncClient, vault: Vault, item: Item) -> None:
    file = await aclient.files.attach(vault.id, item.id, "essay.txt", b"Once upon a time")
    listing = aclient.vaults.list()
    opened = await aclient.files.open(vault.id, item.id, file.id)
    connecting = strongroom.connect_async("memory:x", "token")
    for result in (aclient, aclient.vaults, aclient.changes.watch(), listing, await listing, opened, connecting):
        for refuse in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError):
                refuse(result)


def test_results_are_frozen(vault: Vault, client: Client) -> None:
    with pytest.raises(AttributeError):
        vault.name = "Bob"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        vault.other = 1  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        client.vaults.list().cursor = ""  # type: ignore[misc]


def test_equality_is_by_value(client: Client, vault: Vault, item: Item) -> None:
    assert client.vaults.get(vault.id) == vault
    assert client.vaults.get(external_id="student-42") == vault
    assert {client.vaults.get(vault.id), vault} == {vault}
    assert client.items.get(vault.id, item.id) == item
    assert vault != item  # type: ignore[comparison-overlap]
    assert Field("a", "b") == Field("a", "b", type="text") != Field("a", "c")
    first, second = {"a@x.edu": "read", "b@x.edu": "write"}, {"b@x.edu": "write", "a@x.edu": "read"}
    assert VaultSpec(name="a", access=first) == VaultSpec(name="a", access=second)  # type: ignore[arg-type]


def test_a_field_is_found_by_label_and_section(item: Item) -> None:
    found = item.field("grade")
    assert found is not None
    assert found.value == "A"
    assert item.field("grade", section="other") is None


def test_times_are_aware(vault: Vault) -> None:
    assert vault.created_at.tzinfo is timezone.utc


def test_inputs_are_the_cores(client: Client) -> None:
    with pytest.raises(strongroom.InvalidArgument, match="not a field type"):
        Field("a", "b", type="nonsense")  # type: ignore[arg-type]
    with pytest.raises(strongroom.InvalidArgument, match="not a role"):
        Policy(max_grant="owner")  # type: ignore[arg-type]
    assert Policy().max_grant == "admin"
    assert Policy(max_grant="write", audit_reads=False) == Policy(audit_reads=False, max_grant="write")
    spec = VaultSpec("student-42", name="Alice", access={"alice@example.edu": "write"}, retain="admin")
    assert (spec.external_id, spec.access) == ("student-42", {"alice@example.edu": "write"})


def test_a_page_reads_well_in_a_notebook(client: Client, vault: Vault, item: Item) -> None:
    history = client.items.history(vault.id, item.id)
    html = history._repr_html_()
    assert SECRET not in html
    assert "***" in html
    assert "&lt;b&gt;Homework" in html
    assert "<b>" not in html
    grants = client.access.list(vault.id)._repr_html_()
    assert "<td>teacher@example.edu</td>" in grants
    assert client.users.list()._repr_html_().count("<tr>") == 2
    assert client.service_accounts.list()._repr_html_() == "<p>Page: nothing</p>"
    client.vaults.create_many([VaultSpec(name=f"v{n}") for n in range(600)])
    page = client.vaults.list()
    assert "450 more on this page, and more pages" in page._repr_html_()
    assert len(repr(page)) < 3000
    assert "… 495 more" in repr(page)
    assert SECRET not in repr(history)


@pytest.mark.parametrize(("name", "package"), [("to_arrow", "pyarrow"), ("to_pandas", "pandas"), ("to_polars", "polars")])
def test_a_table_without_its_package_says_what_to_do(
    name: str, package: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(strongroom.Unsupported, match=f"{package} is not installed: install it, or take") as caught:
        getattr(client.audit.list(), name)()
    assert caught.value.operation == name


@pytest.mark.parametrize(("name", "package"), [("to_arrow", "pyarrow"), ("to_pandas", "pandas"), ("to_polars", "polars")])
def test_a_table_has_all_rows(name: str, package: str, client: Client, vault: Vault) -> None:
    pytest.importorskip(package)
    client.items.create(vault.id, title="Homework 1", files=[("essay.txt", b"Once upon a time")])
    made = getattr(client.changes.list(), name)()
    columns = made.column_names if package == "pyarrow" else list(made.columns)
    assert len(made) == len(list(client.changes.list()))
    assert {"kind", "vault_id", "item_id", "file_id"} <= set(columns)
    assert len(getattr(client.service_accounts.list(), name)()) == 0


def test_a_page_goes_on(client: Client) -> None:
    made = [vault for vault in client.vaults.create_many([VaultSpec(name=f"v{n}") for n in range(1200)])]
    page = client.vaults.list()
    assert page.has_more
    assert page.cursor
    assert len(page.data) < 1200
    assert list(page) == made
    assert list(page) == made, "a page can be gone through again"
    assert [row["name"] for row in map(lambda row: row.to_dict(), page.data[:2])] == ["v0", "v1"]
