"""What the native module runs on the event loop."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from ._native import Credential


async def call(save: Callable[[Credential], object], credential: Credential) -> None:
    """Calls `save`, which may be a coroutine function."""
    answer = save(credential)
    if hasattr(answer, "__await__"):
        await answer


async def step(iterator: AsyncIterator[bytes]) -> bytes | None:
    """The next piece, or `None` at the end."""
    return await anext(iterator, None)
