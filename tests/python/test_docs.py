"""The examples in the documentation run, and the files that it names are there."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import strongroom
from strongroom import Client, _native


def found() -> list[doctest.DocTest]:
    """Every docstring with an example in it."""
    modules = [strongroom, *(importlib.import_module(f"strongroom.{module.name}") for module in MODULES)]
    tests = {}
    for module in modules:
        for test in doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__, module=False, globs={}):
            if test.examples:
                tests[test.docstring] = test
    return list(tests.values())


MODULES = [module for module in pkgutil.iter_modules(strongroom.__path__) if module.name != "__main__"]


@pytest.mark.parametrize("test", found(), ids=lambda test: str(test.name))
def test_example(test: doctest.DocTest, client: Client) -> None:
    test.globs.update(vars(strongroom), strongroom=strongroom, client=client)
    runner = doctest.DocTestRunner(verbose=False)
    output: list[str] = []
    runner.run(test, out=output.append)
    assert not runner.failures, "".join(output)


def test_examples_are_found_in_the_native_module() -> None:
    names = [test.name for test in found()]
    assert any("Vaults.create" in name for name in names), names
    assert not any("Async" in name for name in names if hasattr(_native, name.split(".")[-1]))


ROOT = Path(__file__).parents[2]
DOCUMENTS = ["README.md", "SECURITY.md", "docs/architecture.md", "docs/protocol.md", "tests/vectors/v1/README.md"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_files_that_it_names_are_there(document: str) -> None:
    text = re.sub(r"^```.*?^```", "", (ROOT / document).read_text(), flags=re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", text)
    named = [span for span in spans if re.fullmatch(r"(core|tests|docs|examples|bindings-python)(/[\w.-]+)*/?", span)]
    assert named or document == "README.md"
    assert [span for span in named if not (ROOT / span).exists()] == []


def test_every_row_of_trust_names_its_test() -> None:
    """A bare file name in the last column is one of the attacks."""
    text = (ROOT / "SECURITY.md").read_text().split("## Who is trusted with what")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"][2:]
    assert len(rows) >= 17
    for row in rows:
        assert len(row) == 4, row
        named = re.findall(r"`([\w/.-]+)`", row[3])
        assert named, row[0]
        for name in named:
            assert (ROOT / name).exists() or (ROOT / "core/tests/attacks" / name).exists(), (row[0], name)
