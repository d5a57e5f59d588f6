"""The README's Python runs as it is written."""

from __future__ import annotations

import re
from pathlib import Path

import strongroom

README = Path(__file__).parents[2] / "README.md"


def test_the_quickstart_runs() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    try:
        for block in blocks:
            exec(compile(block, str(README), "exec"), {})
    finally:
        strongroom.drop("memory:readme")
