"""Bounce rows out of sources: `read`, `parse`, and what other commands read their bounces with."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from analyzer.bounces import Row, Rows, bounce_rows, named
from analyzer.bounds import Bounds, Exceeded
from analyzer.errors import AnalyzerError
from analyzer.readable import counted
from analyzer.records import BOUNCE_COLUMNS, BOUNCE_TYPES, COUNTED_KINDS, Item, RawMessage
from analyzer.sources import Reading, Rejects

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.diagnose.diagnosis import InputFile

Source: TypeAlias = str | Path
#: How a frame holds each type, whatever its rows are; None is missing.
_DTYPES: dict[type, str] = {str: "str", bool: "bool", float: "float64", int: "Int64"}
#: Messages between two reports of how far the reading is.
_TOLD_EVERY = 100


def read(*sources: Source | Sequence[Source], bounds: Bounds | None = None) -> Iterator[Item]:
    """Every message or event in the sources (messages, Outlook's too, mboxes, Maildirs, folders, archives, event feeds,
    mail logs; "-" is stdin), one at a time.

    `UnreadableInputError` for a source that does not exist or holds no message; broken files inside are passed over.
    """
    return iter(Reading(_listed("read", sources), bounds=bounds))


class ParseRun:
    """The bounce rows of some sources, as an iterable that counts what it meets. Iterate it once."""

    def __init__(
        self,
        sources: Iterable[Source],
        *,
        all_kinds: bool = False,
        jobs: int | None = 1,
        rejects: Path | None = None,
        rules: str | Path | None = None,
        bounds: Bounds | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> None:
        """on_progress: told the number of messages read so far, now and then."""
        self._tell = on_progress
        self._rejects = Rejects(rejects) if rejects else None
        #: What was over a bound, and which.
        self.exceeded = Exceeded(bounds)
        self.reading = Reading(sources, rejects=self._rejects, bounds=bounds, exceeded=self.exceeded)
        self._all_kinds, self._jobs, self._bounds = all_kinds, jobs, bounds
        self._rules = Path(rules) if rules else None
        #: Messages by kind.
        self.kinds: Counter[str] = Counter()
        self.rows = 0

    def __iter__(self) -> Iterator[Row]:
        read = bounce_rows(self.reading, jobs=self._jobs, rules=self._rules, bounds=self._bounds)
        for number, (item, rows) in enumerate(read, 1):
            if self._tell and number % _TOLD_EVERY == 0:
                self._tell(number)
            kind = rows[0]["kind"]
            self.kinds[kind] += 1
            if isinstance(rows, Rows):
                self._keep_exceeded(item, rows.exceeded)
            elif kind == "other" and self._rejects is not None and isinstance(item, RawMessage):
                self._rejects.keep(item.source, "no bounce that any reader recognises", item.data)
            if self._all_kinds or kind in COUNTED_KINDS:
                self.rows += len(rows)
                yield from rows

    def _keep_exceeded(self, item: Item, names: tuple[str, ...]) -> None:
        self.exceeded.add(names, item.source)
        if self._rejects is not None:
            data = item.data if isinstance(item, RawMessage) else item.message
            self._rejects.keep(item.source, f"over {', '.join(names)}: read only up to it", data)

    def summary(self) -> list[str]:
        """What was read, in lines for a person."""
        total = sum(self.kinds.values())
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.kinds.most_common())
        head = f"{counted(total, 'message')} read ({kinds}), {counted(self.rows, 'row')}"
        return [head, *self.reading.summary()]


def parse(
    *sources: Source | Sequence[Source],
    all_kinds: bool = False,
    jobs: int | None = 1,
    rules: str | Path | None = None,
    bounds: Bounds | None = None,
) -> pd.DataFrame:
    """The bounces in the sources: a frame with `BOUNCE_COLUMNS`, one row per failed recipient.

    Whatever is read, the columns are `str` ("" for nothing), `transient` is `bool`, `confidence` `float64` and
    `retry_after_s` `Int64`. With `all_kinds` the messages that are no bounce have a row too, and `transient` is
    `boolean`: missing for them. `bounds` says how much of each is read. Raises `UnreadableInputError` like `read`, and
    `RuleError` for a folder of own `rules` that cannot be used.
    """
    import pandas as pd

    rows = list(ParseRun(_listed("parse", sources), all_kinds=all_kinds, jobs=jobs, rules=rules, bounds=bounds))
    dtypes = _DTYPES | ({bool: "boolean"} if all_kinds else {})
    return pd.DataFrame(rows, columns=list(BOUNCE_COLUMNS)).astype(
        {name: dtypes[BOUNCE_TYPES.get(name, str)] for name in BOUNCE_COLUMNS}
    )


def read_bounces(
    bounces: Source | Sequence[Source] | pd.DataFrame,
    jobs: int | None,
    rules: str | Path | None,
    bounds: Bounds | None = None,
    *,
    may_be_quiet: bool = False,
) -> tuple[list[Row], list[InputFile], list[str]]:
    """The bounce rows of message sources, of tables that `parse` wrote, or of a frame; what went in; what could not.

    may_be_quiet: an mbox or a Maildir that holds nothing is told of and no error, as in a week in which nothing
    bounced.
    """
    import pandas as pd

    rows: list[Row] = []
    inputs: list[InputFile] = []
    unread: list[str] = []
    for part in _parts(bounces, _Reader(jobs, rules, bounds, may_be_quiet=may_be_quiet)):
        if isinstance(part.rows, pd.DataFrame):
            rows += [{str(name): value for name, value in row.items()} for row in part.rows.to_dict("records")]
        else:
            rows += part.rows
        inputs.append(part.given)
        unread += part.unread
    return rows, inputs, unread


def bounce_frame(
    bounces: Source | Sequence[Source] | pd.DataFrame,
    jobs: int | None,
    rules: str | Path | None,
    on_progress: Callable[[int], None] | None = None,
    bounds: Bounds | None = None,
) -> tuple[pd.DataFrame, list[InputFile], list[str]]:
    """`read_bounces` as a frame for `correlate`: of a large campaign, a table stays in columns.

    on_progress: told the number of messages read so far, now and then.
    """
    import pandas as pd

    from analyzer.correlate import framed

    frames: list[pd.DataFrame] = []
    inputs: list[InputFile] = []
    unread: list[str] = []
    for part in _parts(bounces, _Reader(jobs, rules, bounds, on_progress, in_columns=True)):
        frames.append(part.rows if isinstance(part.rows, pd.DataFrame) else framed(part.rows))
        inputs.append(part.given)
        unread += part.unread
    return stacked(frames), inputs, unread


def stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames of bounces one below the other."""
    import pandas as pd

    held = [frame for frame in frames if len(frame)]
    return held[0] if len(held) == 1 else pd.concat(held, ignore_index=True) if held else pd.DataFrame()


