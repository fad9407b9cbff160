"""Whether a table is a list of bounces, by its names and its first rows, and what one of its rows tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from analyzer.records import COUNTED_KINDS, Event
from analyzer.sources.lists.layouts import LIST, is_known_list, is_of_a_log, names_a_recipient
from analyzer.sources.lists.outcomes import outcome_of, report_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.sources.lists.outcomes import Outcome

#: So many rows tell whether a table is a list of bounces.
LOOKED_AT: Final = 500


def is_list(names: Sequence[str], rows: Iterable[Sequence[str]], *, expected: bool) -> bool:
    """By the (normalised) names alone where these are enough, else by the first rows: that each of them bounced, or
    (`expected`: somebody gave it as one of bounces) that some did."""
    if not names_a_recipient(names):
        return False
    if is_known_list(names):
        return True
    if is_of_a_log(names) and not expected:
        return False
    told = [_outcome(names, row) for row in rows if len(row) == len(names)]
    counted = [one for one in told if one is not None and one.kind in COUNTED_KINDS]
    return bool(counted) and (expected or len(counted) == len(told))


def event_of(source: str, number: int, names: Sequence[str], cells: Sequence[str]) -> Event | None:
    """What the row tells; None for totals, blank rows, and those of which nothing tells what became of a mail."""
    outcome = _outcome(names, cells)
    return None if outcome is None else Event(f"{source}#{number}", report_of(outcome, LIST))


def _outcome(names: Sequence[str], cells: Sequence[str]) -> Outcome | None:
    return outcome_of(((name,), " ".join(cell.split())) for name, cell in zip(names, cells, strict=False))
