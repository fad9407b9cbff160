"""How the model does on texts that it has not seen: folds that leave whole files or languages out, and the report.

The folds also set its temperature (Guo et al., On Calibration of Modern Neural Networks, 2017) and its threshold.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analyzer import knowledge
from analyzer.classify import ngrams
from analyzer.classify.model import FILE_NAME, ReplyModel
from analyzer.classify.training import Labelled, fit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from analyzer.classify.model import Learned

#: Of the texts that the model answers, at least this share gets the right label.
WANTED = 0.95
_FILE_FOLDS, _LANGUAGE_FOLDS = 8, 6
_BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Held:
    """A text left out, and the score that a model without its group gave each reason."""

    row: Labelled
    group: str
    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """A text left out, judged; `answered` is whether the model would have spoken."""

    row: Labelled
    group: str
    confidence: float
    label_right: bool
    reason_right: bool
    answered: bool


@dataclass(frozen=True, slots=True)
class Folds:
    """Texts of left-out files and of left-out languages, judged with the temperature and threshold they led to."""

    temperature: float
    threshold: float
    files: tuple[Judged, ...]
    languages: tuple[Judged, ...]


def run(rows: Sequence[Labelled]) -> Folds:
    """Leave files out, then languages, calibrate on both together."""
    reasons = tuple(sorted({row.reason for row in rows}))
    files = list(_held_out(rows, reasons, _file_of, _FILE_FOLDS))
    spoken = _languages(rows)
    languages = list(_held_out(rows, reasons, lambda index, row: _foreign(spoken[index]), _LANGUAGE_FOLDS))
    temperature = _temperature([*files, *languages], reasons)
    threshold = max(
        _threshold([_judged(one, reasons, temperature, 0.0) for one in held]) for held in (files, languages)
    )
    judge = partial(_judged, reasons=reasons, temperature=temperature, threshold=threshold)
    return Folds(temperature, threshold, tuple(map(judge, files)), tuple(map(judge, languages)))


def _file_of(_: int, row: Labelled) -> str:
    """The group of a file fold: rule files, and the files of English texts, which differ in who writes so."""
    return row.group if row.language in {"", "en"} else ""


def _foreign(language: str) -> str:
    return "" if language == "en" else language


def _languages(rows: Sequence[Labelled]) -> list[str]:
    """The language of each text: its file's, and for a rule's example the likeliest by its pieces.

    Without that a left-out language would still be in the training, in the examples of the rules.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB

    words = [_words(row) for row in rows]
    told = [index for index, row in enumerate(rows) if row.language]
    counter = CountVectorizer(analyzer="char_wb", ngram_range=(1, 3), lowercase=False)
    teller = MultinomialNB(alpha=0.1).fit(
        counter.fit_transform([words[index] for index in told]), [rows[index].language for index in told]
    )
    guessed = teller.predict(counter.transform(words))
    return [row.language or str(guess) for row, guess in zip(rows, guessed, strict=True)]


def _held_out(
    rows: Sequence[Labelled], reasons: tuple[str, ...], group_of: Callable[[int, Labelled], str], folds: int
) -> Iterator[Held]:
    """Fold by fold, the texts of its groups, scored by a model of all other texts; those in no group always stay in.

    A text whose words also stand in the training is not counted: it would only show that the model remembers.
    """
    groups = [group_of(index, row) for index, row in enumerate(rows)]
    fold_of = _dealt(Counter(group for group in groups if group), folds)
    words = [_words(row) for row in rows]
    for fold in range(folds):
        inside = [bool(group) and fold_of[group] == fold for group in groups]
        training = [row for row, out in zip(rows, inside, strict=True) if not out]
        seen = {said for said, out in zip(words, inside, strict=True) if not out}
        model = ReplyModel(fit(training))
        column = {reason: index for index, reason in enumerate(model.learned.reasons)}
        for index, row in enumerate(rows):
            if inside[index] and words[index] not in seen:
                scores = model.scores(row.masked, row.status, row.reply)
                whole = [scores[column[reason]] if reason in column else -np.inf for reason in reasons]
                yield Held(row, groups[index], np.array(whole))


