"""The blocking and the asyncio twin behind one face, so that one runner serves both.

What the blocking twin answers is never awaited: a coroutine that uses it alone runs to its end at once.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import strongroom

PATIENCE = 20
"""Seconds after which a change that does not come is missed."""


class Blocking:
    """`Client` and its functions."""

    name = "sync"

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs it to its end."""
        try:
            work.send(None)
        except StopIteration:
            return
        raise AssertionError("something of the blocking twin is awaited")

    def function(self, name: str) -> Any:
        """A function of the package."""
        return getattr(strongroom, name)

    async def settled(self, answer: Any) -> Any:
        """What a call came to."""
        assert not hasattr(answer, "__await__"), f"{answer!r} is awaited"
        return answer

    async def rows(self, page: Any) -> list[Any]:
        """All rows from this page on."""
        return list(page)

    async def next(self, feed: Any) -> Any:
        """The next change, or `None` at the end."""
        late = threading.Timer(PATIENCE, feed.close)
        late.start()
        try:
            return next(feed, None)
        finally:
            late.cancel()

    async def part(self, file: Any, offset: int, length: int) -> bytes:
        """A part of an opened file."""
        file.seek(offset)
        return bytes(file.read(length))

    async def close(self, what: Any) -> None:
        """Closes a client or an opened file."""
        what.close()


class Awaited(Blocking):
    """`AsyncClient` and its functions."""

    name = "async"

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run(work)

    def function(self, name: str) -> Any:
        return getattr(strongroom, f"{name}_async", None) or getattr(strongroom, name)

    async def settled(self, answer: Any) -> Any:
        return await answer if hasattr(answer, "__await__") else answer

    async def rows(self, page: Any) -> list[Any]:
        return [row async for row in page]

    async def next(self, feed: Any) -> Any:
        return await asyncio.wait_for(anext(feed, None), PATIENCE)

    async def part(self, file: Any, offset: int, length: int) -> bytes:
        file.seek(offset)
        return bytes(await file.read(length))

    async def close(self, what: Any) -> None:
        await what.close()
