"""The weekly report over a workspace: `run_weekly`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.api.tables import refuse_no_share
from analyzer.classify import classifier_of
from analyzer.diagnose.week_findings import WeekFindings
from analyzer.errors import UnreadableInputError
from analyzer.knowledge import rules_version
from analyzer.logbook import Log

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.diagnosis import Diagnosis
    from analyzer.history.files import TableFiles
    from analyzer.history.iso_weeks import Weeks
    from analyzer.verp.keys import Keys


class WeeklyRun(WeekFindings):
    """What was found in one week, and the way to write it."""

    __slots__ = ()

    def write(self, out: str | Path, *, redact: bool = False) -> list[Path]:
        """Write the week's page, Markdown and JSON into a folder of its own under `out`, and the index of all weeks.

        The same workspace and week give the same bytes. With `redact` every address is masked. `OutputError` where it
        cannot be written.
        """
        from analyzer.report import weekly

        return weekly.write(self, Path(out), redact=redact)


def run_weekly(
    workspace: str | Path,
    *,
    week: str = "",
    timezone: str = "",
    tolerance: float = 0.05,
    rules: Path | None = None,
    storage_options: dict[str, str] | None = None,
    now: datetime | None = None,
    verp_keys: Keys | None = None,
) -> WeeklyRun:
    """The report of one ISO week of a workspace, held against the 26 weeks before it.

    `week` (such as 2026-W10) is the last week that is over and in which mail was sent, unless given; weeks are those of
    `timezone`, UTC unless given. `tolerance` is the share of bad addresses that is accepted. `now` (this moment) serves
    the choice of the week alone. `AnalyzerError` for a week or zone that is none, `UnreadableInputError` for a
    workspace without mail in those weeks.
    """
    from analyzer.diagnose.alarms import limits
    from analyzer.diagnose.weekly import week_of_counts
    from analyzer.history import check_week
    from analyzer.history.counts import count_weeks
    from analyzer.history.files import TableFiles
    from analyzer.history.iso_weeks import monday_of, weeks_until, zone_of
    from analyzer.version import __version__

    refuse_no_share(tolerance)
    zone = zone_of(timezone)
    judge = classifier_of(rules).classify if rules else None
    with TableFiles(workspace, storage_options) as files:
        label = check_week(week) or _last_whole_week(files, timezone, now or datetime.now(UTC))
        weeks = weeks_until(label, limits().weeks, zone)
        if not set(weeks.partitions()) & set(files.weeks("sends")):
            problem = f"holds no sends in {label} or the {limits().weeks} weeks before it"
            raise UnreadableInputError(str(workspace), problem, "take a log in with bounce-analyzer ingest")
        Log("weekly").info("counting", workspace=str(workspace), week=label)
        counts = count_weeks(files, weeks, judge, verp_keys)
        correlated = _correlated(files, weeks, rules, verp_keys)
    monday: date = monday_of(label)
    found = week_of_counts(
        counts,
        starts=monday.isoformat(),
        ends=(monday + timedelta(days=6)).isoformat(),
        timezone=timezone or "UTC",
        tolerance=tolerance,
    )
    return WeeklyRun(
        week=found,
        diagnosis=_diagnosed(correlated, tolerance, rules) if correlated is not None else None,
        tool_version=__version__,
        rules_version=rules_version(rules),
        tolerance=tolerance,
    )


def _last_whole_week(files: TableFiles, timezone: str, now: datetime) -> str:
    """The last week that is over and in which mail was sent."""
    from analyzer.history.counts import last_sent
    from analyzer.history.iso_weeks import week_at, weeks_until, zone_of

    zone = zone_of(timezone)
    this_week = weeks_until(week_at(now, zone), 0, zone).bounds[0]
    sent = last_sent(files, this_week)
    if sent is None:
        if not files.weeks("sends"):
            raise UnreadableInputError(files.place, "holds no sends", "take a log in with bounce-analyzer ingest")
        raise UnreadableInputError(files.place, "holds no sends of a week that is over", "name a week with --week")
    return week_at(sent, zone)


def _correlated(files: TableFiles, weeks: Weeks, rules: Path | None, keys: Keys | None) -> Correlated | None:
    """The last week's mails with what came back of them; None where none was sent."""
    from analyzer.correlate import correlate
    from analyzer.history.counts import last_week

    rows = last_week(files, weeks)
    if not rows.sends["recipient"].str.contains("@", regex=False).any():
        return None
    judge = classifier_of(rules).classify if rules else None
    try:
        return correlate(rows.bounces, rows.sends, rows.leads if len(rows.leads) else None, judge=judge, verp_keys=keys)
    except UnreadableInputError:
        # Every row of the week's log says that it was not sent.
        return None


def _diagnosed(correlated: Correlated, tolerance: float, rules: Path | None) -> Diagnosis:
    """Of the addresses, what the leads first written to in the week tell; of refusals, what all of its mails do."""
    from analyzer.diagnose import assess
    from analyzer.diagnose.contacts import contacts
    from analyzer.version import __version__

    version = rules_version(rules)
    counted = contacts(correlated)
    judged = partial(assess, correlated, counted, tolerance=tolerance, rules_version=version, tool_version=__version__)
    found, _ = judged()
    if found.totals.leads_contacted == len(counted.leads):
        return found
    whole, _ = judged(begun_before=True)
    return replace(found, deliverability=whole.deliverability, other_hard=whole.other_hard)
