"""The promise of docs/compatibility.md on commands, options, columns, words and Python: what was published is there.

`published/interface-VERSION.json` is what a released version had. `python tests/release/test_interface.py FILE` writes
that of this one; a release adds its own.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PUBLISHED = sorted((Path(__file__).parent / "published").glob("interface-*.json"))
Interface = dict[str, dict[str, list[str]]]


def interface() -> Interface:
    """What this version has: by part, by name, the names in it."""
    import analyzer
    from analyzer import knowledge, records
    from analyzer.check.rows import CHECK_COLUMNS
    from analyzer.diagnose.campaign import _DECISION_COLUMNS
    from analyzer.export.kinds import kinds
    from analyzer.report import MATCH_COLUMNS

    return {
        "commands": dict(_commands()),
        "columns": {
            "parse": list(records.BOUNCE_COLUMNS),
            "classify": list(records.VERDICT_COLUMNS),
            "bounces.csv": [*records.BOUNCE_COLUMNS, *MATCH_COLUMNS],
            "next_send.csv": ["email", *_DECISION_COLUMNS],
            "check": list(CHECK_COLUMNS),
        },
        "words": {
            "labels": list(records.LABELS),
            "kinds": list(records.KINDS),
            "reasons": sorted(knowledge.reasons()),
            "exports": sorted(kinds()),
        },
        "meanings": {name: [reason.label, reason.fault] for name, reason in sorted(knowledge.reasons().items())},
        "python": {name: _names(getattr(analyzer, name)) for name in analyzer.__all__},
    }


def _commands() -> Iterator[tuple[str, list[str]]]:
    import typer

    from analyzer.cli import app

    todo: list[tuple[str, Any]] = [("", typer.main.get_command(app))]
    while todo:
        words, command = todo.pop(0)
        yield (
            words or "(all)",
            [name for each in command.params for name in (*each.opts, *each.secondary_opts) if name[0] == "-"],
        )
        todo += [(f"{words} {name}".strip(), each) for name, each in getattr(command, "commands", {}).items()]


def _names(thing: Any) -> list[str]:
    return list(inspect.signature(thing).parameters) if inspect.isfunction(thing) else []


def breaks(old: Interface, new: Interface) -> list[str]:
    """What somebody who relies on `old` would miss in `new`."""
    gone = []
    for part, things in old.items():
        for name, names in things.items():
            if name not in new[part]:
                gone.append(f"{part}: {name} is gone")
            elif part == "meanings" and new[part][name] != names:
                gone.append(f"{part}: {name} was {names}, is {new[part][name]}")
            elif part == "columns" and new[part][name][: len(names)] != names:
                gone.append(f"{part}: {name} no longer begins with the columns that it had")
            else:
                gone += [f"{part}: {name}: {one} is gone" for one in names if one not in new[part][name]]
    return gone


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_what_a_published_version_had_is_there(path: Path) -> None:
    assert breaks(json.loads(path.read_text()), interface()) == []


def test_a_version_was_published() -> None:
    assert PUBLISHED


def test_what_goes_would_be_seen() -> None:
    old = {
        "commands": {"parse": ["--out", "--all"], "sing": []},
        "columns": {"parse": ["source", "kind"]},
        "meanings": {"policy": ["spam", "recipient"]},
    }
    new = {
        "commands": {"parse": ["--out", "--more"], "dance": []},
        "columns": {"parse": ["kind", "source", "mood"]},
        "meanings": {"policy": ["spam", "sender"], "mood": ["spam", "sender"]},
    }
    assert breaks(old, new) == [
        "commands: parse: --all is gone",
        "commands: sing is gone",
        "columns: parse no longer begins with the columns that it had",
        "meanings: policy was ['spam', 'recipient'], is ['spam', 'sender']",
    ]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(interface(), indent=1) + "\n", encoding="utf-8")
