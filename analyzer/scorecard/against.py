"""The closed loop: how the grades and scores of an earlier check compare with what then bounced.

Only an address fault is evidence against a grade: a full mailbox, a refusal for what the mail was, or a failing server
say nothing about the data. Intervals are those of `diagnose`, 95 %: leads of one company bounce together, and forty at
a dead domain are not forty observations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact, mannwhitneyu

from analyzer.check.facts import score as score_facts
from analyzer.check.records import GRADES
from analyzer.correlate.addresses import address_keys, normalise_addresses
from analyzer.diagnose.estimates.rates import belief_of
from analyzer.diagnose.leads.companies import companies
from analyzer.diagnose.leads.free_mail import free_mail
from analyzer.errors import AnalyzerError, MissingColumnError
from analyzer.export.inputs import read_given
from analyzer.knowledge import data_folder, load_toml
from analyzer.records import COUNTED_KINDS, DELIVERABILITY_FAULTS

if TYPE_CHECKING:
    from collections.abc import Sequence

Source: TypeAlias = str | Path

#: What became of a lead, the weightiest first: a lead with several bounces is counted under the first of these.
OUTCOMES: tuple[str, ...] = ("address", "spam", "mailbox", "infrastructure", "unknown", "no_bounce")
MATRIX_COLUMNS: tuple[str, ...] = ("grade", "leads", *OUTCOMES, "rate", "low", "high", "not_sent")
CALIBRATION_COLUMNS: tuple[str, ...] = ("score_from", "score_to", "leads", "expected", "address", "rate", "low", "high")
BY_COLUMNS: tuple[str, ...] = ("value", "leads", "send", "expected", "address", "rate", "low", "high")

_OUTCOME_OF = {
    **dict.fromkeys(DELIVERABILITY_FAULTS, "spam"),
    **{name: name for name in ("address", "mailbox", "infrastructure")},
}
#: The chance of a bounce for a bad address, as `check` and next_send.csv name it.
_CHANCES = ("bounce_chance", "probability")
#: Fewer bad addresses than this do not tell whether a score ranks leads.
_LEAST_BAD = 5


@dataclass(frozen=True, slots=True)
class Against:
    """Earlier grades against later bounces; rates and `expected` are fractions of the leads sent to.

    matrix: MATRIX_COLUMNS, a row for each of GRADES; `rate` is that of address faults, None without leads.
    calibration: CALIBRATION_COLUMNS, a row for each band of scores that has leads; None where the list has no scores.
    by: BY_COLUMNS for each column asked for, most leads first; `send` is how many of them were graded send.
    ranking: the chance that of a lead which bounced as bad and one which did not, the former had the lower score (0.5
        is a coin's), None where there are too few. separates: the p-value of Fisher's test that leads graded send have
        fewer bad addresses than the others, None where it cannot be asked.
    leads, sent: distinct leads checked and sent to; sent is all of them where no log says otherwise (logged).
    strangers: bounced addresses that the checked list does not have.
    """

    matrix: pd.DataFrame
    calibration: pd.DataFrame | None
    by: dict[str, pd.DataFrame]
    ranking: float | None
    separates: float | None
    leads: int
    sent: int
    logged: bool
    strangers: int
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The same for a machine: records, None where there is nothing."""
        return {
            "leads": self.leads,
            "sent": self.sent,
            "logged": self.logged,
            "strangers": self.strangers,
            "matrix": _records(self.matrix),
            "calibration": None if self.calibration is None else _records(self.calibration),
            "by": {name: _records(table) for name, table in self.by.items()},
            "ranking": self.ranking,
            "separates": self.separates,
            "notes": list(self.notes),
        }


def against(
    checked: Source | pd.DataFrame,
    bounces: Source | Sequence[Source] | pd.DataFrame,
    log: Source | Sequence[Source] | pd.DataFrame | None = None,
    by: Sequence[str] = (),
    *,
    jobs: int | None = 1,
    rules: Path | None = None,
) -> Against:
    """Compare the grades of an earlier check with the bounces of the send that followed.

    checked: what `check` returned or wrote (`email`, `grade`, and `score` if there is one), or a next_send.csv.
    bounces: a frame or table of `parse`, a folder of `diagnose --out`, or message sources. log: the campaign log; only
    leads in it were sent to, and bounces that are forged or belong to no mail do not count. by: columns of the checked
    list, two with a + between them for their combinations; none takes those that tell a source or a verifier. Raises
    `MissingColumnError` and `UnreadableInputError` for what cannot be read, `AnalyzerError` for a list of no leads.
    """
    given = read_given(checked)
    if given.graded is None:
        raise AnalyzerError(f"{given.named}: has no grades; give what `check --out` wrote, or a next_send.csv")
    leads = _leads(given.graded, given.rows["email"], given.rows["grade"])
    if leads.empty:
        raise AnalyzerError(f"{given.named}: holds no lead with an address")
    notes = []
    if len(leads) < len(given.rows):
        notes.append(f"Rows that repeat an address or have none, left out: {len(given.rows) - len(leads):,}.")
    outcome, strangers, logged = _outcomes(leads["key"], bounces, log, jobs, rules)
    leads = leads.assign(outcome=outcome, company=_companies(leads["key"]))
    sent = leads[leads["outcome"] != "not_sent"]
    if logged and sent.empty:
        raise AnalyzerError(
            f"{given.named}: none of its leads is in the log; give the log of the send that followed it"
        )
    chosen = _columns(given.graded, given.named, by)
    scored = "score" in leads.columns
    return Against(
        matrix=_matrix(leads, sent),
        calibration=_calibration(sent) if scored else None,
        by={name: _by(sent, values.reindex(sent.index)) for name, values in chosen.items()},
        ranking=_ranking(sent) if scored else None,
        separates=_separates(sent),
        leads=len(leads),
        sent=len(sent),
        logged=logged,
        strangers=strangers,
        notes=tuple(notes),
    )


def _leads(table: pd.DataFrame, emails: pd.Series, grades: pd.Series) -> pd.DataFrame:
    """`key`, `grade`, `score` and `expected` where the list tells them; each address once, by its first row."""
    frame = pd.DataFrame({"key": address_keys(normalise_addresses(emails)), "grade": grades})
    chance = next((_numbers(table, name) for name in _CHANCES if name in table.columns), None)
    score = _numbers(table, "score") if "score" in table.columns else None
    if score is None and chance is not None:
        score = 100 * (1 - chance)
    if score is not None:
        # Without its own estimate, a score says what rules/check.toml makes of one: so many points a percent.
        implied = ((100 - score) / score_facts().points_per_percent / 100).clip(0, 1)
        frame = frame.assign(score=score, expected=implied if chance is None else chance.fillna(implied))
    return frame[frame["key"].str.contains("@", regex=False)].drop_duplicates("key")


def _numbers(table: pd.DataFrame, name: str) -> pd.Series:
    return pd.to_numeric(table[name].replace("", np.nan), errors="coerce")


def _outcomes(
    keys: pd.Series,
    bounces: Source | Sequence[Source] | pd.DataFrame,
    log: Source | Sequence[Source] | pd.DataFrame | None,
    jobs: int | None,
    rules: Path | None,
) -> tuple[pd.Series, int, bool]:
    """The outcome of each lead, how many bounced addresses are strangers, and whether a log said who was sent to."""
    if log is None:
        rows = pd.concat([_failures(source, jobs, rules) for source in _listed(bounces)], ignore_index=True)
        bounced = rows["email"].pipe(normalise_addresses).pipe(address_keys)
        failed = _worst(bounced, rows["fault"])
        absent = "no_bounce"
        strangers = int((~failed.index.isin(keys)).sum())
    else:
        sends = _sends(bounces, log, jobs, rules)
        failed = _worst(address_keys(sends["recipient"]), sends["fault"])
        strangers = int(((failed != "no_bounce") & ~failed.index.isin(keys)).sum())
        absent = "not_sent"
    return keys.map(lambda key: failed.get(key, absent)).astype(object), strangers, log is not None


def _worst(keys: pd.Series, faults: pd.Series) -> pd.Series:
    outcome = [_OUTCOME_OF.get(str(fault), "unknown" if fault else "no_bounce") for fault in faults]
    rank = pd.Series([OUTCOMES.index(name) for name in outcome], index=keys.to_numpy(), dtype="int64")
    return rank.groupby(level=0).min().map(lambda place: OUTCOMES[place]).astype(object)


def _failures(source: Source | pd.DataFrame, jobs: int | None, rules: Path | None) -> pd.DataFrame:
    """Bounces of one source with `email` and `fault`: no forgeries, nothing twice, only kinds that count."""
    from analyzer.sources.own_rows import is_own_rows

    if not isinstance(source, pd.DataFrame):
        path = Path(source)
        if not (is_own_rows(path) or (path.is_dir() and (path / "bounces.csv").is_file())):
            source = _parsed(path if str(source) != "-" else source, jobs, rules)
        elif path.is_dir():
            source = path / "bounces.csv"
    rows = read_given(source).rows
    return rows[rows["kind"].isin(COUNTED_KINDS) & ~rows["forged"] & ~rows["again"] & rows["tied"]]


def _sends(
    bounces: Source | Sequence[Source] | pd.DataFrame,
    log: Source | Sequence[Source] | pd.DataFrame,
    jobs: int | None,
    rules: Path | None,
) -> pd.DataFrame:
    """The mails of the log, each with the fault of its bounce, matched as `diagnose` matches them."""
    from analyzer.classify import classifier_of
    from analyzer.correlate import correlate
    from analyzer.sources.own_rows import is_own_rows, read_own_rows
    from analyzer.sources.tables import read_tables
    from analyzer.sources.tables.folders import tables_in

    rows: list[dict[str, Any]] = []
    for source in _listed(bounces):
        if isinstance(source, pd.DataFrame):
            rows += _dicts(source)
            continue
        path = Path(source) / "bounces.csv" if (Path(source) / "bounces.csv").is_file() else Path(source)
        if is_own_rows(path):
            rows += read_own_rows(path)
        else:
            rows += _dicts(_parsed(source, jobs, rules))
    tables = log if isinstance(log, pd.DataFrame) else read_tables([(path, "log") for path in tables_in(log)])
    # The log's own texts are judged by the same rules as the bounces.
    return correlate(rows, tables, judge=classifier_of(rules).classify if rules else None).sends


def _dicts(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _parsed(source: Source, jobs: int | None, rules: Path | None) -> pd.DataFrame:
    from analyzer.api import parse

    return parse(source, jobs=jobs, rules=rules)


def _listed(sources: Any) -> list[Any]:
    return [sources] if isinstance(sources, (str, Path, pd.DataFrame)) else list(sources)


def _rates(table: pd.DataFrame, sent: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """`rate`, `low` and `high` behind `leads` and `address`; None without leads.

    table: by what `group` says of each row of `sent`; what it says of none is left out.
    """
    some = table["leads"] > 0
    place = pd.Index(table.index).get_indexer(group)
    inside = place >= 0
    of, company = place[inside].astype(np.int64), sent["company"].to_numpy(dtype=np.int64)[inside]
    bad = (sent["outcome"] == "address").to_numpy(dtype=np.bool_)[inside]
    counted = companies(of, company, {"address": (of[bad], company[bad])}, len(table))
    low, high = counted.interval("address", belief_of("address"))
    columns = {"rate": table["address"] / table["leads"].where(some, 1), "low": low, "high": high}
    return table.assign(**{name: pd.Series(values, index=table.index).where(some) for name, values in columns.items()})


def _companies(keys: pd.Series) -> pd.Series:
    """A number for each address's company, its domain; who has a mailbox at a free-mail provider is one himself."""
    number, domains = pd.factorize(keys.str.rpartition("@")[2])
    alone = free_mail([str(domain) for domain in domains])[number]
    return pd.Series(np.where(alone, len(domains) + np.arange(len(keys)), number), index=keys.index)


def _matrix(leads: pd.DataFrame, sent: pd.DataFrame) -> pd.DataFrame:
    counts = pd.crosstab(sent["grade"], sent["outcome"]).reindex(index=GRADES, columns=list(OUTCOMES), fill_value=0)
    counts = counts.rename_axis(None, axis=1).rename_axis("grade")
    counts["leads"] = counts[list(OUTCOMES)].sum(axis=1)
    not_sent = leads[leads["outcome"] == "not_sent"]["grade"].value_counts()
    counts["not_sent"] = [int(not_sent.get(grade, 0)) for grade in GRADES]
    return _rates(counts, sent, sent["grade"]).reset_index()[list(MATRIX_COLUMNS)]


def _calibration(sent: pd.DataFrame) -> pd.DataFrame:
    edges = [*_data()["bands"], 100]
    known = sent.dropna(subset=["score", "expected"])
    band = np.clip(np.searchsorted(edges, known["score"], side="right") - 1, 0, len(edges) - 2)
    grouped = known.assign(bad=known["outcome"] == "address").groupby(band)
    table = grouped.agg(leads=("bad", "size"), expected=("expected", "mean"), address=("bad", "sum"))
    table = table.assign(
        score_from=[edges[place] for place in table.index], score_to=[edges[p + 1] for p in table.index]
    )
    table = _rates(table, known, pd.Series(band)).sort_index(ascending=False)
    return table.reset_index(drop=True)[list(CALIBRATION_COLUMNS)]


def _ranking(sent: pd.DataFrame) -> float | None:
    known = sent.dropna(subset=["score"])
    bad = known["outcome"] == "address"
    if bad.sum() < _LEAST_BAD or (~bad).sum() < _LEAST_BAD:
        return None
    found = mannwhitneyu(known["score"][~bad], known["score"][bad], method="asymptotic")
    return float(found.statistic / (bad.sum() * (~bad).sum()))


def _separates(sent: pd.DataFrame) -> float | None:
    bad, send = sent["outcome"] == "address", sent["grade"] == "send"
    table = [[int((bad & send).sum()), int((~bad & send).sum())], [int((bad & ~send).sum()), int((~bad & ~send).sum())]]
    if not all(sum(row) for row in table) or not (bad.any() and (~bad).any()):
        return None
    return float(fisher_exact(np.array(table), alternative="less").pvalue)


def _by(sent: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    frame = sent.assign(value=values, bad=sent["outcome"] == "address", good=sent["grade"] == "send")
    if "expected" not in frame.columns:
        frame["expected"] = np.nan
    grouped = frame.groupby("value")
    table = grouped.agg(
        leads=("bad", "size"), send=("good", "sum"), expected=("expected", "mean"), address=("bad", "sum")
    )
    table = _rates(table, sent, values).reset_index()
    return table.sort_values(["leads", "value"], ascending=[False, True], ignore_index=True)[list(BY_COLUMNS)]


def _columns(table: pd.DataFrame, named: str, by: Sequence[str]) -> dict[str, pd.Series]:
    """The columns to compare by, under their headers; blank values as "(not given)"."""
    wanted = list(by) or _told_by(table)
    return {name: _values(table, named, name) for name in wanted}


def _values(table: pd.DataFrame, named: str, name: str) -> pd.Series:
    headers = {_key(str(header)): header for header in reversed(table.columns)}
    parts = [name] if _key(name) in headers else name.split("+")
    columns = []
    for part in parts:
        if _key(part) not in headers:
            known = ", ".join(str(header) for header in table.columns)
            raise MissingColumnError(named, f"has no column {part.strip()!r} (--by)", f"its columns are {known}")
        column = table[headers[_key(part)]].astype(str).str.strip()
        columns.append(column.mask(column == "", "(not given)"))
    joined = columns[0]
    for column in columns[1:]:
        joined = joined + " / " + column
    return joined


def _told_by(table: pd.DataFrame) -> list[str]:
    from analyzer.check.rows import CHECK_COLUMNS

    data = _data()
    words, found = set(data["by"]), []
    for header in map(str, table.columns):
        plain = _plain(header)
        # The provider and the state of a domain that `check` wrote are not the list's own.
        if header in CHECK_COLUMNS or not plain or plain.split()[-1] not in words:
            continue
        if 1 < table[header].nunique() <= data["most_values"]:
            found.append(header)
    return found


def _key(header: str) -> str:
    return "".join(character for character in header.lower() if character.isalnum())


def _plain(header: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    return " ".join(re.sub(r"[\W_]+", " ", spaced).lower().split())


def _data() -> dict[str, Any]:
    return load_toml(data_folder("rules") / "check_against.toml")


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [
        {str(name): value.item() if hasattr(value, "item") else value for name, value in row.items()} for row in rows
    ]
