"""Of which of our mail a fault shows: from when until when, and whether one mailbox, campaign, step or template has it.

A fault that is no longer seen may be mended, or its mail no longer sent. So the mails after its last one are held
against those of its time: of the same mailboxes, at the same step and, if the text is to blame, of the same campaign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import gammaln
from scipy.stats import binom

from analyzer.diagnose.arrays import Codes, Flags
from analyzer.diagnose.diagnosis import FixPart
from analyzer.diagnose.leads.contacts import pairs
from analyzer.diagnose.leads.silent import Like, Span
from analyzer.diagnose.refused.fix_places import places
from analyzer.diagnose.thresholds import thresholds

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.leads.contacts import Contacts

#: Faults of what is sent, not of who sends it.
_TEXT = ("content", "complaint")
#: What a part of the mail is told by: where how we send is to blame, and where what we send is.
_SENDING = ("sender_domain", "sender")
_WRITING = (*_SENDING, "campaign", "step", "template")


class FixMail:
    """The mails of a campaign, asked about the refusals of one fix at a time."""

    def __init__(self, correlated: Correlated, contacts: Contacts) -> None:
        self._contacts = contacts
        self._told = contacts if contacts.counted is None else contacts.counted.told
        #: What `_counts` has counted: every fix asks for the same.
        self._counted: dict[tuple[str, bool], Codes] = {}
        #: When each mail was sent; None where they have no times.
        self._times = None
        if "sent_at" in correlated.sends.columns:
            sent = correlated.sends["sent_at"][: len(contacts.lead)]
            times = pd.to_datetime(sent, utc=True, errors="coerce").dt.tz_convert(None)
            week = contacts.at["week"]
            # A time that makes no week is that of a later mail to those who did not bounce.
            own = np.array([bool(label) for label in week.values], dtype=np.bool_)[week.codes]
            self._times = np.where(own, times.to_numpy(dtype="datetime64[ns]"), np.datetime64("NaT", "ns"))

    def clear(self, rows: pd.DataFrame) -> int | None:
        """How many mails like those of some refusals went out after the last one, where that shows the fault is over.

        None where it does not. `rows` are of `Findings.refused`.

        It does where chance would hardly put all that refused among those written to until then, and none among those
        written to afterwards (hypergeometric), counted by company and by mail: where companies refuse as a whole, mails
        are no witnesses of their own, and where they do not, a company that got more mails refused more. Mails later
        than the last one that came back for whatever reason count for nothing: their bounces may not be read yet.
        """
        refused = _places(rows)
        if self._times is None or np.isnat(self._times[refused]).any():
            return None
        evidence = thresholds().evidence
        like = self._like(rows)
        mine = self._are(like)
        contacts = self._contacts
        like_these = refused[mine[refused]]
        refusing = len(np.unique(contacts.domain[contacts.lead[like_these]]))
        times, came_back = self._times[refused], contacts.hard | contacts.spam | contacts.unknown
        first, last, end = times.min(), times.max(), self._times[came_back].max()
        spans = [(first - np.timedelta64(1, "us"), last), (last, end)]
        (before, earlier), (behind, mails) = self._sent(like, np.flatnonzero(mine), spans)
        if refusing < evidence.min_bounces or behind < evidence.min_leads_per_arm:
            return None
        p = max(_by_chance(before, behind, refusing), _by_chance(earlier, mails, len(like_these)))
        return mails if p <= thresholds().fixes.over_p else None

    def _like(self, rows: pd.DataFrame) -> Like:
        """The mails that would have been refused as well."""
        at, refused = self._contacts.at, _places(rows)
        # The mailboxes that were refused, or the one that nearly all of it is of.
        named = [one.value for one in self.parts(rows) if one.dimension == "sender"]
        senders = "sender" if at["sender"].given else "sender_domain"
        values = {senders: named or [at[senders].values[code] for code in np.unique(at[senders].codes[refused])]}
        # Who refuses does so at the first mail: later ones meet the survivors.
        first = None if at["step"].given else bool(self._late()[refused].mean() <= 0.5)
        for name in ("step", "campaign") if _is_text(rows) else ("step",):
            if at[name].given:
                values[name] = [at[name].values[_usual(at[name].codes[refused])]]
        return Like(values, first)

    def _are(self, like: Like) -> Flags:
        """Which mails are those, of the ones that are held."""
        mine = np.ones(len(self._told.lead), dtype=np.bool_)
        for name, values in like.values.items():
            column = self._contacts.at[name]
            mine &= np.array([value in values for value in column.values], dtype=np.bool_)[column.codes]
        return mine if like.first is None else np.asarray(mine & (self._late() != like.first), dtype=np.bool_)

    def _sent(self, like: Like, mine: Codes, spans: list[Span]) -> list[tuple[int, int]]:
        """At how many companies mails alike were sent within each span, and how many mails."""
        contacts = self._contacts
        assert self._times is not None
        times, company = self._times[mine], contacts.domain[contacts.lead[mine]]
        inside = [_within(times, *span) for span in spans]
        found = [(set(company[rows].tolist()), int(rows.sum())) for rows in inside]
        if contacts.counted is None:
            return [(len(companies), mails) for companies, mails in found]
        silent = contacts.counted.silent.rows.sent(like, spans)
        place = {name: code for code, name in enumerate(contacts.domains[: len(self._told.domains)])}
        counted = []
        for number, (companies, mails) in enumerate(found):
            more = silent[silent["span"] == number]
            known = {place[name] for name in more["domain"].dropna()}
            others = int(more["companies"][more["domain"].isna()].sum())
            counted.append((len(companies | known) + others, mails + int(more["mails"].sum())))
        return counted

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

    def places(self, rows: pd.DataFrame) -> list[FixPart]:
        """The address of ours that nearly all of some refusals name, and the one provider that they come from."""
        return places(rows, self._contacts)

    def _late(self) -> Flags:
        """Which mails are not the first to their lead."""
        late = np.ones(len(self._told.lead), dtype=np.bool_)
        late[self._told.first] = False
        return late

    def _share(self, name: str, code: int, *, late: bool) -> float:
        """The part of the leads' first mails that has a value, or with `late` of what a lead got of each value."""
        counts = self._counts(name, late=late)
        own, all_of = int(counts[code]), int(counts.sum())
        if self._contacts.counted is not None:
            silent = self._contacts.counted.observations(self._contacts, name, first_only=not late)
            own += int(silent.leads[silent.codes == code].sum())
            all_of += int(silent.leads.sum())
        return own / max(all_of, 1)

    def _counts(self, name: str, *, late: bool) -> Codes:
        """How many of the mails held, as `_share` counts them, have each value of a dimension."""
        known = self._counted.get((name, late))
        if known is None:
            contacts, column = self._told, self._contacts.at[name]
            if late:
                mails = pairs(column.codes, contacts.lead, len(contacts.leads), contacts.first)[0]
            else:
                mails = column.codes[contacts.first]
            known = self._counted[name, late] = np.bincount(mails, minlength=len(column.values))
        return known


def _within(times: Any, start: np.datetime64, end: np.datetime64) -> Flags:
    """Which times are behind the start of a span, and not behind its end."""
    return np.asarray((times > start) & (times <= end), dtype=np.bool_)


def _places(rows: pd.DataFrame) -> Codes:
    """Which mails some refusals are of."""
    return rows["row"].to_numpy(dtype=np.int64)


def _is_text(rows: pd.DataFrame) -> bool:
    """Whether what is sent is to blame for most of some refusals."""
    return bool(rows["fault"].isin(_TEXT).mean() > 0.5)


def _usual(codes: Codes) -> int:
    """The code that most have."""
    return int(np.bincount(codes.astype(np.int64)).argmax())


def _by_chance(before: int, behind: int, refusing: int) -> float:
    """The chance that all of those refusing are among those of before, and none among those behind.

    The last one ends the time that is looked at, so it is no witness.
    """
    return float(np.exp(_log_ways(before - 1, refusing - 1) - _log_ways(before + behind - 1, refusing - 1)))


def _log_ways(size: int, chosen: int) -> float:
    """The logarithm of the number of ways to choose some of a set."""
    return float(gammaln(size + 1) - gammaln(chosen + 1) - gammaln(size - chosen + 1))
