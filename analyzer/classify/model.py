"""The model behind the rules: a linear one over pieces of words, for the texts that no rule and no clear code decides.

It reads `rules/model.npz`, arrays of numbers and no code, which `python -m analyzer.classify.build_model` builds;
`docs/model.md` says how well it does. This module imports NumPy, so it is imported on the first text that needs it.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer import knowledge
from analyzer.classify import ngrams
from analyzer.classify.engine import Guess
from analyzer.errors import RuleError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: Below this many words the model says nothing.
_FEWEST_WORDS = 3
FILE_NAME = "model.npz"
#: The layout of the file; one of another layout is refused.
FORMAT = 1
#: What the codes weigh beside the words, whose features have length 1 together.
CODE_WEIGHT = 0.3
#: Evidence reaches as far as words count at least this share of the word that counts most.
_EVIDENCE_SHARE, _EVIDENCE_LENGTH = 0.35, 80
#: Replies are made of few words; what each says is worked out once.
_WORDS_KEPT = 1 << 14


@dataclass(frozen=True, slots=True)
class Likely:
    """One reason that a text may have, with the chance of the reason and of its label, both calibrated."""

    reason: str
    chance: float
    label_chance: float


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What the file holds: `weights` (features x reasons, one byte each, times `scales` per reason) for the features
    whose hashes stand, sorted, in `vocabulary`.

    `rarity` is each feature's inverse document frequency, `unseen` that of a piece that no text of the training had: it
    counts in a text's length and for no reason, so that a text of unknown words leaves the model undecided.
    """

    reasons: tuple[str, ...]
    vocabulary: NDArray[np.uint32]
    rarity: NDArray[np.float32]
    weights: NDArray[np.int8]
    scales: NDArray[np.float32]
    bias: NDArray[np.float32]
    unseen: float
    temperature: float
    threshold: float
    about: dict[str, Any]


