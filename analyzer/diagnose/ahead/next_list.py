"""A list to be sent, lead by lead: who can be written to, at what risk, and the lists that each setting makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analyzer.diagnose.ahead.list_bars import UNDELIVERABLE
from analyzer.diagnose.ahead.list_chances import HIGHEST, from_good
from analyzer.diagnose.ahead.origins import Origins
from analyzer.diagnose.ahead.ranking import Ranked
from analyzer.diagnose.ahead.staleness import Staleness
from analyzer.diagnose.arrays import Codes, Flags, Reals, Texts
from analyzer.diagnose.diagnosis import Ranking
from analyzer.diagnose.estimates.likeness import shared
from analyzer.diagnose.estimates.outcomes import Target, target_of
from analyzer.diagnose.leads.contacts import CELLS, GROUPS
from analyzer.records import EMAIL_STATUSES

_GUESSED, _VERIFIED, _UNKNOWN = (EMAIL_STATUSES.index(name) for name in ("guessed", "verified", "unknown"))


@dataclass(frozen=True, slots=True)
class NextList:
    """A list to be sent, lead by lead: `cell`, `chance` of an address-fault bounce, and why one is out ("" if not).

    `own` says whether it is the list given as the next one; else it is this campaign's, taken as a model. `took` flags
    the leads whose address took a mail of ours before; `stale` is what old verifications are shown to do, `origins`
    what the values of some columns are, and `from_origin` which of these each lead has (`Origins.values_of`), None
    where the list does not say. `company` is where each lead is, `contacted` how many leads there mail went to, whose
    outcome its chance knows, and `likeness` how alike leads of one company are. `days` is how old each verification
    will be (NaN: not known), None where nothing says so; `meant` what a lead's domain is probably a misspelling of, ""
    if of none; `doubted` what else is to be cleared before a lead is used ("" if nothing), a key of `lead_words.DOUBTS`
    or a finding of `check`. `shared_by_each` is how alike a lead is to those before it in the mean, of a list that is a
    model. With `at_most` every bounce of unknown cause is counted as a bad address in `means` and
    `chance`.
    """

    cell: Codes
    chance: Reals
    barred: Texts
    means: Reals
    own: bool
    company: Codes
    contacted: Codes
    likeness: float
    ranked: Ranked | None = None
    took: Flags | None = None
    stale: Staleness | None = None
    days: Reals | None = None
    origins: tuple[Origins, ...] = ()
    from_origin: tuple[Codes | None, ...] = ()
    meant: Texts | None = None
    doubted: Texts | None = None
    at_most: bool = False
    shared_by_each: float = 0.0

    def bounded(self, means: Reals) -> NextList:
        """The same with the chances that cells with these `means` give the leads: as much as they can be."""
        most = np.minimum(self.chance * (means / self.means)[self.cell], np.maximum(self.chance, HIGHEST))
        kept = np.isin(self.barred, UNDELIVERABLE) | self.taken
        return replace(self, means=means, chance=np.where(kept, self.chance, most), at_most=True)

    @property
    def ranking(self) -> Ranking | None:
        """What the chances of a list of its own rest on."""
        return None if self.ranked is None else self.ranked.ranking

    def old(self, tolerance: float) -> Flags | None:
        """Which leads that can be written to are to be verified again for the age of their verification; None where
        that is not known.
        """
        if self.stale is None or self.days is None:
            return None
        verified = (self.status == _VERIFIED) & (self.barred == "") & ~self.taken & self.from_good
        return self.stale.verify_first(verified, self.days, self.chance, tolerance)

    def fresh(self, tolerance: float) -> Flags:
        """Which verified leads are to stay within the tolerance for the age of their verification."""
        if self.stale is None or self.days is None:
            return np.zeros(len(self.cell), dtype=np.bool_)
        return self.stale.fresh(self.status == _VERIFIED, self.days, tolerance)

    @property
    def from_good(self) -> Flags:
        """Which leads nothing is found against by where they come from."""
        return from_good(self.cell, self.origins, self.from_origin)

    def from_bad(self, place: int) -> Flags | None:
        """Which leads that can be written to are of where leads bounce more; None where the list does not say.

        place: of these, in `origins`; who is of one before it is not counted again.
        """
        value = self.from_origin[place]
        if value is None:
            return None
        bad = self.origins[place].bad(self.cell, value) & (self.barred == "") & ~self.taken
        for before in range(place):
            if (counted := self.from_bad(before)) is not None:
                bad = bad & ~counted
        return np.asarray(bad, dtype=np.bool_)

    def of_bad_origin(self, tolerance: float) -> tuple[Flags, ...]:
        """For each of `origins`, who of the list is of it; nobody where its leads do not exceed the tolerance."""
        found = [self.from_bad(place) for place in range(len(self.origins))]
        nobody = np.zeros(len(self.cell), dtype=np.bool_)
        return tuple(
            nobody if there is None or each.rate <= tolerance else there
            for there, each in zip(found, self.origins, strict=True)
        )

    def named_bad(self, tolerance: float) -> Flags:
        """Who is named as bad, for an old verification or for where they come from."""
        old = self.old(tolerance)
        nobody = np.zeros(len(self.cell), dtype=np.bool_)
        named = np.logical_or.reduce([nobody if old is None else old, *self.of_bad_origin(tolerance)])
        return np.asarray(named, dtype=np.bool_)

    @property
    def taken(self) -> Flags:
        """Which leads' address took a mail of ours before."""
        return np.zeros(len(self.cell), dtype=np.bool_) if self.took is None else self.took

    @property
    def status(self) -> Codes:
        """The email status of each lead, as a position in EMAIL_STATUSES."""
        return self.cell // GROUPS

    @property
    def status_known(self) -> bool:
        """Whether any lead has an email status."""
        return bool((self.status != _UNKNOWN).any())

    def statuses(self) -> list[str]:
        """The email statuses of those who can be written to."""
        return [EMAIL_STATUSES[code] for code in np.unique(self.status[self.barred == ""])]

    def cells(self) -> Flags:
        """Which cells the list has leads in."""
        return np.bincount(self.cell, minlength=CELLS) > 0

    def quantity(self) -> Target:
        """Everyone who can be written to: max quantity."""
        return self._target(self.barred == "")

    def quality(self) -> Target:
        """The same without guessed addresses: max quality."""
        return self._target((self.barred == "") & (self.status != _GUESSED))

    def verified(self) -> Target:
        """Verified addresses only."""
        return self._target((self.barred == "") & (self.status == _VERIFIED))

    def without(self, some: Flags) -> Target:
        """Max quality without some leads."""
        return self._target((self.barred == "") & (self.status != _GUESSED) & ~some)

    def first(self, rows: Codes) -> Target:
        """Some rows only."""
        return target_of(self.cell[rows], self.chance[rows], self.means, self.shared(rows))

    def shared(self, rows: Codes) -> Reals:
        """How alike each of some rows is to those before it (`likeness.shared`).

        Where no list was given, the mean of all rows: how the log is sorted must not show.
        """
        if self.own:
            return shared(self.company[rows], self.contacted[rows], self.likeness)
        return np.full(len(rows), self.shared_by_each)

    def by_risk(self) -> Codes:
        """The rows that can be written to, least risk first; equal risks keep the list's order.

        Where no list was given they come cell by cell: how the log is sorted must not show.
        """
        free = np.flatnonzero(self.barred == "")
        if self.own:
            return free[np.argsort(self.chance[free], kind="stable")]
        return free[np.lexsort((self.cell[free], self.chance[free]))]

    def _target(self, chosen: Flags) -> Target:
        return self.first(np.flatnonzero(chosen))
