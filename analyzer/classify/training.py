"""How the model behind the rules is learnt: `build_model` runs this and writes what comes of it.

It learns from the examples of all rules (`rules/replies`), from the further texts of `rules/texts` and from the replies
that mended rules or are to stay right (`MET` and `KEPT`, in a checkout): logistic regression over hashed pieces of
words (scikit-learn), its weights then rounded to one byte each.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analyzer import knowledge
from analyzer.classify import ngrams
from analyzer.classify.calibration import replies_in
from analyzer.classify.engine import Classifier
from analyzer.classify.model import CODE_WEIGHT, FORMAT, Learned
from analyzer.classify.rules import Example, load_rules
from analyzer.errors import RuleError

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator, Sequence

    from scipy.sparse import csr_array

#: Inverse strength of the L2 penalty; 10 to 100 do equally well on the folds.
_C = 30.0
_ITERATIONS = 300
#: The file stays below 1.5 MB: of more pieces, those with the smallest weights go.
_MOST_FEATURES = 30_000
_FEWEST_TEXTS = 2
#: Sentences that stand in notices round a reason, and every how many-eth text is learnt from inside one of them too.
_CHATTER, _WRAPPED_EVERY = "texts/en-chatter.toml", 3


#: Labelled replies that mended rules, which hold them as no example, beside the folder of rules; and those that rules
#: have right and are to keep right.
MET, KEPT = Path("tests/classify/replies_met.txt"), Path("tests/classify/replies_kept.txt")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text as the model sees it, and why it failed. `group` is its file, `language` "" where the file says none."""

    masked: str
    status: str
    reply: str
    reason: str
    group: str
    language: str = ""


def labelled_texts(folder: Path) -> list[Labelled]:
    """Every example of the rules, every further text under `folder` (`rules/`) and every reply of `MET` and `KEPT`, in
    file order, each once.

    Raises `RuleError` for a file of texts that names an unknown reason or holds something that is no text.
    """
    reader = Classifier(())
    found: dict[tuple[str, str, str, str], Labelled] = {}
    for example, reason, group, language in _examples(folder):
        read = reader.explain(
            example.text, status=example.status, reply=example.reply, host=example.host, recipient=example.recipient
        )
        one = Labelled(read.masked, read.verdict.status, read.verdict.reply, reason, group, language)
        found.setdefault((" ".join(ngrams.words_of(one.masked)), one.status, one.reply, reason), one)
    return list(found.values())


def further_texts(folder: Path) -> Iterator[tuple[Example, str]]:
    """(text, reason) of every text under `folder` (`rules/`) that is no rule's example; raises as `labelled_texts`."""
    for example, reason, _ in _in_files(folder):
        yield example, reason


def _examples(folder: Path) -> Iterator[tuple[Example, str, str, str]]:
    for rule in load_rules([folder / "replies"]):
        for example in rule.examples:
            yield example, rule.reason, Path(rule.file).name, ""
    for example, reason, path in _in_files(folder):
        yield example, reason, f"texts/{path.name}", path.stem.partition("-")[0]
    for file in (MET, KEPT):
        for reply in replies_in(folder.parent / file):
            yield reply.example, reply.reasons[0], str(file), reply.language


def _in_files(folder: Path) -> Iterator[tuple[Example, str, Path]]:
    for path in sorted((folder / "texts").glob("*.toml")):
        for reason, values in knowledge.load_toml(path).items():
            if reason not in knowledge.reasons():
                raise RuleError(str(path), f"names an unknown reason {reason!r}", "take one of rules/reasons.toml")
            if not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
                raise RuleError(f"{path}: {reason}", "holds something that is no text", "give a list of strings")
            for value in values:
                yield Example(value), reason, path


def digest_of(rows: Sequence[Labelled]) -> str:
    """The same training texts, the same digest."""
    digest = hashlib.blake2b(digest_size=8)
    for row in rows:
        digest.update("\x1f".join((row.masked, row.status, row.reply, row.reason)).encode("utf-8", "replace") + b"\x1e")
    return digest.hexdigest()


