"""The command line: one thin file per command, and one place where errors become a line on stderr."""

from __future__ import annotations

import os
import sys

import typer

import analyzer
from analyzer.cli import (
    audit,
    check,
    classify,
    demo,
    diagnose,
    export,
    ingest,
    parse,
    rules,
    serve,
    watch,
    weekly,
    workspace,
)
from analyzer.cli.starting import command_for
from analyzer.errors import AnalyzerError

app = typer.Typer(
    name="bounce-analyzer",
    help="Reads e-mail bounces, tells bad data from refused mail, and says what to do about the next sequence.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(demo.demo)
app.command()(parse.parse)
app.command()(classify.classify)
app.command()(diagnose.diagnose)
app.command()(check.check)
app.command()(export.export)
app.command()(audit.audit)
app.command()(ingest.ingest)
app.command()(watch.watch)
app.command()(weekly.weekly)
app.command()(serve.serve)
app.add_typer(workspace.app, name="workspace")
app.add_typer(rules.app, name="rules")


#: 128 and the number of SIGINT, as shells have it.
_INTERRUPTED = 130


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"bounce-analyzer {analyzer.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Options before the command."""


#: Commands without positional arguments, whose options may be given several values at once: `--bounces a.eml b.eml`.
_SPREAD = frozenset({"diagnose", "ingest"})
_MANY = frozenset({"--bounces", "--log", "--leads", "--map"})


def spread(arguments: list[str]) -> list[str]:
    """`--bounces a b` as `--bounces a --bounces b`, which a shell's `--bounces *.eml` needs."""
    if not arguments or arguments[0] not in _SPREAD:
        return arguments
    said, option, values = arguments[:1], "", 0
    for argument in arguments[1:]:
        if argument.startswith("-") and argument != "-":
            option, values = argument, 0
        elif option in _MANY:
            if values:
                said.append(option)
            values += 1
        said.append(argument)
    return said


def main() -> None:
    """The entry point of `bounce-analyzer`: exit code 2 and one line on stderr for what a person can put right."""
    try:
        # Not standalone, so that usage errors come here as well and look like the others.
        code = command_for(app, sys.argv[1:])(spread(sys.argv[1:]), standalone_mode=False)
    except AnalyzerError as error:
        _fail(str(error))
    except typer.Abort:
        _stop()
    except KeyboardInterrupt:
        _stop()
    except BrokenPipeError:
        # The reader of our output has gone, `| head` for one: nothing is wrong, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.exit(2)
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "bounce-analyzer"
        _fail(f"{error.format_message()} See '{command} --help'.")
    else:
        if code == _INTERRUPTED:  # typer takes Ctrl-C for an exit of its own
            _stop()
        sys.exit(code if isinstance(code, int) else 0)


def _fail(text: str) -> None:
    print(f"bounce-analyzer: {' '.join(text.split())}", file=sys.stderr)
    sys.exit(2)


def _stop() -> None:
    print("bounce-analyzer: interrupted", file=sys.stderr)
    sys.exit(_INTERRUPTED)
