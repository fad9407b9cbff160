"""Message disposition notifications: RFC 8098. A receipt is no bounce; the refusal of a filter or a full mailbox that
comes in the same shape is one: RFC 5429 (Sieve "reject"), Dovecot's LDA.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.parsing.addresses import find_addresses, from_field, is_address
from analyzer.parsing.message import Message, Part, one_line, read_fields
from analyzer.parsing.phrases import REFUSED
from analyzer.parsing.quotes import has_reply
from analyzer.records import Failure

TYPE = "message/disposition-notification"

_SUBJECT = re.compile(r"\s*(?:rejected:|automatically rejected)")
_REFUSED = re.compile(
    r"(?P<what>message )?(?:to \S{1,320} )?(?P<refusal>"
    r"was (?:automatically )?(?:rejected|refused)[^\n:]{0,200}(?::[ \t]{0,40})?\n(?P<why>[\s\S]{1,2000}))"
    r"|rejected your message[^\n:]{0,200}:[ \t]{0,40}\n(?P<other>[\s\S]{1,2000})",
    re.IGNORECASE,
)
_BY_A_FILTER = re.compile(r"\s*automatic-action/[^;]{1,60};\s*deleted", re.IGNORECASE)
#: In its first sentence.
_SENTENCE = 200
_MODE = re.compile(r"/\s*(?:error|failed|denied)\b", re.IGNORECASE)


def receipt_part(message: Message) -> Part | None:
    """The disposition notification of this very message."""
    return message.leaf(TYPE)


def rejections(message: Message, part: Part) -> Iterator[Failure]:
    """The recipient whose filter or mailbox refused the mail; none where the notification is a receipt."""
    # Where the empty line between is lost, its fields stand in the part's own header.
    fields = read_fields(part.content().strip(b"\n") or part.head, part.gauge)
    text = message.plain_text()
    refused = _REFUSED.search(text)
    disposition = fields.get("disposition", "")
    if refused is None and not _SUBJECT.match(message.subject()) and not _MODE.search(disposition):
        # A filter says so in the words that its server was told to use.
        opening = text[:_SENTENCE].lower()
        if not _BY_A_FILTER.match(disposition) or not any(word in opening for word in REFUSED):
            return
    recipient = from_field(fields.get("final-recipient", "")) or from_field(fields.get("original-recipient", ""))
    if not is_address(recipient):
        named = find_addresses(text)
        recipient = named[0] if named else ""
    if recipient:
        words = _words(refused) if refused else fields.get("error", "") or text
        yield Failure(recipient=recipient, diagnostic=one_line(words))


def _words(refused: re.Match[str]) -> str:
    """What the owner of the filter wrote; where no server speaks in it, with the sentence that says who refused."""
    why: str = refused.group("why") or refused.group("other")
    if has_reply(why) or not refused.group("refusal"):
        return why if has_reply(why) else refused.group()
    # What was refused is the message, and no address, in whatever language the reason is.
    return f"{refused.group('what') or ''}{refused.group('refusal')}"
