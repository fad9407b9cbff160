"""What every part of this stage counts on: the sends in codes instead of text, and one row per lead contacted.

The text of ten million sends is read once here; all that follows works on integers and small tables.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyzer.diagnose.arrays import Codes, Flags, Texts, sums
from analyzer.diagnose.diagnosis import DIMENSIONS
from analyzer.diagnose.leads.free_mail import free_mail
from analyzer.diagnose.leads.silent import Alike, Observations, Silent
from analyzer.records import EMAIL_STATUSES, INDUSTRY_GROUPS
from analyzer.sources.tables.encoded import numbered
from analyzer.sources.tables.named import PREFIX
from analyzer.sources.tables.zones import zone_of

if TYPE_CHECKING:
    from analyzer.correlate import Correlated


#: Dimensions that are read off the sends, those of `breakdown` and those that only drivers look at.
SEND_DIMENSIONS: tuple[str, ...] = (*DIMENSIONS, "country", "title", "template", "list_source", "weekday", "hour")
#: Those that the table of leads carries.
LEAD_DIMENSIONS: tuple[str, ...] = ("email_status", "industry", "industry_group", "campaign", "provider")
#: What is flagged of each mail and lead.
FLAGS = ("hard", "spam", "unknown", "address")
#: A cell is status × industry group, numbered status first.
STATUSES = len(EMAIL_STATUSES)
GROUPS = len(INDUSTRY_GROUPS)
CELLS = STATUSES * GROUPS
WEEKDAYS: tuple[str, ...] = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: Hours of the day are taken together four by four: six values have the mails that 24 lack to show anything.
_HOURS = 4
#: A column of numbers with more values than this is cut into as many ranges as _RANGES, with like numbers of mails.
_FEW_NUMBERS = 12
_RANGES = 5
_THOUSANDS = r"(?<=\d),(?=\d{3}(?:\D|$))"
#: Up to so many pairs of group and lead are told apart in a table of them.
_MOST_CELLS = 1 << 26
_ELSEWHERE = ("leads", "pairs", "shared", "companies")
#: What an empty value stands for where the field has a name for it.
_EMPTY: dict[str, str] = {"email_status": "unknown", "industry_group": "unclassified"}


@dataclass(frozen=True, slots=True)
class Dimension:
    """A column as codes into `values`; "" is the value that was not given.

    Those of all sends are held in as few bytes as their numbers need: they are widened before they are reckoned with.
    """

    codes: Codes
    values: list[str]

    @property
    def given(self) -> bool:
        """Whether any row carries a value."""
        return any(self.values)

    def take(self, rows: Codes) -> Dimension:
        """The same dimension for some rows only."""
        return Dimension(self.codes[rows].astype(np.int64), self.values)

    def places(self, chosen: list[str]) -> Codes:
        """The place of each row's value among some, from 1 on; 0 for others."""
        place = {value: number for number, value in enumerate(chosen, start=1)}
        return np.array([place.get(value, 0) for value in self.values], dtype=np.int64)[self.codes]

    def text(self) -> Texts:
        """The values row by row."""
        return np.array(self.values, dtype=object)[self.codes] if self.values else np.empty(0, dtype=object)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Contacts:
    """The campaign in codes.

    `lead` numbers the lead of each send; `at` holds one `Dimension` per name of `SEND_DIMENSIONS` and of `named`, the
    columns that a person wants scanned beside those that always are; `hard`, `spam`,
    `unknown` and `address` flag the sends. `leads` has one row per lead in that numbering: `LEAD_DIMENSIONS` as
    categories, as they stood at the first contact, and the same flags for "any send of this lead". `domain` is each
    lead's recipient domain in codes, `first` its first send's row.

    Of a campaign that no machine holds, `counted` stands for the mails of leads that nothing came back of: `lead`, `at`
    and the flags are then those of the other mails, while `leads`, `domain` and `first` have a row for every lead.
    """

    lead: Codes
    at: dict[str, Dimension]
    hard: Flags
    spam: Flags
    unknown: Flags
    address: Flags
    first: Codes
    domain: Codes
    leads: pd.DataFrame
    named: tuple[str, ...] = ()
    counted: Counted | None = None

    @property
    def domains(self) -> list[str]:
        """The recipient domains, by code."""
        return self.at["recipient_domain"].values

    @property
    def sends(self) -> int:
        """Mails sent."""
        return len(self.lead) + (self.counted.silent.mails if self.counted else 0)

    def per_lead(self, name: str) -> Dimension:
        """A dimension at the first contact of each lead."""
        return self.at[name].take(self.first)


