"""`workspace`: look at a workspace, tidy it, take people out of it, and take it elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.examples import epilog
from analyzer.cli.options import Json, Redact, WorkspacePlace
from analyzer.cli.screen import say, say_object
from analyzer.errors import AnalyzerError
from analyzer.readable import counted

app = typer.Typer(no_args_is_help=True, help="Look at a workspace, tidy it, and take people out of it.")


@app.command(epilog=epilog("workspace info"))
def info(workspace: WorkspacePlace, as_json: Json = False) -> None:
    """Tell what the workspace holds, table by table."""
    from dataclasses import asdict

    stored = there(workspace).info()
    if as_json:
        say_object({"tables": [asdict(table) for table in stored]})
        return
    for table in stored:
        weeks = f", {table.first} to {table.last}" if table.first else ""
        size = f"{counted(table.rows, 'row')} in {counted(table.files, 'file')}, {counted(table.bytes, 'byte')}"
        say(f"{table.table}: {size}{weeks}")


@app.command(epilog=epilog("workspace compact"))
def compact(workspace: WorkspacePlace, as_json: Json = False) -> None:
    """Join small files and remove those that nothing needs any more."""
    removed = there(workspace).compact()
    if as_json:
        say_object({"removed_files": removed})
        return
    for name, number in removed.items():
        say(f"{name}: {counted(number, 'old file')} removed")


@app.command(epilog=epilog("workspace forget"), short_help="Remove every row that names an address, everywhere.")
def forget(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The address to remove all traces of.")],
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
        typer.Option("--cache", metavar="FILE", help="A cache of check, beside the usual one; may be repeated."),
    ] = None,
    served: Annotated[
        list[Path] | None,
        typer.Option("--served", metavar="DIR", help="A folder of serve, beside the usual one; may be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Remove every row that names an address, from past versions, the journal, rejects and jobs of serve as well."""
    from dataclasses import asdict

    from analyzer.cli.probing import usual_cache
    from analyzer.history.forgetting import forget as remove
    from analyzer.serve.settings import usual_folder

    named = {"--journal": [journal] if journal else [], "--rejects": rejects, "--cache": cache, "--served": served}
    for option, path in ((option, path) for option, paths in named.items() for path in paths or ()):
        if not (path.is_file() if option == "--cache" else path.is_dir()):
            what = "file" if option == "--cache" else "folder"
            raise AnalyzerError(f"{option} {path}: is no {what}; nothing was removed, check the name")
    done = remove(
        there(workspace),
        address,
        journal=journal,
        rejects=rejects or (),
        caches=[place for place in (usual_cache(), *(cache or ())) if place],
        served=[place for place in (usual_folder(), *(served or ())) if place],
    )
    if as_json:
        say_object(asdict(done))
    else:
        say(f"{counted(done.rows, 'row')} removed")
        others = (
            counted(done.requests, "waiting request"),
            counted(done.rejects, "rejected message"),
            counted(done.answers, "answer of a mail server", "answers of mail servers"),
            counted(done.jobs, "job of serve", "jobs of serve"),
        )
        for what in others:
            if not what.startswith("0 "):
                say(f"{what} removed")
    if done.held:
        say(f"bounce-analyzer: {done.held}", err=True)
        raise typer.Exit(1)


@app.command(epilog=epilog("workspace retain"))
def retain(
    days: Annotated[int, typer.Argument(metavar="DAYS", min=1, help="Keep the sends and bounces of this many days.")],
    workspace: WorkspacePlace,
    as_json: Json = False,
) -> None:
    """Remove sends and bounces of weeks that ended longer ago."""
    removed = there(workspace).retain(days)
    if as_json:
        say_object({"removed_rows": removed})
    else:
        say(f"{counted(removed, 'row')} removed")


@app.command(epilog=epilog("workspace export"))
def export(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Write the tables into this folder.")],
    workspace: WorkspacePlace,
    redact: Redact = False,
) -> None:
    """Write every table as one Parquet file."""
    for path in there(workspace).export(out, redact=redact):
        say(path, redact=redact)


def there(place: str):  # type: ignore[no-untyped-def]  # the type would import the tables' library at start
    from analyzer.errors import UnreadableInputError
    from analyzer.history import Workspace

    workspace = Workspace(place)
    if not workspace.exists():
        raise UnreadableInputError(place, "holds no workspace", "make one with bounce-analyzer ingest")
    return workspace
