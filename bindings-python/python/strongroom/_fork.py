"""Lets go of database files while the process forks: a child would take its parent's locks for its own."""

from __future__ import annotations

import os

from ._native import after_fork_in_parent, before_fork

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=before_fork, after_in_parent=after_fork_in_parent)
