"""`serve`: the program as a local web page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.options import Bound, Redact
from analyzer.cli.screen import say
from analyzer.errors import AnalyzerError


def serve(
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to listen; anything but this machine needs a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="The port; 0 for any that is free.")
    ] = 8025,
    workspace: Annotated[
        list[str] | None,
        typer.Option("--workspace", metavar="DIR", help="A workspace that the page offers; may be repeated."),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file", metavar="FILE", help="Ask for the token in this file; or set BOUNCE_ANALYZER_TOKEN."
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="Another name the page is asked under; may be repeated."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="DIR", help="Where uploads and results are kept, for you alone."),
    ] = None,
    max_upload: Annotated[
        str, typer.Option("--max-upload", metavar="SIZE", help="The most that one upload may hold.")
    ] = "2GB",
    keep: Annotated[
        float | None, typer.Option("--keep", min=0.0, metavar="DAYS", help="Remove jobs after so many days.")
    ] = None,
    redact: Redact = False,
    bound: Bound = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Show the program as a web page on this machine: give files, run, read the report, check a list, ask."""
    from analyzer.cli.workspace import there
    from analyzer.serve.server import serve as listen
    from analyzer.serve.settings import Settings, days, read_size, read_token, usual_folder

    kept_in = folder or usual_folder()
    if kept_in is None:
        raise AnalyzerError("there is no home folder to keep uploads and results in; name one with --folder")
    settings = Settings(
        folder=kept_in,
        host=host,
        port=port,
        workspaces=tuple(workspace or ()),
        token=read_token(token_file),
        hosts=frozenset(name.lower() for name in allow_host or ()),
        max_upload=read_size(max_upload),
        keep_s=days(keep),
        redact=redact,
    ).checked()
    for place in settings.workspaces:
        there(place)

    def ready(address: str) -> None:
        say(f"The page: {address} (stop with Ctrl-C)")
        if open_page:
            import webbrowser

            webbrowser.open(address)

    listen(settings, ready)
