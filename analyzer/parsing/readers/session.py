"""Postfix's mails to its postmaster with the transcript of a failed SMTP session (`notify_classes`, postconf(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.parsing.addresses import from_header, is_address, related
from analyzer.parsing.message import Message, one_line
from analyzer.records import Failure

_TURN = re.compile(r"^ ?(In|Out):[ \t]+(.*(?:\n[ \t]{4,}\S.*)*)", re.MULTILINE)
_SENDER = re.compile(r"MAIL\s+FROM:\s*<([^<>]*)>", re.IGNORECASE)
_RECIPIENT = re.compile(r"RCPT\s+TO:\s*<([^<>]+)>", re.IGNORECASE)
#: A content filter of the same host, which hands on what others have sent.
_ITSELF = re.compile(r"\[(?:127\.[\d.]+|::1)\]$")


class PostfixSession:
    """`Postfix SMTP server: errors from …`"""

    name = "postfix-session"

    def recognises(self, message: Message) -> bool:
        """By its subject, which begins with the name that the system goes by (`mail_name`)."""
        return " smtp server: errors from " in message.subject()

    def failures(self, message: Message) -> Iterator[Failure]:
        """Every recipient of the session, with the last refusal in it.

        None of ours, to whom somebody else wrote, and of a stranger's session nobody: it was refused whatever it tried.
        """
        ours = _domain(from_header(message.get("to")))
        by_us = _ITSELF.search(message.subject()) is not None
        recipients: list[str] = []
        refusal = ""
        for direction, words in _TURN.findall(message.plain_text()[:100_000]):
            if direction == "In":
                sender, recipient = _SENDER.search(words), _RECIPIENT.search(words)
                by_us = by_us or (sender is not None and related(_domain(sender[1]), ours))
                if recipient and is_address(recipient[1]) and _domain(recipient[1]) != ours:
                    recipients.append(recipient[1])
            elif words[:1] in {"4", "5"}:
                refusal = one_line(words)
        if refusal and by_us:
            for address in dict.fromkeys(recipients):
                yield Failure(recipient=address, diagnostic=refusal)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