def _dealt(sizes: Counter[str], folds: int) -> dict[str, int]:
    """Groups over folds, the largest first, each to the fold that has least."""
    load = [0] * folds
    dealt = {}
    for group, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        dealt[group] = load.index(min(load))
        load[dealt[group]] += size
    return dealt


def _words(row: Labelled) -> str:
    return " ".join(ngrams.words_of(row.masked))


def _label_chances(scores: NDArray[np.float64], reasons: tuple[str, ...], temperature: float) -> dict[str, float]:
    chances = _chances(scores, temperature)
    labels: dict[str, float] = defaultdict(float)
    for reason, chance in zip(reasons, chances, strict=True):
        labels[knowledge.reasons()[reason].label] += float(chance)
    return labels


def _chances(scores: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    powers = np.exp((scores - scores.max()) / temperature)
    return np.asarray(powers / powers.sum())


def _temperature(held: Sequence[Held], reasons: tuple[str, ...]) -> float:
    """The one at which the chances of the labels fit best what came true (least log loss)."""

    def loss(temperature: float) -> float:
        true = [
            _label_chances(one.scores, reasons, temperature)[knowledge.reasons()[one.row.reason].label] for one in held
        ]
        return float(-np.log(np.maximum(true, 1e-12)).mean())

    return min((round(0.3 + 0.05 * step, 2) for step in range(55)), key=loss)


def _threshold(judged: Sequence[Judged]) -> float:
    """The lowest confidence from which on the answered texts get the wanted share of right labels."""
    for step in range(50, 100):
        threshold = step / 100
        answered = [one.label_right for one in judged if one.answered and one.confidence >= threshold]
        if answered and sum(answered) / len(answered) >= WANTED:
            return threshold
    return 0.99


def _judged(held: Held, reasons: tuple[str, ...], temperature: float, threshold: float) -> Judged:
    known = knowledge.reasons()
    chances = _chances(held.scores, temperature)
    labels = _label_chances(held.scores, reasons, temperature)
    label = max(sorted(labels), key=labels.__getitem__)
    within = [chance if known[reason].label == label else -1.0 for reason, chance in zip(reasons, chances, strict=True)]
    best = reasons[int(np.argmax(within))]
    truth = held.row.reason
    return Judged(
        held.row,
        held.group,
        labels[label],
        known[truth].label == label,
        truth == best,
        best != "unspecified" and labels[label] >= threshold,
    )


_PAGE = """\
# How sure the classifier is: the model behind the rules, and the rules

Written by `make model`; no figure in it is by hand.

For a text that no rule knows and no code decides, a linear model guesses the reason from pieces of its words. It
answers only where the chance that its *label* is right is high enough, or higher than that of the weak code that would
decide instead. Where a rule on plain words decides, the model is asked as well: what the rule says makes its label and
its reason likelier (`_SAID_LABEL` and `_SAID_REASON` in `analyzer/classify/model.py`), and the likeliest is taken.

- **Learnt from** {texts} texts: {from_rules} examples of the rules (`rules/replies`) and {further} further ones
  (`rules/texts`, `tests/classify/replies_met.txt` and `replies_kept.txt`) in {languages} languages.
- **Sees** the innermost reply with addresses, hosts, links, ids and digits masked: pieces of {shortest} to {longest}
  characters within a word, words, pairs of words, and the reply and status code, each hashed; {features} of them are
  kept. A piece that it never met makes it less sure.
- **Stored** in `rules/{file}`: {size:,} bytes of arrays, a byte a weight; no pickle, and scikit-learn is not needed to
  use it.
- **Calibrated** on the folds below: temperature {temperature:g}; silent below {threshold:.2f}, the lowest threshold at
  which {wanted:.0%} of the answered texts have the right label, on left-out files and on left-out languages alike.

## On texts it has not seen

The model alone: no rules, no tables of codes. A fold leaves whole files out, or whole languages (with the rules'
examples in them); a text whose words also stand in the rest is not counted. Label, reason: share right if the model
had to answer everything. Answered: share at or above the threshold. Label\\*, reason\\*: share right of those.

{overall}

The second line is the nearest to a receiver that nobody has written rules for. Many rule files hold most of what there
is of their subject, so the figures of left-out files are on the dark side. A language that is left out altogether still
shares codes, names and loan words with the rest (SPF, spam, server); elsewhere the model is meant to stay silent.

## Is the model's confidence right?

{reliability}

Expected calibration error: {error:.3f}.

{confidence}
## The model by reason (left-out files)

{by_reason}

## The model by left-out file

{by_file}

## The model by left-out language

{by_language}

## Building it again

`make model` (or `python -m analyzer.classify.build_model`) takes a few minutes and writes `rules/{file}`,
`rules/confidence.toml` and this page.
The same texts, the same versions of NumPy, SciPy and scikit-learn and the same kind of processor give the same bytes.

A changed rule does not make the model wrong, only out of date, so no test asks for a rebuild after every edit:
`python -m analyzer.classify.build_model --check` tells whether the texts have changed since (their digest was
`{digest}`), and a release starts with a rebuild.
"""


def report(folds: Folds, model: Learned, rows: Sequence[Labelled], size: int, confidence: str) -> str:
    """docs/model.md; `confidence` is its part about rules and codes."""
    both = (*folds.files, *folds.languages)
    figures = ("texts", "label", "reason", "answered", "label\\*", "reason\\*")
    overall = [
        _row("rule files and files of English texts", folds.files),
        _row("of these, the rules' examples", [one for one in folds.files if not one.row.language]),
        _row("languages", folds.languages),
    ]
    from_rules = sum(not row.language for row in rows)
    return _PAGE.format(
        texts=len(rows),
        from_rules=from_rules,
        further=len(rows) - from_rules,
        languages=len({row.language for row in rows if row.language}),
        shortest=ngrams.SHORTEST,
        longest=ngrams.LONGEST,
        features=len(model.vocabulary),
        file=FILE_NAME,
        size=size,
        temperature=folds.temperature,
        threshold=folds.threshold,
        wanted=WANTED,
        overall=_table(("left out", *figures), overall),
        reliability=_table(("confidence", "texts", "mean confidence", "label right", "curve"), _reliability(both)),
        error=_calibration_error(both),
        confidence=confidence,
        by_reason=_table(("reason", *figures), _grouped(folds.files, lambda one: one.row.reason)),
        by_file=_table(("file", *figures), _grouped(folds.files, lambda one: one.group)),
        by_language=_table(("language", *figures), _grouped(folds.languages, lambda one: one.group)),
        digest=model.about["digest"],
    )


def _table(head: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    rule = ("---", *("---:" for _ in head[1:]))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *lines))


