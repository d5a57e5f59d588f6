"""Long answers, a page at a time."""

from __future__ import annotations

# Its types stand in `_pages.pyi`: to say them here, `typing` would have to be imported, which takes longer than all the rest.

_generic = classmethod(type(list[int]))


class _Rows:
    __slots__ = ("_raw",)
    __class_getitem__ = _generic

    def __init__(self, raw):
        object.__setattr__(self, "_raw", raw)

    @property
    def data(self):
        """The rows of this page."""
        return self._raw.data

    @property
    def cursor(self):
        """Where the next page begins; opaque. The change feed has one at its end too."""
        return self._raw.cursor

    @property
    def has_more(self):
        """Whether there are rows after this page."""
        return self._raw.has_more

    def __setattr__(self, name, value):
        raise AttributeError(f"a {type(self).__name__} never changes: {name} can't be set")

    def __repr__(self):
        return f"{type(self).__name__}(data={self.data!r}, cursor={self.cursor!r}, has_more={self.has_more!r})"

    def __reduce__(self):
        raise TypeError(f"a {type(self).__name__} is neither pickled nor copied: take what you need from .data")


def _dicts(rows):
    return [row.to_dict() for row in rows]


class Page(_Rows):
    """A page of a list, oldest first. Iterating over it goes on through all pages after it.

    >>> page = client.vaults.list()
    >>> page.has_more
    False
    """

    __slots__ = ()

    def __iter__(self):
        raw = self._raw
        while raw is not None:
            yield from raw.data
            raw = raw.next_page()

    def to_arrow(self):
        """All rows from this page on, as a `pyarrow.Table`. Needs pyarrow."""
        import pyarrow

        return pyarrow.Table.from_pylist(_dicts(list(self)))

    def to_pandas(self):
        """All rows from this page on, as a `pandas.DataFrame`. Needs pandas."""
        import pandas

        return pandas.DataFrame.from_records(_dicts(list(self)))

    def to_polars(self):
        """All rows from this page on, as a `polars.DataFrame`. Needs polars."""
        import polars

        return polars.from_dicts(_dicts(list(self)))


class AsyncPage(_Rows):
    """A page of a list, oldest first. `async for` over it goes on through all pages after it."""

    __slots__ = ()

    async def __aiter__(self):
        raw = self._raw
        while raw is not None:
            for row in raw.data:
                yield row
            following = raw.next_page_async()
            raw = None if following is None else await following

    async def _dicts(self):
        return _dicts([row async for row in self])

    async def to_arrow(self):
        """All rows from this page on, as a `pyarrow.Table`. Needs pyarrow."""
        import pyarrow

        return pyarrow.Table.from_pylist(await self._dicts())

    async def to_pandas(self):
        """All rows from this page on, as a `pandas.DataFrame`. Needs pandas."""
        import pandas

        return pandas.DataFrame.from_records(await self._dicts())

    async def to_polars(self):
        """All rows from this page on, as a `polars.DataFrame`. Needs polars."""
        import polars

        return polars.from_dicts(await self._dicts())


class Pages:
    """A list to come: await it for its first page, or `async for` over it through all of them. Once either way."""

    __slots__ = ("_first",)
    __class_getitem__ = _generic

    def __init__(self, first):
        self._first = first

    def __await__(self):
        raw = yield from self._first.fetch().__await__()
        return AsyncPage(raw)

    async def __aiter__(self):
        async for row in await self:
            yield row
