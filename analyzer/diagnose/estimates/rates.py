"""Rates with their intervals: of the whole campaign, and of every value of every dimension.

The unit is the lead contacted: a lead counts once in a group however many mails it got there. Intervals are Wilson's
(E. B. Wilson, JASA 22, 1927), which keep their coverage at a rate of 2 % of 30 leads, where the textbook one has 45 %,
at the effective number of leads (`companies`): what one company does to its leads is not many observations.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analyzer.diagnose.arrays import Codes, Flags, Reals, grouped, sums
from analyzer.diagnose.diagnosis import DIMENSIONS, AtMost, Interval, Rate, Row, Totals
from analyzer.diagnose.leads.companies import Belief, Companies, companies, company_of, wilson
from analyzer.diagnose.leads.contacts import Contacts, pairs
from analyzer.diagnose.thresholds import thresholds

__all__ = ["wilson"]

#: How a value that was not given is shown.
NOT_GIVEN = "(not given)"
_COUNTS = ("hard", "spam", "unknown", "address")
#: A filter is the company's, a complaint a person's. Of bad addresses the first is `domain_phi`, and the second more:
#: dead companies, or patterns that are wrong for all of one, are what was not met.
_REFUSALS = Belief(seen=0.3, unseen=0.5)
_UNSEEN_ADDRESSES = 0.3
#: Values of more digits are no numbers to count by.
_DIGITS = 18


def rate(count: int, leads: int) -> Rate:
    """`count` of `leads` as a `Rate`, with Wilson's interval; None throughout without leads."""
    if leads == 0:
        return Rate(count, leads, None, None, None)
    low, high = wilson(count, leads)
    return Rate(count, leads, count / leads, float(low), float(high))


def clustered_rate(flag: Flags, clusters: Codes) -> Interval:
    """A rate whose interval knows that leads of one domain are refused together."""
    if len(flag) == 0:
        return Interval(None, None, None)
    one = np.zeros(len(flag), dtype=np.int64)
    counted = companies(one, clusters, {"refused": (one[flag], clusters[flag])}, 1)
    low, high = counted.interval("refused", _REFUSALS)
    return Interval(float(flag.mean()), float(low[0]), float(high[0]))


def newcombe(leads: Reals, bounces: Reals, effects: Sequence[float]) -> tuple[Reals, tuple[float, float]]:
    """Rates of two arms weighted over strata alike (Mantel-Haenszel): rate, lower and upper bound of each (3 × 2); and
    the 95 % bounds of their difference (Yan & Su, 2010).

    leads, bounces: by arm and stratum, every stratum having leads of both; effects: the design effect of each arm.
    """
    weight = leads[0] * leads[1] / leads.sum(0)
    weight = weight / weight.sum()
    rate = (weight * bounces / leads).sum(1)
    size = 1 / (weight**2 / leads).sum(1) / np.asarray(effects)
    low, high = wilson(rate * size, size)
    difference = float(rate[0] - rate[1])
    return np.stack([rate, low, high]), (
        difference - float(np.hypot(rate[0] - low[0], high[1] - rate[1])),
        difference + float(np.hypot(high[0] - rate[0], rate[1] - low[1])),
    )


def design_effect(flag: Flags, clusters: Codes) -> float:
    """How many times wider than binomial the variance of the rate is, from cluster totals; at least 1."""
    leads, share = len(flag), float(flag.mean())
    index = grouped(clusters)[1]
    size = np.bincount(index)
    if share in (0.0, 1.0) or len(size) < 2:
        return 1.0
    residual = sums(index, flag) - share * size
    between = float((residual**2).sum()) * len(size) / (len(size) - 1)
    # Rounded, so that it does not show in which order the clusters were added up.
    return max(1.0, round(between / (leads * share * (1 - share)), 9))


def totals(contacts: Contacts) -> Totals:
    """The campaign in six figures; a lead that bounced in two ways counts once in what a rate is at most."""
    leads = contacts.leads
    flags = {name: leads[name].to_numpy() for name in _COUNTS}
    flags |= {f"{name} at most": flags[name] | flags["unknown"] for name in ("hard", "spam")}
    one, company = np.zeros(len(leads), dtype=np.int64), company_of(contacts)
    counted = companies(one, company, {name: (one[flag], company[flag]) for name, flag in flags.items()}, 1)
    figures = {name: _rate(counted, name) for name in flags}
    at_most = AtMost(figures["hard at most"], figures["spam at most"])
    return Totals(len(leads), contacts.sends, **{name: figures[name] for name in _COUNTS}, at_most=at_most)


def _rate(counted: Companies, name: str) -> Rate:
    """The rate of the one group that was counted."""
    count, leads = int(counted.chosen[name].count[0]), int(counted.leads[0])
    if leads == 0:
        return Rate(count, leads, None, None, None)
    low, high = counted.interval(name, belief_of(name))
    return Rate(count, leads, count / leads, float(low[0]), float(high[0]))


