"""JSON values out of bytes, however they are arranged: a line each, an array, one behind the other, pages of a list;
and the forms that some webhooks send, a line each.

Sources: RFC 8259, RFC 7464 and the habit of JSON lines. How long and how deep a value may be is bounded, and memory by
one of them, whatever the size of the array around it. What is broken is told and passed over.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import orjson

from analyzer.bounds import DEFAULT, MIB, Bounds
from analyzer.sources.feeds.envelopes import LISTS
from analyzer.sources.feeds.json_values import decoded, is_form, json_in_form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Read: TypeAlias = Callable[[int], bytes]

_PIECE = 256 * 1024
_BLANKS = b" \t\r\n\xef\xbb\xbf\x1e"

#: From one bracket to the next, over whole strings.
_BETWEEN = re.compile(rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+', re.DOTALL)
#: The rest of a string as far as it is there, without an escape that is cut in two.
_IN_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_BETWEEN_VALUES = re.compile(rb"[\s,\x1e]*+")
_NO_VALUE = re.compile(rb"[^{\[\]]++")
#: An object whose first part that is no scalar is a list of objects under a key of an API's page.
_PAGE = re.compile(
    rb'\{(?:\s*"[^"\\]*+"\s*:\s*(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|[-+.\w]++)\s*,)*+\s*"(?:'
    + b"|".join(key.encode() for key in LISTS)
    + rb')"\s*:\s*\[(?=\s*\{)',
    re.DOTALL,
)
_CUT_ESCAPE = re.compile(rb"\\(?:u[0-9A-Fa-f]{0,3})?$")

_TOO_LONG, _TOO_DEEP = "is too long", "is nested too deep"
_CUT_OFF = "is cut off: the file ends in it"
_INVALID = "is not valid JSON"


class Element(NamedTuple):
    """One value of a file, at its `number` (from 1) of lines or elements; `why` it could not be read, "" if it was.

    `bound` names the bound that it exceeds, if that is why.
    """

    unit: str
    number: int
    value: Any
    why: str
    bound: str = ""


def elements(head: bytes, read: Read, bounds: Bounds = DEFAULT) -> Iterator[Element]:
    """Every value of the JSON that begins with `head` and goes on with `read(n)`, in order, the broken ones told."""
    found = _by_line(head, read, bounds) if _is_lines(head) else _by_bracket(head, read, bounds)
    for one in found:
        if one.why == _TOO_LONG:
            yield one._replace(why=f"is over {bounds.json_bytes / MIB:,.0f} MiB", bound="json_bytes")
        elif one.why == _TOO_DEEP:
            yield one._replace(why=f"is nested over {bounds.json_depth} deep", bound="json_depth")
        else:
            yield one


def opening_values(head: bytes, most: int = 40) -> Iterator[Any]:
    """The first values of JSON of which only the beginning is there; of one that is cut off, what can be made out."""
    if _is_lines(head):
        for line in head.splitlines()[:most]:
            if (body := line.strip(_BLANKS + b",")) not in (b"", b"[", b"]"):
                value = _decoded(body)
                yield _mended(body) if value is _BROKEN else value
        return
    for _, data, why in islice(_framed(head, lambda _: b"", DEFAULT), most):
        value = _mended(data) if why else _decoded(data)
        if value is not _BROKEN:
            yield value


_BROKEN = object()


def _decoded(data: bytes) -> Any:
    """The value of strict JSON, or of what other writers make of it (NaN, lone surrogates, bare control characters)."""
    try:
        return decoded(data)
    except ValueError:
        return _BROKEN


def _is_lines(head: bytes) -> bool:
    """Whether each line is a value: the first one is, or the next one where the first is broken or a lone bracket."""
    lines = [line.strip(_BLANKS + b",") for line in head.split(b"\n", 40)[:40]]
    whole = [line for line in lines[:-1] if line] if len(lines) > 1 else lines
    return any(
        is_form(line) or (len(line) > 2 and line[:1] in b"{[" and _decoded(line).__class__ in (dict, list))
        for line in whole[:2]
    )


def _by_line(head: bytes, read: Read, bounds: Bounds) -> Iterator[Element]:
    for number, line in _lines(head, read, bounds.json_bytes):
        if line is None:
            yield Element("line", number, None, _TOO_LONG)
            continue
        body = line.strip(_BLANKS + b",")
        if body in (b"", b"[", b"]"):
            continue
        value = _decoded(body)
        if value is _BROKEN and (bare := body.removeprefix(b"[").removesuffix(b"]").strip(_BLANKS)) != body:
            # The first or last element of a list that has one a line: its bracket stands on the same line.
            value = _decoded(bare)
            body = bare if value.__class__ in (dict, list) else body
            value = value if body is bare else _BROKEN
        if value is not _BROKEN and not too_deep(body, value, bounds):
            yield Element("line", number, value, "")
            continue
        # Several values on one line; if they are none either, the line is what is broken.
        several = [(data, why) for _, data, why in _framed(body, lambda _: b"", bounds)]
        values = [_decoded(data) for data, why in several if not why]
        if len(values) > 1 and len(values) == len(several) and _BROKEN not in values:
            for value in values:
                yield Element("line", number, value, "")
        else:
            deep = len(several) == 1 and several[0][1] == _TOO_DEEP
            yield Element("line", number, None, _TOO_DEEP if deep else _INVALID)


def too_deep(data: bytes, value: Any, bounds: Bounds) -> bool:
    """Whether the value is nested over the bound; only one with so many brackets has to be looked at."""
    if data.count(b"[") + data.count(b"{") <= bounds.json_depth:
        return False
    depth, level = 0, [value]
    while level := [
        one
        for around in level
        for one in (around.values() if around.__class__ is dict else around)
        if one.__class__ in (dict, list)
    ]:
        depth += 1
        if depth >= bounds.json_depth:
            return True
    return False


def _lines(head: bytes, read: Read, longest: int) -> Iterator[tuple[int, bytes | None]]:
    """Every line with its number from 1; None for one that is too long."""
    number, size, too_long = 0, 0, False
    held: list[bytes] = []
    piece = head
    while piece:
        lines = piece.split(b"\n")
        last = lines.pop()
        for line in lines:
            number += 1
            if held or too_long:
                held.append(line)
                line = b"".join(held)
                held, size = [], 0
            yield number, None if too_long or len(line) > longest else line
            too_long = False
        if last and not too_long:
            held.append(last)
            size += len(last)
            if size > longest:
                too_long, held, size = True, [], 0
        piece = read(_PIECE)
    if held or too_long:
        yield number + 1, None if too_long else b"".join(held)


def _by_bracket(head: bytes, read: Read, bounds: Bounds = DEFAULT) -> Iterator[Element]:
    for number, data, why in _framed(head, read, bounds):
        value = None if why else _decoded(data)
        if value is _BROKEN:
            value, why = None, _INVALID
        yield Element("element", number, value, why)


def _framed(head: bytes, read: Read, bounds: Bounds) -> Iterator[tuple[int, bytes, str]]:
    """(number, bytes, why it is broken) of every value at the level of the events: lists around them are opened."""
    buffer = bytearray(head)
    number = at = open_lists = 0
    in_page = False
    while True:
        at = _BETWEEN_VALUES.match(buffer, at).end()  # type: ignore[union-attr]
        if at >= len(buffer):
            buffer, at = bytearray(read(_PIECE)), 0
            if not buffer:
                break
            continue
        first = bytes(buffer[at : at + 1])
        if first == b"[" and not open_lists:
            open_lists, at = 1, at + 1
            continue
        if first == b"]":
            open_lists, at = 0, at + 1
            if in_page:
                # The rest of the page, its links and counts, up to the bracket that closes it.
                in_page = False
                buffer, at, _, why = _to_the_end(buffer, at, 1, read, bounds, keep=False)
                if why == _CUT_OFF:
                    break
            continue
        if first not in (b"{", b"["):
            number += 1
            at = _NO_VALUE.match(buffer, at).end()  # type: ignore[union-attr]
            yield number, b"", "is no JSON object"
            continue
        page = _PAGE.match(buffer, at) if first == b"{" and not open_lists else None
        if page and _end_in(buffer, at) < 0:
            in_page, open_lists, at = True, 1, page.end()
            continue
        number += 1
        buffer, at, data, why = _to_the_end(buffer, at, 0, read, bounds)
        yield number, data, why
        if why == _CUT_OFF:
            return
    if open_lists:
        yield number + 1, b"", "is missing: the file ends in the middle of its list"


def _end_in(buffer: bytearray, at: int) -> int:
    """Where the value that begins at `at` ends, -1 if that is not in the buffer."""
    depth = 0
    while True:
        at = _BETWEEN.match(buffer, at).end()  # type: ignore[union-attr]
        if at >= len(buffer) or buffer[at] == 0x22:
            return -1
        depth += 1 if buffer[at] in b"{[" else -1
        at += 1
        if depth <= 0:
            return at


def _to_the_end(
    buffer: bytearray, start: int, depth: int, read: Read, bounds: Bounds, *, keep: bool = True
) -> tuple[bytearray, int, bytes, str]:
    """(buffer, place behind the value, its bytes, why it is broken) of the value that begins at `start`."""
    at, in_string, why = start, False, "" if keep else _TOO_LONG
    while True:
        if in_string:
            at = _IN_STRING.match(buffer, at).end()  # type: ignore[union-attr]
            if at < len(buffer) and buffer[at] == 0x22:
                in_string, at = False, at + 1
                continue
        else:
            at = _BETWEEN.match(buffer, at).end()  # type: ignore[union-attr]
            if at < len(buffer):
                letter = buffer[at]
                at += 1
                if letter == 0x22:
                    in_string = True
                    continue
                depth += 1 if letter in b"{[" else -1
                if depth > bounds.json_depth:
                    why = why or _TOO_DEEP
                if depth <= 0:
                    return buffer, at, b"" if why else bytes(buffer[start:at]), why
                continue
        if not why and at - start > bounds.json_bytes:
            why = _TOO_LONG
        if start or why:
            # What is behind us is not needed any more, and of a value that is too long nothing is.
            cut = at if why else start
            del buffer[:cut]
            start, at = 0, at - cut
        piece = read(_PIECE)
        if not piece:
            return buffer, len(buffer), bytes(buffer[start:]) if not why else b"", _CUT_OFF
        buffer += piece


def _mended(data: bytes) -> Any:
    """What can be made out of a value that is cut off: its open string and brackets are closed."""
    data = json_in_form(data[:_PIECE]) or data[:_PIECE]
    for _ in range(30):
        closers, in_string = _open_in(data)
        if len(closers) > DEFAULT.json_depth:
            return _BROKEN
        body = _CUT_ESCAPE.sub(b"", data) + b'"' if in_string else data
        try:
            return orjson.loads(body.decode("utf-8", "ignore") + closers)
        except orjson.JSONDecodeError:
            data = data[: max(data.rfind(b","), 0)]
            if not data:
                return _BROKEN
    return _BROKEN


def _open_in(data: bytes) -> tuple[str, bool]:
    """What would close the brackets that are open at the end, and whether the end is inside a string."""
    closers: list[str] = []
    at = 0
    while True:
        at = _BETWEEN.match(data, at).end()  # type: ignore[union-attr]
        if at >= len(data):
            return "".join(reversed(closers)), False
        letter = data[at : at + 1]
        if letter == b'"':
            return "".join(reversed(closers)), True
        if letter in (b"{", b"["):
            closers.append("}" if letter == b"{" else "]")
        elif closers:
            closers.pop()
        at += 1
