"""The campaign: who was written to when, and what became of each lead. The shares of the story are set here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from maker.world import AMERICAS, HELLO, MAILBOXES, STRICT, Lead, Mailbox

if TYPE_CHECKING:
    from maker.chance import Chance

FIRST_DAY, LAST_DAY = date(2026, 2, 16), date(2026, 3, 13)
LAST_START = date(2026, 3, 6)
#: On this day the DNS zone of northbeam-mail.example moved, and its SPF and DKIM records stayed behind.
FAULT_DAY = date(2026, 3, 4)

#: Share of leads with a dead address, by (strict industry, status); who names no industry fares as the open do.
ADDRESS_RATE = {
    (True, "Verified"): 0.013, (True, "Guessed"): 0.165, (True, "Catch-all"): 0.055, (True, "Unknown"): 0.06,
    (False, "Verified"): 0.012, (False, "Guessed"): 0.136, (False, "Catch-all"): 0.05, (False, "Unknown"): 0.06,
}  # fmt: skip
#: Share of leads in strict industries whose organisation refuses the mail.
REFUSED_RATE = 0.114
#: How many leads meet each of the rarer fates, among those that meet no other.
REFUSED_OPEN, AUTH, GREYLISTED, RATE_LIMITED = 5, 26, 2, 1
MAILBOX_FULL, TOO_LARGE, EXPIRED, UNREACHABLE, COMPLAINTS = 14, 4, 4, 3, 2
AUTOREPLIES, DELAYED_ONLY = 18, 3
#: Fates after which the sequence goes on.
DELIVERED = ("autoreply", "delayed_only", "read", "delivered")
_ADDRESS_REASONS = {"user_unknown": 84.0, "mailbox_disabled": 9, "recipient_rejected": 3, "relay_denied": 2, "moved": 2}
_REFUSED_REASONS = {"policy": 62.0, "recipient_restricted": 24, "spam_content": 14}
_ADDRESS_STEP = {1: 97.0, 2: 3}
_REFUSED_STEP = {1: 78.0, 2: 17, 3: 5}


@dataclass(frozen=True)
class Send:
    """One mail sent."""

    lead: Lead
    sent_at: datetime
    campaign: str
    step: int
    sender: Mailbox
    message_id: str


@dataclass(frozen=True)
class Fate:
    """What happened to one send: a reason, or `autoreply`, `delayed_only`, `read`, `delivered`."""

    send: Send
    reason: str


def run(chance: Chance, leads: list[Lead]) -> tuple[list[Send], list[Fate]]:
    """All sends in order of time, and the fates of those that came back in any way."""
    planned = {lead.lead_id: _plan(chance, lead) for lead in leads}
    fates: dict[str, Fate] = {}
    for lead, reason, step in _failures(chance, leads, planned):
        sends = planned[lead.lead_id]
        fate = Fate(sends[min(step, len(sends)) - 1], reason)
        fates[lead.lead_id] = fate
        if reason not in DELIVERED:
            planned[lead.lead_id] = sends[: fate.send.step]
    sends = sorted((send for plan in planned.values() for send in plan), key=lambda send: send.sent_at)
    return sends, sorted(fates.values(), key=lambda fate: fate.send.sent_at)


def _plan(chance: Chance, lead: Lead) -> list[Send]:
    """The three steps as far as the four weeks reach; some leads answer and are left in peace."""
    sender = chance.weighted(MAILBOXES)
    campaign = "Spring Americas" if lead.company.country in AMERICAS else "Spring EMEA"
    start = _workdays_after(FIRST_DAY, chance.whole(0, 14))
    sends: list[Send] = []
    for step, gap in enumerate((0, 3, 4), 1):
        start = _workdays_after(start, gap)
        if start > LAST_DAY:
            break
        at = datetime.combine(start, time(chance.whole(8, 16), chance.whole(0, 59), chance.whole(0, 59)), UTC)
        message_id = f"<{chance.hexes(8)}.{step}@{sender.domain}>"
        sends.append(Send(lead, at, campaign, step, sender, message_id))
        if chance.under(0.04):
            break
    return sends


def _failures(chance: Chance, leads: list[Lead], planned: dict[str, list[Send]]) -> list[tuple[Lead, str, int]]:
    """(lead, reason, step) for each lead that is not simply delivered; a lead has one fate at most."""
    made: list[tuple[Lead, str, int]] = []
    free = {lead.lead_id: lead for lead in leads}

    def befall(chosen: Lead, reason: str, step: int) -> None:
        del free[chosen.lead_id]
        made.append((chosen, reason, step))

    for lead in [lead for lead in leads if lead.company.dead]:
        befall(lead, lead.company.dead, 1)
    cells: dict[tuple[str, str], list[Lead]] = {}
    for lead in leads:
        cells.setdefault((lead.company.group, lead.status), []).append(lead)
    for (group, status), cell in cells.items():
        rate = ADDRESS_RATE[group == "strict", status]
        already = sum(lead.lead_id not in free for lead in cell)
        hit = chance.shuffled([lead for lead in cell if lead.lead_id in free])[: round(rate * len(cell)) - already]
        for lead in hit:
            befall(lead, chance.weighted(_ADDRESS_REASONS), chance.weighted(_ADDRESS_STEP))

    for industry in STRICT:
        there = [lead for lead in leads if lead.company.industry == industry]
        open_to_it = [lead for lead in there if lead.lead_id in free]
        refused = chance.shuffled(open_to_it, lambda lead: lead.company.strictness)
        for lead in refused[: round(REFUSED_RATE * len(there))]:
            befall(lead, chance.weighted(_REFUSED_REASONS), chance.weighted(_REFUSED_STEP))

    for lead in chance.shuffled([lead for lead in free.values() if _exposed(lead, planned)])[:AUTH]:
        since = [send.step for send in planned[lead.lead_id] if send.sent_at.date() >= FAULT_DAY]
        befall(lead, "auth_failure", chance.pick(since))

    rest = [("open", _REFUSED_REASONS, REFUSED_OPEN), ("own", {"greylisted": 1.0}, GREYLISTED)]
    rest += [("own", {"rate_limited": 1.0}, RATE_LIMITED), ("any", {"mailbox_full": 1.0}, MAILBOX_FULL)]
    rest += [("step 3", {"message_too_large": 1.0}, TOO_LARGE), ("own", {"expired": 1.0}, EXPIRED)]
    rest += [("own", {"network_error": 1.0}, UNREACHABLE), ("open", {"complaint": 1.0}, COMPLAINTS)]
    rest += [("any", {"autoreply": 1.0}, AUTOREPLIES), ("own", {"delayed_only": 1.0}, DELAYED_ONLY)]
    rest += [("any", {"read": 1.0}, 1), ("own", {"delivered": 1.0}, 1)]
    for where, reasons, count in rest:
        fits = [lead for lead in free.values() if _fits(lead, where, planned[lead.lead_id])]
        for lead in chance.shuffled(fits)[:count]:
            befall(lead, chance.weighted(dict(reasons)), 3 if where == "step 3" else 1)
    return made


def _exposed(lead: Lead, planned: dict[str, list[Send]]) -> bool:
    """Written to from the faulty domain since the fault, at a provider that checks."""
    sends = planned[lead.lead_id]
    since = any(send.sent_at.date() >= FAULT_DAY for send in sends)
    return sends[0].sender == HELLO and since and lead.company.provider in ("google", "microsoft")


def _fits(lead: Lead, where: str, sends: list[Send]) -> bool:
    """Whether a rarer fate can befall this lead."""
    if where == "any":
        return True
    if where == "step 3":
        return len(sends) == 3
    return lead.company.group == "open" and (where != "own" or lead.company.provider == "own")


def _workdays_after(day: date, count: int) -> date:
    for _ in range(count):
        day += timedelta(days=3 if day.weekday() == 4 else 1)
    return day


def kill(lead: Lead, reason: str) -> Lead:
    """The lead at a company whose domain fails altogether."""
    return replace(lead, company=replace(lead.company, dead=reason), status="Guessed", verified_at="")