@dataclass(frozen=True, slots=True)
class Counted:
    """Beside the `told` leads, numbered for themselves, the silent ones.

    hidden: statuses that are not to be used are still among these.
    """

    told: Contacts
    silent: Silent
    hidden: bool = False

    def with_silent_domains(self, table: pd.DataFrame) -> pd.DataFrame:
        """Rates per recipient domain (`value`) of the told leads, with the silent ones added."""
        together = pd.concat([table, self.silent.domains], ignore_index=True).fillna(dict.fromkeys(FLAGS, 0))
        summed = together.groupby("value", sort=False).sum().reset_index()
        return summed.astype(dict.fromkeys(("leads", *FLAGS), np.int64))

    def alike(self, values: list[str], name: str, chosen: Codes | None = None, *, first_only: bool = False) -> Alike:
        """The silent leads of a dimension's values (of those at the `chosen` positions), in these positions."""
        places = {value: place for place, value in enumerate(values)}
        domains = {domain: place for place, domain in enumerate(self.told.domains)}
        asked = values if chosen is None else [values[code] for code in chosen]
        here, rest = self.silent.rows.companies(name, asked, first_only)
        at, size = rest["value"].map(places).to_numpy(dtype=np.int64), len(values)
        elsewhere = {column: sums(at, rest[column].to_numpy(dtype=float), size) for column in _ELSEWHERE}
        return Alike(
            here["value"].map(places).to_numpy(dtype=np.int64),
            here["domain"].map(domains).to_numpy(dtype=np.int64),
            here["leads"].to_numpy(dtype=np.int64),
            elsewhere["leads"],
            elsewhere["pairs"],
            elsewhere["shared"],
            elsewhere["companies"],
        ).apart(free_mail(self.told.domains))

    def silent_domains(self, whole: Contacts) -> Codes:
        """The domains at which there are silent leads."""
        quiet = ~np.logical_or.reduce([whole.leads[name].to_numpy() for name in FLAGS])
        return np.unique(whole.domain[quiet])

    def observations(
        self, whole: Contacts, name: str, *, first_only: bool, chosen: dict[str, list[str]] | None = None
    ) -> Observations:
        """The silent leads by one dimension, in the codes of `whole`; with `first_only`, by their first mail alone.

        With `chosen`, counted apart by which of these values of other dimensions they `had` at their first mail.
        """
        chosen = chosen or {}
        if chosen:
            rows = self.silent.rows.beside(name, chosen)
        else:
            rows = self.silent.values[self.silent.values["dimension"] == name]
        if first_only:
            rows = rows[rows["first"]]
        values = whole.at[name].values
        places = {value: place for place, value in enumerate(values)}
        return Observations(
            values,
            rows["value"].map(places).to_numpy(dtype=np.int64),
            cell_of(rows.reset_index(drop=True)),
            rows["first"].to_numpy(dtype=np.int64),
            rows["leads"].to_numpy(dtype=np.int64),
            lambda codes: self.alike(values, name, codes, first_only=first_only),
            {other: rows[f"had_{other}"] for other in chosen},
        )


def contacts(correlated: Correlated) -> Contacts:
    """The sends of `correlated` in codes, with their leads."""
    sends = correlated.sends
    lead, number = _leads(sends)
    told = [name for name in SEND_DIMENSIONS if name not in {"weekday", "hour"}]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        at = dict(
            zip(
                told,
                pool.map(lambda name: dimension(sends, name, empty=_EMPTY.get(name, ""), narrow=True), told),
                strict=True,
            )
        )
    at["weekday"], at["hour"] = weekdays_and_hours(sends, at["week"], correlated.timezone)
    named = {column.removeprefix(PREFIX): column for column in correlated.drivers if column not in SEND_DIMENSIONS}
    # A column that is called as a dimension, and is not it, is told apart.
    named = {f"{name} (column)" if name in at else name: column for name, column in named.items()}
    at |= {name: in_ranges(dimension(sends, column)) for name, column in named.items()}
    flags = _flags(sends)
    first = _first_contact(lead, number, sends)
    columns: dict[str, Any] = {}
    for name in LEAD_DIMENSIONS:
        values = at[name]
        columns[name] = pd.Categorical.from_codes(values.codes[first], categories=pd.Index(values.values, dtype=object))
    for name, flag in flags.items():
        columns[name] = any_of(lead, flag, number)
    domain = at["recipient_domain"].take(first).codes
    return Contacts(
        lead=lead,
        at=at,
        first=first,
        domain=domain,
        leads=pd.DataFrame(columns),
        named=tuple(named),
        counted=None,
        **flags,
    )


