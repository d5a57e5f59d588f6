"""examples/fastapi_backend as its users start it: one worker, and four on one database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from cases.server import free_port

import strongroom

SERVE = Path(__file__).parents[2] / "examples" / "fastapi_backend" / "serve.py"
STUDENTS = 12
PATIENCE = 60  # seconds
MIB = 1024 * 1024


class School:
    """A running backend."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.database = folder / "school.db"
        self.log = folder / "log"
        port = free_port()
        command = [sys.executable, str(SERVE), "--database", str(self.database), "--port", str(port)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("STRONGROOM_")}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*command, "--workers", str(workers)], stdout=log, stderr=log, env=clean)
        self.web = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.web.get("/openapi.json").raise_for_status()
                return
            except httpx.TransportError:
                assert self.process.poll() is None and time.monotonic() < until, self.log.read_text()
                time.sleep(0.1)

    def sign_up(self, number: int) -> dict[str, Any]:
        new = {"email": f"student-{number}@example.edu", "name": f"Student {number}"}
        answer = self.web.post("/students", json=new)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def end(self) -> int:
        self.web.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@pytest.fixture(params=[1, 4])
def school(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[School]:
    school = School(tmp_path, request.param)
    try:
        yield school
    finally:
        school.process.kill()


def hand_in(school: School, token: str, size: int) -> str:
    block = os.urandom(64 * 1024)
    chunks = (block for _ in range(size // len(block)))
    bearer = {"Authorization": f"Bearer {token}"}
    answer = school.web.put("/homework/Homework 1/essay.pdf", content=chunks, headers=bearer)
    assert answer.status_code == 201, answer.text
    assert answer.json()["size"] == size
    item: str = answer.json()["item"]
    until = time.monotonic() + PATIENCE
    while (answer := school.web.get(f"/homework/{item}", headers=bearer)).json()["grade"] is None:
        assert time.monotonic() < until, f"no grade: {school.log.read_text()}"
        time.sleep(0.05)
    assert answer.json() == {"title": "Homework 1", "grade": answer.json()["grade"]}
    return item


def test_a_class_signs_up_at_once_and_every_file_is_graded_once(school: School) -> None:
    with ThreadPoolExecutor(STUDENTS) as pool:
        students = list(pool.map(school.sign_up, range(STUDENTS)))
        sizes = [3 * MIB if number % 4 == 0 else 256 * 1024 for number in range(STUDENTS)]
        items = list(pool.map(lambda made, size: hand_in(school, made["token"], size), students, sizes))

    again = school.web.post("/students", json={"email": "student-0@example.edu", "name": "Student 0"})
    assert again.status_code == 409
    other = {"Authorization": f"Bearer {students[1]['token']}"}
    assert school.web.get(f"/homework/{items[0]}", headers=other).status_code == 404
    assert school.web.get(f"/homework/{items[0]}").status_code in (401, 403)
    wrong = school.web.get(f"/homework/{items[0]}", headers={"Authorization": "Bearer strongroom_usr_nonsense"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "unauthenticated")
    assert school.web.post("/students", json={"email": "nobody", "name": "x"}).status_code == 400
    assert school.end() in (0, -signal.SIGTERM)

    token = school.database.with_name("school.db.owner-token")
    assert token.stat().st_mode & 0o077 == 0
    with strongroom.connect(str(school.database), token.read_text()) as head:
        backend = school.database.with_name("school.db.backend-token").read_text()
        with strongroom.connect(str(school.database), backend) as grader:
            assert len(list(grader.vaults.list())) == STUDENTS
            for made, item in zip(students, items, strict=True):
                # Made, its file attached, graded: no worker wrote over another's grade.
                assert [version.version for version in grader.items.history(made["vault"], item)] == [1, 2, 3]
        head.audit.verify()
    assert "Traceback" not in school.log.read_text()
