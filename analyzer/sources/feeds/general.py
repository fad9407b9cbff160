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

    def recognises(self, event: JsonObject) -> bool:
        """By a recipient, and a word that says what became of a mail."""
        return _outcome(event) is not None

    def tells(self, event: JsonObject, *, expected: bool) -> bool:
        """Whether such an object alone shows that a file is a feed; a list of leads has states too.

        `expected`: somebody gave the file as one of bounces.
        """
        outcome = _outcome(event)
        if outcome is None:
            return False
        return outcome.feed != self.name or (outcome.kind in COUNTED_KINDS and (expected or outcome.plainly))

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about whom it names."""
        from analyzer.sources.lists.outcomes import report_of

        outcome = _outcome(event)
        if outcome is not None:
            yield Told(report_of(outcome, outcome.feed))


def _outcome(event: JsonObject) -> Outcome | None:
    # Nearly all feeds have a reader of their own.
    from analyzer.sources.lists.outcomes import named_values, outcome_of

    return outcome_of(named_values(event), of_a_log=False)


GENERAL = General()
