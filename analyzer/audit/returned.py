"""What the bounces themselves tell of a sender domain: the signatures and unsubscribe headers of the returned
originals, the addresses that receivers saw us send from, and the fixes that the refusals ask for."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from analyzer.audit.published import organisational
from analyzer.audit.records import FAULTY, Check, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){3,7})(?![\w.:]*\w)")
#: Reasons whose texts name the address that the mail came from.
_ABOUT_ADDRESS = frozenset({"ptr_missing", "ip_blocklisted", "ip_reputation", "auth_failure"})
_MOST_ADDRESSES = _MOST_SIGNATURES = 5
#: A name that a refusal of the greeting quotes: "<localhost>: Helo command rejected", "HELO name srv7 is not valid".
_GREETING = re.compile(
    r"<([\w.\[\]:-]+)>: helo command rejected"
    r"|\b(?:helo|ehlo)(?:/ehlo)?(?: name| hostname| domain| string| argument)?[ =:]+[<\"'(]?"
    r"(localhost|[\w-]+(?:\.[\w-]+)+|\[[\da-f.:]+\])",
    re.IGNORECASE,
)
_TAG = re.compile(r"(?:^|;)\s*([a-z]+)\s*=\s*([^;]*)")


@dataclass
class Returned:
    """Everything that the bounces of one sender domain tell."""

    rows: list[Mapping[str, Any]] = field(default_factory=list)
    #: (selector, signing domain) by how many returned originals carry it.
    signatures: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: Domains of the envelope sender, as far as the bounce shows where it was sent.
    envelopes: Counter[str] = field(default_factory=Counter)
    addresses: Counter[str] = field(default_factory=Counter)
    #: What our server greeted with: what refusals of it quote, and the servers of ours that wrote bounces.
    refused_names: Counter[str] = field(default_factory=Counter)
    servers: Counter[str] = field(default_factory=Counter)
    originals: int = 0
    unsubscribe: int = 0
    one_click: int = 0


def by_domain(rows: Iterable[Mapping[str, Any]]) -> dict[str, Returned]:
    """The bounces by the domain that sent the mail; those that do not say it stand under ""."""
    found: dict[str, Returned] = {}
    for row in rows:
        domain = str(row.get("sender") or "").rpartition("@")[2].lower()
        _add(found.setdefault(domain, Returned()), row)
    return found


def _add(returned: Returned, row: Mapping[str, Any]) -> None:
    returned.rows.append(row)
    headers = _headers(row.get("original_headers"))
    if headers:
        returned.originals += 1
        returned.unsubscribe += "list-unsubscribe" in headers
        # RFC 8058 section 3.1: an HTTPS link and the header that says a POST is enough.
        returned.one_click += (
            "https:" in headers.get("list-unsubscribe", "").lower()
            and "one-click" in headers.get("list-unsubscribe-post", "").lower()
        )
        tags = {name: "".join(value.split()) for name, value in _TAG.findall(headers.get("dkim-signature", ""))}
        if tags.get("s") and tags.get("d"):
            returned.signatures[tags["s"].lower(), tags["d"].lower()] += 1
    envelope = str(row.get("delivered_to") or "").rpartition("@")[2].lower()
    if envelope:
        returned.envelopes[envelope] += 1
    text = str(row.get("diagnostic") or "")
    for quoted in _GREETING.findall(text):
        returned.refused_names[next(filter(None, quoted)).lower()] += 1
    server = str(row.get("reporting_mta") or "").lower().rstrip(".")
    sender = str(row.get("sender") or "").rpartition("@")[2].lower()
    if sender and "." in server and organisational(server) == organisational(sender):
        returned.servers[server] += 1
    if row.get("reason") in _ABOUT_ADDRESS:
        for address in dict.fromkeys(_ADDRESS.findall(text)):
            if _routable(address):
                returned.addresses[address] += 1


def sending_addresses(returned: Returned) -> list[str]:
    """The addresses that refusals name most often."""
    return [address for address, _ in returned.addresses.most_common(_MOST_ADDRESSES)]


def greetings(returned: Returned) -> list[str]:
    """The names that our servers greet with: those that were refused for it, else those of our servers that tell."""
    return [name for name, _ in (returned.refused_names or returned.servers).most_common(_MOST_ADDRESSES)]


def alignment(domain: str, returned: Returned, spf: Check, key: Callable[[str, str], Check]) -> Check:
    """Whether DKIM or SPF can count for DMARC: the signing or the envelope domain is the From domain's organisation.

    What is aligned counts only where it passes (RFC 7489 section 4.2): SPF where `spf`, that of `domain`, is in order,
    and a signature where its key is; `key` looks at that of a selector and a domain.
    """
    ours = organisational(domain)
    signers = sorted({signer for _, signer in returned.signatures})
    envelopes = sorted(returned.envelopes)
    if not signers and not envelopes:
        return Check(
            "alignment", "unanswered", "Not testable: no returned original shows who signed it, or its envelope."
        )
    pairs = [pair for pair, _ in returned.signatures.most_common() if organisational(pair[1]) == ours]
    signed = [key(*pair) for pair in pairs[:_MOST_SIGNATURES]]
    if any(check.state not in FAULTY for check in signed):
        return Check("alignment", "ok", f"Mails are signed by {', '.join(signers)}, which is the From domain's own.")
    own = [each for each in envelopes if organisational(each) == ours]
    # Of a subdomain's record nothing was asked.
    if own and not (domain in own and spf.state in FAULTY):
        return Check("alignment", "ok", f"The envelope sender is at {', '.join(own)}, which is the From domain's own.")
    if own or signed:
        lack = [f"SPF cannot pass for the envelope at {domain}"] if own else []
        lack += ["the key of the signature is not in order"] if signed else []
        lack += [f"a signature of {', '.join(signers)} counts for nobody else"] if signers and not signed else []
        return Check("alignment", "fault", sentence(f"{'; '.join(lack)}: so DMARC fails"))
    seen = " and ".join(
        part
        for part in (
            f"signed by {', '.join(signers)}" if signers else "",
            f"sent with an envelope at {', '.join(envelopes)}" if envelopes else "",
        )
        if part
    )
    return Check("alignment", "fault", f"Mails from {domain} are {seen}: neither belongs to {ours}, so DMARC fails.")


def unsubscribe(returned: Returned) -> Check:
    """One-click unsubscribe (RFC 8058) in the returned originals."""
    seen = returned.originals
    if not seen:
        return Check("unsubscribe", "unanswered", "Not testable: no bounce returned the headers of our mail.")
    if returned.one_click == seen:
        return Check("unsubscribe", "ok", f"Each of {seen} returned originals can be unsubscribed from with one click.")
    if returned.unsubscribe == 0:
        return Check("unsubscribe", "absent", f"None of {seen} returned originals has a List-Unsubscribe header.")
    lacking = seen - returned.one_click
    return Check(
        "unsubscribe", "fault", f"{lacking} of {seen} returned originals cannot be unsubscribed from with one click."
    )


def _headers(text: object) -> dict[str, str]:
    if not isinstance(text, str) or not text.startswith("{"):
        return {}
    try:
        read = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return {str(name).lower(): str(value) for name, value in read.items()} if isinstance(read, dict) else {}


def _routable(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local)
