"""Secret references, and new secrets, without a client."""

from __future__ import annotations

from ._native import validate
from .errors import Unsupported

__all__ = ["generate", "validate"]


def generate(kind: str = "password", **recipe: object) -> str:
    """Makes a password, a passphrase or a PIN."""
    raise Unsupported(
        "secrets.generate is not in this version: use the standard library's secrets.token_urlsafe()",
        operation="secrets.generate",
    )
