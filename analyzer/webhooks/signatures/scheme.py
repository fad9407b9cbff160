"""What a scheme is: how one provider shows that a request is its own."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Seconds by which a provider's clock may be ahead of ours.
AHEAD_S = 300.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request. `headers` by lower-case name; `body` without its Content-Encoding, `wire` as it came."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    wire: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What a genuine request that is no news is answered with; it is not kept. `note`: a line for the operator."""

    status: int = 200
    body: str = ""
    note: str = ""


class Scheme(Protocol):
    """One provider's way of signing. A refusal is a word of `REFUSALS`, "" where there is none."""

    def refuses_head(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """What can be refused before the body is read: a missing signature, wrong credentials."""
        ...

    def refuses(self, delivery: Delivery, now: float) -> str:
        """Why the request is not the provider's, or is too old; `now` in seconds since 1970. May wait for a network."""
        ...

    def reply(self, delivery: Delivery, value: Any) -> Reply | None:
        """The answer to a genuine request that carries no events: a handshake, a test. `value` is its JSON."""
        ...

    def signed(self, delivery: Delivery, value: Any) -> bytes:
        """What of a genuine request's body is its sender's for sure: this is kept, and nothing else of it."""
        ...


class WholeBody:
    """For schemes that vouch for the whole body, and shake no hands."""

    def reply(self, delivery: Delivery, value: Any) -> Reply | None:
        """None: every request is news."""
        return None

    def signed(self, delivery: Delivery, value: Any) -> bytes:
        """All of it."""
        return delivery.body


#: Every reason for which a scheme refuses, with the status it is answered with. A status of 5xx or 429 asks the
#: provider to try again.
REFUSALS: dict[str, int] = {
    "credentials_missing": 401,
    "credentials_wrong": 403,
    "signature_missing": 401,
    "signature_wrong": 403,
    "timestamp_wrong": 403,
    "outside_window": 403,
    "token_reused": 403,
    "certificate_address": 403,
    "certificate_invalid": 403,
    "certificate_unavailable": 503,
    "topic_not_allowed": 403,
    "not_json": 400,
}


def same(given: str | bytes, expected: Iterable[str | bytes]) -> bool:
    """Whether `given` is one of the values, in a time that does not tell which or how far."""
    found = False
    have = given.encode("utf-8", "replace") if isinstance(given, str) else given
    for one in expected:
        found |= hmac.compare_digest(have, one.encode("utf-8", "replace") if isinstance(one, str) else one)
    return found


def same_header(given: str, expected: Iterable[str]) -> bool:
    """As `same`, for what a header holds: bytes, which the server gives as Latin-1 and senders write as UTF-8."""
    return same(given.encode("latin-1", "replace"), expected)


def outside(timestamp: str, now: float, tolerance_s: float) -> str:
    """Why a time in seconds since 1970 is refused: no number, too old, or too far ahead; "" where it is well."""
    try:
        moment = float(timestamp) if len(timestamp) <= 20 else float("nan")
    except ValueError:
        return "timestamp_wrong"
    if not 0 < moment < 1e11:
        return "timestamp_wrong"
    return "" if -min(AHEAD_S, tolerance_s) <= now - moment <= tolerance_s else "outside_window"
