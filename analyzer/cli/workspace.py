"""`workspace`: look at a workspace, tidy it, take people out of it, and take it elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.options import WorkspacePlace

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
        typer.echo(readable_json({"tables": [asdict(table) for table in stored]}), nl=False)
        return
    for table in stored:
        weeks = f", {table.first} to {table.last}" if table.first else ""
        typer.echo(f"{table.table}: {table.rows:,} rows in {table.files:,} files, {table.bytes:,} bytes{weeks}")


@app.command()
def compact(workspace: WorkspacePlace) -> None:
    """Join small files and remove those that nothing needs any more."""
    for name, removed in _there(workspace).compact().items():
        typer.echo(f"{name}: {removed:,} old files removed")


@app.command()
def forget(
    address: Annotated[str, typer.Argument(help="The address to remove all traces of.")], workspace: WorkspacePlace
) -> None:
    """Remove every row about an address, from past versions as well."""
    removed = _there(workspace).forget(address)
    typer.echo(f"{removed:,} {'row' if removed == 1 else 'rows'} removed")


@app.command()
def retain(
    days: Annotated[int, typer.Argument(min=1, help="Keep the sends and bounces of this many days.")],
    workspace: WorkspacePlace,
) -> None:
    """Remove sends and bounces of weeks that ended longer ago."""
    removed = _there(workspace).retain(days)
    typer.echo(f"{removed:,} {'row' if removed == 1 else 'rows'} removed")


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Write the tables into this folder.")],
    workspace: WorkspacePlace,
) -> None:
    """Every table as one Parquet file."""
    for path in _there(workspace).export(out):
        typer.echo(str(path))


def _there(place: str):  # type: ignore[no-untyped-def]  # the type would import the tables' library at start
    from analyzer.errors import UnreadableInputError
    from analyzer.history import Workspace

    workspace = Workspace(place)
    if not workspace.exists():
        raise UnreadableInputError(place, "holds no workspace", "make one with bounce-analyzer ingest")
    return workspace
