"""The reasons that a bounce can have, and what is to be done with the lead (`rules/{reasons,next_steps}.toml`)."""

from __future__ import annotations

from collections import Counter

from analyzer import knowledge
from analyzer.classify import default_classifier
from analyzer.diagnose.refused.fix_rules import fix_rules
from reference.markdown import code, plain, table

_HEAD = """# Reasons

Every failed recipient gets one reason; label and fault follow from it. *Later* says whether the same mail may well get
through later when nothing in the reply says otherwise. *The lead* is what a CRM update says is to be done with it,
*fixes* link to what mends our side. [Labels and faults](../explanation/labels.md) explains the idea.
"""


def page() -> str:
    """The page."""
    steps = knowledge.load_toml(knowledge.data_folder("rules") / "next_steps.toml")["fault"]
    fixes: dict[str, list[str]] = {}
    for rule in fix_rules():
        for reason in rule.reasons:
            fixes.setdefault(reason, []).append(rule.id)
    rules = Counter(rule.reason for rule in default_classifier().rules)
    rows = []
    for each in knowledge.reasons().values():
        links = ", ".join(f"[{name}](fixes.md#{name.lower()})" for name in fixes.get(each.name, ()))
        later = "yes" if each.transient else "no"
        told = [code(each.name), plain(each.says), each.label, each.fault, later, steps[each.fault], links]
        rows.append((*told, str(rules[each.name])))
    header = ("reason", "says", "label", "fault", "later", "the lead", "fixes", "rules")
    return _HEAD + "\n" + table(header, rows)
