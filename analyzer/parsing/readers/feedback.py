"""Complaints and opt-outs that come without an RFC 5965 report: Microsoft's JMRP, and the unsubscribe mail that mail
programs write to a `List-Unsubscribe: <mailto:…>` address (RFC 2369 section 3.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.parsing.addresses import find_addresses, from_header
from analyzer.parsing.message import Message, read_fields
from analyzer.records import Failure


class JunkMailReport:
    """`staff@hotmail.com`, "complaint about message from …": the original in a part, the recipient in its headers."""

    name = "jmrp"

    def recognises(self, message: Message) -> bool:
        """By the sender and the subject that Microsoft documents for the programme."""
        return "staff@hotmail.com" in message.get("from") and "complaint about message" in message.subject()

    def failures(self, message: Message) -> Iterator[Failure]:
        """The recipient who complained."""
        for part in message.leaves():
            if not part.is_message:
                continue
            fields = read_fields(part.content().lstrip(b"\n").split(b"\n\n", 1)[0] + b"\n")
            for name in ("x-hmxmroriginalrecipient", "to"):
                found = find_addresses(fields.get(name, ""))
                if found:
                    yield Failure(recipient=found[0], diagnostic="feedback report: abuse")
                    return


_UNSUBSCRIBE_BODY = re.compile(r"(?i)sent this e-?mail to unsubscribe from|^\s*unsubscribe\s*$")


class UnsubscribeMail:
    """A mail program's automatic answer to our own List-Unsubscribe header."""

    name = "unsubscribe"

    def recognises(self, message: Message) -> bool:
        """Auto-submitted, or sent to an address made for it, and saying nothing else."""
        if message.subject().strip() != "unsubscribe":
            return False
        to = from_header(message.get("to")).lower()
        made_for_it = any(word in to for word in ("unsub", "opt-out", "optout"))
        return made_for_it and bool(
            _UNSUBSCRIBE_BODY.search(message.plain_text()[:400]) or "auto-submitted" in message.fields
        )

    def failures(self, message: Message) -> Iterator[Failure]:
        """Whoever unsubscribed."""
        sender = from_header(message.get("from"))
        if sender:
            yield Failure(recipient=sender, diagnostic="feedback report: opt-out")
