"""Notices in the form of a report (RFC 3464, RFC 6533): one function a mail server, after how each one writes."""

from __future__ import annotations

import textwrap
from datetime import timedelta
from email.utils import format_datetime

from maker.envelope import (
    Case,
    arrival,
    encoded,
    folded,
    nested,
    part,
    parted,
    quoted,
    returned_part,
)

_REPORT = "multipart/report; report-type=delivery-status"
_AUTO = "Auto-Submitted: auto-replied\n"
#: One transparent pixel: the picture that some notices carry.
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==\n"


def _remote(case: Case) -> str:
    return f"Remote-MTA: dns; {case.mx}\n" if case.reply.code else ""


def postfix(case: Case, host: str, *, delayed: bool = False) -> str:
    """Postfix: a plain explanation, delivery-status with X-Postfix fields, and the mail or its headers."""
    reply, queue = case.reply, case.chance.hexes(10).upper()
    said = (
        f"host {case.mx}[203.0.113.{case.chance.whole(5, 220)}] said: {reply.flat} (in reply to {reply.phase} command)"
    )
    why = said if reply.code else reply.flat
    fate = (
        "####################################################################\n"
        "# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\n"
        "####################################################################\n\n"
        "Your message could not be delivered for more than 4 hour(s).\n"
        "It will be retried until it is 5 day(s) old.\n"
        if delayed
        else "I'm sorry to have to inform you that your message could not\n"
        "be delivered to one or more recipients. It's attached below.\n"
    )
    words = textwrap.fill(
        f"<{case.recipient}>: {why}", 76, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    text = (
        f"This is the mail system at host {host}.\n\n{fate}\n"
        "For further assistance, please send mail to postmaster.\n\n"
        "                   The mail system\n\n"
        f"{words}\n"
    )
    action = "delayed" if delayed else "failed"
    status = reply.dsn_status.replace("5.", "4.", 1) if delayed else reply.dsn_status
    fields = (
        f"Reporting-MTA: dns; {host}\nX-Postfix-Queue-ID: {queue}\nX-Postfix-Sender: rfc822; {case.to}\n"
        f"Arrival-Date: {case.sent}\n\n"
        f"Final-Recipient: rfc822; {case.recipient}\nOriginal-Recipient: rfc822;{case.send.lead.email}\n"
        f"Action: {action}\nStatus: {status}\n{_remote(case)}"
        + folded("Diagnostic-Code", f"{'smtp' if reply.code else 'X-Postfix'}; {reply.flat}")
        + (f"Will-Retry-Until: {format_datetime(case.at + timedelta(days=5))}\n" if delayed else "")
    )
    subject = "Delayed Mail (still being retried)" if delayed else "Undelivered Mail Returned to Sender"
    return arrival(
        case,
        host=host,
        sender=f"MAILER-DAEMON@{host} (Mail Delivery System)",
        subject=subject,
        more=_AUTO,
    ) + parted(
        _REPORT,
        f"{queue}.{case.chance.whole(1000000, 9999999)}/{host}",
        part("text/plain; charset=us-ascii", text, "Content-Description: Notification\n"),
        part("message/delivery-status", fields, "Content-Description: Delivery report\n"),
        *returned_part(case),
    )


def google(case: Case, host: str) -> str:
    """Google Workspace: text and HTML beside a picture, then delivery-status and the mail's headers."""
    reply, domain = case.reply, case.recipient.partition("@")[2]
    if reply.code:
        lead = f"Your message wasn't delivered to {case.recipient}. The remote server gave this answer:"
        title = {"user_unknown": "Address not found", "mailbox_full": "Recipient inbox full"}.get(
            reply.reason, "Message blocked"
        )
        answer = "\n".join(reply.lines)
        diagnostic = f"smtp; {reply.flat}"
    elif reply.reason in ("domain_not_found", "no_mail_server"):
        lead = f"Your message wasn't delivered to {case.recipient} because the domain {domain} couldn't be found."
        title, answer = "Address not found", f"DNS Error: {reply.flat}"
        diagnostic = f"smtp; {answer}"
    else:
        lead = f"There was a problem delivering your message to {case.recipient}. It will not be tried again."
        title, answer = "Message not delivered", reply.flat
        diagnostic = f"smtp; {answer}"
    page = (
        f"<html><body><h2>{title}</h2><p>{lead}</p><p><tt>{'<br>'.join(answer.split(chr(10)))}</tt></p>"
        '<img src="cid:icon.png" alt=""></body></html>\n'
    )
    fields = (
        f"Reporting-MTA: dns; googlemail.com\nReceived-From-MTA: dns; {case.mailbox}\n"
        f"Arrival-Date: {case.sent}\n\n"
        f"Final-Recipient: rfc822; {case.recipient}\nAction: failed\nStatus: {reply.dsn_status}\n{_remote(case)}"
        + folded("Diagnostic-Code", diagnostic, indent=" ")
        + f"Last-Attempt-Date: {case.date}\n"
    )
    key = case.chance.hexes(14)
    return arrival(
        case,
        host="mail-sor-f69.google.com",
        sender="Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        subject="Delivery Status Notification (Failure)",
        more=f"{_AUTO}X-Failed-Recipients: {case.recipient}\n",
        message_id=f"<{key}.{case.chance.whole(100, 999)}.gmr@mx.google.com>",
    ) + parted(
        _REPORT,
        f"00000000{key}",
        nested(
            "multipart/related",
            f"00000001{key}",
            nested(
                "multipart/alternative",
                f"00000002{key}",
                part('text/plain; charset="UTF-8"', f"\n** {title} **\n\n{lead}\n\n{answer}\n"),
                quoted("text/html", page),
            ),
            part(
                'image/png; name="icon.png"',
                _PIXEL,
                'Content-Disposition: attachment; filename="icon.png"\n'
                "Content-Transfer-Encoding: base64\nContent-ID: <icon.png>\n",
            ),
        ),
        part("message/delivery-status", fields),
        *returned_part(case),
    )


def sendmail(case: Case, host: str) -> str:
    """Sendmail: the addresses with fatal errors, the transcript of the session, delivery-status, the mail."""
    reply, queue = case.reply, f"62{case.chance.letters(6)}0{case.chance.whole(10000, 99999)}"
    session = [f"... while talking to {case.mx}.:", f">>> {'DATA' if reply.phase != 'RCPT TO' else 'RCPT To:'}"]
    session += [f"<<< {line}" for line in reply.lines]
    verdict = f"{reply.code or '550'} {reply.dsn_status} <{case.recipient}>... "
    verdict += "User unknown" if reply.reason == "user_unknown" else "Service unavailable"
    text = (
        f"The original message was received at {case.sent}\nfrom mail.{case.home} [192.0.2.80]\n\n"
        "   ----- The following addresses had permanent fatal errors -----\n"
        f"<{case.recipient}>\n    (reason: {reply.flat[:110]})\n\n"
        "   ----- Transcript of session follows -----\n" + "\n".join([*session, verdict]) + "\n"
    )
    fields = (
        f"Reporting-MTA: dns; {host}\nReceived-From-MTA: DNS; mail.{case.home}\nArrival-Date: {case.sent}\n\n"
        f"Final-Recipient: RFC822; {case.recipient}\nAction: failed\nStatus: {reply.dsn_status}\n"
        f"Remote-MTA: DNS; {case.mx}\n"
        + folded("Diagnostic-Code", f"SMTP; {reply.flat}", width=100)
        + f"Last-Attempt-Date: {case.date}\n"
    )
    return arrival(
        case,
        host=host,
        sender=f"Mail Delivery Subsystem <MAILER-DAEMON@{host}>",
        subject="Returned mail: see transcript for details",
        more="Auto-Submitted: auto-generated (failure)\n",
        message_id=f"<{queue}@{host}>",
    ) + parted(
        _REPORT,
        f"{queue}.{case.chance.whole(1000000000, 1999999999)}/{host}",
        f"\n{text}",
        part("message/delivery-status", fields),
        *returned_part(case),
    )


def courier(case: Case, host: str) -> str:
    """Courier: the dialogue with arrows, a delivery-status in lower case, and the mail's headers."""
    reply = case.reply
    dialogue = "".join(f"<<< {line}\n" for line in reply.lines)
    text = (
        f"This is a delivery status notification from {host},\nrunning the Courier mail server.\n\n"
        f"The original message was received on {case.sent}\nfrom {case.to}\n\n"
        "---------------------------------------------------------------------------\n\n"
        "                           UNDELIVERABLE MAIL\n\n"
        "Your message to the following recipients cannot be delivered:\n\n"
        f"<{case.recipient}>:\n    {case.mx} [203.0.113.9]:\n>>> {'DATA' if 'DATA' in reply.phase else 'RCPT TO:'}\n"
        f"{dialogue}\n"
    )
    fields = (
        f"Reporting-MTA: dns; {host}\nArrival-Date: {case.sent}\n\n"
        f"Final-Recipient: rfc822; {case.recipient}\nAction: failed\nStatus: {reply.dsn_status}\n"
        f"Remote-MTA: dns; {case.mx} [203.0.113.9]\n" + folded("Diagnostic-Code", f"smtp; {reply.flat}", width=90)
    )
    return arrival(
        case,
        host=host,
        sender=f'"Courier mail server at {host}" <@>'.replace("<@>", f"<MAILER-DAEMON@{host}>"),
        subject="NOTICE: mail delivery status.",
        message_id=f"<courier.{case.chance.hexes(16)}@{host}>",
    ) + parted(
        _REPORT,
        f"=_courier-0-{case.chance.hexes(10)}",
        part("text/plain; charset=us-ascii", text, "Content-Transfer-Encoding: 7bit\n"),
        part("message/delivery-status", fields),
        *returned_part(case),
    )


def opensmtpd(case: Case, host: str) -> str:
    """OpenSMTPD: a short letter from its daemon, delivery-status, and the mail's headers."""
    text = (
        "    Hi!\n\n"
        f"    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n"
        "    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\n"
        f"{case.recipient}: {case.reply.flat}\n\n    Below is a copy of the original message:\n"
    )
    fields = (
        f"Reporting-MTA: dns; {host}\n\n"
        f"Final-Recipient: rfc822; {case.recipient}\nAction: failed\nStatus: {case.reply.dsn_status}\n"
        + folded("Diagnostic-Code", f"smtp; {case.reply.flat}", width=120)
    )
    return arrival(
        case, host=host, sender=f"Mailer Daemon <MAILER-DAEMON@{host}>", subject="Delivery status notification: error"
    ) + parted(
        _REPORT,
        f"{case.chance.whole(10**17, 10**18 - 1)}/{host}",
        part("text/plain; charset=utf-8", text),
        part("message/delivery-status", fields),
        *returned_part(case),
    )


def domino(case: Case, host: str) -> str:
    """HCL Domino: a failure report whose reason stands in its own words."""
    reply, lead, key = case.reply, case.send.lead, case.chance.hexes(12).upper()
    reason = {
        "user_unknown": f"User {lead.first} {lead.last} ({case.recipient}) not listed in Domino Directory",
        "mailbox_full": "Mail database is full: the user has exceeded the quota",
    }.get(reply.reason, reply.flat)
    text = (
        f"Your message\n\n  Subject: {case.subject}\n\n"
        f"was not delivered to:\n\n  {case.recipient}\n\nbecause:\n\n  {reason}\n"
    )
    fields = (
        f"Reporting-MTA: dns;{host}\n\nFinal-Recipient: rfc822;{case.recipient}\nAction: failed\n"
        f"Status: {reply.dsn_status}\nDiagnostic-Code: X-Notes; {reason}\n"
    )
    return arrival(
        case,
        host=host,
        sender=f"Postmaster@{case.recipient.partition('@')[2]}",
        subject=f"DELIVERY FAILURE: {reason[:60]}",
        more="X-MIMETrack: Itemize by SMTP Server on MAIL01/SRV(Release 12.0.2|November 17, 2022)\n",
        message_id=f"<OF{key}.{case.chance.hexes(8).upper()}-ONC1258@{host}>",
    ) + parted(
        _REPORT,
        f"==IFJRGLKFGIR{key}UHRUHIHD",
        quoted("text/plain", text),
        part("message/delivery-status", fields),
        *returned_part(case),
    )


def ses(case: Case, host: str) -> str:
    """Amazon SES: a short report of a mail whose Message-ID the relay had replaced."""
    reply = case.reply
    fields = (
        "Reporting-MTA: dns; a48-110.smtp-out.eu-west-1.amazonses.com\n\n"
        f"Action: failed\nFinal-Recipient: rfc822; {case.recipient}\n"
        + folded("Diagnostic-Code", f"smtp; {reply.flat}", width=140)
        + f"Status: {reply.dsn_status}\n"
    )
    words = "\n".join(textwrap.wrap(f"smtp; {reply.flat}", 90, break_long_words=False, break_on_hyphens=False))
    return arrival(
        case,
        host="a48-110.smtp-out.eu-west-1.amazonses.com",
        sender="MAILER-DAEMON@eu-west-1.amazonses.com",
        subject="Delivery Status Notification (Failure)",
        message_id=f"<0102019c{case.chance.hexes(24)}-000000@eu-west-1.amazonses.com>",
    ) + parted(
        _REPORT,
        f"----=_Part_{case.chance.whole(100000, 999999)}_{case.chance.whole(1000000000, 1999999999)}.177",
        part(
            "text/plain; charset=us-ascii",
            "An error occurred while trying to deliver the mail to the following recipients:\n"
            f"{case.recipient}\n{words}\n",
            "Content-Transfer-Encoding: 7bit\n",
        ),
        part("message/delivery-status", fields),
        *returned_part(case),
    )


def eai(case: Case, host: str) -> str:
    """An internationalised report (RFC 6533): UTF-8 addresses in a message/global-delivery-status."""
    reply = case.reply
    text = (
        f"This is the mail system at host {host}.\n\n"
        f"Your message could not be delivered to one recipient.\n\n<{case.recipient}>: {reply.flat}\n"
    )
    escaped = "".join(letter if letter.isascii() else f"\\x{{{ord(letter):X}}}" for letter in case.send.lead.email)
    fields = (
        f"Reporting-MTA: dns; {host}\nArrival-Date: {case.sent}\n\n"
        f"Original-Recipient: utf-8; {escaped}\nFinal-Recipient: utf-8; {case.recipient}\n"
        f"Action: failed\nStatus: {reply.dsn_status}\nRemote-MTA: dns; {case.mx}\n"
        f"Diagnostic-Code: smtp; {reply.flat}\n"
    )
    return arrival(
        case,
        host=host,
        sender=f"{encoded('Mail Delivery System')} <MAILER-DAEMON@{host}>",
        subject="Undelivered Mail Returned to Sender",
        more=_AUTO,
    ) + parted(
        "multipart/report; report-type=global-delivery-status",
        f"{case.chance.hexes(10).upper()}.eai/{host}",
        part("text/plain; charset=utf-8", text, "Content-Transfer-Encoding: 8bit\n"),
        part("message/global-delivery-status", fields, "Content-Transfer-Encoding: 8bit\n"),
        part("message/global-headers", case.copy, "Content-Transfer-Encoding: 8bit\n"),
    )
