"""The form of a case file. What it does not know is refused, so that no expectation is overlooked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

_T = TypeVar("_T")

UNSAID: Any = ...
"""What a step says nothing about; `None` is something to expect."""

DIRECTORY = Path(__file__).parents[2] / "cases"
BACKENDS = ("memory", "sqlite", "postgresql", "server", "server_on_postgresql")
# Capabilities that all backends have, and a face that has every name of the API, as this one does.
MET = ("users", "user_grants", "changes", "audit", "files", "every_name")


@dataclass
class Step:
    """One call and what it must answer."""

    call: str
    who: str = "owner"
    args: dict[str, Any] = field(default_factory=dict)
    save: str | None = None
    expect: Any = UNSAID
    error: str | None = None
    operation: Any = UNSAID
    error_id: Any = UNSAID
    message_has: Any = UNSAID
    message_lacks: list[str] = field(default_factory=list)
    take: int = 0
    reads: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Case:
    """What must hold, on a fresh account."""

    name: str
    steps: list[Step]
    needs: list[str] = field(default_factory=list)
    fails_yet: str | None = None
    message_lacks: list[str] = field(default_factory=list)

    def runs_on(self, backend: str) -> bool:
        """Whether all is here that it needs."""
        unknown = set(self.needs) - {*BACKENDS, *MET}
        assert not unknown, f"{self.name}: {unknown} is nothing that a case may need"
        return not {need for need in self.needs if need in BACKENDS and need != backend.removesuffix("_on_postgresql")}


@dataclass
class Suite:
    """A file's cases, and what is taken before the steps of each."""

    about: str
    cases: list[Case]
    before: list[Step] = field(default_factory=list)


def made(cls: type[_T], read: dict[str, Any]) -> _T:
    """The dataclass with exactly these members."""
    unknown = set(read) - {known.name for known in fields(cls)}  # type: ignore[arg-type]
    assert not unknown, f"{cls.__name__} has no {unknown}"
    return cls(**read)


def step(read: dict[str, Any]) -> Step:
    """A step, whose `as` is no name for Python."""
    assert "who" not in read, "it is `as`, not `who`"
    read = {"who" if key == "as" else key: value for key, value in read.items()}
    one = made(Step, read)
    of_errors = one.message_lacks or any(part is not UNSAID for part in (one.operation, one.error_id, one.message_has))
    assert one.error or not of_errors, f"a step of {one.call} says something of an error and expects none"
    assert not (one.error and (one.save or one.expect is not UNSAID)), f"{one.call} expects an error and an answer"
    return one


def load() -> dict[str, Suite]:
    """Every case file, by name."""
    suites = {}
    for path in sorted(DIRECTORY.glob("*.json")):
        read = json.loads(path.read_text())
        cases = [made(Case, {**case, "steps": [step(each) for each in case["steps"]]}) for case in read["cases"]]
        before = [step(each) for each in read.get("before", [])]
        suites[path.stem] = made(Suite, {**read, "cases": cases, "before": before})
    return suites
