"""A content filter's word to the writer of a mail that it has stopped: whose it was and to whom, in labelled lines.

MailMarshal, InterScan eManager and others of their time write it in their own name to the `From:` address, with none of
a bounce's marks. The same form goes to those who run the filter, about others' mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.parsing.addresses import find_addresses, from_header, is_robot, same
from analyzer.parsing.copies import own_words
from analyzer.parsing.kinds import is_a_persons
from analyzer.parsing.message import Message, one_line
from analyzer.records import Failure

_DONE = r"(?:stopped|blocked|rejected|refused|deleted|dropped|discarded)"
_MAIL = r"(?:[a-z-]+\s+)?(?:e-?mail|mail|message)\b"
_STOPPED = re.compile(
    rf"\b(?:has|was)\s+{_DONE}\s+(?:the|your|this|an?)\s+{_MAIL}"
    rf"|\b(?:the|your|this)\s+{_MAIL}(?:\s+[a-z]+){{0,3}}\s+(?:was|has\s+been)\s+{_DONE}\b",
    re.IGNORECASE,
)
#: What is kept for somebody may still reach them.
_KEPT = re.compile(r"quarantin|on hold|\brelease", re.IGNORECASE)
_WRITER = re.compile(r"^[ \t>]*(?:from|sender|source(?: mailbox)?|original sender)[ \t]*:[ \t]*(\S.*)", re.I | re.M)
_READERS = re.compile(
    r"^[ \t>]*(?:to|recipients?|destination(?: mailbox(?:\(es\))?)?|addressed to)[ \t]*:[ \t]*(\S.*)", re.I | re.M
)
_SEARCHED = 4000


class StoppedMail:
    """`… has stopped the following email …`, with `From:` and `To:` below."""

    name = "content-filter"

    def recognises(self, message: Message) -> bool:
        """A machine's word on a mail of ours: the sender that it names writes from where this came to."""
        if is_a_persons(message):
            return False
        text = own_words(message)[:_SEARCHED]
        writer = _WRITER.search(text)
        if writer is None or not _STOPPED.search(text) or _KEPT.search(text):
            return False
        return same(_domain(from_header(writer.group(1))), _domain(from_header(message.get("to"))))

    def failures(self, message: Message) -> Iterator[Failure]:
        """Whom it was to, with what the notice says but for its labelled lines."""
        text = own_words(message)[:_SEARCHED]
        ours = _domain(from_header(message.get("to")))
        told = "\n".join(line for line in text.split("\n") if "@" not in line)
        for line in _READERS.findall(text):
            for address in find_addresses(line):
                if not is_robot(address) and not same(_domain(address), ours):
                    yield Failure(recipient=address, diagnostic=one_line(told)[:1000])


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