def fit(rows: Sequence[Labelled]) -> Learned:
    """A model of these texts, not yet calibrated: temperature 1, never abstaining."""
    from sklearn.linear_model import LogisticRegression

    found = _features(rows)
    codes = [_as_numbers(ngrams.of_codes(row.status, row.reply)) for row in rows]
    distinct, counts = np.unique(np.concatenate([np.unique(hashes) for hashes in (*found, *codes)]), return_counts=True)
    vocabulary, counts = distinct[counts >= _FEWEST_TEXTS], counts[counts >= _FEWEST_TEXTS]
    rarity = (np.log((1 + len(rows)) / (1 + counts)) + 1).astype(np.float16).astype(np.float32)
    unseen = round(float(np.log((1 + len(rows)) / 2) + 1), 4)
    reasons = [row.reason for row in rows]
    weights = [0.5 if len(hashes) else 1.0 for hashes in codes]
    # Every text with codes is learnt from twice, once without them: a log often keeps only the words.
    bare = [index for index, hashes in enumerate(codes) if len(hashes)]
    # And some with the words of a notice round them, so that such words come to say nothing.
    chatter = [index for index, row in enumerate(rows) if row.group == _CHATTER]
    wrapped = list(range(0, len(rows), _WRAPPED_EVERY)) if chatter else []
    around = [found[chatter[index % len(chatter)]] for index in range(len(wrapped))]
    matrix = _matrix(
        [
            *found,
            *(found[index] for index in bare),
            *(np.concatenate((outer, found[index])) for outer, index in zip(around, wrapped, strict=True)),
        ],
        [*codes, *(codes[index][:0] for index in (*bare, *wrapped))],
        vocabulary,
        rarity,
        unseen,
    )
    reasons += [reasons[index] for index in (*bare, *wrapped)]
    weights += [0.5] * (len(bare) + len(wrapped))
    learner = LogisticRegression(C=_C, max_iter=_ITERATIONS, tol=1e-3)
    learner.fit(matrix.astype(np.float32), reasons, sample_weight=np.array(weights))
    return _rounded(learner.coef_.T, learner.intercept_, tuple(map(str, learner.classes_)), vocabulary, rarity, unseen)


def _features(rows: Sequence[Labelled]) -> list[NDArray[np.uint32]]:
    of_word = cache(lambda word: _as_numbers(ngrams.of_word(word)))
    found = []
    for row in rows:
        words = ngrams.words_of(row.masked)
        found.append(np.concatenate([*map(of_word, words), _as_numbers(ngrams.of_pairs(words))]))
    return found


def _as_numbers(hashes: array[int]) -> NDArray[np.uint32]:
    return np.frombuffer(hashes, dtype=np.uint32) if hashes else np.empty(0, dtype=np.uint32)


def _lookup(hashes: NDArray[np.uint32], vocabulary: NDArray[np.uint32]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """(row of each hash in the sorted vocabulary, whether it is there)."""
    rows = vocabulary.searchsorted(hashes)
    rows[rows == len(vocabulary)] = 0
    return rows, vocabulary[rows] == hashes


def _matrix(
    found: Sequence[NDArray[np.uint32]],
    codes: Sequence[NDArray[np.uint32]],
    vocabulary: NDArray[np.uint32],
    rarity: NDArray[np.float32],
    unseen: float,
) -> csr_array:
    """(texts x features): what `ReplyModel` computes for one text at a time, here for all at once."""
    from scipy.sparse import csr_array

    columns: list[NDArray[np.intp]] = []
    values: list[NDArray[np.float64]] = []
    ends = [0]
    for hashes, code_hashes in zip(found, codes, strict=True):
        rows, known = _lookup(hashes, vocabulary)
        worth = np.where(known, rarity[rows], unseen).astype(np.float64)
        length = float(np.sqrt(worth @ worth)) or 1.0
        code_rows, code_known = _lookup(code_hashes, vocabulary)
        columns += [rows[known], code_rows[code_known]]
        values += [worth[known] / length, np.full(int(code_known.sum()), CODE_WEIGHT)]
        ends.append(ends[-1] + int(known.sum()) + int(code_known.sum()))
    matrix = csr_array((np.concatenate(values), np.concatenate(columns), np.array(ends)), (len(found), len(vocabulary)))
    matrix.sum_duplicates()
    return matrix


def _rounded(
    weights: NDArray[np.float64],
    bias: NDArray[np.float64],
    reasons: tuple[str, ...],
    vocabulary: NDArray[np.uint32],
    rarity: NDArray[np.float32],
    unseen: float,
) -> Learned:
    """The features that weigh most, each weight as a byte times one scale per reason."""
    strength = np.abs(weights).max(axis=1) * rarity
    keep = np.sort(np.argsort(-strength, kind="stable")[:_MOST_FEATURES])
    # A score is the same for all reasons up to a constant; without it the bytes go further.
    weights = weights[keep] - weights[keep].mean(axis=1, keepdims=True)
    scales = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
    return Learned(
        reasons=reasons,
        vocabulary=vocabulary[keep],
        rarity=rarity[keep],
        weights=np.rint(weights / scales).astype(np.int8),
        scales=scales.astype(np.float32),
        bias=np.round(bias - bias.mean(), 4).astype(np.float32),
        unseen=unseen,
        temperature=1.0,
        threshold=0.0,
        about={},
    )


def calibrated(model: Learned, rows: Sequence[Labelled], temperature: float, threshold: float) -> Learned:
    """The model with what the folds taught about its confidence, and with what it was built from."""
    about = {
        "format": FORMAT,
        "reasons": list(model.reasons),
        "unseen": model.unseen,
        "temperature": temperature,
        "threshold": threshold,
        "texts": len(rows),
        "digest": digest_of(rows),
    }
    return model._replace(temperature=temperature, threshold=threshold, about=about)
