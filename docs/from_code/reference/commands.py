"""All commands and their options, from the tree that typer makes of `analyzer.cli`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from analyzer.cli import app
from analyzer.cli.examples import EXAMPLES
from reference.markdown import code, codes, plain, table

_HEAD = """# Commands

Made from the program itself: what `bounce-analyzer COMMAND --help` prints. `python -m analyzer` is the same program.
[How-to pages](../index.md#how-to) show each at work.

## Exit codes

| code | means |
|---|---|
| 0 | done |
| 1 | done, and something needs attention that you asked to be told of: `check --fail-on`, `audit --fail-on`, \
`weekly --fail-on`, a failed example in `rules test`, an address that is not ours in `verp verify`, something that \
`workspace forget` could not remove |
| 2 | wrong usage, an input that cannot be read, or an output that cannot be written: one line on stderr says which \
file, which line or column, and what to do |
| 70 | a fault of the program's own |
| 130, 143 | stopped with Ctrl-C, or by SIGTERM (`watch` and `serve` end with 0 then) |

A broken message never stops a run: it is counted, named in the summary, and kept for a look with `parse --rejects DIR`.

## Completion

Commands, options and the words that they take (`export KIND`, `rules show ID`, `--reason`, `--policy`) are completed
with Tab in bash, zsh (where the first Tab of a terminal only loads it), fish and PowerShell:

```sh
bounce-analyzer --install-completion   # for the shell it is called from; open a new terminal then
bounce-analyzer --show-completion      # only prints the script, to keep it elsewhere
```
"""


def tree() -> Iterator[tuple[str, Any]]:
    """Every command with its words: ("rules list", command)."""
    yield from _below(typer.main.get_command(app), "")


def _below(group: Any, words: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _below(command, f"{words}{name} ")
        else:
            yield words + name, command


def page() -> str:
    """The page."""
    parts = [_HEAD]
    for words, command in tree():
        parts += [f"## {words}", plain((command.help or "").strip()), f"```text\n{_usage(words, command)}\n```"]
        parts += [
            "For example:" if len(EXAMPLES[words]) == 1 else "Examples:",
            f"```sh\n{chr(10).join(EXAMPLES[words])}\n```",
        ]
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        options = [each for each in command.params if each.param_type_name == "option"]
        if arguments:
            rows = [(code(each.metavar or each.name.upper()), _says(each)) for each in arguments]
            parts.append(table(("argument", "is"), rows))
        if options:
            rows = [(_named(each), _says(each)) for each in options]
            parts.append(table(("option", "does"), rows))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _usage(words: str, command: Any) -> str:
    told = ["bounce-analyzer", words]
    for each in command.params:
        if each.param_type_name == "argument":
            name = (each.metavar or each.name.upper()) + ("…" if each.nargs == -1 else "")
            told.append(name if each.required else f"[{name}]")
        elif each.required:
            told += [each.opts[0], each.metavar or ""]
    if any(each.param_type_name == "option" and not each.required for each in command.params):
        told.append("[OPTIONS]")
    return " ".join(told)


def _named(option: Any) -> str:
    if option.is_flag:
        return codes([*option.opts, *option.secondary_opts])
    return code(f"{option.opts[0]} {option.metavar or option.name.upper()}")


def _says(parameter: Any) -> str:
    told = plain(parameter.help or "")
    if parameter.required:
        told += " Needed."
    elif parameter.param_type_name == "option" and not parameter.is_flag and parameter.default:
        told += f" Without it: {code(str(parameter.default))}."
    return told
