"""The public names and signatures, and that both twins have the same ones.

`python tests/python/test_signatures.py` writes the snapshot anew. A name may only go after a minor version of warnings.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import strongroom
from strongroom import _native

SNAPSHOT = Path(__file__).with_name("signatures.txt")
SPACES = (
    *("Vaults", "Access", "Users", "ServiceAccounts", "Groups", "Items", "Files", "Secrets"),
    *("Changes", "Provisioning", "Policies", "Audit"),
)
TWINS = ("Client", "Account", *SPACES)
FOR_THE_OTHER = {
    "__enter__": "__aenter__",
    "__exit__": "__aexit__",
    "__iter__": "__aiter__",
    "__next__": "__anext__",
}
COUNTED = {*FOR_THE_OTHER, *FOR_THE_OTHER.values(), "__await__"}


def signature(member: object) -> str:
    """The parameters without their types, which the stubs have."""
    if not callable(member):
        return ""
    parameters = inspect.signature(member).parameters.values()
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
    return str(inspect.Signature(bare))


def members(cls: type) -> dict[str, str]:
    """Each public member, what it is made with, and their signatures."""
    own = [base for base in cls.__mro__ if base.__module__.startswith("strongroom")]
    names = {name for base in own for name in vars(base) if not name.startswith("_") or name in COUNTED}
    found = {name: signature(getattr(cls, name)) for name in sorted(names)}
    if any({"__new__", "__init__"} & set(vars(base)) for base in own):
        found = {"__new__": signature(cls)} | found
    return found


def lines() -> list[str]:
    """The whole surface."""
    out = []
    classes = {name: getattr(strongroom, name) for name in strongroom.__all__}
    classes |= {name: getattr(_native, name) for space in SPACES for name in (space, f"Async{space}")}
    for name, value in sorted(classes.items()):
        if isinstance(value, type):
            out.append(f"class {name}")
            out.extend(f"{name}.{member}{text}" for member, text in members(value).items())
        elif inspect.ismodule(value):
            out.extend(f"{name}.{member}{signature(getattr(value, member))}" for member in value.__all__)
        elif callable(value):
            out.append(f"{name}{signature(value)}")
        else:
            out.append(name)
    return out


def test_the_surface_is_the_snapshot() -> None:
    assert lines() == SNAPSHOT.read_text().splitlines(), "python tests/python/test_signatures.py writes it anew"


@pytest.mark.parametrize("name", TWINS)
def test_both_twins_have_the_same(name: str) -> None:
    sync, twin = members(getattr(_native, name)), members(getattr(_native, f"Async{name}"))
    assert {FOR_THE_OTHER.get(member, member): text for member, text in sync.items()} == twin


def test_the_feeds_have_the_same() -> None:
    sync, twin = members(strongroom.ChangeFeed), members(strongroom.AsyncChangeFeed)
    assert {FOR_THE_OTHER.get(member, member) for member in sync} == set(twin) - {"__new__"}


def test_everything_public_is_documented() -> None:
    bare = []
    for name in strongroom.__all__:
        value = getattr(strongroom, name)
        if isinstance(value, type) or inspect.isroutine(value):
            if not value.__doc__:
                bare.append(name)
    for cls in (getattr(_native, twin) for name in TWINS for twin in (name, f"Async{name}")):
        bare += [f"{cls.__name__}.{name}" for name in dir(cls) if name[0] != "_" and not getattr(cls, name).__doc__]
    assert bare == []


if __name__ == "__main__":
    SNAPSHOT.write_text("\n".join(lines()) + "\n")
