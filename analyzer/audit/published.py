"""What a sender domain publishes: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), MX, PTR; MTA-STS is in `mta_sts`.

The records themselves are judged by checkdmarc; here it is told apart what is not there from what nobody answered.
"""

from __future__ import annotations

import ipaddress
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from analyzer.audit.keys import judged, tags_of
from analyzer.audit.records import Check, CheckState, Subject, sentence
from analyzer.audit.senders import SPF, lets_send

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from publicsuffixlist import PublicSuffixList

    from analyzer.audit.lookup import Answer, Lookup

#: RFC 7208 section 4.6.4: more look-ups than that, and receivers answer permerror.
MAX_SPF_LOOKUPS = 10
#: Mail servers whose addresses are looked up.
_MOST_HOSTS = 4

#: Where no selector is known: the ones that Google, Microsoft 365 and the common platforms use.
USUAL_SELECTORS = ("google", "selector1", "selector2", "s1", "s2", "k1", "default", "mail", "dkim")
#: RFC 7489 section 6.4: the version stands first, in capitals, and a semicolon ends it.
_DMARC = re.compile(r"\s*v\s*=\s*DMARC1\s*(?:;|$)")
_POLICIES = frozenset({"none", "quarantine", "reject"})


def spf(domain: str, lookup: Lookup, sent_from: Sequence[str] = (), *, sure_of: int = 0) -> Check:
    """Whether there is one SPF record that receivers can evaluate, and whether it lets the sending addresses send.

    sent_from: IP addresses that mail with the domain in its return path comes from, the most telling first; of the
    first `sure_of` of them somebody has said so, the others are what refusals name.
    """
    answer = lookup.ask(domain, "TXT")
    records = [text for text in answer.records if SPF.match(text)]
    if not records:
        # A version with a typing error, or in quotation marks of its own: no receiver takes it for a record.
        alike = tuple(
            f"What looks like one is none, for it does not begin with v=spf1 and a blank: {text}"
            for text in answer.records
            if "v=spf" in text.lower()
        )
        says = f"{domain} publishes no SPF record, so nothing says who may send for it."
        return _missing("spf", answer, says, alike)
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
        return Check("spf", "fault", sentence(_redirected(record, lookup) or result["error"]), record, notes)
    if not _names_anyone(result.get("parsed") or {}):
        says = "It names nobody who may send, so that SPF passes for no mail with the domain in its return path."
        return Check("spf", "fault", says, record, notes)
    if where := _open_at(result.get("parsed") or {}):
        says = f"It leads to {where}, which ends in +all: everyone may send as the domain."
        return Check("spf", "fault", says, record, notes)
    looked = f"One record, {count or 0} of {MAX_SPF_LOOKUPS} DNS look-ups."
    answers = {address: lets_send(domain, address, lookup) for address in sent_from}
    shut_out = [address for address, lets in answers.items() if lets is False]
    sure = frozenset(sent_from[:sure_of])
    others = [
        f"It does not let {address} send, {'from which mail is sent' if address in sure else 'which refusals name'}."
        for address in shut_out
    ]
    # What a refusal names may be somebody's who forwards our mail; what most name is ours.
    if shut_out and shut_out[0] in {*sure, sent_from[0]}:
        return Check("spf", "fault", f"{others[0][:-1]}: SPF fails for that mail.", record, (*others[1:], *notes))
    if let := [address for address, lets in answers.items() if lets]:
        looked = f"{looked[:-1]}; it lets {', '.join(let)} send."
    return Check("spf", "ok", looked, record, (*others, *notes))


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


def _names_anyone(parsed: dict[str, Any]) -> bool:
    """Whether some host passes, be it by what a record includes or redirects to; macros are given the benefit."""
    redirect = parsed.get("redirect")
    return (
        parsed.get("all") == "pass"
        or any(
            each.get("action") == "pass"
            and (each.get("mechanism") != "include" or not each.get("parsed") or _names_anyone(each["parsed"]))
            for each in parsed.get("mechanisms", ())
        )
        or bool(redirect and (not redirect.get("parsed") or _names_anyone(redirect["parsed"])))
    )


def _redirected(record: str, lookup: Lookup) -> str:
    """What is wrong where a record hands the question on to a domain without one, "" where it does not."""
    found = re.search(r"(?:^|\s)redirect=(\S+)", record, re.IGNORECASE)
    if not found or any(map(SPF.match, lookup.ask(found[1], "TXT").records)):
        return ""
    return f"it redirects to {found[1]}, which publishes no SPF record; receivers call it an error"


