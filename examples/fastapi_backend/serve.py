"""Starts the backend: `python examples/fastapi_backend/serve.py --database school.db --workers 4`.

The first time, it makes the account and its service account, and leaves their tokens beside the database, in files that only
their owner may read. Keep the recovery code off line, and the owner's token elsewhere than a server that needs neither.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import uvicorn

import strongroom


def keep(path: Path, secret: str) -> None:
    """Writes a file that is not there yet, for its owner alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret)


def begin(database: Path, token: Path) -> None:
    """A new account, and the service account that the backend works as."""
    owner = database.with_name(database.name + ".owner-token")
    recovery = database.with_name(database.name + ".recovery-code")

    def save(kit: strongroom.Credential) -> None:
        keep(owner, kit.token)
        keep(recovery, kit.recovery or "")

    kit = strongroom.init(str(database), owner="head@example.edu", save=save)
    with strongroom.connect(str(database), kit.token) as head:
        head.service_accounts.create(
            "backend", can_create_vaults=True, can_manage_users=True, save=lambda made: keep(token, made.token)
        )
    print(f"A new account. Move {owner} and {recovery} to where they are safe.", file=sys.stderr)


def main() -> None:
    """Begins if there is nothing yet, then serves."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--database", type=Path, default=Path("school.db"))
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=8000)
    options.add_argument("--workers", type=int, default=1)
    chosen = options.parse_args()
    token = chosen.database.with_name(chosen.database.name + ".backend-token")
    if not token.exists():
        begin(chosen.database, token)
    os.environ["STRONGROOM_LOCATION"] = str(chosen.database.absolute())
    os.environ["STRONGROOM_TOKEN"] = token.read_text(encoding="utf-8")
    here = str(Path(__file__).parent)
    uvicorn.run("app:app", host=chosen.host, port=chosen.port, workers=chosen.workers, app_dir=here, access_log=False)


if __name__ == "__main__":
    main()
