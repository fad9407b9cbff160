"""A campaign of which most leads are only counted: those that nothing came back of, whose rows no machine need hold.

What bounced, and whatever a bounce could be about, is there mail by mail ("told"). The leads that stayed silent come as
counts of what the statistics see of them, made where the rows lie. A silent lead is one of many alike, and a domain
that nothing came back of one of many with the same leads: they are exchangeable in every statistic of this stage, so
codes that are dealt out from the counts serve as well as the rows would. The statistics are those of any campaign.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyzer.diagnose.arrays import Codes
from analyzer.diagnose.leads.contacts import FLAGS, Contacts, Counted, Dimension, contacts, dimension
from analyzer.diagnose.leads.hindsight import SAME_DAY
from analyzer.diagnose.leads.silent import AGES, Silent
from analyzer.diagnose.thresholds import thresholds
from analyzer.sources.tables.encoded import stacked

if TYPE_CHECKING:
    from analyzer.correlate import Correlated

#: The name of a domain that is only counted.
_SOME_DOMAIN = "(a domain that nothing came back of)"


def with_counted(correlated: Correlated, silent: Silent, rank: Codes) -> tuple[Correlated, Contacts]:
    """The told leads of `correlated` and the silent ones as one campaign in codes.

    rank: where each told lead stands among all leads, by which those come in the order in which the log has them.
    """
    told = contacts(correlated)
    at = {
        name: Dimension(own.codes, _with_values(own.values, silent.values, name))
        for name, own in told.at.items()
        if name != "recipient_domain"
    }
    cell, domain = _dealt_out(silent, told)
    order = np.argsort(np.concatenate([rank, silent.cells["rank"].to_numpy()[cell]]), kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    columns: dict[str, Any] = {}
    for name in ("email_status", "industry", "industry_group", "campaign"):
        columns[name] = _categories(
            told.leads[name].cat.codes.to_numpy(), silent.cells[name], cell, order, at[name].values
        )
    # Of silent leads only what their domain says is known of the provider, and nobody asks for it lead by lead.
    provider = np.concatenate([told.leads["provider"].cat.codes.to_numpy(), np.full(len(cell), -1)])[order]
    columns["provider"] = pd.Categorical.from_codes(provider, categories=told.leads["provider"].cat.categories)
    for name in FLAGS:
        columns[name] = np.concatenate([told.leads[name].to_numpy(), np.zeros(len(cell), dtype=np.bool_)])[order]
    renamed, names = _domain_order(told, silent, rank)
    others = [name or _SOME_DOMAIN for name in np.repeat(np.array(silent.free, dtype=object), silent.copies)]
    at["recipient_domain"] = Dimension(renamed[told.at["recipient_domain"].codes], [*names, *others])
    renamed = np.concatenate([renamed, np.arange(len(names), len(names) + len(others))])
    ages = silent.cells["age"].map({age: number for number, age in enumerate(AGES)}).to_numpy(dtype=np.int64)
    first = np.concatenate([told.first, len(correlated.sends) + ages[cell]])[order]
    whole = replace(
        told,
        lead=place[told.lead],
        at=at,
        first=first,
        domain=renamed[np.concatenate([told.domain, domain])[order]],
        leads=pd.DataFrame(columns),
        counted=Counted(told, silent),
    )
    return replace(correlated, sends=stacked([correlated.sends, _first_mails(correlated.sends)])), whole


def told_apart(whole: Contacts, chosen: dict[str, list[str]]) -> tuple[Contacts, dict[str, Codes]]:
    """The leads by what some columns say of their first mail: the place of each lead's value among the `chosen` ones of
    a column, from 1 on, 0 for others; and the contacts whose leads these are, in an order of their own.
    """
    assert whole.counted is not None
    told, silent = whole.counted.told, whole.counted.silent
    silent = silent.rows.told_apart(silent, chosen)
    cell, domain = _dealt_out(silent, told)
    order = np.arange(len(told.leads) + len(cell))
    columns: dict[str, Any] = {}
    for name in ("email_status", "industry", "industry_group", "campaign"):
        own = told.leads[name].cat.codes.to_numpy()
        columns[name] = _categories(own, silent.cells[name], cell, order, whole.at[name].values)
    for name in FLAGS:
        columns[name] = np.concatenate([told.leads[name].to_numpy(), np.zeros(len(cell), dtype=np.bool_)])
    others = [name or _SOME_DOMAIN for name in np.repeat(np.array(silent.free, dtype=object), silent.copies)]
    names = Dimension(told.at["recipient_domain"].codes, [*told.domains, *others])
    places = {}
    for name, values in chosen.items():
        had = dimension(silent.cells[f"had_{name}"].to_frame(name), name).places(values)
        places[name] = np.concatenate([told.per_lead(name).places(values), had[cell]])
    numbered = replace(
        whole,
        at=whole.at | {"recipient_domain": names},
        domain=np.concatenate([told.domain, domain]),
        leads=pd.DataFrame(columns),
    )
    return numbered, places


def _with_values(own: list[str], values: pd.DataFrame, name: str) -> list[str]:
    known = set(own)
    return [*own, *(value for value in values["value"][values["dimension"] == name].unique() if value not in known)]


def _dealt_out(silent: Silent, told: Contacts) -> tuple[Codes, Codes]:
    """Every silent lead's cell and domain; domains that nothing came back of are numbered behind the told ones."""
    codes = {name: code for code, name in enumerate(told.domains)}
    here = silent.told_domains
    times = here["leads"].to_numpy(dtype=np.int64)
    cells = [np.repeat(here["cell"].to_numpy(dtype=np.int64), times)]
    domains = [np.repeat(here["domain"].map(codes).to_numpy(dtype=np.int64), times)]
    shape, copies = silent.shapes["shape"].to_numpy(dtype=np.int64), silent.copies
    start = len(codes) + np.concatenate([[0], np.cumsum(copies)]).astype(np.int64)
    often = copies[shape]
    row = np.repeat(np.arange(len(shape)), often)
    copy = np.arange(len(row)) - np.repeat(np.cumsum(often) - often, often)
    times = silent.shapes["leads"].to_numpy(dtype=np.int64)[row]
    cells.append(np.repeat(silent.shapes["cell"].to_numpy(dtype=np.int64)[row], times))
    domains.append(np.repeat(start[shape[row]] + copy, times))
    return np.concatenate(cells), np.concatenate(domains)


