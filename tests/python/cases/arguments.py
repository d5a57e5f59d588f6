"""From a case's arguments to Python's, by their names, which mean the same in every call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from strongroom import Conflict, Credential, Field, VaultSpec

from . import values


class Keeper:
    """What is passed as `save`: a hook that keeps the credential, or one that refuses it."""

    def __init__(self, does: str) -> None:
        assert does in ("keep", "refuse"), f"save can't be {does}"
        self.does = does
        self.kept: list[str] = []

    def __call__(self, credential: Credential) -> None:
        if self.does == "refuse":
            raise Conflict("it was not kept")
        self.kept.append(credential.token)

    def check(self, made: Any) -> None:
        """The hook was called with what was answered, once for each."""
        made = made if isinstance(made, list) else [made]
        tokens = [one if isinstance(one, str) else one.token for one in made]
        assert self.kept == tokens, "save was not called with it"


def _given(value: Any) -> Any:
    """The value with contents as bytes, without members that are null, which is as good as leaving them out."""
    content = values.content(value)
    if content is not None:
        return content
    if isinstance(value, list):
        return [_given(each) for each in value]
    if isinstance(value, dict):
        return {key: _given(each) for key, each in value.items() if each is not None}
    return value


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def python(args: dict[str, Any], directory: Path) -> dict[str, Any]:
    """The keyword arguments of the call."""
    path = directory.__truediv__

    def rows(given: list[Any]) -> list[Any]:
        return [python(row, directory) if isinstance(row, dict) else row for row in given]

    forms: dict[str, Callable[[Any], Any]] = {
        "fields": lambda rows: [Field(**row) for row in rows],
        "set_fields": lambda rows: [Field(**row) for row in rows],
        "files": lambda rows: [tuple(row) for row in rows],
        "specs": lambda rows: [VaultSpec(**row) for row in rows],
        "users": rows,
        "grants": rows,
        "items": rows,
        "expires_at": _time,
        "at": _time,
        "since": _time,
        "until": _time,
        "save": Keeper,
        "state": path,
        "to": path,
        "path": path,
    }
    return {name: forms.get(name, lambda value: value)(value) for name, value in _given(args).items()}
