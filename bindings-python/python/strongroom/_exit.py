"""Lets what asyncio cancelled at its end be over before the interpreter is: a thread that calls into an interpreter that ends crashes it."""

from __future__ import annotations

import atexit

from ._native import before_exit

atexit.register(before_exit)
