"""Of which of our mail a fault shows: from when until when, and whether one mailbox, campaign, step or template has it.

A fault that is no longer seen may be mended, or its mail no longer sent. So the mails after its last one are held
against those of its time: of the same mailboxes, at the same step and, if the text is to blame, of the same campaign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import gammaln
from scipy.stats import binom

from analyzer.diagnose.arrays import Codes, Flags
from analyzer.diagnose.contacts import Dimension, pairs
from analyzer.diagnose.diagnosis import FixPart
from analyzer.diagnose.thresholds import thresholds

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.contacts import Contacts

#: Faults of what is sent, not of who sends it.
_TEXT = ("content", "complaint")
#: What a part of the mail is told by: where how we send is to blame, and where what we send is.
_SENDING = ("sender_domain", "sender")
_WRITING = (*_SENDING, "campaign", "step", "template")


class FixMail:
    """The mails of a campaign, asked about the refusals of one fix at a time."""

    def __init__(self, correlated: Correlated, contacts: Contacts) -> None:
        self._contacts = contacts
        sent = correlated.sends["sent_at"] if "sent_at" in correlated.sends.columns else None
        #: When each mail was sent; None where mails are missing that nothing came back of, or have no times.
        self._times = None
        if sent is not None and contacts.counted is None:
            times = pd.to_datetime(sent, utc=True, errors="coerce").dt.tz_convert(None)
            week = contacts.at["week"]
            # A time that makes no week is that of a later mail to those who did not bounce.
            own = np.array([bool(label) for label in week.values], dtype=np.bool_)[week.codes]
            self._times = np.where(own, times.to_numpy(dtype="datetime64[ns]"), np.datetime64("NaT", "ns"))

    def clear(self, rows: pd.DataFrame) -> int | None:
        """How many mails like those of some refusals went out after the last one, where that shows the fault is over.

        None where it does not. `rows` are of `Findings.refused`.

        It does where chance would hardly put all companies that refused among those written to until then, and none
        among those written to afterwards (hypergeometric). Mails later than the last one that came back for whatever
        reason count for nothing: their bounces may not be read yet.
        """
        like = self._like(rows)
        if like is None or self._times is None:
            return None
        mine, refusing = like
        evidence = thresholds().evidence
        times, came_back = self._times[mine], self._contacts.hard | self._contacts.spam | self._contacts.unknown
        refused = self._times[_places(rows)]
        first, last, end = refused.min(), refused.max(), self._times[came_back].max()
        company = self._contacts.domain[self._contacts.lead[mine]]
        after = (times > last) & (times <= end)
        before = len(np.unique(company[(times >= first) & (times <= last)]))
        behind = len(np.unique(company[after]))
        if refusing < evidence.min_bounces or behind < evidence.min_leads_per_arm:
            return None
        # The last one ends the time that is looked at, so it is no witness.
        p = np.exp(_log_ways(before - 1, refusing - 1) - _log_ways(before + behind - 1, refusing - 1))
        return int(after.sum()) if p <= thresholds().fixes.over_p else None

    def _like(self, rows: pd.DataFrame) -> tuple[Codes, int] | None:
        """The mails that would have been refused as well, and at how many companies some of them were."""
        at, contacts = self._contacts.at, self._contacts
        refused = _places(rows)
        if self._times is None or np.isnat(self._times[refused]).any():
            return None
        # The mailboxes that were refused, or the one that nearly all of it is of.
        named = [one.value for one in self.parts(rows) if one.dimension == "sender"]
        senders = at["sender"] if at["sender"].given else at["sender_domain"]
        chosen = np.zeros(len(senders.values), dtype=np.bool_)
        chosen[senders.values.index(named[0]) if named else senders.codes[refused]] = True
        like = chosen[senders.codes]
        # Who refuses does so at the first mail: later ones meet the survivors.
        step = at["step"] if at["step"].given else Dimension(self._late().astype(np.int64), ["first", "later"])
        for column in (step, at["campaign"]) if _is_text(rows) else (step,):
            like &= column.codes == _usual(column.codes[refused])
        return np.flatnonzero(like), len(np.unique(contacts.domain[contacts.lead[refused[like[refused]]]]))

    def parts(self, rows: pd.DataFrame) -> list[FixPart]:
        """The values that nearly all of some refusals have, and by far not nearly all of the mail."""
        limits = thresholds()
        if len(rows) < limits.evidence.min_bounces:
            return []
        refused, companies = _places(rows), rows["domain"].nunique()
        late = bool(self._late()[refused].mean() > 0.5)
        found: list[FixPart] = []
        shares: list[float] = []
        for name in _WRITING if _is_text(rows) else _SENDING:
            column = self._contacts.at[name]
            codes = column.codes[refused]
            code = _usual(codes)
            mine, share = codes == code, self._share(name, code, late=late)
            if not column.values[code] or mine.mean() < limits.fixes.part or share > limits.fixes.part_of_mail:
                continue
            p = binom.sf(rows["domain"][mine].nunique() - 1, companies, share)
            # A template that is all of a step is the step, and one of several mailboxes is more than their domain.
            if p <= limits.fixes.part_p and share not in shares:
                found = [one for one in found if name != "sender"]
                found.append(FixPart(name, column.values[code], int(mine.sum())))
                shares.append(share)
        return found

    def _late(self) -> Flags:
        """Which mails are not the first to their lead."""
        contacts = self._contacts if self._contacts.counted is None else self._contacts.counted.told
        late = np.ones(len(contacts.lead), dtype=np.bool_)
        late[contacts.first] = False
        return late

    def _share(self, name: str, code: int, *, late: bool) -> float:
        """The part of the leads' first mails that has a value, or with `late` of what a lead got of each value."""
        contacts = self._contacts if self._contacts.counted is None else self._contacts.counted.told
        codes = self._contacts.at[name].codes
        mails = pairs(codes, contacts.lead, len(contacts.leads), contacts.first)[0] if late else codes[contacts.first]
        own, all_of = int((mails == code).sum()), len(mails)
        if self._contacts.counted is not None:
            silent = self._contacts.counted.observations(self._contacts, name, first_only=not late)
            own += int(silent.leads[silent.codes == code].sum())
            all_of += int(silent.leads.sum())
        return own / max(all_of, 1)


def _places(rows: pd.DataFrame) -> Codes:
    """Which mails some refusals are of."""
    return rows["row"].to_numpy(dtype=np.int64)


def _is_text(rows: pd.DataFrame) -> bool:
    """Whether what is sent is to blame for most of some refusals."""
    return bool(rows["fault"].isin(_TEXT).mean() > 0.5)


def _usual(codes: Codes) -> int:
    """The code that most have."""
    return int(np.bincount(codes.astype(np.int64)).argmax())


def _log_ways(size: int, chosen: int) -> float:
    """The logarithm of the number of ways to choose some of a set."""
    return float(gammaln(size + 1) - gammaln(chosen + 1) - gammaln(size - chosen + 1))
