"""MTA-STS (RFC 8461): what a domain asks of those who send to it. It has nothing to do with what the domain sends, but
a policy that its mail servers do not meet keeps replies and bounces away.

The record and the policy are read by checkdmarc; here is told apart what is wrong from what nobody answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from analyzer.audit.records import Check, sentence
from analyzer.network.https import FetchError, HttpsFetch
from analyzer.network.public import is_public

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checkdmarc.mta_sts import MTASTSPolicyParsingResults

    from analyzer.audit.lookup import Lookup
    from analyzer.network.https import Fetch

#: Addresses of the policy's host that are tried, one after the other.
_MOST_ADDRESSES = 2


def check(domain: str, hosts: Sequence[str], lookup: Lookup, fetch: Fetch | None = None) -> Check:
    """Whether the domain announces a policy, and whether its mail servers (`hosts`, none where they are not known) meet
    it. `fetch` gets the policy in place of `fetched_by`, for those behind a proxy and for tests.
    """
    from checkdmarc.mta_sts import MTASTSError, parse_mta_sts_policy, parse_mta_sts_record

    answer = lookup.ask(f"_mta-sts.{domain}", "TXT")
    # RFC 8461 section 3.1: what does not begin with the version is passed over, and with two records there is none.
    records = [text for text in answer.records if text.startswith("v=STSv1")]
    if not records:
        if answer.outcome == "unanswered":
            return Check("mta_sts", "unanswered", sentence(answer.why))
        says = "Not announced. It protects mail to the domain, and no receiver asks a sender for it."
        return Check("mta_sts", "ok", says)
    shown = " | ".join(records)
    if len(records) > 1:
        says = f"_mta-sts.{domain} holds {len(records)} records; with two none counts."
        return Check("mta_sts", "fault", says, shown)
    try:
        notes = parse_mta_sts_record(records[0])["warnings"]
        text = (fetch or fetched_by(lookup))(f"https://mta-sts.{domain}/.well-known/mta-sts.txt")
        told = parse_mta_sts_policy(text.decode("utf-8", "replace"))
    except FetchError as error:
        says = f"Announced, and its policy cannot be fetched: {error}"
        return Check("mta_sts", "fault" if error.answered else "unanswered", sentence(says), shown)
    except MTASTSError as error:
        return Check("mta_sts", "fault", sentence(f"Announced, and wrong: {error}"), shown)
    return _held_against(hosts, told, shown, [*notes, *told["warnings"]])


def _held_against(hosts: Sequence[str], told: MTASTSPolicyParsingResults, shown: str, notes: Iterable[str]) -> Check:
    policy = told["policy"]
    mode, allowed = policy["mode"], policy["mx"]
    said = tuple(map(sentence, notes))
    outside = [host for host in hosts if not any(covers(pattern, host) for pattern in allowed)]
    if mode == "none" or not outside:
        met = ", which the mail servers meet" if hosts and mode != "none" else ""
        return Check("mta_sts", "ok", f"Announced; a policy in mode {mode}{met}.", shown, said)
    allows = f"the policy (mode {mode}) allows {', '.join(allowed)} and not {', '.join(outside)}"
    if mode == "testing" or len(outside) < len(hosts):
        return Check("mta_sts", "ok", f"Announced; {allows}.", shown, said)
    says = f"No mail server of the domain is one that its policy allows, so that replies are not delivered: {allows}."
    return Check("mta_sts", "fault", says, shown, said)


def covers(pattern: str, host: str) -> bool:
    """Whether a policy's `mx` value stands for this host: a wildcard for one label (RFC 8461 section 4.1)."""
    pattern, host = pattern.lower().rstrip("."), host.lower().rstrip(".")
    return host.partition(".")[2] == pattern[2:] if pattern.startswith("*.") else host == pattern


def fetched_by(lookup: Lookup) -> Fetch:
    """A way to fetch from what this resolver knows, and from public addresses alone: a name is anybody's to point."""

    def fetch(address: str) -> bytes:
        host = urlsplit(address).hostname or ""
        answers = [lookup.ask(host, kind) for kind in ("A", "AAAA")]
        addresses = [text for answer in answers for text in answer.records]
        if not addresses:
            silent = [answer.why for answer in answers if answer.outcome == "unanswered"]
            raise FetchError(silent[0] if silent else f"{host} has no address", answered=not silent)
        public = [text for text in addresses if is_public(text)]
        if not public:
            raise FetchError(f"{host} has no public address, but {addresses[0]}", answered=True)
        for one in public[:_MOST_ADDRESSES]:
            try:
                return HttpsFetch(connect_to=(one, 443), patience=lookup.timeout)(address)
            except FetchError as error:
                if error.answered:
                    raise
                failed = error
        raise failed

    return fetch
