"""`connect_async`, which is awaited or entered."""

from __future__ import annotations

from . import _native

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from os import PathLike
    from types import TracebackType
    from typing import Any, NoReturn

    from ._native import AsyncClient


class Connecting:
    """A connection to come: `await` it for an AsyncClient, or use it with `async with`, which closes the client."""

    __slots__ = ("_client", "_start")

    def __init__(self, start: Callable[[], Awaitable[AsyncClient]]) -> None:
        self._start = start
        self._client: AsyncClient | None = None

    def __reduce__(self) -> NoReturn:
        raise TypeError("Connecting is neither pickled nor copied: call connect_async again")

    def __await__(self) -> Generator[Any, None, AsyncClient]:
        return self._start().__await__()

    async def __aenter__(self) -> AsyncClient:
        self._client = await self
        return self._client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.close()


def connect_async(
    location: str | None = None,
    token: str | None = None,
    *,
    state: str | PathLike[str] | None = None,
    app: str | None = None,
    timeout: float | None = None,
    max_retries: int | None = None,
    ca_file: str | PathLike[str] | None = None,
    allow_insecure: bool = False,
    accept_restored: bool = False,
) -> Connecting:
    """Connects as `connect` does, and answers what is awaited, or entered with `async with`, for an AsyncClient."""
    return Connecting(
        lambda: _native.connect_async(
            location,
            token,
            state=state,
            app=app,
            timeout=timeout,
            max_retries=max_retries,
            ca_file=ca_file,
            allow_insecure=allow_insecure,
            accept_restored=accept_restored,
        )
    )
