"""report.html: one file that opens from disk, asks nobody for anything, and shows hostile text as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.diagnose.diagnosis import DIMENSIONS
from analyzer.report import charts, extracts, sentences, trend, words
from analyzer.report.how import HOW
from analyzer.report.templating import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from analyzer.correlate import Correlated
    from analyzer.diagnose.diagnosis import Diagnosis
    from analyzer.diagnose.weeks.bands import Band

#: Rows of a table; the workbook and bounces.csv hold the rest.
CAP = 50
#: Rows of a breakdown, and of one in a fold.
_ROWS = 20
#: Addresses shown of those to leave alone: enough to see what they are.
_ADDRESSES = 8
#: Characters of a receiver's reply.
_REPLY = 400
#: A reasoning longer than this folds away under its verdict.
_LONG = 360
#: Fixes that stand open; the reader has five minutes.
_OPEN_FIXES = 2
#: Below this a rate of a cell or row is printed softly: one bounce more or less changes it by whole points.
_FEW_LEADS = 30
#: Breakdowns that most readers want first; the others fold away.
_FIRST = ("email_status", "industry", "provider", "campaign", "sender")


def html(
    diagnosis: Diagnosis,
    correlated: Correlated,
    suppression: pd.DataFrame,
    next_rows: int | None = None,
    mappings: Sequence[str] = (),
) -> str:
    """The whole page. `next_rows` is the number of rows in next_send.csv, None where there is none.

    `mappings` says of each table which of its columns was taken for what, a line a table.
    """
    limit = words.tolerance(diagnosis.options)
    weeks = diagnosis.breakdown.get("week", [])
    bands = extracts.bands(correlated.sends) if len(weeks) > 1 else {}
    return render(
        "page.html",
        d=diagnosis,
        subtitle=_subtitle(diagnosis, correlated),
        verdicts=sentences.verdicts(diagnosis),
        actions=sentences.actions(diagnosis),
        tones=sentences.TONE_NAMES,
        tiles=_tiles(diagnosis),
        last_week=_last_week(diagnosis, bands),
        trends=trend.panels(weeks, bands),
        banded=bool(bands),
        grid=_grid(diagnosis, correlated),
        forecast=charts.forecast(diagnosis.data_quality.forecast, limit),
        forecast_rows=[
            (key, name, explained, getattr(diagnosis.data_quality.forecast, key))
            for key, (name, explained) in words.FORECAST_NAMES.items()
        ],
        limit=limit,
        guessed_lines=words.guessed_lines(diagnosis),
        next_given=bool(next_rows) or any(item.kind == "next" for item in diagnosis.inputs),
        next_rows=next_rows,
        ranking=words.ranking_line(diagnosis.data_quality),
        breakdowns=[_breakdown(diagnosis, name) for name in DIMENSIONS if diagnosis.breakdown.get(name)],
        drivers=[(label, [row for row in diagnosis.drivers if row.label == label]) for label in ("hard", "spam")],
        fixes=sentences.ordered_fixes(diagnosis),
        reasons=extracts.reason_counts(correlated.bounces, correlated.sends),
        suppressed=len(suppression),
        suppressed_by=extracts.suppression_counts(suppression),
        suppression=_suppression_rows(suppression),
        methods=_methods(diagnosis),
        worked_out=HOW,
        unclassified=_unclassified(diagnosis),
        mappings=mappings,
        redacted=bool(diagnosis.options.get("redact")),
        first=_FIRST,
        open_fixes=_OPEN_FIXES,
        cap=CAP,
        reply=_REPLY,
        long=_LONG,
    )


def _subtitle(diagnosis: Diagnosis, correlated: Correlated) -> list[str]:
    """When, what and how much: "16 February to 14 March 2026", "2 campaigns", …"""
    parts = [extracts.sent_between(correlated.sends)]
    for dimension, one in (("campaign", "campaign"), ("sender", "sender mailbox")):
        rows = [row for row in diagnosis.breakdown.get(dimension, []) if row.value != words.NOT_GIVEN]
        many = "sender mailboxes" if dimension == "sender" else ""
        number = len(rows) + diagnosis.breakdown_left_out.get(dimension, 0)
        parts.append(words.plural(number, one, many) if rows else "")
    return [part for part in parts if part]


def _tiles(diagnosis: Diagnosis) -> list[tuple[str, str, str, Sequence[str]]]:
    """(name, class, figure, lines under it)."""
    totals = diagnosis.totals
    tiles: list[tuple[str, str, str, Sequence[str]]] = []
    for (name, value), kind in zip(words.named_rates(totals), ("hard", "hard", "spam", "plain"), strict=True):
        lines = [words.rate_line(value)]
        if value.low is not None:
            lines.append(f"range {words.spread(value.low, value.high)}")
        tiles.append((name, kind, words.percent(value.rate), lines))
    per_lead = totals.emails_sent / totals.leads_contacted if totals.leads_contacted else 0
    return [
        *tiles,
        ("Leads contacted", "plain", words.count(totals.leads_contacted), ["each counted once"]),
        ("Emails sent", "plain", words.count(totals.emails_sent), [f"{per_lead:.1f} a lead"] if per_lead else []),
    ]


def _last_week(diagnosis: Diagnosis, bands: Mapping[str, Mapping[str, Band]]) -> dict[str, Any] | None:
    """The last week held against the weeks before it; None where they do not compare."""
    weeks = [row for row in diagnosis.breakdown.get("week", []) if row.value != words.NOT_GIVEN and row.leads]
    if not weeks or not bands:
        return None
    last = weeks[-1]
    rows = []
    for label in ("hard", "spam"):
        band = bands.get(label, {}).get(last.value)
        if band is None:
            return None
        rate, low, high = (getattr(last, f"{label}_{part}") for part in ("rate", "low", "high"))
        rows.append((label, rate, low, high, band, words.BAND_WORDS[band.says(rate)]))
    return {"week": last.value, "starts": words.week_starts(last.value), "leads": last.leads, "rows": rows}


def _grid(diagnosis: Diagnosis, correlated: Correlated) -> dict[str, Any] | None:
    found = extracts.grid(diagnosis, correlated.sends)
    if found is None:
        return None
    cells = found.cells.values()
    sure = [cell for cell in cells if cell.leads >= _FEW_LEADS] or list(cells)
    scale = charts.scale_for([share for cell in sure for share in (cell.hard / cell.leads, cell.spam / cell.leads)])
    rows = []
    for status in found.statuses:
        row: list[dict[str, Any] | None] = []
        for group in found.groups:
            cell = found.cells.get((status, group))
            row.append(
                None
                if cell is None
                else {
                    "leads": cell.leads,
                    "few": cell.leads < _FEW_LEADS,
                    "hard": cell.hard / cell.leads,
                    "spam": cell.spam / cell.leads,
                    "hard_bar": charts.bar(cell.hard / cell.leads, None, None, scale, "hard"),
                    "spam_bar": charts.bar(cell.spam / cell.leads, None, None, scale, "spam"),
                }
            )
        rows.append((words.value_name("email_status", status), row))
    return {"groups": [words.value_name("industry_group", group) for group in found.groups], "rows": rows}


def _breakdown(diagnosis: Diagnosis, dimension: str) -> dict[str, Any]:
    rows = diagnosis.breakdown[dimension]
    shown = extracts.ordered_rows(dimension, extracts.largest(rows, _ROWS))
    scale = charts.rows_scale(shown)
    totals = diagnosis.totals
    return {
        "dimension": dimension,
        "place": _FIRST.index(dimension) if dimension in _FIRST else len(_FIRST),
        "title": words.dimension_title(dimension),
        "shown": len(shown),
        "more": len(rows) - len(shown),
        "left_out": words.left_out_line(diagnosis, dimension),
        "scale": words.limit_words(scale.top),
        "counts": extracts.counts_only(diagnosis, dimension),
        "silent": extracts.silent_bounces(rows),
        "rows": [
            {
                "name": words.value_name(dimension, row.value),
                "row": row,
                "few": row.leads < _FEW_LEADS,
                "hard": charts.bar(row.hard_rate, row.hard_low, row.hard_high, scale, "hard", totals.hard.rate),
                "spam": charts.bar(row.spam_rate, row.spam_low, row.spam_high, scale, "spam", totals.spam.rate),
            }
            for row in shown
        ],
    }


def _suppression_rows(suppression: pd.DataFrame) -> list[dict[str, str]]:
    rows = suppression.head(_ADDRESSES).reindex(columns=["email", "reason", "date", "evidence"]).fillna("")
    return [{str(key): str(value) for key, value in row.items()} for row in rows.to_dict("records")]


def _methods(diagnosis: Diagnosis) -> list[tuple[str, int]]:
    by_method = diagnosis.matching.by_method
    return [(explained, getattr(by_method, name)) for name, explained in words.METHOD_NAMES.items()]


def _unclassified(diagnosis: Diagnosis) -> int:
    """Leads whose industry is not known."""
    rows = diagnosis.breakdown.get("industry_group", [])
    return sum(row.leads for row in rows if row.value in {"unclassified", words.NOT_GIVEN})
