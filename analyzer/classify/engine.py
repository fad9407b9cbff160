"""The classifier: one diagnostic text in, one `Verdict` out.

In this order: rules on the innermost reply, rules on the whole text, the surer of a model (where one is plugged in) and
a code that means one thing, codes that mean little, "unspecified".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from analyzer import knowledge
from analyzer.classify import codes, providers, text
from analyzer.classify.blocklists import blocklist_of
from analyzer.classify.patterns import PatternIndex
from analyzer.classify.transience import is_transient
from analyzer.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analyzer.classify.patterns import Requirements
    from analyzer.classify.rules import Rule

_EVIDENCE_LENGTH = 200
#: Statuses of which only the class means anything (RFC 3463 3.1).
_GENERIC = frozenset({"2.0.0", "4.0.0", "5.0.0"})


class Guess(NamedTuple):
    """What a model makes of a text."""

    reason: str
    confidence: float
    evidence: str = ""


class Model(Protocol):
    """Decides between the strong and the weak codes; None where it would rather not."""

    def __call__(self, masked: str, status: str, reply: str, provider: str) -> Guess | None: ...


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a verdict came about. `also` are the ids of further rules that match in scope, in their order; `codes_alone`
    is the reason that the codes would have given without words, "" for none."""

    verdict: Verdict
    rule: Rule | None
    also: tuple[str, ...]
    codes_alone: str
    codes_why: str
    deciding_text: str
    masked: str
    phase: str


class _View(NamedTuple):
    """A part of a text as the rules see it: masked, with the codes that hold for it."""

    line: str
    masked: str
    status: str
    reply: str


class _Hit(NamedTuple):
    rule: Rule
    view: _View
    words: str


class _Case(NamedTuple):
    """One text, read: `near` is its innermost reply and `wide` the whole, the same where it quotes none."""

    near: _View
    wide: _View
    whole: str
    provider: str


class Classifier:
    """Rules, codes and an optional model. Nothing in it changes while it is used, so threads may share it."""

    def __init__(
        self, rules: Sequence[Rule], model: Model | None = None, requirements: Sequence[Requirements] | None = None
    ) -> None:
        """`requirements`: what the rules' patterns require, in their order, where that is known already."""
        self.rules = tuple(rules)
        self.model = model
        self._codes = codes.table()
        self._reasons = knowledge.reasons()
        owned = [(rule, pattern) for rule in self.rules for pattern in rule.patterns]
        self._owner = tuple(rule for rule, _ in owned)
        self._index = PatternIndex([pattern for _, pattern in owned], requirements)
        numbers: dict[str, list[int]] = {"": []}
        for number, rule in enumerate(self._owner):
            for name in rule.providers or ("",):
                numbers.setdefault(name, []).append(number)
        #: The patterns of rules for any provider, and for each provider with its own.
        self._for_any = self._index.choice(numbers.pop(""))
        self._for_provider = {name: self._for_any | self._index.choice(own) for name, own in numbers.items()}

    def classify(
        self, diagnostic: str, *, status: str = "", reply: str = "", host: str = "", recipient: str = ""
    ) -> Verdict:
        """Why this recipient failed. Everything but the text is optional and may be "" (unknown)."""
        case = _read(diagnostic, status, reply, host, recipient)
        hit = self._decide(case)
        return self._verdict(case, hit)

    def explain(
        self, diagnostic: str, *, status: str = "", reply: str = "", host: str = "", recipient: str = ""
    ) -> Explanation:
        """The verdict with what led to it."""
        case = _read(diagnostic, status, reply, host, recipient)
        hit = self._decide(case)
        phase = text.phase_of(case.whole)
        code = self._codes.strong(case.provider, case.near.status) or self._codes.weak(
            case.provider, case.near.status, case.near.reply, phase
        )
        view = hit.view if hit else case.near
        matched = dict.fromkeys(other.rule.id for other in self._hits(view, case))
        return Explanation(
            verdict=self._verdict(case, hit),
            rule=hit.rule if hit else None,
            also=tuple(name for name in matched if not hit or name != hit.rule.id),
            codes_alone=code.reason if code else "",
            codes_why=code.why if code else "",
            deciding_text=view.line,
            masked=view.masked,
            phase=phase,
        )

    def _decide(self, case: _Case) -> _Hit | None:
        """The first rule on the innermost reply, else the first on the whole text."""
        hit = next(self._hits(case.near, case), None)
        if hit is None and case.wide is not case.near:
            hit = next(self._hits(case.wide, case), None)
        return hit

    def _hits(self, view: _View, case: _Case) -> Iterator[_Hit]:
        """Every rule that matches in its scope, in order, found one at a time."""
        phase: str | None = None
        data = view.masked.encode()
        for number in self._index.candidates(view.masked, self._for_provider.get(case.provider, self._for_any)):
            rule = self._owner[number]
            if rule.scoped:
                if rule.phases and phase is None:
                    phase = text.phase_of(case.whole)
                if not rule.scope_fits(case.provider, view.status, view.reply, phase or ""):
                    continue
            words = self._index.search(number, data)
            if words is not None:
                # The words as they were written say more than masked ones, where they match as well.
                shown = self._index.search(number, view.line.encode()) if view.masked != view.line else None
                yield _Hit(rule, view, (shown or words)[:_EVIDENCE_LENGTH])

    def _verdict(self, case: _Case, hit: _Hit | None) -> Verdict:
        near = case.near
        deciding = hit.view if hit else near
        blocklist = ""
        own: bool | None = None
        if hit:
            rule = hit.rule
            reason, confidence, decided_by, own = rule.reason, rule.confidence, f"rule:{rule.id}", rule.transient
            evidence, blocklist = hit.words, rule.blocklist
        else:
            reason, confidence, decided_by, evidence, own = self._without_rule(case)
        what = self._reasons[reason]
        transient = is_transient(reason, own, near.status, near.reply, deciding.masked)
        return Verdict(
            what.label,
            what.fault,
            reason,
            transient,
            confidence,
            decided_by,
            evidence,
            blocklist or blocklist_of(case.wide.masked, reason),
            text.retry_after(deciding.masked) if transient else None,
            case.provider,
            near.status,
            near.reply,
        )

    def _without_rule(self, case: _Case) -> tuple[str, float, str, str, bool | None]:
        """(reason, confidence, decided_by, evidence, transient) of a text that no rule knows."""
        near = case.near
        code = self._codes.strong(case.provider, near.status)
        if self.model is not None and near.masked:
            # Words say more than codes, unless the code is the surer of the two.
            guess = self.model(near.masked, near.status, near.reply, case.provider)
            if guess is not None and (code is None or guess.confidence > code.confidence):
                return guess.reason, guess.confidence, "model", guess.evidence, None
        if code is None:
            code = self._codes.weak(case.provider, near.status, near.reply, text.phase_of(case.whole))
        if code is None:
            return "unspecified", 0.5, "default", "", None
        return code.reason, code.confidence, "code", f"{near.reply} {near.status}".strip(), code.transient


