"""Every message of the given sources, one after the other, whatever they are packed in.

`Reading` tells from the content what each file is and hands it on: a message as it stands, an mbox to `mbox`, an
archive to `archives`, a folder to `folders`. One broken file never stops it: it is counted and named.
"""

from __future__ import annotations

import codecs
import os
import re
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias, cast

from analyzer.bounds import MIB, Bounds, Exceeded, current
from analyzer.errors import UnreadableInputError
from analyzer.records import Item, RawMessage
from analyzer.sources import archives, feeds, folders, lists, logs, mbox
from analyzer.sources.content import HEAD_SIZE, NO_LIST, recognise, utf16_codec, why_no_mail
from analyzer.sources.imap_address import imap_address, is_imap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from analyzer.sources.content import Content
    from analyzer.sources.rejects import Rejects

    Read: TypeAlias = Callable[[int], bytes]

_KEPT_SKIPS = 1_000
_GIVE_MAIL = "give a mail message, an mbox, a Maildir, an event feed, a mail log, or an archive of them"
_STDIN = "standard input"
_LEADING = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n)*")
_EMLX = re.compile(rb"(\d{1,10})[ \t]*\r?\n(?=[!-9;-~]{1,100}[ \t]*:)")
_MAIL_NAMES = (".eml", ".emlx", ".mail", ".mbox", ".mbx")
_MBOX_NAMES = (".mbox", ".mbx")
_PACKED_NAMES = (".gz", ".bz2", ".xz", ".zst")


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that gave no message: no mail at all, or (`broken`) mail that could not be read.

    `bound` names the bound that it exceeds, if that is why.
    """

    source: str
    why: str
    broken: bool = False
    bound: str = ""


class Reading:
    """The messages of some sources. Iterate it once; what was skipped is complete when the iteration is.

    `messages`, `no_mail` and `broken` count; `skipped` names the first thousand of the latter two.
    """

    def __init__(
        self,
        sources: Iterable[str | Path],
        *,
        rejects: Rejects | None = None,
        bounds: Bounds | None = None,
        exceeded: Exceeded | None = None,
    ) -> None:
        """`UnreadableInputError` for a source that does not exist or may not be read, before anything is read."""
        self._sources = [str(source) for source in sources]
        self._rejects, self._bounds = rejects, bounds or current()
        #: What was over a bound, and which.
        self.exceeded = Exceeded(self._bounds) if exceeded is None else exceeded
        self.messages = self.no_mail = self.broken = self._over = 0
        self.skipped: list[Skipped] = []
        self._last_skip: Skipped | None = None
        for source in self._sources:
            _check(source)

    def __iter__(self) -> Iterator[Item]:
        """The messages; `UnreadableInputError` at the end of a source that held none."""
        empty: list[UnreadableInputError] = []
        for source in self._sources:
            before, self._last_skip = self.messages, None
            try:
                for message in self._source(source):
                    self.messages += 1
                    yield message
            except UnreadableInputError as error:
                empty.append(error)
                continue
            if self.messages == before:
                empty.append(self._held_none(source))
        if empty and not self.messages:
            raise empty[0]
        for unread in empty:
            self._name_unread(unread)

    def summary(self) -> list[str]:
        """What to tell a person about the skipped files: a line each, none if nothing was skipped."""
        lines = self.exceeded.lines()
        if self.no_mail:
            lines.append(self._no_message())
        if damaged := self.broken - self._over:
            lines.append(f"{damaged:,} could not be read:")
            named = [skip for skip in self.skipped if skip.broken and not skip.bound]
            lines += [f"  {skip.source}: {skip.why}" for skip in named[:10]]
            if damaged > 10:
                reasons = Counter(skip.why for skip in named).most_common(3)
                lines.append("  and more; most often: " + ", ".join(f"{why} ({count:,})" for why, count in reasons))
        return lines

    def _no_message(self) -> str:
        """How many files were none, and why one of them is: one that may hold mail all the same, else the commonest."""
        named = [skip for skip in self.skipped if not skip.broken]
        often = Counter(skip.why for skip in named)
        one = max(
            named, key=lambda skip: (";" in skip.why and "no mail" not in skip.why, often[skip.why]), default=None
        )
        if self.no_mail == 1:
            return f"1 file was no message: {one.source} {one.why}" if one else "1 file was no message"
        return f"{self.no_mail:,} files were no message" + (f", such as {one.source}, which {one.why}" if one else "")

    def skip(
        self, source: str, why: str, *, broken: bool = True, data: bytes | Iterable[bytes] = b"", bound: str = ""
    ) -> None:
        """Count `source` as skipped; what is broken goes to the rejects. A later stage may report its own here.

        `bound`: the name of the bound that it exceeds, if that is why.
        """
        skipped = Skipped(_shown(source), why, broken, bound)
        self._last_skip = skipped
        if bound:
            self.exceeded.add((bound,), skipped.source)
        if broken:
            self.broken += 1
            self._over += bool(bound)
            if self._rejects is not None:
                self._rejects.keep(source, why, data)
        else:
            self.no_mail += 1
        if len(self.skipped) < _KEPT_SKIPS:
            self.skipped.append(skipped)

    def _name_unread(self, error: UnreadableInputError) -> None:
        """A whole source that gave nothing, beside others that did, unless its own skip was counted already."""
        if any(error.where in (skip.source, _STDIN if skip.source == "-" else "") for skip in self.skipped):
            return
        self.skip(error.where, error.problem)

    def _held_none(self, source: str) -> UnreadableInputError:
        last = self._last_skip
        source = _shown(source)
        if last is not None and last.source == source:
            told = last.broken or ";" in last.why
            return UnreadableInputError(_STDIN if source == "-" else source, last.why, "" if told else _GIVE_MAIL)
        because = f" ({last.source} {last.why})" if last is not None else ""
        return UnreadableInputError(source, f"holds no message{because}", _GIVE_MAIL)

    def _source(self, source: str) -> Iterator[Item]:
        if source == "-":
            yield from self.opened(source, sys.stdin.buffer)
        elif is_imap(source):
            # With what TLS needs it costs as much to load as a message to read.
            from analyzer.sources import imap

            yield from imap.messages(source, self.skip, self._bounds, exceeded=self.exceeded)
        elif os.path.isdir(source):  # noqa: PTH112
            for path, in_maildir in folders.files(source, self.skip):
                yield from self._file(path, single=in_maildir)
        elif os.path.isfile(source):  # noqa: PTH113
            yield from self._file(source, given=True)
        else:
            try:
                with Path(source).open("rb") as pipe:
                    yield from self.opened(source, pipe)
            except OSError as error:
                self.skip(source, f"cannot be read: {error.strerror}")

    def _file(self, path: str, *, single: bool = False, given: bool = False) -> Iterator[Item]:
        """One file on disk. Most hold one small message and take the short way: an open, two reads, a look."""
        try:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                head = os.read(descriptor, HEAD_SIZE)
                whole = not head or not os.read(descriptor, 1)
            finally:
                os.close(descriptor)
            if whole and recognise(head) == "message" and head[:1].isalpha():
                yield RawMessage(_lone(path), head)
                return
            with Path(path).open("rb") as file:
                yield from self._guarded(_Part(path, file.read(HEAD_SIZE), file.read, file, single, given))
        except OSError as error:
            self.skip(path, f"cannot be read: {error.strerror}")

    def opened(self, source: str, stream: IO[bytes]) -> Iterator[Item]:
        """The messages in a stream that is open already, named `source`; what cannot be read is counted."""
        yield from self._guarded(_Part(source, stream.read(HEAD_SIZE), stream.read, given=True))

    def _guarded(self, part: _Part) -> Iterator[Item]:
        """The messages in one file or member, with its damage counted instead of raised."""
        try:
            yield from self._messages_in(part)
        except archives.TooMuchError as error:
            self.skip(part.source, str(error), bound=error.bound)
        except archives.DAMAGE as error:
            self.skip(part.source, archives.damage(error))

    def _messages_in(self, part: _Part) -> Iterator[Item]:
        part = replace(part, head=_without_leading(part.head))
        content = recognise(part.head, expected=part.expected)
        if content == "message" or (content == "mbox" and part.single):
            yield from self._one(part)
        elif content == "mbox":
            yield from self._mbox(part)
        elif content == "utf-16":
            yield from self._inside(part, _as_utf8(part.head, part.read))
        elif content in ("gzip", "bzip2", "xz", "zstd"):
            part = self._measured(part)
            read = archives.unpack(content, part.head, part.read, self._bounds, part.meter)
            yield from self._inside(part, read)
        elif content in ("zip", "tar"):
            yield from self._archive(part, content)
        elif content == "outlook":
            yield from self._outlook(part)
        elif content == "feed":
            yield from feeds.items(part.source, part.head, part.read, self.skip, self._bounds)
        elif content == "log":
            yield from logs.items(part.source, part.head, part.read, self.skip, self._bounds)
        elif content == "list":
            yield from lists.items(part.source, part.head, part.read, self.skip, self._bounds)
        elif content == "table":
            yield from self._table(part)
        elif part.given and part.file is not None and self._may_be_table(part.head, part.file):
            yield from self._table(part, why_no_mail(part.head))
        else:
            self.skip(part.source, why_no_mail(part.head), broken=False)

    def _measured(self, part: _Part) -> _Part:
        """The part with a meter, which from here on goes with all that is packed in it."""
        if part.meter is not None:
            return part
        if part.file is not None:
            at = part.file.tell()
            meter = archives.Meter(self._bounds, packed=part.file.seek(0, 2))
            part.file.seek(at)
            return replace(part, meter=meter)
        meter = archives.Meter(self._bounds, packed=len(part.head))
        return replace(part, meter=meter, read=meter.packed(part.read))

    def _inside(self, part: _Part, read: Read) -> Iterator[Item]:
        """What a compressed or recoded file really holds, to be looked at anew."""
        if part.layers >= self._bounds.archive_layers:
            self.skip(part.source, "is compressed too many times over", bound="archive_layers")
            return
        yield from self._messages_in(replace(part, head=read(HEAD_SIZE), read=read, file=None, layers=part.layers + 1))

    def _whole(self, part: _Part) -> bytes | None:
        """All of a file that holds one message; None where it is over the bound, which is counted."""
        limit = self._bounds.message_bytes
        pieces, size = [part.head], len(part.head)
        while size <= limit and (piece := part.read(min(MIB, limit + 1 - size))):
            pieces.append(piece)
            size += len(piece)
        if size > limit:
            self._over_size(part.source, chain(pieces, iter(lambda: part.read(MIB), b"")))
            return None
        return b"".join(pieces)

    def _one(self, part: _Part) -> Iterator[Item]:
        whole = self._whole(part)
        if whole is None:
            return
        data = mbox.without_envelope(whole)
        if emlx := _EMLX.match(data):
            data = data[emlx.end() : emlx.end() + int(emlx[1])]
        yield RawMessage(_lone(part.source), data)

    def _outlook(self, part: _Part) -> Iterator[Item]:
        """A mail as Outlook saves one; old Office documents begin alike."""
        from analyzer.sources import outlook

        whole = self._whole(part)
        if whole is None:
            return
        try:
            message = outlook.message_of(whole)
            if len(message) > self._bounds.message_bytes:
                # No honest file says more as a message than it is long.
                self._over_size(part.source, [whole])
                return
            yield RawMessage(_lone(part.source), message)
        except outlook.NotMailError:
            self.skip(part.source, "is an old Office document or an item of Outlook, no mail", broken=False)
        except outlook.DamagedError:
            self.skip(part.source, "is a file of Outlook or of an old Office that is cut off or damaged", data=whole)

    def _table(self, part: _Part, why: str = "") -> Iterator[Item]:
        """A table that has to be read whole: a list of bounces, or no mail, for the reason `why` if that is known."""
        # Most sources hold none, and need nothing of what reads tables.
        from analyzer.sources.lists import files

        none = True
        with ExitStack() as stack:
            try:
                path = Path(part.source) if part.file is not None else self._on_disk(part, stack)
                for event in files.items(path, part.source, expected=part.expected):
                    none = False
                    yield event
            except UnreadableInputError as error:
                why = why or error.problem
        if none:
            self.skip(part.source, why or NO_LIST, broken=False)

    def _may_be_table(self, head: bytes, file: IO[bytes]) -> bool:
        """Whether a text is worth a look: a list may have lines above its names, or be a page called a workbook."""
        text = b"\0" not in head and head.lstrip()[:1] not in (b"", b"{", b"[")
        return text and os.fstat(file.fileno()).st_size <= self._bounds.message_bytes

    def _on_disk(self, part: _Part, stack: ExitStack) -> Path:
        """A member or a stream as a file, until `stack` ends."""
        path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="table-"))) / "table"
        with path.open("wb") as file:
            file.writelines(self._pieces(part))
        return path

    def _over_size(self, source: str, pieces: Iterable[bytes]) -> None:
        """A message over the bound of its size, which only the rejects keep, as it comes."""
        why = f"is over {self._bounds.message_bytes / MIB:,.0f} MiB"
        self.skip(source, why, bound="message_bytes", data=pieces)

    def _mbox(self, part: _Part) -> Iterator[Item]:
        """An mbox's messages, numbered; a file that only begins like one and holds one message keeps its plain name."""
        lone: bytes | None = None
        named_mbox = _stem(part.source).endswith(_MBOX_NAMES)
        try:
            left_out = _LeftOut(self._rejects is not None)
            found = mbox.messages(part.head, part.read, limit=self._bounds.message_bytes, left_out=left_out.take)
            for number, data in enumerate(found):
                if lone is not None:
                    yield RawMessage(f"{part.source}#0", lone)
                    lone = None
                if data is None:
                    self._over_size(f"{part.source}#{number}", left_out.pieces())
                elif number == 0 and not named_mbox:
                    lone = data
                else:
                    yield RawMessage(f"{part.source}#{number}", data)
        except (archives.TooMuchError, *archives.DAMAGE):
            if lone is not None:  # the file ends early, but this message was complete
                yield RawMessage(f"{part.source}#0", lone)
            raise
        if lone is not None:
            yield RawMessage(_lone(part.source), lone)

    def _archive(self, part: _Part, content: Content) -> Iterator[Item]:
        if part.nesting > self._bounds.archive_depth:
            why = "is an archive too deep inside another; unpack the outer one first"
            self.skip(part.source, why, bound="archive_depth")
            return
        part = self._measured(part)
        with ExitStack() as stack:
            if content == "tar":
                members = archives.tar_members(part.head, part.read, self._bounds)
            elif part.file is not None:
                members = archives.zip_members(part.file, self._bounds, part.meter)
            else:
                members = archives.zip_members(stack.enter_context(self._held(part)), self._bounds, part.meter)
            source = part.source
            try:
                for member in members:
                    if _hidden(member.name):
                        continue
                    source = f"{part.source}/{_shown(member.name.lstrip('/'))}"
                    yield from self._member(source, member, part)
                if source == part.source:
                    self.skip(source, "holds no message; the archive is empty", broken=False)
            except (archives.TooMuchError, *archives.DAMAGE):
                # Damage inside a tar's member shows once there, and once more on the way to the next one.
                last = self._last_skip
                if (
                    source == part.source
                    or last is None
                    or not last.broken
                    or not last.source.startswith(_shown(source))
                ):
                    raise

    def _member(self, source: str, member: archives.Member, part: _Part) -> Iterator[Item]:
        if member.problem:
            self.skip(source, member.problem, broken=not member.special)
            return
        try:
            read = member.open()
            head = read(HEAD_SIZE)
        except archives.TooMuchError as error:
            self.skip(source, str(error), bound=error.bound)
            return
        except archives.DAMAGE as error:
            self.skip(source, archives.damage(error))
            return
        inner = _Part(source, head, read, layers=part.layers, nesting=part.nesting + 1, meter=part.meter)
        yield from self._guarded(inner)

    def _held(self, part: _Part) -> IO[bytes]:
        """A zip that came through a pipe, with its end within reach: its directory stands there."""
        held = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=16 * MIB))  # noqa: SIM115
        try:
            held.writelines(self._pieces(part))
        except BaseException:
            held.close()
            raise
        return held

    def _pieces(self, part: _Part) -> Iterator[bytes]:
        """All of a part that can be read only as a whole; `TooMuchError` where it is over the bound."""
        size, piece = 0, part.head
        while piece:
            size += len(piece)
            if size > self._bounds.archive_held_bytes:
                raise archives.TooMuchError(
                    "archive_held_bytes",
                    f"is an archive of over {self._bounds.archive_held_bytes / MIB:,.0f} MiB; unpack it first",
                )
            yield piece
            piece = part.read(MIB)


