"""Leads that nothing came back of, counted instead of held row by row: what the statistics see of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
import pandas as pd

from analyzer.diagnose.arrays import Codes, Flags, Reals, sums

if TYPE_CHECKING:
    from analyzer.correlate import Correlated

#: From behind a moment until another one.
Span: TypeAlias = tuple[np.datetime64, np.datetime64]
#: What is counted of a silent lead at its first contact.
CELL: tuple[str, ...] = ("email_status", "industry", "industry_group", "campaign", "age")
#: How long ago its address was verified then: not asked or not known, within the days that count as fresh, longer; and
#: only after it was written to.
AGES: tuple[str, ...] = ("", "fresh", "old", "late")


@dataclass(frozen=True, slots=True)
class Like:
    """Mails alike: of some `values` of each dimension named; with `first`, only first ones, or only later ones."""

    values: dict[str, list[str]]
    first: bool | None = None


@dataclass(frozen=True, slots=True)
class Late:
    """Leads that are in a log with later steps only: none of them has a mail at the step `lowest` or at none, and they
    begin at these `parts`, a campaign and the number of a step.
    """

    lowest: int
    parts: tuple[tuple[str, int], ...]


class Rows(Protocol):
    """The silent leads where they lie, asked for what nobody counts before it is known what is asked for."""

    def companies(self, name: str, values: list[str], first_only: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Leads by some values of a dimension, of all mails or of first ones alone: `value`, `domain`, `leads` at
        domains of told leads; elsewhere `value`, `leads`, `pairs` (of leads at one domain), those that `shared` it, and
        `companies` (such domains).
        """

    def beside(self, name: str, chosen: dict[str, list[str]]) -> pd.DataFrame:
        """The rows of `Silent.values` of a dimension, counted apart by which of the `chosen` values of others, by name,
        each lead had at its first mail (`had_NAME`, "" for none of them), and by their `age`.
        """

    def told_apart(self, counted: Silent, chosen: dict[str, list[str]]) -> Silent:
        """What was counted of the leads, with `cells` cut by which of the `chosen` values of some dimensions each lead
        had at its first mail (`had_NAME`, "" for none of them). Their `rank` is left out.
        """

    def but_steps(self, steps: list[str]) -> tuple[pd.DataFrame, Rows]:
        """`Silent.values` of weekday and hour, without later mails at some steps; and the leads without these."""

    def sent(self, like: Like, spans: list[Span]) -> pd.DataFrame:
        """Mails alike with a time of their own, behind the start of a span up to its end: `span` (its place), `domain`
        where told leads have it, else None, `companies` (how many such domains), `mails`.
        """

    def begun(self, lowest: int) -> tuple[pd.DataFrame, np.datetime64]:
        """How many `leads` begin at each `campaign` and `step` (its number), and whether those have mail `here`, at the
        step `lowest` or at none; and when their first mail was sent.
        """

    def gaps(self, told: pd.DataFrame, share: float) -> pd.DataFrame:
        """How many days (`gap`) after the step before a step is sent at most, to this share of leads: by `campaign` and
        `step`; by step, without campaign; and in all, without both. told: `lead`, `campaign`, `step`, `sent_at` of the
        mails of others, who count too.
        """

    def ahead(self, lowest: int, start: np.datetime64, gaps: pd.DataFrame) -> pd.DataFrame:
        """Leads without mail at the step `lowest` or at none: `leads` by the `campaign` and `step` that they begin at,
        and how many of them would have had the mail before it `ahead` of `start`. gaps: of each campaign and step.
        """

    def without(self, late: Late | None, senders: list[str], rest: Correlated, kept: Flags) -> tuple[Silent, Codes]:
        """The leads without late ones and those whose first mail was of some senders, counted anew beside the `rest` of
        the told leads; and where those stand among all. kept: which of the told leads these are.
        """


@dataclass(frozen=True, slots=True)
class Silent:
    """The leads that nothing came back of, counted.

    mails: sent to them; known: of these, those with a value in a dimension, where that is asked for; undated: those
        without a time.
    cells: one row per combination of CELL: these, and `rank`, where the first such lead stands among all leads.
    told_domains: `domain`, `cell` (a row of `cells`), `leads`, of domains that also have told leads.
    ranks: of the domains of told leads, where the first lead of all stands among all leads.
    shapes: the other domains by what they have: `shape`, `cell`, `leads`; `copies`: how many domains have each shape;
        `free`: by shape, the one free-mail domain that has it, "" for those of companies.
    values: per `dimension` and `value`: `leads`, by `email_status` and `industry_group` at the first contact, and by
        whether their `first` mail has that value.
    domains: `value`, `leads`: all domains of told leads, and of the others those with most leads.
    rows: the leads themselves, where they lie.
    """

    mails: int
    known: dict[str, int]
    undated: int
    cells: pd.DataFrame
    told_domains: pd.DataFrame
    ranks: dict[str, int]
    shapes: pd.DataFrame
    copies: Codes
    free: list[str]
    values: pd.DataFrame
    domains: pd.DataFrame
    rows: Rows

    def but_steps(self, steps: list[str]) -> Silent:
        """The same for weekday and hour, without later mails at some steps."""
        values, rows = self.rows.but_steps(steps)
        return replace(self, values=values, rows=rows)


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
