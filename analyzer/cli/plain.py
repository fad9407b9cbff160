"""Command lines that are read at once, without typer, whose import takes as long as reading five hundred messages.

Only what is plain is read here: options of `parse` by their full names, each with one value that is one, and sources.
All else - help, what is misspelt, repeated or out of range - is left to typer, which says what is wrong with it.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: The options of `parse` that take a value: what the function calls each, and what it is.
VALUES: dict[str, tuple[str, type]] = {
    "--out": ("out", str),
    "--jobs": ("jobs", int),
    "--rejects": ("rejects", Path),
    "--rules": ("rules", Path),
}
FLAGS = {"--all": "all_kinds", "--redact": "redact"}
#: What typer (a shell that completes) and the log are told by.
_TOLD_BY = ("_BOUNCE_ANALYZER_COMPLETE", "BOUNCE_ANALYZER_LOG")


def command_of(arguments: list[str]) -> Callable[[], object] | None:
    """What does what the arguments ask for; None for what is not plain."""
    if arguments[:1] != ["parse"] or any(os.environ.get(name) for name in _TOLD_BY):
        return None
    given = _given(arguments[1:])
    if given is None:
        return None
    from analyzer.cli.parse_run import run_parse

    return partial(run_parse, **given)


def _given(arguments: list[str]) -> dict[str, Any] | None:
    """What `parse` is called with; None for what is not plain."""
    given: dict[str, Any] = {}
    sources: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "-" or not argument.startswith("-"):
            sources.append(argument)
            continue
        if argument in FLAGS:
            given[FLAGS[argument]] = True
            continue
        option, is_joined, value = argument.partition("=")
        name, kind = VALUES.get(option, ("", str))
        if not is_joined:
            value = next(rest, "")
        if not name or name in given or not value or (value.startswith("-") and value != "-"):
            return None
        if kind is int and not (value.isascii() and value.isdigit() and int(value)):
            return None
        given[name] = kind(value)
    return {"sources": sources, **given} if sources and all(sources) else None


def redacts(arguments: list[str]) -> bool:
    """Whether no line may name an address."""
    return any(one == "--redact" or one.startswith("--redact=") for one in arguments)
