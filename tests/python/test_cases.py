"""The shared behaviour cases of `tests/cases`, each a test of its own on every backend of this process and through servers, by the twins."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cases.case import BACKENDS, Case, Suite, load
from cases.twins import Awaited, Blocking
from cases.world import World

TWINS = (Blocking(), Awaited())
# What a database or a server adds to a twin is a wait, and is the same to both: one of them shows it.
TWIN_OF = {"postgresql": "async", "server": "sync", "server_on_postgresql": "async"}


def trials() -> list[object]:
    """Each case on each backend by each twin."""
    return [
        pytest.param(suite, case, backend, twin, id=f"{name}/{case.name}/{backend}/{twin.name}")
        for name, suite in load().items()
        for case in suite.cases
        for backend in BACKENDS
        for twin in TWINS
        if case.runs_on(backend) and TWIN_OF.get(backend, twin.name) == twin.name
    ]


@pytest.mark.parametrize(("suite", "case", "backend", "twin"), trials())
def test_case(suite: Suite, case: Case, backend: str, twin: Blocking, tmp_path: Path) -> None:
    world = World(twin, backend, tmp_path)
    try:
        twin.run(world.run(suite, case))
    except (AssertionError, asyncio.TimeoutError):
        if case.fails_yet is None:
            raise
    else:
        assert case.fails_yet is None, f"it holds now, and says that it does not: {case.fails_yet}"
