"""Delivery status notifications: RFC 3464 and, internationalised, RFC 6533, with what real senders do wrong in them."""

from __future__ import annotations

import re

from analyzer.parsing.addresses import find_addresses, from_field, is_address
from analyzer.parsing.message import Message, Part, one_line, unfold
from analyzer.parsing.prose import about, has_reply, statements
from analyzer.records import Failure

TYPES = ("message/delivery-status", "message/global-delivery-status")

_FIELD = re.compile(rb"^[ \t]{0,3}([!-9;-~]+)[ \t]*:(.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
_BLANK_LINE = re.compile(rb"\n[ \t]*\n")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_DIAGNOSTIC_TYPE = re.compile(r"^\s*[A-Za-z][\w.+-]{0,30}\s*;\s*")
_COMMENT = re.compile(r"\((.*)\)")
_HAS_WORDS = re.compile(r"[^\W\d_]{3,}")

#: A second one of these in a block begins the next recipient: the blank line is missing.
_OPENERS = frozenset({"final-recipient", "original-recipient", "action", "status", "diagnostic-code"})
_RECIPIENT_FIELDS = frozenset({"final-recipient", "original-recipient", "x-actual-recipient", "action"})
_ACTIONS = {
    "failed": "failed",
    "failure": "failed",
    "fail": "failed",
    "error": "failed",
    "bounced": "failed",
    "delayed": "delayed",
    "delay": "delayed",
    "deferred": "delayed",
    "delivered": "delivered",
    "relayed": "relayed",
    "expanded": "expanded",
}

Group = dict[str, str]


def groups(content: bytes) -> tuple[Group, list[Group]]:
    """The per-message fields and the groups of per-recipient fields of a delivery-status body."""
    per_message: Group = {}
    recipients: list[Group] = []
    for block in _BLANK_LINE.split(content):
        current: Group = {}
        found: list[Group] = [current]
        for name, value in _FIELD.findall(block):
            key = name.decode("ascii", "replace").lower()
            if key in current:
                if key not in _OPENERS:
                    continue
                current = {}
                found.append(current)
            current[key] = unfold(value)
        for group in found:
            if _RECIPIENT_FIELDS & group.keys():
                recipients.append(group)
            elif recipients and "diagnostic-code" in group and "diagnostic-code" not in recipients[-1]:
                # A blank line inside one recipient's fields.
                recipients[-1].update(group)
            else:
                per_message.update({k: v for k, v in group.items() if k not in per_message})
        if len(recipients) == 1:
            # Everything in one block: the message's own fields stand among the recipient's.
            per_message = {**recipients[0], **per_message}
    return per_message, recipients


def status_part(message: Message) -> Part | None:
    """The delivery-status part of this very message: one inside a returned message is never it."""
    return message.leaf(*TYPES)


def read_failures(message: Message, part: Part) -> tuple[str, list[Failure]]:
    """The reporting MTA, and what the report says of every recipient, whatever its action."""
    per_message, recipients = groups(part.content())
    failures = [_failure(group, message, len(recipients)) for group in recipients]
    return _name(per_message.get("reporting-mta", "")), [f for f in failures if f is not None]


def _failure(group: Group, message: Message, count: int) -> Failure | None:
    final = from_field(group.get("final-recipient", ""))
    original = from_field(group.get("original-recipient", ""))
    actual = from_field(group.get("x-actual-recipient", ""))
    recipient = next((a for a in (final, actual, original) if "@" in a and is_address(a)), "")
    if not recipient:
        recipient = _recipient_elsewhere(message, group, count)
    if not recipient:
        return None
    status = _STATUS.search(group.get("status", ""))
    action = _action(group.get("action", ""), status.group(1) if status else "")
    return Failure(
        recipient=recipient,
        original_recipient=original if is_address(original) and original.lower() != recipient.lower() else "",
        action=action,
        status=status.group(1) if status else "",
        diagnostic=_diagnostic(group, recipient, message),
        remote_mta=_name(group.get("remote-mta", "")),
    )


def _recipient_elsewhere(message: Message, group: Group, count: int) -> str:
    """The address where the recipient fields hold none: another header, or the only one that the text names."""
    for text in (message.get("x-failed-recipients"), group.get("diagnostic-code", "")):
        found = find_addresses(text)
        if found:
            return found[0]
    if count == 1:
        found_in_text = statements(message.plain_text())
        if len(found_in_text) == 1:
            return found_in_text[0].address
    return ""


def _action(value: str, status: str) -> str:
    word = value.strip().lower().split(" ", 1)[0].rstrip(";,.(")
    if word in _ACTIONS:
        return _ACTIONS[word]
    return "delivered" if status.startswith("2.") else "delayed" if status.startswith("4.") and not word else "failed"


def _diagnostic(group: Group, recipient: str, message: Message) -> str:
    """The Diagnostic-Code field; where it says nothing in words, what the text says of the recipient."""
    code = one_line(_DIAGNOSTIC_TYPE.sub("", group.get("diagnostic-code", "")))
    if _HAS_WORDS.search(code):
        return code
    # Some servers explain themselves in a comment of the Status field (RFC 3464 section 2.3.4) and nowhere else.
    comment = _COMMENT.search(group.get("status", ""))
    supplement = one_line(group.get("x-supplementary-info", "") or (comment.group(1) if comment else ""))
    said = about(recipient, message.plain_text())
    if supplement and not has_reply(said):
        said = supplement
    return f"{code} {said}".strip() if code and code not in said else said or code


def _name(value: str) -> str:
    """The host of an MTA-name field (`dns; host (comment)`), without what some servers append to it."""
    _, separator, rest = value.partition(";")
    name = (rest if separator else value).strip()
    return name.split(" ", 1)[0].strip("[]<>.,()").lower() if name else ""