class _LeftOut:
    """The pieces of a message that is too great to be held, put aside on disk where the rejects are to keep it."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._aside: IO[bytes] | None = None

    def take(self, piece: bytes) -> None:
        if self._wanted:
            if self._aside is None:
                self._aside = cast("IO[bytes]", tempfile.TemporaryFile())  # noqa: SIM115
            self._aside.write(piece)

    def pieces(self) -> Iterator[bytes]:
        """What was taken since the last time."""
        if self._aside is not None:
            with self._aside as aside:
                self._aside = None
                aside.seek(0)
                yield from iter(lambda: aside.read(MIB), b"")


@dataclass(frozen=True, slots=True)
class _Part:
    """One file, member or stream on its way through: its first bytes, and `read(n)` for the rest.

    `file` can seek, where there is one. `single`: one message for certain, as in a Maildir. `given`: named by the
    user himself. `layers` and `nesting` count the compressions and archives around it, `meter` their bytes.
    """

    source: str
    head: bytes
    read: Read
    file: IO[bytes] | None = None
    single: bool = False
    given: bool = False
    layers: int = 0
    nesting: int = 0
    meter: archives.Meter | None = None

    @property
    def expected(self) -> bool:
        """Whether one would think it a mail before looking in."""
        return self.single or self.given or _stem(self.source).endswith(_MAIL_NAMES)


def _check(source: str) -> None:
    if source == "-":
        return
    if is_imap(source):
        imap_address(source)
        return
    if not source or not os.path.exists(source):  # noqa: PTH110
        raise UnreadableInputError(_shown(source) or "(empty name)", "does not exist", "check the path")
    needed = os.R_OK | (os.X_OK if os.path.isdir(source) else 0)  # noqa: PTH112
    if not os.access(source, needed):
        raise UnreadableInputError(_shown(source), "may not be read", "check its permissions")


def _shown(source: str) -> str:
    """A name that fits a line and does nothing to a terminal: whoever made the archive chose it."""
    return source if source.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in source)


def _lone(source: str) -> str:
    """The name of a file that holds one message. What follows the last `#` of a source is always a number."""
    return f"{source}#0" if "#" in source else source


def _stem(source: str) -> str:
    """A source's name in lower case, without the endings of compression: "Box.MBOX.gz" is "box.mbox"."""
    name = source.lower()
    while name.endswith(_PACKED_NAMES):
        name = name[: name.rindex(".")]
    return name


def _without_leading(head: bytes) -> bytes:
    """What a file begins with, behind its mark and blank lines."""
    leading = _LEADING.match(head)
    return head[leading.end() :] if leading else head


def _hidden(name: str) -> bool:
    return name.rsplit("/", 1)[-1].startswith(".") or name.startswith("__MACOSX/")


def _as_utf8(head: bytes, read: Read) -> Read:
    decoder = codecs.getincrementaldecoder(utf16_codec(head))(errors="replace")
    waiting = [head]

    def decoded(size: int) -> bytes:
        while piece := waiting.pop() if waiting else read(size):
            if text := decoder.decode(piece).removeprefix("\ufeff"):
                return text.encode("utf-8", "replace")
        return b""

    return decoded