def _row(name: str, judged: Sequence[Judged]) -> tuple[str, ...]:
    answered = [one for one in judged if one.answered]
    return (
        name,
        str(len(judged)),
        _share(one.label_right for one in judged),
        _share(one.reason_right for one in judged),
        _share(one.answered for one in judged),
        _share(one.label_right for one in answered),
        _share(one.reason_right for one in answered),
    )


def _grouped(judged: Sequence[Judged], key: Callable[[Judged], str]) -> list[tuple[str, ...]]:
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        groups[key(one)].append(one)
    return [_row(f"`{name}`", groups[name]) for name in sorted(groups)]


def _share(values: Iterable[bool]) -> str:
    seen = list(values)
    return f"{sum(seen) / len(seen):.1%}" if seen else "–"


def _bins(judged: Sequence[Judged]) -> Iterator[tuple[float, float, list[Judged]]]:
    for low, high in pairwise(_BINS):
        inside = [one for one in judged if low <= one.confidence < high or (high == 1.0 and one.confidence == 1.0)]
        if inside:
            yield low, high, inside


def _reliability(judged: Sequence[Judged]) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    for low, high, inside in _bins(judged):
        right = sum(one.label_right for one in inside) / len(inside)
        mean = sum(one.confidence for one in inside) / len(inside)
        lines.append(
            (f"{low:.2f} to {high:.2f}", str(len(inside)), f"{mean:.3f}", f"{right:.3f}", "█" * round(20 * right))
        )
    return lines


def _calibration_error(judged: Sequence[Judged]) -> float:
    gaps = 0.0
    for _, _, inside in _bins(judged):
        gaps += abs(sum(one.confidence for one in inside) - sum(one.label_right for one in inside))
    return gaps / len(judged)
