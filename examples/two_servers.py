"""An account on a shared database, and two servers of it: `make servers`.

    python examples/two_servers.py --database postgresql://… [--token-file FILE] [-- COMMAND …]

Makes the account, unless it is there, and starts `strongroom serve` twice, each at a port of its own. The servers keep no state,
so a client may ask either. The owner's token is left in FILE, `owner.token` by default, for whoever asks.

With a COMMAND it runs that, with the token in $STRONGROOM_TOKEN, and ends the servers after it. Else they run until Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import strongroom
from strongroom import AlreadyExists, Credential

PATIENCE = 10  # seconds


def make_account(database: str, token_file: Path) -> None:
    """Makes the account, and leaves its owner's token in a file that only its owner reads."""

    def save(kit: Credential) -> None:
        descriptor = os.open(token_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(kit.token)
        print(f"The account is made. Print this recovery code, and keep it off line: {kit.recovery}", flush=True)

    try:
        strongroom.init(database, owner="teacher@example.edu", save=save)
    except AlreadyExists:
        print(f"The account is there already; {token_file} should hold its owner's token.", flush=True)


def serve(database: str, listen: str, stack: ExitStack) -> str:
    """Starts a server, which ends with the stack, and says what its clients have as their location."""
    command = [sys.executable, "-m", "strongroom", "serve", "--json", "--listen", listen, "--log-level", "warn"]
    environment = os.environ | {"STRONGROOM_DATABASE": database}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    stack.callback(end, server)
    assert server.stdout is not None
    told = server.stdout.readline()
    if not told:
        raise SystemExit(f"the server at {listen} does not start: what it says is above")
    location: str = json.loads(told)["origin"]
    return location


def end(server: subprocess.Popen[str]) -> None:
    """Lets a server finish what it accepted."""
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(PATIENCE)
    finally:
        server.kill()
        server.communicate()


def main() -> int:
    """The account, the servers, and the command or the wait."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--database", default=os.environ.get("STRONGROOM_DATABASE"), help="$STRONGROOM_DATABASE by default")
    options.add_argument("--token-file", type=Path, default=Path("owner.token"))
    options.add_argument("--listen", nargs=2, default=["127.0.0.1:8421", "127.0.0.1:8422"], metavar="ADDRESS")
    options.add_argument("command", nargs=argparse.REMAINDER, help="after `--`")
    chosen = options.parse_args()
    if not chosen.database:
        options.error("--database: say where the account is to be, such as postgresql://localhost/school")
    make_account(chosen.database, chosen.token_file)
    with ExitStack() as stack:
        servers = [serve(chosen.database, listen, stack) for listen in chosen.listen]
        command = chosen.command[1:] if chosen.command[:1] == ["--"] else chosen.command
        if command:
            token = chosen.token_file.read_text(encoding="utf-8")
            return subprocess.run(command, env=os.environ | {"STRONGROOM_TOKEN": token}, check=False).returncode
        story = f"{sys.executable} examples/classroom.py"
        at = " ".join(f"--location {server}" for server in servers)
        token = f"STRONGROOM_TOKEN=$(cat {chosen.token_file})"
        print(f"Two servers of one database. A class at both:\n\n    {token} {story} {at}\n", flush=True)
        if not urlsplit(chosen.database).query and urlsplit(chosen.database).password is None:
            own = f"{chosen.database}?schema=class"
            print(f"and one with an account of its own, which needs neither:\n\n    {story} --location '{own}'\n", flush=True)
        print("Ctrl-C ends them.", flush=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("\nThe servers finish what they accepted.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
