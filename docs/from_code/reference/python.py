"""The Python interface: one entry for each public name of `analyzer`, read from its docstring by mkdocstrings."""

from __future__ import annotations

import inspect

import analyzer
from analyzer import records

_HEAD = """# Python

`import analyzer` offers what the command line does, over pandas frames, with types (`py.typed`). Names that are not
on this page may change in any release.

Every error that is raised on purpose is an `AnalyzerError`, whose text is one line for a person; the classes below
it say which kind it is.
"""
_ERRORS = ("UnreadableInputError", "MissingColumnError", "RuleError", "OutputError")


def page() -> str:
    """The page."""
    functions = [name for name in analyzer.__all__ if inspect.isfunction(getattr(analyzer, name))]
    classes = [name for name in analyzer.__all__ if inspect.isclass(getattr(analyzer, name))]
    parts = [_HEAD, "## Functions", *(_entry(_home(name), name) for name in functions)]
    parts += ["## Records and errors", *(_entry(_home(name), name) for name in classes)]
    parts += [_entry("analyzer.errors", name) for name in _ERRORS]
    lists = [name for name in analyzer.__all__ if isinstance(getattr(analyzer, name), tuple)]
    parts += ["## Lists of columns", *(f"`analyzer.{name}`: see [columns](columns.md)." for name in lists)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _home(name: str) -> str:
    """The module that a public name is defined in."""
    return str(getattr(getattr(analyzer, name), "__module__", records.__name__))


def _entry(module: str, name: str) -> str:
    return f"::: {module}.{name}\n    options:\n      heading_level: 3"
