"""Where a fix shows: the address of ours that receivers name, and the one provider that refuses.

"Get off the block list" is no job for anyone who sends from forty addresses until it says which; and a provider that
alone holds mail back is slowed down for alone.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import binom

from analyzer.diagnose.diagnosis import FixPart
from analyzer.diagnose.thresholds import thresholds

if TYPE_CHECKING:
    from analyzer.diagnose.leads.contacts import Contacts

#: Reasons that are about the address that a mail comes from.
_ADDRESS = frozenset({"ip_blocklisted", "rate_limited", "too_many_connections", "ptr_missing", "domain_reputation"})
#: Reasons that are one provider's measure of us, whoever else takes the mail.
_MEASURED = frozenset({"rate_limited", "too_many_connections"})
_IP = re.compile(
    r"(?:IPv6:|(?<![\w.:]))((?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4}(?:::?[0-9a-f]{1,4}){2,7}(?:::)?))(?![\w:]|\.\d)",
    re.I,
)
#: As many different texts are read: replies to one address differ in more than they tell.
_READ = 2000


def places(rows: pd.DataFrame, contacts: Contacts) -> list[FixPart]:
    """The parts of a fix's refusals (`Findings.refused`) that it is about: `sending_ip`, `receiver`, or none."""
    return [part for part in (_sending_ip(rows), _receiver(rows, contacts)) if part is not None]


def _sending_ip(rows: pd.DataFrame) -> FixPart | None:
    """The address that nearly all refusals name, at several companies: a server of theirs is named at one only."""
    if not set(rows["reason"]) & _ADDRESS:
        return None
    limits = thresholds()
    told = rows[["diagnostic", "domain"]].drop_duplicates().head(_READ)
    named = [_addresses(text) for text in told["diagnostic"]]
    count = Counter(ip for found in named for ip in found)
    if not count:
        return None
    # Where each reply names two, the one that it speaks of comes before the server's own.
    usual = min(count, key=lambda ip: (-count[ip], sum(found.index(ip) for found in named if ip in found), ip))
    at = {domain for found, domain in zip(named, told["domain"], strict=True) if usual in found}
    if len(at) < limits.evidence.min_bounces or count[usual] < limits.fixes.part * len(told):
        return None
    return FixPart("sending_ip", usual, round(len(rows) * count[usual] / len(told)))


def _addresses(text: str) -> list[str]:
    """The IP addresses that a reply names, in its order, as usually spelt; not what a list answers (127.0.0.2)."""
    found = dict.fromkeys(_address(word) for word in _IP.findall(text))
    return [name for name in found if name]


def _address(word: str) -> str:
    try:
        address = ipaddress.ip_address(word)
    except ValueError:
        return ""
    return "" if address.is_loopback or address.is_unspecified else str(address)


def _receiver(rows: pd.DataFrame, contacts: Contacts) -> FixPart | None:
    """The provider that nearly all refusals come from, where the mail goes to others as well.

    Who runs a company's mail is mostly learnt from bounces, so the others are those whose leads bounced otherwise; what
    limits our rate is one provider's measure of us, whatever the others do.
    """
    limits = thresholds()
    known = rows["provider"].astype(object).fillna("")
    if len(rows) < limits.evidence.min_bounces or known.eq("").all():
        return None
    usual = str(known[known != ""].value_counts().index[0])
    mine = (known == usual).to_numpy()
    if mine.mean() < limits.fixes.part or rows["domain"][mine].nunique() < limits.evidence.min_bounces:
        return None
    if not set(rows["reason"]) <= _MEASURED:
        bounced = contacts.hard | contacts.spam
        others = np.setdiff1d(contacts.lead[np.flatnonzero(bounced)], rows["lead"].to_numpy())
        elsewhere = contacts.leads["provider"].iloc[others].astype(object).fillna("")
        elsewhere = elsewhere[elsewhere != ""]
        here = int((elsewhere == usual).sum())
        if len(elsewhere) - here < limits.evidence.min_bounces:
            return None
        share = (here + 1) / (len(elsewhere) + 2)
        p = binom.sf(int(mine.sum()) - 1, len(rows), share)
        if share > limits.fixes.part_of_mail or p > limits.fixes.part_p:
            return None
    return FixPart("receiver", usual, int(mine.sum()))