class ReplyModel:
    """`Learned`, ready to answer. Only caches of single words change while it is used, so threads may share it."""

    def __init__(self, learned: Learned) -> None:
        known = knowledge.reasons()
        labels = sorted({row.label for row in known.values()})
        self.learned = learned
        #: (reasons x labels): 1 where the reason has the label.
        self._labels = np.array([[float(known[name].label == label) for label in labels] for name in learned.reasons])
        self._word = lru_cache(_WORDS_KEPT)(self._of_word)

    def __call__(self, masked: str, status: str, reply: str, provider: str) -> Guess | None:
        """What the text most likely means; None where the chance that the label is right is below the threshold.

        Says nothing where it sees no reason in the words: then a code, however weak, says more.
        """
        words = ngrams.words_of(masked)
        told = [word for word in words if word.translate(ngrams.NO_WORDS) != ""]
        # One or two words of a Latin text are no sentence; scripts without blanks say it in one.
        if not told or (len(told) < _FEWEST_WORDS and masked.isascii()):
            return None
        chances = self._chances(self._scores(words, status, reply))
        of_labels = chances @ self._labels
        label = int(of_labels.argmax())
        confidence = float(of_labels[label])
        if confidence < self.learned.threshold:
            return None
        best = int((chances * self._labels[:, label]).argmax())
        reason = self.learned.reasons[best]
        return None if reason == "unspecified" else Guess(reason, round(confidence, 3), self._evidence(words, best))

    def likely(self, masked: str, status: str = "", reply: str = "", top: int = 3) -> list[Likely]:
        """The `top` likeliest reasons of a masked text, likeliest first, however unsure."""
        chances = self._chances(self.scores(masked, status, reply))
        of_label = self._labels @ (chances @ self._labels)
        order = np.argsort(-chances, kind="stable")[:top]
        return [Likely(self.learned.reasons[i], float(chances[i]), float(of_label[i])) for i in order]

    def scores(self, masked: str, status: str = "", reply: str = "") -> NDArray[np.float64]:
        """The raw score of each reason, before calibration."""
        return self._scores(ngrams.words_of(masked), status, reply)

    def _scores(self, words: list[str], status: str, reply: str) -> NDArray[np.float64]:
        total = np.zeros(len(self.learned.reasons))
        square = 0.0
        for word in words:
            worth, own_square = self._word(word)
            total += worth
            square += own_square
        worth, own_square = self._worth(ngrams.of_pairs(words))
        total = (total + worth) / (math.sqrt(square + own_square) or 1.0)
        codes = ngrams.of_codes(status, reply)
        if len(codes):
            rows, known = lookup(codes, self.learned.vocabulary)
            total += CODE_WEIGHT * self.learned.weights[rows[known]].sum(axis=0)
        return np.asarray(total * self.learned.scales + self.learned.bias)

    def _of_word(self, word: str) -> tuple[NDArray[np.float64], float]:
        return self._worth(ngrams.of_word(word))

    def _worth(self, hashes: NDArray[np.uint32]) -> tuple[NDArray[np.float64], float]:
        """(what features give each reason, before scales and length; their part in the square of the text's length)."""
        learned = self.learned
        rows, known = lookup(hashes, learned.vocabulary)
        rows = rows[known]
        rarity = learned.rarity[rows].astype(np.float64)
        square = float(rarity @ rarity) + (len(hashes) - len(rows)) * learned.unseen**2
        return rarity @ learned.weights[rows], square

    def _chances(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        powers = np.exp((scores - scores.max()) / self.learned.temperature)
        return np.asarray(powers / powers.sum())

    def _evidence(self, words: list[str], reason: int) -> str:
        """The run of words that speaks most for the reason; a word that says little may stand inside it."""
        worth = [float(self._word(word)[0][reason]) for word in words]
        if not worth or max(worth) <= 0:
            return ""
        least = _EVIDENCE_SHARE * max(worth)
        start = end = worth.index(max(worth))
        while start > 0 and worth[start - 1] >= least:
            start -= 1
        while end + 1 < len(worth) and worth[end + 1] >= least:
            end += 1
        return " ".join(words[start : end + 1]).translate(ngrams.SHOWN)[:_EVIDENCE_LENGTH]


def lookup(hashes: NDArray[np.uint32], vocabulary: NDArray[np.uint32]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """(row of each hash in the sorted vocabulary, whether it is there)."""
    rows = vocabulary.searchsorted(hashes)
    rows[rows == len(vocabulary)] = 0
    return rows, vocabulary[rows] == hashes


@cache
def shipped_model() -> ReplyModel:
    """The model in `rules/model.npz`, read once per process."""
    return load_model(knowledge.data_folder("rules") / FILE_NAME)


def load_model(path: Path) -> ReplyModel:
    """A model file; `RuleError` for one that is missing, broken, or of other reasons than `rules/reasons.toml`."""
    remedy = "build it again with `python -m analyzer.classify.build_model`"
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        about = json.loads(arrays.pop("about").tobytes())
        arrays["rarity"] = arrays["rarity"].astype(np.float32)
        if about["format"] != FORMAT:
            raise RuleError(str(path), f"is a model of format {about['format']}, not {FORMAT}", remedy)
        learned = Learned(
            reasons=tuple(about["reasons"]),
            unseen=about["unseen"],
            temperature=about["temperature"],
            threshold=about["threshold"],
            about=about,
            **arrays,
        )
    except OSError as error:
        raise RuleError(str(path), f"cannot be read: {error.strerror}", remedy) from None
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        raise RuleError(str(path), "is no model file", remedy) from None
    if set(learned.reasons) - set(knowledge.reasons()):
        raise RuleError(str(path), "knows reasons that rules/reasons.toml does not", remedy)
    if learned.weights.shape != (len(learned.vocabulary), len(learned.reasons)):
        raise RuleError(str(path), "has arrays that do not fit each other", remedy)
    return ReplyModel(learned)


def model_bytes(learned: Learned) -> bytes:
    """The file's content: an uncompressed archive of arrays with a fixed date, so equal models are equal bytes."""
    about = json.dumps(learned.about, sort_keys=True, ensure_ascii=False).encode()
    arrays: dict[str, NDArray[Any]] = {
        "about": np.frombuffer(about, dtype=np.uint8),
        "vocabulary": learned.vocabulary,
        "rarity": learned.rarity.astype(np.float16),
        "weights": learned.weights,
        "scales": learned.scales,
        "bias": learned.bias,
    }
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            archive.writestr(entry, content.getvalue())
    return whole.getvalue()
