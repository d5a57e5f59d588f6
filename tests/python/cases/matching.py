"""Whether an answer is what a case expects."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import values

_KINDS: dict[str, Any] = {"string": str, "number": (int, float), "bool": bool, "array": list, "object": dict}


def check(expected: Any, found: Any, place: str = "the answer") -> None:
    """Refuses an answer that does not match, and says where."""
    content = values.content(expected)
    if content is not None:
        expected = values.shown(content)
    if isinstance(expected, dict) and any(key[0] == "$" and key != "$sha256" for key in expected):
        for operator, value in expected.items():
            assert _holds(operator, value, found), f"{place} is {found!r}, and not {operator} {value!r}"
    elif isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            absent = isinstance(value, dict) and "$absent" in value
            assert (key in found) != absent, f"{place}.{key} is {'there' if absent else 'missing'}"
            if not absent:
                check(value, found[key], f"{place}.{key}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (each, one) in enumerate(zip(expected, found, strict=True)):
            check(each, one, f"{place}[{index}]")
    else:
        same = expected == found and isinstance(expected, bool) == isinstance(found, bool)
        assert same, f"{place} is {found!r}, not {expected!r}"


def matches(expected: Any, found: Any) -> bool:
    """Whether it does."""
    try:
        check(expected, found)
    except AssertionError:
        return False
    return True


def _holds(operator: str, value: Any, found: Any) -> bool:
    match operator:
        case "$any":
            return _is_a(value, found)
        case "$contains" if isinstance(found, list):
            return any(matches(value, each) for each in found)
        case "$contains":
            return isinstance(found, str) and isinstance(value, str) and value in found
        case "$length":
            return isinstance(found, str | list) and len(found if isinstance(found, list) else found.encode()) == value
        case "$not":
            return not matches(value, found)
        case "$prefix":
            return isinstance(found, str) and found.startswith(value)
    raise LookupError(f"`{operator}` is no operator")


def _is_a(kind: str, found: Any) -> bool:
    if kind == "time":
        try:
            return datetime.fromisoformat(found.replace("Z", "+00:00")).tzinfo is not None
        except (AttributeError, ValueError):
            return False
    return isinstance(found, _KINDS[kind]) and (kind == "bool" or not isinstance(found, bool))
