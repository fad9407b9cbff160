"""What is known of fixes: the rows of `rules/fixes.toml`, and which of them a refusal's words ask for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import re2

from analyzer.diagnose.arrays import Flags, Texts
from analyzer.diagnose.diagnosis import Document, FixSide
from analyzer.diagnose.refused.named import NAMED, NAMED_BY_WORDS
from analyzer.errors import RuleError
from analyzer.knowledge import data_folder, load_toml, reasons

_RFC = re.compile(r"RFC (\d+)(?:, section ([\d.]+))?")
_FINDINGS = ("", "strict_excess", "blocking_domain")


@dataclass(frozen=True, slots=True)
class Tried:
    """What a fix says instead of a mail that came back so many days after it was sent."""

    days: float
    title: str
    confidence: float
    steps: tuple[str, ...]
    verify: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FixRule:
    """One row of `rules/fixes.toml`."""

    id: str
    title: str
    side: FixSide
    reasons: tuple[str, ...]
    steps: tuple[str, ...]
    verify: tuple[str, ...]
    source: str
    confidence: float
    proof: bool = False
    fallback: bool = False
    finding: str = ""
    patterns: tuple[str, ...] = ()
    #: Less specific fixes: a refusal that asks for them as well asks for this one only.
    before: tuple[str, ...] = ()
    #: Fixes that mend what asks for this one as well: where one of them is proven, it takes these refusals.
    part_of: tuple[str, ...] = ()
    #: Fixes of one cause, which is told once; one of them is a fallback.
    family: str = ""
    #: Subjects of `audit` that show whether the domain has this fault.
    tested_by: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    near_misses: tuple[str, ...] = ()
    #: Patterns by which a refusal says that what it mends failed, beside whatever else it is about.
    failed: tuple[str, ...] = ()
    #: What `source` names, each with its address ("" where it has none).
    documents: tuple[Document, ...] = ()
    tried: Tried | None = None

    def after_tries(self, tried: Tried) -> FixRule:
        """The same for mail that was tried again for days."""
        return replace(
            self,
            id=f"{self.id}-TRIED",
            title=tried.title,
            confidence=tried.confidence,
            steps=tried.steps,
            verify=tried.verify,
            tried=None,
        )

    def says(self, texts: pd.Series[str]) -> Flags:
        """Which texts match one of the patterns; all do without patterns."""
        return _matching(texts, self.patterns) if self.patterns else np.ones(len(texts), dtype=np.bool_)

    def names_failed(self, texts: pd.Series[str]) -> Flags:
        """Which texts say that what it mends failed; none do without patterns for that."""
        return _matching(texts, self.failed) if self.failed else np.zeros(len(texts), dtype=np.bool_)


def _matching(texts: pd.Series[str], patterns: tuple[str, ...]) -> Flags:
    pattern = "|".join(f"(?:{each})" for each in patterns)
    found = pc.match_substring_regex(pa.array(texts.astype(str), pa.string()), pattern, ignore_case=True)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)


@cache
def fix_rules() -> tuple[FixRule, ...]:
    """Every fix, in the file's order; a `RuleError` names the one that is broken."""
    path = data_folder("rules") / "fixes.toml"
    found: dict[str, FixRule] = {}
    table = load_toml(path)
    for number, row in enumerate(table.get("fix", []), start=1):
        where = f"{path}, fix {number} ({row.get('id', 'without id')})"
        try:
            rule = FixRule(**_fields(row))
        except TypeError as error:
            raise RuleError(where, f"does not have the fields of a fix: {error}", "mend the file") from None
        problem = _problem(rule, found)
        if problem:
            raise RuleError(where, problem, "mend the file")
        found[rule.id] = replace(rule, documents=_documents(rule.source, table.get("documents", {})))
    for rule in found.values():
        for name in (*rule.before, *rule.part_of):
            if name not in found or found[name].side != rule.side:
                raise RuleError(str(path), f"{rule.id} names {name}, which is no fix of its side", "mend the file")
    for name in {rule.family for rule in found.values() if rule.family}:
        members = [rule for rule in found.values() if rule.family == name]
        if sum(rule.fallback for rule in members) != 1 or len({rule.side for rule in members}) > 1:
            raise RuleError(str(path), f"family {name} needs one fallback, and one side", "mend the file")
    return tuple(found.values())


def _fields(row: dict[str, Any]) -> dict[str, Any]:
    """The fields of a fix, or of its `tried`, as they are kept."""
    found = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    if isinstance(row.get("tried"), dict):
        found["tried"] = Tried(**_fields(row["tried"]))
    return found


def _documents(source: str, known: dict[str, str]) -> tuple[Document, ...]:
    """The documents that a source names, with where they stand."""
    found = []
    for title in source.split("; "):
        rfc = _RFC.match(title)
        section = f"#section-{rfc[2]}" if rfc and rfc[2] else ""
        url = f"https://www.rfc-editor.org/rfc/rfc{rfc[1]}{section}" if rfc else known.get(title, "")
        found.append(Document(title, url))
    return tuple(found)


def _problem(rule: FixRule, earlier: dict[str, FixRule]) -> str:
    if rule.id in earlier:
        return "has an id that is taken"
    if rule.side not in ("sender", "recipient") or rule.finding not in _FINDINGS or not 0 < rule.confidence <= 1:
        return "has an unknown side or finding, or a confidence outside 0 to 1"
    unknown = [reason for reason in rule.reasons if reason not in reasons()]
    if unknown or bool(rule.finding) == bool(rule.reasons):
        return f"needs known reasons or a finding (unknown: {', '.join(unknown) or 'none'})"
    try:
        for pattern in (*rule.patterns, *rule.failed):
            re2.compile(pattern)
    except re2.error as error:
        return f"has a pattern that RE2 refuses: {error}"
    return "" if rule.steps and rule.verify and rule.source else "lacks steps, verify or source"


def kinds_named(reason: pd.Series[str], diagnostic: pd.Series[str]) -> Texts:
    """Which kind of fault of ours each refusal names, by its reason or by its words; "" for none."""
    found = reason.map(NAMED).fillna("").to_numpy(dtype=object).copy()
    for rule in fix_rules():
        if rule.side == "sender" and rule.proof and rule.patterns:
            mine = reason.isin(set(rule.reasons) & set(NAMED_BY_WORDS)).to_numpy(copy=True)
            mine[mine] = rule.says(diagnostic[mine])
            found[mine] = reason[mine].map(NAMED_BY_WORDS).to_numpy(dtype=object)
    return np.asarray(found, dtype=object)


def recipients_own(reason: pd.Series[str], diagnostic: pd.Series[str]) -> Flags:
    """Which refusals are the recipients' own doing by their words, whatever their reason: a list that somebody keeps
    for himself, a look-up that is broken."""
    found = np.zeros(len(reason), dtype=np.bool_)
    for rule in fix_rules():
        if rule.side == "recipient" and rule.patterns:
            mine = reason.isin(rule.reasons).to_numpy() & ~found
            mine[mine] = rule.says(diagnostic[mine])
            found |= mine
    return found
