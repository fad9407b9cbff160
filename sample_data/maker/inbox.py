"""The bounce mailbox: which server writes which notice, when it arrives, and the truth about each one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from maker import letters, microsoft, original, others, reports
from maker.campaign import DELIVERED, Fate, Send
from maker.envelope import Case
from maker.replies import FAULTS, Reply, has_wording, word
from maker.world import MAILBOXES, MAYA

if TYPE_CHECKING:
    from maker.chance import Chance

TRUTH_HEADER = (
    "source", "kind", "recipient", "original_recipient", "message_id", "label", "fault", "reason", "match",
    "written_by", "suspected_forged", "duplicate_of",
)  # fmt: skip
_WRITERS = {
    "postfix": reports.postfix, "google": reports.google, "m365": microsoft.m365, "sendmail": reports.sendmail,
    "courier": reports.courier, "opensmtpd": reports.opensmtpd, "domino": reports.domino,
    "exchange2010": microsoft.exchange2010, "exchange_de": microsoft.exchange_de, "ses": reports.ses,
    "eai": reports.eai, "exim": letters.exim, "qmail": letters.qmail, "yahoo": letters.yahoo,
}  # fmt: skip
#: How much of our mail each writer returns, by weight.
_RETURNED: dict[str, dict[str, float]] = {
    "google": {"headers": 9, "full": 1},
    "m365": {"headers": 94, "none": 6},
    "postfix": {"headers": 76, "full": 8, "none": 16},
    "domino": {"headers": 6, "none": 4},
    "yahoo": {"full": 5, "none": 5},
    "qmail": {"full": 9, "none": 1},
    "exim": {"full": 5, "headers": 3, "reduced": 3},
    "courier": {"headers": 7, "reduced": 3},
    "ses": {"headers": 1},
    "eai": {"headers": 1},
}
_DEFAULT_RETURNED = {"headers": 8.0, "full": 2.0}
_COPIES_EXACT, _COPIES_AGAIN, _FORWARDED, _DELAYED_FIRST = 3, 3, 3, 5


@dataclass
class Notice:
    """One message of the mailbox, and what is true of it. `source` is set when it is put into a file."""

    at: datetime
    text: str
    kind: str
    written_by: str
    recipient: str = ""
    original_recipient: str = ""
    message_id: str = ""
    reason: str = ""
    match: str = ""
    suspected_forged: bool = False
    copy_of: Notice | None = None
    source: str = ""

    def row(self) -> tuple[str, ...]:
        """The notice in the order of `TRUTH_HEADER`."""
        label, fault = FAULTS.get(self.reason, ("", ""))
        return (
            self.source, self.kind, self.recipient, self.original_recipient, self.message_id, label, fault, self.reason,
            self.match, self.written_by, "yes" if self.suspected_forged else "",
            self.copy_of.source if self.copy_of else "",
        )  # fmt: skip


def fill(chance: Chance, fates: list[Fate], sends: list[Send]) -> list[Notice]:
    """Every message that came back, by time of arrival."""
    notices: list[Notice] = []
    forwards, delays, named = _FORWARDED, _DELAYED_FIRST, True
    for fate in fates:
        if fate.reason in DELIVERED:
            notices.append(_no_failure(chance, fate))
        elif fate.reason == "complaint":
            notices.append(_complaint(chance, fate, named=named))
            named = not named
        else:
            made = _failure(chance, fate, forward=forwards > 0)
            forwards -= bool(made.original_recipient)
            if delays and fate.reason in ("expired", "network_error"):
                notices.append(_warning(chance, fate))
                delays -= 1
            notices.append(made)
    notices += _copies(chance, notices)
    notices += _forgeries(chance, sends)
    return sorted(notices, key=lambda notice: notice.at)


def _failure(chance: Chance, fate: Fate, *, forward: bool) -> Notice:
    send, lead = fate.send, fate.send.lead
    company, sender = lead.company, send.sender.address
    reply = word(chance, fate.reason, provider=company.provider, mx=company.mx, rcpt=lead.email, sender=sender)
    writer, host = _writer(chance, fate, reply)
    returned = chance.weighted(_RETURNED.get(writer, _DEFAULT_RETURNED))
    if returned == "reduced" and not original.has_marks(send):
        returned = "headers"
    waited = timedelta(seconds=chance.whole(3, 900))
    if reply.dsn_status.startswith("4"):
        waited = timedelta(days=2, minutes=chance.whole(1, 300))
    forwarded = ""
    may_forward = fate.reason == "user_unknown" and writer in ("postfix", "exchange2010") and returned == "headers"
    if forward and may_forward and host != f"mta1.{send.sender.domain}":
        forwarded = f"{lead.last.lower()}@old-mail.{lead.company.domain}"
        reply = Reply(reply.reason, "550", "5.1.1", f"<{forwarded}>: Recipient address rejected: User unknown")
    relay_id = f"<0102019c{chance.hexes(24)}-000000@eu-west-1.amazonses.com>" if writer == "ses" else ""
    case = Case(send, reply, send.sent_at + waited, returned, chance, forwarded, relay_id)
    return Notice(
        at=case.at,
        text=_WRITERS[writer](case, host),
        kind="bounce",
        written_by=writer,
        recipient=case.recipient,
        original_recipient=lead.email if forwarded else "",
        message_id=send.message_id,
        reason=fate.reason,
        match=_match(case),
    )


def _writer(chance: Chance, fate: Fate, reply: Reply) -> tuple[str, str]:
    """Who writes the notice, and from which host: the receiver, if it took the mail first, or our own side.

    A refusal for the time being is tried again and given up by our side alone.
    """
    send, company = fate.send, fate.send.lead.company
    if not send.lead.email.isascii():
        return "eai", f"mta1.{send.sender.domain}"
    server = "yahoo" if company.provider == "yahoo" else company.server
    own_words = company.provider == "yahoo" or not has_wording(company.provider, fate.reason)
    if server and own_words and reply.code.startswith("5") and chance.under(0.92):
        return server, f"mail.{company.domain}"
    if send.sender == MAYA and reply.code and chance.under(0.22):
        return "ses", ""
    return send.sender.service, f"mta1.{send.sender.domain}"


def _match(case: Case) -> str:
    """How the notice can be tied to its send: the surest way that it leaves open."""
    if case.returned in ("headers", "full") and not case.replaced_id:
        return "message_id"
    if case.to != case.mailbox:
        return "verp"
    return "header" if case.returned != "none" else "recipient"


def _warning(chance: Chance, fate: Fate) -> Notice:
    """The notice of delay that goes before a failure, or stands alone when the mail got through after all."""
    send, company = fate.send, fate.send.lead.company
    text = f"connect to {company.mx}[203.0.113.77]:25: Connection timed out"
    reply = Reply("network_error", "", "4.4.1", text)
    case = Case(send, reply, send.sent_at + timedelta(hours=4, minutes=chance.whole(1, 59)), "headers", chance)
    host = f"mta1.{send.sender.domain}"
    if chance.under(0.4):
        writer, written = "exim", letters.exim(case, host, delayed=True)
    else:
        writer, written = "postfix", reports.postfix(case, host, delayed=True)
    return Notice(case.at, written, "delayed", writer, send.lead.email, message_id=send.message_id)


def _no_failure(chance: Chance, fate: Fate) -> Notice:
    if fate.reason == "delayed_only":
        return _warning(chance, fate)
    send = fate.send
    wait = timedelta(hours=5) if fate.reason == "read" else timedelta(seconds=chance.whole(5, 200))
    case = Case(send, Reply("", "", "", ""), send.sent_at + wait, "headers", chance)
    if fate.reason == "autoreply":
        text, kind = others.autoreply(case), "autoreply"
    elif fate.reason == "read":
        text, kind = others.read_receipt(case), "mdn"
    else:
        text, kind = others.delivered(case, f"mta1.{case.home}"), "delivered"
    return Notice(case.at, text, kind, kind, send.lead.email, message_id=send.message_id)


def _complaint(chance: Chance, fate: Fate, *, named: bool) -> Notice:
    send = fate.send
    case = Case(send, Reply("", "", "", ""), send.sent_at + timedelta(hours=26), "full", chance)
    return Notice(
        at=case.at,
        text=others.complaint(case, named=named),
        kind="complaint",
        written_by="arf",
        recipient=send.lead.email,
        message_id=send.message_id,
        reason="complaint",
        match="message_id",
    )


def _copies(chance: Chance, notices: list[Notice]) -> list[Notice]:
    """Bounces delivered a second time: some to the byte, some with one more hop on top."""
    plain = [one for one in notices if one.kind == "bounce" and one.match == "message_id"]
    made: list[Notice] = []
    for number, first in enumerate(chance.shuffled(plain)[: _COPIES_EXACT + _COPIES_AGAIN]):
        hop = "Received: from store2.northbeam.example by store1.northbeam.example with LMTP id 7Q2ZB4\n"
        text = first.text if number < _COPIES_EXACT else hop + first.text
        made.append(
            Notice(
                at=first.at + timedelta(minutes=4),
                text=text,
                kind=first.kind,
                written_by=first.written_by,
                recipient=first.recipient,
                original_recipient=first.original_recipient,
                message_id=first.message_id,
                reason=first.reason,
                match=first.match,
                copy_of=first,
            )
        )
    return made


def _forgeries(chance: Chance, sends: list[Send]) -> list[Notice]:
    """Two bounces of addresses never written to, two of real leads with a Message-ID that was never ours."""
    delivered = [send for send in sends if send.step == 3]
    targets = ["info@sundquen-trade.example", "j.mellow@castpont-shop.example"]
    targets += [chance.pick(delivered).lead.email for _ in range(2)]
    made: list[Notice] = []
    for number, target in enumerate(targets):
        at = datetime(2026, 3, 2 + 3 * number, 3, 14 + number, 5, tzinfo=sends[0].sent_at.tzinfo)
        mailbox = list(MAILBOXES)[number % 2 * 2].address
        invented = f"<{chance.hexes(6)}$01c9b2{chance.hexes(4)}$@{mailbox.partition('@')[2]}>"
        text = others.forged(chance, at, mailbox=mailbox, recipient=target, invented_id=invented)
        made.append(Notice(at, text, "bounce", "forged", target, reason="user_unknown", suspected_forged=True))
    return made
