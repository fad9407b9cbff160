"""The weekly report over a workspace: `run_weekly`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.api.tables import refuse_no_share
from analyzer.classify import classifier_of
from analyzer.diagnose.weeks.findings import WeekFindings
from analyzer.errors import UnreadableInputError
from analyzer.knowledge import rules_version
from analyzer.logbook import Log

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.history.counts import Counts
    from analyzer.history.files import TableFiles
    from analyzer.history.iso_weeks import Weeks
    from analyzer.verp.keys import Keys


#: Where bad leads come from is looked for in so many of the last weeks at most, and in no more than have these mails.
_RECENT_WEEKS, _ENOUGH_MAILS = 4, 10_000


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
    from analyzer.diagnose.weeks.alarms import limits
    from analyzer.diagnose.weeks.leads import above_since, diagnosis_of_week, first_rates, new_leads
    from analyzer.diagnose.weeks.places import placed
    from analyzer.diagnose.weeks.weekly import week_of_counts
    from analyzer.history import check_week
    from analyzer.history.audience import audience, first_written
    from analyzer.history.counts import RECENT, count_weeks
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
        number = _recent_weeks(counts)
        of_week = _mails(files, weeks, 1, rules, verp_keys)
        recent = _mails(files, weeks, number, rules, verp_keys) if of_week and number > 1 else of_week
        whom = audience(files, weeks.last(RECENT + 1), weeks)
        version = rules_version(rules)
        diagnosis = leads = None
        if of_week is not None and recent is not None:
            diagnosis = diagnosis_of_week(
                *of_week, tolerance=tolerance, rules_version=version, tool_version=__version__
            )
            leads = new_leads(diagnosis, recent[1], number, tolerance) if len(of_week[1].sends) else None
        if leads is not None and leads.above:
            since = above_since(weeks.labels, first_rates(first_written(files, weeks)), tolerance)
            leads = replace(leads, above_since=since)
    monday: date = monday_of(label)
    found = week_of_counts(
        counts,
        starts=monday.isoformat(),
        ends=(monday + timedelta(days=6)).isoformat(),
        timezone=timezone or "UTC",
        tolerance=tolerance,
        leads=leads,
        whom=whom,
    )
    return WeeklyRun(
        week=found if of_week is None else placed(found, of_week[0].sends),
        diagnosis=diagnosis,
        tool_version=__version__,
        rules_version=version,
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


def _recent_weeks(counts: Counts) -> int:
    """How many of the last weeks are looked at for where bad leads come from: as few as have mails enough."""
    mails = counts.sends[""].groupby("week")["sends"].sum()
    last = len(counts.weeks.labels) - 1
    sent = 0
    for number in range(1, _RECENT_WEEKS + 1):
        sent += int(mails.get(last - number + 1, 0))
        if sent >= _ENOUGH_MAILS:
            return number
    return min(_RECENT_WEEKS, last + 1)


def _mails(
    files: TableFiles, weeks: Weeks, number: int, rules: Path | None, keys: Keys | None
) -> tuple[Correlated, Correlated] | None:
    """The mails of the last `number` of `weeks` with what came back of them, and those of them to leads who were first
    written to then; None where no mail was sent.
    """
    from analyzer.correlate import correlate
    from analyzer.diagnose.weeks.leads import first_written_to
    from analyzer.history.counts import rows_of, written_before

    rows = rows_of(files, weeks.last(number))
    if not rows.sends["recipient"].str.contains("@", regex=False).any():
        return None
    judge = classifier_of(rules).classify if rules else None
    leads = rows.leads if len(rows.leads) else None
    try:
        found = correlate(rows.bounces, rows.sends, leads, judge=judge, verp_keys=keys)
    except UnreadableInputError:
        # Every row of the log says that it was not sent.
        return None
    return found, first_written_to(found, written_before(files, weeks, number))
