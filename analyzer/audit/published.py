"""What a sender domain publishes: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), MX, PTR; MTA-STS is in `mta_sts`.

The records themselves are judged by checkdmarc; here it is told apart what is not there from what nobody answered.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from analyzer.audit.records import Check, CheckState, Subject, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from publicsuffixlist import PublicSuffixList

    from analyzer.audit.lookup import Answer, Lookup

#: RFC 7208 section 4.6.4: more look-ups than that, and receivers answer permerror.
MAX_SPF_LOOKUPS = 10
#: RFC 8301 section 3.2: verifiers refuse keys of less than 1024 bits; signers should use 2048.
MIN_DKIM_BITS, GOOD_DKIM_BITS = 1024, 2048
_ED25519_BYTES = 32

#: Mail servers whose addresses are looked up.
_MOST_HOSTS = 4

#: Where no selector is known: the ones that Google, Microsoft 365 and the common platforms use.
USUAL_SELECTORS = ("google", "selector1", "selector2", "s1", "s2", "k1", "default", "mail", "dkim")
_TAG = re.compile(r"(?<!\w)([a-zA-Z]\w*)\s*=\s*([^;]*)")


def spf(domain: str, lookup: Lookup) -> Check:
    """Whether there is one SPF record that receivers can evaluate."""
    answer = lookup.ask(domain, "TXT")
    records = [text for text in answer.records if re.match(r"v=spf1(?:\s|$)", text, re.IGNORECASE)]
    if not records:
        return _missing("spf", answer, f"{domain} publishes no SPF record, so nothing says who may send for it.")
    if len(records) > 1:
        return Check(
            "spf", "fault", f"{domain} publishes {len(records)} SPF records; with two none counts.", " | ".join(records)
        )
    record = records[0]
    if re.search(r"(?:^|\s)\+?all(?:\s|$)", record, re.IGNORECASE):
        return Check("spf", "fault", "The record ends in +all: everyone may send as the domain.", record)
    result, silent = _checked("spf", "check_spf", domain, lookup)
    notes = tuple(sentence(note) for note in result.get("warnings", ()))
    count = result.get("dns_lookups")
    if count is not None and count > MAX_SPF_LOOKUPS:
        says = f"It takes {count} DNS look-ups; receivers stop after {MAX_SPF_LOOKUPS} and call it an error."
        return Check("spf", "fault", says, record, notes)
    if silent:
        says = f"There is a record, and nobody answers about what it leads to: {', '.join(silent)}."
        return Check("spf", "unanswered", says, record, notes)
    if result.get("error"):
        return Check("spf", "fault", sentence(result["error"]), record, notes)
    if where := _open_at(result.get("parsed") or {}):
        says = f"It leads to {where}, which ends in +all: everyone may send as the domain."
        return Check("spf", "fault", says, record, notes)
    looked = f"One record, {count or 0} of {MAX_SPF_LOOKUPS} DNS look-ups."
    return Check("spf", "ok", looked, record, notes)


def _open_at(parsed: dict[str, Any]) -> str:
    """The name of a record that lets everyone pass, among those that a record includes or redirects to; else ""."""
    redirect = parsed.get("redirect") or {}
    included = [
        (each["value"], each.get("parsed"))
        for each in parsed.get("mechanisms", ())
        if each.get("mechanism") == "include" and each.get("action") == "pass"
    ]
    for name, inner in [*included, (redirect.get("domain"), redirect.get("parsed"))]:
        if inner:
            redirects = (inner.get("redirect") or {}).get("parsed")
            if inner.get("all") == "pass" and not redirects:
                return str(name)
            if found := _open_at(inner):
                return found
    return ""


def dmarc(domain: str, lookup: Lookup) -> Check:
    """Whether a DMARC policy holds for the domain: its own, or that of the organisational domain."""
    for name in dict.fromkeys((domain, organisational(domain))):
        answer = lookup.ask(f"_dmarc.{name}", "TXT")
        records = [text for text in answer.records if text.lower().replace(" ", "").startswith("v=dmarc1")]
        if records or answer.outcome == "unanswered":
            break
    if not records:
        return _missing(
            "dmarc", answer, f"{domain} has no DMARC record; Google, Yahoo and Microsoft ask bulk senders for one."
        )
    if len(records) > 1:
        return Check(
            "dmarc", "fault", f"_dmarc.{name} holds {len(records)} records; with two none counts.", " | ".join(records)
        )
    # RFC 7489 section 6.6.3: what does not begin with the version is passed over.
    result, silent = _checked("dmarc", "check_dmarc", name, lookup, ignore_unrelated_records=True)
    notes = tuple(sentence(note) for note in result.get("warnings", ()))
    if others := [text for text in answer.records if text not in records]:
        notes += (f"_dmarc.{name} also holds what is no DMARC record: {' | '.join(others)}",)
    if result.get("error"):
        state: CheckState = "unanswered" if silent else "fault"
        return Check("dmarc", state, sentence(result["error"]), records[0], notes)
    tags = {tag: value.lower() for tag, value in _tags(records[0]).items()}
    policy = f"p={tags.get('p', 'none')}"
    inherited = "" if name == domain else f" of {name}"
    if inherited and "sp" in tags:
        inherited, policy = f"{inherited} for the domains below it", f"sp={tags['sp']}"
    return Check("dmarc", "ok", f"The policy{inherited} is {policy}.", records[0], notes)


def dkim(domain: str, selectors: Iterable[tuple[str, str]], lookup: Lookup) -> Check:
    """Whether the keys of `selectors` (selector, signing domain) are there and fit to be used.

    Without any, the usual selectors are tried; that none of them is there says nothing.
    """
    asked = list(dict.fromkeys(selectors))
    guessed = not asked
    faults: list[tuple[CheckState, str]] = []
    seen: list[tuple[CheckState, str]] = []
    unanswered: list[str] = []
    for selector, signer in asked or [(name, domain) for name in USUAL_SELECTORS]:
        name = f"{selector}._domainkey.{signer}"
        answer = lookup.ask(name, "TXT")
        if answer.outcome == "unanswered":
            unanswered.append(answer.why)
            if guessed:
                # Whoever is silent about one name under _domainkey is so about the next.
                break
        elif answer.outcome == "absent":
            faults.append(("absent", f"there is no key at {name}"))
        else:
            state, says = _key(answer.records)
            (seen if state == "ok" else faults).append((state, f"{name}: {says}"))
    found = [text for _, text in seen]
    if guessed and not found:
        wrong = [text for state, text in faults if state == "fault"]
        if wrong:
            return Check("dkim", "fault", _joined(wrong))
        if unanswered:
            return Check("dkim", "unanswered", _joined(unanswered))
        why = "no selector is known, and none of the usual ones is there"
        return Check("dkim", "unanswered", f"Not testable: {why}; give --selector.")
    if faults and not guessed:
        worst: CheckState = "fault" if any(each == "fault" for each, _ in faults) else "absent"
        return Check("dkim", worst, _joined([text for _, text in faults]), notes=tuple(found))
    if unanswered and not found:
        return Check("dkim", "unanswered", _joined(unanswered))
    if guessed:
        found.append("found under the usual names; which key the refused mail was signed with is not known")
    return Check("dkim", "ok", _joined(found), ", ".join(f"{s}._domainkey.{d}" for s, d in asked), sure=not guessed)


def mx(domain: str, lookup: Lookup) -> Check:
    """Whether the domain can take replies and bounces: receivers refuse senders that cannot be answered."""
    answer = lookup.ask(domain, "MX")
    hosts = _hosts(answer)
    if answer.records and not hosts:
        return Check(
            "mx", "fault", f"{domain} publishes a null MX: it says that it takes no mail, not even a reply.", "0 ."
        )
    if hosts:
        answers = [lookup.ask(host, kind) for host in hosts[:_MOST_HOSTS] for kind in ("A", "AAAA")]
        if len(hosts) <= _MOST_HOSTS and all(each.outcome == "absent" for each in answers):
            says = f"No mail server of {domain} has an address: no reply and no bounce can reach it."
            return Check("mx", "fault", says, ", ".join(answer.records))
        return Check("mx", "ok", f"Mail for the domain goes to {', '.join(hosts[:3])}.", ", ".join(answer.records))
    if answer.outcome == "unanswered":
        return Check("mx", "unanswered", sentence(answer.why))
    addresses = [lookup.ask(domain, kind) for kind in ("A", "AAAA")]
    if any(each.records for each in addresses):
        return Check("mx", "ok", f"{domain} has no MX record, and mail goes to its own address.")
    if silent := [each.why for each in addresses if each.outcome == "unanswered"]:
        return Check("mx", "unanswered", sentence(silent[0]))
    return Check(
        "mx", "absent", f"{domain} has neither an MX record nor an address: no reply and no bounce can reach it."
    )


def hosts_of(domain: str, lookup: Lookup) -> list[str]:
    """The mail servers of a domain, the preferred first (RFC 5321 section 5.1); none where nobody answers."""
    answer = lookup.ask(domain, "MX")
    return [domain] if answer.outcome == "absent" else _hosts(answer)


def _hosts(answer: Answer) -> list[str]:
    """The hosts of MX records, the preferred first."""
    hosts = [record.split(" ", 1)[1] for record in sorted(answer.records, key=lambda each: int(each.split(" ")[0]))]
    # RFC 7505 section 3: beside others a null MX is none.
    return [host for host in hosts if host not in ("", ".")]


def ptr(addresses: Sequence[str], lookup: Lookup) -> Check:
    """Forward-confirmed reverse DNS of the sending addresses: the name of each leads back to it."""
    if not addresses:
        return Check("ptr", "unanswered", "Not testable: no refusal names the sending address; give --ip.")
    faults, good, unanswered = [], [], []
    for address in addresses:
        names = lookup.names_of(address)
        if names.outcome == "unanswered":
            unanswered.append(names.why)
        elif not names.records:
            faults.append(f"{address} has no PTR record")
        else:
            kind = "AAAA" if ":" in address else "A"
            forward = [lookup.ask(name, kind) for name in names.records]
            # One address of IPv6 is written in many ways.
            same = ipaddress.ip_address(address)
            if any(ipaddress.ip_address(text) == same for each in forward for text in each.records):
                good.append(f"{address} is {names.records[0]}, and back")
            elif any(each.outcome == "unanswered" for each in forward):
                unanswered.append(next(each.why for each in forward if each.outcome == "unanswered"))
            else:
                faults.append(f"{address} is called {names.records[0]}, which does not lead back to it")
    if faults:
        return Check("ptr", "fault", _joined(faults), notes=tuple(good))
    return Check("ptr", "ok", _joined(good)) if good else Check("ptr", "unanswered", _joined(unanswered))


def organisational(domain: str) -> str:
    """The organisational domain (RFC 7489 section 3.2), by the public suffix list."""
    return str(_suffixes().privatesuffix(domain) or domain)


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def _key(records: Sequence[str]) -> tuple[CheckState, str]:
    # RFC 6376 section 3.6.1: of another version it is discarded.
    keys = [tags for tags in map(_tags, records) if "p" in tags and tags.get("v", "DKIM1") == "DKIM1"]
    if not keys:
        return "fault", "is no DKIM key"
    if len(keys) > 1:
        # RFC 6376 section 3.6.2.2: which of them is taken is not said.
        return "fault", f"holds {len(keys)} keys, and which one counts is left to chance"
    (tags,) = keys
    key, kind = re.sub(r"\s", "", tags["p"]), tags.get("k", "rsa").lower()
    if not key:
        return "fault", "the key is revoked (p= is empty)"
    if kind == "ed25519":
        # RFC 8463 section 4.2: the bare key, of 32 bytes.
        if len(_decoded(key)) != _ED25519_BYTES:
            return "fault", "the key is damaged; publish it again, whole"
        return "ok", "an Ed25519 key"
    if kind != "rsa":
        return "fault", f"a key of the kind {kind}, which receivers do not know"
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        public = load_der_public_key(_decoded(key))
    except (ValueError, UnsupportedAlgorithm):
        return "fault", "the key is damaged; publish it again, whole"
    if not isinstance(public, RSAPublicKey):
        return "fault", "is not an RSA key, though it says so"
    if public.key_size < MIN_DKIM_BITS:
        return "fault", f"a key of {public.key_size} bits, which receivers refuse"
    weak = "" if public.key_size >= GOOD_DKIM_BITS else f"; {GOOD_DKIM_BITS} are advised"
    return "ok", f"an RSA key of {public.key_size} bits{weak}"


def _decoded(key: str) -> bytes:
    """Base64 as bytes, b"" for what is none; some publish it without the padding."""
    try:
        return base64.b64decode(key.rstrip("=") + "=" * (-len(key.rstrip("=")) % 4), validate=True)
    except ValueError:
        return b""


def _tags(record: str) -> dict[str, str]:
    return {name.lower(): value.strip() for name, value in _TAG.findall(record)}


def _checked(module: str, function: str, domain: str, lookup: Lookup, **more: Any) -> tuple[dict[str, Any], list[str]]:
    """checkdmarc's own answer, and the names about which nobody answered it.

    Its cache knows names and not resolvers, so it is emptied first.
    """
    from importlib import import_module

    from checkdmarc.utils import DNS_CACHE

    DNS_CACHE.clear()
    check = getattr(import_module(f"checkdmarc.{module}"), function)
    before = len(lookup.resolver.unanswered)
    result: dict[str, Any] = check(domain, resolver=lookup.resolver, timeout=lookup.timeout, retries=0, **more)
    return result, list(dict.fromkeys(lookup.resolver.unanswered[before:]))


def _missing(subject: Subject, answer: Answer, absent: str) -> Check:
    if answer.outcome == "unanswered":
        return Check(subject, "unanswered", sentence(answer.why))
    return Check(subject, "absent", absent)


def _joined(parts: Sequence[str]) -> str:
    return sentence("; ".join(parts))
