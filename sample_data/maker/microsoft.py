"""Notices of Exchange in its three dresses: Microsoft 365, the company's own server, and the same in German."""

from __future__ import annotations

from maker.envelope import Case, arrival, base64_text, folded, nested, part, parted, quoted, returned_part

_REPORT = "multipart/report; report-type=delivery-status"
_GERMAN = {
    "user_unknown": "Die von Ihnen eingegebene E-Mail-Adresse konnte nicht gefunden werden. "
    "Überprüfen Sie die E-Mail-Adresse des Empfängers, und senden Sie die Nachricht erneut.",
    "mailbox_full": "Das Postfach des Empfängers ist voll und kann zurzeit keine Nachrichten empfangen.",
}


def m365(case: Case, host: str) -> str:
    """Microsoft 365: a page for people, delivery-status with the remote reply wrapped, and the mail's headers."""
    reply = case.reply
    server = f"{case.chance.letters(6)}PR0{case.chance.whole(1, 9)}MB{case.chance.whole(1000, 9999)}"
    generator = f"{server}.eurprd05.prod.outlook.com"
    wrapped = "\n".join(reply.lines) if reply.code else f"{reply.status} {reply.flat}"
    remote = f"Remote server returned '{wrapped}'" if reply.code else f"Returned error: '550 {wrapped}'"
    plain = (
        f"Your message to {case.recipient} couldn't be delivered.\n\n"
        f"Diagnostic information for administrators:\n\nGenerating server: {generator}\n\n"
        f"{case.recipient}\n{remote}\n\nOriginal message headers:\n\n"
        + "".join(f"{name}: {value}\n" for name, value in case.ours[:5])
    )
    page = (
        f"<html><body><p>Your message to <b>{case.recipient}</b> couldn't be delivered.</p>"
        f"<p>{case.send.lead.company.name} did not take it.</p><pre>{remote}</pre></body></html>\n"
    )
    code = reply.flat if reply.code else f"550 {wrapped}"
    fields = (
        f"Reporting-MTA: dns;{generator}\nReceived-From-MTA: dns;{server}.eurprd05.prod.outlook.com\n"
        f"Arrival-Date: {case.sent}\n\n"
        f"Final-Recipient: rfc822;{case.recipient}\nAction: failed\nStatus: {reply.dsn_status}\n"
        + folded("Diagnostic-Code", f"smtp;{code}", indent="\t")
        + (f"Remote-MTA: dns;{case.mx}\n" if reply.code else "")
        + f"X-Display-Name: {case.send.lead.first} {case.send.lead.last}\n"
    )
    key = case.chance.hexes(12)
    return arrival(
        case,
        host=generator,
        sender=f"Microsoft Outlook\n\t<MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@{case.home}>",
        subject=f"Undeliverable: {case.subject}",
        more="Auto-Submitted: auto-replied\nX-MS-Exchange-Message-Is-Ndr: \n",
    ) + parted(
        _REPORT,
        f"_{key}_report_",
        nested(
            "multipart/alternative",
            f"_{key}_alt_",
            quoted("text/plain", plain),
            base64_text("text/html", page) if case.chance.under(0.5) else quoted("text/html", page),
        ),
        part("message/delivery-status", fields),
        *returned_part(case),
    )


def exchange2010(case: Case, host: str, *, german: bool = False) -> str:
    """Exchange Server 2010 and later on the company's own premises, in English or German."""
    reply, key = case.reply, case.chance.hexes(20)
    code = f"#{reply.flat}#" if reply.code else f"#{reply.dsn_status} {reply.flat}#"
    if german:
        title = "Unzustellbar"
        head = (
            "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\n\n"
            f"{case.recipient}\n"
            + _GERMAN.get(reply.reason, "Die Nachricht wurde vom E-Mail-System des Empfängers nicht angenommen.")
            + "\n\nDiagnoseinformationen für Administratoren:\n\nGenerierender Server: "
        )
        headers_title = "Ursprüngliche Nachrichtenkopfzeilen:"
    else:
        title = "Undeliverable"
        head = (
            f"Delivery has failed to these recipients or groups:\n\n{case.recipient}\n"
            "The recipient's mail system did not take your message. The reason it gave is below.\n\n"
            "Diagnostic information for administrators:\n\nGenerating server: "
        )
        headers_title = "Original message headers:"
    forwarded = f"Original-Recipient: rfc822;{case.send.lead.email}\n" if case.forwarded_to else ""
    local = case.recipient.partition("@")[2]
    shown = "".join(f"{name}: {value}\n" for name, value in case.ours)
    text = f"{head}EX01.corp.{local}\n\n{case.recipient}\n{code}\n\n{headers_title}\n\n{shown}"
    charset = "iso-8859-1" if german else "us-ascii"
    fields = (
        f"Reporting-MTA: dns;EX01.corp.{local}\nReceived-From-MTA: dns;mail.{case.home}\n"
        f"Arrival-Date: {case.sent}\n\n"
        f"{forwarded}Final-Recipient: rfc822;{case.recipient}\nAction: failed\nStatus: {reply.dsn_status}\n"
        + folded("Diagnostic-Code", f"smtp;{reply.flat}", width=200)
        + f"X-Display-Name: {case.send.lead.last}, {case.send.lead.first}\n"
    )
    return arrival(
        case,
        host=host,
        sender=f"Microsoft Outlook <postmaster@{local}>",
        subject=f"{title}: {case.subject}",
        more=f"Content-Language: {'de-DE' if german else 'en-US'}\nX-MS-Exchange-Message-Is-Ndr:\n",
    ) + parted(
        _REPORT,
        key,
        quoted("text/plain", text, charset),
        part("message/delivery-status", fields),
        *returned_part(case),
    )


def exchange_de(case: Case, host: str) -> str:
    """A German Exchange."""
    return exchange2010(case, host, german=True)
