"""The options that several commands share, so that the same thing has the same name and help everywhere."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from analyzer.cli.completing import words
from analyzer.errors import AnalyzerError


def _use_bounds(asked: list[str] | None) -> list[str] | None:
    """The bounds of the option, made those of this process."""
    if asked:
        from analyzer.bounds import parse_bounds, use

        use(parse_bounds(asked))
    return asked


# What is read.
Bounces: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--bounces",
        metavar="SOURCE",
        help="What bounced: any source that parse reads, or a table that it wrote; may be repeated.",
    ),
]
Log: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--log", metavar="FILE", help="The campaign log, what was sent to whom, or a folder of them; may be repeated."
    ),
]
Leads: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--leads",
        metavar="FILE",
        help="The lead list (email status, industry, …), or a folder of them; may be repeated.",
    ),
]
Mapping: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="COLUMN=FIELD", help="Use this column as that field; may be repeated."),
]
Dates: TypeAlias = Annotated[
    str,
    typer.Option(
        "--dates",
        metavar="ORDER",
        autocompletion=words("day-first", "month-first"),
        help="day-first or month-first, for dates such as 03/02/2026 that leave it open.",
    ),
]
Timezone: TypeAlias = Annotated[
    str,
    typer.Option("--timezone", metavar="ZONE", help="The zone of times that name none, such as Europe/Berlin."),
]
Since: TypeAlias = Annotated[
    str,
    typer.Option(
        "--since",
        metavar="DATE",
        help="Pass over what came before this day, such as 2026-03-31, or before this ISO week, such as 2026-W14.",
    ),
]
WorkspacePlace: TypeAlias = Annotated[
    str, typer.Option("--workspace", metavar="DIR", help="The folder (or object-store address) that keeps the history.")
]

# What stands beside a diagnostic text.


def _status(value: str) -> str:
    # RFC 3463, 2.
    if value and not re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", value):
        raise AnalyzerError(f"--status {value!r}: is no enhanced status code; give one such as 5.1.1")
    return value


def _reply(value: str) -> str:
    # RFC 5321, 4.2.1.
    if value and not re.fullmatch(r"[2-5][0-9]{2}", value):
        raise AnalyzerError(f"--reply {value!r}: is no SMTP reply code; give one such as 550")
    return value


Status: TypeAlias = Annotated[
    str,
    typer.Option(
        "--status", metavar="CODE", callback=_status, help="The enhanced status code beside the text, such as 5.1.1."
    ),
]
Reply: TypeAlias = Annotated[
    str,
    typer.Option("--reply", metavar="CODE", callback=_reply, help="The SMTP reply code beside the text, such as 550."),
]
Host: TypeAlias = Annotated[str, typer.Option("--host", metavar="NAME", help="The host that answered.")]
Recipient: TypeAlias = Annotated[str, typer.Option("--recipient", metavar="ADDRESS", help="The address that failed.")]

# How it is read, and judged.
#: A command only names it: the callback does what it asks for, so that all that the command reads is bound by it.
Bound: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--bound",
        metavar="NAME=VALUE",
        callback=_use_bounds,
        help="Read at most so much, such as mime_depth=30 or message_bytes=16M; --bound list names all of them; may "
        "be repeated.",
    ),
]
Rules: TypeAlias = Annotated[
    Path | None,
    typer.Option("--rules", metavar="DIR", help="A folder of your own rules, asked before the shipped ones."),
]
Jobs: TypeAlias = Annotated[
    int | None, typer.Option("--jobs", min=1, metavar="N", help="Processes to read with; all cores unless given.")
]
Tolerance: TypeAlias = Annotated[
    float,
    typer.Option(
        "--tolerance",
        metavar="SHARE",
        help="The share of bad addresses that you can live with, such as 0.05: over 0 and under 1.",
    ),
]
Resolver: TypeAlias = Annotated[
    str,
    typer.Option("--resolver", metavar="HOST[:PORT]", help="The DNS resolver to ask; the system's unless given."),
]
VerpKeyFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--verp-key-file",
        metavar="FILE",
        help="The keys that your return paths are signed with, the newest first; only you may read the file.",
    ),
]

# What is told.
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON in place of the text.")]
Redact: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--redact",
        help="Mask every address in all outputs (j***@example.com); lists of leads get its SHA-256 beside it.",
    ),
]


def day(text: str, option: str) -> date | None:
    """The day that an option names, None for none; `AnalyzerError` for what is no day."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise AnalyzerError(f"{option} {text}: is no day; give one such as 2026-03-31") from None
