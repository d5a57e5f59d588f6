"""One case's account: its clients, its feeds, and what its steps saved."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from pathlib import Path
from typing import Any

import strongroom
from strongroom import AsyncPage, Page, StrongroomError, errors

from . import arguments, matching, values
from .answers import shown
from .case import UNSAID, Case, Step, Suite
from .server import Server
from .twins import Blocking

OWNER = "owner@example.edu"
# Calls that need no connection.
ALONE = (
    *("init", "connect", "accept", "drop", "secrets.validate", "secrets.generate"),
    *("time", "wait", "feed.take", "feed.cursor", "feed.close"),
)


NUMBERS = itertools.count()


def place(backend: str, path: Path) -> str:
    """Where a backend keeps an account of this path."""
    if not backend.endswith("postgresql"):
        return f"{'memory' if backend == 'memory' else 'sqlite'}:{path}"
    server = os.environ.get("STRONGROOM_TEST_POSTGRESQL")
    assert server, "PostgreSQL is not started: run `make test-python`, or `python tests/postgresql.py run pytest …`"
    return f"{server}?schema=python_{os.getpid()}_{next(NUMBERS)}&pool=2"


class World:
    """A fresh account for a case, on a backend, through one of the twins."""

    def __init__(self, twin: Blocking, backend: str, directory: Path) -> None:
        self.twin = twin
        self.directory = directory
        self.places = [place(backend, directory / name) for name in ("case.db", "elsewhere.db")]
        self.saved: values.Saved = dict(zip(("location", "elsewhere"), self.places, strict=True))
        self.serves = backend.startswith("server")
        self.server: Server | None = None
        self.clients: dict[str, Any] = {}
        self.feeds: dict[str, Any] = {}

    async def run(self, suite: Suite, case: Case) -> None:
        """Takes all steps of the case."""
        try:
            made = await self.twin.settled(self.twin.function("init")(self.places[0], owner=OWNER))
            if self.serves:
                self.server = Server(self.places[0], self.directory / "server.log")
                self.saved["location"] = self.server.location
            location = self.saved["location"]
            self.saved["owner"] = {**shown(made), "location": location}
            self.saved["rescue"] = {"token": made.recovery, "location": location}
            for part, steps in (("before", suite.before), ("step", case.steps)):
                for number, step in enumerate(steps, 1):
                    try:
                        await self.take(step, case.message_lacks)
                    except (AssertionError, StrongroomError) as error:
                        raise AssertionError(f"{part} {number} ({step.call} as {step.who}): {error!r}") from error
        finally:
            await self.end()

    async def end(self) -> None:
        """Closes what is open."""
        for feed in self.feeds.values():
            feed.close()
        for client in self.clients.values():
            await self.twin.close(client)
        if self.server is not None:
            self.server.end()
        for place in self.places:
            with contextlib.suppress(StrongroomError):
                strongroom.drop(place)

    async def take(self, step: Step, lacks: list[str]) -> None:
        """Takes one step and checks what came of it."""
        client = await self.client(step.who) if step.call not in ALONE else None
        given = values.resolve(step.args, self.saved)
        try:
            answer = await self.call(step, client, arguments.python(given, self.directory))
        except StrongroomError as error:
            if step.error is None:
                raise
            self.check_error(step, lacks, error)
            return
        assert step.error is None, f"it answered {answer!r}, and was to be refused as {step.error}"
        if step.expect is not UNSAID:
            matching.check(values.resolve(step.expect, self.saved), answer)
        if step.save is not None:
            self.saved[step.save] = answer

    async def client(self, name: str) -> Any:
        """The connection of this name, made at its first use."""
        if name not in self.clients:
            saved = self.saved.get(name)
            assert isinstance(saved, dict) and "token" in saved, f"`{name}` is no saved credential"
            coming = self.twin.function("connect")(saved.get("location", self.saved["location"]), saved["token"])
            self.clients[name] = await self.twin.settled(coming)
        return self.clients[name]

    async def call(self, step: Step, client: Any, args: dict[str, Any]) -> Any:
        """Makes the call, and answers as the cases do."""
        match step.call:
            case "time":
                return values.instant(args["in"])
            case "wait":
                return time.sleep(args["seconds"])
            case "me" | "account":
                return shown(getattr(client, step.call))
            case "connect" | "with_options":
                return await self.connected(step, client, args)
            case "changes.watch":
                return await self.watch(step, client.changes.watch(**args))
            case "feed.take" | "feed.cursor" | "feed.close":
                return await self.fed(step, self.feeds[args["feed"]])
        args = {"location": self.places[0], **args} if step.call == "init" else args
        answer = await self.twin.settled(self.found(step.call, client)(**args))
        match step.call:
            case "changes.list":
                return {"data": shown(answer.data), "cursor": answer.cursor, "has_more": answer.has_more}
            case "files.open":
                parts = [shown(await self.twin.part(answer, *part)) for part in step.reads]
                await self.twin.close(answer)
                return parts
            case "files.download":
                return shown(args["to"].read_bytes())
        if keeper := args.get("save"):
            keeper.check(answer)
        if step.call == "rotate_token":
            return {"token": answer}
        return shown(await self.twin.rows(answer) if isinstance(answer, Page | AsyncPage) else answer)

    def found(self, call: str, client: Any) -> Any:
        """The call by its dotted name: of the client, or of the package."""
        *path, name = call.split(".")
        place = strongroom if client is None else client
        for part in path:
            place = getattr(place, part)
        return self.twin.function(name) if place is strongroom else getattr(place, name)

    async def connected(self, step: Step, client: Any, args: dict[str, Any]) -> Any:
        """Connects; under the name to save, the connection is there for later steps."""
        if client is None:
            args.setdefault("location", self.saved["location"])
            client = await self.twin.settled(self.twin.function("connect")(**args))
        else:
            client = client.with_options(**args)
        self.clients[step.save or f"unnamed {len(self.clients)}"] = client
        return shown(client.me)

    async def watch(self, step: Step, feed: Any) -> Any:
        """Opens a feed: for later steps under the name to save, else for so many changes."""
        if step.save is not None:
            self.feeds[step.save] = feed
            return None
        taken = await self.taken(feed, step.take)
        await self.closed(feed)
        return taken

    async def fed(self, step: Step, feed: Any) -> Any:
        """What is done with an open feed."""
        if step.call == "feed.take":
            return await self.taken(feed, step.take)
        return feed.cursor if step.call == "feed.cursor" else await self.closed(feed)

    async def taken(self, feed: Any, count: int) -> list[Any]:
        """So many changes."""
        taken: list[Any] = []
        while len(taken) < count:
            change = await self.twin.next(feed)
            assert change is not None, f"no more changes came than {taken}"
            taken.append(shown(change))
        return taken

    async def closed(self, feed: Any) -> None:
        """A closed feed ends."""
        feed.close()
        assert await self.twin.next(feed) is None, "the closed feed goes on"

    def check_error(self, step: Step, lacks: list[str], error: StrongroomError) -> None:
        """It is the error that was expected, and tells no secret."""
        assert step.error in errors.BY_CODE, f"`{step.error}` is no code of an error"
        assert error.code == step.error, f"it was refused, not as {step.error}: {error!r}"
        assert type(error) is errors.BY_CODE[error.code]
        matching.check(step.call if step.operation is UNSAID else step.operation, error.operation, "the operation")
        if step.error_id is not UNSAID:
            matching.check(values.resolve(step.error_id, self.saved), getattr(error, "id", None), "the id")
        if step.message_has is not UNSAID:
            assert values.resolve(step.message_has, self.saved) in str(error), str(error)
        for part in [*lacks, *step.message_lacks]:
            assert values.resolve(part, self.saved) not in str(error), str(error)
        tokens = [saved["token"] for saved in self.saved.values() if isinstance(saved, dict) and "token" in saved]
        assert not any(token in f"{error} {error!r}" for token in tokens), "the message has a token in it"
