"""One signed return path: `sign` and `verify`; the same signature as the value of a header of our own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeAlias

from analyzer.addresses.key import address_key
from analyzer.errors import AnalyzerError
from analyzer.verp.keys import Keys

#: Octets of a local part (RFC 5321, 4.5.3.1.1).
LONGEST = 64
#: Recipient, lead id, or digest of the recipient: what the text in front of the 24 signs is.
Names: TypeAlias = Literal["recipient", "lead_id", "digest"]
_LETTERS: dict[Names, str] = {"recipient": "r", "lead_id": "l", "digest": "h"}
_NAMES: dict[str, Names] = {letter: name for name, letter in _LETTERS.items()}
_EPOCH = date(2020, 1, 1)
_DAYS = 32**3
_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
#: Signs of the campaign's digest (20 bits) and of the signature (80 bits).
_CAMPAIGN, _SIGNATURE, _DIGEST = 4, 16, 20
_TAIL = re.compile(rf"(?P<names>[rlh])(?P<day>[a-z2-7]{{3}})(?P<campaign>[a-z2-7]{{{_CAMPAIGN}}})"
                   rf"(?P<signature>[a-z2-7]{{{_SIGNATURE}}})")  # fmt: skip
_TAIL_LENGTH = 1 + 3 + _CAMPAIGN + _SIGNATURE
#: What may stand in a local part without quotes (RFC 5322, 3.2.3), and survives a server that folds case.
_PLAIN = re.compile(r"[a-z0-9._+=~-]+")
_QUOTED = re.compile(r'"[^"\x00-\x1f\x7f-\x9f]*"')
_LEAD_ID = re.compile(r"[a-z0-9._~-]+")
_PREFIX = re.compile(r"[A-Za-z0-9._-]{1,18}")
_DOMAIN = re.compile(r"(?i)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
#: A return path that comes back a day before it was signed is no replay: clocks and zones differ.
_EARLY = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a return path says; `named` in lower case: a recipient, a lead's id or the digest of a recipient."""

    names: Names
    named: str
    day: date
    campaign: str
    signature: str

    def of_campaign(self, campaign: str) -> bool:
        """Whether it can be of this campaign: a digest of 20 bits says no more."""
        return self.campaign == _campaign(campaign)


