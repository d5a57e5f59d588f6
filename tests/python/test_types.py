"""The types: mypy accepts the documented code and refuses what is wrong, and the stubs are the module's.

The functions below are never called: mypy reads them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO

from typing_extensions import assert_never, assert_type

import strongroom
from strongroom import (
    AsyncFile,
    AsyncPage,
    Change,
    Credential,
    Field,
    Grant,
    Item,
    ItemSummary,
    Page,
    Policy,
    Principal,
    Vault,
    VaultSpec,
)

ROOT = Path(__file__).resolve().parents[2]


def keep(credential: Credential) -> None: ...


async def keep_later(credential: Credential) -> None: ...


def handle(change: Change) -> str:
    if change.kind == "item.created" or change.kind == "item.updated":
        return change.item_id
    if isinstance(change, strongroom.ItemChange):
        return change.item_id
    if isinstance(change, strongroom.FileChange):
        return change.file_id
    if isinstance(change, strongroom.VaultChange):
        return change.vault_id
    if isinstance(change, strongroom.AccessChange):
        return change.principal.id
    assert_never(change)


def blocking(location: str, source: BinaryIO, path: Path) -> None:
    kit = strongroom.init("classroom.db", owner="teacher@example.edu", save=None)
    rescue = strongroom.connect("classroom.db", kit.recovery)
    admin = strongroom.connect("classroom.db", kit.token)
    strongroom.connect(
        location,
        kit.token,
        state=None,
        app=None,
        timeout=30,
        max_retries=2,
        ca_file=None,
        allow_insecure=False,
        accept_restored=False,
    )
    with strongroom.connect() as client:
        assert_type(client, strongroom.Client)
    client = rescue.with_options(timeout=30, max_retries=2)
    assert_type(client.me, Principal)
    client.account.transfer(client.account.owner)
    assert_type(client.rotate_token(save=keep), str)

    grader = admin.service_accounts.create(
        "grader",
        can_create_vaults=True,
        can_manage_users=True,
        can_manage_policy=False,
        can_read_audit=False,
        vaults={},
        expires_at=None,
        save=None,
    )
    assert_type(admin.service_accounts.list(), Page[Principal])
    admin.service_accounts.get(grader.principal.id)
    admin.service_accounts.update(grader.principal.id, can_read_audit=True)
    admin.service_accounts.revoke(grader.principal.id)
    admin.service_accounts.reissue(grader.principal.id, save=None)
    invite = client.users.invite("alice@example.edu", name="Alice")
    kit = strongroom.accept(location, invite.code, save=None)
    kit = client.users.create("alice@example.edu", name="Alice", save=None)
    client.users.list()
    client.users.get("alice@example.edu")
    client.users.suspend("alice@example.edu")
    client.users.reactivate("alice@example.edu")
    client.users.reissue("alice@example.edu")
    client.users.delete("alice@example.edu", successor=None, erase=False)
    group = client.groups.create("class 4b")
    client.groups.add(group.id, kit.principal.id)
    client.groups.remove(group.id, kit.principal.id)
    client.groups.delete(client.groups.get(group.id).id)
    print([group.name for group in client.groups.list()])

    vault = client.vaults.create(
        "Alice",
        description="Homework",
        external_id="student-42",
        access={"alice@example.edu": "write"},
        retain="admin",
    )
    client.vaults.get(vault.id)
    client.vaults.get(external_id="student-42", creator=None)
    client.vaults.get()  # type: ignore[call-overload]
    assert_type(client.vaults.list(), Page[Vault])
    client.vaults.update(vault.id, name="Alice B.", description="Homework")
    client.vaults.delete(vault.id)
    client.vaults.rekey(ids=None)

    client.access.grant(vault.id, "alice@example.edu", "write", expires_at=None)
    client.access.grant(vault.id, "alice@example.edu", "owner")  # type: ignore[arg-type]
    client.access.revoke(vault.id, "alice@example.edu")
    assert_type(client.access.list(vault.id, at=datetime.now(timezone.utc)), Page[Grant])
    assert_type(client.access.matrix(), Page[Grant])
    client.access.approve(kit.principal.id, vaults=None)

    item = client.items.create(
        vault.id,
        title="Homework 1",
        category="document",
        fields=[Field("password", "hunter2", type="concealed")],
        notes="",
        tags=[],
        urls=[],
        files=[("essay.pdf", source)],
    )
    client.items.get(vault.id, item.id, version=None)
    assert_type(client.items.history(vault.id, item.id), Page[Item])
    assert_type(client.items.list(vault.id, archived=False, tag=None, category=None), Page[ItemSummary])
    client.items.update(
        vault.id,
        item.id,
        title="Homework 1",
        notes="",
        tags=["done"],
        urls=[],
        set_fields=[Field("grade", "A")],
        remove_fields=["draft"],
        if_version=item.version,
    )
    client.items.archive(vault.id, item.id)
    client.items.restore(vault.id, item.id)
    client.items.delete(vault.id, item.id)
    assert_type(item.field("grade", section=None), Field | None)
    file = client.files.attach(
        vault.id, item.id, "essay.pdf", source, content_type=None, replace=None, progress=None
    )
    client.files.attach(vault.id, item.id, "essay.pdf", path, progress=lambda done: print(done))
    client.files.attach(vault.id, item.id, "essay.pdf", [b"once ", b"upon a time"])
    client.files.attach(vault.id, item.id, "essay.pdf", 5)  # type: ignore[arg-type]
    assert_type(client.files.read(vault.id, item.id, file.id), bytes)
    client.files.download(vault.id, item.id, file.id, to=path, progress=None)
    assert_type(client.files.open(vault.id, item.id, file.id), BinaryIO)
    client.files.detach(vault.id, item.id, file.id)
    assert_type(client.secrets.resolve("op://Alice/Homework 1/password"), str)
    client.secrets.resolve_many(["op://Alice/Homework 1/password"])
    strongroom.secrets.validate("op://Alice/Homework 1/password")

    cursor = client.changes.cursor()
    page = client.changes.list(after="start", vaults=None, kinds=None, limit=500)
    print(page.data, page.cursor, page.has_more)
    feed = client.changes.watch(after=cursor, vaults=None, kinds=["item.created"])
    client.changes.watch(kinds=["nonsense"])  # type: ignore[list-item]
    for change in feed:
        handle(change)
    feed.close()
    consumer = client.changes.consumer("grader", start="start", vaults=None, kinds=["file.attached"], lease=60)
    for change in consumer:
        handle(change)
        consumer.ack(change)
        consumer.nack(change, after=30)
    for change in consumer.drain():
        handle(change)
    consumer.seek(cursor)
    print(consumer.lag(), consumer.dead_letters())

    client.vaults.create_many([VaultSpec(name="Alice")])
    client.users.create_many([{"email": "bob@example.edu", "name": "Bob"}], save=keep)
    client.access.grant_many([{"vault": vault.id, "who": "bob@example.edu", "role": "read"}])
    client.items.create_many(vault.id, [{"title": "Homework 2", "fields": [Field("grade", "A")], "files": [("a", b"a")]}])
    assert_type(strongroom.secrets.generate("passphrase"), str)
    for row in client.items.get_many(vault.id, [item.id]):
        if not isinstance(row, Item):
            raise row
    plan = client.provisioning.plan(
        [VaultSpec("student-42", name="Alice", description="…", access={"alice@example.edu": "write"}, retain="admin")],
        missing_users="error",
        prune=False,
    )
    print(plan, plan.create, plan.change, plan.revoke, plan.same, plan.empty)
    plan.save(path)
    report = client.provisioning.load(path).apply(save=keep, progress=True, concurrency=None)
    print(report.rows, report.failed, client.limits())

    policy = Policy(
        max_grant="write",
        email_domains=["example.edu"],
        require_expiry_days=180,
        max_file_bytes=1 << 30,
        users_may_share=False,
        recovery=True,
        audit_reads=True,
    )
    client.policy.preview(policy)
    client.policy.set(policy, if_version=None)
    assert_type(client.policy.get(), Policy)
    events = client.audit.list(actor=None, vault=None, action="item.*", since=None, until=None, after=None)
    client.audit.list(action=["item.read", "file.read"])
    events.to_arrow()
    events.to_pandas()
    events.to_polars()
    client.audit.export(path, format="jsonl")
    proof = client.audit.verify(checkpoint=None)
    print(proof.events, proof.tree_size, proof.root, client.audit.checkpoint())
    vault.name = "Bob"  # type: ignore[misc]
    client.close()
    strongroom.drop("memory:class")


async def pieces() -> AsyncIterator[bytes]:
    yield b"once upon a time"


async def awaiting() -> None:
    kit = await strongroom.init_async("classroom.db", owner="teacher@example.edu", save=keep_later)
    async with strongroom.connect_async("classroom.db", kit.token) as admin:
        assert_type(admin, strongroom.AsyncClient)
    client = await strongroom.connect_async("classroom.db", kit.token)
    vault = await client.vaults.create("Alice", access={"alice@example.edu": "write"})
    assert_type(vault, Vault)
    async for each in client.vaults.list():
        assert_type(each, Vault)
    page = await client.vaults.list()
    assert_type(page, AsyncPage[Vault])
    async for each in page:
        print(each.name, client.me.id)
    await client.users.create("alice@example.edu", save=keep_later)
    item = await client.items.create(vault.id, title="Homework 1", files=[("essay.pdf", pieces())])
    file = await client.files.attach(vault.id, item.id, "essay.pdf", pieces())
    opened = await client.files.open(vault.id, item.id, file.id)
    assert_type(opened, AsyncFile)
    assert_type(await opened.read(), bytes)
    feed = client.changes.watch(after="now")
    async for change in feed:
        handle(change)
        feed.close()
    await client.account.transfer(kit.principal.id)
    client.with_options(timeout=5)
    await client.close()


def run(*arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_accepts_this_file() -> None:
    run("-m", "mypy", "--strict", "--warn-unused-ignores", __file__)


def test_the_package_is_typed() -> None:
    run("-m", "mypy", "--strict", "-p", "strongroom")


def test_the_stubs_are_the_modules() -> None:
    run("-m", "mypy.stubtest", "strongroom")
    run("bindings-python/stubs.py", "--check")
