"""Values of case files: names of what was saved, and the forms that stand for bytes, long texts and instants."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta, timezone
from typing import Any

Saved = dict[str, Any]
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def resolve(value: Any, saved: Saved) -> Any:
    """The value with every `$name.path` replaced by what was saved, and every form by what it stands for."""
    if isinstance(value, str):
        return _substituted(value, saved)
    if isinstance(value, list):
        return [resolve(each, saved) for each in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"$in": distance, **rest} if not rest:
            return instant(distance)
        case {"$text": {"repeat": text, "times": times}, **rest} if not rest:
            return text * times
        case {"$list": {"of": of, "times": times}, **rest} if not rest:
            return [resolve(_numbered(of, str(number)), saved) for number in range(1, times + 1)]
    return {_key(key, saved): resolve(each, saved) for key, each in value.items()}


def _key(key: str, saved: Saved) -> str:
    name = key[1:].split(".")[0]
    return str(_substituted(key, saved)) if key.startswith("$") and name in saved else key


def _substituted(text: str, saved: Saved) -> Any:
    whole = re.fullmatch(r"\$(\w+(?:\.\w+)*)", text, re.ASCII)
    if whole:
        return _find(whole[1], saved)

    def put(found: re.Match[str]) -> str:
        value = _find(found[1], saved)
        assert isinstance(value, str), f"`{found[1]}` is no text"
        return value

    return re.sub(r"\$(\w+(?:\.\w+)*)", put, text, flags=re.ASCII)


def _find(path: str, saved: Saved) -> Any:
    value: Any = saved
    for part in path.split("."):
        try:
            value = value[int(part) if isinstance(value, list) else part]
        except (LookupError, TypeError):
            raise AssertionError(f"nothing was saved as `{path}`") from None
    return value


def _numbered(value: Any, number: str) -> Any:
    if isinstance(value, str):
        return value.replace("#", number)
    if isinstance(value, list):
        return [_numbered(each, number) for each in value]
    if isinstance(value, dict):
        return {key: _numbered(each, number) for key, each in value.items()}
    return value


def content(value: Any) -> bytes | None:
    """The bytes that `$utf8` or `$bytes` stands for; `None` for other values."""
    match value:
        case {"$utf8": str(text), **rest} if not rest:
            return text.encode()
        case {"$bytes": {"repeat": str(text), "times": int(times)}, **rest} if not rest:
            return (text * times).encode()
    return None


def shown(content: bytes) -> dict[str, Any]:
    """Bytes as an answer shows them."""
    return {"$sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def time(at: datetime) -> str:
    """RFC 3339 with milliseconds and `Z`."""
    assert at.utcoffset() is not None, f"{at!r} has no timezone"
    return at.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(distance: str) -> str:
    """The instant so far from now."""
    parts = re.fullmatch(r"([+-]\d+)([smhd])", distance)
    assert parts, f"`{distance}` is no distance in time: one is `+1h`"
    return time(datetime.now(timezone.utc) + timedelta(**{_UNITS[parts[2]]: int(parts[1])}))