def belief_of(measure: str) -> Belief:
    """How alike leads of one company are in a measure: "spam" is of refusals, all others are of bad addresses."""
    return _REFUSALS if measure.startswith("spam") else Belief(thresholds().forecast.domain_phi, _UNSEEN_ADDRESSES)


def breakdown(contacts: Contacts) -> dict[str, list[Row]]:
    """Every dimension of `DIMENSIONS`, by name; a dimension that the inputs do not carry has no rows.

    Rows come in the order of their values, recipient domains by bounces; both cut at their threshold.
    """
    return {name: _rows(contacts, name) for name in DIMENSIONS}


def left_out(contacts: Contacts, rows: dict[str, list[Row]]) -> dict[str, int]:
    """How many values of each dimension are not among the rows of its breakdown; dimensions with all are not named."""
    every = {name: len(contacts.at[name].values) for name in DIMENSIONS if rows[name]}
    if "recipient_domain" in every:
        # Of leads that nothing came back of, several domains may have no name.
        every["recipient_domain"] = int(np.count_nonzero(np.bincount(contacts.domain)))
    return {name: number - len(rows[name]) for name, number in every.items() if number > len(rows[name])}


def _rows(contacts: Contacts, name: str) -> list[Row]:
    if not contacts.at[name].given:
        return []
    if name == "recipient_domain":
        table = _by_domain(contacts, thresholds().breakdown.recipient_domains)
    else:
        table = _most_telling(_by_value(contacts, name), thresholds().breakdown.values)
        table = table.sort_values("value", key=lambda values: values.map(_natural))
    columns = ("value", "leads", "hard", "spam", "unknown", "hard_low", "hard_high", "spam_low", "spam_high")
    return [
        Row(value or NOT_GIVEN, leads, hard, spam, unknown, hard / leads, hl, hh, spam / leads, sl, sh)
        for value, leads, hard, spam, unknown, hl, hh, sl, sh in zip(
            *(table[column].tolist() for column in columns), strict=True
        )
    ]


def _by_value(contacts: Contacts, name: str) -> pd.DataFrame:
    """One row per value of a dimension: `value`, distinct `leads`, how many are hard, spam and unknown, and bounds."""
    values = contacts.at[name].values
    alike = None
    if contacts.counted is not None:
        counted = contacts.counted
        contacts = counted.told
        alike = counted.alike(values, name)
    groups, leads, company = contacts.at[name].codes, len(contacts.leads), company_of(contacts)
    group, lead = pairs(groups, contacts.lead, leads, contacts.first)
    chosen = {}
    for flag in ("hard", "spam", "unknown"):
        rows = getattr(contacts, flag)
        of, who = pairs(groups[rows], contacts.lead[rows], leads)
        chosen[flag] = (of, company[who])
    found = companies(group, company[lead], chosen, len(values), alike=alike)
    columns = {"leads": found.leads.astype(np.int64)}
    for flag in chosen:
        columns[flag] = found.chosen[flag].count.astype(np.int64)
    table = pd.DataFrame({"value": np.array(values, dtype=object), **columns})
    for flag in ("hard", "spam"):
        table[f"{flag}_low"], table[f"{flag}_high"] = found.interval(flag, belief_of(flag))
    return table[table["leads"] > 0].reset_index(drop=True)


def _by_domain(contacts: Contacts, most: int) -> pd.DataFrame:
    """The same per recipient domain; its interval is about that domain alone, whose leads are its observations.

    Only the `most` domains that come first.
    """
    if contacts.counted is not None:
        table = contacts.counted.with_silent_domains(_domain_counts(contacts.counted.told))
    else:
        table = _domain_counts(contacts)
    table = _most_telling(table, most)
    for flag in ("hard", "spam"):
        table[f"{flag}_low"], table[f"{flag}_high"] = wilson(table[flag], table["leads"])
    return table


def _most_telling(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """The `most` values that come first: those with more bounces, then more leads, then by name."""
    table = table.assign(bounced=table["hard"] + table["spam"] + table["unknown"])
    if len(table) > most:
        # Of a million domains only those that can be among them are put in order.
        weight = (table["bounced"] * (table["leads"].max() + 1) + table["leads"]).to_numpy()
        table = table[weight >= np.partition(weight, len(weight) - most)[len(weight) - most]]
    return table.sort_values(["bounced", "leads", "value"], ascending=[False, False, True]).head(most)


def _domain_counts(contacts: Contacts) -> pd.DataFrame:
    """Leads and bounced leads per recipient domain."""
    size = len(contacts.domains)
    columns = {"leads": np.bincount(contacts.domain, minlength=size)}
    for flag in _COUNTS:
        columns[flag] = np.bincount(contacts.domain[contacts.leads[flag].to_numpy()], minlength=size)
    table = pd.DataFrame({"value": np.array(contacts.domains, dtype=object), **columns})
    return table[table["leads"] > 0].reset_index(drop=True)


def _natural(value: str) -> tuple[bool, int, str]:
    """Step 10 after step 9, and what was not given last."""
    # Python refuses to make a number of thousands of digits.
    return (value == "", int(value) if value.isdecimal() and len(value) <= _DIGITS else -1, value)