Why: TypeAlias = Literal["", "unsigned", "bad_signature", "expired"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`valid`, else `why` not. `signed` is what it says, believed or not; None where there is no signature."""

    valid: bool
    why: Why = ""
    signed: Signed | None = None


def sign(
    recipient: str,
    keys: Keys,
    *,
    domain: str,
    prefix: str = "bounces",
    lead_id: str = "",
    campaign: str = "",
    day: date | None = None,
) -> str:
    """The envelope sender for one mail, `PREFIX+…@DOMAIN`; `lead_id` names the lead in place of its address.

    day: of sending, today (UTC) unless given. `AnalyzerError` for what cannot stand in an address.
    """
    if not _PREFIX.fullmatch(prefix):
        raise AnalyzerError(f"prefix {prefix!r}: is no beginning of an address; give up to 18 letters such as bounces")
    if not _DOMAIN.fullmatch(domain) or len(domain) > 255:
        raise AnalyzerError(f"domain {domain!r}: is no domain; give the one that your bounces go to")
    room = LONGEST - len(prefix) - len("+-") - _TAIL_LENGTH
    return f"{prefix}+{_token(recipient, keys, room, lead_id, campaign, day)}@{domain}"


def sign_header(recipient: str, keys: Keys, *, lead_id: str = "", campaign: str = "", day: date | None = None) -> str:
    """The same signature as the value of a header of our own (`X-Bounce-Token`), for who cannot set the return path."""
    return _token(recipient, keys, 200, lead_id, campaign, day)


def verify(text: str, keys: Keys, *, on: date | None = None, max_age_days: int = 0) -> Verdict:
    """Whether a return path (or a header's value) was signed with one of the keys; never raises.

    on: the day it came back, today unless given; it counts only with `max_age_days`, where a signature that is older,
    or of a day yet to come, has expired.
    """
    found = signed_part(text)
    if found is None:
        return Verdict(False, "unsigned")
    said = _said(found.names, found.named, found.day, found.campaign)
    # Every key is asked, whichever it was, and each comparison takes the same time.
    hits = [hmac.compare_digest(_signature(key, said), found.signature) for key in keys.secrets]
    if not any(hits):
        return Verdict(False, "bad_signature", found)
    if max_age_days:
        today = on or datetime.now(UTC).date()
        if not found.day - _EARLY <= today <= found.day + timedelta(days=max_age_days):
            return Verdict(False, "expired", found)
    return Verdict(True, "", found)


def signed_part(text: str) -> Signed | None:
    """What a return path or a header's value says, if it has the form of a signed one; nothing is verified."""
    local = text.strip().strip("<>").lower()
    if local.count("@"):
        local = local.rpartition("@")[0].partition("+")[2]
    # Each part is as long as it is: a long text costs no more than a short one.
    if len(local) > 300 or len(local) < _TAIL_LENGTH + 2 or local[-_TAIL_LENGTH - 1] != "-":
        return None
    tail = _TAIL.fullmatch(local[-_TAIL_LENGTH:])
    if tail is None:
        return None
    names, named = _NAMES[tail["names"]], local[: -_TAIL_LENGTH - 1]
    if names == "recipient":
        front, equals, behind = named.rpartition("=")
        if not (front and equals and behind):
            return None
        named = f"{front}@{behind}"
    number = 0
    for sign_ in tail["day"]:
        number = number * 32 + _DIGITS.index(sign_)
    return Signed(names, named, _EPOCH + timedelta(days=number), tail["campaign"], tail["signature"])


def unsigned(address: str) -> str:
    """A return path without its signature, as other senders write theirs; itself where there is none."""
    return address if signed_part(address) is None else _without_tail(address)


def recipient_digest(recipient: str) -> str:
    """What stands for a recipient that is too long: 100 bits of SHA-256 of its `address_key`, in base32."""
    return _base32(hashlib.sha256(address_key(recipient.strip()).encode("utf-8", "replace")).digest(), _DIGEST)


def _without_tail(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local[: -_TAIL_LENGTH - 1]}@{domain}" if local else address[: -_TAIL_LENGTH - 1]


def _token(recipient: str, keys: Keys, room: int, lead_id: str, campaign: str, day: date | None) -> str:
    on = day or datetime.now(UTC).date()
    number = (on - _EPOCH).days
    if not 0 <= number < _DAYS:
        raise AnalyzerError(f"day {on}: is outside 2020-01-01 to 2109-09-17; give the day of sending")
    names, named = _named(recipient.strip().lower(), lead_id.strip().lower(), room)
    said = _said(names, named, on, _campaign(campaign))
    written = "=".join(named.rsplit("@", 1)) if names == "recipient" else named
    days = "".join(_DIGITS[number >> shift & 31] for shift in (10, 5, 0))
    return f"{written}-{_LETTERS[names]}{days}{_campaign(campaign)}{_signature(keys.secrets[0], said)}"


def _named(recipient: str, lead_id: str, room: int) -> tuple[Names, str]:
    local, at, domain = recipient.rpartition("@")
    # Blanks stand in a quoted local part alone (RFC 5321, 4.1.2).
    bare = domain if _QUOTED.fullmatch(local) else recipient
    if not (local and at and domain) or any(sign_.isspace() or ord(sign_) < 32 for sign_ in bare):
        raise AnalyzerError(f"recipient {recipient!r}: is no address; give one such as jane@example.com")
    if lead_id:
        if not _LEAD_ID.fullmatch(lead_id) or len(lead_id) > room:
            raise AnalyzerError(f"lead id {lead_id!r}: cannot stand in an address; use the recipient alone")
        return "lead_id", lead_id
    # A domain with "=" would be cut in the wrong place.
    if _PLAIN.fullmatch(f"{local}{domain}") and len(recipient) <= room and "=" not in domain:
        return "recipient", recipient
    return "digest", recipient_digest(recipient)


def _said(names: Names, named: str, day: date, campaign: str) -> bytes:
    return "\n".join(("bounce-analyzer verp 1", names, named, day.isoformat(), campaign)).encode("utf-8", "replace")


def _signature(key: bytes, said: bytes) -> str:
    return _base32(hmac.digest(key, said, "sha256"), _SIGNATURE)


def _campaign(name: str) -> str:
    folded = " ".join(name.split()).lower()
    return _base32(hashlib.sha256(folded.encode("utf-8", "replace")).digest(), _CAMPAIGN) if folded else "aaaa"


def _base32(digest: bytes, signs: int) -> str:
    return base64.b32encode(digest).decode("ascii").lower()[:signs]
