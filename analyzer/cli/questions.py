"""What `classify` is asked: a text with what is known beside it, a line each, under the bounds of lines and of JSON."""

from __future__ import annotations

import codecs
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast

from analyzer.bounds import current, shown
from analyzer.errors import UnreadableInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.bounds import Exceeded

_PIECE = 1 << 20


class Question(NamedTuple):
    """A text with what is known beside it."""

    text: str
    status: str = ""
    reply: str = ""
    host: str = ""
    recipient: str = ""


def questions_in(
    lines: IO[bytes], beside: Question, source: str, exceeded: Exceeded, tell: Callable[[str], None] | None = None
) -> Iterator[Question]:
    """A question for each line of `source`. A longer text than `line_bytes` is cut there, which `exceeded` counts.

    tell: is told of each line that begins as JSON and is none, which is asked about as plain text, and of each object
    without a text. `UnreadableInputError` for a JSON object beyond the bounds of one.
    """
    most, number = current().json_bytes, 0
    if _is_wide(lines):
        lines = cast("IO[bytes]", codecs.EncodedFile(cast("Any", lines), "utf-8", "utf-16", "replace"))
    while line := lines.readline(most + 1):
        number += 1
        if len(line) > most and not line.endswith(b"\n"):
            if line.lstrip().startswith(b"{"):
                raise _refused(source, number, f"is JSON of over {shown(most)}, the bound json_bytes")
            while not (rest := lines.readline(_PIECE)).endswith(b"\n") and rest:
                pass
        asked = question_of(line.removeprefix(codecs.BOM_UTF8) if number == 1 else line, beside, source, number, tell)
        yield cut(asked, f"{source}, line {number:,}", exceeded)


def _is_wide(lines: IO[bytes]) -> bool:
    """Whether the lines are UTF-16 with a mark, as Windows PowerShell redirects them."""
    peek = getattr(lines, "peek", None)
    return peek is not None and peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def cut(asked: Question, source: str, exceeded: Exceeded) -> Question:
    """The question with no more of its text than `line_bytes`."""
    most = current().line_bytes
    if len(asked.text) <= most:
        return asked
    exceeded.add(("line_bytes",), source)
    return asked._replace(text=asked.text[:most])


def question_of(
    line: bytes, beside: Question, source: str, number: int, tell: Callable[[str], None] | None = None
) -> Question:
    """A line of `source`: a JSON object with a text, or else plain text; options fill what the line does not say.

    A JSON object without a text is told of, and asked about by its other fields alone, so that the answers stand
    beside their lines. `UnreadableInputError` for one nested too deep, and for one without a text where nobody is told.
    """
    import orjson

    bare = line.strip()
    if bare.startswith(b"{"):
        try:
            row = orjson.loads(bare)
        except orjson.JSONDecodeError:
            row = None
            if tell is not None:
                tell(f"{source}, line {number:,}: begins as JSON and is none; judged as plain text")
        if isinstance(row, dict):
            deepest = current().json_depth
            if bare.count(b"[") + bare.count(b"{") > deepest and _is_too_deep(bare, row):
                raise _refused(source, number, f"is JSON nested over {deepest} deep, the bound json_depth")
            if "text" not in row:
                if tell is None:
                    raise _refused(source, number, "is a JSON object without a text")
                tell(f'{source}, line {number:,}: is a JSON object without a "text"; judged by its other fields alone')
            return Question(
                _said(row, "text", ""),
                _said(row, "status", beside.status),
                _said(row, "reply", beside.reply),
                _said(row, "host", beside.host),
                _said(row, "recipient", beside.recipient),
            )
    return Question(bare.decode("utf-8", "replace"), beside.status, beside.reply, beside.host, beside.recipient)


def _is_too_deep(line: bytes, row: dict[str, Any]) -> bool:
    from analyzer.sources.feeds.arrangement import too_deep

    return too_deep(line, row, current())


def _refused(source: str, number: int, problem: str) -> UnreadableInputError:
    remedy = 'give {"text": "…"}, and beside it status, reply, host and recipient where they are known'
    return UnreadableInputError(f"{source}, line {number}", problem, remedy)


def _said(row: dict[str, Any], key: str, otherwise: str) -> str:
    value = row.get(key)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # as a table wrote it whose column lacks some
    return otherwise if value is None else str(value)
