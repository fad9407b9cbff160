"""The options that several commands share, so that the same thing has the same name and help everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

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
        help="Mask every address in all outputs (j***@example.com); suppression.csv and next_send.csv get its SHA-256.",
    ),
]
WorkspacePlace: TypeAlias = Annotated[
    str, typer.Option("--workspace", metavar="DIR", help="The folder (or object-store address) that keeps the history.")
]
