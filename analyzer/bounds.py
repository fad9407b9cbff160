"""How much of one input is read at most. Whoever writes to a bounce mailbox is a stranger, so everything has a bound.

Each bound is a field of `Bounds`, and an option `--bound NAME=VALUE`. What exceeds one is counted and named by
`Exceeded`, never cut in silence. `python -m analyzer.bounds` prints the table of all of them.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, replace
from typing import Any

from analyzer.errors import AnalyzerError

KIB, MIB = 1 << 10, 1 << 20

#: The charsets that mail comes in, by Python's names. All others stay unread: `idna` and `punycode` take quadratic
#: time, `unicode_escape` and its kin are no charsets, and `hex`, `zip` or `uu` are no text.
CHARSETS = frozenset(
    {
        "ascii", "utf-8", "utf-8-sig", "utf-7", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be",
        *(f"iso8859-{number}" for number in range(1, 17) if number != 12),
        *(f"cp{number}" for number in range(1250, 1259)),
        *(f"cp{number}" for number in (
            273, 424, 437, 500, 720, 737, 775, 850, 852, 855, 856, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869,
            874, 875, 932, 949, 950, 1006, 1026, 1125, 1140,
        )),
        "cp037", "big5", "big5hkscs", "gb2312", "gbk", "gb18030", "hz", "johab", "euc_kr", "euc_jp", "euc_jis_2004",
        "euc_jisx0213", "shift_jis", "shift_jis_2004", "shift_jisx0213", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2",
        "iso2022_jp_2004", "iso2022_jp_3", "iso2022_jp_ext", "iso2022_kr", "koi8-r", "koi8-t", "koi8-u", "kz1048",
        "mac-cyrillic", "mac-greek", "mac-iceland", "mac-latin2", "mac-roman", "mac-turkish", "mac-croatian",
        "mac-romanian", "mac-arabic", "mac-farsi", "ptcp154", "tis-620", "hp-roman8",
    }
)  # fmt: skip


def _bound(default: Any, of: str, beyond: str, *, most: int | None = None) -> Any:
    """A field: what it bounds, what happens to what exceeds it, and the highest value that may be asked for."""
    return field(default=default, metadata={"of": of, "beyond": beyond, "most": most})


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of one run; sizes in bytes unless the name says otherwise."""

    message_bytes: int = _bound(64 * MIB, "one message", "left out; of a followed mailbox, all but 1 MiB of it")
    header_bytes: int = _bound(MIB, "the header of a message or part", "read up to there")
    header_count: int = _bound(2_000, "fields in a header", "the first of them read")
    line_bytes: int = _bound(64 * KIB, "one header field or line of text", "cut there")
    mime_depth: int = _bound(20, "multiparts inside each other", "read to that depth", most=200)
    mime_parts: int = _bound(1_000, "parts of one message", "the first of them read")
    decoded_bytes: int = _bound(256 * MIB, "all parts of one message, unpacked and decoded", "read up to there")
    recipients_per_report: int = _bound(10_000, "recipients of one report", "the first of them kept")
    notice_lines: int = _bound(400, "lines of a notice searched for addresses and reasons", "the first of them read")
    fallback_bytes: int = _bound(50_000, "a bounce of no known format, searched for its address", "read up to there")
    fallback_lines: int = _bound(2_000, "its lines", "read up to there")
    archive_members: int = _bound(500_000, "files in one archive", "the archive left there")
    archive_depth: int = _bound(1, "archives inside an archive", "the inner one left out", most=20)
    archive_layers: int = _bound(4, "compressions around one file", "the file left out", most=20)
    archive_ratio: int = _bound(250, "times its size that an archive may unpack to", "the archive left there")
    archive_free_bytes: int = _bound(
        256 * MIB, "what an archive may unpack to whatever its size", "archive_ratio counts"
    )
    archive_held_bytes: int = _bound(1024 * MIB, "a zip that comes through a pipe", "left out")
    archive_memory_bytes: int = _bound(256 * MIB, "what unpacking one file may keep in memory", "the file left out")
    json_bytes: int = _bound(64 * MIB, "one value of an event feed", "left out")
    json_depth: int = _bound(200, "lists and objects inside each other", "the value left out", most=500)
    log_line_bytes: int = _bound(64 * KIB, "one line of a mail log", "left out")
    csv_field_bytes: int = _bound(16 * MIB, "one cell of a table", "the table refused")
    table_bytes: int = _bound(4 << 30, "a table, unpacked", "the table refused")
    table_columns: int = _bound(2_000, "columns of a table", "the table refused")
    table_cells: int = _bound(512 * MIB, "rows times columns of a table", "the table refused")
    workbook_memory_bytes: int = _bound(4 << 30, "the memory that reading a workbook may take", "the table refused")
    rule_pattern_chars: int = _bound(2_000, "the pattern of one rule of yours", "the rule refused")
    rules_bytes: int = _bound(4 * MIB, "a file of rules of yours", "the file refused")
    charsets: frozenset[str] = _bound(CHARSETS, "charsets that text is decoded from", "its charset guessed")


DEFAULT = Bounds()
#: How a process hands its bounds to those that it starts: what `--bound` would take, a blank between each two.
VARIABLE = "BOUNCE_ANALYZER_BOUNDS"

#: Of this process, and of the call that runs now.
_process = DEFAULT
_call: ContextVar[Bounds | None] = ContextVar("bounds", default=None)


def current() -> Bounds:
    """The bounds that hold where nobody has handed any down."""
    return _call.get() or _process


def use(bounds: Bounds) -> None:
    """Make these the bounds of this process, as a command does with its `--bound`."""
    global _process
    _process = bounds


