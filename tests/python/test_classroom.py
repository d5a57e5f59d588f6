"""The class at a shared database: from processes that open it themselves, and through two servers of it."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
CLASSROOM = [sys.executable, str(EXAMPLES / "classroom.py"), "--students", "5"]
NUMBERS = itertools.count()


@pytest.fixture
def database() -> str:
    """A place for an account in PostgreSQL."""
    server = os.environ.get("STRONGROOM_TEST_POSTGRESQL")
    assert server, "PostgreSQL is not started: run `make test-python`, or `python tests/postgresql.py run pytest …`"
    return f"{server}?schema=class_{os.getpid()}_{next(NUMBERS)}"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


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
