"""Takes what the journal holds into the workspace: events, rows, one commit a batch, then the checkpoint.

A batch that is killed between commit and checkpoint is taken again, and changes nothing: rows are merged by their
`record_id`, which is the same for the same failure however it came. What cannot be read goes to the rejects.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analyzer.errors import AnalyzerError
from analyzer.logbook import Log
from analyzer.records import COUNTED_KINDS
from analyzer.webhooks.decoding import decoded
from analyzer.webhooks.journal import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analyzer.bounces import Row
    from analyzer.classify import Classifier
    from analyzer.history import Workspace
    from analyzer.verp.keys import Keys
    from analyzer.webhooks.journal import Entry, Journal
    from analyzer.webhooks.meters import Meters
    from analyzer.webhooks.rejects import Rejects
    from analyzer.webhooks.settling import Settling


_LOG = Log("webhooks")
#: Seconds until a trouble that lasts is told again.
_TELL_AGAIN_S = 3600.0
#: The stores' own texts come with colours.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Pace:
    """A commit every `every_s` seconds or `events` events, whichever comes first, of at most `most` events.

    `turn_s`: how long what is in the workspace may lie in the journal beside. `compact`: commits between two
    compactions, since each leaves small files. `drain_s`: how long a stop waits for the rest.
    """

    every_s: float = 5.0
    events: int = 1_000
    most: int = 20_000
    batch_bytes: int = 32_000_000
    turn_s: float = 60.0
    compact: int = 500
    drain_s: float = 60.0


@dataclass(slots=True)
class _Batch:
    entries: list[Entry] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    #: How many of the rows each entry gave.
    counts: list[int] = field(default_factory=list)
    events: int = 0
    size: int = 0


class Taker:
    """A thread. `start`, then `stop`, which takes what is left."""

    def __init__(
        self,
        journal: Journal,
        workspace: Callable[[], Workspace],
        meters: Meters,
        rejects: Rejects,
        settling: Callable[[], Settling],
        pace: Pace,
        rules: Path | None,
        say: Callable[[str], None],
        keys: Keys | None = None,
    ) -> None:
        self._journal, self._meters, self._rejects, self._pace = journal, meters, rejects, pace
        self._make_workspace, self._make_settling = workspace, settling
        self._rules, self._say, self._keys = rules, say, keys
        self._wake = threading.Event()
        self._stopping = False
        self._failed = 0
        #: What was put aside of the batch under way, since a batch that fails is read again.
        self._aside: set[tuple[Position, str]] = set()
        self._told_at = 0.0
        self._commits = 0
        self._turned_at = time.monotonic()
        #: What the last commit failed of, "" after one that did not.
        self.trouble = ""
        self._thread = threading.Thread(target=self._run, name="taker", daemon=True)
        journal.grown = self._grown

    def start(self) -> None:
        """Begin with what the journal holds."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it works."""
        return self._thread.is_alive()

    def stop(self) -> bool:
        """Take what is left, for as long as the pace allows; whether all of it was taken."""
        self._stopping = True
        self._wake.set()
        self._thread.join(self._pace.drain_s)
        return not self._thread.is_alive() and self._journal.taken >= self._journal.durable

    def _grown(self) -> None:
        if self._journal.waiting_events >= self._pace.events:
            self._wake.set()

    def _run(self) -> None:
        try:
            # Heavy, and not needed to accept anything.
            from analyzer.classify import classifier_of, default_classifier

            classifier = default_classifier() if self._rules is None else classifier_of(self._rules)
            workspace, settling = self._make_workspace(), self._make_settling()
        except Exception as error:  # noqa: BLE001 - the health tells
            self.trouble = f"{type(error).__name__}: {error}"
            self._say(f"nothing can be taken into the workspace: {error}")
            return
        deadline = float("inf")
        while time.monotonic() < deadline:
            stopping = self._stopping
            if stopping and deadline == float("inf"):
                deadline = time.monotonic() + self._pace.drain_s
            try:
                while self._take(classifier, workspace, settling):
                    self._failed = 0
                self._tidy(workspace)
                if stopping:
                    return
            except Exception as error:  # noqa: BLE001 - whatever it is, what was accepted is kept and tried again
                self._failed += 1
                self._meters.failures.inc()
                # The text of any other might name somebody.
                said = str(error) if isinstance(error, (AnalyzerError, OSError)) else type(error).__name__
                self._tell(_plain(said))
            self._wake.wait(min(self._pace.every_s * 2 ** min(self._failed, 5), 60.0) if not self._stopping else 0.2)
            self._wake.clear()

    def _tell(self, trouble: str) -> None:
        """A line when it begins, and one an hour: the same failure names another file each time."""
        if not self.trouble or time.monotonic() - self._told_at >= _TELL_AGAIN_S:
            self._told_at = time.monotonic()
            self._say(f"the journal is kept, and will be tried again: {trouble}")
        self.trouble = trouble

    # --- one batch -------------------------------------------------------------------------------------------------

    def _take(self, classifier: Classifier, workspace: Workspace, settling: Settling) -> bool:
        """Take one batch; whether there may be more."""
        began = time.monotonic()
        until = self._journal.durable
        batch = self._read(classifier)
        if not batch.entries:
            if self._journal.taken.segment < until.segment:
                # Nothing is left of the segments before but what is torn, and was never acknowledged.
                self._journal.advance(Position(until.segment, 0), 0, None)
            return False
        first = batch.entries[0].about.get("at")
        if self._journal.oldest_at is None and isinstance(first, float):
            self._journal.oldest_at = first
        if batch.rows:
            self._commit(batch, workspace)
            settling.settle()
        last = batch.entries[-1]
        waiting = sum(int(entry.about.get("events", 1)) for entry in batch.entries)
        self._journal.advance(last.end, waiting, last.about.get("at"))
        self._aside.clear()
        self._count(batch)
        if self.trouble:
            self._say("what was kept goes into the workspace again")
        self.trouble = ""
        self._meters.commit_seconds.observe(time.monotonic() - began)
        _LOG.info("taken", requests=len(batch.entries), events=batch.events, bounces=len(batch.rows))
        return True

    def _read(self, classifier: Classifier) -> _Batch:
        batch = _Batch()
        for entry in self._journal.entries(self._journal.taken):
            rows = self._rows(entry, classifier)
            batch.entries.append(entry)
            batch.rows += rows
            batch.counts.append(len(rows))
            batch.events += max(int(entry.about.get("events", 1)), len(rows))
            batch.size += entry.end.offset - entry.begin.offset
            if batch.events >= self._pace.most or batch.size >= self._pace.batch_bytes:
                break
        return batch

    def _rows(self, entry: Entry, classifier: Classifier) -> list[Row]:
        """The rows of one entry; what of it cannot be read is put aside."""
        endpoint = str(entry.about.get("endpoint", ""))
        if entry.body is None:
            self._put_aside(entry, "damaged", entry.raw)
            return []
        try:
            value = decoded(entry.body)
            rows = list(_rows_of(value, f"webhook:{endpoint}", classifier))
            unknown = list(_unknown(value))
        except Exception as error:  # noqa: BLE001 - one request must not hold up the others
            self._put_aside(entry, "error", entry.body)
            # Its text might name somebody.
            self._say(f"{endpoint}: a request could not be read ({type(error).__name__}); it is in the rejects")
            return []
        if unknown:
            self._put_aside(entry, "unknown", unknown)
        return rows

    def _put_aside(self, entry: Entry, reason: str, content: bytes | list[Any]) -> None:
        endpoint = str(entry.about.get("endpoint", ""))
        self._rejects.keep(entry.begin, endpoint, reason, content, size=len(entry.body or b""))
        if (entry.begin, reason) not in self._aside:
            self._aside.add((entry.begin, reason))
            self._meters.rejected.labels(endpoint, reason).inc()

    def _commit(self, batch: _Batch, workspace: Workspace) -> None:
        """All rows at once; where that fails again and again, request by request, to find the one that it fails of."""
        rows = [row for row in batch.rows if row["kind"] in COUNTED_KINDS]
        if not rows:
            return
        if self._failed < 3:
            self._add(workspace, rows)
            return
        failed: list[Entry] = []
        away: list[Exception] = []
        stored = at = 0
        for entry, count in zip(batch.entries, batch.counts, strict=True):
            own = [row for row in batch.rows[at : at + count] if row["kind"] in COUNTED_KINDS]
            at += count
            if not own:
                continue
            try:
                self._add(workspace, own)
                stored += 1
            except (AnalyzerError, OSError) as error:
                away.append(error)
                failed.append(entry)
                if not stored and len(away) >= 3:
                    # It is the workspace.
                    raise
            except Exception:  # noqa: BLE001 - of no commit, but of what is to be committed
                failed.append(entry)
        if away and not stored:
            raise away[0]
        for entry in failed:
            self._put_aside(entry, "not_stored", entry.body or b"")

    def _add(self, workspace: Workspace, rows: list[Row]) -> None:
        from analyzer.history.signed import add_bounces

        _, suspected = add_bounces(workspace, rows, self._keys)
        if suspected is not None:
            _LOG.warning("suspected_forged", why="bad_signature", bounces=suspected.read, new=suspected.added)
        self._commits += 1
        self._meters.commits.inc()

    def _count(self, batch: _Batch) -> None:
        at = 0
        for entry, count in zip(batch.entries, batch.counts, strict=True):
            endpoint = str(entry.about.get("endpoint", ""))
            for row in batch.rows[at : at + count]:
                self._meters.events.labels(endpoint, row["kind"]).inc()
                if row["kind"] in COUNTED_KINDS:
                    self._meters.bounces.labels(endpoint, row["label"]).inc()
            at += count

    def _tidy(self, workspace: Workspace) -> None:
        """Let go of a segment that is taken, and join the small files that many commits leave."""
        journal = self._journal
        due = time.monotonic() - self._turned_at >= self._pace.turn_s
        if due and journal.taken == journal.durable and journal.durable.offset:
            self._turned_at = time.monotonic()
            journal.turn()
        if self._commits >= self._pace.compact:
            from analyzer.history.tables import BOUNCES

            self._commits = 0
            workspace.compact(only=BOUNCES.name)


def _rows_of(value: Any, source: str, classifier: Classifier) -> Iterator[Row]:
    from analyzer.bounces import rows_of
    from analyzer.sources.feeds import events

    for item in events(value, source):
        yield from rows_of(item, classifier)


def _unknown(value: Any) -> Iterator[Any]:
    """What of a request no reader knows."""
    from analyzer.sources.feeds.envelopes import events_in

    return (one for reader, one in events_in(value) if reader is None)


def _plain(text: str) -> str:
    """One line, without what a terminal would obey."""
    return "".join(one if one.isprintable() else " " for one in _COLOUR.sub("", text))
