"""The leads of the next list, or of a list like this one: who can be written to, and at what risk.

A lead's chance starts from its cell and moves with what its own domain did to addresses of the same status before; the
same formula as for campaigns, with the correlation found within domains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.diagnose.arrays import Codes, Flags, Reals, Texts
from analyzer.diagnose.contacts import Contacts, Dimension, dimension
from analyzer.diagnose.forecast import CELLS, GROUPS, History, Target, cell_means, cell_of, target_of
from analyzer.diagnose.suppression_list import dead_domains, refused, suppression
from analyzer.records import EMAIL_STATUSES

if TYPE_CHECKING:
    from analyzer.correlate import Correlated

_GUESSED, _INVALID = EMAIL_STATUSES.index("guessed"), EMAIL_STATUSES.index("invalid")
_VERIFIED = EMAIL_STATUSES.index("verified")
#: Findings of a format check that do not keep a mail from being addressed.
_IN_FORM = frozenset(
    {"", "reserved_domain", "public_suffix", "unknown_suffix", "mixed_scripts", "possible_typo", "needs_smtputf8"}
)


@dataclass(frozen=True, slots=True)
class NextList:
    """A list to be sent, lead by lead: `cell`, `chance` of an address-fault bounce, and why one is out ("" if not).

    `own` says whether it is the list given as the next one; else it is this campaign's, taken as a model.
    """

    cell: Codes
    chance: Reals
    barred: Texts
    means: Reals
    own: bool

    @property
    def status(self) -> Codes:
        """The email status of each lead, as a position in EMAIL_STATUSES."""
        return self.cell // GROUPS

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

    def first(self, rows: Codes) -> Target:
        """Some rows only."""
        return target_of(self.cell[rows], self.chance[rows], self.means)

    def by_risk(self) -> Codes:
        """The rows that can be written to, least risk first; equal risks keep the list's order."""
        free = np.flatnonzero(self.barred == "")
        return free[np.argsort(self.chance[free], kind="stable")]

    def _target(self, chosen: Flags) -> Target:
        return target_of(self.cell[chosen], self.chance[chosen], self.means)


def list_ahead(correlated: Correlated, contacts: Contacts, past: History) -> NextList:
    """The next list of `correlated`, else one like the leads contacted."""
    means = cell_means(past)
    given = correlated.next_leads
    if given is None:
        cell = cell_of(contacts.leads)
        barred = np.where(cell // GROUPS == _INVALID, "invalid", "").astype(object)
        return NextList(cell, means[cell], barred, means, own=False)
    cell = cell_of(given)
    email = dimension(given, "email", lower=True)
    domains = [address.rpartition("@")[2] for address in email.values]
    chance = _with_domain(contacts, past, cell, pd.Series(domains, dtype=object).to_numpy()[email.codes], means)
    barred = np.full(len(given), "", dtype=object)
    barred[cell // GROUPS == _INVALID] = "invalid"
    barred[_of(email, refused(correlated))] = "refused"
    barred[np.array([_malformed(address) for address in email.values], dtype=bool)[email.codes]] = "malformed"
    gone = dead_domains(contacts, correlated)
    barred[np.array([domain in gone for domain in domains], dtype=bool)[email.codes]] = "domain"
    barred[_of(email, frozenset(suppression(correlated)["email"]))] = "suppressed"
    # Who is marked or refuses us may have a good address; the others cannot be delivered to.
    chance = np.where(np.isin(barred, ("", "invalid", "refused")), chance, 1.0)
    return NextList(cell, chance, barred, means, own=True)


def _of(email: Dimension, wanted: frozenset[str]) -> Flags:
    return np.array([address in wanted for address in email.values], dtype=bool)[email.codes]


def _malformed(address: str) -> bool:
    """Whether no mail can be addressed to it. A name that DNS may know after all is left to `check`."""
    from analyzer.addresses.reading import read_address

    return read_address(address).fault not in _IN_FORM


def _with_domain(
    contacts: Contacts,
    past: History,
    cell: Codes,
    domain: Texts,
    means: Reals,
) -> Reals:
    """Each lead's chance, moved by what its status did at its domain, as far as domains are consistent."""
    status = cell_of(contacts.leads) // GROUPS
    seen = pd.DataFrame(
        {
            "domain": np.array(contacts.domains, dtype=object)[contacts.domain],
            "status": status,
            "bounced": contacts.leads["address"],
            "expected": means[cell_of(contacts.leads)],
        }
    )
    table = seen.groupby(["domain", "status"], observed=True).agg(
        leads=("bounced", "size"), bounced=("bounced", "sum"), expected=("expected", "sum")
    )
    here = table.reindex(pd.MultiIndex.from_arrays([domain, cell // GROUPS])).fillna(0.0)
    strength = 1 / past.domain_phi - 1
    # (strength × mean + leads × mean + bounced - expected) / (strength + leads): the cell's rate, with the domain's own
    # surplus or credit shrunk onto it.
    surplus = (here["bounced"] - here["expected"]).to_numpy() / (strength + here["leads"].to_numpy())
    return np.clip(means[cell] + surplus, 1e-6, 1 - 1e-6)
