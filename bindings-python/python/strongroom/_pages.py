"""Long answers, a page at a time."""

from __future__ import annotations

# Its types stand in `_pages.pyi`: to say them here, `typing` would have to be imported, which takes longer than all the rest.

_generic = classmethod(type(list[int]))
_SHOWN = 5
_IN_A_TABLE = 50


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
        data = self.data
        rows = [repr(row) for row in data[:_SHOWN]]
        rows += [f"… {len(data) - _SHOWN} more"] if len(data) > _SHOWN else []
        return f"{type(self).__name__}(data=[{', '.join(rows)}], cursor={self.cursor!r}, has_more={self.has_more!r})"

    def _repr_html_(self):
        return _table(type(self).__name__, self.data, self.has_more)

    def __reduce__(self):
        raise TypeError(f"{type(self).__name__} is neither pickled nor copied: take what you need from .data")


def _dicts(rows):
    """The rows with every column that any of them has."""
    rows = [row.to_dict() for row in rows]
    columns = dict.fromkeys(column for row in rows for column in row)
    return [{column: row.get(column) for column in columns} for row in rows]


def _table(name, data, has_more):
    """The rows for notebooks, secrets masked as everywhere."""
    from html import escape

    rows = _dicts(data[:_IN_A_TABLE])
    columns = list(rows[0]) if rows else []
    head = "".join(f"<th>{column}</th>" for column in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(_cell(row[column]))}</td>' for column in columns)}</tr>" for row in rows
    )
    hidden = len(data) - len(rows)
    more = f"{hidden} more on this page" if hidden else ""
    more += (", and more pages" if more else "more pages") if has_more else ""
    foot = f"<tfoot><tr><td colspan={len(columns)}>{more}</td></tr></tfoot>" if more else ""
    return (
        f"<table><caption>{name}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table>"
        if rows
        else f"<p>{name}: nothing</p>"
    )


def _cell(value):
    """What a cell shows: for a person or an actor its address or name."""
    if isinstance(value, dict):
        return str(value.get("email") or value.get("name") or value.get("id") or value)
    return "" if value is None else str(value)


def _needs(package, operation):
    """The package, or the refusal that names what to use instead."""
    from importlib import import_module

    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        from .errors import Unsupported

        raise Unsupported(
            f"{package} is not installed: install it, or take [row.to_dict() for row in page]", operation=operation
        ) from None


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
        pyarrow = _needs("pyarrow", "to_arrow")
        return pyarrow.Table.from_pylist(_dicts(list(self)))

    def to_pandas(self):
        """All rows from this page on, as a `pandas.DataFrame`. Needs pandas."""
        pandas = _needs("pandas", "to_pandas")
        return pandas.DataFrame.from_records(_dicts(list(self)))

    def to_polars(self):
        """All rows from this page on, as a `polars.DataFrame`. Needs polars."""
        polars = _needs("polars", "to_polars")
        return polars.DataFrame(_dicts(list(self)), infer_schema_length=None)


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
        pyarrow = _needs("pyarrow", "to_arrow")
        return pyarrow.Table.from_pylist(await self._dicts())

    async def to_pandas(self):
        """All rows from this page on, as a `pandas.DataFrame`. Needs pandas."""
        pandas = _needs("pandas", "to_pandas")
        return pandas.DataFrame.from_records(await self._dicts())

    async def to_polars(self):
        """All rows from this page on, as a `polars.DataFrame`. Needs polars."""
        polars = _needs("polars", "to_polars")
        return polars.DataFrame(await self._dicts(), infer_schema_length=None)


class Pages:
    """A list to come: await it for its first page, or `async for` over it through all of them. Once either way."""

    __slots__ = ("_first",)
    __class_getitem__ = _generic

    def __init__(self, first):
        self._first = first

    def __repr__(self):
        return "<strongroom.Pages to be awaited or iterated over with async for>"

    def __reduce__(self):
        raise TypeError("Pages is neither pickled nor copied: await it, or call the list again")

    def __await__(self):
        raw = yield from self._first.fetch().__await__()
        return AsyncPage(raw)

    async def __aiter__(self):
        async for row in await self:
            yield row
