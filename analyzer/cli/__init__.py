"""The command line: one thin file per command, and one place where errors become a line on stderr.

`program` names the commands.
"""

from __future__ import annotations

from analyzer.cli import early  # noqa: F401 - the first of all: from here on signals are taken

# isort: split
import gc
import sys
from typing import TYPE_CHECKING, Any

from analyzer.cli import ending, plain

if TYPE_CHECKING:
    from analyzer.cli.program import app, spread

__all__ = ["app", "main", "spread"]


def main() -> None:
    """The entry point of `bounce-analyzer`; `analyzer.cli.ending` says how a run ends."""
    # Every command makes many objects and next to no circles of them, and each look for some goes through all of them.
    gc.set_threshold(70_000, 20, 20)
    arguments = sys.argv[1:]
    command = plain.command_of(arguments)
    if command is None:
        from analyzer.cli.program import command_of

        command = command_of(arguments)
    ending.run(command, redact=plain.redacts(arguments))


def __getattr__(name: str) -> Any:
    """`app` and `spread`, which load typer and every command."""
    if name not in {"app", "spread"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from analyzer.cli import program

    return getattr(program, name)
