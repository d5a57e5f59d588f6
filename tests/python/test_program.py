"""`python -m strongroom` and the installed script are the command line; its output is for programs too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

import pytest

import strongroom

SCRIPT = Path(sysconfig.get_path("scripts")) / "strongroom"
PROGRAMS = [[sys.executable, "-m", "strongroom"], [str(SCRIPT)]]


def run(program: list[str], *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STRONGROOM_")}
    return subprocess.run(
        [*program, *arguments], capture_output=True, text=True, env=clean | environment, timeout=60, check=False
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_shares_a_file_with_the_package(program: list[str], tmp_path: Path) -> None:
    location, token = str(tmp_path / "classroom.db"), str(tmp_path / "teacher.token")
    made = run(program, "--json", "init", "--owner", "teacher@example.edu", "--token-file", token, STRONGROOM_LOCATION=location)
    assert made.returncode == 0, made.stderr
    with strongroom.connect(location, Path(token).read_text()) as teacher:
        vault = teacher.vaults.create("Alice")
    listed = run(program, "--json", "--token-file", token, "vault", "list", STRONGROOM_LOCATION=location)
    assert [row["id"] for row in json.loads(listed.stdout)] == [vault.id]
    refused = run(program, "--json", "--token-file", token, "vault", "get", "nonsense", STRONGROOM_LOCATION=location)
    assert refused.returncode != 0
    assert json.loads(refused.stderr)["error"]["code"] == "invalid_argument"
    assert "Traceback" not in refused.stderr


def test_it_says_its_version_and_what_it_can() -> None:
    assert run(PROGRAMS[0], "--version").stdout == f"strongroom {strongroom.__version__}\n"
    helped = run(PROGRAMS[0], "--help")
    assert helped.returncode == 0
    assert "vault" in helped.stdout
    assert run(PROGRAMS[0], "nonsense").returncode == 2


def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    location = str(tmp_path / "classroom.db")
    kit = strongroom.init(location, owner="teacher@example.edu")
    environment = os.environ | {"STRONGROOM_LOCATION": location, "STRONGROOM_TOKEN": kit.token, "PYTHONUNBUFFERED": "1"}
    command = [*PROGRAMS[0], "--json", "changes", "--follow", "--after", "start"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as following:
        with strongroom.connect(location, kit.token) as teacher:
            teacher.vaults.create("Alice")
        assert following.stdout is not None
        late = threading.Timer(30, following.kill)
        late.start()
        assert json.loads(following.stdout.readline())["kind"] == "vault.created"
        following.send_signal(signal.SIGINT)
        assert following.wait() != 0
        late.cancel()
        assert following.stderr is not None
        assert "Traceback" not in following.stderr.read()
