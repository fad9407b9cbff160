"""All commands side by side: the same thing has the same name, help says what it takes, machines get JSON."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from analyzer.cli import app, spread
from analyzer.cli.examples import EXAMPLES

#: Options that share a name and mean each command's own thing.
OWN_MEANING = {
    "--out",  # where that command's result goes
    "--json",  # and how it looks
    "--fail-on",
    "--host",  # that answered, or to listen at
    "--leads",  # of export: the list with a platform's ids
    "--timezone",  # of times that name none, or of weeks
    "--workspace",  # serve offers several
    "--redact",  # export knows other ways
    "--rejects",  # one to write, several to look through
    "--cache",
    "--journal",
}
#: What prints nothing that a machine would want in another form: JSON lines or a page already, or a file.
WITHOUT_JSON = {"parse", "demo", "watch", "serve", "rules suggest", "verp key", "verp sign", "workspace export"}


def tree(command: Any = None, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command with its words."""
    command = command or typer.main.get_command(app)
    below = getattr(command, "commands", None)
    if below is None:
        yield " ".join(words), command
        return
    for name, each in below.items():
        yield from tree(each, (*words, name))


COMMANDS = dict(tree())
OPTIONS = [
    (words, option)
    for words, command in COMMANDS.items()
    for option in command.params
    if option.param_type_name == "option" and option.name != "help"
]
ARGUMENTS = [
    (words, each) for words, command in COMMANDS.items() for each in command.params if not each.opts[0].startswith("-")
]


def test_an_option_says_the_same_wherever_it_is_taken() -> None:
    seen: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for _, option in OPTIONS:
        name = option.opts[0]
        seen[name].add(
            (option.metavar, option.multiple) if name in OWN_MEANING else (option.metavar, option.help, option.multiple)
        )
    assert {name: ways for name, ways in seen.items() if len(ways) > 1 and name not in OWN_MEANING} == {}
    assert {name for name, ways in seen.items() if len(ways) > 1} <= OWN_MEANING


def test_an_option_has_one_name() -> None:
    assert [option.opts for _, option in OPTIONS if len(option.opts) + len(option.secondary_opts) > 1] == []


def test_help_names_what_is_taken_and_whether_it_may_come_again() -> None:
    assert [(words, each.opts[0]) for words, each in OPTIONS if not each.is_flag and not each.metavar] == []
    assert [(words, each.name) for words, each in ARGUMENTS if not each.metavar] == []
    assert [
        (words, each.opts[0]) for words, each in OPTIONS if each.multiple != each.help.endswith("may be repeated.")
    ] == []


def test_help_is_a_sentence() -> None:
    everything = [(words, each.help or "") for words, each in [*OPTIONS, *ARGUMENTS]]
    assert [(words, says) for words, says in everything if not says.endswith(".") or says != says.strip()] == []
    assert [
        words
        for words, command in COMMANDS.items()
        if not command.help or not command.help.split("\n")[0].endswith(".")
    ] == []


@pytest.mark.parametrize("group", ["", "rules", "workspace", "verp"])
def test_the_list_of_commands_cuts_nothing_off(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    command: Any = typer.main.get_command(app)
    command = command.commands[group] if group else command
    assert "..." not in command.get_help(typer.Context(command)).partition("Commands:")[2]


@pytest.mark.parametrize("words", COMMANDS)
def test_each_help_shows_a_call_that_works(words: str) -> None:
    shown = COMMANDS[words].get_help(typer.Context(COMMANDS[words]))
    for line in EXAMPLES[words]:
        assert line in shown
        given = spread(shlex.split(line.partition(" < ")[0].partition(" > ")[0])[1:])
        assert given[: len(words.split())] == words.split()
        COMMANDS[words].make_context(words, given[len(words.split()) :])


@pytest.mark.parametrize("words", COMMANDS)
def test_what_is_told_is_told_to_machines_too(words: str) -> None:
    assert ("--json" in {option.opts[0] for option in COMMANDS[words].params}) == (words not in WITHOUT_JSON)


@pytest.mark.parametrize(
    "words",
    [words for words in COMMANDS if words not in {"rules list", "rules show", "rules test", "verp key", "verp sign"}],
)
def test_what_names_addresses_can_mask_them(words: str) -> None:
    """Or tells numbers only, or what it was just given."""
    others = {"workspace info", "workspace compact", "workspace forget", "workspace retain", "verp verify"}
    assert ("--redact" in {option.opts[0] for option in COMMANDS[words].params}) == (words not in others)
