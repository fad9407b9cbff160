"""`workspace`: look at a workspace, tidy it, take people out of it, and take it elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.options import Redact, WorkspacePlace
from analyzer.cli.screen import say, say_json

app = typer.Typer(no_args_is_help=True, help="Look at a workspace, tidy it, and take people out of it.")


@app.command()
def info(
    workspace: WorkspacePlace,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """What the workspace holds, table by table."""
    from dataclasses import asdict

    from analyzer.report.data import readable_json

    stored = _there(workspace).info()
    if as_json:
        say_json(readable_json({"tables": [asdict(table) for table in stored]}))
        return
    for table in stored:
        weeks = f", {table.first} to {table.last}" if table.first else ""
        say(f"{table.table}: {table.rows:,} rows in {table.files:,} files, {table.bytes:,} bytes{weeks}")


@app.command()
def compact(workspace: WorkspacePlace) -> None:
    """Join small files and remove those that nothing needs any more."""
    for name, removed in _there(workspace).compact().items():
        say(f"{name}: {removed:,} old files removed")


@app.command()
def forget(
    address: Annotated[str, typer.Argument(help="The address to remove all traces of.")],
    workspace: WorkspacePlace,
    journal: Annotated[
        Path | None, typer.Option("--journal", metavar="DIR", help="The journal of watch --listen; in the workspace.")
    ] = None,
    rejects: Annotated[
        list[Path] | None,
        typer.Option("--rejects", metavar="DIR", help="A folder that parse --rejects wrote; may be repeated."),
    ] = None,
    cache: Annotated[
        list[Path] | None,
        typer.Option("--cache", metavar="FILE", help="A cache of check; the usual one is always looked through."),
    ] = None,
) -> None:
    """Remove every row that names an address, from past versions, the journal and what could not be read as well."""
    from analyzer.cli.check import usual_cache
    from analyzer.history.forgetting import forget as remove

    done = remove(
        _there(workspace), address, journal=journal, rejects=rejects or (), caches=[usual_cache(), *(cache or ())]
    )
    counts = [(done.rows, "row"), (done.requests, "waiting request"), (done.rejects, "rejected message")]
    counts.append((done.answers, "answer of a mail server"))
    for number, what in counts:
        if number or what == "row":
            first, _, rest = what.partition(" of ")
            name = what if number == 1 else f"{first}s" + (f" of {rest}s" if rest else "")
            say(f"{number:,} {name.replace('a mail servers', 'mail servers')} removed")
    if done.held:
        say(f"bounce-analyzer: {done.held}", err=True)
        raise typer.Exit(1)


@app.command()
def retain(
    days: Annotated[int, typer.Argument(min=1, help="Keep the sends and bounces of this many days.")],
    workspace: WorkspacePlace,
) -> None:
    """Remove sends and bounces of weeks that ended longer ago."""
    removed = _there(workspace).retain(days)
    say(f"{removed:,} {'row' if removed == 1 else 'rows'} removed")


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Write the tables into this folder.")],
    workspace: WorkspacePlace,
    redact: Redact = False,
) -> None:
    """Every table as one Parquet file."""
    for path in _there(workspace).export(out, redact=redact):
        say(path, redact=redact)


def _there(place: str):  # type: ignore[no-untyped-def]  # the type would import the tables' library at start
    from analyzer.errors import UnreadableInputError
    from analyzer.history import Workspace

    workspace = Workspace(place)
    if not workspace.exists():
        raise UnreadableInputError(place, "holds no workspace", "make one with bounce-analyzer ingest")
    return workspace
