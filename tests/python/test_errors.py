"""The exception classes, and how the core's errors become them."""

from __future__ import annotations

import asyncio
import pickle
import traceback
from collections.abc import Callable

import pytest
from conftest import SECRET

import strongroom
from strongroom import Client, Credential, Item, Vault, _native, errors

CLASSES = list(errors.BY_CODE.values())


def test_the_table_is_the_cores() -> None:
    assert list(errors.BY_CODE) == _native.error_codes()
    named = {getattr(errors, name) for name in errors.__all__}
    assert named == {errors.StrongroomError, *CLASSES}
    assert all(getattr(strongroom, name) is getattr(errors, name) for name in errors.__all__)


@pytest.mark.parametrize("cls", CLASSES)
def test_all_can_be_constructed(cls: type[errors.StrongroomError]) -> None:
    error = cls("why", operation="vaults.create")
    assert issubclass(cls, errors.StrongroomError)
    assert (str(error), error.operation) == ("vaults.create: why", "vaults.create")
    assert errors.BY_CODE[error.code] is cls
    assert str(cls("why")) == "why"
    assert str(cls()) == ""
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.operation) == (cls, str(error), error.operation)


def test_the_classes_that_say_more() -> None:
    assert issubclass(errors.PolicyViolation, errors.PermissionDenied)
    assert issubclass(errors.DeadlineExceeded, errors.Unavailable)
    assert issubclass(errors.DeadlineExceeded, TimeoutError)
    assert errors.AlreadyExists("there is one", id="vlt_x").id == "vlt_x"
    assert errors.RateLimited("too many", retry_after=1.5).retry_after == 1.5
    assert errors.AlreadyExists().id is None


def test_an_error_of_the_core_has_its_class_code_and_operation() -> None:
    with pytest.raises(strongroom.InvalidArgument, match="op://vault/item/field") as caught:
        strongroom.secrets.validate("nonsense")
    assert (caught.value.code, caught.value.operation) == ("invalid_argument", "secrets.validate")


def test_what_is_refused_before_the_core_names_its_operation_too(client: Client) -> None:
    with pytest.raises(strongroom.InvalidArgument) as caught:
        client.vaults.get()  # type: ignore[call-overload]
    assert caught.value.operation == "vaults.get"
    with pytest.raises(strongroom.InvalidArgument) as caught:
        client.with_options(timeout=-1)
    assert caught.value.operation == "with_options"
    with pytest.raises(strongroom.InvalidArgument):
        strongroom.connect("memory:x", "token", timeout=float("nan"))


@pytest.mark.parametrize("number", [-1, 1 << 40, 1 << 64])
def test_a_number_beyond_the_cores_names_the_argument(client: Client, vault: Vault, item: Item, number: int) -> None:
    calls: dict[str, tuple[str, Callable[[], object]]] = {
        "limit": ("changes.list", lambda: client.changes.list(limit=number)),
        "generation": ("audit.list", lambda: client.audit.list(generation=number)),
        "max_retries": ("with_options", lambda: client.with_options(max_retries=number)),
    }
    if not 0 < number < 1 << 64:
        calls["version"] = ("items.get", lambda: client.items.get(vault.id, item.id, version=number))
        calls["if_version"] = ("items.update", lambda: client.items.update(vault.id, item.id, if_version=number))
    for name, (operation, call) in calls.items():
        with pytest.raises(strongroom.InvalidArgument, match=f"{name}: it is {number}") as caught:
            call()
        assert caught.value.operation == operation
    with pytest.raises(strongroom.InvalidArgument, match="require_expiry_days") as caught:
        strongroom.Policy(require_expiry_days=number)


def test_a_refusal_of_the_asyncio_twin_is_the_same(client: Client, kit: Credential, vault: Vault) -> None:
    async def refused() -> list[errors.StrongroomError]:
        async with strongroom.connect_async(kit.location, kit.token) as admin:
            # Bad arguments are told before anything is awaited, all else by awaiting.
            found = []
            for call in (
                lambda: admin.changes.list(limit=-1),
                lambda: admin.vaults.get("nonsense"),
                lambda: admin.vaults.create("Again", external_id="student-42"),
            ):
                with pytest.raises(errors.StrongroomError) as caught:
                    await call()
                found.append(caught.value)
            return found

    told = [(error.code, error.operation) for error in asyncio.run(refused())]
    assert told == [
        ("invalid_argument", "changes.list"),
        ("invalid_argument", "vaults.get"),
        ("already_exists", "vaults.create"),
    ]


def test_no_refusal_repeats_a_token(kit: Credential) -> None:
    for wrong in (kit.token[:-4] + "aaaa", kit.token + "a", kit.token.upper(), kit.token[15:]):
        with pytest.raises(strongroom.Unauthenticated) as caught:
            strongroom.connect(kit.location, wrong)
        assert caught.value.operation == "connect"
        told = "".join(traceback.format_exception(caught.value)).replace("connect(kit.location, wrong)", "")
        assert kit.token[20:60].lower() not in told.lower()


def test_what_exists_is_named(client: Client, kit: Credential, vault: Vault) -> None:
    with pytest.raises(strongroom.AlreadyExists) as caught:
        client.vaults.create("Again", external_id="student-42")
    assert caught.value.id == vault.id
    with pytest.raises(strongroom.AlreadyExists):
        strongroom.init(kit.location, owner="other@example.edu")


def test_rows_fail_by_themselves(client: Client, vault: Vault) -> None:
    specs = [strongroom.VaultSpec("student-42", name="Again"), strongroom.VaultSpec(name="Bob")]
    failed, made = client.vaults.create_many(specs)
    assert isinstance(failed, strongroom.AlreadyExists)
    assert failed.operation == "vaults.create_many"
    assert isinstance(made, Vault)


def test_what_is_not_there_yet_says_what_is(client: Client) -> None:
    calls: list[Callable[[], object]] = [
        client.groups.list,
        client.limits,
        client.policy.get,
        client.audit.checkpoint,
        lambda: client.provisioning.plan([]),
        lambda: client.users.invite("alice@example.edu"),
        lambda: client.changes.consumer("grader"),
        lambda: client.account.transfer("alice@example.edu"),
        lambda: strongroom.accept("memory:x", "code"),
        lambda: strongroom.secrets.generate("password"),
    ]
    for call in calls:
        with pytest.raises(strongroom.Unsupported, match="not in this version: .") as caught:
            call()
        assert caught.value.operation


def test_a_traceback_with_locals_shows_no_secret(client: Client, vault: Vault) -> None:
    field = strongroom.Field("password", SECRET, type="concealed")
    try:
        client.items.create(vault.id, title="x" * 5000, fields=[field, field])
    except strongroom.InvalidArgument as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "field = Field(" in shown
    assert SECRET not in shown
