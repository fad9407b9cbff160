"""Leads of whom no server was asked whether their address is good: all their mail was turned away before that.

A mail that a block list, the own account or a broken server stops tells nothing of the address it was meant for. Who is
counted as good for it makes the data look the better the more is blocked, until the block is mended. So nothing is
learnt of addresses from these leads; a later mail of theirs that got through tells as much as a first one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.classify.text import phase_of
from analyzer.diagnose.leads.companies import company_of
from analyzer.diagnose.leads.incomplete import without
from analyzer.diagnose.thresholds import thresholds
from analyzer.knowledge import reasons

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.arrays import Codes, Flags
    from analyzer.diagnose.leads.contacts import Contacts

_ACCOUNT = "sender_account"
#: In the order in which they are told of.
KINDS = ("host", "account", "server")


@dataclass(frozen=True, slots=True)
class Unasked:
    """How many `leads` of `of` were not asked for, and by what kept away (KINDS)."""

    leads: int
    of: int
    by: dict[str, int]


def asked(correlated: Correlated, contacts: Contacts) -> tuple[Correlated, Contacts, Unasked | None]:
    """The campaign without the leads of whom no server was asked; the very same, and None, where they are few."""
    told = contacts if contacts.counted is None else contacts.counted.told
    kind = _kinds(correlated, told)
    stopped = np.bincount(told.lead[kind >= 0], minlength=len(told.leads))
    never = stopped == np.bincount(told.lead, minlength=len(told.leads))
    never &= ~_asks_first(correlated, told, kind)
    if not never.any() or never.sum() < thresholds().evidence.unasked_share * len(contacts.leads):
        return correlated, contacts, None
    first = kind[told.first[never]]
    by = {name: int((first == place).sum()) for place, name in enumerate(KINDS)}
    rest, left = without(correlated, contacts, ~never)
    return rest, left, Unasked(int(never.sum()), len(contacts.leads), by)


def _kinds(correlated: Correlated, told: Contacts) -> Codes:
    """What kept each mail from being asked for, as a place in KINDS; -1 for nothing."""
    found = np.full(len(told.lead), -1, dtype=np.int8)
    back = np.flatnonzero(told.hard | told.spam)
    sends = correlated.sends.iloc[back]
    reason = sends["reason"].astype("str")
    host = [each.name for each in reasons().values() if each.before_recipient]
    found[back[reason.isin(host).to_numpy()]] = 0
    found[back[(reason == _ACCOUNT).to_numpy()]] = 1
    found[back[(sends["fault"].astype("str") == "infrastructure").to_numpy()]] = 2
    # A server that lets us come to the mail's text has taken the recipient before; our own asks nobody.
    stopped = np.flatnonzero((found == 0) | (found == 2))
    texts, place = np.unique(correlated.sends["diagnostic"].iloc[stopped].astype("str"), return_inverse=True)
    taken = np.array([phase_of(str(text)) == "data" for text in texts], dtype=np.bool_)
    found[stopped[taken[place]]] = -1
    return found


def _asks_first(correlated: Correlated, told: Contacts, kind: Codes) -> Flags:
    """Leads at companies that say of an address that it is bad while they refuse our host: they ask for it first."""
    company, mails = company_of(told), np.flatnonzero((kind == 0) | told.address)
    times = pd.Series(pd.Timestamp(0, tz="UTC"), index=range(len(mails)))
    if "sent_at" in correlated.sends.columns:
        sent = correlated.sends["sent_at"].iloc[mails].reset_index(drop=True)
        times = pd.to_datetime(sent, utc=True, errors="coerce").fillna(pd.Timestamp(0, tz="UTC"))
    frame = pd.DataFrame({"company": company[told.lead[mails]], "sent": times, "bad": told.address[mails]})
    begun = frame[~frame["bad"]].groupby("company")["sent"].min()
    last = frame[frame["bad"]].groupby("company")["sent"].max()
    both = begun.index.intersection(last.index)
    first = both[(last[both] >= begun[both]).to_numpy()]
    there = np.isin(company, first.to_numpy())
    # What our own account or a broken server stopped never came that far.
    by_host = np.zeros(len(told.leads), dtype=np.bool_)
    by_host[told.lead[kind == 0]] = True
    return np.asarray(there & by_host, dtype=np.bool_)
