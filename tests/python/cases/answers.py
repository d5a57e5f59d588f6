"""From Python's answers to those of the cases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from strongroom import StrongroomError

from . import values


def shown(answer: Any) -> Any:
    """The answer by the API's names, with secrets in plain; the rows of lists by themselves."""
    if answer is None or isinstance(answer, str | int | float | dict):
        return answer
    if isinstance(answer, datetime):
        return values.time(answer)
    if isinstance(answer, bytes):
        return values.shown(answer)
    if isinstance(answer, list):
        return [shown(each) for each in answer]
    if isinstance(answer, StrongroomError):
        return {
            "error": answer.code,
            "message": str(answer),
            "operation": answer.operation,
            "id": getattr(answer, "id", None),
        }
    # `to_dict` masks, so it gives the names alone.
    return {name: shown(getattr(answer, name)) for name in answer.to_dict()}
