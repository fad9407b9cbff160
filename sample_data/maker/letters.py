"""Notices written as plain letters, without a machine-readable part: Exim, qmail, Yahoo."""

from __future__ import annotations

from maker.envelope import Case, arrival

_PLAIN = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"


def exim(case: Case, host: str, *, delayed: bool = False) -> str:
    """Exim: X-Failed-Recipients, indented reasons, and a copy of the mail below a line."""
    reply = case.reply
    where = f"    host {case.mx} [203.0.113.40]\n" if reply.code else ""
    when = f"    SMTP error from remote mail server after {reply.phase}:<{case.recipient}>:\n" if reply.code else ""
    words = "".join(f"    {line}\n" for line in reply.lines)
    if delayed:
        text = (
            "This message was created automatically by mail delivery software.\n"
            "A message that you sent has not yet been delivered to one or more of its\n"
            f"recipients after more than 4 hours on the queue on {host}.\n\n"
            f"The address to which the message has not yet been delivered is:\n\n  {case.recipient}\n{words}\n"
            "No action is required on your part. Delivery attempts will continue for\n"
            "some time, and this warning may be repeated at intervals.\n"
        )
        subject = f"Warning: message {case.chance.letters(6)}-000{case.chance.letters(3)}-2X delayed 4 hours"
    else:
        label = "------ This is a copy of the message's headers. ------"
        if case.returned == "full":
            label = "------ This is a copy of your message, including all the headers. ------"
        copy = f"\n{label}\n\n{case.copy}" if case.returned != "none" else ""
        text = (
            "This message was created automatically by mail delivery software.\n\n"
            "A message that you sent could not be delivered to one or more of its\n"
            "recipients. This is a permanent error. The following address(es) failed:\n\n"
            f"  {case.recipient}\n{where}{when}{words}{copy}"
        )
        subject = "Mail delivery failed: returning message to sender"
    failed = "" if delayed else f"X-Failed-Recipients: {case.recipient}\n"
    return (
        arrival(
            case,
            host=host,
            sender=f"Mail Delivery System <Mailer-Daemon@{host}>",
            subject=subject,
            more=f"{failed}Auto-Submitted: auto-replied\n",
            message_id=f"<E1{case.chance.letters(5)}-000{case.chance.letters(3)}-{case.chance.letters(2)}@{host}>",
        )
        + f"{_PLAIN}{text}"
    )


def qmail(case: Case, host: str) -> str:
    """qmail: "Hi. This is the qmail-send program", a paragraph a recipient, and the mail below a line."""
    reply = case.reply
    if reply.code:
        reason = f"203.0.113.61 failed after I sent the message.\nRemote host said: {reply.flat}\n"
        if reply.phase == "RCPT TO":
            reason = (
                f"203.0.113.61 does not like recipient.\nRemote host said: {reply.flat}\nGiving up on 203.0.113.61.\n"
            )
    else:
        reason = f"{reply.flat} (#{reply.dsn_status})\n"
    if reply.reason == "user_unknown" and case.chance.under(0.5):
        reason = "Sorry, no mailbox here by that name. (#5.1.1)\n"
    copy = f"\n--- Below this line is a copy of the message.\n\n{case.copy}" if case.returned != "none" else ""
    text = (
        f"Hi. This is the qmail-send program at {host}.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        f"<{case.recipient}>:\n{reason}{copy}"
    )
    return arrival(case, host=host, sender=f"MAILER-DAEMON@{host}", subject="failure notice") + f"{_PLAIN}{text}"


def yahoo(case: Case, host: str) -> str:
    """Yahoo: a short letter; what follows the reply is often nothing."""
    copy = f"\n--- Below this line is a copy of the message.\n\n{case.copy}" if case.returned != "none" else ""
    text = (
        "Sorry, we were unable to deliver your message to the following address.\n\n"
        f"<{case.recipient}>:\n{case.reply.flat}\n{copy}"
    )
    return (
        arrival(case, host="sonic303.mail.bf2.yahoo.com", sender="MAILER-DAEMON@yahoo.com", subject="Failure Notice")
        + f"{_PLAIN}{text}"
    )
