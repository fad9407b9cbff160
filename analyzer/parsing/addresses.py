"""E-mail addresses as reports write them: RFC 3464 section 2.3 address fields, RFC 6533 `utf-8` ones, and in prose."""

from __future__ import annotations

import re
from functools import lru_cache

from analyzer.addresses.key import address_key

# What prose puts round an address is no part of it; a quoted local part may hold anything but a quote.
_ATOM = r"[^\s\x00-\x1f\x7f<>\"'`():;,\[\]\\|「」『』（）【】《》〈〉“”、。；：，！？*]"
_LOCAL = _ATOM.replace("*]", "*@]")
# An apostrophe inside a name belongs to it ("o'neil"); a quotation mark stands at one of its ends.
_ADDRESS = re.compile(rf"(?:\"[^\"\n@]{{1,64}}\"|{_LOCAL}(?:'?{_LOCAL}){{0,127}}+)@{_ATOM}{{1,255}}")
_ANGLE = re.compile(r"<([^<>]*)>")
_COMMENT = re.compile(r"\([^()]*\)")
_UTF8_ESCAPE = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_LEADING = "<([{'="
_TRAILING = ".,;:!?>)]}'\"=。"
#: Japanese, Chinese and Korean put no blank behind an address: no top-level domain mixes scripts.
_GLUED = re.compile(r"(@(?:[^\s@]*\.)?[A-Za-z]+)[\u1100-\ud7ff\uf900-\ufaff\uff10-\uffdc][^.@]*$")
#: Two of them may have nothing but such letters between: "从ava@outreach.example发往kim@lumen.example".
_GLUED_BETWEEN = re.compile(r"(@(?:[^\s@]*\.)?[A-Za-z]+)[\u2e80-\uffef]+[A-Za-z0-9][A-Za-z0-9._%+=-]*@")
#: Nor before one, in prose: "送至kim@lumen.example". An internationalised address has such a domain too, or no ASCII.
_GLUED_BEFORE = re.compile(r"[\u2e80-\uffef]+(?=[A-Za-z0-9][A-Za-z0-9._%+=-]*@[\x00-\x7f]+$)")

#: Local parts that name a machine, not a lead.
ROBOTS = frozenset({"postmaster", "mailer-daemon", "mailerdaemon", "mailer_daemon", "mail-daemon", "maildaemon"})


def find_addresses(text: str) -> list[str]:
    """Every address in prose, in order, each once."""
    at = text.find("@")
    found: dict[str, None] = {}
    done = 0
    while at >= 0:
        # The words before the "@" are no part of an address, unless they are a quoted local part: looking for one at
        # each of their letters would take longer than all the rest.
        start = done if text[at - 1 : at] == '"' else max(done, text.rfind(" ", done, at) + 1)
        match = _ADDRESS.search(text, start)
        if match is None:
            break
        written, done = match.group(), match.end()
        if not written.isascii() and (two := _GLUED_BETWEEN.search(written)):
            written, done = written[: two.end(1)], match.start() + two.end(1)
        address = tidy(written)
        before = text[max(match.start() - 2, 0) : match.start()]
        if address[1:2] == "'" and address[0] in "dlDL" and before[:1].isalnum() and before[1:] == " ":
            # French and Italian: "l'adresse d'anna@lumen.example"; on a line of its own it is d'Angelo's.
            address = address[2:]
        if not address.isascii() and (glued := _GLUED_BEFORE.match(address)):
            address = address[glued.end() :]
        if is_address(address):
            found[address] = None
        at = text.find("@", done)
    return list(found)


def tidy(address: str) -> str:
    """An address without the punctuation that prose leaves on it."""
    address = address.strip()
    if address[-1:] in _TRAILING or address[:1] in _LEADING:
        address = address.rstrip(_TRAILING).lstrip(_LEADING)
    if address[:7].lower() == "mailto:":
        address = address[7:]
    elif address[:5].lower() == "smtp=":
        # The rest of an X.400 address, `…;dda:SMTP=kim@lumen.example` (RFC 2156 section 4.2).
        address = address[5:]
    if not address.isascii():
        address = _GLUED.sub(r"\1", address)
    return address


