"""A server process of a test's own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

BUILT = Path(__file__).parents[3] / "target" / "debug" / "strongroom"
PROGRAM = [str(BUILT)] if BUILT.exists() else [sys.executable, "-m", "strongroom"]
"""The program that cargo built, which starts faster, else the package's own; `make test-python` builds both."""


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Server:
    """`strongroom serve` over a database, on a free port unless one is given."""

    def __init__(
        self, database: str, log: Path, *arguments: str, listen: str = "127.0.0.1:0", program: list[str] = PROGRAM
    ) -> None:
        serve = ["serve", "--json", "--listen", listen, "--database", database, *arguments]
        with log.open("w") as errors:
            self.process = subprocess.Popen([*program, *serve], stdout=subprocess.PIPE, stderr=errors, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.end()
            raise AssertionError(f"the server does not start: {log.read_text()}")
        self.location: str = json.loads(line)["origin"]

    def end(self) -> None:
        """Ends it at once."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
