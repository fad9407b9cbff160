"""The lines of a log, and what stands in front of what a server says on them.

Sources: RFC 3164 and RFC 5424 (syslog), systemd's `journalctl -o short-iso` and `-o json`, Docker's json-file driver,
multilog's TAI64N stamps, the CRI's log format (Kubernetes), and the JSON lines that rsyslog, Fluent Bit and Filebeat
make of syslog (Elastic Common Schema, GELF).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PIECE = 1 << 20
#: How far from the front of a line a syslog tag is looked for.
TAG_WITHIN = 240

_TIME = (
    rb"(?:(?:\d{4} )?[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)?(?: \d{4})?"
    rb"|(?:[A-Z][a-z]{2} )?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?[+-]\d\d:?\d\d|Z| [A-Z]{2,5})?"
    rb"|\d{10}\.\d+|@4[0-9a-f]{23})"
)
_FRONT = rb"(?:[\w.-]{1,64}\s*\| )?(?:<\d{1,3}>)?"
#: `time host program: text`; the program's process id is missing in some set-ups.
_SYSLOG = re.compile(
    rb"(?P<stamp>" + _FRONT + _TIME + rb" (?P<host>[^\s\[\]:]+) )(?P<program>[^\s\[\]:=]+)(?:\[\d+\])?: (?P<text>.*)"
)
#: RFC 5424: `<22>1 time host program pid msgid data text`.
_SYSLOG_5424 = re.compile(
    rb"(?P<stamp><\d{1,3}>1 (?:" + _TIME + rb"|-) (?P<host>\S+) )(?P<program>\S+) \S+ \S+ "
    rb"(?:-|(?:\[(?:[^\]\\\"]|\\.|\"(?:[^\"\\]|\\.)*\")*\])+) ?(?:\xef\xbb\xbf)?(?P<text>.*)"
)
#: What Docker Compose and Kubernetes put in front of each line of a container.
_CONTAINER = re.compile(rb"(?:[\w.-]{1,64}\s*\| |" + _TIME + rb" std(?:out|err) [FP] )(?P<line>.*)")
_BEGINS = re.compile(_FRONT + rb"(?:1 )?(?:" + _TIME + rb"|-)[ \]]|(?:\x1b\[[\d;]*m)*\[[A-Z]+\s*\]|level=[A-Z]+ ")


#: Where JSON has the words of a line, its time, its program and its host, in the order in which they are asked.
_WORDS_UNDER = (b'"MESSAGE"', b'"log"', b'"message"', b'"short_message"')
_TIME_UNDER = ("time", "@timestamp", "timestamp", "date")
_PROGRAM_UNDER = ("program", "programname", "ident", "appname", "app_name", "syslog_program", "syslogtag")
_HOST_UNDER = ("host", "hostname", "source")


class Entry(NamedTuple):
    """One line. `stamp` holds its time and `host` who wrote it, `text` is what `program` says; of a line that is no
    syslog, `program` and `host` are empty and `text` is all of it."""

    number: int
    stamp: bytes
    host: bytes
    program: bytes
    text: bytes
    #: Whether its tag ends in `[pid]: `, as nearly every one does.
    tagged: bool = False


def numbered(
    head: bytes, read: Callable[[int], bytes], damaged: Callable[[int, str, str], None], longest: int
) -> Iterator[tuple[int, bytes]]:
    """The lines from 1 without their ends; those over `longest` are told to `damaged(number, why, bound)`.

    Servers cut their lines far below; a longer one is damage.
    """
    why = f"is a line of over {longest // 1024} KiB"
    number, rest, piece, too_long = 0, b"", head or read(_PIECE), False
    while piece:
        lines = (rest + piece).split(b"\n")
        rest = lines.pop()
        for line in lines:
            number += 1
            if too_long or len(line) > longest:
                too_long = False
                damaged(number, why, "log_line_bytes")
            else:
                yield number, line
        if len(rest) > longest:
            rest, too_long = b"", True
        piece = read(_PIECE)
    if too_long:
        damaged(number + 1, why, "log_line_bytes")
    elif rest:
        yield number + 1, rest


def guarded(read: Callable[[int], bytes], raised: list[Exception]) -> Callable[[int], bytes]:
    """`read`, which ends where it raised: what it raised is kept for later."""

    def until(size: int) -> bytes:
        if raised:
            return b""
        try:
            return read(size)
        except Exception as error:  # noqa: BLE001  (raised again by the caller, once the rest is told)
            raised.append(error)
            return b""

    return until


def entry_of(number: int, line: bytes) -> Entry:
    """What the line holds. The short way serves nearly every line of a syslog: its tag ends in `[pid]: `."""
    if line.startswith(b"{"):
        return _from_json(number, line)
    at = line.find(b"]: ", 0, TAG_WITHIN)
    if at > 0:
        opens = line.rfind(b"[", 0, at)
        if line[opens + 1 : at].isdigit():
            start = line.rfind(b" ", 0, opens) + 1
            before = line.rfind(b" ", 0, max(start - 1, 0)) + 1
            if before:
                # `journalctl --no-hostname` has the time there.
                host = b"" if line[before + 2 : before + 6 : 3] == b"::" else line[before : start - 1]
                return Entry(number, line[:start], host, line[start:opens], line[at + 3 :], True)
    found = _SYSLOG.match(line) or _SYSLOG_5424.match(line)
    if found:
        return Entry(number, found["stamp"], found["host"], found["program"], found["text"])
    return untagged(number, line)


def untagged(number: int, line: bytes) -> Entry:
    """A line without a tag, less what a container puts in front of it."""
    at = line.find(b"std", 0, 48) if line[:1].isdigit() else line.find(b"|", 0, 80)
    inner = _CONTAINER.match(line) if at > 0 else None
    text = inner["line"] if inner else line
    return Entry(number, text[:40], b"", b"", text)


def begins_like_a_log(line: bytes) -> bool:
    """Whether a time stands where a log has it, or the line is JSON of a kind that logs are kept in."""
    if line.startswith(b"{"):
        return _from_json(0, line).text is not line or (b'"level"' in line and b'"uuid"' in line)
    return _BEGINS.match(line) is not None


def _from_json(number: int, line: bytes) -> Entry:
    """A line of the journal (`MESSAGE`, `SYSLOG_IDENTIFIER`), of a container's log (`log`, `time`) or a shipper's."""
    whole = Entry(number, line[:40], b"", b"", line)
    if not any(name in line for name in _WORDS_UNDER):
        return whole
    try:
        fields: Any = orjson.loads(line)
    except orjson.JSONDecodeError:
        return whole
    if not isinstance(fields, dict):
        return whole
    if "MESSAGE" not in fields:
        return _shipped(number, fields) or whole
    message = fields["MESSAGE"]
    if isinstance(message, list):
        # The journal writes what is not UTF-8 as numbers.
        message = bytes(b for b in message if isinstance(b, int) and 0 <= b < 256).decode("utf-8", "replace")
    program = fields.get("SYSLOG_IDENTIFIER") or fields.get("_COMM")
    if not isinstance(message, str) or not isinstance(program, str):
        return whole
    moment, host = str(fields.get("__REALTIME_TIMESTAMP", ""))[:10], str(fields.get("_HOSTNAME", ""))
    return Entry(number, f"{moment} ".encode(), host.encode(), program.encode(), message.encode())


def _shipped(number: int, fields: dict[str, Any]) -> Entry | None:
    """A line that a shipper keeps whole, or with its syslog tag under a name of its own; None where it keeps none."""
    texts = [fields.get(name) for name in ("log", "message", "short_message")]
    text: str = next((one for one in texts if isinstance(one, str)), "")
    stamp = next((_stamp(fields[name]) for name in _TIME_UNDER if fields.get(name)), b"")
    if not text:
        return None
    # One kept inside another doubles the escapes each time: a line holds few.
    inner = entry_of(number, text.rstrip("\n").encode("utf-8", "replace"))
    if inner.program or _BEGINS.match(inner.text) or (stamp and "log" in fields):
        return inner._replace(stamp=stamp or inner.stamp, tagged=False)
    process = fields.get("process")
    named: list[Any] = [fields.get(name) for name in _PROGRAM_UNDER]
    named += [process.get("name") if isinstance(process, dict) else fields.get("process.name")]
    program = next(filter(None, (one for one in named if isinstance(one, str))), "")
    if not program:
        return None
    host = next((_host(fields[name]) for name in _HOST_UNDER if fields.get(name)), "")
    tag = program.partition("[")[0].rstrip(":")
    return Entry(number, stamp, host.encode("utf-8", "replace"), tag.encode("utf-8", "replace"), inner.text)


def _stamp(value: Any) -> bytes:
    """A time in ISO 8601, or a number of seconds or milliseconds, as a stamp that the clock reads."""
    text = str(value)
    digits = text.partition(".")[0]
    return f"{digits[:10]} ".encode() if digits.isdigit() else text.encode("utf-8", "replace")


def _host(value: Any) -> str:
    return str(value.get("name") or value.get("hostname") or "") if isinstance(value, dict) else str(value)
