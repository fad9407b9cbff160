"""Rates of mails of a week, or of a group in it, with ranges that know which mails went to one company."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyzer.diagnose.arrays import Codes, Reals, sums
from analyzer.diagnose.diagnosis import Rate
from analyzer.diagnose.estimates.rates import belief_of
from analyzer.diagnose.leads.companies import Companies, Together

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.history.companies import AtCompanies

#: The groups that all mail is counted in: the weeks by number, and the weeks before the last together.
BEFORE = -1


class Lying:
    """How the mails of some groups lie at companies, ready to be asked for many kinds of bounces.

    domains: the recipient domains of all mails that bounced, as bounces are coded.
    """

    def __init__(self, lies: AtCompanies, domains: pd.Index[Any]) -> None:
        self._names = pd.Index(lies.groups["value"])
        self._sums = lies.groups[["shared", "companies", "pairs"]].to_numpy(dtype=float).T
        self._width = max(len(domains), 1)
        group = self._names.get_indexer(pd.Index(lies.bouncing["value"]))
        code = domains.get_indexer(pd.Index(lies.bouncing["domain"]))
        key, mails = group * self._width + code, lies.bouncing["mails"].to_numpy(dtype=float)
        order = np.flatnonzero(code >= 0)
        order = order[np.argsort(key[order], kind="stable")]
        self._key, self._mails = key[order], mails[order]

    def rates(
        self, groups: Sequence[int] | Sequence[str], sends: NDArray[Any], of: Codes, domain: Codes, measure: str
    ) -> list[Rate]:
        """The rate of each of some groups.

        sends: their mails; of, domain: the place of its group among them and the domain's code of each mail that
        bounced; measure: what as ("spam" for refusals).
        """
        place = self._names.get_indexer(pd.Index(groups))
        known, mails = place >= 0, np.asarray(sends, float)
        shared, companies, pairs = (np.where(known, one[place], 0.0) for one in self._known())
        count = np.bincount(of, minlength=len(mails)).astype(float)
        inside = known[of]
        cell, hits = np.unique(place[of[inside]] * self._width + domain[inside], return_counts=True)
        at = np.minimum(np.searchsorted(self._key, cell), max(len(self._key) - 1, 0))
        met = self._key[at] == cell if len(self._key) else np.zeros(len(cell), dtype=np.bool_)
        group, back, crowd = cell[met] // self._width, hits[met].astype(float), self._mails[at[met]]
        squares, there = (
            np.where(known, sums(group, amount, max(len(self._names), 1))[place], 0.0)
            for amount in (back**2 / crowd, back)
        )
        some = Together(count, squares, there)
        low, high = Companies(mails, shared, companies, pairs, {measure: some}).interval(measure, belief_of(measure))
        return [
            Rate(int(n), int(m), float(n / m), float(one), float(other)) if m else Rate(int(n), 0, None, None, None)
            for n, m, one, other in zip(count, mails, low, high, strict=True)
        ]

    def _known(self) -> Reals:
        """The sums of each group, at least one group."""
        return self._sums if len(self._names) else np.zeros((3, 1))