def dmarc(domain: str, lookup: Lookup) -> Check:
    """Whether a DMARC policy holds for the domain: its own, or that of the organisational domain."""
    alike: list[str] = []
    for name in dict.fromkeys((domain, organisational(domain))):
        answer = lookup.ask(f"_dmarc.{name}", "TXT")
        records = [text for text in answer.records if _DMARC.match(text)]
        if records or answer.outcome == "unanswered":
            break
        alike += [text for text in answer.records if "dmarc" in text.lower()]
    if not records and alike and answer.outcome != "unanswered":
        says = (
            f"What stands there is no DMARC record to receivers, since it does not begin with “v=DMARC1;”: {alike[0]}"
        )
        return Check("dmarc", "fault", sentence(says), alike[0])
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
    tags = {tag: value.lower() for tag, value in tags_of(records[0]).items()}
    if result.get("error"):
        if silent or not _holds(records[0], tags):
            state: CheckState = "unanswered" if silent else "fault"
            return Check("dmarc", state, sentence(result["error"]), records[0], notes)
        notes += (sentence(f"receivers pass over a part of it that is wrong: {result['error']}"),)
    policy = f"p={tags.get('p', 'none')}"
    inherited = "" if name == domain else f" of {name}"
    if inherited and "sp" in tags:
        inherited, policy = f"{inherited} for the domains below it", f"sp={tags['sp']}"
    return Check("dmarc", "ok", f"The policy{inherited} is {policy}.", records[0], notes)


def _holds(record: str, tags: dict[str, str]) -> bool:
    """Whether receivers apply a record though a part of it is wrong (RFC 7489 section 6.3): the policies are none of
    it, no tag stands twice (RFC 6376 section 3.2), and nothing stands before it.
    """
    names = [part.partition("=")[0].strip().lower() for part in record.split(";") if part.strip()]
    known = all(tags[name] in _POLICIES for name in ("p", "sp") if name in tags)
    return known and len(names) == len(set(names)) and not record[:1].isspace()


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
            state, says = judged(answer.records)
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
        return _reached(domain, hosts, ", ".join(answer.records), lookup)
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


def _reached(domain: str, hosts: Sequence[str], records: str, lookup: Lookup) -> Check:
    """Whether one of the hosts that MX records name can be reached from elsewhere."""
    numbers = list(filter(_is_address, hosts))
    asked = [host for host in hosts if host not in numbers][:_MOST_HOSTS]
    answers = [lookup.ask(host, kind) for host in asked for kind in ("A", "AAAA")]
    addresses = [text for each in answers for text in each.records]
    silent = [each.why for each in answers if each.outcome == "unanswered"]
    if len(asked) + len(numbers) == len(hosts) and not any(map(_leads_out, addresses)):
        if silent:
            return Check("mx", "unanswered", sentence(silent[0]), records)
        lack = f"has an address that others can reach, only {', '.join(addresses)}" if addresses else "has an address"
        says = f"No mail server of {domain} {lack}: no reply and no bounce can reach it."
        if numbers:
            says += f" An MX record takes the name of a host, and not {numbers[0]}."
        return Check("mx", "fault", says, records)
    # RFC 2181 section 10.3. Nearly all senders follow an alias, so it is no fault.
    notes = tuple(
        f"{host} is an alias (CNAME), which an MX record may not name." for host in asked if lookup.ask(host, "A").alias
    )
    return Check("mx", "ok", f"Mail for the domain goes to {', '.join(hosts[:3])}.", records, notes)


def _leads_out(address: str) -> bool:
    """Whether an address is one of another machine; 0.0.0.0 and 127.0.0.1 are whoever asks."""
    found = ipaddress.ip_address(address)
    return not (found.is_loopback or found.is_unspecified)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


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


def helo(names: Sequence[str], addresses: Sequence[str], lookup: Lookup) -> Check:
    """Whether what our server greets with is the full name of a host that exists (RFC 5321 sections 2.3.5, 4.1.1.1)."""
    if not names:
        return Check("helo", "unanswered", "Not testable: no bounce shows the name that our server greets with.")
    faults, good, unanswered = [], [], []
    for name in names:
        if "." not in name or _is_address(name.strip("[]").removeprefix("IPv6:")):
            faults.append(f"{name} is no full name of a host")
            continue
        answers = [lookup.ask(name, kind) for kind in ("A", "AAAA")]
        found = [text for each in answers for text in each.records]
        if found:
            leads = set(found) & set(addresses)
            beside = ", ".join(sorted(leads)) if leads else found[0]
            good.append(f"{name} leads to {beside}")
        elif silent := [each.why for each in answers if each.outcome == "unanswered"]:
            unanswered.append(silent[0])
        else:
            faults.append(f"{name} leads to no address")
    greets = "What our server greets with:"
    if faults:
        return Check("helo", "fault", f"{greets} {_plain(faults)}", notes=tuple(map(sentence, good)))
    if good:
        return Check("helo", "ok", f"{greets} {_plain(good)}")
    return Check("helo", "unanswered", _joined(unanswered))


def organisational(domain: str) -> str:
    """The organisational domain (RFC 7489 section 3.2), by the public suffix list."""
    return str(_suffixes().privatesuffix(domain) or domain)


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


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


def _missing(subject: Subject, answer: Answer, absent: str, notes: tuple[str, ...] = ()) -> Check:
    if answer.outcome == "unanswered":
        return Check(subject, "unanswered", sentence(answer.why))
    return Check(subject, "absent", absent, notes=notes)


def _joined(parts: Sequence[str]) -> str:
    return sentence("; ".join(parts))


def _plain(parts: Sequence[str]) -> str:
    """The same behind a colon."""
    return f"{'; '.join(parts)}."
