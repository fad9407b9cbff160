"""`export`: suppression lists, record updates, audiences and lists by grade, in the formats of the platforms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analyzer.cli import completing
from analyzer.cli.options import Json
from analyzer.cli.screen import say, say_object
from analyzer.cli.sparing import spare_inputs

if TYPE_CHECKING:
    from analyzer.export.kinds import Kind


def export(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND",
            autocompletion=completing.export_kinds,
            help="ses sendgrid mailgun postmark plain; hubspot salesforce outreach apollo; google meta; grades.",
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="SOURCE",
            help="A folder of diagnose --out, bounces of parse, a suppression.csv, or a list of check --out.",
        ),
    ] = None,
    out: Annotated[
        str, typer.Option("--out", metavar="PATH", help="A folder, or a file with the format's ending; - for stdout.")
    ] = "-",
    show_list: Annotated[bool, typer.Option("--list", help="Show every KIND: formats, limits, where it goes.")] = False,
    file_format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            autocompletion=completing.words("csv", "jsonl", "requests", "text"),
            help="csv, jsonl, requests or text, where a KIND has several.",
        ),
    ] = "",
    include: Annotated[
        list[str] | None,
        typer.Option(
            "--include",
            metavar="NAME",
            autocompletion=completing.reasons,
            help="Take this fault or reason as well, or transient, or unmatched; may be repeated.",
        ),
    ] = None,
    redact: Annotated[
        str,
        typer.Option(
            "--redact",
            metavar="[HOW]",
            autocompletion=completing.words("mask", "hash", "drop"),
            help="Mask every address, or with hash give its SHA-256, or drop it: for looking at, not for an import.",
        ),
    ] = "",
    rows: Annotated[
        int, typer.Option("--rows", min=0, metavar="N", help="At most N rows a file; 0 for what the platform takes.")
    ] = 0,
    leads: Annotated[
        Path | None, typer.Option("--leads", metavar="FILE", help="A lead list with the ids of the CRM's records.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write what was found in the format of another system: only what is safe to strike off, unless told otherwise."""
    from analyzer.errors import AnalyzerError
    from analyzer.export import export as make
    from analyzer.export import kinds

    if show_list and as_json:
        say_object({"kinds": [_facts(one) for one in kinds().values()]})
        return
    if show_list:
        for one in kinds().values():
            say(f"{one.name:<11} {one.title} ({', '.join(one.formats)})\n{'':<11} {one.goes}")
        return
    if kind is None or source is None:
        missing = "KIND" if kind is None else "SOURCE"
        raise AnalyzerError(f"export: no {missing} given; see 'bounce-analyzer export --list' and --help")
    if as_json and out == "-":
        raise AnalyzerError("export --json: the standard output takes one of the two; give --out a folder or a file")
    spare_inputs(out, [source, leads or ""])
    made = make(kind, source, include=include or (), redact=redact, file_format=file_format, rows=rows, leads=leads)
    written, stale = made.write(out)
    if as_json:
        files = [{"path": str(path), "rows": len(p.table)} for path, p in zip(written, made.parts, strict=True)]
        told = {**made.to_dict(), "files": files, "notes": [*made.notes, *stale]}
        say_object(told, redact=bool(redact))
        return
    for line in [*made.lines(), *(f"  {warning}" for warning in stale)]:
        say(line, err=out == "-", redact=bool(redact))
    if written:
        say(f"Written: {', '.join(map(str, written))}", redact=bool(redact))
        say(f"Where it goes: {made.kind.goes}")


def _facts(kind: Kind) -> dict[str, Any]:
    """A kind of export as `--list --json` tells it."""
    return {
        "name": kind.name,
        "title": kind.title,
        "takes": kind.takes,
        "formats": kind.formats,
        "goes": kind.goes,
        "files": [{"name": one.name, "format": one.format, "rows": one.rows} for one in kind.layouts],
    }
