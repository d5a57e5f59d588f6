"""Cursors."""

from typing import Any

from . import encoding, operations

CURSOR = encoding.record(
    version=encoding.uint(8), position=encoding.uint(64), head=operations.HEAD, skip=encoding.uint(32)
)


def parse_cursor(printed: str) -> dict[str, Any]:
    cursor: dict[str, Any] = CURSOR(encoding.decode(encoding.base64url(printed)))
    encoding.need(cursor["version"] == 1, "a cursor of another version")
    return cursor
