"""weekly.json: the week as plain lists and dicts, with the sentences that every other output prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from analyzer.diagnose.weeks.weekly import SCHEMA_VERSION
from analyzer.report.data import readable_json
from analyzer.report.weekly import words

if TYPE_CHECKING:
    from analyzer.diagnose.weeks.findings import WeekFindings


def values(run: WeekFindings) -> dict[str, Any]:
    """What weekly.json holds; `weekly.schema.json` says its shape. Counts are mails, `leads` in a rate among them."""
    week = run.week
    tone, sentence = words.verdict(week)
    return {
        "schema_version": SCHEMA_VERSION,
        "tool_version": run.tool_version,
        "rules_version": run.rules_version,
        "options": {"tolerance": run.tolerance, "timezone": week.timezone},
        "week": week.week,
        "starts": week.starts,
        "ends": week.ends,
        "sends": week.sends,
        "weeks_before": week.weeks_before,
        "last_bounce": week.last_bounce,
        "verdict": {"tone": tone, "sentence": sentence},
        "alarms": len(week.alarms),
        "do_now": [{"what": one.what, "detail": one.detail} for one in words.actions(week, run.diagnosis)],
        "changed": words.changed(week),
        "leads": None if week.leads is None else asdict(week.leads),
        "figures": [_renamed(asdict(one)) for one in week.figures],
        "trend": [_renamed(asdict(one)) for one in week.trend],
        "series": [_renamed(asdict(one)) for one in week.series],
        "reasons": [_renamed(asdict(one)) for one in week.reasons],
        "improvements": [_renamed(asdict(one)) | {"sentence": words.improved(one)} for one in week.improvements],
        "decaying_sources": [_renamed(asdict(one)) | {"sentence": words.decayed(one)} for one in week.decaying_sources],
        "changes": [_renamed(asdict(one)) | {"sentence": words.change(one, week)} for one in week.changes],
        "diagnosis": _diagnosis(run),
    }


def json_text(run: WeekFindings) -> str:
    """weekly.json as text."""
    return readable_json(values(run))


def _diagnosis(run: WeekFindings) -> dict[str, Any] | None:
    """The verdicts on this week's mails alone, and the fixes that they ask for."""
    if run.diagnosis is None:
        return None
    found = run.diagnosis
    return {
        "leads_contacted": found.totals.leads_contacted,
        "unmatched": found.matching.unmatched,
        "suspected_forged": found.matching.suspected_forged,
        "set_aside": words.set_aside(found),
        "recommendation": found.data_quality.recommendation,
        "guessed_effect": found.data_quality.guessed_effect,
        "why_data": found.data_quality.why,
        "side": found.deliverability.side,
        "why_deliverability": found.deliverability.why,
        "fixes": [asdict(fix) for fix in found.deliverability.fixes],
    }


def _renamed(value: Any) -> Any:
    """Rates are of mails here, so that is what they say."""
    if isinstance(value, dict):
        if set(value) == {"count", "leads", "rate", "low", "high"}:
            return {"sends" if key == "leads" else key: item for key, item in value.items()}
        return {key: _renamed(item) for key, item in value.items()}
    return [_renamed(item) for item in value] if isinstance(value, (list, tuple)) else value