#: Files that may hold nothing, and the most that a row of names takes.
_MAY_BE_EMPTY, _HEADER_SIZE = frozenset({".jsonl", ".ndjson", ".mbox", ".mbx"}), 4096


class _Part(NamedTuple):
    """What one source gave: its rows, as they came or in columns; what is told of it as an input; what is unread."""

    rows: list[Row] | pd.DataFrame
    given: InputFile
    unread: Sequence[str] = ()


@dataclass
class _Reader:
    """How sources are read; `told`: how many messages came of those before."""

    jobs: int | None
    rules: str | Path | None
    bounds: Bounds | None
    on_progress: Callable[[int], None] | None = None
    may_be_quiet: bool = False
    in_columns: bool = False
    told: int = 0

    def tell(self, of_this: int) -> None:
        if self.on_progress:
            self.on_progress(self.told + of_this)

    def read(self, source: Source) -> tuple[list[Row] | pd.DataFrame, list[str]]:
        """The rows of one source, and what of it could not be read."""
        from analyzer.sources.own_rows import is_own_rows, read_own_frame, read_own_rows

        if (self.may_be_quiet and _is_quiet(source)) or _no_rows(source) or _lists_nobody(source):
            return [], [f"Bounces: {named(str(source))} is empty, so that none came from there."]
        if is_own_rows(source):
            frame = read_own_frame(source) if self.in_columns else None
            return list(read_own_rows(source)) if frame is None else frame, []
        run = ParseRun([source], jobs=self.jobs, rules=self.rules, bounds=self.bounds, on_progress=self.tell)
        rows = list(run)
        self.told += run.kinds.total()
        self.tell(0)
        broken = [skip for skip in run.reading.skipped if skip.broken]
        unread = [f"Bounces: {line}." for line in run.exceeded.lines()]
        unread += [f"Bounces not read: {skip.source} {skip.why}." for skip in broken[:5]]
        if run.reading.broken > 5:
            unread.append(f"Bounces not read: {run.reading.broken:,} files or messages of {source} in all.")
        return rows, unread


