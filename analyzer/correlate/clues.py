"""What a bounce says about the mail that it is about: message ids, encoded return paths, headers, recipients.

Sources: RFC 5322 section 3.6.4 (message ids); variable envelope return paths as qmail and ezmlm introduced them
(recipient with "=" for "@") and as later senders do (a lead's id or a token behind "+" or "-").
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from analyzer.addresses.key import address_key
from analyzer.verp.token import signed_part, unsigned, verify

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

    from analyzer.verp.keys import Keys
    from analyzer.verp.token import Signed

#: So many bounces that show what only our mail has (Message-IDs of the log) prove that our mail comes back with it.
PROVEN = 3
_MESSAGE_ID = re.compile(r"<([^<>@]+@[^<>]+)>")
_ADDRESS = re.compile(r"(?<![^\s<>,;:\"'()\[\]])[^\s<>,;:\"'()\[\]]+@[^\s<>,;:\"'()\[\]]+")
_SEPARATORS = re.compile(r"[+\-._=]")
_ID_HEADERS = ("message-id", "x-original-message-id", "x-google-original-message-id")
_THREAD_HEADERS = ("in-reply-to", "references")
_ADDRESS_HEADERS = ("to", "x-original-to", "x-to", "x-recipient", "x-rcpt-to", "x-envelope-to", "delivered-to")
# With no recipient to check it against, a header's value counts only where its name says that it names a lead or mail.
_TELLING = re.compile(r"lead|contact|prospect|recipient|subscriber|person|message|mail-?id|rcpt", re.IGNORECASE)
# Every Microsoft 365 tenant has addresses below this domain beside its own.
_TENANTS = (".mail.onmicrosoft.com", ".onmicrosoft.com")


@dataclass(frozen=True, slots=True)
class Clues:
    """Everything in lower case. Tokens may be a lead's id or the front of a message id; the sure ones count alone."""

    ids: tuple[str, ...]
    recipients: tuple[str, ...]
    return_addresses: tuple[str, ...]
    return_tokens: tuple[str, ...]
    sure_return_tokens: frozenset[str]
    header_addresses: tuple[str, ...]
    header_values: tuple[str, ...]
    sure_header_values: frozenset[str]
    #: What our signature says of the mail, in the return path or in a header; None without keys.
    signed_path: Signed | None = None
    signed_header: Signed | None = None
    #: Something has the form of a signature of ours, and is none.
    bad_signature: str = ""


def normalise_message_id(text: str) -> str:
    """A message id without brackets, blanks and case."""
    return "".join(text.split()).strip("<>").lower()


def _ids_in(value: str) -> list[str]:
    return [normalise_message_id(found) for found in _MESSAGE_ID.findall(value)]


def clues_of(
    recipient: str,
    original_recipient: str,
    message_id: str,
    delivered_to: str,
    headers_json: str,
    keys: Keys | None = None,
) -> Clues:
    """The clues of one bounce; the two recipients are normalised address keys. keys: of our signed return paths."""
    headers = _headers(headers_json)
    ids = [normalise_message_id(message_id)] if message_id.strip() else []
    ids += [one for name in _ID_HEADERS if name in headers for one in _ids_in(headers[name])]
    if not ids:
        # The thread's earlier mails went to the same lead; beside an id of its own they would be the wrong step.
        ids = [one for name in _THREAD_HEADERS if name in headers for one in reversed(_ids_in(headers[name]))]
    addresses = [
        address_key(found) for name in _ADDRESS_HEADERS if name in headers for found in _ADDRESS.findall(headers[name])
    ]
    path, bad_path = _signature(delivered_to, keys)
    return_addresses, return_tokens, sure_tokens = _return_path(unsigned(delivered_to))
    marked, bad_header = None, ""
    values: dict[str, None] = {}
    sure: set[str] = set()
    for name, value in headers.items():
        if name in _ID_HEADERS or name in _THREAD_HEADERS or name in _ADDRESS_HEADERS:
            continue
        if keys is not None and marked is None:
            marked, bad = _signature(value, keys)
            bad_header = bad_header or bad
        for part in _values(name, value):
            values.setdefault(part)
            if _TELLING.search(name):
                sure.add(part)
    return Clues(
        ids=tuple(dict.fromkeys(filter(None, ids))),
        recipients=tuple(dict.fromkeys(filter(None, (original_recipient, recipient)))),
        return_addresses=return_addresses,
        return_tokens=return_tokens,
        sure_return_tokens=sure_tokens,
        header_addresses=tuple(dict.fromkeys(addresses)),
        header_values=tuple(values),
        sure_header_values=frozenset(sure),
        signed_path=path,
        signed_header=marked,
        bad_signature=bad_path or ("" if path or marked else bad_header),
    )


def _signature(text: str, keys: Keys | None) -> tuple[Signed | None, str]:
    """(what a signature of ours says, a signature that is not ours)."""
    if keys is None or signed_part(text) is None:
        return None, ""
    found = verify(text, keys)
    return (found.signed, "") if found.valid else (None, text.strip()[:100])


def _headers(text: str) -> dict[str, str]:
    if not text.startswith("{"):
        return {}
    try:
        table: Any = json.loads(text)
    except ValueError:
        return {}
    return {str(name).lower(): str(value) for name, value in table.items()} if isinstance(table, dict) else {}


def _values(name: str, value: str) -> list[str]:
    """The values a header may identify a mail by: itself, and a Feedback-ID's fields between its colons."""
    value = value.strip().lower()
    parts = [value] if 0 < len(value) <= 200 else []
    if name == "feedback-id":
        parts += [part.strip() for part in value.split(":") if part.strip()]
    return [part.strip("<>") for part in parts]


def _return_path(address: str) -> tuple[tuple[str, ...], tuple[str, ...], frozenset[str]]:
    """(addresses, tokens, tokens that take up all behind the prefix) that a return path may encode, likeliest first."""
    local = address.strip().strip("<>").lower().rpartition("@")[0]
    cuts = [match.end() for match in _SEPARATORS.finditer(local)]
    if not cuts:
        return (), (), frozenset()
    rests = [local[cut:] for cut in cuts if local[cut:]]
    addresses: list[str] = []
    sure = set(rests[:1])
    front, equals, domain = local.rpartition("=")
    if equals and "." in domain:
        starts = [0, *(cut for cut in cuts if cut < len(front))]
        addresses = [address_key(f"{front[start:]}@{domain}") for start in starts if front[start:]]
        if f"{front[cuts[0] :]}={domain}" in sure:
            sure.add(address_key(f"{front[cuts[0] :]}@{domain}").replace("@", "="))
    pieces = [piece for piece in _SEPARATORS.split(local)[1:] if piece]
    return tuple(addresses), tuple(dict.fromkeys([*rests, *pieces])), frozenset(sure)


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def organisation(address: str) -> str:
    """The name an address's domain is registered under, without its ending: "acme" of mail.acme.co.uk and acme.com."""
    return _organisation_of(address.rpartition("@")[2])


@lru_cache(maxsize=262144)
def _organisation_of(domain: str) -> str:
    domain = domain.rstrip(".")
    for tenants in _TENANTS:
        if domain.endswith(tenants):
            return domain.removesuffix(tenants).rpartition(".")[2]
    registered = _suffixes().privatesuffix(domain) or domain
    return str(registered).partition(".")[0]
