"""What comes back besides failures: out-of-office notes, a read receipt, a success report, complaints, forgeries."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING

from maker import original
from maker.envelope import Case, arrival, encoded, part, parted, quoted

if TYPE_CHECKING:
    from datetime import datetime

    from maker.chance import Chance

#: (language, subject, text) of out-of-office notes.
_AWAY: tuple[tuple[str, str, str], ...] = (
    (
        "en",
        "Automatic reply: {subject}",
        "Hello,\n\nI am out of the office until {day} and read mail now and then.\n\n{name}\n",
    ),
    (
        "en",
        "Out of Office Re: {subject}",
        "Thank you for your message. I am on leave and back on {day}.\n\nBest\n{name}\n",
    ),
    (
        "de",
        "Abwesenheitsnotiz: {subject}",
        "Guten Tag,\n\nich bin bis einschließlich {day} nicht im Büro. Ihre Nachricht wird nicht weitergeleitet.\n\n"
        "Freundliche Grüße\n{name}\n",
    ),
    (
        "de",
        "Automatische Antwort: {subject}",
        "Vielen Dank für Ihre Nachricht. Ab dem {day} bin ich wieder für Sie da.\n\n{name}\n",
    ),
    (
        "fr",
        "Réponse automatique : {subject}",
        "Bonjour,\n\nen déplacement jusqu'au {day}, je vous répondrai à mon retour.\n\nCordialement,\n{name}\n",
    ),
    (
        "fr",
        "Absence du bureau : {subject}",
        "Bonjour,\n\nen congés jusqu'au {day}, je lirai votre message dès mon retour.\n\n{name}\n",
    ),
)
_LANGUAGE = {"Germany": "de", "France": "fr"}
_FRIENDLY = {"en": "9 March", "de": "9. März", "fr": "9 mars"}


def autoreply(case: Case) -> str:
    """An out-of-office note in the language of the country; some lack every header that says so."""
    lead = case.send.lead
    language = _LANGUAGE.get(lead.company.country, "en")
    _, title, text = case.chance.pick([row for row in _AWAY if row[0] == language])
    said = case.chance.under(0.8)
    title = title.format(subject=original.subject(case.send))
    note = text.format(day=_FRIENDLY[language], name=f"{lead.first} {lead.last}")
    more = f"In-Reply-To: {case.send.message_id}\nReferences: {case.send.message_id}\n"
    if said:
        more += "Auto-Submitted: auto-replied\nX-Auto-Response-Suppress: All\n"
    top = arrival(
        case,
        host=f"mail.{lead.company.domain}",
        sender=f'"{lead.first} {lead.last}" <{lead.email}>',
        subject=title,
        more=f"{more}MIME-Version: 1.0\n",
    )
    return top.replace(f"To: {case.to}\n", f"To: {case.mailbox}\n") + quoted("text/plain", note)


def read_receipt(case: Case) -> str:
    """A message disposition notification (RFC 8098)."""
    lead, key = case.send.lead, case.chance.hexes(12)
    fields = (
        f"Reporting-UA: {lead.company.domain}; Mailer 14\nOriginal-Recipient: rfc822;{lead.email}\n"
        f"Final-Recipient: rfc822;{lead.email}\nOriginal-Message-ID: {case.send.message_id}\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\n"
    )
    return arrival(
        case,
        host=f"mail.{lead.company.domain}",
        sender=f'"{lead.first} {lead.last}" <{lead.email}>',
        subject=f"Read: {original.subject(case.send)}",
    ) + parted(
        "multipart/report; report-type=disposition-notification",
        f"mdn-{key}",
        part("text/plain; charset=utf-8", f"Your message was displayed on {case.date}.\n"),
        part("message/disposition-notification", fields),
    )


def delivered(case: Case, host: str) -> str:
    """A report of success (RFC 3464, action delivered)."""
    fields = (
        f"Reporting-MTA: dns; {host}\nArrival-Date: {case.sent}\n\n"
        f"Final-Recipient: rfc822; {case.recipient}\nAction: delivered\nStatus: 2.0.0\n"
        f"Remote-MTA: dns; {case.mx}\nDiagnostic-Code: smtp; 250 2.0.0 Ok: queued as {case.chance.hexes(10).upper()}\n"
    )
    return arrival(
        case,
        host=host,
        sender=f"MAILER-DAEMON@{host} (Mail Delivery System)",
        subject="Successful Mail Delivery Report",
        more="Auto-Submitted: auto-replied\n",
    ) + parted(
        "multipart/report; report-type=delivery-status",
        f"{case.chance.hexes(10).upper()}/{host}",
        part("text/plain; charset=us-ascii", f"Your message was successfully delivered to {case.recipient}.\n"),
        part("message/delivery-status", fields),
        part("text/rfc822-headers", case.copy),
    )


def complaint(case: Case, *, named: bool) -> str:
    """An abuse report (RFC 5965); without `named` the recipient stands in the returned mail only."""
    fields = (
        "Feedback-Type: abuse\nUser-Agent: feedback-loop/3.1\nVersion: 1\n"
        f"Original-Mail-From: <{case.to}>\nArrival-Date: {case.sent}\n"
        f"Source-IP: 192.0.2.80\nReported-Domain: {case.home}\n"
    )
    if named:
        fields += f"Original-Rcpt-To: <{case.recipient}>\n"
    return arrival(
        case,
        host="fbl.feedback-loop.example",
        sender="Feedback Loop <complaints@feedback-loop.example>",
        subject=f"FW: {original.subject(case.send)}",
    ) + parted(
        "multipart/report; report-type=feedback-report",
        f"arf-{case.chance.hexes(16)}",
        part(
            "text/plain; charset=us-ascii",
            f"This is an email abuse report for a message received from 192.0.2.80 on {case.sent}.\n",
        ),
        part("message/feedback-report", fields),
        part("message/rfc822", case.copy),
    )


def forged(chance: Chance, at: datetime, *, mailbox: str, recipient: str, invented_id: str) -> str:
    """A bounce of a mail that Northbeam never sent: somebody else used its name, or the whole notice is made up."""
    domain, when = recipient.partition("@")[2], format_datetime(at)
    fields = (
        f"Reporting-MTA: dns; mx1.{domain}\nArrival-Date: {when}\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: 5.1.1\n"
        f"Diagnostic-Code: smtp; 550 5.1.1 <{recipient}>: Recipient address rejected: User unknown\n"
    )
    returned = (
        f'From: "Billing" <{mailbox}>\nTo: <{recipient}>\nSubject: Overdue invoice {chance.whole(10000, 99999)}\n'
        f"Message-ID: {invented_id}\nDate: {when}\nX-Mailer: The Bat! (v9.3)\n"
    )
    return (
        "Return-Path: <>\n"
        f"Delivered-To: {mailbox}\n"
        f"Received: from unknown (unknown [203.0.113.{chance.whole(3, 250)}])\n"
        f"\tby mx.{mailbox.partition('@')[2]} with SMTP id {chance.letters(11)}; {when}\n"
        f"Date: {when}\nFrom: Mail Delivery System <MAILER-DAEMON@mx1.{domain}>\nTo: {mailbox}\n"
        f"Subject: {encoded('Undelivered Mail Returned to Sender')}\nMessage-ID: <{chance.hexes(14)}@mx1.{domain}>\n"
        + parted(
            "multipart/report; report-type=delivery-status",
            f"{chance.hexes(12)}/mx1.{domain}",
            part(
                "text/plain; charset=us-ascii",
                f"This is the mail system at host mx1.{domain}.\n\n<{recipient}>: user unknown\n",
            ),
            part("message/delivery-status", fields),
            part("text/rfc822-headers", returned),
        )
    )
