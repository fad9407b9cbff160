"""All commands as one typer program: what the command line is read with wherever it is not plain."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import typer

from analyzer import logbook
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
    verp,
    watch,
    weekly,
    workspace,
)
from analyzer.cli.completing import words
from analyzer.cli.examples import epilog
from analyzer.cli.plain import redacts
from analyzer.cli.screen import say
from analyzer.cli.starting import command_for
from analyzer.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

_EPILOG = """\b
Exit codes:
  0  done
  1  done, and something needs attention: over the limit of --fail-on, a failed
     example in rules test, a return path that is not ours in verp verify,
     something that workspace forget could not remove
  2  wrong usage, unreadable input, or an output that cannot be written

"bounce-analyzer demo" shows it at work on sample data; "bounce-analyzer COMMAND --help" tells of one command."""

app = typer.Typer(
    name="bounce-analyzer",
    help="Reads email bounces, tells bad data from refused mail, and says what to do about the next sequence.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=_EPILOG,
    pretty_exceptions_enable=False,
)
app.command(epilog=epilog("demo"), short_help="Diagnose the sample campaign, and write its report.")(demo.demo)
app.command(epilog=epilog("parse"), short_help="Read bounces, and write a row for each failed recipient.")(parse.parse)
app.command(epilog=epilog("classify"))(classify.classify)
app.command(epilog=epilog("diagnose"))(diagnose.diagnose)
app.command(epilog=epilog("check"), short_help="Check a lead list before it is sent, and grade each lead.")(check.check)
app.command(epilog=epilog("export"), short_help="Write suppression lists, record updates and audiences.")(export.export)
app.command(epilog=epilog("audit"), short_help="Look at what a sender domain publishes: SPF, DKIM, DMARC.")(audit.audit)
app.command(epilog=epilog("ingest"), short_help="Take bounces, logs and leads into a workspace.")(ingest.ingest)
app.command(epilog=epilog("watch"), short_help="Follow a mailbox, or receive webhooks, into a workspace.")(watch.watch)
app.command(epilog=epilog("weekly"), short_help="Tell what changed in a week: new, worse, fixed.")(weekly.weekly)
app.command(epilog=epilog("serve"), short_help="Show the program as a web page on this machine.")(serve.serve)
app.add_typer(workspace.app, name="workspace")
app.add_typer(rules.app, name="rules")
app.add_typer(verp.app, name="verp")


def _version(asked: bool) -> None:
    if asked:
        say(f"bounce-analyzer {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
    log_level: str = typer.Option(
        "",
        "--log-level",
        metavar="LEVEL",
        autocompletion=words(*logbook.LEVELS),
        help="debug, info, warning (as ever) or error; or set BOUNCE_ANALYZER_LOG.",
    ),
    log_format: str = typer.Option(
        "",
        "--log-format",
        metavar="FORMAT",
        autocompletion=words(*logbook.FORMATS),
        help="Log lines as text (key=value) or json.",
    ),
) -> None:
    """Options before the command."""
    # Whoever starts it at a terminal sees that it follows; a service is quiet.
    follows = context.invoked_subcommand == "watch" and sys.stderr.isatty()
    logbook.set_up(log_level, log_format, redact=redacts(sys.argv[1:]), usual="info" if follows else "warning")


#: Commands without positional arguments, whose options may be given several values at once: `--bounces a.eml b.eml`.
_SPREAD = frozenset({"diagnose", "ingest", "export"})
_MANY = frozenset({"--bounces", "--log", "--leads", "--map"})
_LOG_WORDS = frozenset((*logbook.LEVELS, *logbook.FORMATS))


def spread(arguments: list[str]) -> list[str]:
    """`--bounces a b` as `--bounces a --bounces b`, which a shell's `--bounces *.eml` needs, and `export --redact` as
    `export --redact mask`, which it means everywhere."""
    place = next((place for place, one in enumerate(arguments) if one in _SPREAD), len(arguments))
    # Before the command stand options of the whole program only.
    if any(not one.startswith("-") and one not in _LOG_WORDS for one in arguments[:place]):
        return arguments
    if sum(one == "--next" or one.startswith("--next=") for one in arguments[place:]) > 1:
        # Of options that are given twice the last one counts; of two lists of leads one would be lost.
        raise typer.BadParameter("--next is given twice; put the leads into one file")
    said, option, values = arguments[: place + 1], "", 0
    for argument, following in pairwise([*arguments[place + 1 :], ""]):
        if argument.startswith("-") and argument != "-":
            option, values = argument, 0
        elif option in _MANY:
            if values:
                said.append(option)
            values += 1
        said.append(argument)
        if argument == "--redact" and said[place] == "export" and (not following or following.startswith("-")):
            said.append("mask")
    return said


def command_of(arguments: list[str]) -> Callable[[], object]:
    """What does what the arguments ask for; not standalone, so that usage errors come to an end like the others."""
    return lambda: command_for(app, arguments)(spread(arguments), standalone_mode=False)
