"""Columns that are no field and tell one: yes and no of a verification, catch-all marks, codes of industries."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.sources.tables.header_words import listed
from analyzer.sources.tables.platforms import HINTS
from analyzer.sources.tables.plausible import flag_words, normalised

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.sources.tables.cells import Cells

_TOLD_BY_HINTS = ("email_status", "industry")
_CODES = {"naics": "NAICS", "sic": "SIC", "gics": "GICS", "linkedin_industry_id": "LinkedIn"}
_YES = (
    *("true", "1", "yes", "y", "x", "t", "ja", "oui", "sí", "si", "sì", "sim", "tak", "✓", "✔", "☑", "✅"),
    *("evet", "да", "так", "ano", "igen", "kyllä", "はい", "是", "예", "네"),
)
_CATCH_ALL = (
    *_YES,
    *("catch all", "catch-all", "catch_all", "catchall", "accept all", "accept-all", "accept_all"),
    *("accept all (unverifiable)", "deliverable, accept-all"),
)


def without_incoming(cells: Cells, place: int) -> tuple[Cells, list[str]]:
    """The rows of mail that went out, of a table that also lists what came in, and what a person is told of it.

    place: of the column of directions. A column "Incoming" says yes and no. All rows where each came in: then nothing
    tells what went out.
    """
    said = cells.frame.iloc[:, place].map(normalised)
    asked = normalised(cells.headers[place])
    came_in = said.isin(listed("incoming"))
    if asked.startswith(("is", "in")):
        came_in |= said.isin(set(map(normalised, _YES)))
    if not came_in.any():
        return cells, []
    if came_in.all():
        return cells, [f"{cells.headers[place]}: every row is of mail that came in, and none of what was sent"]
    told = f"rows of mail that came in left out: {int(came_in.sum()):,}"
    return replace(cells, frame=cells.frame[~came_in].reset_index(drop=True)), [told]


def tell_by_hints(columns: dict[str, pd.Series], *, large: bool) -> None:
    """`email_status` and `industry`, told by other columns of the table; `columns` (by field) are changed in place."""
    from analyzer.sources.tables.encoded import encoded, texts

    if not any(name in columns for name in HINTS):
        return
    told = {name: texts(columns[name]) for name in (*_TOLD_BY_HINTS, *HINTS) if name in columns}
    if "was_delivered" in told:
        said = told["was_delivered"].map(normalised)
        told["bounced"] = said.map(lambda word: "bounced" if word in flag_words("no") else "").astype("str")
    _tell_status(told)
    _tell_industry(told)
    columns |= {name: encoded(column) if large else column for name, column in told.items()}


def _tell_status(columns: dict[str, pd.Series]) -> None:
    """`email_status` out of yes/no columns where there is none, and a catch-all mark behind it where one says so."""
    if "email_status" not in columns:
        for hint, yes, no in (("is_valid", "valid", "invalid"), ("is_verified", "verified", "unverified")):
            if hint in columns:
                said = columns[hint].str.lower()
                columns["email_status"] = (
                    said.isin((*_YES, yes)).map({True: yes, False: no}).where(said != "", "").astype("str")
                )
                break
    if "catch_all" in columns:
        mark = columns["catch_all"].str.lower().isin(_CATCH_ALL)
        if "email_status" in columns:
            status = columns["email_status"]
            columns["email_status"] = status.where(~mark, (status + " (catch-all)").str.strip())
        else:
            columns["email_status"] = mark.map({True: "catch-all", False: ""}).astype("str")


def _tell_industry(columns: dict[str, pd.Series]) -> None:
    """`industry` out of a column of codes, as "NAICS 5221", where there is no name."""
    for hint, scheme in _CODES.items():
        if hint in columns:
            code = (scheme + " " + columns[hint]).where(columns[hint] != "", "").astype("str")
            known = columns.get("industry")
            columns["industry"] = code if known is None else known.where(known != "", code)
