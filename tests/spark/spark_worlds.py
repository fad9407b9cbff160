"""Small campaigns, each with something of which the mails that nothing came back of tell a part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pandas as pd

_SAID = {
    "domain_not_found": ("hard", "address", "550 5.1.2 Domain not found"),
    "ip_blocklisted": ("spam", "sender", "554 5.7.1 Host 192.0.2.9 is listed"),
    "ip_reputation": ("spam", "sender", "550 5.7.1 Low reputation (in reply to end of DATA command)"),
    "user_unknown": ("hard", "address", "550 5.1.1 No such user here"),
    "auth_failure": ("spam", "sender", "550 5.7.26 Rejected under the DMARC policy of our.example"),
    "spam_content": ("spam", "content", "554 5.7.1 Message scored as spam"),
    "policy": ("spam", "recipient", "550 5.7.1 Blocked by a rule for outside mail"),
}


_BEN = "ben@other.example"


@dataclass(frozen=True)
class Part:
    """`leads` of whom each gets a mail at `at` ("" for a mail without a time); the first ones bounce, by reason.

    Leads of parts of the same `name` are the same people, from number `start` on.
    """

    name: str
    leads: int
    at: str = "2026-03-03T09:00:00Z"
    bounced: tuple[tuple[str, int], ...] = ()
    start: int = 0
    step: str = "1"
    campaign: str = "spring"
    sender: str = "ann@our.example"
    status: str = "verified"
    country: str = "Chile"
    domain: str = ""


def tables(*parts: Part) -> dict[str, pd.DataFrame]:
    """`log`, `bounces` and `leads`, each in the order in which Spark takes its rows."""
    sent, back, people = [], [], {}
    for number, part in enumerate(parts):
        reasons = [reason for reason, count in part.bounced for _ in range(count)]
        for place in range(part.start, part.start + part.leads):
            # Two leads to a company.
            email = (
                f"p{place}.{part.name}@{part.domain}" if part.domain else f"p{place}@{part.name}-{place // 2}.example"
            )
            mail = f"<{number}.{place}@our.example>"
            sent.append((part.at, email, part.campaign, part.step, part.sender, mail))
            people[email] = (email, part.status, "Retail" if place % 3 else "Banking", part.country, "2026-02-20")
            if place - part.start < len(reasons):
                reason = reasons[place - part.start]
                arrived = part.at or "2026-03-09T00:00:00Z"
                back.append((arrived, email, mail, *_SAID[reason][:2], reason, _SAID[reason][2], f"r{number}-{place}"))
    frames = {
        "log": pd.DataFrame(sent, columns=["sent_at", "recipient", "campaign", "step", "sender", "message_id"]),
        "bounces": pd.DataFrame(
            back,
            columns=[
                *("received_at", "recipient", "original_message_id", "label", "fault", "reason", "diagnostic"),
                "record_id",
            ],
        ).assign(kind="bounce"),
        "leads": pd.DataFrame(people.values(), columns=["email", "email_status", "industry", "country", "verified_at"]),
    }
    # Mails without a time come last.
    frames["log"] = frames["log"].sort_values(
        list(frames["log"].columns), key=lambda column: column.replace("", "~"), ignore_index=True
    )
    return {name: frame.sort_values(list(frame.columns), ignore_index=True) if name != "log" else frame
            for name, frame in frames.items()}  # fmt: skip


def _days(first: int, last: int) -> list[str]:
    return [f"2026-03-{day:02}T{9 + day % 3:02}:00:00Z" for day in range(first, last + 1)]


def mended_and_a_bad_country() -> dict[str, pd.DataFrame]:
    """Mail of one domain failed authentication for two days, and no more since; the text of one campaign was taken for
    spam, until it was changed; and of another mailbox the addresses of one country are bad.
    """
    early = [Part(f"early{day[9]}", 200, day, (("auth_failure", 25), ("user_unknown", 3))) for day in _days(2, 3)]
    late = [Part(f"late{day[8:10]}", 200, day, (("policy", 2), ("user_unknown", 4))) for day in _days(9, 12)]
    again = [Part("late09", 100, "2026-03-16T10:00:00Z", start=60, step="2")]
    text = [Part("text", 300, _days(2, 2)[0], (("spam_content", 40),), campaign="summer", sender=_BEN)]
    text += [Part(f"t{day[8:10]}", 150, day, (("user_unknown", 2),), campaign="summer", sender=_BEN)
             for day in _days(5, 9)]  # fmt: skip
    return tables(*early, *late, *again, *text, *_bad_country())


def _bad_country() -> list[Part]:
    autumn = partial(Part, campaign="autumn", sender="cat@third.example")
    return [
        autumn("north", 700, _days(2, 2)[0], (("user_unknown", 9),), status="guessed"),
        autumn("south", 300, _days(3, 3)[0], (("user_unknown", 60),), country="Peru"),
        autumn("east", 500, _days(4, 4)[0], (("user_unknown", 4),), country="Ghana"),
    ]


def known_after_the_send() -> dict[str, pd.DataFrame]:
    """The addresses of a country are bad, and some were verified after they were written to."""
    made = tables(*_bad_country())
    late = made["leads"]["email"].str.contains("east") & (made["leads"].index % 3 == 0)
    made["leads"].loc[late, "verified_at"] = "2026-04-02"
    return made


def bad_step_and_times_missing() -> dict[str, pd.DataFrame]:
    """The third step is refused, whatever day it falls on; it falls on Mondays mostly. Of another campaign only what was
    delivered has a time.
    """
    parts = []
    for number, day in enumerate((2, 3, 4, 5, 6)):
        name = f"d{number}"
        parts.append(Part(name, 160, f"2026-03-{day:02}T09:00:00Z", (("user_unknown", 4), ("policy", 1))))
        parts.append(Part(name, 140, f"2026-03-{day + 2:02}T15:00:00Z", (("policy", 1),), start=10, step="2"))
        third = "2026-03-16T09:00:00Z" if number else "2026-03-17T18:00:00Z"
        parts.append(Part(name, 130, third, (("policy", 20),), start=14, step="3"))
    summer = partial(Part, campaign="summer", sender=_BEN)
    parts += [
        summer("delivered", 600, _days(2, 2)[0]),
        summer("also", 500, _days(3, 3)[0], (("user_unknown", 6),)),
        summer("without", 60, "", (("user_unknown", 45),)),
    ]
    return tables(*parts)


def parts_missing() -> dict[str, pd.DataFrame]:
    """The log begins in mid-sequence: of those who began before, it has the later steps of those who took the first. And
    of two mailboxes of another campaign nobody gave the bounces.
    """
    parts = []
    for day in range(2, 22):
        for step in range(3):
            at = day + 4 * step
            if at >= 10:
                first = (("user_unknown", 4), ("policy", 1)) if not step else ()
                moment = f"2026-03-{at:02}T{9 + day % 2:02}:30:00Z"
                parts.append(Part(f"day{day}", 36 if step else 40, moment, first, 4 if step else 0, str(step + 1)))
    for number, (count, day) in enumerate(zip((24, 27, 22, 0, 0), _days(12, 16), strict=True)):
        bounced = (("user_unknown", count),)
        parts.append(Part(f"box{number}", 200, day, bounced, campaign="summer", sender=f"s{number}@third.example"))
    return tables(*parts)


def never_asked_misspelt_and_told_apart_by_nothing() -> dict[str, pd.DataFrame]:
    """Mail of two days is turned away before anybody is asked, that of another after its text; a part of the leads is at
    misspelt domains, a company is closed; and all guessed leads are of one country, all verified ones of another.
    """
    day = _days(2, 9)
    return tables(
        Part("good", 900, day[0], (("user_unknown", 9),)),
        Part("guess", 400, day[1], (("user_unknown", 48),), status="guessed", country="Peru"),
        Part("shut", 160, day[2], (("ip_blocklisted", 160),)),
        Part("later", 120, day[3], (("ip_reputation", 100), ("user_unknown", 3))),
        Part("lost", 90, day[4], (("ip_blocklisted", 90),), status="guessed", country="Peru"),
        Part("lost", 30, day[7], start=60, step="2", status="guessed", country="Peru"),
        Part("typed", 24, day[5], (("domain_not_found", 24),), domain="gmial.com"),
        Part("typo", 12, day[5], (("domain_not_found", 11),), status="guessed", country="Peru", domain="hotmial.com"),
        Part("closed", 20, day[6], (("domain_not_found", 20),), domain="closed.example"),
        Part(
            "gone", 14, day[6], (("domain_not_found", 14),), status="guessed", country="Peru", domain="closed.example"
        ),
    )
