"""The examples in the documentation run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

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
