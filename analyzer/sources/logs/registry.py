"""The readers of mail-server logs, and the order in which they are asked.

`recognises` tells a log from its first bytes, `items` yields one event for each delivery that has come to an end, and
one for each that has not where the log ends (kind `delayed`, once for a recipient, with its last try). A file may hold
the lines of several servers, as central logs do; what other programs wrote is passed over. `#n` behind the source is
the number of the line, from 1, as editors count.

The outcomes of a server's own notifications and probes, and everything else whose envelope sender is empty, have the
kind `other`: they are no mail of a campaign.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from analyzer.bounds import DEFAULT, Bounds
from analyzer.sources.logs import times
from analyzer.sources.logs.entries import TAG_WITHIN, Entry, begins_like_a_log, entry_of, guarded, numbered, untagged
from analyzer.sources.logs.exchange import Exchange
from analyzer.sources.logs.exim import Exim
from analyzer.sources.logs.haraka import Haraka
from analyzer.sources.logs.kumomta import KumoMta
from analyzer.sources.logs.momentum import Momentum
from analyzer.sources.logs.opensmtpd import OpenSmtpd
from analyzer.sources.logs.outcomes import Log
from analyzer.sources.logs.postfix import Postfix
from analyzer.sources.logs.powermta import PowerMta
from analyzer.sources.logs.qmail import Qmail
from analyzer.sources.logs.sendmail import Sendmail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from analyzer.records import Event, Item
    from analyzer.sources.skips import Skip

    Read: TypeAlias = Callable[[int], bytes]

__all__ = ["LINE_READERS", "WHOLE_READERS", "Reader", "items", "recognises"]


class Reader(Protocol):
    """One server's way of writing down its deliveries; an instance reads one log."""

    name: str
    #: Whether it keeps a log of its own, whose lines bear no syslog tag.
    untagged: bool

    def __init__(self, log: Log) -> None: ...

    @staticmethod
    def marks(program: bytes) -> tuple[bytes, ...]:
        """What a line of this syslog program holds, one at least, if it can matter; none where no line of it does."""

    @staticmethod
    def recognises(entry: Entry) -> bool:
        """Whether only this server can have written the line."""

    def outcomes(self, entry: Entry) -> Iterable[Event]:
        """What the line tells the end of."""

    def rest(self) -> Iterable[Event]:
        """What has come to no end where the log ends."""


#: Files that hold one server's records and nothing else, told by their first line: nothing in a row of theirs, which
#: may quote any text, is looked at by the others.
WHOLE_READERS: tuple[type[Reader], ...] = (PowerMta, KumoMta, Exchange, Momentum)
#: Servers whose lines stand among others', most frequent first. A syslog tag decides for all but the last three, so the
#: order only matters there: Exim's main log is looked for before Haraka's, as its id and flag are the stricter mark.
LINE_READERS: tuple[type[Reader], ...] = (Postfix, Sendmail, OpenSmtpd, Exim, Haraka, Qmail)

#: A header field: what follows is a mail, whatever it quotes.
_FIELD = re.compile(rb"[A-Za-z][A-Za-z-]*[ \t]*:[ \t]")
#: How much is read ahead to see which year a log without years begins in.
_AHEAD = 8 << 20
_PIECE = 1 << 20
#: Tags are kept for so many programs; a log that names more is hostile or no log.
_MOST_PROGRAMS = 4096


def recognises(head: bytes) -> bool:
    """Whether a file that begins with `head` is a log of a mail server that is known here.

    Most of its lines must begin as a log's do, and one must be a mail server's: the first ones may well be another
    program's. A mail that quotes a log begins with a header field instead.
    """
    lines = [line for line in head.split(b"\n") if line.strip() and len(line) <= DEFAULT.log_line_bytes]
    if not lines or b"\0" in lines[0][:64] or _FIELD.match(lines[0]):
        return False
    if _whole_reader(lines[0]) is not None:
        return True
    return _are_log_lines(lines) and any(
        reader.recognises(entry)
        for number, line in enumerate(lines)
        for entry in [entry_of(number, line)]
        for reader in LINE_READERS
    )