def is_address(text: str) -> bool:
    """Whether this can be a mailbox address: a local part and a domain with neither blanks nor empty labels."""
    local, at, domain = text.rpartition("@")
    return bool(at and local and domain) and len(text) <= 320 and ".." not in domain and domain[0] not in ".-"


def from_field(value: str) -> str:
    """The address of a `Final-Recipient:`-like field (`type; address`), or the bare token where it is no address."""
    if not value:
        return ""
    kind, separator, rest = value.partition(";")
    if not separator:
        rest = kind
    elif "@" in kind and "@" not in rest:
        # "<a@b>; comment" without a type.
        rest = kind
    angle = _ANGLE.search(rest) if "<" in rest else None
    if angle and angle.group(1).strip():
        rest = angle.group(1)
    if "(" in rest and "@" in rest:
        rest = _COMMENT.sub("", rest)
    rest = rest.strip().strip("<>").strip()
    if len(rest) > 2 and rest[0] == rest[-1] == '"':
        rest = rest[1:-1]
    if "\\x{" in rest:
        rest = _UTF8_ESCAPE.sub(_unescape, rest)
    if separator and "+" in rest and "utf-8" in kind.lower():
        # `utf-8-addr-xtext` of RFC 6533 may carry xtext for the ASCII specials.
        rest = _XTEXT.sub(lambda m: chr(int(m.group(1), 16)), rest)
    if "@" in rest and (" " in rest or "," in rest or "\t" in rest):
        found = find_addresses(rest)
        rest = found[0] if found else rest
    return tidy(rest) if "@" in rest else rest


def _unescape(match: re.Match[str]) -> str:
    code = int(match.group(1), 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else ""


@lru_cache(maxsize=4096)
def from_header(value: str) -> str:
    """The first address of a `From:`-like header: a bounce names its few over and over."""
    angle = _ANGLE.search(value) if "<" in value else None
    if angle and "@" in angle.group(1):
        address = tidy(angle.group(1))
        return address if len(address) <= 320 else ""
    found = find_addresses(value)
    return found[0] if found else ""


def is_robot(address: str) -> bool:
    """Whether the address is a server's own (`postmaster`, `mailer-daemon`), which no bounce is about."""
    return address.partition("@")[0].lower() in ROBOTS


def same(one: str, other: str) -> bool:
    """Whether two addresses are the same to a person."""
    return address_key(one) == address_key(other)


def related(one: str, other: str) -> bool:
    """Whether two domains are the same, or one is above the other, as bounces' domain is often below our own."""
    return bool(one and other) and (f".{one}".endswith(f".{other}") or f".{other}".endswith(f".{one}"))


#: What return addresses made for one recipient (VERP) begin with.
_BEFORE_VERP = re.compile(r"(?:b|bounces?|return|returns|rp|verp|err|errors?|mailer)|\D*\d.*", re.IGNORECASE)
_VERP = re.compile(r"(?P<before>.*[+-])?(?P<local>[^=+-]+)=(?P<domain>(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*[a-z0-9])", re.I)
#: Return addresses in which a forwarder (SRS) or a tag (BATV) stands beside what looks like an address.
_REWRITTEN = re.compile(r"(?:srs[01]|prvs|btv1)[=+-]", re.IGNORECASE)


def from_verp(address: str) -> str:
    """The recipient that a return address was made for, "bounces+77-kim=lumen.example@…"; "" where it may be another.

    What stands before the name is a number or a word of bounces, or is parted from it by the only plus.
    """
    found = None if _REWRITTEN.match(address) else _VERP.fullmatch(address.rpartition("@")[0])
    if found is None:
        return ""
    before = found["before"] or ""
    last = re.split(r"[+-]", before[:-1])[-1]
    certain = not before or _BEFORE_VERP.fullmatch(last) or (before[-1] == "+" and before.count("+") == 1)
    return f"{found['local']}@{found['domain']}" if certain else ""
