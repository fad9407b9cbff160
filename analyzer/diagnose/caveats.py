"""What a reader has to know before trusting the figures: the `warnings` of a diagnosis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.diagnose.diagnosis import Totals
from analyzer.diagnose.drivers.drivers import KNOWN_ENOUGH, share_known
from analyzer.diagnose.leads import hindsight
from analyzer.diagnose.leads.contacts import dimension
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.words import listed, many, number, percent
from analyzer.records import Matching

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.leads.contacts import Contacts

#: What cannot be told without a column.
_NEEDED = {
    "email_status": "whether guessed addresses are the cause",
    "industry": "whether strict industries refuse more",
    "campaign": "how much campaigns differ",
    "sent_at": "which week a bounce belongs to, and which of several mails bounced",
}

#: From this share of the bounced mails on it is told that they lack a time.
_UNDATED = 0.1


def warnings(correlated: Correlated, contacts: Contacts, totals: Totals) -> list[str]:
    """One sentence for each caveat, those of matching (from correlate) first."""
    found = list(correlated.warnings)
    if not len(contacts.leads):
        return [*found, "The log holds no mail that was sent: there are no rates."]
    found += _matching(correlated.matching)
    found += _columns(correlated, contacts)
    found += _undated(correlated, contacts)
    found += hindsight.warnings(correlated, contacts)
    found += _small(totals)
    return list(dict.fromkeys(found))


def _matching(matching: Matching) -> list[str]:
    found = []
    lost = matching.unmatched - matching.suspected_forged
    counted = matching.bounces - matching.duplicates
    if lost > 0:
        found.append(
            f"{many(lost, 'bounce')} of {number(counted)} ({percent(lost / counted)}) could not be tied to a mail in "
            f"the log and {'is' if lost == 1 else 'are'} not in the rates."
        )
    # The other suspected forgeries are told by correlate, each kind in a sentence of its own.
    told = sum(count for reason, count in matching.forged_reasons.items() if reason != "not_sent")
    if matching.suspected_forged > told:
        unsent = matching.suspected_forged - told
        found.append(
            f"Not counted, because the log holds no such mail: {many(unsent, 'bounce')}. "
            f"{'It is' if unsent == 1 else 'They are'} forged, or of a campaign whose log was not given."
        )
    return found


def _columns(correlated: Correlated, contacts: Contacts) -> list[str]:
    found = [
        f"No {column} in the files: {tells} cannot be told."
        for column, tells in _NEEDED.items()
        if column not in correlated.have
    ]
    leads = contacts.leads
    providers = contacts.at["provider"]
    if providers.given and share_known(contacts, "provider") < KNOWN_ENOUGH:
        found.append(
            "Who runs the receiving side is mostly learnt from bounces: rates by provider are too high, compare counts."
        )
    if "industry" in correlated.have:
        unclassified = float((leads["industry_group"] == "unclassified").mean())
        if unclassified >= 0.1:
            found.append(
                f"{percent(unclassified)} of the leads have an industry that is neither known as strict nor as open; "
                "they stand as a group of their own."
            )
    if "email_status" in correlated.have:
        unknown = float((leads["email_status"] == "unknown").mean())
        if unknown >= 0.1:
            found.append(
                f"{percent(unknown)} of the leads have no known email status; they count neither as verified nor "
                "as guessed."
            )
    return found


def _undated(correlated: Correlated, contacts: Contacts) -> list[str]:
    """That bounced mails lack the time that the others have: some platforms date only what was delivered."""
    if "sent_at" not in correlated.have:
        return []
    sends = correlated.sends[: len(contacts.lead)]
    undated = sends["sent_at"].isna().to_numpy()
    if not undated.any():
        return []
    label = dimension(sends, "label")
    bounced = np.isin(label.codes, [code for code, name in enumerate(label.values) if name])
    lost, others = int(undated[bounced].sum()), int(undated[~bounced].sum())
    taken = int((~bounced).sum())
    if contacts.counted is not None:
        others, taken = others + contacts.counted.silent.undated, taken + contacts.counted.silent.mails
    few = thresholds().evidence.min_bounces
    if lost < few or lost < _UNDATED * bounced.sum() or others * bounced.sum() > lost * taken / 2:
        return []
    return [
        f"{number(lost)} of {many(int(bounced.sum()), 'bounced mail')} have no time of sending in the log, though "
        "others have: they are missing by week and weekday, and nothing tells how old their verification was. If "
        'another column has their times, say --map "COLUMN=sent_at".'
    ]


def _small(totals: Totals) -> list[str]:
    limits = thresholds().evidence
    leads = totals.leads_contacted
    counts = {"hard": totals.hard.count, "spam": totals.spam.count}
    known = sum(counts.values())
    if leads >= 200 and (known >= limits.min_bounces or not known):
        return []
    if totals.unknown.count:
        counts["unknown"] = totals.unknown.count
    if not any(counts.values()):
        return [f"Only {many(leads, 'lead')} and no bounce: read the rates with their intervals."]
    counted = listed([many(count, f"{label} bounce") for label, count in counts.items()])
    return [f"The counts are small ({many(leads, 'lead')}, {counted}): read the rates with their intervals."]
