"""What the report takes out of the correlated frames: real examples of each reason, the grid, the order of rows.

Only picking and counting happens here. Rates and judgements are the diagnosis's; the grid is left out where its margins
are not the diagnosis's own figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.diagnose.leads.contacts import dimension, pairs
from analyzer.records import EMAIL_STATUSES, INDUSTRY_GROUPS
from analyzer.report.words import NOT_GIVEN, clean, period

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.diagnose.diagnosis import Diagnosis, Row
    from analyzer.diagnose.weeks.bands import Band

_EXAMPLES = 2
#: Dimensions that run in an order of their own.
_IN_TIME = ("step", "week")


@dataclass(frozen=True, slots=True)
class Example:
    """One real reply: its words, who gave it, when, and what decided the reason."""

    diagnostic: str
    provider: str
    received_at: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many bounces (not leads) gave a reason, and how they put it."""

    reason: str
    label: str
    fault: str
    bounces: int
    examples: list[Example]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the grid: distinct leads contacted, and how many of them bounced in which way."""

    leads: int
    hard: int
    spam: int


@dataclass(frozen=True, slots=True)
class Grid:
    """Email status (rows) by industry group (columns); a cell is None where no lead was contacted."""

    statuses: list[str]
    groups: list[str]
    cells: dict[tuple[str, str], Cell]


#: What a mail's own row tells of its bounce.
_OF_MARKED = ("recipient", "sender", "provider", "diagnostic", "label", "fault", "reason")


def counted(bounces: pd.DataFrame) -> pd.DataFrame:
    """The bounces that speak for themselves: no duplicates, no suspected forgeries."""
    kept = pd.Series(True, index=bounces.index)
    if "duplicate_of" in bounces:
        kept &= bounces["duplicate_of"].fillna("") == ""
    if "suspected_forged" in bounces:
        kept &= ~bounces["suspected_forged"].fillna(False).astype(bool)
    return bounces[kept]


def marked_only(sends: pd.DataFrame, bounces: pd.DataFrame) -> pd.DataFrame:
    """The mails that the log alone says bounced, in the columns of bounces that a reason needs."""
    wanted = ["reason", "label", "fault", "diagnostic", "provider", "received_at", "decided_by"]
    rows = _marked(sends, bounces)
    return rows.assign(received_at="", decided_by="").reindex(columns=wanted, fill_value="")


def _marked(sends: pd.DataFrame, bounces: pd.DataFrame) -> pd.DataFrame:
    """The mails that the log alone says bounced."""
    if sends.empty or "label" not in sends:
        return sends.iloc[:0]
    rows = sends[sends["label"].fillna("") != ""]
    if "send_id" in bounces and "send_id" in rows:
        rows = rows[~rows["send_id"].isin(bounces["send_id"].dropna())]
    return rows


def every_bounce(bounces: pd.DataFrame, sends: pd.DataFrame) -> pd.DataFrame:
    """The bounces, and below them one row for each mail that the log alone says bounced (`match_method` is "log")."""
    if "record_id" not in sends:
        return bounces
    marked = _marked(sends, bounces)
    # What a bounce tells of bears its record.
    marked = marked[(marked["record_id"].fillna("") == "").to_numpy()]
    if marked.empty:
        return bounces
    rows = pd.DataFrame(
        {
            "kind": np.where(dimension(marked, "fault").text() == "complaint", "complaint", "bounce"),
            "original_message_id": dimension(marked, "message_id").text(),
            "action": "failed",
            "format": "log",
            "match_method": "log",
            "suspected_forged": False,
            "duplicate_of": "",
            **{name: dimension(marked, name).text() for name in _OF_MARKED},
            **{name: marked[name].to_numpy() for name in ("transient", "send_id") if name in marked},
        }
    )
    return pd.concat(
        [bounces, rows.reindex(columns=[name for name in bounces.columns if name in rows])], ignore_index=True
    )


def reason_counts(bounces: pd.DataFrame, sends: pd.DataFrame | None = None) -> list[ReasonCount]:
    """Every reason that occurs, the most frequent first, each with up to two replies from different providers.

    With `sends`, mails that only the log marks as bounced count as well.
    """
    frame = counted(bounces)
    if sends is not None and len(marked := marked_only(sends, bounces)):
        frame = marked if frame.empty else pd.concat([frame[list(marked.columns)], marked], ignore_index=True)
    if frame.empty:
        return []
    found = []
    for reason, rows in frame.groupby("reason", sort=True):
        first = rows.iloc[0]
        found.append(ReasonCount(str(reason), str(first["label"]), str(first["fault"]), len(rows), _examples(rows)))
    return sorted(found, key=lambda row: (-row.bounces, row.reason))


def _examples(rows: pd.DataFrame) -> list[Example]:
    """The most frequent reply, then the most frequent one of another provider: two ways of saying the same."""
    said = rows[rows["diagnostic"].fillna("") != ""]
    if said.empty:
        return []
    sizes = said.groupby(["diagnostic", "provider"], sort=True).size().sort_values(ascending=False, kind="stable")
    chosen: list[Example] = []
    providers: set[str] = set()
    for diagnostic, provider in sizes.index[:1000]:
        if provider in providers:
            continue
        providers.add(provider)
        row = said[(said["diagnostic"] == diagnostic) & (said["provider"] == provider)].iloc[0]
        chosen.append(Example(diagnostic, provider, str(row["received_at"])[:10], str(row["decided_by"])))
        if len(chosen) == _EXAMPLES:
            break
    return chosen


def ordered_rows(dimension: str, rows: Sequence[Row]) -> list[Row]:
    """The rows of a breakdown in reading order: a known scale, time as it comes, else the largest first."""
    if dimension in _IN_TIME:
        return list(rows)
    scale = {"email_status": EMAIL_STATUSES, "industry_group": INDUSTRY_GROUPS}.get(dimension, ())
    return sorted(
        rows, key=lambda row: (scale.index(row.value) if row.value in scale else len(scale), -row.leads, row.value)
    )


def largest(rows: Sequence[Row], cap: int) -> list[Row]:
    """The `cap` rows with the most leads, in the order in which they came."""
    kept = sorted(range(len(rows)), key=lambda number: (-rows[number].leads, number))[:cap]
    return [rows[number] for number in sorted(kept)]


def grid(diagnosis: Diagnosis, sends: pd.DataFrame) -> Grid | None:
    """Status by industry group; None where a campaign has not both, or where the counts are not the diagnosis's."""
    needed = {"recipient", "email_status", "industry_group", "label"}
    statuses, groups = (
        [row.value for row in ordered_rows(name, diagnosis.breakdown.get(name, []))]
        for name in ("email_status", "industry_group")
    )
    if len(statuses) < 2 or len(groups) < 2 or not needed <= set(sends.columns):
        return None
    status, group, label = (dimension(sends, name) for name in ("email_status", "industry_group", "label"))
    lead, people = pd.factorize(sends["lead"] if "lead" in sends else sends["recipient"].astype(str).str.casefold())
    cell, size = status.codes * len(group.values) + group.codes, len(status.values) * len(group.values)
    chosen = {kind: label.codes == label.values.index(kind) for kind in ("hard", "spam") if kind in label.values}
    leads = np.bincount(pairs(cell, lead, len(people))[0], minlength=size)
    bounced = {
        kind: np.bincount(pairs(cell[rows], lead[rows], len(people))[0], minlength=size)
        for kind, rows in chosen.items()
    }
    none = np.zeros(size, dtype=np.int64)
    cells = {
        (status.values[at // len(group.values)] or NOT_GIVEN, group.values[at % len(group.values)] or NOT_GIVEN): Cell(
            int(leads[at]), int(bounced.get("hard", none)[at]), int(bounced.get("spam", none)[at])
        )
        for at in np.flatnonzero(leads)
    }
    found = Grid(statuses, groups, cells)
    return found if _agrees(diagnosis, found) else None


def _agrees(diagnosis: Diagnosis, found: Grid) -> bool:
    for position, name in enumerate(("email_status", "industry_group")):
        for row in diagnosis.breakdown[name]:
            mine = [cell for key, cell in found.cells.items() if key[position] == row.value]
            sums = tuple(sum(getattr(cell, name) for cell in mine) for name in ("leads", "hard", "spam"))
            if sums != (row.leads, row.hard, row.spam):
                return False
    return True


def sent_between(sends: pd.DataFrame) -> str:
    """ "16 February to 14 March 2026"; "" where the log has no times."""
    if "sent_at" not in sends or sends.empty:
        return ""
    times = pd.to_datetime(sends["sent_at"], utc=True, errors="coerce").dropna()
    return period(times.min().date(), times.max().date()) if len(times) else ""


def bands(sends: pd.DataFrame) -> dict[str, dict[str, Band]]:
    """By label and week: where chance alone would leave the week; {} where the weeks do not compare."""
    from analyzer.diagnose.weeks.bands import week_bands

    return week_bands(sends) if "week" in sends else {}


def counts_only(diagnosis: Diagnosis, dimension: str) -> bool:
    """Whether the rates of a breakdown mislead: most leads' provider is known only where one of them bounced."""
    rows = diagnosis.breakdown.get(dimension, []) if dimension == "provider" else []
    unknown = sum(row.leads for row in rows if row.value == NOT_GIVEN)
    return unknown > sum(row.leads for row in rows) / 5


def silent_bounces(rows: Sequence[Row]) -> bool:
    """Whether a breakdown has bounces that say nothing of their cause, which then need a column of their own."""
    return any(row.unknown for row in rows)


def suppression_counts(suppression: pd.DataFrame) -> list[tuple[str, int]]:
    """(reason, addresses), the most frequent first; a list without reasons gives one nameless row."""
    if suppression.empty:
        return []
    if "reason" not in suppression:
        return [("", len(suppression))]
    sizes = suppression["reason"].fillna("").astype(str).value_counts()
    return sorted(((clean(reason), int(number)) for reason, number in sizes.items()), key=lambda row: (-row[1], row[0]))