def _read(diagnostic: str, status: str, reply: str, host: str, recipient: str) -> _Case:
    """The text with its innermost reply, both masked, and who runs the receiving side."""
    if not diagnostic.isascii():
        # Undecodable bytes travel as lone surrogates, which are no text to a matcher.
        diagnostic = diagnostic.encode("utf-8", "replace").decode("utf-8")
    read = text.read(diagnostic)
    whole, inner = read.whole, read.inner
    domain = recipient.rpartition("@")[2].strip(" >.").lower() if recipient else ""
    if host:
        host = providers.clean_host(host)
    elif inner:
        host = text.host_in(read.wrapper)
    provider = providers.of_host(host) if host else ""
    at_consumer = providers.of_domain(domain) if domain else ""
    # Only names that could be anyone's are hidden: a rule may well know the names of providers, and "mx" is a word.
    hidden_domain = "" if at_consumer or "." not in domain else domain
    hidden_host = "" if provider or "." not in host else host

    wide = _view(whole, hidden_domain, hidden_host, *_own_codes(whole, status, reply))
    near = _view(inner, hidden_domain, hidden_host, *_quoted_codes(inner, whole, status, reply)) if inner else wide
    if not provider:
        provider = providers.of_text(near.masked)
        if not provider and inner:
            provider = providers.of_text(wide.masked)
        provider = provider or at_consumer
    return _Case(near, wide, whole.line, provider)


def _view(part: text.Part, domain: str, host: str, status: str, reply: str) -> _View:
    return _View(part.line, text.mask(part.line, domain, host), status, reply)


def _own_codes(part: text.Part, status: str, reply: str) -> tuple[str, str]:
    """(status, reply) of a whole text: those that it opens with, then those that came beside it."""
    if part.status and (part.leads or not status or status in _GENERIC):
        return part.status, part.reply or reply
    return status or part.status, part.reply or reply


def _quoted_codes(inner: text.Part, whole: text.Part, status: str, reply: str) -> tuple[str, str]:
    """(status, reply) of a quoted reply; the wrapper's status stands in where it is specific and of the same class."""
    if inner.status and (inner.leads or not status or status in _GENERIC):
        return inner.status, inner.reply or reply
    for candidate in (status, whole.status, inner.status):
        if candidate and candidate not in _GENERIC and candidate[0] == inner.reply[:1]:
            return candidate, inner.reply
    return "", inner.reply or reply