def _categories(told: Codes, texts: pd.Series[str], cell: Codes, order: Codes, values: list[str]) -> pd.Categorical:
    """The told leads' codes into `values` and the silent ones' texts as one column, its categories as they come."""
    places = {value: place for place, value in enumerate(values)}
    silent = np.array([places[value] for value in texts], dtype=np.int64)[cell]
    codes, found = pd.factorize(np.concatenate([told, silent])[order])
    return pd.Categorical.from_codes(codes, categories=pd.Index([values[code] for code in found], dtype=object))


def _domain_order(told: Contacts, silent: Silent, rank: Codes) -> tuple[Codes, list[str]]:
    """A new code for each domain of the told leads, so that they come as all leads come; and their names."""
    earliest = np.full(len(told.domains), np.iinfo(np.int64).max)
    np.minimum.at(earliest, told.domain, rank)
    earliest = np.minimum(earliest, [silent.ranks.get(name, np.iinfo(np.int64).max) for name in told.domains])
    order = np.argsort(earliest, kind="stable")
    code = np.empty(len(order), dtype=np.int64)
    code[order] = np.arange(len(order))
    return code, [told.domains[place] for place in order]


def _first_mails(sends: pd.DataFrame) -> pd.DataFrame:
    """A mail for each of AGES, which stands for the first mail of every silent lead of that age."""
    moment = pd.Timestamp(0, tz="UTC")
    old = pd.Timedelta(days=thresholds().guessed.stale_days + 1)
    rows = pd.DataFrame({name: pd.Series([""] * len(AGES), dtype="str") for name in sends.columns})
    verified = pd.Series([pd.NaT, moment, moment - old, moment + 2 * SAME_DAY], dtype="datetime64[ns, UTC]")
    return rows.assign(
        send_id=-1,
        lead=-1,
        transient=False,
        sent_at=pd.Series([moment] * len(AGES), dtype="datetime64[ns, UTC]"),
        verified_at=verified,
    )
