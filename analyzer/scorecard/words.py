"""The comparison of grades with bounces in words, for a terminal of 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.readable import counted
from analyzer.report.words import clean, percent, short, spread

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.scorecard.against import Against

GRADE_NAMES = {"send": "send", "verify_again": "verify again", "do_not_send": "do not send"}
_SURE = 0.05
_VALUES = 12
_FEW = 30


def lines(found: Against) -> list[str]:
    """The matrix, what it means, the calibration, and the columns compared by."""
    return [
        _head(found),
        "",
        *_matrix(found.matrix),
        "",
        *_verdict(found),
        *_calibration(found),
        *(line for name, table in found.by.items() for line in _by(name, table)),
        *([""] if found.notes else []),
        *found.notes,
    ]


def _head(found: Against) -> str:
    if found.logged:
        head = (
            f"{found.sent:,} of {counted(found.leads, 'checked lead')} {'was' if found.sent == 1 else 'were'} sent to, "
            "by the log."
        )
    else:
        head = (
            f"{counted(found.leads, 'checked lead')}; without --log all of them are taken as sent to, so true rates "
            "are higher."
        )
    if found.strangers:
        head += f" {found.strangers:,} bounced {_addresses(found.strangers)} not in the list."
    return head


def _matrix(matrix: pd.DataFrame) -> list[str]:
    logged = bool(matrix["not_sent"].any())
    head = (
        f"{'Grade':<13}{'Sent':>8}{'Bad address':>13}{'Refused':>9}{'Mailbox':>9}{'Server':>8}{'Unknown':>9}{'Fine':>8}"
    )
    told = [head + (f"{'Not sent':>10}" if logged else "")]
    for row in matrix.to_dict("records"):
        cells = [(row["leads"], 8), (row["address"], 13), (row["spam"], 9), (row["mailbox"], 9)]
        cells += [(row["infrastructure"], 8), (row["unknown"], 9), (row["no_bounce"], 8)]
        cells += [(row["not_sent"], 10)] if logged else []
        told.append(f"{GRADE_NAMES[row['grade']]:<13}" + "".join(f"{value:>{width},}" for value, width in cells))
    return told


def _verdict(found: Against) -> list[str]:
    rows = {row["grade"]: row for row in found.matrix.to_dict("records")}
    told = []
    for grade, row in rows.items():
        name = f"Graded {GRADE_NAMES[grade]}"
        if not row["leads"]:
            told.append(f"{name}: none was sent to, so nothing shows how they would have done.")
            continue
        few = f"; {counted(row['leads'], 'lead is', 'leads are')} few" if row["leads"] < _FEW else ""
        told.append(
            f"{name}: {percent(row['rate'])} had a bad address ({spread(row['low'], row['high'])}), "
            f"{row['address']:,} of {row['leads']:,}{few}."
        )
    bad = sum(row["address"] for row in rows.values())
    if bad:
        passed = rows["send"]["address"]
        told.append(
            f"Of {bad:,} bad {_noun(bad)} that bounced, {passed:,} ({percent(passed / bad)}) had been graded send, "
            f"{rows['verify_again']['address']:,} verify again, {rows['do_not_send']['address']:,} do not send."
        )
    other = sum(row[name] for row in rows.values() for name in ("spam", "mailbox", "infrastructure", "unknown"))
    if other:
        told.append(f"Other bounces say nothing about an address and count for no grade: {other:,}.")
    if found.separates is not None:
        told.append(
            "The grades tell bad addresses apart: leads graded send bounce less than the rest."
            if found.separates < _SURE
            else "Not shown: that leads graded send bounce less than the rest. More sends may tell."
        )
    return told


def _calibration(found: Against) -> list[str]:
    table = found.calibration
    if table is None or table.empty:
        return []
    told = ["", f"{'Score':<11}{'Sent':>8}{'Expected':>10}{'Bad address':>13}   95 %"]
    for row in table.to_dict("records"):
        band = f"{row['score_from']}–{row['score_to'] - (row['score_to'] < 100)}"
        low, high = row["low"], row["high"]
        sign = "" if low <= row["expected"] <= high else ("  more than expected" if row["expected"] < low else "  less")
        told.append(
            f"{band:<11}{row['leads']:>8,}{percent(row['expected']):>10}{percent(row['rate']):>13}"
            f"   {spread(low, high)}{sign}"
        )
    leads = int(table["leads"].sum())
    expected = float((table["expected"] * table["leads"]).sum() / leads)
    told.append(
        f"Over all scores {percent(expected)} were expected and {percent(table['address'].sum() / leads)} came."
    )
    if found.ranking is not None:
        told.append(
            f"Of a bad address and a good one, the bad one had the lower score in {percent(found.ranking)} "
            "of all pairs (50 % would be chance)."
        )
    return told


def _by(name: str, table: pd.DataFrame) -> list[str]:
    told = ["", f"{short(name, 26):<28}{'Sent':>8}{'Graded send':>13}{'Bad address':>13}   95 %"]
    told += [
        f"{short(clean(row['value']), 26):<28}{row['leads']:>8,}{row['send']:>13,}{percent(row['rate']):>13}"
        f"   {spread(row['low'], row['high'])}"
        for row in table.head(_VALUES).to_dict("records")
    ]
    if len(table) > _VALUES:
        told.append(f"… and {len(table) - _VALUES:,} more")
    return told


def _noun(number: int) -> str:
    return "address" if number == 1 else "addresses"


def _addresses(number: int) -> str:
    return "address is" if number == 1 else "addresses are"
