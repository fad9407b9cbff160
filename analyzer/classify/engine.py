"""The classifier: one diagnostic text in, one `Verdict` out.

In this order: rules on the innermost reply, rules on the whole text, the surer of a model (where one is plugged in) and
the codes, "unspecified". Where a rule on plain words fits, a model decides together with it: the rule makes its label
and its reason likelier, and the likeliest is taken.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from analyzer import knowledge
from analyzer.classify import codes, providers, text
from analyzer.classify.blocklists import blocklist_of
from analyzer.classify.confidence import beside_of, confidences, family_of
from analyzer.classify.mojibake import mended
from analyzer.classify.patterns import PatternIndex
from analyzer.classify.rules import Rule
from analyzer.classify.transience import is_transient
from analyzer.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analyzer.classify.patterns import Prefilter

_EVIDENCE_LENGTH = 200
#: Judgements that are kept, and the length in characters from which on a text is kept by its digest.
_KEPT, _LONG = 1 << 13, 1000
#: Statuses of which only the class means anything (RFC 3463 3.1).
_GENERIC = frozenset({"2.0.0", "4.0.0", "5.0.0"})
#: The number of the first shipped file of rules that read what a reply says before its asides: the rules before know
#: the links of receivers and block lists.
_WORDS_FIRST = 24
#: Shipped files of rules on plain words, which decide together with a model: all but those of receivers, and of block
#: lists, authentication, rates, policies, quotas, domains and servers on the way, where it won nothing or lost.
_PLAIN_WORDS = frozenset(map(str, range(21, 91))) - {"24", "32", "40", "44", "54", "58", "88"}
#: Reasons that the sending side finds by itself, before anybody on the receiving side has answered: whoever's words the
#: reply is in, they are those of the server that could not deliver.
_OF_NO_RECEIVER = frozenset({"domain_not_found", "no_mail_server", "network_error", "expired"})
_NAME = re.compile(r"\w\.[a-z]{2}", re.IGNORECASE)
#: Shipped files whose words say less than an aside does.
_SAY_LITTLE = frozenset({"56", "88", "90"})


class Guess(NamedTuple):
    """What a model makes of a text: `confidence` is the chance that the label of its reason is right."""

    reason: str
    confidence: float
    evidence: str = ""


class Model(Protocol):
    """Decides beside the codes; None where it would rather not.

    It is to speak wherever it is surer than `least`, the chance of what would be said without it; None leaves to the
    model when to speak. `said` is the reason that a rule on plain words gives, which makes it likelier; None then
    stands for that reason as well.
    """

    def __call__(
        self, masked: str, status: str, reply: str, provider: str, least: float | None = None, said: str = ""
    ) -> Guess | None: ...


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a verdict came about: by `rule`, where one decided. `also` are the ids of further rules that match in scope,
    in their order; `codes_alone` is the reason that the codes would have given without words, "" for none."""

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
    number: int
    view: _View
    words: str


class _Case:
    """One text, read: `near` is its innermost reply and `wide` the whole, the same where it quotes none."""

    __slots__ = ("at_consumer", "at_host", "near", "phase_asked", "provider", "wide")

    def __init__(self, near: _View, wide: _View, at_host: str, at_consumer: str) -> None:
        self.near, self.wide = near, wide
        #: The providers that the host and the recipient's domain tell, "" for none.
        self.at_host, self.at_consumer = at_host, at_consumer
        #: Who runs the receiving side; see `read_provider`.
        self.provider = at_host
        #: The phase, once somebody asked for it.
        self.phase_asked: str | None = None

    def read_provider(self) -> None:
        """Find the provider: the host tells it, else words only one provider writes, else the recipient's domain."""
        if not self.provider:
            self.provider = providers.of_text(self.near.masked)
            if not self.provider and self.wide is not self.near:
                self.provider = providers.of_text(self.wide.masked)
            self.provider = self.provider or self.at_consumer

    def phase(self) -> str:
        """The SMTP phase that the text names."""
        if self.phase_asked is None:
            self.phase_asked = text.phase_of(self.wide.line)
        return self.phase_asked

    def key(self) -> tuple[str, ...]:
        """All that a judgement depends on, but for the phase and for the words as evidence shows them."""
        near, wide = self.near, self.wide
        if wide is near:
            return (*near[1:], self.at_host, self.at_consumer)
        return (*near[1:], *wide[1:], self.at_host, self.at_consumer)


