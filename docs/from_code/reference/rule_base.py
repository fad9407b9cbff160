"""The rule base: every shipped rule, file by file, with where it is documented and one text that it decides."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

from analyzer.classify import default_classifier
from analyzer.classify.rules import Rule
from reference.markdown import code, plain, table

_HEAD = """# Rules

{count:,} rules in {files} files, in the order in which they are asked: the first that fits decides.
`bounce-analyzer rules show ID` prints one whole, `bounce-analyzer rules explain TEXT` says which of them decides a
text, and [writing rules](../rules.md) how to put your own before them. Every rule carries examples that it must decide
and near misses that it must not; a test runs them all.
"""


def page() -> str:
    """The page."""
    rules = default_classifier().rules
    families = [(Path(file).name, list(rows)) for file, rows in groupby(rules, key=lambda rule: rule.file)]
    parts = [_HEAD.format(count=len(rules), files=len(families))]
    for name, rows in families:
        parts += [f"## {name}", _about(rows[0].file), table(("rule", "reason", "example", "source"), map(_row, rows))]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _about(file: str) -> str:
    """The comment at the head of the file."""
    lines = []
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return plain(" ".join(lines))


def _row(rule: Rule) -> tuple[str, str, str, str]:
    scope = f" ({', '.join(sorted(rule.providers))})" if rule.providers else ""
    example = re.sub(r"\s+", " ", rule.examples[0].text)
    shown = example if len(example) <= 160 else example[:159] + "…"
    return code(rule.id) + scope, code(rule.reason), code(shown), plain(rule.source)
