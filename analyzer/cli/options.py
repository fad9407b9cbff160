"""The options that several commands share, so that the same thing has the same name and help everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer


def _use_bounds(asked: list[str] | None) -> list[str] | None:
    """The bounds of the option, made those of this process."""
    if asked:
        from analyzer.bounds import parse_bounds, use

        use(parse_bounds(asked))
    return asked


#: A command only names it: the callback does what it asks for, so that all that the command reads is bound by it.
Bound: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--bound",
        metavar="NAME=VALUE",
        callback=_use_bounds,
        help="Read at most so much, such as mime_depth=30 or message_bytes=16M; --bound list names all of them.",
    ),
]
Rules: TypeAlias = Annotated[
    Path | None,
    typer.Option("--rules", metavar="DIR", help="A folder of your own rules, asked before the shipped ones."),
]
Jobs: TypeAlias = Annotated[
    int | None, typer.Option("--jobs", min=1, metavar="N", help="Processes to read with; all cores unless given.")
]
Mapping: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="COLUMN=FIELD", help="Use this column as that field; may be repeated."),
]
Dates: TypeAlias = Annotated[
    str,
    typer.Option(
        "--dates", metavar="ORDER", help="day-first or month-first, for dates such as 03/02/2026 that leave it open."
    ),
]
Timezone: TypeAlias = Annotated[
    str,
    typer.Option("--timezone", metavar="ZONE", help="The zone of times that name none, such as Europe/Berlin."),
]
Redact: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--redact",
        help="Mask every address in all outputs (j***@example.com); lists of leads get its SHA-256 beside it.",
    ),
]
WorkspacePlace: TypeAlias = Annotated[
    str, typer.Option("--workspace", metavar="DIR", help="The folder (or object-store address) that keeps the history.")
]
VerpKeyFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--verp-key-file",
        "--key-file",
        metavar="FILE",
        help="The keys that your return paths are signed with, the newest first; only you may read the file.",
    ),
]
