"""Delivery status notifications: RFC 3464 and, internationalised, RFC 6533, with what real senders do wrong in them."""

from __future__ import annotations

import re
from functools import lru_cache

from analyzer.bounds import Gauge
from analyzer.parsing.addresses import find_addresses, from_field, from_header, is_address, related, same
from analyzer.parsing.decoding import decode_words
from analyzer.parsing.marks import TEXT
from analyzer.parsing.message import Message, Part, as_text, one_line, unfolded
from analyzer.parsing.original import find_original, looped_through, was_handed_in_at
from analyzer.parsing.prose import about, statements, written_to
from analyzer.parsing.quotes import has_reply, whole_reply
from analyzer.records import Failure

TYPES = ("message/delivery-status", "message/global-delivery-status")

#: A line may be indented a little; further lines of a field hold something, and begin as no field does where the indent
#: is lost.
_FIELD = re.compile(
    r"^[ \t]{0,3}([!-9;-~]+)[ \t]*:([^\n]*(?:\n(?:[ \t]+|(?![!-9;-~]+[ \t]*:))\S[^\n]*)*)", re.MULTILINE | re.ASCII
)
_INDENTED = re.compile(r"\n*([ \t]+)[A-Za-z-]+:")
_DISGUISES = frozenset({"text/plain", "application/octet-stream", "text/rfc822-status"})
_BEGINS = re.compile(
    rb"\s*(?:Reporting-MTA|Original-Envelope-Id|Arrival-Date|Received-From-MTA|X-[^\s:]+|Action|Status|Final-Recipient):"
    rb"(?=[\s\S]*^[ \t]*Final-Recipient:)",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
#: A blank line inside a field, where the line behind it is folded and begins no field: Google folds whole letters.
_BLANK_FOLD = re.compile(r"\n[ \t]*(?=\n[ \t]+(?![!-9;-~]+[ \t]*:)[^\s-])")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_DIAGNOSTIC_TYPE = re.compile(r"^\s*[A-Za-z][\w.+-]{0,30}\s*;\s*")
#: Sendmail's, of a program that it ran: the status that it ended with (sysexits.h).
_EXIT_STATUS = re.compile(r"\s*x-unix\s*;\s*(\d{1,3})\s*", re.IGNORECASE)
#: The first of several lines of a reply, and no further one: Sendmail puts no more into the field.
_FIRST_LINE = re.compile(r"([45]\d\d)-")
#: A relay's own summary of what the other server had said: its text may quote that.
_SUMMARY = re.compile(
    r"(?:[a-z'-]{1,20} ){0,4}server (?:has )?(?:rejected|refused|returned|reported|did not accept)[^\d]*$",
    re.IGNORECASE,
)
#: A reply that says no more than its code does.
_NO_MORE_SAID = re.compile(
    r"[45]\d\d[ -](?:[45]\.0\.0 )?(?:(?:message |mail )?(?:rejected|refused|denied|failed|bounced)|error|failure)\W*$",
    re.I,
)
_REFUSED = re.compile(r"5\d\d[ -]")
_OPENS_WITH_CODE = re.compile(r"[45](?:\d\d[ -]|\.\d{1,3}\.\d{1,3} )")
_HAS_WORDS = re.compile(r"[^\W\d_]{3,}")
_TAKEN = re.compile(r"2\d\d[ -]")
#: A Status field that is a reply of RFC 5321 4.2.3: an enhanced code of those digits would be an odd one.
_ONLY_REPLY = re.compile(r"421|45[0-25]|55[0-7]")
_HAS_REPLY = re.compile(r"\b[245]\d\d[ -]")
_NO_ROUTE = ("nrouteable address", "nroutable address")
#: chasquid puts in front in which step the reply came.
_PHASE = re.compile(r"(?:MAIL\+RCPT|DATA(?: closing)?) (?=[45]\d\d[ -])")
_SENDMAIL_TALKED = TEXT.add("while talking to")
_BY_COURIER = TEXT.add("running the courier mail server")
#: Below whom Courier copies what the other side says, and what the network does to it; of one that hangs up at once,
#: nothing.
_COURIER_NAMES = re.compile(r"^<([^<>\n]+)>:$(\n\n-{75}\n)?", re.MULTILINE)
#: What it means that Courier has nothing to copy.
_SILENT_SERVER = "connection closed by the other server before a reply"
_SILENT_PROGRAM = "local delivery failed: the program that delivers gave no message"
_XTEXT = re.compile(r"\+([2-7][0-9A-F])")

#: A second one of these in a block begins the next recipient: the blank line is missing.
_OPENERS = frozenset({"final-recipient", "original-recipient", "action", "status", "diagnostic-code"})
_NAMES = frozenset({"final-recipient", "original-recipient", "x-actual-recipient", "reporting-mta"})
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


def groups(content: bytes, gauge: Gauge) -> tuple[Group, list[Group]]:
    """The per-message fields and the groups of per-recipient fields of a delivery-status body."""
    per_message: Group = {}
    recipients: list[Group] = []
    # Bytes as characters of the same number; what is no ASCII is decoded field by field.
    for block in _BLANK_LINE.split(_BLANK_FOLD.sub("", content.decode("latin-1"))):
        for group in _split_at_openers(block, gauge):
            last = recipients[-1] if recipients else None
            if last is not None and _NAMES.isdisjoint(group) and last.keys().isdisjoint(group):
                # A blank line inside one recipient's fields.
                last.update(group)
            elif last is not None and group.keys() == {"diagnostic-code"}:
                # A second one of the same recipient: the one that refuses decides.
                if not has_reply(last["diagnostic-code"]):
                    last.update(group)
            elif not _RECIPIENT_FIELDS.isdisjoint(group):
                if not recipients:
                    # Everything in one block: the message's own fields stand among the recipient's.
                    _complete(per_message, group)
                recipients.append(group)
            else:
                _complete(per_message, group)
    return per_message, recipients


def _complete(group: Group, further: Group) -> None:
    """Take over the fields that the group has not: of a repeated one the first holds."""
    for name, value in further.items():
        group.setdefault(name, value)


def _split_at_openers(block: str, gauge: Gauge) -> list[Group]:
    """The fields of a block; a repeated one of a recipient's begins the next recipient, whose blank line is missing."""
    if block.lstrip("\n")[:1] in {" ", "\t"}:
        indented = _INDENTED.match(block)
        if indented:
            block = block.replace("\n" + indented.group(1), "\n").lstrip()
    current: Group = {}
    found: list[Group] = [current]
    longest = gauge.bounds.line_bytes
    for name, value in _FIELD.findall(block):
        key = name.lower()
        if key in current:
            if key not in _OPENERS:
                continue
            current = {}
            found.append(current)
        if len(value) > longest:
            gauge.note("line_bytes")
            value = value[:longest]
        current[key] = as_text(unfolded(value).replace("\n", " "))
    return found


def status_part(message: Message) -> Part | None:
    """The delivery-status part of this very message: one inside a returned message is never it."""
    leaves = message.leaves()
    for part in leaves:
        if part.content_type in TYPES:
            return part
    if len(leaves) > 1:
        # Mail programs and gateways turn the part into a text or a file.
        for part in leaves:
            if part.content_type in _DISGUISES and _BEGINS.match(part.content()[:2000]):
                return part
    return None


def read_failures(message: Message, part: Part) -> tuple[str, list[Failure]]:
    """The reporting MTA, and what the report says of every recipient, whatever its action."""
    per_message, recipients = groups(part.content(), message.gauge)
    if not recipients and b"ecipient" in part.head:
        # No blank line behind the part's own header: its fields were taken for more of that.
        per_message, recipients = groups(part.head + b"\n" + part.content(), message.gauge)
    most = message.gauge.bounds.recipients_per_report
    if len(recipients) > most:
        recipients = recipients[:most]
        message.gauge.note("recipients_per_report")
    failed = find_addresses(message.get("x-failed-recipients"))[:1]
    reporter = _name(per_message.get("reporting-mta", ""))
    failures = [_failure(group, message, reporter, len(recipients), failed) for group in recipients]
    return reporter, [f for f in failures if f is not None]


def _recipient(group: Group, original: str, message: Message) -> str:
    """The address that the recipient fields hold; "" where none of them does."""
    final = from_field(group.get("final-recipient", ""))
    actual = from_field(group.get("x-actual-recipient", ""))
    recipient = next((a for a in (final, actual, original) if "@" in a and is_address(a)), "")
    if same(original, recipient) or not is_address(original):
        return recipient
    # A name that the server uses inside, "kim@ims-daemon", or Exchange's way to write one of its directory: the address
    # that mail is sent to is the other one.
    internal = "." not in recipient.rpartition("@")[2] or _is_exchanges(recipient)
    if internal and "." in original.rpartition("@")[2]:
        return original
    # A report that has come to whom it names has the envelope's two addresses the wrong way round.
    return original if same(recipient, from_header(message.get("to"))) else recipient


def _failure(group: Group, message: Message, reporter: str, count: int, failed: list[str]) -> Failure | None:
    original = from_field(group.get("original-recipient", ""))
    recipient = _recipient(group, original, message) or _recipient_elsewhere(message, group, count, failed)
    if not recipient:
        return None
    if _is_exchanges(recipient):
        recipient = _written_to(group, message) or recipient
    if "+" in recipient:
        recipient = _without_xtext(recipient, message)
    status = _status(group.get("status", ""))
    says, host = _said(group, recipient, reporter, message)
    if count == 1 and "diagnostic-code" not in group and not has_reply(says):
        says = _with_loop(says, message)
    if says.endswith(_NO_ROUTE) and not has_reply(says):
        says = _with_route(says, recipient, reporter, message)
    # Of a report without the field, a reply of class 5 says what became of the mail.
    action = _action(group.get("action", "failed" if _REFUSED.match(says) else ""), status)
    if action == "failed" and status.startswith("2"):
        status = ""
    return Failure(
        recipient=recipient,
        original_recipient=_original(original, recipient, message),
        action=action,
        status=status,
        diagnostic=says,
        remote_mta=_name(group.get("remote-mta", "")) or host or _host_in_transcript(recipient, message),
    )


def _original(named: str, recipient: str, message: Message) -> str:
    """The address that our mail was written to, where it is another: by its field, or as the text has it."""
    if is_address(named):
        return "" if same(named, recipient) else named
    return written_to(recipient, message)


def _is_exchanges(recipient: str) -> bool:
    """Whether this is how Exchange writes an entry of its directory that is gone: nobody's address."""
    return recipient[:8].lower() == "imceaex-"


def _written_to(group: Group, message: Message) -> str:
    """The address in the name that Exchange shows, or the only one that the mail that came back was to."""
    shown = find_addresses(group.get("x-display-name", "")) or _returned_to("", message)
    return next((address for address in shown if not _is_exchanges(address)), "")


def _status(value: str) -> str:
    """An enhanced status code; of one whose dots are missing ("511") too."""
    found = _STATUS.search(value)
    if found:
        return found.group(1)
    digits = value.strip()
    is_status = len(digits) == 3 and digits.isdigit() and digits[0] in "245" and not _ONLY_REPLY.fullmatch(digits)
    return ".".join(digits) if is_status else ""


def _recipient_elsewhere(message: Message, group: Group, count: int, failed: list[str]) -> str:
    """The address where the recipient fields hold none: another header, the only one that the text names, or whom the
    mail that came back was to.

    `failed` is the first of `X-Failed-Recipients`, read once for all groups.
    """
    name = from_field(group.get("final-recipient", ""))
    found = failed or find_addresses(group.get("diagnostic-code", "")) or _returned_to(name, message)
    if found:
        return found[0]
    if count == 1:
        found_in_text = statements(message)
        if len(found_in_text) == 1:
            return found_in_text[0].address
        return next(iter(_returned_to("", message)), "")
    return ""


def _returned_to(name: str, message: Message) -> list[str]:
    """Whom the mail that came back was to, but us: those with that name before the "@"; of no name, the only one."""
    reader = from_header(message.get("to"))
    returned = [address for address in find_original(message).recipients if not same(address, reader)]
    if not name:
        return returned if len(returned) == 1 else []
    return [address for address in returned if address.rpartition("@")[0].lower() == name.lower()]


def _with_loop(says: str, message: Message) -> str:
    """Words that give no reply, with what the returned header shows: Exim says nothing of a loop back to itself."""
    host, times = looped_through(message)
    return f"mail loop: the returned message went {times} times through {host}. {says}" if host else says


def _with_route(says: str, recipient: str, reporter: str, message: Message) -> str:
    """Exim's words for a mailbox that it does not have and for a domain that it finds no way to, told apart.

    The server that our mail was handed in at has no mailboxes of other domains.
    """
    domain = recipient.rpartition("@")[2].lower()
    if f".{reporter}".endswith(f".{domain}") or not was_handed_in_at(reporter, message):
        return says
    return f"{says}: no MX record or address of {domain} was found"


def _without_xtext(recipient: str, message: Message) -> str:
    """The address that Courier has encoded as ORCPT wants it (RFC 3461 4), "kim+2Boffers@…", as its text gives it."""
    plain = _XTEXT.sub(lambda found: chr(int(found[1], 16)), recipient)
    if plain == recipient or not is_address(plain):
        return recipient
    named = _named_by_courier(message)
    return plain if plain in named and recipient not in named else recipient


def _named_by_courier(message: Message) -> dict[str, bool]:
    """Whom Courier's text names, and whether it says nothing of them; nobody where the text is another's."""
    return _named_in(message.plain_text()) if _BY_COURIER in message.marks() else {}


# A report may list thousands of recipients: the text is read once for all of them.
@lru_cache(maxsize=1)
def _named_in(text: str) -> dict[str, bool]:
    return {address: bool(silent) for address, silent in _COURIER_NAMES.findall(text)}


def _host_in_transcript(recipient: str, message: Message) -> str:
    """The host that Sendmail was talking to; of one that refused before any recipient its report names none."""
    return about(recipient, message).host if _SENDMAIL_TALKED in message.marks() else ""


#: RFC 3463 3.5: the time to deliver in is over.
_EXPIRED = "4.4.7"


def _action(value: str, status: str) -> str:
    word = value.strip().lower().split(" ", 1)[0].rstrip(";,.(")
    if word in _ACTIONS:
        return _ACTIONS[word]
    return (
        "delivered"
        if status.startswith("2.")
        else "delayed"
        if status.startswith("4.") and status != _EXPIRED and not word
        else "failed"
    )


def _said(group: Group, recipient: str, reporter: str, message: Message) -> tuple[str, str]:
    """The Diagnostic-Code field; where it says nothing in words or is cut off, what the text says of the recipient.

    Beside it stands the host that the text names.
    """
    code = one_line(_DIAGNOSTIC_TYPE.sub("", group.get("diagnostic-code", "")))
    if code[:1] == "2" and _TAKEN.match(code):
        if _action(group.get("action", ""), "") != "failed":
            return code, ""
        # AOL's, of a mail that its first server took and the second refused.
        code = ""
    if "=?" in code:
        code = one_line(decode_words(code, message.gauge))
    if (phase := _PHASE.match(code)) is not None:
        code = code[phase.end() :]
    if (first := _FIRST_LINE.match(code)) and not _stands_in(f"{first[1]} ", code):
        return whole_reply(message.plain_text(), code), ""
    if (reply := _ONLY_REPLY.fullmatch(group.get("status", "").strip())) and not _HAS_REPLY.search(code):
        # Zoho's Status field is the reply that its diagnostic lacks.
        code = f"{reply[0]} {code}".rstrip()
    in_words = _HAS_WORDS.search(code) is not None
    if in_words and ("server" not in code or not _SUMMARY.match(code)) and not _NO_MORE_SAID.match(code):
        return code, ""
    if not code and _named_by_courier(message).get(recipient):
        # Of a mailbox of its own there was no other server to ask.
        local = related(recipient.rpartition("@")[2].lower(), reporter)
        return _SILENT_PROGRAM if local else _SILENT_SERVER, ""
    said = about(recipient, message)
    if in_words:
        return (said.says, said.host) if _OPENS_WITH_CODE.match(said.says) else (code, "")
    # Some servers explain themselves in the Status field or its comment (RFC 3464 section 2.3.4) and nowhere else.
    status = group.get("status", "")
    extra = one_line(group.get("x-supplementary-info", "") or status.partition("(")[2].rpartition(")")[0])
    if not extra and _HAS_WORDS.search(status):
        extra = one_line(status)
    says = extra if extra and not has_reply(said.says) else said.says
    if not has_reply(says) and (ended := _EXIT_STATUS.fullmatch(group.get("diagnostic-code", ""))):
        code = f"exit status {ended[1]}"
    return f"{code} {says}".strip() if code and code not in says else says or code, said.host


def _stands_in(reply: str, code: str) -> bool:
    """Whether the reply's last line is there too."""
    at = code.find(reply)
    while at > 0 and (code[at - 1].isalnum() or code[at - 1] == "_"):
        at = code.find(reply, at + 1)
    return at >= 0


def _name(value: str) -> str:
    """The host of an MTA-name field (`dns; host (comment)`), without what some servers append to it."""
    _, separator, rest = value.partition(";")
    name = (rest if separator else value).strip()
    return name.split(" ", 1)[0].strip("[]<>.,()").lower() if name else ""