@contextmanager
def using(bounds: Bounds | None) -> Iterator[None]:
    """Make these the bounds of what is called inside; None leaves them as they are."""
    token = _call.set(bounds or current())
    try:
        yield
    finally:
        _call.reset(token)


class Gauge:
    """Holds one message against the bounds, and remembers which of them it exceeded."""

    __slots__ = ("bounds", "exceeded", "parts", "unpacked")

    def __init__(self, bounds: Bounds = DEFAULT) -> None:
        self.bounds = bounds
        self.exceeded: tuple[str, ...] = ()
        #: Parts met, and bytes of parts unpacked or decoded.
        self.parts = self.unpacked = 0

    def note(self, name: str) -> None:
        """The message exceeds the bound of this name."""
        if name not in self.exceeded:
            self.exceeded += (name,)

    def unpack(self, body: bytes) -> bytes:
        """`body`, about to be taken apart or decoded: what `decoded_bytes` leaves of it."""
        left = self.bounds.decoded_bytes - self.unpacked
        self.unpacked += len(body)
        if len(body) <= left:
            return body
        self.note("decoded_bytes")
        return body[: max(left, 0)]


class Exceeded:
    """What exceeded a bound during a run: how often each, and where first."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self._bounds = bounds or current()
        self._met: dict[str, tuple[int, str]] = {}

    def add(self, names: Iterable[str], source: str) -> None:
        """`source` exceeds the bounds of these names."""
        for name in names:
            count, first = self._met.get(name, (0, source))
            self._met[name] = (count + 1, first)

    def __bool__(self) -> bool:
        return bool(self._met)

    @property
    def counts(self) -> dict[str, int]:
        """How many messages exceeded each bound."""
        return {name: count for name, (count, _) in self._met.items()}

    def lines(self) -> list[str]:
        """A line for a person for each bound: `2 messages over mime_depth (20): read to that depth; first a.eml`."""
        return [self._line(name, count, first) for name, (count, first) in sorted(self._met.items())]

    def _line(self, name: str, count: int, first: str) -> str:
        one = _FIELDS[name]
        what = _UNITS_MET.get(name.partition("_")[0], "message") + ("" if count == 1 else "s")
        value = getattr(self._bounds, name)
        told = f"{name} ({shown(value)})" if isinstance(value, int) else name
        return f"{count:,} {what} over {told}: {one.metadata['beyond']}; first {first}"


#: What is counted, by the first word of the bound's name.
_UNITS_MET = {"archive": "archive", "json": "value", "log": "line", "csv": "table", "table": "table"}
_FIELDS = {one.name: one for one in fields(Bounds)}
_SIZE = re.compile(r"(\d{1,15})([kmg]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": KIB, "m": MIB, "g": 1 << 30}


def parse_bounds(texts: Iterable[str], bounds: Bounds = DEFAULT) -> Bounds:
    """The bounds that options such as `mime_depth=50` or `message_bytes=16M` ask for; `AnalyzerError` for any other."""
    asked: dict[str, Any] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        name = name.strip()
        if not separator or name not in _FIELDS:
            raise AnalyzerError(f"--bound {text}: is no NAME=VALUE that is known; {_known()}")
        asked[name] = _charsets(value) if name == "charsets" else _number(name, value)
    return replace(bounds, **asked) if asked else bounds


def _known() -> str:
    return "the bounds are " + ", ".join(f"{name}={shown(getattr(DEFAULT, name))}" for name in _FIELDS)


def _number(name: str, value: str) -> int:
    found = _SIZE.fullmatch(value.strip())
    number = int(found[1]) * _UNITS[found[2].lower()] if found else 0
    most = _FIELDS[name].metadata["most"]
    if number < 1 or (most and number > most):
        between = f"a whole number from 1 to {most:,}" if most else "a whole number over 0, such as 500 or 64M"
        raise AnalyzerError(f"--bound {name}={value}: is not {between}; {_known()}")
    return number


def _charsets(value: str) -> frozenset[str]:
    chosen = set()
    for name in value.split(","):
        try:
            chosen.add(codecs.lookup(name.strip()).name)
        except (LookupError, ValueError):
            raise AnalyzerError(f"--bound charsets={value}: {name.strip()!r} is no charset that is known") from None
    if refused := sorted(chosen - CHARSETS):
        raise AnalyzerError(f"--bound charsets={value}: {refused[0]!r} is no charset of mail and is never read")
    return frozenset(chosen)


def environment() -> dict[str, str]:
    """The variable that hands the bounds of this process to one that it starts, which then calls `inherit`."""
    now = current()
    asked = [
        f"{name}={','.join(sorted(value)) if isinstance(value, frozenset) else value}"
        for name in _FIELDS
        if (value := getattr(now, name)) != getattr(DEFAULT, name)
    ]
    return {VARIABLE: " ".join(asked)} if asked else {}


def inherit() -> None:
    """Take over the bounds of the process that started this one."""
    use(parse_bounds(os.environ.get(VARIABLE, "").split()))


def shown(value: object) -> str:
    """A bound's value as `--bound` takes it: 64M, 20; of the charsets how many there are."""
    if not isinstance(value, int):
        return f"{len(value)} charsets" if isinstance(value, frozenset) else str(value)
    for unit, size in (("G", 1 << 30), ("M", MIB), ("K", KIB)):
        if value >= size and value % size == 0:
            return f"{value // size}{unit}"
    return str(value)


def table() -> str:
    """All bounds as a Markdown table."""
    lines = ["| bound | default | of | what exceeds it |", "|---|---|---|---|"]
    for name, one in _FIELDS.items():
        lines.append(f"| `{name}` | {shown(one.default)} | {one.metadata['of']} | {one.metadata['beyond']} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
