"""PostgreSQL put back to yesterday's dump: whoever remembers more notices, in a process of its own that remembers by a file or by a cursor."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import strongroom
from cases.server import PROGRAM, Server, free_port
from cases.world import place

STARTER = Path(__file__).parents[1] / "postgresql.py"
# Asks what came after its cursor, and tells where it stands now.
JOB = """
import json, sys
import strongroom

options = json.loads(sys.argv[1])
cursor = options.pop("after")
try:
    with strongroom.connect(**options) as client:
        page = client.changes.list(after=cursor or "start")
        answer = {"titles": [item.title for vault in client.vaults.list() for item in client.items.list(vault.id)],
                  "kinds": [change.kind for change in page.data], "cursor": page.cursor}
except strongroom.StrongroomError as error:
    answer = {"error": error.code}
print(json.dumps(answer))
"""


def job(location: str, token: str, state: Path | None = None, after: str | None = None, accept: bool = False) -> Any:
    """A scheduled job: a new process each time."""
    options = {"location": location, "token": token, "state": str(state) if state else None, "after": after}
    given = json.dumps({**options, "accept_restored": accept})
    run = subprocess.run([sys.executable, "-c", JOB, given], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(run.stdout)


class Schema:
    """A schema of the tests' PostgreSQL, and its operator."""

    def __init__(self) -> None:
        self.location = place("postgresql", Path("unused"))
        self.database, query = self.location.split("?")
        self.name = dict(part.split("=") for part in query.split("&"))["schema"]

    def program(self, name: str, *arguments: str) -> None:
        folder = subprocess.run([sys.executable, str(STARTER), "programs"], capture_output=True, text=True, check=True)
        command = [str(Path(folder.stdout.strip()) / name), f"--dbname={self.database}", *arguments]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert run.returncode == 0, run.stderr

    def sql(self, *arguments: str) -> None:
        self.program("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", *arguments)

    def dump(self, to: Path) -> None:
        self.program("pg_dump", f"--schema={self.name}", f"--file={to}")

    def put_back(self, dump: Path) -> None:
        self.sql("--command", f"DROP SCHEMA {self.name} CASCADE")
        self.sql("--file", str(dump))


@pytest.fixture
def schemas() -> Iterator[list[Schema]]:
    """One that is used, and one for what is restored."""
    made = [Schema(), Schema()]
    yield made
    for schema in made:
        schema.sql("--command", f"DROP SCHEMA IF EXISTS {schema.name} CASCADE")


def test_who_remembers_more_than_the_dump_notices(schemas: list[Schema], tmp_path: Path) -> None:
    used, again = schemas
    dump, state, origin = tmp_path / "yesterday.sql", tmp_path / "state", f"127.0.0.1:{free_port()}"
    token = strongroom.init(used.location, owner="teacher@example.edu").token

    def serve(schema: Schema) -> Server:
        return Server(schema.location, tmp_path / "server.log", listen=origin)

    def put(title: str) -> None:
        with strongroom.connect(used.location, token) as teacher:
            vault = next(iter(teacher.vaults.list()), None) or teacher.vaults.create("Class")
            teacher.items.create(vault.id, title=title)

    server = serve(used)
    try:
        put("Monday")
        assert job(server.location, token, state)["titles"] == ["Monday"]
        used.dump(dump)
        put("Tuesday")
        remembered = job(server.location, token, state)
        assert remembered["titles"] == ["Monday", "Tuesday"]
        cursor = remembered["cursor"]
        assert job(server.location, token, after=cursor)["kinds"] == []
        server.end()

        used.put_back(dump)
        server = serve(used)
        # Also once as much came since as was lost.
        for longer in range(3):
            for location in (server.location, used.location):
                assert job(location, token, state) == {"error": "tampered"}
                assert job(location, token, after=cursor) == {"error": "tampered"}
                # The owner has signed nothing that they could accept.
                assert job(location, token, state, accept=True) == {"error": "tampered"}
                assert job(location, token)["titles"] == ["Monday", *["Wednesday"] * longer], "who remembers nothing goes on"
            put("Wednesday")
        server.end()

        # The operator's way: a restore of what was put back, which the owner signs.
        key = tmp_path / "owner.token"
        key.write_text(token)
        key.chmod(0o600)
        restore = ["restore", "--location", again.location, "--token-file", str(key), used.location]
        restored = subprocess.run([*PROGRAM, *restore], capture_output=True, text=True, check=False, timeout=60)
        assert restored.returncode == 0, restored.stderr
        server = serve(again)
        assert job(server.location, token, state) == {"error": "tampered"}
        accepted = job(server.location, token, state, after=cursor, accept=True)
        assert accepted["titles"] == ["Monday", *["Wednesday"] * 3]
        assert job(server.location, token, state, after=accepted["cursor"])["kinds"] == []
    finally:
        server.end()
