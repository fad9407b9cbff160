"""Every column of every table: names and order from the code, what each means from `columns.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

from analyzer.check.rows import CHECK_COLUMNS
from analyzer.diagnose.ahead.suppression_list import SUPPRESSION_COLUMNS
from analyzer.diagnose.campaign import _DECISION_COLUMNS
from analyzer.records import (
    BOUNCE_COLUMNS,
    EMAIL_STATUSES,
    INDUSTRY_GROUPS,
    KINDS,
    LEAD_COLUMNS,
    SEND_COLUMNS,
    VERDICT_COLUMNS,
)
from analyzer.report import MATCH_COLUMNS
from analyzer.sources.tables.platforms import EXTRAS, HINTS
from reference.markdown import code, codes, table

_TOLD = Path(__file__).parent / "columns.toml"


def tables() -> dict[str, Sequence[str]]:
    """The columns of each table, as the code has them."""
    return {
        "parse": BOUNCE_COLUMNS,
        "classify": VERDICT_COLUMNS,
        "log": SEND_COLUMNS,
        "leads": LEAD_COLUMNS,
        "hints": (*HINTS, *EXTRAS),
        "bounces.csv": MATCH_COLUMNS,
        "suppression.csv": SUPPRESSION_COLUMNS,
        "next_send.csv": ("email", *_DECISION_COLUMNS),
        "check": CHECK_COLUMNS,
    }


def page() -> str:
    """The page; `ValueError` where a column is not told of, or one is that there is none of."""
    told = tomllib.loads(_TOLD.read_text(encoding="utf-8"))
    parts = [
        "# Columns",
        "Names and order are a promise: a column is added behind the others, and none is renamed within a major "
        "version.",
    ]
    values = {
        "kinds": codes(KINDS),
        "email_statuses": codes(EMAIL_STATUSES),
        "industry_groups": codes(INDUSTRY_GROUPS),
    }
    for name, columns in tables().items():
        section = told[name]
        says = section["columns"]
        if set(says) != set(columns):
            differing = sorted(set(says) ^ set(columns))
            raise ValueError(f"{_TOLD}: [{name}] differs from the code in {differing}; say there what they hold")
        rows = [(code(each), says[each].format(**values)) for each in columns]
        parts += [f"## {section['title']}", section["about"].format(**values), table(("column", "holds"), rows)]
    return "\n\n".join(part.strip() for part in parts) + "\n"