def items(source: str, head: bytes, read: Read, skip: Skip, bounds: Bounds = DEFAULT) -> Iterator[Item]:
    """The outcome of each delivery in the log that begins with `head` and goes on with `read(n)`, in flat memory.

    Lines that cannot be read are named to `skip(source, why)` and passed over. Where `read` raises, what is known by
    then comes first.
    """
    raised: list[Exception] = []
    last_day = times.today()
    ahead, read = _read_ahead(head, guarded(read, raised))
    log = Log(source, times.Clock(times.first_year(ahead, last_day), last_day), skip)
    whole = _whole_reader(next((line for line in ahead[: 1 << 16].split(b"\n") if line.strip()), b""))
    lines = numbered(ahead, read, log.damaged, bounds.log_line_bytes)
    del ahead, head
    if whole is not None:
        yield from _of_one(whole(log), lines)
    else:
        yield from _of_several([reader(log) for reader in LINE_READERS], lines)
    if raised:
        raise raised[0]


def _of_one(reader: Reader, lines: Iterator[tuple[int, bytes]]) -> Iterator[Event]:
    for number, line in lines:
        yield from reader.outcomes(Entry(number, b"", b"", b"", line))
    yield from reader.rest()


def _of_several(readers: list[Reader], lines: Iterator[tuple[int, bytes]]) -> Iterator[Event]:
    """What the readers make of their lines. A line costs little until a mark shows that it may matter."""
    programs: dict[bytes, tuple[Reader, tuple[bytes, ...]]] = {}
    own: Reader | None = None
    for number, line in lines:
        wrapped = line.startswith(b"{")
        at = -1 if wrapped else line.find(b"]: ", 0, TAG_WITHIN)
        opens = line.rfind(b"[", 0, at) if at > 0 else 0
        known = programs.get(line[line.rfind(b" ", 0, opens) + 1 : opens])
        if known is not None:
            reader, marks = known
            for mark in marks:
                if mark in line:
                    yield from reader.outcomes(entry_of(number, line))
                    break
            continue
        if own is not None and not wrapped:
            yield from own.outcomes(untagged(number, line))
            continue
        entry = entry_of(number, line)
        if entry.program:
            reader, marks = _taking(readers, entry.program)
            if entry.tagged and len(programs) < _MOST_PROGRAMS:
                programs[entry.program] = reader, marks
            if any(mark in entry.text for mark in marks):
                yield from reader.outcomes(entry)
        else:
            found = next((one for one in readers if one.untagged and one.recognises(entry)), None)
            if found is not None:
                yield from found.outcomes(entry)
                # Such a log is one server's alone, unless each line is wrapped up on its own.
                own = None if wrapped else found
    for reader in readers:
        yield from reader.rest()


def _taking(readers: list[Reader], program: bytes) -> tuple[Reader, tuple[bytes, ...]]:
    """Who reads the program's lines, and what marks those that matter; nothing does where nobody knows it."""
    return next(((reader, marks) for reader in readers if (marks := reader.marks(program))), (readers[0], ()))


def _whole_reader(line: bytes) -> type[Reader] | None:
    entry = Entry(1, b"", b"", b"", line)
    return next((reader for reader in WHOLE_READERS if reader.recognises(entry)), None)


def _are_log_lines(lines: list[bytes]) -> bool:
    return 2 * sum(map(begins_like_a_log, lines)) >= len(lines)


def _read_ahead(head: bytes, read: Read) -> tuple[bytes, Read]:
    """The first bytes: more than the head only where the year has to be found out."""
    if not times.lacks_year(head):
        return head, read
    pieces, size = [head], len(head)
    while size < _AHEAD and (piece := read(_PIECE)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces), read
