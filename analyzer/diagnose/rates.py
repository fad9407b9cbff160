"""Rates with their intervals: of the whole campaign, and of every value of every dimension.

The unit is the lead contacted: a lead counts once in a group however many mails it got there. Intervals are Wilson's
(E. B. Wilson, JASA 22, 1927), which keep their coverage at a rate of 2 % of 30 leads, where the textbook one has 45 %.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from statsmodels.stats.proportion import proportion_confint

from analyzer.diagnose.arrays import Codes, Flags, Reals, grouped, sums
from analyzer.diagnose.contacts import Contacts, pairs
from analyzer.diagnose.diagnosis import DIMENSIONS, AtMost, Interval, Rate, Row, Totals
from analyzer.diagnose.thresholds import thresholds

#: How a value that was not given is shown.
NOT_GIVEN = "(not given)"
_COUNTS = ("hard", "spam", "unknown", "address")
#: How alike leads of one domain are before any was seen to differ: a filter is the company's, a complaint a person's.
_BELIEVED_LIKENESS = 0.3


def wilson(count: ArrayLike, leads: ArrayLike) -> tuple[Reals, Reals]:
    """Lower and upper 95 % bound of `count` of `leads`, element by element; `leads` above 0, fractions allowed."""
    count, leads = np.asarray(count, float), np.asarray(leads, float)
    low, high = proportion_confint(count, leads, alpha=0.05, method="wilson")
    # None and all are the formula's own bounds; rounding must not make 2e-19 of them.
    return np.where(count <= 0, 0.0, np.clip(low, 0, 1)), np.where(count >= leads, 1.0, np.clip(high, 0, 1))


def rate(count: int, leads: int) -> Rate:
    """`count` of `leads` as a `Rate`; None throughout without leads."""
    if leads == 0:
        return Rate(count, leads, None, None, None)
    low, high = wilson(count, leads)
    return Rate(count, leads, count / leads, float(low), float(high))


def clustered_rate(flag: Flags, clusters: Codes) -> Interval:
    """A rate whose interval knows that leads of one domain are refused together.

    Wilson's interval at the effective sample size leads / deff, deff from how alike leads of a domain are
    (`_clustering`).
    """
    leads = len(flag)
    if leads == 0:
        return Interval(None, None, None)
    share = float(flag.mean())
    low, high = wilson(share * leads / (deff := _clustering(flag, clusters)), leads / deff)
    return Interval(share, float(low), float(high))


def _clustering(flag: Flags, clusters: Codes) -> float:
    """The design effect 1 + likeness × (mean of a lead's fellows at its domain), at least 1.

    The likeness (intraclass correlation) is a moment estimate that weighs a domain by 1 / its leads, so that many small
    ones tell what the few large ones, which by chance all took or all refused, cannot: the variance between totals
    (`design_effect`) covers 87 % where sizes have a heavy tail. What is believed of it is worth one pair of leads.
    """
    leads, share = len(flag), float(flag.mean())
    index = grouped(clusters)[1]
    size = np.bincount(index).astype(float)
    variance = share * (1 - share)
    weight = np.where(size > 1, 1 / size, 0.0)
    excess = float((weight * ((sums(index, flag) - share * size) ** 2 - size * variance)).sum())
    pairs = float((weight * size * (size - 1)).sum()) * variance
    likeness = min((max(excess, 0.0) + _BELIEVED_LIKENESS) / (pairs + 1), 1.0)
    return 1 + likeness * float((size * (size - 1)).sum()) / leads


def design_effect(flag: Flags, clusters: Codes) -> float:
    """How many times wider than binomial the variance of the rate is, from cluster totals; at least 1."""
    leads, share = len(flag), float(flag.mean())
    index = grouped(clusters)[1]
    size = np.bincount(index)
    if share in (0.0, 1.0) or len(size) < 2:
        return 1.0
    residual = sums(index, flag) - share * size
    between = float((residual**2).sum()) * len(size) / (len(size) - 1)
    return max(1.0, between / (leads * share * (1 - share)))


def totals(contacts: Contacts) -> Totals:
    """The campaign in six figures; a lead that bounced in two ways counts once in what a rate is at most."""
    leads = contacts.leads
    figures = {name: rate(int(leads[name].sum()), len(leads)) for name in _COUNTS}
    bounds = {name: rate(int((leads[name] | leads["unknown"]).sum()), len(leads)) for name in ("hard", "spam")}
    return Totals(len(leads), contacts.sends, **figures, at_most=AtMost(**bounds))


def counts(contacts: Contacts, name: str) -> pd.DataFrame:
    """One row per value of a dimension: `value`, distinct `leads`, and how many are hard, spam, unknown, address."""
    if contacts.counted is not None:
        return contacts.counted.with_silent(counts(contacts.counted.told, name), name)
    groups = contacts.at[name]
    size, leads = len(groups.values), len(contacts.leads)
    columns = {"leads": np.bincount(pairs(groups.codes, contacts.lead, leads)[0], minlength=size)}
    for flag in _COUNTS:
        rows = getattr(contacts, flag)
        columns[flag] = np.bincount(pairs(groups.codes[rows], contacts.lead[rows], leads)[0], minlength=size)
    table = pd.DataFrame({"value": np.array(groups.values, dtype=object), **columns})
    return table[table["leads"] > 0].reset_index(drop=True)


def breakdown(contacts: Contacts) -> dict[str, list[Row]]:
    """Every dimension of `DIMENSIONS`, by name; a dimension that the inputs do not carry has no rows.

    Rows come in the order of their values, recipient domains by bounces and cut at the threshold.
    """
    return {name: _rows(contacts, name) for name in DIMENSIONS}


def _rows(contacts: Contacts, name: str) -> list[Row]:
    if not contacts.at[name].given:
        return []
    table = counts(contacts, name)
    if name == "recipient_domain":
        bounced = table["hard"] + table["spam"] + table["unknown"]
        table = table.assign(bounced=bounced).sort_values(["bounced", "leads", "value"], ascending=[False, False, True])
        table = table.head(thresholds().breakdown.recipient_domains)
    else:
        table = table.sort_values("value", key=lambda values: values.map(_natural))
    hard_low, hard_high = wilson(table["hard"], table["leads"])
    spam_low, spam_high = wilson(table["spam"], table["leads"])
    return [
        Row(value or NOT_GIVEN, leads, hard, spam, unknown, hard / leads, hl, hh, spam / leads, sl, sh)
        for value, leads, hard, spam, unknown, hl, hh, sl, sh in zip(
            *(table[column].tolist() for column in ("value", "leads", "hard", "spam", "unknown")),
            *(bound.tolist() for bound in (hard_low, hard_high, spam_low, spam_high)),
            strict=True,
        )
    ]


def _natural(value: str) -> tuple[bool, int, str]:
    """Step 10 after step 9, and what was not given last."""
    return (value == "", int(value) if value.isdecimal() else -1, value)
