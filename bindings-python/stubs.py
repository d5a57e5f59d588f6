"""Writes `python/strongroom/_native.pyi` from `stubs/native.pyi` and the built module; `--check` only compares.

The template types the blocking half by hand, which introspection can't: Literals, overloads, what is awaited and what
is iterated over. Here the asyncio twin of each class follows from it by rule, and docstrings come from the module, so
that editors show them. `python -m mypy.stubtest strongroom` compares all of it with the module itself.
"""

from __future__ import annotations

import ast
import copy
import sys
from pathlib import Path

from strongroom import _native

HERE = Path(__file__).parent
TEMPLATE = HERE / "stubs" / "native.pyi"
TARGET = HERE / "python" / "strongroom" / "_native.pyi"

TWINS = (
    *("Account", "Client", "Vaults", "Access", "Users", "ServiceAccounts", "Groups", "Items", "Files", "Secrets"),
    *("Changes", "Provisioning", "Policies", "Audit"),
)
# What every result has.
RESULT = """
def to_dict(self) -> dict[str, Any]: ...
def __copy__(self) -> NoReturn: ...
def __deepcopy__(self, _memo: Any) -> NoReturn: ...
"""
NEVER_AWAITED = ("with_options", "watch", "consumer")
DUNDERS = {"__enter__": "__aenter__", "__exit__": "__aexit__"}
RENAMED = {name: f"Async{name}" for name in TWINS} | {
    "ChangeFeed": "AsyncChangeFeed",
    "BinaryIO": "AsyncFile",
    "_Source": "_AsyncSource",
    "_Item": "_AsyncItem",
    "_Consumer": "_AsyncConsumer",
}


class Rename(ast.NodeTransformer):
    """The names of the blocking half become those of the asyncio half."""

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(RENAMED.get(node.id, node.id), node.ctx)


def docstring(owner: object, name: str | None = None) -> list[ast.stmt]:
    """The docstring of a class, or of one of its members, as the first statement of an indented body."""
    member = owner if name is None else getattr(owner, name, None)
    text = getattr(member, "__doc__", None)
    if not text or (name or "").startswith("__"):
        return []
    margin = " " * (8 if name and owner is not _native else 4)
    lines = [f"{margin}{line}" if line and index else line for index, line in enumerate(text.strip().splitlines())]
    end = f"\n{margin}" if len(lines) > 1 else ""
    return [ast.Expr(ast.Constant("\n".join(lines) + end))]


def method(node: ast.FunctionDef, runtime: object) -> ast.FunctionDef:
    """The method with its docstring."""
    overloaded = any(ast.unparse(decorator) == "overload" for decorator in node.decorator_list)
    text = [] if overloaded else docstring(runtime, node.name)
    node.body = [*text, ast.Expr(ast.Constant(...))] if not text else text
    return node


def attribute(node: ast.AnnAssign, runtime: object) -> ast.FunctionDef:
    """The read-only property that an annotation stands for."""
    name = ast.unparse(node.target)
    body = docstring(runtime, name) or [ast.Expr(ast.Constant(...))]
    arguments = ast.arguments(posonlyargs=[], args=[ast.arg("self")], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.FunctionDef(name, arguments, body, [ast.Name("property")], node.annotation, type_params=[])


def awaited(node: ast.FunctionDef) -> ast.FunctionDef:
    """The same method on the asyncio twin."""
    node.name = DUNDERS.get(node.name, node.name)
    answer = ast.unparse(node.returns) if node.returns else "None"
    if answer.startswith("Page["):
        node.returns = ast.parse(f"Pages[{answer[5:-1]}]", mode="eval").body
    elif node.name not in NEVER_AWAITED:
        node.returns = ast.parse(f"Awaitable[{answer}]", mode="eval").body
    return node


def shadowed(node: ast.ClassDef) -> ast.ClassDef:
    """A class with a method `list` can't say `list[…]` in its own body."""
    if any(isinstance(member, ast.FunctionDef) and member.name == "list" for member in node.body):
        for member in node.body:
            if isinstance(member, ast.FunctionDef) and member.returns is not None:
                for name in ast.walk(member.returns):
                    if isinstance(name, ast.Name) and name.id == "list":
                        name.id = "_list"
    return node


def finished(node: ast.ClassDef) -> ast.ClassDef:
    """The class with properties, docstrings and what every result has."""
    runtime = getattr(_native, node.name)
    body: list[ast.stmt] = []
    for member in node.body:
        if isinstance(member, ast.AnnAssign):
            body.append(attribute(member, runtime))
        elif isinstance(member, ast.FunctionDef):
            body.append(method(member, runtime))
    if hasattr(runtime, "to_dict"):
        extra = RESULT
        if runtime.__hash__ is None:
            extra += "__hash__: ClassVar[None]"
        for member in ast.parse(extra).body:
            body.append(method(member, runtime) if isinstance(member, ast.FunctionDef) else member)
    node.body = [*docstring(runtime), *body]
    return shadowed(node)


def twin(node: ast.ClassDef) -> ast.ClassDef:
    """The asyncio twin of a class of the blocking half."""
    node = Rename().visit(copy.deepcopy(node))
    node.name = RENAMED[node.name]
    for member in node.body:
        if isinstance(member, ast.FunctionDef):
            awaited(member)
    return node


def generate() -> str:
    """The whole stub."""
    out = ["# Written by stubs.py from stubs/native.pyi and the module's docstrings: change those.\n"]
    for node in ast.parse(TEMPLATE.read_text()).body:
        nodes = [node]
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            nodes = [finished(copy.deepcopy(node))]
            if node.name in TWINS:
                nodes.append(finished(twin(node)))
        elif isinstance(node, ast.FunctionDef):
            nodes = [method(node, _native)]
        out.extend(ast.unparse(ast.fix_missing_locations(node)) + "\n" for node in nodes)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_T":
            out.append("_list = list\n")
    out.append(f"__all__ = {sorted(_native.__all__)!r}\n")
    text = "\n".join(out)
    return text.replace("__hash__: ClassVar[None]", "__hash__: ClassVar[None]  # type: ignore[assignment]")


def main() -> int:
    """Writes the stub, or says that it is not what it should be."""
    text = generate()
    if "--check" in sys.argv[1:]:
        if TARGET.read_text() != text:
            print(f"{TARGET} is stale: run python {Path(__file__).name}", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
