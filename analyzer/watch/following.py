"""The loop of `watch`: read some messages, keep their rows in the workspace, and only then count them as taken.

Whatever ends it, and wherever: what was not kept is read again, and what was kept is known to the workspace by its
record_id and added once. Many messages make one commit, and a lone one does not wait.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.bounces import Row, Rows, rows_of
from analyzer.bounds import MIB
from analyzer.errors import AnalyzerError, OutputError, UnreadableInputError
from analyzer.records import COUNTED_KINDS
from analyzer.sources.imap import ConnectionTroubleError
from analyzer.sources.imap_login import LoginRefusedError
from analyzer.watch.sources import BusyError, Step, Stopped, nap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.classify import Classifier
    from analyzer.history import Workspace
    from analyzer.logbook import Log
    from analyzer.records import RawMessage
    from analyzer.verp.keys import Keys
    from analyzer.watch.sources import Followed

#: What one commit holds at most: messages, their bytes, and the seconds that it took to read them.
_BATCH, _BATCH_BYTES, _BATCH_S = 500, 32 * MIB, 30.0
#: After a commit so long for others to gather, in seconds: a trickle makes no commit for each message.
PAUSE_S = 5.0
#: Small files slow each commit down; after so many they are joined.
_COMPACT_EVERY = 200
#: Before another try, in seconds: at first, at most, and where a login was refused.
_FIRST_S, _LONGEST_S, _REFUSED_S = 1.0, 300.0, 60.0
#: With `once`, so often at most.
_TRIES = 5


@dataclass(slots=True)
class Taken:
    """What a watch took in: messages read, bounce rows in them, rows that the workspace did not have, commits."""

    messages: int = 0
    bounces: int = 0
    new: int = 0
    commits: int = 0


@dataclass(slots=True)
class _Batch:
    steps: list[Step] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    counted: set[str] = field(default_factory=set)
    messages: int = 0
    size: int = 0
    trouble: AnalyzerError | None = None
    ended: bool = False


class Following:
    """One source followed into one workspace."""

    def __init__(
        self,
        source: Followed,
        workspace: Workspace,
        classifier: Classifier,
        log: Log,
        *,
        pause_s: float = PAUSE_S,
        keys: Keys | None = None,
    ) -> None:
        self._source, self._workspace, self._classifier = source, workspace, classifier
        self._log, self._pause_s, self._keys = log, pause_s, keys
        self.taken = Taken()

    def run(self, stopped: Stopped, *, every_s: float, once: bool) -> Taken:
        """Until `stopped`, or with `once` until nothing is left to take.

        Errors that a person must put right are raised where they show at the start; later, when all had gone well
        before, they are told and tried again, as is whatever may pass.
        """
        went_well, failures = False, 0
        while not stopped():
            before = self.taken.commits
            try:
                self._source.open()
                self._log.info("following")
                went_well = True
                while True:
                    self._take_all(stopped)
                    failures = 0 if self.taken.commits > before else failures
                    if stopped() or (once and not self._source.unsettled):
                        return self.taken
                    self._source.wait(every_s, stopped)
            except (UnreadableInputError, OutputError) as error:
                failures = 1 if self.taken.commits > before else failures + 1
                if not (went_well or _may_pass(error)) or (once and failures >= _TRIES):
                    raise
                delay = _delay(failures, error)
                same = isinstance(error, UnreadableInputError) and error.where == self._source.name
                self._log.warning("waiting", seconds=f"{delay:.1f}", why=error.problem if same else error)
                nap(delay, stopped)
            finally:
                self._source.close()
        return self.taken

    def _take_all(self, stopped: Stopped) -> None:
        """Everything that is there, commit by commit."""
        reading = self._source.read(self._skip)
        while True:
            batch = self._gather(reading, stopped)
            if batch.steps:
                self._commit(batch)
            if batch.trouble is not None:
                raise batch.trouble
            if stopped():
                return
            if batch.ended:
                if batch.messages:
                    nap(self._pause_s, stopped)
                return

    def _gather(self, reading: Iterator[Step], stopped: Stopped) -> _Batch:
        """The next messages, read and judged; trouble on the way ends the batch, and what came before it counts."""
        batch, until = _Batch(), time.monotonic() + _BATCH_S
        try:
            for step in reading:
                batch.steps.append(step)
                if step.message is not None:
                    self._judge(step.message, batch)
                full = batch.messages >= _BATCH or batch.size >= _BATCH_BYTES
                if full or time.monotonic() > until or stopped():
                    return batch
        except (UnreadableInputError, OutputError) as error:
            batch.trouble = error
        batch.ended = True
        return batch

    def _judge(self, message: RawMessage, batch: _Batch) -> None:
        batch.messages += 1
        batch.size += len(message.data)
        try:
            found = rows_of(message, self._classifier)
            rows = [row for row in found if row["kind"] in COUNTED_KINDS]
        except Exception as error:  # noqa: BLE001 - one message, however broken, must never hold up those behind it
            self._skip(message.source, f"cannot be read: {type(error).__name__}")
            return
        if isinstance(found, Rows):
            self._log.warning("over_bound", message=message.source, bounds=",".join(found.exceeded))
        if rows:
            batch.counted.add(message.source)
        batch.rows += rows

    def _commit(self, batch: _Batch) -> None:
        """Rows first. A kill between the two lines that matter costs a second reading, and nothing else."""
        new = 0
        suspected = None
        if batch.rows:
            from analyzer.history.signed import add_bounces

            done, suspected = add_bounces(self._workspace, batch.rows, self._keys)
            new = done.added if done else 0
        self._source.keep(batch.steps, batch.counted)
        if not batch.messages:
            return
        self.taken.messages += batch.messages
        self.taken.bounces += len(batch.rows)
        self.taken.new += new
        self._log.info("taken", messages=batch.messages, bounces=len(batch.rows), new=new)
        if suspected is not None:
            self._log.warning("suspected_forged", why="bad_signature", bounces=suspected.read, new=suspected.added)
        for row in batch.rows:
            told = {name: row[name] for name in ("recipient", "label", "reason", "record_id")}
            self._log.debug("bounce", **told, at=row["source"])
        if batch.rows:
            self.taken.commits += 1
            if self.taken.commits % _COMPACT_EVERY == 0:
                self._workspace.compact(only="bounces")

    def _skip(self, source: str, why: str) -> None:
        self._log.warning("skipped", message=source, why=why)


def _may_pass(error: AnalyzerError) -> bool:
    """Whether another try may go well by itself."""
    return isinstance(error, ConnectionTroubleError | BusyError) or (
        isinstance(error, LoginRefusedError) and error.later
    )


def _delay(failures: int, error: AnalyzerError) -> float:
    """Longer each time, and never the same for all who lost the same server."""
    longest = min(_LONGEST_S, _FIRST_S * 2.0 ** min(failures - 1, 20))
    if not _may_pass(error):
        longest = max(longest, _REFUSED_S)
    return random.uniform(longest / 2, longest)  # noqa: S311
