"""An explanation shown: for a person, a fact a line, and as JSON. `classify --explain` and `rules explain` share it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.classify import Classifier, Explanation
    from analyzer.classify.model import Likely

#: What the model makes of a text that no rule knows: so many of its likeliest reasons are shown.
_LIKELIEST = 3


def explained(explanation: Explanation, classifier: Classifier, *, owner: str = "") -> str:
    """An explanation for a person, a fact a line; without the name of `owner`, an address that is to be masked."""
    from analyzer.knowledge import reasons
    from analyzer.readable import chance, clean
    from analyzer.redaction import masked_text

    def told(text: str) -> str:
        return clean(masked_text(text, (owner,)) if owner else text)

    verdict, rule = explanation.verdict, explanation.rule
    lines = [
        f"{verdict.label}: {verdict.reason} ({verdict.fault} fault) — {reasons()[verdict.reason].says}",
        f"  decided by   {verdict.decided_by}, confidence {chance(verdict.confidence)}",
    ]
    if rule:
        lines += [f"  why          {rule.why}", f"  source       {rule.source or 'not given'}"]
    if verdict.evidence:
        lines.append(f"  words        “{told(verdict.evidence)}”")
    lines.append(f"  text         {told(explanation.deciding_text)}")
    if explanation.masked != explanation.deciding_text:
        lines.append(f"  as matched   {told(explanation.masked)}")
    codes = f"reply {clean(verdict.reply) or '–'}, status {clean(verdict.status) or '–'}"
    if explanation.phase:
        codes += f", phase {explanation.phase}"
    lines.append(f"  codes        {codes}; alone: {explanation.codes_alone or 'nothing'}")
    if explanation.codes_why:
        lines.append(f"               {explanation.codes_why}")
    likely = _likely(explanation)
    if likely:
        lines.append(f"  model        {', '.join(f'{one.reason} {chance(one.chance)}' for one in likely)}")
    later = "may get through" if verdict.transient else "will not get through"
    again = f", again in {verdict.retry_after_s} s" if verdict.retry_after_s is not None else ""
    lines += [f"  provider     {clean(verdict.provider) or 'unknown'}", f"  later        {later}{again}"]
    if verdict.blocklist:
        lines.append(f"  block list   {verdict.blocklist}")
    if explanation.also:
        named = [f"{name} ({reason})" for name, reason in _also(explanation, classifier)]
        lines.append(f"  also matched {', '.join(named)}")
    return "\n".join(lines)


def as_facts(explanation: Explanation, classifier: Classifier) -> dict[str, Any]:
    """The verdict under the names of `VERDICT_COLUMNS`, and beside it the `explanation`."""
    from analyzer.records import VERDICT_COLUMNS

    verdict = {name: getattr(explanation.verdict, name) for name in VERDICT_COLUMNS}
    return {**verdict, "explanation": _explanation(explanation, classifier)}


def _explanation(explanation: Explanation, classifier: Classifier) -> dict[str, Any]:
    """What explaining adds to a verdict: rule, documentation, other rules, codes, model and texts.

    `also_matched` are the other rules whose scope and pattern fit, in their order; `model` is asked, likeliest first,
    where no rule decided.
    """
    rule = explanation.rule
    return {
        "rule": rule.id if rule else "",
        "why": rule.why if rule else explanation.codes_why if explanation.verdict.decided_by == "code" else "",
        "source": rule.source if rule else "",
        "also_matched": [{"rule": name, "reason": reason} for name, reason in _also(explanation, classifier)],
        "codes_alone": explanation.codes_alone,
        "codes_why": explanation.codes_why,
        "model": [{"reason": one.reason, "chance": round(one.chance, 3)} for one in _likely(explanation)],
        "deciding_text": explanation.deciding_text,
        "masked": explanation.masked,
        "phase": explanation.phase,
    }


def _also(explanation: Explanation, classifier: Classifier) -> list[tuple[str, str]]:
    """(id, reason) of each other rule that matched."""
    reason_of = {rule.id: rule.reason for rule in classifier.rules}
    return [(name, reason_of[name]) for name in explanation.also]


def _likely(explanation: Explanation) -> list[Likely]:
    if explanation.rule or not explanation.masked.strip():
        return []
    from analyzer.classify.model import shipped_model

    verdict = explanation.verdict
    return shipped_model().likely(explanation.masked, verdict.status, verdict.reply, top=_LIKELIEST)
