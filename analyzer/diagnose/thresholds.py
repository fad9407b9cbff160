"""The numbers on which this stage decides, from `rules/thresholds.toml`, where each says why it is what it is."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, TypeVar

from analyzer.errors import RuleError
from analyzer.knowledge import data_folder, load_toml
from analyzer.records import EMAIL_STATUSES


@dataclass(frozen=True, slots=True)
class Evidence:
    """How little is too little."""

    min_bounces: int
    min_leads_per_arm: int
    min_leads: int
    unread_share: float
    unasked_share: float
    thin_part: float


@dataclass(frozen=True, slots=True)
class Guessed:
    """When guessed addresses are called the cause, and how fine the comparison is."""

    driven_share: float
    cell_arm_industry: int
    cell_arm_group: int
    pattern_bounces: int
    pattern_share: float
    pattern_p: float
    stale_days: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast: risks accepted, overdispersion (as intraclass correlations) and prior means by status."""

    risk: float
    best_mix_risk: float
    sure_share: float
    campaign_phi: float
    group_phi: float
    domain_phi: float
    prior_strength: float
    prior: dict[str, float]
    optimistic: dict[str, float]
    pessimistic: dict[str, float]


@dataclass(frozen=True, slots=True)
class Refusals:
    """What makes a refusal the sender's or the recipient's."""

    block_line: float
    complaint_line: float
    complaints_needed: int
    proof_domains: int
    proof_share: float
    proof_bounces: int
    spread_domains: int
    strict_domains: int
    strict_p: float
    moved_p: float
    one_domain_share: float
    blocking_weight: float
    side_share: float


@dataclass(frozen=True, slots=True)
class Fixes:
    """When a fault counts as over, and when as one part of the mail's."""

    over_p: float
    part: float
    part_of_mail: float
    part_p: float


@dataclass(frozen=True, slots=True)
class Drivers:
    """What is worth reporting as a driver."""

    q_value: float
    lift: float
    bounces: int
    one_domain_share: float
    companies_p: float


@dataclass(frozen=True, slots=True)
class Origins:
    """What of a lead's own columns counts for the next list."""

    q_value: float
    lift: float
    bounces: int


@dataclass(frozen=True, slots=True)
class Draws:
    """How many random draws each part takes."""

    bootstrap: int
    forecast: int
    permutation: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """How long the breakdown may get."""

    recipient_domains: int
    values: int


@dataclass(frozen=True, slots=True)
class Thresholds:
    """All of `rules/thresholds.toml`."""

    evidence: Evidence
    guessed: Guessed
    forecast: Outlook
    deliverability: Refusals
    fixes: Fixes
    drivers: Drivers
    origins: Origins
    draws: Draws
    breakdown: Breakdown


_SECTIONS: dict[str, type] = {
    "evidence": Evidence,
    "guessed": Guessed,
    "forecast": Outlook,
    "deliverability": Refusals,
    "fixes": Fixes,
    "drivers": Drivers,
    "origins": Origins,
    "draws": Draws,
    "breakdown": Breakdown,
}
_T = TypeVar("_T")


@cache
def thresholds() -> Thresholds:
    """The shipped thresholds; a `RuleError` names the key that is missing, unknown or out of range."""
    path = data_folder("rules") / "thresholds.toml"
    table = load_toml(path)
    return Thresholds(**{name: _section(str(path), name, kind, table) for name, kind in _SECTIONS.items()})


def _section(where: str, name: str, kind: type[_T], table: dict[str, Any]) -> _T:
    row = table.get(name)
    if not isinstance(row, dict):
        raise RuleError(where, f"has no table [{name}]", "put it back")
    wanted = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    for key in sorted(wanted ^ row.keys()):
        raise RuleError(where, f"[{name}] {'lacks' if key in wanted else 'has an unknown key'} {key}", "mend the file")
    for key in ("prior", "optimistic", "pessimistic") if name == "forecast" else ():
        rates = row[key].values() if isinstance(row[key], dict) and set(row[key]) == set(EMAIL_STATUSES) else ()
        if not rates or not all(isinstance(mean, float) and 0 < mean < 1 for mean in rates):
            raise RuleError(where, f"[forecast.{key}] needs a rate between 0 and 1 for each of {EMAIL_STATUSES}")
    return kind(**row)
