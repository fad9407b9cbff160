"""Abuse feedback reports: RFC 5965, with RFC 6591 (authentication failures) told apart."""

from __future__ import annotations

from analyzer.parsing.addresses import find_addresses, from_field, is_address
from analyzer.parsing.message import Message, Part, read_fields, unfold
from analyzer.records import Failure, Kind, Original

TYPE = "message/feedback-report"

#: Feedback types (RFC 5965 section 7.3, RFC 6430) that are no complaint about a mail.
_NO_COMPLAINT = frozenset({"not-spam"})


def report_part(message: Message) -> Part | None:
    """The feedback report of this very message."""
    for part in message.walk():
        if part.content_type == TYPE:
            return part
    return None


def read_complaint(part: Part, original: Original) -> tuple[Kind, str, list[Failure]]:
    """Kind, reporting host, and a row for every recipient that complained, redacted ones included."""
    block = part.content().strip(b"\n").replace(b"\n\n", b"\n")
    fields = {name: unfold(value) for name, value in read_fields(block).items()}
    feedback = fields.get("feedback-type", "abuse").strip().lower()
    if feedback in _NO_COMPLAINT:
        return "other", "", []
    recipients = [from_field(fields.get(name, "")) for name in ("original-rcpt-to", "removal-recipient")]
    found = [a for a in recipients if is_address(a)][:1]
    if not found:
        found = [a for a in original.recipients if is_address(a)][:1]
    reporter = fields.get("reporting-mta", "").partition(";")[2].strip() or fields.get("user-agent", "").partition("/")[0]
    says = f"feedback report: {feedback}"
    failures = [Failure(recipient=a, diagnostic=says) for a in found] or [Failure(recipient="", diagnostic=says)]
    return "complaint", reporter.lower(), failures


def first_address(text: str) -> str:
    """The first address in a header value, or nothing."""
    return next(iter(find_addresses(text)), "")
