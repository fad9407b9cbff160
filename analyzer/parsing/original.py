"""The message that we had sent, as far as it came back: RFC 3462 section 2 (`message/rfc822`, `text/rfc822-headers`).

Matching lives on what is found here: the Message-ID, the envelope sender, and the custom headers of the platform that
sent it. Only the outermost returned header block is read; whatever is nested in it is somebody else's mail.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from analyzer.bounds import Gauge
from analyzer.parsing.addresses import find_addresses, from_header
from analyzer.parsing.decoding import decode_words
from analyzer.parsing.marks import TEXT
from analyzer.parsing.message import Message, Part, read_fields, unfolded
from analyzer.records import Original

#: Headers beside `X-…` that tell which of our mails this was: platforms' marks, and whom it was written to.
_MARKS = frozenset(
    {
        "to",
        "feedback-id",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "list-id",
        "in-reply-to",
        "references",
        "auto-submitted",
    }
)
_TAG = re.compile(r"(?:^|;)\s*([ds])\s*=\s*([^;]*)")
#: `X-…` headers that every hop adds and nobody matches by.
_NOISE = re.compile(
    r"x-(?:received|spam|ms-|microsoft|forefront|google|gm-|originat|virus|amavis|mailer|priority|mime|ham|proofpoint|"
    r"barracuda|ironport|uidl?|mozilla|provags|antispam|exchange|authenti|envelope|original-to|yahoo|ymail|apparently)"
)
# The line break in front is what `re` looks for quickly.
_HEADER_START = re.compile(
    r"\n(Return-Path|Received|Message-ID|From|Date|Subject|To|MIME-Version|DKIM-Signature): ?", re.IGNORECASE
)
_MESSAGE_ID = re.compile(r"<[^<>\s][^<>\s@]*@[^<>\s]+>")
_ANY_MESSAGE_ID = re.compile(r"\n[ \t>|]*(?:X-)?Message-ID:\s*(<[^<>\s]+>)", re.IGNORECASE)


#: Whom a `Received:` field is by.
_HOP = re.compile(r"\bby ([\w.-]{1,253})", re.ASCII)
#: By a user who has logged in, or by a program of that host (RFC 3848).
_HANDED_IN = re.compile(r"\bwith (?:local|(?:e?smtps?|utf8smtps?)a)\b", re.IGNORECASE)
#: Content filters and stores of one host hand a message on three or four times.
_A_LOOP = 8


@lru_cache(maxsize=4096)
def _tells_which(name: str) -> bool:
    """Whether matching may want this header of our message."""
    return name in _MARKS or (name.startswith("x-") and name.isascii() and " " not in name and not _NOISE.match(name))


_HAS_HEADER = TEXT.add("^(?:return-path|received|message-id|from|date|subject|to|mime-version|dkim-signature):")
_HAS_MESSAGE_ID = TEXT.add("message-id:")


def find_original(message: Message) -> Original:
    """What came back of our message: its own part, else the header block copied into the text."""
    if message.original is None:
        message.original = _look_for_original(message)
    return message.original


def _look_for_original(message: Message) -> Original:
    for part in message.leaves():
        if part is not message and part.is_message:
            block = part.content().lstrip(b"\n")
            end = block.find(b"\n\n")
            return from_fields(block if end < 0 else block[: end + 1], message.gauge)
    return _from_text(message)


def looped_through(message: Message) -> tuple[str, int]:
    """The host that our message went through over and over, and how often (RFC 5321 6.3); "" where it did not loop."""
    part = _returned_part(message)
    # Counted in the bytes first: hardly any message came this way.
    if part is None or part.body.count(b"Received: ", 0, message.gauge.bounds.header_bytes) < _A_LOOP:
        return "", 0
    hosts = Counter(found.group(1).lower() for found in map(_HOP.search, _hops(message)) if found)
    host, times = hosts.most_common(1)[0] if hosts else ("", 0)
    return (host, times) if times >= _A_LOOP else ("", 0)


def was_handed_in_at(host: str, message: Message) -> bool:
    """Whether our message began its way at this host: one of our own domain, or the only one, to a user it knew."""
    hops = _hops(message)
    found = _HOP.search(hops[-1]) if hops else None
    if found is None or found.group(1).lower() != host:
        return False
    ours = find_original(message).sender.rpartition("@")[2].lower()
    return f".{host}".endswith(f".{ours}") or (len(hops) == 1 and _HANDED_IN.search(hops[0]) is not None)


def _returned_part(message: Message) -> Part | None:
    return next((part for part in message.leaves() if part is not message and part.is_message), None)


def _hops(message: Message) -> list[str]:
    """The `Received:` fields of the returned message, the latest first."""
    if message.hops is None:
        # A report may ask for each of thousands of recipients.
        part = _returned_part(message)
        head = part.content().lstrip(b"\n").partition(b"\n\n")[0] if part is not None else b""
        lines = unfolded(head[: message.gauge.bounds.header_bytes].decode("latin-1")).split("\n")
        message.hops = [line for line in lines if line[:9].lower() == "received:"]
    return message.hops


def from_fields(block: bytes, gauge: Gauge) -> Original:
    """The original by its header block; of a repeated field the first."""
    if len(block) > gauge.bounds.header_bytes:
        block = block[: gauge.bounds.header_bytes]
        gauge.note("header_bytes")
    fields = read_fields(block, gauge)

    get = fields.get
    recipients = find_addresses(get("to", "")) + find_addresses(get("cc", ""))
    return Original(
        message_id=get("message-id", ""),
        sender=from_header(get("from", "")) or from_header(get("return-path", "")) or from_header(get("sender", "")),
        recipients=tuple(recipients),
        subject=decode_words(get("subject", ""), gauge),
        date=get("date", ""),
        headers=_marks(fields, gauge),
    )


def _marks(fields: dict[str, str], gauge: Gauge) -> dict[str, str]:
    """The headers that tell which of our mails it was, and of its DKIM signature (RFC 6376 3.5) who signed it."""
    found = {name: decode_words(value, gauge) for name, value in fields.items() if _tells_which(name)}
    if signature := fields.get("dkim-signature"):
        tags = {name: "".join(value.split()) for name, value in _TAG.findall(signature)}
        if tags.get("d") and tags.get("s"):
            found["dkim-signature"] = f"d={tags['d']}; s={tags['s']}"
    return found


def _from_text(message: Message) -> Original:
    """The copied header block with the most of a message's own fields, in a text-only bounce."""
    text, marks = f"\n{message.plain_text()}", message.marks()
    start = -1
    for match in _HEADER_START.finditer(text) if _HAS_HEADER in marks else ():
        # A header block, not a sentence: the next line is a field or a folded one too.
        next_line = text.find("\n", match.end())
        if (next_line >= 0 and _HEADER_START.match(text, next_line)) or match[1].lower() in {"received", "return-path"}:
            start = match.start() + 1
            break
    if start >= 0:
        end = text.find("\n\n", start)
        block = text[start : end if end > 0 else len(text)]
        original = from_fields(block.encode("utf-8", "surrogateescape"), message.gauge)
        if original.message_id or original.sender:
            return original
    identifier = _ANY_MESSAGE_ID.search(text) if _HAS_MESSAGE_ID in marks else None
    if identifier:
        return Original(message_id=identifier.group(1))
    references = _MESSAGE_ID.findall(message.get("in-reply-to") or message.get("references"))
    return Original(message_id=references[-1]) if references else Original()
