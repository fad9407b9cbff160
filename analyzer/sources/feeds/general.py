"""Any event, lead or suppressed address that says by its words what became of a mail; for providers without a reader.

The words lie in `rules/outcomes.toml`, where each provider whose words mean something of their own has a row (Maileroo,
Netcore, Scaleway, Cloudflare, GreenArrow, Woodpecker, Reply.io, Snov.io, Mailshake, Apollo, Salesloft, …).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.records import COUNTED_KINDS
from analyzer.sources.feeds.reader import Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.sources.feeds.reader import JsonObject
    from analyzer.sources.lists.outcomes import Outcome


class General:
    """Told by words."""

    name = "list"

    def __init__(self) -> None:
        # Each event is asked about twice: whether it is known, and what it tells. One value, so that no thread can find
        # the event of one with the outcome of another.
        self._last: tuple[JsonObject | None, Outcome | None] = (None, None)

    def recognises(self, event: JsonObject) -> bool:
        """By a recipient, and a word that says what became of a mail."""
        return self._outcome(event) is not None

    def tells(self, event: JsonObject, *, expected: bool) -> bool:
        """Whether such an object alone shows that a file is a feed; a list of leads has states too.

        `expected`: somebody gave the file as one of bounces.
        """
        outcome = self._outcome(event)
        if outcome is None:
            return False
        return outcome.feed != self.name or (outcome.kind in COUNTED_KINDS and (expected or outcome.plainly))

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about whom it names."""
        from analyzer.sources.lists.outcomes import report_of

        outcome = self._outcome(event)
        # Whoever made the event may change it now.
        self._last = None, None
        if outcome is not None:
            yield Told(report_of(outcome, outcome.feed))

    def _outcome(self, event: JsonObject) -> Outcome | None:
        # Nearly all feeds have a reader of their own.
        from analyzer.sources.lists.outcomes import named_values, outcome_of

        last, outcome = self._last
        if last is not event:
            outcome = outcome_of(named_values(event), of_a_log=False)
            self._last = event, outcome
        return outcome


GENERAL = General()
