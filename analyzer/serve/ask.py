"""One diagnostic text explained: label, fault and reason, the rule and the words that decided, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from analyzer.report.words import FAULT_NAMES, LABEL_NAMES, chance, clean, short

if TYPE_CHECKING:
    from analyzer.records import Verdict

_FIXES, _STEPS = 2, 4


@dataclass(frozen=True, slots=True)
class Advice:
    """A fix that this reply asks for."""

    title: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """`marked`: the deciding text with the words that decided in <mark>. `others`: rules that fit as well."""

    label: str
    label_name: str
    fault: str
    reason: str
    says: str
    marked: Markup
    decided_by: str
    rule: str
    why: str
    source: str
    later: str
    confidence: str
    provider: str
    blocklist: str
    codes: str
    todo: str
    advice: tuple[Advice, ...]
    others: tuple[str, ...]


def explained(text: str, status: str = "", host: str = "") -> Answer:
    """Why this failed; `status` and `host` are what is known beside the text."""
    from analyzer.classify import explain
    from analyzer.knowledge import reasons

    found = explain(text, status=status, host=host)
    verdict, rule = found.verdict, found.rule
    again = f", again in {verdict.retry_after_s} s" if verdict.retry_after_s is not None else ""
    decided = {"code": "its codes alone", "model": "a model of such texts", "default": "nothing: it does not say why"}
    return Answer(
        label=verdict.label,
        label_name=LABEL_NAMES[verdict.label],
        fault=FAULT_NAMES[verdict.fault],
        reason=verdict.reason,
        says=reasons()[verdict.reason].says,
        marked=marked(found.deciding_text or text, verdict.evidence),
        decided_by="a rule" if rule else decided.get(verdict.decided_by, verdict.decided_by),
        rule=rule.id if rule else "",
        why=rule.why if rule else found.codes_why,
        source=rule.source if rule else "",
        later=f"Yes, it may get through{again}" if verdict.transient else "No, not unchanged",
        confidence=chance(verdict.confidence),
        provider=verdict.provider or "not known",
        blocklist=verdict.blocklist,
        codes=" ".join(part for part in (verdict.reply, verdict.status) if part) or "none",
        todo=next_step(verdict.fault),
        advice=_advice(verdict, text),
        others=found.also[:10],
    )


def marked(text: str, words: str) -> Markup:
    """The text as markup, the words that decided in <mark>; plain where they do not stand in it as they are."""
    shown, wanted = short(text, 4000), clean(words).rstrip("…")
    at = shown.casefold().find(wanted.casefold()) if wanted else -1
    if at < 0 or len(shown) != len(shown.casefold()):
        at = shown.find(wanted) if wanted else -1
    if at < 0:
        return escape(shown)
    end = at + len(wanted)
    return Markup("{}<mark>{}</mark>{}").format(shown[:at], shown[at:end], shown[end:])


def next_step(fault: str) -> str:
    """What is to be done with a lead whose mail failed so."""
    from analyzer.knowledge import data_folder, load_toml

    steps: dict[str, str] = load_toml(data_folder("rules") / "next_steps.toml")["fault"]
    return steps.get(fault, steps["unknown"])


def _advice(verdict: Verdict, text: str) -> tuple[Advice, ...]:
    """The fixes for replies of this reason that this text asks for, else those that take the rest."""
    import pandas as pd

    from analyzer.diagnose.refused.fix_rules import fix_rules

    side = "recipient" if verdict.fault == "recipient" else "sender"
    texts = pd.Series([text])
    fits = [
        rule
        for rule in fix_rules()
        if verdict.reason in rule.reasons and rule.side == side and bool(rule.says(texts)[0])
    ]
    named = [rule for rule in fits if not rule.fallback] or fits
    return tuple(Advice(rule.title, tuple(rule.steps[:_STEPS])) for rule in named[:_FIXES])
