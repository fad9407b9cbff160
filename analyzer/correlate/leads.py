"""Lead lists as one frame, one row an address, their status and industry in canonical words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from analyzer.correlate.addresses import address_keys, normalise_addresses
from analyzer.correlate.industries import normalise_industries
from analyzer.correlate.opted_out import SAID_IN, opted_out
from analyzer.correlate.providers import listed_providers
from analyzer.correlate.statuses import is_known_status, normalise_statuses, whose_words
from analyzer.errors import MissingColumnError
from analyzer.records import LEAD_COLUMNS
from analyzer.sources.tables import Table, parse_times
from analyzer.sources.tables.encoded import blank, distinct, is_encoded, over_distinct, recoded, stacked, texts
from analyzer.sources.tables.named import PREFIX
from analyzer.sources.tables.platforms import EXTRAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: A table that was read, or a frame with canonical columns.
TableLike: TypeAlias = Table | pd.DataFrame
Tables: TypeAlias = "TableLike | Iterable[TableLike]"

#: What a lead tells of itself, and what a send takes over from it.
ATTRIBUTES: tuple[str, ...] = tuple(name for name in LEAD_COLUMNS if name not in {"email", "lead_id"})
#: Columns of a lead frame.
LEAD_FRAME: tuple[str, ...] = (*LEAD_COLUMNS, "industry_group", "email_status_original", "industry_original")
_FIRST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Leads:
    """frame: LEAD_FRAME, `key` (the address in lower case) and what `extras` finds; warnings.

    have: columns that hold anything. opted_out: keys of who asked not to be written to again. providers: who runs the
    mail of each domain, as far as the lists say so.
    """

    frame: pd.DataFrame
    have: frozenset[str]
    warnings: tuple[str, ...]
    opted_out: frozenset[str] = frozenset()
    providers: Mapping[str, str] = field(default_factory=dict)


def as_list(tables: Tables | None) -> list[TableLike]:
    """None, one table or several as a list."""
    if tables is None:
        return []
    return [tables] if isinstance(tables, (Table, pd.DataFrame)) else list(tables)


def frame_of(table: TableLike) -> tuple[pd.DataFrame, str]:
    """A table's frame and the platform that wrote it."""
    return (table.frame, table.platform) if isinstance(table, Table) else (table.reset_index(drop=True), "")


def text_column(frame: pd.DataFrame, name: str) -> pd.Series:
    """A column as text, "" where blank or absent; encoded where it was."""
    if name not in frame.columns:
        return blank(frame)
    column = frame[name]
    return column if is_encoded(column) else column.astype("str").fillna("")


def asked_out(frame: pd.DataFrame, addresses: pd.Series) -> frozenset[str]:
    """The keys of the rows whose lead asked not to be written to again; `addresses` are theirs."""
    said = {name: text_column(frame, name) for name in SAID_IN if name in frame.columns}
    chosen = opted_out(said, len(frame))
    return frozenset(address_keys(texts(addresses[chosen]))) - {""} if chosen.any() else frozenset()


def held(frame: pd.DataFrame, names: Iterable[str]) -> set[str]:
    """Those of the columns that hold anything."""
    columns = [name for name in names if name in frame.columns]
    # The first rows tell of most columns: there may be millions.
    return {name for name in columns if _holds(frame[name].iloc[:_FIRST_ROWS]) or _holds(frame[name])}


def _holds(column: pd.Series) -> bool:
    if is_encoded(column):
        return bool((column != "").any())
    filled = column.notna()
    return bool(filled.any() if column.dtype.kind in "Mbif" else (filled & (column != "")).any())


def with_attributes(frame: pd.DataFrame, platform: str) -> pd.DataFrame:
    """ATTRIBUTES in canonical words, with their originals and the industry group; indexed as `frame`."""
    status = text_column(frame, "email_status")
    industry = text_column(frame, "industry")
    names, groups = _industries(industry)
    columns = {name: text_column(frame, name) for name in ("company", "country", "title")}
    times = parse_times(frame["verified_at"] if "verified_at" in frame.columns else text_column(frame, "verified_at"))
    return pd.DataFrame(
        {
            "email_status": over_distinct(status, lambda words: normalise_statuses(words, platform)),
            "industry": names,
            **columns,
            "verified_at": times,
            "industry_group": groups,
            "email_status_original": status,
            "industry_original": industry,
        }
    )


