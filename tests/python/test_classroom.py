"""The class at a shared database: from processes that open it themselves, and through two servers of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cases.server import free_port
from cases.world import place

EXAMPLES = Path(__file__).parents[2] / "examples"
CLASSROOM = [sys.executable, str(EXAMPLES / "classroom.py"), "--students", "5"]


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A place for an account in PostgreSQL."""
    return place("postgresql", tmp_path)


def told(command: list[str]) -> str:
    """What a program that succeeds says."""
    run = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_four_processes_open_the_database(database: str) -> None:
    story = told([*CLASSROOM, "--location", database])
    assert "The log is verified" in story and "calls, all `NotFound`" in story


def test_two_servers_are_asked_in_turn(database: str, tmp_path: Path) -> None:
    listen = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    servers = [sys.executable, str(EXAMPLES / "two_servers.py"), "--database", database, "--listen", *listen]
    token = ["--token-file", str(tmp_path / "owner.token")]
    locations = [part for at in listen for part in ("--location", f"http://{at}")]
    story = told([*servers, *token, "--", *CLASSROOM, *locations])
    assert "The account is there" in story and "The log is verified" in story
    assert (tmp_path / "owner.token").stat().st_mode & 0o077 == 0
    # The account is there already, and a second pair of servers goes on with it.
    assert "there already" in told([*servers, *token, "--", sys.executable, "-c", "pass"])
