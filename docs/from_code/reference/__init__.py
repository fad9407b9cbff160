"""The reference pages, made from the code and the rule base whenever the documentation is built; none is kept by hand.

Each module makes the pages of one subject. What the code cannot say of itself (what a column means) stands in a table
beside the module, and the build fails where the two differ.
"""

from __future__ import annotations

from collections.abc import Iterator

from reference import columns, commands, environment, lists, platforms, python, reasons, rule_base, schema


def pages() -> Iterator[tuple[str, str]]:
    """Every page as its path below `docs/` and its Markdown."""
    yield "reference/commands.md", commands.page()
    yield "reference/columns.md", columns.page()
    yield "reference/reasons.md", reasons.page()
    yield "reference/rules.md", rule_base.page()
    yield "reference/fixes.md", lists.fixes()
    yield "reference/providers.md", lists.providers()
    yield "reference/block-lists.md", lists.block_lists()
    yield "reference/findings.md", lists.findings()
    yield "reference/bounds.md", lists.bounds()
    yield "reference/platforms.md", platforms.page()
    yield "reference/diagnosis-json.md", schema.diagnosis()
    yield "reference/weekly-json.md", schema.weekly()
    yield "reference/python.md", python.page()
    yield "reference/environment.md", environment.page()
