"""Diagnostic texts out of anything a command is given: messages, tables that `parse` wrote, or a text a line."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.bounds import Exceeded
from analyzer.classify import Example
from analyzer.cli.questions import Question, questions_in
from analyzer.cli.screen import say
from analyzer.errors import UnreadableInputError
from analyzer.records import COUNTED_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

_NOTHING = Question("")


def texts_of(sources: Iterable[str], rules: Path | None) -> Iterator[Example]:
    """The text of each failed recipient, source by source, with what is known beside it; "-" is stdin.

    `UnreadableInputError` for a source that does not exist or that is neither.
    """
    for source in sources:
        if source != "-":
            yield from _texts_in(source, rules)
            continue
        # What stdin holds is told from its content as well, and a mailbox is read from a file.
        with tempfile.TemporaryDirectory(prefix="bounce-analyzer-") as folder:
            kept = Path(folder) / "stdin"
            with kept.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
            yield from _texts_in(str(kept), rules)


def _texts_in(source: str, rules: Path | None) -> Iterator[Example]:
    from analyzer.api import ParseRun
    from analyzer.sources.own_rows import is_own_rows, read_own_rows

    path = Path(source)
    if is_own_rows(path):
        yield from map(_of_row, (row for row in read_own_rows(path) if row["kind"] in {"", *COUNTED_KINDS}))
    elif _is_lines(path):
        with path.open("rb") as file:
            exceeded = Exceeded()
            for asked in questions_in(file, _NOTHING, source, exceeded):
                if asked.text:
                    yield Example(asked.text, asked.status, asked.reply, asked.host, asked.recipient)
            for line in exceeded.lines():
                say(line, err=True)
    else:
        yield from map(_of_row, ParseRun([source], jobs=None, rules=rules))


def _is_lines(path: Path) -> bool:
    """Whether the file is plain text and no mail."""
    from analyzer.sources.content import HEAD_SIZE, recognise

    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_SIZE)
    except OSError as error:
        raise UnreadableInputError(str(path), f"cannot be read: {error.strerror}", "check the path") from None
    return recognise(head) in {"other", "empty"} and b"\0" not in head


def _of_row(row: Mapping[str, Any]) -> Example:
    return Example(row["diagnostic"], row["status"], row["reply"], row["remote_mta"], row["recipient"])