def _digest(key: tuple[str, ...]) -> bytes:
    """What stands for a key that is too long to be kept; 128 bits, so that nobody finds two keys of one digest."""
    return blake2b(repr(key).encode(), digest_size=16).digest()


class _Judgement(NamedTuple):
    """A verdict for every text of one key. `number` is the pattern that decided, -1 for none; it found its words in the
    innermost reply, or (`on_whole`) in the whole. `phase` is what the text must name as well, None where nobody asked.
    """

    verdict: Verdict
    number: int
    on_whole: bool
    phase: str | None


class Classifier:
    """Rules, codes and an optional model. What changes while it is used are caches alone, so threads may share it."""

    def __init__(self, rules: Sequence[Rule], model: Model | None = None, prefilter: Prefilter | None = None) -> None:
        """`prefilter` is that of the rules' patterns, in their order, where it is known already."""
        self.rules = tuple(rules)
        self.model = model
        self._codes = codes.table()
        self._shares = confidences()
        self._reasons = knowledge.reasons()
        owned = [(rule, pattern) for rule in self.rules for pattern in rule.patterns]
        self._owner = tuple(rule for rule, _ in owned)
        self._index = PatternIndex([pattern for _, pattern in owned], prefilter)
        numbers: dict[str, list[int]] = {"": []}
        for number, rule in enumerate(self._owner):
            for name in rule.providers or ("",):
                numbers.setdefault(name, []).append(number)
        #: The patterns that are looked for in a text without its asides first, and those that come behind asides.
        self._words_first, self._say_little = set[int](), set[int]()
        #: Those that a model may stand before: a receiver's own words mean what it says, a user's own rules as well.
        self._plain_words = set[int]()
        shipped = knowledge.data_folder("rules") / "replies"
        families = {file: _shipped_family(file, shipped) for file in {rule.file for rule in self._owner}}
        for number, rule in enumerate(self._owner):
            family = families[rule.file]
            if family in _PLAIN_WORDS and rule.reason != "unspecified" and not rule.confidence_given:
                self._plain_words.add(number)
            if family and int(family) >= _WORDS_FIRST:
                self._words_first.add(number)
                if family in _SAY_LITTLE:
                    self._say_little.add(number)
        #: Bounces repeat: a text that is another one's but for addresses is judged once.
        self._judged: dict[tuple[str, ...] | bytes, _Judgement] = {}
        #: The patterns of rules for any provider, and for each provider with its own.
        self._for_any = frozenset(numbers.pop(""))
        self._for_provider = {name: self._for_any.union(own) for name, own in numbers.items()}

    def without_model(self) -> Classifier:
        """The same rules before the codes alone."""
        alone = copy(self)
        alone.model, alone._judged = None, {}
        return alone

    def classify(
        self, diagnostic: str, *, status: str = "", reply: str = "", host: str = "", recipient: str = ""
    ) -> Verdict:
        """Why this recipient failed. Everything but the text is optional and may be "" (unknown)."""
        case = _read(diagnostic, status, reply, host, recipient)
        key = case.key() if len(diagnostic) <= _LONG else _digest(case.key())
        known = self._judged.get(key)
        if known is None or (known.phase is not None and known.phase != case.phase()):
            known = self._judge(case)
            if len(self._judged) >= _KEPT:
                self._judged.clear()
            self._judged[key] = known
        if known.number < 0:
            return known.verdict
        verdict = known.verdict
        view = case.wide if known.on_whole else case.near
        return _with_evidence(verdict, self._as_written(known.number, view, verdict.evidence))

    def explain(
        self, diagnostic: str, *, status: str = "", reply: str = "", host: str = "", recipient: str = ""
    ) -> Explanation:
        """The verdict with what led to it."""
        case = _read(diagnostic, status, reply, host, recipient)
        case.read_provider()
        hit = self._decide(case)
        phase = case.phase()
        verdict = self._verdict(case, hit)
        decided = hit if verdict.decided_by != "model" else None
        if hit and decided:
            verdict = _with_evidence(verdict, self._as_written(hit.number, hit.view, hit.words))
        code = self._codes.strong(case.provider, case.near.status) or self._codes.weak(
            case.provider, case.near.status, case.near.reply, phase
        )
        view = hit.view if hit else case.near
        matched = dict.fromkeys(other.rule.id for other in self._hits(view, case))
        return Explanation(
            verdict=verdict,
            rule=decided.rule if decided else None,
            also=tuple(name for name in matched if not decided or name != decided.rule.id),
            codes_alone=code.reason if code else "",
            codes_why=code.why if code else "",
            deciding_text=view.line,
            masked=view.masked,
            phase=phase,
        )

    def _judge(self, case: _Case) -> _Judgement:
        case.read_provider()
        hit = self._decide(case)
        verdict = self._verdict(case, hit)
        if hit is None or verdict.decided_by == "model":
            return _Judgement(verdict, -1, False, case.phase_asked)
        return _Judgement(verdict, hit.number, hit.view is not case.near, case.phase_asked)

    def _as_written(self, number: int, view: _View, evidence: str) -> str:
        """The words that decided as they were written, which say more than masked ones, where they match as well."""
        if view.masked == view.line or (evidence in view.line and not text.is_masked(evidence)):
            return ""
        return (self._index.search(number, view.line.encode()) or "")[:_EVIDENCE_LENGTH]

    def _decide(self, case: _Case) -> _Hit | None:
        """The first rule on the innermost reply, else the first on the whole text."""
        hit = next(self._hits(case.near, case), None)
        if hit is None and case.wide is not case.near:
            hit = next(self._hits(case.wide, case), None)
            if hit and hit.number in self._say_little and self._codes.strong(case.provider, case.near.status):
                # The status of the reply says more than "all recipients were rejected" around it.
                return None
        return hit

    def _hits(self, view: _View, case: _Case) -> Iterator[_Hit]:
        """Every rule that matches in its scope, in order, found one at a time.

        Words that stand only within an aside (a link, a result of SPF that is no failure) come behind those that the
        reply says, but before those that say little.
        """
        data = view.masked.encode()
        said = text.without_asides(view.masked).encode()
        aside: list[_Hit] = []
        for number in self._index.candidates(view.masked, self._for_provider.get(case.provider, self._for_any)):
            rule = self._owner[number]
            if rule.scoped:
                phase = case.phase() if rule.phases else ""
                if not rule.scope_fits(case.provider, view.status, view.reply, phase):
                    continue
            if said != data and number in self._words_first:
                words = self._index.search(number, said)
                if words is None:
                    words = self._index.search(number, data)
                    if words is not None:
                        aside.append(_Hit(rule, number, view, words[:_EVIDENCE_LENGTH]))
                    continue
                if number in self._say_little:
                    yield from aside
                    aside.clear()
            else:
                words = self._index.search(number, data)
            if words is not None:
                yield _Hit(rule, number, view, words[:_EVIDENCE_LENGTH])
        yield from aside

    def _verdict(self, case: _Case, hit: _Hit | None) -> Verdict:
        near = case.near
        deciding = hit.view if hit else near
        blocklist = ""
        own: bool | None = None
        if hit and hit.rule.reason == "unspecified" and self._codes.strong(case.provider, near.status):
            # Words that give no reason leave it to a status that does.
            hit, deciding = None, near
        if hit:
            rule = hit.rule
            reason, decided_by, own = rule.reason, f"rule:{rule.id}", rule.transient
            confidence = rule.confidence if rule.confidence_given else self._confidence(rule, case)
            evidence, blocklist = hit.words, rule.blocklist
            guess = self._surer_than(case, hit)
            if guess:
                if self._reasons[guess.reason].label != self._reasons[reason].label:
                    confidence = guess.confidence
                reason, decided_by, own, evidence, blocklist = guess.reason, "model", None, guess.evidence, ""
        else:
            reason, confidence, decided_by, evidence, own = self._without_rule(case)
        what = self._reasons[reason]
        provider = case.at_host or case.at_consumer if reason in _OF_NO_RECEIVER else case.provider
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
            provider,
            near.status,
            near.reply,
        )

    def _surer_than(self, case: _Case, hit: _Hit) -> Guess | None:
        """The model's guess, with the word of a rule on plain words weighed in, where it is another reason."""
        rule, near = hit.rule, case.near
        if self.model is None or hit.number not in self._plain_words or hit.view is not near:
            return None
        code = self._codes.strong(case.provider, near.status)
        if (code and code.reason == rule.reason) or _NAME.search(hit.words):
            # A status bears the rule out; a name of a list or a host is what the model does not see.
            return None
        said = text.without_tail(text.without_asides(near.masked))
        return self.model(said, near.status, near.reply, case.provider, 0.0, rule.reason)

    def _confidence(self, rule: Rule, case: _Case) -> float:
        """The rule's share of right labels, with what the codes beside the words say to it."""
        near = case.near
        code = self._codes.strong(case.provider, near.status)
        # Without the phase: asked for, it would part the texts that are judged once.
        code = code or self._codes.weak(case.provider, near.status, near.reply, "")
        said = self._reasons[code.reason].label if code else ""
        beside = beside_of(self._reasons[rule.reason].label, said, code.confidence if code else 0.0)
        return self._shares.moved(rule.confidence, beside)

    def _without_rule(self, case: _Case) -> tuple[str, float, str, str, bool | None]:
        """(reason, confidence, decided_by, evidence, transient) of a text that no rule knows."""
        near = case.near
        code = strong = self._codes.strong(case.provider, near.status)
        if code is None:
            code = self._codes.weak(case.provider, near.status, near.reply, case.phase())
        if self.model is not None and near.masked:
            # Words say more than codes, unless the code is the surer of the two.
            least = None if strong or not code else code.confidence
            guess = self.model(text.without_tail(near.masked), near.status, near.reply, case.provider, least)
            # A code that says the same needs no guess.
            surer = strong is None or (guess and guess.reason != strong.reason and guess.confidence > strong.confidence)
            if guess is not None and surer:
                return guess.reason, guess.confidence, "model", guess.evidence, None
        if code is None:
            return "unspecified", 0.5, "default", "", None
        return code.reason, code.confidence, "code", f"{near.reply} {near.status}".strip(), code.transient


def _shipped_family(file: str, shipped: Path) -> str:
    """The two figures that a shipped file's name begins with, by which files are ordered; "" for any other file."""
    family = family_of(file)[:2]
    return family if family.isdigit() and Path(file).parent == shipped else ""


def _read(diagnostic: str, status: str, reply: str, host: str, recipient: str) -> _Case:
    """The text with its innermost reply, both masked, and who runs the receiving side by the names beside it."""
    if not diagnostic.isascii() or "=?" in diagnostic:
        # Undecodable bytes travel as lone surrogates, which are no text to a matcher.
        diagnostic = mended(diagnostic.encode("utf-8", "replace").decode("utf-8"))
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
    return _Case(near, wide, provider, at_consumer)


def _with_evidence(verdict: Verdict, evidence: str) -> Verdict:
    """The verdict with other evidence, where there is some."""
    if not evidence or evidence == verdict.evidence:
        return verdict
    return replace(verdict, evidence=evidence)


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
