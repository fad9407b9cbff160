"""Leads that did not get their mail for no fault of theirs, and are to be written to again.

Platforms stop their sequence as that of bad addresses: without a word they are lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.diagnose.thresholds import thresholds
from analyzer.knowledge import reasons
from analyzer.report.words import count, plural, where_and_when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.diagnose.diagnosis import Diagnosis, Fix, ReasonCount


def after_fix(fix: Fix) -> str:
    """That the leads whom our way of sending, or our text, kept from the mail are to get it; "" for any other fix.

    Who complained did get the mail. Reasons that are the recipients' own with other words do not tell these leads from
    others in bounces.csv.
    """
    known = reasons()
    ours = [known[reason].fault in ("sender", "content") for reason in fix.reasons if reason in known]
    if fix.side != "sender" or not ours or not all(ours):
        return ""
    what = "mail" if "sender" in {known[reason].fault for reason in fix.reasons} else "the changed mail"
    then = "" if fix.clear is not None else f" once {what} gets through"
    return f" {_write_again(fix.bounces, fix.reasons, then)}"


def outage(diagnosis: Diagnosis) -> str:
    """That servers and networks that failed make most of the bounces, where they do: as much as the answer needs."""
    lost, found = _leads(_lost(diagnosis)), diagnosis.other_hard
    if not lost or found is None or not makes_most(diagnosis):
        return ""
    where = where_and_when(found)
    return (
        f"Most bounces are no fault of the data: {count(lost)} of {plural(_bounced(diagnosis), 'lead')} that bounced "
        f"were lost to servers or networks that failed{f', most of them {where}' if where else ''}."
    )


def makes_most(diagnosis: Diagnosis) -> bool:
    """Whether most leads that bounced did so as a server or a network failed."""
    return 2 * _leads(_lost(diagnosis)) > _bounced(diagnosis)


def outage_step(diagnosis: Diagnosis) -> tuple[str, str] | None:
    """To write to the leads again that such failures cost, and what speaks for it; None where these are a usual few."""
    lost, found = _lost(diagnosis), diagnosis.other_hard
    number = _leads(lost)
    if not number or found is None:
        return None
    who = "the lead" if number == 1 else f"the {count(number)} leads"
    where = where_and_when(found)
    told = [f"Most of these were {where}."] if where else []
    told += ["Such failures pass.", _write_again(number, [one.reason for one in lost])]
    return f"Write again to {who} lost to servers or networks that failed.", " ".join(told)


def _lost(diagnosis: Diagnosis) -> list[ReasonCount]:
    """The failures of servers and networks that pass, where they are more than every campaign has."""
    known, found = reasons(), diagnosis.other_hard
    lost = [
        one
        for one in (found.reasons if found else [])
        if one.reason in known and known[one.reason].fault == "infrastructure" and known[one.reason].transient
    ]
    limits = thresholds()
    usual = limits.deliverability.block_line * diagnosis.totals.leads_contacted
    return lost if _leads(lost) >= max(limits.evidence.min_bounces, usual) else []


def _leads(lost: Sequence[ReasonCount]) -> int:
    return sum(one.leads for one in lost)


def _bounced(diagnosis: Diagnosis) -> int:
    totals = diagnosis.totals
    return totals.hard.count + totals.spam.count + totals.unknown.count


def _write_again(leads: int, for_reasons: Sequence[str], then: str = "") -> str:
    who, whose, them = f"These {count(leads)} leads", "their addresses", "them"
    if leads == 1:
        who, whose, them = "This lead", "its address", "it"
    return (
        f"{who} did not get the mail, and nothing is known against {whose}: write to {them} again{then} (bounces.csv, "
        f"reason {' or '.join(for_reasons)})."
    )