def _industries(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Canonical names and groups."""
    if not is_encoded(column):
        found = normalise_industries(column)
        return found["industry"], found["industry_group"]
    found, codes = normalise_industries(distinct(column)), column.cat.codes.to_numpy()
    return recoded(codes, found["industry"], column.index), recoded(codes, found["industry_group"], column.index)


def extras(frame: pd.DataFrame) -> list[str]:
    """The columns that only the scan of drivers looks at: EXTRAS, and those that a person named."""
    return [str(name) for name in frame.columns if name in EXTRAS or str(name).startswith(PREFIX)]


def with_all_extras(parts: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """The frames, each with the extras of all, blank where it has none."""
    every = list(dict.fromkeys(name for part in parts for name in extras(part)))
    return [part.assign(**{name: text_column(part, name) for name in every}) if every else part for part in parts]


def with_at_sign(frame: pd.DataFrame, address: str) -> pd.DataFrame:
    """The rows whose address has an "@"."""
    has = over_distinct(frame[address], lambda found: found.str.contains("@", regex=False))
    return frame if has.all() else frame[has]


def build_leads(tables: Tables | None, what: str = "lead list", *, every: bool = False) -> Leads:
    """Every lead once; with `every` also each row that holds no address. `MissingColumnError` for a frame without an
    `email` column.

    Of several rows for an address the one verified last is kept, else the first.
    """
    warnings: list[str] = []
    parts: list[pd.DataFrame] = []
    have: set[str] = set()
    out: frozenset[str] = frozenset()
    run_by: dict[str, str] = {}
    for table in as_list(tables):
        frame, platform = frame_of(table)
        warnings += table.warnings if isinstance(table, Table) else ()
        name = "email" if "email" in frame.columns else "recipient"
        if name not in frame.columns:
            raise MissingColumnError(what, "has no column 'email'", "rename the column of addresses")
        have |= held(frame, LEAD_COLUMNS)
        email = over_distinct(frame[name], _as_given if every else normalise_addresses)
        out |= asked_out(frame, email)
        if "provider" in frame.columns:
            listed, doubts = listed_providers(text_column(frame, "provider"), over_distinct(email, address_keys), what)
            run_by |= listed
            warnings += doubts
        more = {other: text_column(frame, other) for other in extras(frame)}
        part = with_attributes(frame, platform).assign(email=email, lead_id=text_column(frame, "lead_id"), **more)
        warnings += _unknown_words(part, platform, what)
        parts.append(part if every else with_at_sign(part, "email"))
    frame = stacked(with_all_extras(parts)) if parts else _no_leads()
    frame["key"] = over_distinct(frame["email"], address_keys)
    number = pd.Series(pd.factorize(frame["key"])[0], index=frame.index)
    if every:
        # What is no address is nobody's: two such rows are two leads.
        number = number.where(texts(frame["key"]).str.contains("@", regex=False), -1 - np.arange(len(frame)))
    repeated = number.duplicated(keep=False)
    if repeated.any():
        count = int(number.duplicated().sum())
        conflicting = frame[repeated].groupby(number[repeated])["email_status"].nunique().gt(1).sum()
        told = f" ({conflicting} addresses with different verification results)" if conflicting else ""
        warnings.append(f"Rows of the {what} that repeat an address: {count:,}{told}; the row verified last was taken.")
        frame = frame.sort_values("verified_at", ascending=False, na_position="last", kind="stable")
        frame = frame[~number[frame.index].duplicated()].sort_index()
    kept = frame[[*LEAD_FRAME, "key", *extras(frame)]].reset_index(drop=True)
    return Leads(kept, frozenset(have), tuple(warnings), out, run_by)


def _as_given(column: pd.Series) -> pd.Series:
    """Normalised addresses; what is none as it stands."""
    found = normalise_addresses(column)
    return found.where(found != "", column.astype("str").fillna("").str.strip())


def _no_leads() -> pd.DataFrame:
    columns = {name: pd.Series(dtype="str") for name in LEAD_FRAME}
    return pd.DataFrame({**columns, "verified_at": pd.Series(dtype="datetime64[ns, UTC]")})


def _unknown_words(part: pd.DataFrame, platform: str, what: str) -> list[str]:
    """One sentence where a status column holds words that nobody has mapped."""
    given = part["email_status_original"]
    counts = texts(given[(part["email_status"] == "unknown") & (given != "")]).value_counts()
    if len(counts):
        platform = whose_words(texts(given).drop_duplicates(), platform)
    strange = [str(word) for word in counts.index if not is_known_status(str(word), platform)]
    if not strange:
        return []
    words = ", ".join(map(repr, strange[:5]))
    count = int(counts[strange].sum())
    return [f"Verification results of the {what} that are not known ({words}), taken as unknown: {count}."]
