"""weekly.html: one file that opens from disk; frame, look and policy are those of every page (`report.templating`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.report import charts, sentences, trend, words
from analyzer.report.templating import render
from analyzer.report.weekly import words as say

if TYPE_CHECKING:
    from markupsafe import Markup

    from analyzer.diagnose.weeks.findings import WeekFindings
    from analyzer.diagnose.weeks.weekly import Series, Week

_TEMPLATES = Path(__file__).parent / "templates"
#: Rows of a breakdown; weekly.json holds all.
_ROWS = 20
_REASONS, _CHANGES, _FIXES = 15, 12, 6
_DIMENSIONS = ("sender", "sender_domain", "provider", "campaign")
#: Below this a rate is printed softly.
_FEW = 30


def html(run: WeekFindings) -> str:
    """The whole page."""
    week = run.week
    tone, sentence = say.verdict(week)
    return render(
        "weekly.html",
        folders=(_TEMPLATES,),
        extra_style=(_TEMPLATES / "weekly.css").read_text(encoding="utf-8"),
        week=week,
        run=run,
        say=say,
        tone=tone,
        tones=sentences.TONE_NAMES,
        sentence=sentence,
        aside=say.set_aside(run.diagnosis),
        actions=say.actions(week, run.diagnosis),
        changed=[(say.KIND_NAMES[kind], found) for kind, found in say.changed(week).items() if found],
        changes_cap=_CHANGES,
        panels=_panels(week),
        breakdowns=[_breakdown(week, name) for name in _DIMENSIONS if any(s.dimension == name for s in week.series)],
        total=[one for one in week.series if one.dimension == "total"],
        reasons=week.reasons[:_REASONS],
        verdicts=sentences.verdicts(run.diagnosis) if run.diagnosis else (),
        fixes=sentences.ordered_fixes(run.diagnosis)[:_FIXES] if run.diagnosis else [],
    )


def _panels(week: Week) -> list[Markup]:
    """Hard and spam over the weeks with the alarm band, on one scale; [] with fewer than two weeks of mail."""
    rows = [row for row in week.trend if row.sends]
    if len(rows) < 2:
        return []
    found: dict[str, list[trend.Point]] = {}
    for kind in say.MEASURE_NAMES:
        found[kind] = [
            trend.Point(
                row.week, rate.rate or 0.0, rate.low or 0.0, rate.high or 0.0, rate.count, rate.leads,
                getattr(row, f"{kind}_band"),
            )
            for row in rows
            for rate in (getattr(row, kind),)
        ]  # fmt: skip
    scale = trend.scale_of([point for points in found.values() for point in points])
    return [trend.panel(say.FIGURE_NAMES[kind], kind, points, scale) for kind, points in found.items()]


def _breakdown(week: Week, dimension: str) -> dict[str, Any]:
    """One table: a row for each value, both measures beside each other, what is in alarm first."""
    rows: dict[str, dict[str, Series]] = {}
    for one in week.series:
        if one.dimension == dimension:
            rows.setdefault(one.value, {})[one.measure] = one
    urgent = {"alarm": 0, "recovering": 1, "watch": 2}
    ordered = sorted(
        rows.items(),
        key=lambda item: (min(urgent.get(one.state, 3) for one in item[1].values()), -_sends(item[1]), item[0]),
    )
    shown = ordered[:_ROWS]
    scale = charts.scale_for(
        [one.now.high for _, pair in shown for one in pair.values() if one.now.leads >= _FEW] or [0.01]
    )
    return {
        "dimension": dimension,
        "title": words.dimension_title(dimension),
        "more": len(ordered) - len(shown),
        "scale": words.limit_words(scale.top),
        # As `extracts.counts_only` has it of leads.
        "misleading": dimension == "provider" and 5 * _sends(rows.get("", {})) > week.sends,
        "rows": [
            {
                "name": words.value_name(dimension, value),
                "sends": _sends(pair),
                "few": _sends(pair) < _FEW,
                "cells": [
                    (one, charts.bar(one.now.rate, one.now.low, one.now.high, scale, one.measure, one.usual))
                    for one in (pair["hard"], pair["spam"])
                ],
            }
            for value, pair in shown
        ],
    }


def _sends(pair: dict[str, Series]) -> int:
    return max((one.now.leads for one in pair.values()), default=0)
