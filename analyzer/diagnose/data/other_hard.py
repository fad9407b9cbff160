"""Hard bounces of leads whose address is not at fault: full mailboxes, and servers and networks that failed.

They drive neither recommendation, but may be most of the hard rate, which is then a passing matter and no bad list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.diagnose.diagnosis import OtherHard, ReasonCount
from analyzer.diagnose.leads.contacts import dimension
from analyzer.knowledge import reasons

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.leads.contacts import Contacts

#: A provider or a domain is named that holds this share of them; days that hold it, where they are few: so many, or
#: half of those between the first mail and the last, up to two weeks.
_MOST = 0.8
_FEW_DAYS, _TWO_WEEKS = 5, 14


def other_hard(correlated: Correlated, contacts: Contacts) -> OtherHard | None:
    """What made leads bounce hard whose address no bounce calls bad; None where there are none.

    A lead counts once, with the reason of its last such bounce.
    """
    bad = contacts.leads["address"].to_numpy()
    rows = np.flatnonzero(contacts.hard)
    rows = rows[~bad[contacts.lead[rows]]]
    if not len(rows):
        return None
    sends = correlated.sends.iloc[rows]
    times = pd.to_datetime(sends["sent_at"], utc=True, errors="coerce")
    every = pd.to_datetime(correlated.sends["sent_at"], utc=True, errors="coerce")
    span = (every.max() - every.min()).days if every.notna().any() else 0
    found = pd.DataFrame(
        {
            "lead": contacts.lead[rows],
            "reason": dimension(sends, "reason").text(),
            "day": times.dt.tz_convert(None).to_numpy("datetime64[D]"),
            "provider": contacts.at["provider"].take(rows).text(),
            "domain": contacts.at["recipient_domain"].take(rows).text(),
        }
    ).sort_values("day", kind="stable", na_position="first")
    found = found.drop_duplicates("lead", keep="last")
    counted = found["reason"].value_counts()
    order = sorted(counted.items(), key=lambda item: (-item[1], str(item[0])))
    domain = _prevailing(found["domain"])
    first, last = _days(found["day"], max(_FEW_DAYS, min(span // 2, _TWO_WEEKS)))
    return OtherHard(
        leads=len(found),
        reasons=[ReasonCount(str(reason), int(leads)) for reason, leads in order],
        passing=int(sum(leads for reason, leads in order if _passes(str(reason)))),
        provider="" if domain else _prevailing(found["provider"]),
        domain=domain,
        first=first,
        last=last,
    )


def _passes(reason: str) -> bool:
    known = reasons().get(reason)
    return known is not None and known.transient


def _prevailing(values: pd.Series) -> str:
    """The value that most rows have; "" where none does, or where it is not given."""
    counted = values.value_counts()
    return str(counted.index[0]) if counted.iloc[0] >= _MOST * len(values) else ""


def _days(days: pd.Series, few: int) -> tuple[str, str]:
    """The first and last of up to a `few` days in a row on which most of these mails were sent (ISO 8601, UTC); else
    "".
    """
    known = days.dropna()
    if len(known) < _MOST * len(days):
        return "", ""
    day, mails = np.unique(known.to_numpy(dtype="datetime64[D]"), return_counts=True)
    upto = np.append(0, np.cumsum(mails))
    for length in range(1, few + 1):
        behind = np.searchsorted(day, day + np.timedelta64(length, "D"))
        within = upto[behind] - upto[:-1]
        start = int(within.argmax())
        if within[start] >= _MOST * len(days):
            return str(day[start]), str(day[behind[start] - 1])
    return "", ""
