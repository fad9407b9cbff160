"""Abuse feedback reports: RFC 5965, with RFC 6591 (authentication failures) told apart."""

from __future__ import annotations

import re

from analyzer.parsing.addresses import from_field, from_verp, is_address
from analyzer.parsing.decoding import decode_text
from analyzer.parsing.message import Message, Part, one_line, read_fields
from analyzer.records import Failure, Kind, Original

TYPE = "message/feedback-report"

#: Feedback types (RFC 5965 section 7.3, RFC 6430) that are no complaint about a mail.
_NO_COMPLAINT = frozenset({"not-spam"})


def report_part(message: Message) -> Part | None:
    """The feedback report of this very message."""
    return message.leaf(TYPE)


def read_complaint(part: Part, original: Original) -> tuple[Kind, str, list[Failure]]:
    """Kind, reporting host, and a row for every recipient that complained, redacted ones included."""
    # A few senders put empty lines between the fields, and Original-Rcpt-To may stand there several times.
    block = b"\n".join(line for line in part.content().split(b"\n") if line.strip())
    fields = read_fields(block, part.gauge)
    feedback = one_line(fields.get("feedback-type", "")).lower() or "abuse"
    if feedback in _NO_COMPLAINT:
        return "other", "", []
    named = [from_field(decode_text(value)) for value in _RECIPIENTS.findall(block)]
    recipients = [a for a in named if is_address(a)] or [a for a in original.recipients if is_address(a)][:1]
    # Where both are hidden the return address may have been made for one recipient.
    recipients = recipients or [from_verp(from_field(fields.get("original-mail-from", "")))]
    reporter = (
        fields.get("reporting-mta", "").partition(";")[2].strip() or fields.get("user-agent", "").partition("/")[0]
    )
    failures = [Failure(recipient=a, diagnostic=f"feedback report: {feedback}") for a in dict.fromkeys(recipients)]
    return "complaint", reporter.lower(), failures


_RECIPIENTS = re.compile(rb"^(?:original-rcpt-to|removal-recipient)[ \t]*:[ \t]*(.*)", re.MULTILINE | re.IGNORECASE)
