"""What is missing where the data cannot tell which setting is right: some of it no further mail would bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.diagnose.diagnosis import Lacking
from analyzer.diagnose.leads.contacts import GROUPS
from analyzer.diagnose.thresholds import thresholds
from analyzer.records import EMAIL_STATUSES

if TYPE_CHECKING:
    from analyzer.diagnose.ahead.next_list import NextList
    from analyzer.diagnose.data.judgement import Judgement
    from analyzer.diagnose.estimates.past import History


def lacking(judged: Judgement, past: History, ahead: NextList) -> Lacking | None:
    """What would let the data tell; None where it does."""
    if judged.recommendation != "insufficient_evidence":
        return None
    if judged.chances.quantity is None:
        return Lacking("next_leads")
    if judged.unread:
        return Lacking("bounce_reasons")
    written = dict(zip(EMAIL_STATUSES, past.leads.reshape(-1, GROUPS).sum(1).tolist(), strict=True))
    if not any(leads for name, leads in written.items() if name != "unknown"):
        return Lacking("email_status")
    if not judged.arms and past.leads.sum() >= thresholds().evidence.min_leads:
        return Lacking("more_sends", [], judged.more)
    if ahead.own and not ahead.status_known:
        return Lacking("next_email_status")
    thin = [name for name in judged.arms if name != "unknown"]
    new = [name for name in thin if not written[name]]
    if new and new == thin:
        return Lacking("first_sends", new, judged.more)
    return Lacking("more_sends", thin, judged.more)
