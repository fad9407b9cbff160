"""A rule shown: for a person, a fact a line, and as JSON; and what `rules test` found, as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.readable import chance

if TYPE_CHECKING:
    from analyzer.classify import Example, Rule
    from analyzer.classify.checks import Proof


def described(rule: Rule) -> str:
    """A rule for a person, a fact a line."""
    lines = [f"{rule.id}", f"  reason       {rule.reason}", f"  file         {Path(rule.file).name}"]
    scope = {
        "provider": sorted(rule.providers),
        "status": rule.statuses,
        "reply": rule.replies,
        "phase": sorted(rule.phases),
    }
    lines += [f"  {name:<12} {', '.join(values)}" for name, values in scope.items() if values]
    lines += [f"  pattern      {pattern}" for pattern in rule.patterns]
    if rule.transient is not None:
        lines.append(f"  transient    {'yes' if rule.transient else 'no'}")
    if rule.blocklist:
        lines.append(f"  block list   {rule.blocklist}")
    lines += [
        f"  confidence   {chance(rule.confidence)}",
        f"  why          {rule.why}",
        f"  source       {rule.source or 'not given'}",
    ]
    lines += [f"  matches      {_shown(one)}" for one in rule.examples]
    lines += [f"  not          {_shown(one)}" for one in rule.near_misses]
    return "\n".join(lines)


def _shown(example: Example) -> str:
    beside = [
        f"{name} {value}" for name in ("status", "reply", "host", "recipient") if (value := getattr(example, name))
    ]
    return example.text + (f"  ({', '.join(beside)})" if beside else "")


def rule_facts(rule: Rule, *, whole: bool = False) -> dict[str, Any]:
    """A rule under the names that it has in its file; with `whole`, what it matches and its proof as well."""
    from analyzer.knowledge import reasons

    reason = reasons()[rule.reason]
    facts = {
        "id": rule.id,
        "label": reason.label,
        "fault": reason.fault,
        "reason": rule.reason,
        "provider": sorted(rule.providers),
        "status": rule.statuses,
        "reply": rule.replies,
        "phase": sorted(rule.phases),
        "transient": reason.transient if rule.transient is None else rule.transient,
        "blocklist": rule.blocklist,
        "confidence": round(rule.confidence, 4),
        "file": Path(rule.file).name,
    }
    if whole:
        facts |= {
            "patterns": rule.patterns,
            "why": rule.why,
            "source": rule.source,
            "examples": [_said(one) for one in rule.examples],
            "near_misses": [_said(one) for one in rule.near_misses],
        }
    return facts


def proof_facts(proof: Proof) -> dict[str, Any]:
    """What `rules test` found."""
    failed = [
        {
            "rule": one.rule.id,
            "kind": one.kind,
            "example": _said(one.example),
            "decided_by": one.decided_by,
            "reason": one.reason,
        }
        for one in proof.failed
    ]
    return {
        "rules": proof.rules,
        "texts": proof.texts,
        "failed": failed,
        "never_reached": [rule.id for rule in proof.shadowed],
    }


def _said(example: Example) -> dict[str, str]:
    """An example with the codes that stand beside it, without those that it does not have."""
    return {name: value for name, value in example._asdict().items() if value}
