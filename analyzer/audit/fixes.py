"""The fixes that refusals ask for, held against what the domain publishes: confirmed, contradicted or not testable.

Which check bears on which fix stands in `rules/fixes.toml` (`tested_by`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analyzer.audit.records import FAULTY, Check, FixAudit, FixVerdict
from analyzer.diagnose.fix_rules import FixRule, fix_rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_UNTESTED = "Nothing that a domain publishes shows it; follow the steps of the fix."


def judge(rows: Sequence[Mapping[str, Any]], checks: Sequence[Check]) -> tuple[FixAudit, ...]:
    """Each of the sender's fixes that `rows` (BOUNCE_COLUMNS) ask for, the one with the most bounces first."""
    if not rows:
        return ()
    frame = pd.DataFrame(
        {name: [str(row.get(name) or "") for row in rows] for name in ("reason", "diagnostic")}, dtype="str"
    )
    by_subject = {check.subject: check for check in checks}
    asked = []
    for rule in fix_rules():
        if rule.side != "sender" or rule.finding or rule.fallback:
            continue
        mine = frame[frame["reason"].isin(rule.reasons)]
        count = int(rule.says(mine["diagnostic"]).sum()) if len(mine) else 0
        if count:
            verdict, why = _held_against(rule, [by_subject[name] for name in rule.tested_by if name in by_subject])
            asked.append(FixAudit(rule.id, rule.title, count, verdict, why))
    return tuple(sorted(asked, key=lambda each: (-each.bounces, each.id)))


def _held_against(rule: FixRule, checks: Sequence[Check]) -> tuple[FixVerdict, str]:
    faults = [check for check in checks if check.state in FAULTY]
    if faults:
        return "confirmed", " ".join(check.says for check in faults)
    silent = [check for check in checks if check.state == "unanswered" or not check.sure]
    if silent or not checks:
        return "not_testable", " ".join(check.says for check in silent) or _UNTESTED
    fine = " ".join(check.says for check in checks)
    return "contradicted", (
        f"What is published now is in order: {fine} Either it was mended since, or the mail that was refused left by a "
        "server that this does not cover."
    )
