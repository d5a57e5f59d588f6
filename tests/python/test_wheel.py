"""The wheel: one for every Python from 3.10 on, with its types and its program, and it works where nothing else is."""

from __future__ import annotations

import email
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import strongroom

MANIFEST = Path(__file__).parents[2] / "bindings-python" / "Cargo.toml"
SMOKE = """
import asyncio, sys
import strongroom
assert strongroom.__file__.startswith(sys.prefix), strongroom.__file__
kit = strongroom.init(sys.argv[1], owner="teacher@example.edu")
with strongroom.connect(sys.argv[1], kit.token) as teacher:
    vault = teacher.vaults.create("Alice")
    item = teacher.items.create(vault.id, title="Homework 1", files=[("essay.txt", b"Once upon a time")])
    assert teacher.files.read(vault.id, item.id, item.files[0].id) == b"Once upon a time"
async def count():
    async with strongroom.connect_async(sys.argv[1], kit.token) as teacher:
        return [vault.name async for vault in teacher.vaults.list()]
print(asyncio.run(count()), strongroom.__version__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `maturin build` makes it, unoptimized."""
    out = tmp_path_factory.mktemp("wheel")
    command = [str(Path(sys.executable).with_name("maturin")), "build", "--locked", "--manifest-path", str(MANIFEST)]
    done = subprocess.run([*command, "--out", str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = out.iterdir()
    return wheel


def test_what_it_says_of_itself(wheel: Path) -> None:
    name, version, python, abi, platform = wheel.stem.split("-")
    assert (name, version, python, abi) == ("strongroom", strongroom.__version__, "cp310", "abi3")
    assert platform != "any"
    with zipfile.ZipFile(wheel) as files:
        names = set(files.namelist())
        (metadata,) = (file for file in names if file.endswith(".dist-info/METADATA"))
        said = email.message_from_bytes(files.read(metadata))
        (entry,) = (file for file in names if file.endswith("entry_points.txt"))
        assert "strongroom=strongroom.__main__:main" in files.read(entry).decode().replace(" ", "")
    assert said["Name"] == "strongroom"
    assert said["Requires-Python"] == ">=3.10"
    assert said["License-Expression"] == "MIT OR Apache-2.0"
    assert said["Summary"]
    assert said.get_payload(), "the README is its description"
    assert said["Requires-Dist"] is None, "it needs nothing else"
    assert {"strongroom/py.typed", "strongroom/_native.pyi", "strongroom/_pages.pyi"} <= names
    assert {Path(file).parts[0] for file in names} == {"strongroom", f"strongroom-{version}.dist-info"}
    assert len([file for file in names if file.startswith("strongroom/_native") and file.endswith((".so", ".pyd"))]) == 1
    licences = {Path(file).name for file in names if "/licenses/" in file}
    assert licences == {"LICENSE-APACHE", "LICENSE-MIT"}


def test_it_works_where_nothing_else_is(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "fresh", with_pip=True)
    python = tmp_path / "fresh" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel], check=True)
    done = subprocess.run(
        [python, "-I", "-c", SMOKE, tmp_path / "classroom.db"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.stdout == f"['Alice'] {strongroom.__version__}\n", done.stderr
    program = subprocess.run([python, "-m", "strongroom", "--version"], capture_output=True, text=True, check=True)
    assert program.stdout == f"strongroom {strongroom.__version__}\n"