def _parts(bounces: Source | Sequence[Source] | pd.DataFrame, reader: _Reader) -> Iterator[_Part]:
    """What each source gives, in their order."""
    import pandas as pd

    from analyzer.diagnose.diagnosis import InputFile

    if isinstance(bounces, (list, tuple)) and any(isinstance(one, pd.DataFrame) for one in bounces):
        for one in bounces:
            yield from _parts(one, reader)
    elif isinstance(bounces, pd.DataFrame):
        missing = [name for name in ("recipient", "label", "fault", "reason") if name not in bounces.columns]
        if missing:
            raise AnalyzerError(f"bounces: the frame has no column {missing[0]!r}; give what `parse` returns")
        if not bounces.columns.is_unique:
            twice = bounces.columns[bounces.columns.duplicated()][0]
            raise AnalyzerError(f"bounces: the frame has several columns {twice!r}; give what `parse` returns")
        yield _Part(bounces, InputFile("(a frame)", "bounces", len(bounces), ""))
    else:
        for source in _listed("bounces", bounces):
            rows, unread = reader.read(source)
            yield _Part(rows, InputFile(named(str(source)), "bounces", len(rows), _digest(source)), unread)


def _is_quiet(source: Source) -> bool:
    """Whether a source is a mailbox that holds nothing: a file without a byte, or a Maildir without a message."""
    path = Path(source)
    if path.is_file():
        return path.stat().st_size == 0
    boxes = [path / "new", path / "cur"]
    return all(map(Path.is_dir, boxes)) and not any(any(box.iterdir()) for box in boxes)


def _no_rows(source: Source) -> bool:
    """Whether a source says by its name that nothing is all it has to hold.

    That is what `parse` makes of mail in which nothing bounced, JSON lines and none of them; and the mailbox of a
    campaign of which nothing came back. Any other file without a byte is an export that failed.
    """
    path = Path(source)
    if path.is_dir():
        return _is_quiet(source)
    return path.suffix.lower() in _MAY_BE_EMPTY and path.is_file() and path.stat().st_size == 0


def _lists_nobody(source: Source) -> bool:
    """Whether a source is a list of bounces with a header row and nothing below it."""
    from analyzer.sources import lists

    path = Path(source)
    if not path.is_file() or path.stat().st_size > _HEADER_SIZE:
        return False
    # Names of columns are ASCII, so UTF-16 without its zeros reads the same.
    head = path.read_bytes().removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\0", b"")
    return len(head.strip().splitlines()) == 1 and lists.recognises(head, expected=False)


def _listed(name: str, sources: object) -> list[Source]:
    """The sources one by one, of lists in them too; `TypeError`, which begins with `name`, for what is no path."""
    if isinstance(sources, (str, Path)):
        return [sources]
    # A frame would give the names of its columns, and a row that of its fields.
    if (
        isinstance(sources, (bytes, bytearray, Mapping))
        or not isinstance(sources, Iterable)
        or hasattr(sources, "iloc")
    ):
        what = type(sources).__name__
        raise TypeError(f"{name}: a source is the path of a file (str or Path), not {what}; write mail to a file first")
    return [source for one in sources for source in _listed(name, one)]


def _digest(source: Source) -> str:
    """SHA-256 of a file, or of all files of a folder with their names; "" for what can be read only once."""
    path = Path(source)
    if path.is_file():
        return _sha256(path)
    if not path.is_dir():
        return ""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file():
            digest.update(os.fsencode(f"{file.relative_to(path).as_posix()} {_sha256(file)}\n"))
    return digest.hexdigest()


def _sha256(file: Path) -> str:
    """Of a file; "" of one that may not be read, or went meanwhile as a Maildir's do: the reading has told of it."""
    try:
        with file.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError:
        return ""
