"""Postfix's mails to its postmaster with the transcript of a failed SMTP session (`notify_classes`, postconf(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.parsing.addresses import from_header, is_address
from analyzer.parsing.message import Message, one_line
from analyzer.records import Failure

_TURN = re.compile(r"^ ?(In|Out):[ \t]+(.*(?:\n[ \t]{4,}\S.*)*)", re.MULTILINE)
_RECIPIENT = re.compile(r"RCPT\s+TO:\s*<([^<>]+)>", re.IGNORECASE)


class PostfixSession:
    """`Postfix SMTP server: errors from …`"""

    name = "postfix-session"

    def recognises(self, message: Message) -> bool:
        """By its subject."""
        return message.subject().startswith("postfix smtp server: errors from")

    def failures(self, message: Message) -> Iterator[Failure]:
        """Every recipient of the session, with the last refusal in it; none of ours, to whom somebody else wrote."""
        ours = from_header(message.get("to")).rpartition("@")[2].lower()
        recipients: list[str] = []
        refusal = ""
        for direction, words in _TURN.findall(message.plain_text()[:100_000]):
            recipient = _RECIPIENT.search(words)
            if direction == "In" and recipient and is_address(recipient.group(1)):
                if recipient.group(1).rpartition("@")[2].lower() != ours:
                    recipients.append(recipient.group(1))
            elif direction == "Out" and words[:1] in {"4", "5"}:
                refusal = one_line(words)
        if refusal:
            for address in dict.fromkeys(recipients):
                yield Failure(recipient=address, diagnostic=refusal)
