"""The change feed of the asyncio twin."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from types import TracebackType
    from typing import NoReturn

    from ._native import AccessChange, FileChange, ItemChange, RawFeed, VaultChange


class AsyncChangeFeed:
    """Changes as they come, each once and in order. Ends by `close()`, from any thread.

    Cancelling a wait loses nothing: the change that came meanwhile is the next one.
    """

    __slots__ = ("_raw",)

    def __init__(self, raw: RawFeed) -> None:
        self._raw = raw

    @property
    def cursor(self) -> str | None:
        """Continues after the last change handed out; `None` before the first, when watching from the start."""
        return self._raw.cursor

    def close(self) -> None:
        """Ends the feed at once: whoever waits for a change comes to the end. Never awaited."""
        self._raw.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("AsyncChangeFeed is neither pickled nor copied: watch again from its cursor")

    def __aiter__(self) -> AsyncChangeFeed:
        return self

    async def __anext__(self) -> ItemChange | FileChange | VaultChange | AccessChange:
        while (change := self._raw.take()) is None:
            if not await self._raw.ready():
                raise StopAsyncIteration
        return change

    async def __aenter__(self) -> AsyncChangeFeed:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()
