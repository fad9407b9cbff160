"""Every pattern of Python's own `re` in the package, with the ways in which it is used."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import analyzer

ROOT = Path(analyzer.__file__).parent
#: What `re` offers with a pattern, and a compiled pattern with a text.
_METHODS = frozenset({"match", "fullmatch", "search", "findall", "finditer", "sub", "subn", "split", "scanner"})
_ANYHOW = frozenset({"search", "fullmatch"})


@dataclass(frozen=True)
class Found:
    """A compiled pattern; `where` is "file:line", `methods` what is called on it (any, where that cannot be told)."""

    pattern: re.Pattern[Any]
    where: str
    methods: frozenset[str]

    @property
    def searched(self) -> bool:
        return not self.methods <= {"match", "fullmatch"}

    @property
    def whole(self) -> bool:
        return "fullmatch" in self.methods


@dataclass(frozen=True)
class Built:
    """A pattern that a function builds from what it is given."""

    where: str
    source: str


def modules() -> list[Any]:
    """Every module of the package, imported."""
    found = [m.name for m in pkgutil.walk_packages(analyzer.__path__, "analyzer.") if "__main__" not in m.name]
    return [importlib.import_module(name) for name in found]


def compiled() -> list[Found]:
    """The patterns that stand in modules and classes when everything is imported, and those of tables there."""
    methods = _methods_by_name()
    found: dict[int, Found] = {}
    for module in modules():
        file = str(Path(module.__file__ or "").relative_to(ROOT))
        for name, value in _named(module):
            for pattern in _patterns_in(value, 3):
                used = methods.get((file if name.startswith("_") else "", name), _ANYHOW)
                used = used if pattern is value else _ANYHOW
                known = found.get(id(pattern))
                found[id(pattern)] = Found(
                    pattern, known.where if known else f"{file}: {name}", used | (known.methods if known else used)
                )
    return sorted(found.values(), key=lambda one: one.where)


def _named(module: Any) -> list[tuple[str, Any]]:
    named = list(vars(module).items())
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == module.__name__:
            named += list(vars(value).items())
    return named


def _patterns_in(value: Any, depth: int) -> list[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        return [value]
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return [pattern for one in value for pattern in _patterns_in(one, depth - 1)]
    if depth and isinstance(value, dict):
        return [p for pair in value.items() for one in pair for p in _patterns_in(one, depth - 1)]
    return []


def _trees() -> list[tuple[str, ast.Module]]:
    return [(str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))) for path in sorted(ROOT.rglob("*.py"))]


def _methods_by_name() -> dict[tuple[str, str], frozenset[str]]:
    """What is called on each name, a private one by its file; any method, where it is used for anything else."""
    methods: dict[tuple[str, str], set[str]] = {}
    for file, tree in _trees():
        called: set[int] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in {*_METHODS, "pattern"}:
                name = _name(node.value)
                if name:
                    called.add(id(node.value))
                    if node.attr != "pattern":
                        methods.setdefault((file if name.startswith("_") else "", name), set()).add(node.attr)
        for node in ast.walk(tree):
            if id(node) not in called and isinstance(getattr(node, "ctx", None), ast.Load) and _name(node):
                name = _name(node)
                methods.setdefault((file if name.startswith("_") else "", name), set()).update(_ANYHOW)
    return {name: frozenset(used) for name, used in methods.items()}


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def in_functions() -> tuple[list[Found], list[Built]]:
    """The patterns that functions name themselves, and the calls whose pattern is put together when they run."""
    found: list[Found] = []
    built: list[Built] = []
    for file, tree in _trees():
        for function in ast.walk(tree):
            if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            for node in ast.walk(function):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                    continue
                if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re"):
                    continue
                if node.func.attr not in {*_METHODS, "compile"}:
                    continue
                where, first = f"{file}: {function.name}", node.args[0]
                if isinstance(first, ast.Constant):
                    flags = re.IGNORECASE if "IGNORECASE" in ast.unparse(node) else re.NOFLAG
                    used = _ANYHOW if node.func.attr == "compile" else frozenset({node.func.attr})
                    found.append(Found(re.compile(first.value, flags), where, used))
                elif not (isinstance(first, ast.Name) and first.id.startswith("_") and first.id.isupper()):
                    built.append(Built(where, ast.unparse(first)))
    return found, built


def loaded() -> frozenset[str]:
    """The modules of the package that are imported by now."""
    return frozenset(name for name in sys.modules if name.startswith("analyzer."))
