"""Files opened for reading at any place."""

from __future__ import annotations

import io

TYPE_CHECKING = False

if TYPE_CHECKING:
    from types import TracebackType
    from typing import BinaryIO, NoReturn

    from ._native import File, FileReader

_BLOCK = 1 << 20


def _place(size: int, at: int, offset: int, whence: int) -> int:
    if whence not in (io.SEEK_SET, io.SEEK_CUR, io.SEEK_END):
        raise ValueError(f"whence is 0, 1 or 2, not {whence}")
    base = 0 if whence == io.SEEK_SET else at if whence == io.SEEK_CUR else size
    if base + offset < 0:
        raise ValueError("this place is before the file's start")
    return base + offset


class _Raw(io.RawIOBase):
    def __init__(self, reader: FileReader) -> None:
        self._reader = reader
        self._at = 0
        self.name = reader.file.name
        self.mode = "rb"

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        if self.closed:
            raise ValueError("the file is closed")
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        content = self._reader.read_at(self._at, len(view)) if len(view) else b""
        view[: len(content)] = content
        self._at += len(content)
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = _place(self._reader.file.size, self._at, offset, whence)
        return self._at

    def tell(self) -> int:
        return self._at


class AsyncFile:
    """A file opened for reading at any place, whose `read` is awaited."""

    def __init__(self, reader: FileReader) -> None:
        self._reader = reader
        self._at = 0
        self._closed = False

    @property
    def file(self) -> File:
        """The file that is read."""
        return self._reader.file

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def __reduce__(self) -> NoReturn:
        raise TypeError("AsyncFile is neither pickled nor copied: open the file again")

    async def read(self, size: int = -1) -> bytes:
        """Reads `size` bytes, or all there are; fewer only at the end."""
        if self._closed:
            raise ValueError("the file is closed")
        end = self.file.size if size < 0 else min(self._at + size, self.file.size)
        content = bytearray()
        while self._at < end:
            piece = await self._reader.read_at_async(self._at, min(end - self._at, _BLOCK))
            if not piece:
                break
            content += piece
            self._at += len(piece)
        return bytes(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes to a place, counted from the start (0), from here (1) or from the end (2). Never awaited."""
        self._at = _place(self.file.size, self._at, offset, whence)
        return self._at

    def tell(self) -> int:
        """The place that is read next. Never awaited."""
        return self._at

    async def close(self) -> None:
        """Ends reading."""
        self._closed = True

    async def __aenter__(self) -> AsyncFile:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def open(reader: FileReader) -> BinaryIO:
    """The blocking twin's file object."""
    return io.BufferedReader(_Raw(reader), _BLOCK)


def open_async(reader: FileReader) -> AsyncFile:
    """The asyncio twin's file object."""
    return AsyncFile(reader)