def dimension(
    frame: pd.DataFrame, column: str, *, empty: str = "", lower: bool = False, narrow: bool = False
) -> Dimension:
    """A text column in codes, stripped; a missing column counts as empty throughout.

    `empty` stands for what is not given, `lower` takes upper and lower case as one, `narrow` holds the codes in as few
    bytes as they need.
    """
    if column not in frame.columns or frame.empty:
        return Dimension(np.zeros(len(frame), dtype=np.int8 if narrow else np.int64), [empty] if len(frame) else [])
    codes, found = numbered(frame[column])
    texts = found.astype("str").str.strip()
    texts = texts.str.lower() if lower else texts
    texts = pd.concat([pd.Series([""], dtype="str"), texts.fillna("")]).replace("", empty)
    merged, values = pd.factorize(texts)
    names = values.to_numpy(dtype=object).tolist()
    # Rows without a value have the code -1, which is the last place.
    place = np.append(merged[1:], merged[0]).astype(np.min_scalar_type(-len(names) - 1) if narrow else np.int64)
    # The value for "not given" is dropped again where no row has it.
    if (merged[1:] > 0).all() and (codes >= 0).all():
        return Dimension((place - 1)[codes], names[1:])
    return Dimension(place[codes], names)


def in_ranges(column: Dimension) -> Dimension:
    """A column of many numbers as _RANGES ranges with like numbers of rows, by their least and greatest number.

    Other columns, and those of few numbers, stay as they are. A text among the numbers counts as not given where
    nineteen rows in twenty have one.
    """
    texts = pd.Series(column.values, dtype="str").str.replace(_THOUSANDS, "", regex=True).str.removesuffix("%")
    numbers = pd.to_numeric(texts.str.strip(), errors="coerce").to_numpy(dtype=float, copy=True)
    numbers[~np.isfinite(numbers)] = np.nan
    rows = np.bincount(column.codes, minlength=len(numbers))
    given = np.array([value != "" for value in column.values], dtype=np.bool_)
    is_number = ~np.isnan(numbers)
    if len(np.unique(numbers[is_number])) <= _FEW_NUMBERS or rows[is_number].sum() < 0.95 * rows[given].sum():
        return column
    order = np.flatnonzero(is_number)[np.argsort(numbers[is_number], kind="stable")]
    # The range of a value is told by the middle of its rows among all rows in order.
    _, index = np.unique(numbers[order], return_inverse=True)
    size = np.bincount(index, weights=rows[order])
    middle = np.cumsum(size) - size / 2
    place = np.minimum((middle * _RANGES / max(size.sum(), 1)).astype(np.int64), _RANGES - 1)[index]
    kept, codes = np.unique(place, return_inverse=True)
    names = []
    for number in range(len(kept)):
        inside = numbers[order[codes == number]]
        low, high = (f"{end:g}" if abs(end) < 1e6 else f"{end:.0f}" for end in (inside.min(), inside.max()))
        names.append(low if low == high else f"{low} to {high}")
    ranges = np.full(len(numbers), len(kept), dtype=np.int64)
    ranges[order] = codes
    return Dimension(ranges[column.codes], [*names, ""])


def any_of(groups: Codes, flag: Flags, size: int) -> Flags:
    """For each of `size` groups: does any of its rows carry the flag?"""
    found = np.zeros(size, dtype=np.bool_)
    found[groups[flag]] = True
    return found


def pairs(groups: Codes, lead: Codes, leads: int, one: Codes | None = None) -> tuple[Codes, Codes]:
    """The distinct (group, lead) pairs, so that a lead counts once however often it was written to.

    one: a row of each lead, where every lead has some; with it, many rows are gone through faster.
    """
    if len(groups) == leads:
        # One mail a lead: every pair is distinct already.
        return groups.astype(np.int64, copy=False), lead
    if one is None or len(groups) < leads:
        rows = _first_rows(groups * np.int64(leads) + lead)
    else:
        rows = _rows_of_pairs(groups, lead, leads, one)
    return groups[rows].astype(np.int64), lead[rows]


def _rows_of_pairs(groups: Codes, lead: Codes, leads: int, one: Codes) -> Codes:
    """A row of each pair, in order. Most leads stay in one group: only their rows elsewhere are compared."""
    elsewhere = np.flatnonzero(groups != groups[one][lead])
    key = groups[elsewhere] * np.int64(leads) + lead[elsewhere]
    size = (int(groups.max()) + 1) * leads
    if len(key) * 100 > size <= _MOST_CELLS:
        # As many cells as a table can hold are quicker to mark than to hash.
        seen = np.empty(size, dtype=np.int32)
        order = np.arange(len(key), dtype=np.int32)
        seen[key[::-1]] = order[::-1]
        elsewhere = elsewhere[seen[key] == order]
    else:
        elsewhere = elsewhere[_first_rows(key)]
    chosen = np.zeros(len(lead), dtype=np.bool_)
    chosen[one] = True
    chosen[elsewhere] = True
    return np.flatnonzero(chosen)


def _first_rows(key: Codes) -> Codes:
    return np.flatnonzero(~pd.Series(key).duplicated().to_numpy())


