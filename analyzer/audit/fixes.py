"""The fixes that refusals ask for, held against what the domain publishes: confirmed, contradicted or not testable.

Which check bears on which fix stands in `rules/fixes.toml` (`tested_by`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyzer.audit.records import FAULTY, Check, FixAudit, FixVerdict
from analyzer.diagnose.refused.fix_rules import FixRule, fix_rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_UNTESTED = "Nothing that a domain publishes shows it; follow the steps of the fix."
_THEIRS = "It is the recipients' own rule: nothing that a domain publishes shows or changes it."
_LISTS = 3


def judge(rows: Sequence[Mapping[str, Any]], checks: Sequence[Check]) -> tuple[FixAudit, ...]:
    """Each fix that `rows` (BOUNCE_COLUMNS) ask for, the one with the most bounces first.

    A refusal whose words ask for several is held against each; the fallback of its reason is asked for by what asks for
    no other.
    """
    if not rows:
        return ()
    frame = pd.DataFrame(
        {name: [str(row.get(name) or "") for row in rows] for name in ("reason", "diagnostic", "blocklist")},
        dtype="str",
    )
    by_subject = {check.subject: check for check in checks}
    asked: list[FixAudit] = []
    named = np.zeros(len(frame), dtype=np.bool_)
    told = [rule for rule in fix_rules() if not rule.finding]
    for rule in sorted(told, key=lambda each: each.fallback):
        mine = frame["reason"].isin(rule.reasons).to_numpy() & ~(named & rule.fallback)
        mine[mine] = rule.says(frame["diagnostic"][mine])
        if not mine.any():
            continue
        named |= mine
        tests = [by_subject[name] for name in rule.tested_by if name in by_subject]
        verdict, why = _held_against(rule, tests, sorted(set(frame["blocklist"][mine]) - {""}))
        asked.append(FixAudit(rule.id, rule.title, int(mine.sum()), verdict, why))
    return tuple(sorted(asked, key=lambda each: (-each.bounces, each.id)))


def _held_against(rule: FixRule, checks: Sequence[Check], lists: Sequence[str]) -> tuple[FixVerdict, str]:
    if rule.side == "recipient":
        return "not_testable", _THEIRS
    faults = [check for check in checks if check.state in FAULTY]
    if faults:
        return "confirmed", " ".join(check.says for check in faults)
    silent = [check for check in checks if check.state == "unanswered" or not check.sure]
    if silent or not checks:
        listed = f"The refusals name {', '.join(lists[:_LISTS])}: ask there. " if lists else ""
        return "not_testable", " ".join(check.says for check in silent) or f"{listed}{_UNTESTED}"
    fine = " ".join(check.says for check in checks)
    return "contradicted", (
        f"What is published now is in order: {fine} Either it was mended since, or the mail that was refused left by a "
        "server that this does not cover."
    )
