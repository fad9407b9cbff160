"""report.html: one file that opens from disk, asks nobody for anything, and shows hostile text as text.

Style and script are inline and allowed by their hash (CSP Level 3, 8.1), everything else is forbidden. Jinja escapes
every value, and `_shown` strips what cannot be read before that.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analyzer.diagnose.diagnosis import DIMENSIONS
from analyzer.report import charts, extracts, sentences, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analyzer.correlate import Correlated
    from analyzer.diagnose.diagnosis import Diagnosis

_TEMPLATES = Path(__file__).parent / "templates"
#: Rows of a table; the workbook and bounces.csv hold the rest.
CAP = 50
#: Addresses shown of those to leave alone: enough to see what they are.
_ADDRESSES = 15
#: Characters of a receiver's reply.
_REPLY = 400
#: A reasoning longer than this folds away under its verdict.
_LONG = 360
#: Below this a rate of a cell or row is printed softly: one bounce more or less changes it by whole points.
_FEW_LEADS = 30
#: Breakdowns that most readers want first; the others fold away.
_FIRST = ("email_status", "industry_group", "industry", "provider", "sender", "campaign")


def html(
    diagnosis: Diagnosis,
    correlated: Correlated,
    suppression: pd.DataFrame,
    next_rows: int | None = None,
) -> str:
    """The whole page. `next_rows` is the number of leads in next_send.csv, None where there is none."""
    environment = _environment()
    style, script = _part("page.css"), _part("page.js")
    limit = words.tolerance(diagnosis.options)
    return environment.get_template(
        "page.html"
    ).render(
        d=diagnosis,
        policy=(
            f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; "
            "form-action 'none'"
        ),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        verdicts=sentences.verdicts(diagnosis),
        actions=sentences.actions(diagnosis),
        tones=sentences.TONE_NAMES,
        tiles=_tiles(diagnosis),
        grid=_grid(diagnosis, correlated),
        forecast=charts.forecast(diagnosis.data_quality.forecast, limit),
        forecast_rows=[
            (name, explained, getattr(diagnosis.data_quality.forecast, key))
            for key, (name, explained) in words.FORECAST_NAMES.items()
        ],
        limit=limit,
        guessed_lines=words.guessed_lines(diagnosis.data_quality),
        next_given=bool(next_rows) or any(item.kind == "next" for item in diagnosis.inputs),
        next_rows=next_rows,
        breakdowns=[_breakdown(diagnosis, name) for name in DIMENSIONS if diagnosis.breakdown.get(name)],
        trend=charts.trend(diagnosis.breakdown.get("week", [])),
        drivers=diagnosis.drivers[:CAP],
        fixes=sentences.ordered_fixes(diagnosis),
        reasons=extracts.reason_counts(correlated.bounces),
        suppressed=len(suppression),
        suppressed_by=extracts.suppression_counts(suppression),
        suppression=_suppression_rows(suppression),
        methods=_methods(diagnosis),
        first=_FIRST,
        cap=CAP,
        reply=_REPLY,
        long=_LONG,
        words=words,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=words.percent,
        number=words.count,
        chance=words.chance,
        short=words.short,
        breakable=_breakable,
    )
    return environment


def _shown(value: object) -> object:
    """Every value on its way into the page: our own markup as it is, anything else cleaned, units kept on the line."""
    if isinstance(value, (Markup, int, float)):
        return value
    return words.clean(value).replace(" %", "\N{NO-BREAK SPACE}%")


def _breakable(value: str) -> Markup:
    """Foreign text that may break behind an @: on a phone half an address is easier to read than a torn word."""
    return Markup("@<wbr>").join(words.clean(part) for part in value.split("@"))


@cache
def _part(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


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
    shown = extracts.ordered_rows(dimension, extracts.largest(rows, CAP))
    scale = charts.rows_scale(shown)
    totals = diagnosis.totals
    return {
        "dimension": dimension,
        "place": _FIRST.index(dimension) if dimension in _FIRST else len(_FIRST),
        "title": words.dimension_title(dimension),
        "more": len(rows) - len(shown),
        "scale": words.limit_words(scale.top),
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
