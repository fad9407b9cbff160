"""The mail that Northbeam sent, as far as a bounce returns it: a sequence tool's headers, and a body."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING

from maker.world import OUTREACH

if TYPE_CHECKING:
    from maker.campaign import Send

Headers = list[tuple[str, str]]

_SUBJECTS = {
    1: "Forecast gaps at {company}?",
    2: "Re: Forecast gaps at {company}?",
    3: "Closing the loop, {first}",
}
_BODIES = {
    1: "Hi {first},\n\nmost finance teams we meet rebuild their forecast by hand every month.\n"
    "Northbeam reads it from the ledger instead. Worth fifteen minutes?\n\n{name}\nNorthbeam Analytics\n",
    2: "Hi {first},\n\n"
    "did my note reach you? Happy to send a two-page example instead.\n\n{name}\nNorthbeam Analytics\n",
    3: "Hi {first},\n\n"
    "I will not write again after this one. The example is attached.\n\n{name}\nNorthbeam Analytics\n",
}


def subject(send: Send) -> str:
    """The subject of a step."""
    return _SUBJECTS[send.step].format(company=send.lead.company.name, first=send.lead.first)


def body(send: Send) -> str:
    """The text of a step."""
    return _BODIES[send.step].format(first=send.lead.first, name=send.sender.name)


def bounce_address(send: Send) -> str:
    """Where bounces go: Maya's mail carries the recipient in its return path (VERP), the others' does not."""
    if send.sender.service != "postfix" or not send.lead.email.isascii():
        return send.sender.address
    return f"bounces+{send.lead.email.replace('@', '=')}@{send.sender.domain}"


def has_marks(send: Send) -> bool:
    """Whether the mail carries the tool's own headers: the plain Microsoft 365 mailbox adds none."""
    return send.sender != OUTREACH


def headers(send: Send, message_id: str = "") -> Headers:
    """The headers in order; `message_id` is given where a relay replaced ours."""
    sender, lead = send.sender, send.lead
    made: Headers = [
        ("Date", format_datetime(send.sent_at)),
        ("From", f'"{sender.name}" <{sender.address}>'),
        ("To", f'"{lead.first} {lead.last}" <{lead.email}>'),
        ("Message-ID", message_id or send.message_id),
        ("Subject", subject(send)),
    ]
    if send.step > 1:
        first = send.message_id.replace(f".{send.step}@", ".1@")
        made += [("In-Reply-To", first), ("References", first)]
    made += [("MIME-Version", "1.0"), ("Content-Type", "text/plain; charset=utf-8")]
    if has_marks(send):
        campaign = send.campaign.lower().replace(" ", "-")
        made += [
            ("X-Lead-Id", lead.lead_id),
            ("X-Campaign", f"{campaign}; step={send.step}"),
            ("Feedback-ID", f"{send.step}:{campaign}:sequence:northbeam"),
            ("List-Unsubscribe", f"<https://u.{sender.domain}/{lead.lead_id}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ]
    return made


def text(rows: Headers) -> str:
    """Headers as lines."""
    return "".join(f"{name}: {value}\n" for name, value in rows)


def received_by(rows: Headers) -> str:
    """The Message-ID among headers, "" without one."""
    return next((value for name, value in rows if name == "Message-ID"), "")