def codes_of(frame: pd.DataFrame, columns: Iterable[str]) -> Codes:
    """One code per row for each combination of some categorical columns, in the order of their texts.

    In the order of the rows they would make the draws of `resampling` hang on how a log is sorted.
    """
    total = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        values = frame[column].cat
        place = np.argsort(np.argsort(values.categories.astype(str).to_numpy(dtype=object), kind="stable"))
        total = total * (len(place) + 1) + np.append(place + 1, 0)[values.codes.to_numpy(dtype=np.int64)]
    return np.asarray(pd.factorize(total, sort=True)[0], dtype=np.int64)


def _leads(sends: pd.DataFrame) -> tuple[Codes, int]:
    """The lead of each send as a number, and how many there are: by correlate's numbering, else by address."""
    key = sends["lead"] if "lead" in sends.columns else sends["recipient"].astype("str").str.strip().str.lower()
    codes, found = numbered(key, gaps=True)
    return codes.astype(np.int64, copy=False), len(found)


def _flags(sends: pd.DataFrame) -> dict[str, Flags]:
    label, fault = dimension(sends, "label"), dimension(sends, "fault")
    flags = {name: _is(label, name) for name in ("hard", "spam", "unknown")}
    return flags | {"address": _is(fault, "address")}


def _is(column: Dimension, value: str) -> Flags:
    if value not in column.values:
        return np.zeros(len(column.codes), dtype=np.bool_)
    return np.asarray(column.codes == column.values.index(value))


def weekdays_and_hours(sends: pd.DataFrame, week: Dimension, timezone: str) -> tuple[Dimension, Dimension]:
    """The weekday and the hours of sending ("08-11 UTC"), in the zone of that name, else in UTC.

    A mail whose week is not known has a time that is not its own (`Table.last_contact`).
    """
    times = _times(sends)
    if timezone:
        times = times.dt.tz_convert(zone_of(timezone))
    clock = times.dt.tz_localize(None).to_numpy(dtype="datetime64[ns]")
    unknown = np.isnat(clock) | _is(week, "")
    hours = np.where(unknown, 0, clock.astype("datetime64[h]").view(np.int64))
    blocks = 24 // _HOURS
    names = [f"{first:02d}\N{EN DASH}{first + _HOURS - 1:02d} {timezone or 'UTC'}" for first in range(0, 24, _HOURS)]
    # The first of January 1970 was a Thursday.
    weekday = np.where(unknown, 7, (hours // 24 + 3) % 7).astype(np.int8)
    hour = np.where(unknown, blocks, hours % 24 // _HOURS).astype(np.int8)
    return Dimension(weekday, [*WEEKDAYS, ""]), Dimension(hour, [*names, ""])


def _times(sends: pd.DataFrame) -> pd.Series[Any]:
    if "sent_at" not in sends.columns:
        return pd.Series(pd.NaT, index=sends.index, dtype="datetime64[ns, UTC]")
    times = sends["sent_at"]
    known = isinstance(times.dtype, pd.DatetimeTZDtype)
    return times if known else pd.to_datetime(times, utc=True, errors="coerce")


def _first_contact(lead: Codes, leads: int, sends: pd.DataFrame) -> Codes:
    """The row of each lead's first mail; rows without a time come last, and ties keep the log's order."""
    times = _times(sends).dt.tz_convert("UTC").to_numpy(dtype="datetime64[ns]")
    stamps = np.where(np.isnat(times), np.iinfo(np.int64).max, times.view(np.int64))
    earliest = np.full(leads, np.iinfo(np.int64).max)
    np.minimum.at(earliest, lead, stamps)
    rows = np.flatnonzero(stamps == earliest[lead])[::-1]
    first = np.empty(leads, dtype=np.intp)
    first[lead[rows]] = rows
    return first


def cell_of(leads: pd.DataFrame) -> Codes:
    """The cell of each lead; `leads` has email_status and industry_group, what is not known counts as unknown."""
    status = _index(leads, "email_status", EMAIL_STATUSES, "unknown")
    group = _index(leads, "industry_group", INDUSTRY_GROUPS, "unclassified")
    return status * GROUPS + group


def _index(leads: pd.DataFrame, column: str, known: tuple[str, ...], missing: str) -> Codes:
    place = {name: at for at, name in enumerate(known)}
    if column in leads.columns and isinstance(leads[column].dtype, pd.CategoricalDtype):
        # As `contacts` makes them: asked for by nearly every part of a diagnosis.
        codes, names = leads[column].cat.codes.to_numpy(), [str(name) for name in leads[column].cat.categories]
    else:
        found = dimension(leads, column)
        codes, names = found.codes, found.values
    # What is not given has the last place.
    places = [place.get(name.strip().lower(), place[missing]) for name in (*names, missing)]
    return np.array(places, dtype=np.int64)[codes]
