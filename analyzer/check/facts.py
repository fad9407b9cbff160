"""What the check knows, out of `rules/check.toml`: findings, policies, and the numbers of the score."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from analyzer.check.records import GRADES, Grade
from analyzer.errors import AnalyzerError, RuleError
from analyzer.knowledge import data_folder, load_toml


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of [reason]: what a code means. `gate` is a grade or None; `chance` of a bounce, 0 where it is open."""

    code: str
    says: str
    gate: Grade | None = None
    points: int = 0
    chance: float = 0.0
    tag: bool = False
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """One `--policy`: where the lines between the grades lie, and the findings whose gate it changes."""

    name: str
    says: str
    send_from: int
    do_not_send_below: int
    stale_days: int
    gates: dict[str, Grade | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """The numbers of [score]; what each is for stands in the file."""

    points_per_percent: float
    decay_per_30_days: float
    accepted_chance: float
    failed_pattern: int
    bad_domain: int
    gateway_refusals: int
    gateway_domains: int


def _path(name: str) -> Any:
    return data_folder("rules") / f"{name}.toml"


@cache
def findings() -> dict[str, Finding]:
    """Every finding by its code; `RuleError` for one that cannot be."""
    path = _path("check")
    found = {}
    for code, row in load_toml(path)["reason"].items():
        gate = row.get("gate") or None
        if gate not in {None, *GRADES}:
            raise RuleError(str(path), f"[reason.{code}] gate {gate!r} is no grade", f"use {', '.join(GRADES)}")
        if not row.get("says"):
            raise RuleError(str(path), f"[reason.{code}] says nothing", "give it a sentence")
        found[code] = Finding(
            code,
            row["says"],
            cast("Grade | None", gate),
            int(row.get("points", 0)),
            float(row.get("chance", 0.0)),
            bool(row.get("tag", False)),
            row.get("do", ""),
        )
    return found


@cache
def score() -> Score:
    """The numbers of the score."""
    return Score(**load_toml(_path("check"))["score"])


@cache
def policies() -> dict[str, Policy]:
    """Every policy by its name."""
    path = _path("check")
    found = {}
    for name, row in load_toml(path)["policy"].items():
        unknown = [code for code in row["gates"] if code not in findings()]
        if unknown:
            raise RuleError(str(path), f"[policy.{name}] gates {unknown[0]}, which is no reason", "use one of [reason]")
        gates = {code: cast("Grade | None", gate or None) for code, gate in row["gates"].items()}
        found[name] = Policy(name, **{**row, "gates": gates})
    return found


def policy_named(name: str) -> Policy:
    """One policy; `AnalyzerError` with those there are for an unknown name."""
    if name not in policies():
        raise AnalyzerError(f"policy {name!r} is unknown; the policies are {', '.join(policies())}")
    return policies()[name]


@cache
def priors() -> dict[str, float]:
    """The chance of a bounce by email status, where no history tells: those that `diagnose` starts from."""
    table: dict[str, float] = load_toml(_path("thresholds"))["forecast"]["prior"]
    return table
