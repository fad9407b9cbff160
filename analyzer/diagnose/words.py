"""How numbers read in a sentence: the `why` of each verdict and the warnings are put together from these."""

from __future__ import annotations

from collections.abc import Sequence

_STATUS = {
    "verified": "verified addresses",
    "guessed": "guessed addresses",
    "catch_all": "catch-all addresses",
    "risky": "risky addresses",
    "unknown": "addresses of unknown status",
    "invalid": "invalid addresses",
}
#: The same as a kind of address.
_KINDS = {"catch_all": "catch-all", "unknown": "unknown-status"}


def percent(share: float | None) -> str:
    """A measured share as "4.2 %", and "6.0 %"; "0 %" and "100 %" only when they are exact."""
    if share is None:
        return "unknown"
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    if 0 < share < 0.001:
        return "under 0.1 %"
    return "over 99.9 %" if 0.999 < share < 1 else f"{100 * share:.1f} %"


def limit(share: float) -> str:
    """A limit as somebody set it: "5 %", "2.5 %"."""
    return f"{100 * share:.4g} %"


def chance(probability: float) -> str:
    """A probability, not more precise than it deserves."""
    if probability < 0.005:
        return "under 1 %"
    if probability > 0.995:
        return "over 99 %"
    return f"{100 * probability:.0f} %"


def points(difference: float) -> str:
    """A difference of two rates in percentage points, without the word."""
    return f"{100 * difference:.1f}" if abs(difference) >= 0.0005 else "0"


def number(count: float) -> str:
    """A count with thin thousands: 12,400."""
    return f"{count:,.0f}"


def many(count: int, one: str, more: str = "") -> str:
    """1 bounce, 2 bounces."""
    return f"{number(count)} {one if count == 1 else more or one + 's'}"


def listed(items: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else list(items))


def status(name: str) -> str:
    """An email status in a sentence."""
    return _STATUS.get(name, name)


def kinds(names: Sequence[str]) -> str:
    """Email statuses before the word "addresses": "catch-all and risky"."""
    return listed([_KINDS.get(name, name) for name in names])
