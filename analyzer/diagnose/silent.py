"""Leads that nothing came back of, counted instead of held row by row: what the statistics see of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from analyzer.diagnose.arrays import Codes, Flags, Reals, sums

#: What is counted of a silent lead at its first contact.
CELL: tuple[str, ...] = ("email_status", "industry", "industry_group", "campaign", "age")
#: How long ago its address was verified then: not asked or not known, within the days that count as fresh, longer; and
#: only after it was written to.
AGES: tuple[str, ...] = ("", "fresh", "old", "late")


@dataclass(frozen=True, slots=True)
class Silent:
    """The leads that nothing came back of, counted.

    mails: sent to them; known: of these, those with a value in a dimension, where that is asked for.
    cells: one row per combination of CELL: these, and `rank`, where the first such lead stands among all leads.
    told_domains: `domain`, `cell` (a row of `cells`), `leads`, of domains that also have told leads.
    ranks: of the domains of told leads, where the first lead of all stands among all leads.
    shapes: the other domains by what they have: `shape`, `cell`, `leads`; `copies`: how many domains have each shape;
        `free`: by shape, the one free-mail domain that has it, "" for those of companies.
    values: per `dimension` and `value`: `leads`, by `email_status` and `industry_group` at the first contact, and by
        whether their `first` mail has that value.
    domains: `value`, `leads`: all domains of told leads, and of the others those with most leads.
    companies: asked with a dimension, its values and whether only first mails count, gives two frames: `value`,
        `domain`, `leads` at domains of told leads, and elsewhere `value`, `leads`, `pairs` (of leads at one domain),
        those that `shared` it, and `companies` (such domains).
    beside: asked with a dimension and values of others, by name, gives the rows of `values` of that dimension, counted
        apart by which of these each lead had at its first mail: `had_NAME`, "" for none of them.
    """

    mails: int
    known: dict[str, int]
    cells: pd.DataFrame
    told_domains: pd.DataFrame
    ranks: dict[str, int]
    shapes: pd.DataFrame
    copies: Codes
    free: list[str]
    values: pd.DataFrame
    domains: pd.DataFrame
    companies: Callable[[str, list[str], bool], tuple[pd.DataFrame, pd.DataFrame]]
    beside: Callable[[str, dict[str, list[str]]], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Alike:
    """Silent leads of some values: `leads` per `codes` (value) and `domain` (as told leads have them); and per value,
    `elsewhere`: those at other domains, `pairs` of them at one domain, those that `shared` it, at how many `companies`.
    """

    codes: Codes
    domain: Codes
    leads: Codes
    elsewhere: Reals
    pairs: Reals
    shared: Reals
    companies: Reals

    def apart(self, domains: Flags) -> Alike:
        """The same where leads of some domains (flags by code) share nothing: they are elsewhere, each by itself."""
        alone = domains[self.domain]
        more = sums(self.codes[alone], self.leads[alone], len(self.elsewhere))
        return replace(
            self,
            codes=self.codes[~alone],
            domain=self.domain[~alone],
            leads=self.leads[~alone],
            elsewhere=self.elsewhere + more,
        )


@dataclass(frozen=True, slots=True)
class Observations:
    """Pairs of value and silent lead, counted: `codes` into `values`, the lead's `cell`, whether its first mail has the
    value, and how many `leads`; `had`: other dimensions at their first mails, as far as they were asked for.
    """

    values: list[str]
    codes: Codes
    cell: Codes
    first: Codes
    leads: Codes
    alike: Callable[[Codes], Alike]
    had: dict[str, pd.Series]
