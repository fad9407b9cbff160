"""The model behind the rules: a linear one over pieces of words, for the texts that no rule and no clear code decides.

It reads `rules/model.npz`, arrays of numbers and no code, which `python -m analyzer.classify.build_model` builds;
`docs/model.md` says how well it does. It answers without NumPy, whose import takes as long as a thousand answers.
"""

from __future__ import annotations

import io
import json
import math
import re
import struct
import sys
import zipfile
from array import array
from functools import cache, lru_cache
from operator import mul
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from analyzer import knowledge
from analyzer.classify import ngrams
from analyzer.classify.engine import Guess
from analyzer.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

#: Many numbers of one type, in memory: views of arrays as they are read, NumPy's arrays as they are learnt.
Numbers: TypeAlias = Any

#: Below this many words the model says nothing.
_FEWEST_WORDS = 3
FILE_NAME = "model.npz"
#: The layout of the file; one of another layout is refused.
FORMAT = 1
#: What stands before the numbers of each array in it: NumPy's own format, version 1.0.
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(<u4|<f2|<f4|\|i1|\|u1)', 'fortran_order': False, 'shape': \(([\d, ]+)\), \} *\n",
    re.DOTALL,
)
#: How `array` and `memoryview` name the types of numbers; a half they read as a float.
_TYPES: dict[bytes, Any] = {b"<u4": "I", b"<f4": "f", b"|i1": "b", b"|u1": "B"}
#: What the codes weigh beside the words, whose features have length 1 together.
CODE_WEIGHT = 0.3
#: Evidence reaches as far as words count at least this share of the word that counts most.
_EVIDENCE_SHARE, _EVIDENCE_LENGTH = 0.35, 80
#: What a rule on plain words adds to the odds of the reason and of the label that it gives. On replies in styles that
#: neither had met 7 for the reason is as good or a little better, but overrules plain words ("no such user here").
_SAID_REASON, _SAID_LABEL = 9.0, 50.0
#: Replies are made of few words; what each says is worked out once.
_WORDS_KEPT, _PAIRS_KEPT, _CODES_KEPT = 1 << 14, 1 << 13, 1 << 9


class Likely(NamedTuple):
    """One reason that a text may have, with the chance of the reason and of its label, both calibrated."""

    reason: str
    chance: float
    label_chance: float


class Learned(NamedTuple):
    """What the file holds: `weights` (features x reasons, one byte each, times `scales` per reason) for the features
    whose hashes stand, sorted, in `vocabulary`.

    `rarity` is each feature's inverse document frequency, `unseen` that of a piece that no text of the training had: it
    counts in a text's length and for no reason, so that a text of unknown words leaves the model undecided. The arrays
    are of unsigned 32-bit, float, 8-bit, float and float numbers.
    """

    reasons: tuple[str, ...]
    vocabulary: Numbers
    rarity: Numbers
    weights: Numbers
    scales: Numbers
    bias: Numbers
    unseen: float
    temperature: float
    threshold: float
    about: dict[str, Any]


class ReplyModel:
    """`Learned`, ready to answer. Only caches of single words change while it is used, so threads may share it."""

    def __init__(self, learned: Learned) -> None:
        known = knowledge.reasons()
        self.learned = learned
        self._label_of: list[str] = [known[name].label for name in learned.reasons]
        self._row_of = dict(zip(memoryview(learned.vocabulary).tolist(), range(len(learned.vocabulary)), strict=True))
        self._rarity = memoryview(learned.rarity)
        #: The weights of feature n begin at n times the number of reasons.
        self._weights = memoryview(learned.weights).cast("B").cast("b")
        self._scales, self._bias = memoryview(learned.scales).tolist(), memoryview(learned.bias).tolist()
        self._word = lru_cache(_WORDS_KEPT)(self._of_word)
        self._pair = lru_cache(_PAIRS_KEPT)(self._of_pair)
        self._codes = lru_cache(_CODES_KEPT)(self._of_codes)

    def __call__(
        self, masked: str, status: str, reply: str, provider: str, least: float | None = None, said: str = ""
    ) -> Guess | None:
        """What the text most likely means; None where the chance that the label is right is below the threshold, or not
        above `least`, the chance of what would be said instead, and where it is the reason `said` after all.

        Says nothing where it sees no reason in the words: then a code, however weak, says more.
        """
        words = ngrams.words_of(masked)
        told = [word for word in words if word.translate(ngrams.NO_WORDS) != ""]
        # One or two words of a Latin text are no sentence; scripts without blanks say it in one.
        if not told or (masked.isascii() and (len(told) < _FEWEST_WORDS or _says_one_word(told))):
            return None
        scores = self._scores(words, status, reply)
        if said and self.learned.reasons[scores.index(max(scores))] == said:
            return None
        chances = self._chances(scores)
        if said:
            chances = self._weighed(chances, said)
        of_labels = self._of_labels(chances)
        label = max(of_labels, key=lambda one: of_labels[one])
        confidence = of_labels[label]
        if confidence < self.learned.threshold if least is None else confidence <= least:
            return None
        best = max((at for at, one in enumerate(self._label_of) if one == label), key=chances.__getitem__)
        reason = self.learned.reasons[best]
        if reason in {"unspecified", said}:
            return None
        return Guess(reason, round(confidence, 3), self._evidence(words, best))

    def likely(self, masked: str, status: str = "", reply: str = "", top: int = 3) -> list[Likely]:
        """The `top` likeliest reasons of a masked text, likeliest first, however unsure."""
        chances = self._chances(self.scores(masked, status, reply))
        of_labels = self._of_labels(chances)
        order = sorted(range(len(chances)), key=lambda at: -chances[at])[:top]
        return [Likely(self.learned.reasons[at], chances[at], of_labels[self._label_of[at]]) for at in order]

    def scores(self, masked: str, status: str = "", reply: str = "") -> list[float]:
        """The raw score of each reason, before calibration."""
        return self._scores(ngrams.words_of(masked), status, reply)

    def _scores(self, words: list[str], status: str, reply: str) -> list[float]:
        # Rarities are halves and weights are bytes: sums of their products are exact, in whatever order they are made.
        said = [*map(self._word, words), *map(self._pair, words, words[1:])] or [self._worth(())]
        worths, squares = zip(*said, strict=True)
        length = math.sqrt(sum(squares)) or 1.0
        total = [worth / length for worth in map(sum, zip(*worths, strict=True))]
        told = zip(total, self._codes(status, reply), self._scales, self._bias, strict=True)
        return [(one + CODE_WEIGHT * more) * scale + bias for one, more, scale, bias in told]

    def _of_word(self, word: str) -> tuple[Sequence[float], float]:
        return self._worth(ngrams.of_word(word))

    def _of_pair(self, word: str, behind: str) -> tuple[Sequence[float], float]:
        return self._worth(ngrams.of_pairs((word, behind)))

    def _of_codes(self, status: str, reply: str) -> Sequence[int]:
        """What the codes give each reason, before scales and their weight."""
        rows = self._rows(ngrams.of_codes(status, reply))
        return tuple(map(sum, zip(*map(self._weights_of, rows), strict=True))) if rows else (0,) * len(self._scales)

    def _worth(self, hashes: Sequence[int]) -> tuple[Sequence[float], float]:
        """(what features give each reason, before scales and length; their part in the square of the text's length)."""
        rows = self._rows(hashes)
        rarity = [self._rarity[row] for row in rows]
        square = sum(map(mul, rarity, rarity)) + (len(hashes) - len(rows)) * self.learned.unseen**2
        if not rows:
            return (0.0,) * len(self._scales), square
        columns = zip(*map(self._weights_of, rows), strict=True)
        return tuple(sum(map(mul, rarity, column)) for column in columns), square

    def _rows(self, hashes: Iterable[int]) -> list[int]:
        """The row of each hash that the vocabulary has."""
        return [row for row in map(self._row_of.get, hashes) if row is not None]

    def _weights_of(self, row: int) -> memoryview:
        width = len(self._scales)
        return self._weights[row * width : (row + 1) * width]

    def _chances(self, scores: list[float]) -> list[float]:
        most = max(scores)
        powers = [math.exp((score - most) / self.learned.temperature) for score in scores]
        whole = math.fsum(powers)
        return [power / whole for power in powers]

    def _weighed(self, chances: list[float], said: str) -> list[float]:
        """The chances once a rule has given the reason `said`."""
        label = knowledge.reasons()[said].label
        odds = [
            chance * (_SAID_REASON if reason == said else 1) * (_SAID_LABEL if one == label else 1)
            for chance, reason, one in zip(chances, self.learned.reasons, self._label_of, strict=True)
        ]
        whole = math.fsum(odds)
        return [one / whole for one in odds]

    def _of_labels(self, chances: list[float]) -> dict[str, float]:
        """The chance of each label, in the order of their names."""
        found: dict[str, float] = dict.fromkeys(sorted(set(self._label_of)), 0.0)
        for label, chance in zip(self._label_of, chances, strict=True):
            found[label] += chance
        return found

    def _evidence(self, words: list[str], reason: int) -> str:
        """The run of words that speaks most for the reason; a word that says little may stand inside it."""
        worth = [self._word(word)[0][reason] for word in words]
        if not worth or max(worth) <= 0:
            return ""
        least = _EVIDENCE_SHARE * max(worth)
        start = end = worth.index(max(worth))
        while start > 0 and worth[start - 1] >= least:
            start -= 1
        while end + 1 < len(worth) and worth[end + 1] >= least:
            end += 1
        return " ".join(words[start : end + 1]).translate(ngrams.SHOWN)[:_EVIDENCE_LENGTH]


def _says_one_word(words: list[str]) -> bool:
    """Whether all but lone letters is the same word."""
    return len({word for word in words if len(word) > 1}) < 2


@cache
def shipped_model() -> ReplyModel:
    """The model in `rules/model.npz`, read once per process."""
    return load_model(knowledge.data_folder("rules") / FILE_NAME)


def load_model(path: Path) -> ReplyModel:
    """A model file; `RuleError` for one that is missing, broken, or of other reasons than `rules/reasons.toml`."""
    remedy = "build it again with `python -m analyzer.classify.build_model`"
    try:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as stored:
            arrays = {name.removesuffix(".npy"): _numbers(stored.read(name)) for name in stored.namelist()}
        about = json.loads(arrays.pop("about").tobytes())
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
    except (ValueError, KeyError, TypeError, EOFError, struct.error, zipfile.BadZipFile):
        raise RuleError(str(path), "is no model file", remedy) from None
    if set(learned.reasons) - set(knowledge.reasons()):
        raise RuleError(str(path), "knows reasons that rules/reasons.toml does not", remedy)
    if learned.weights.shape != (len(learned.vocabulary), len(learned.reasons)):
        raise RuleError(str(path), "has arrays that do not fit each other", remedy)
    return ReplyModel(learned)


def _numbers(stored: bytes) -> Numbers:
    """The numbers of one array of the file, as they lie in memory here; `ValueError` for what is none."""
    header = _HEADER.match(stored)
    if header is None:
        raise ValueError
    shape = [int(length) for length in header[2].split(b",") if length.strip()]
    if header[1] == b"<f2":
        return memoryview(array("f", struct.unpack(f"<{shape[0]}e", stored[header.end() :])))
    code = _TYPES[header[1]]
    view = memoryview(stored)[header.end() :]
    if sys.byteorder == "big" and code != "b":
        numbers: array[Any] = array(code, view.tobytes())
        numbers.byteswap()
        view = memoryview(numbers).cast("B")
    return view.cast(code, shape)


def model_bytes(learned: Learned) -> bytes:
    """The file's content: an uncompressed archive of arrays with a fixed date, so equal models are equal bytes."""
    import numpy as np  # who builds a model has it anyway

    about = json.dumps(learned.about, sort_keys=True, ensure_ascii=False).encode()
    arrays: dict[str, NDArray[Any]] = {
        "about": np.frombuffer(about, dtype=np.uint8),
        "vocabulary": np.asarray(learned.vocabulary),
        "rarity": np.asarray(learned.rarity).astype(np.float16),
        "weights": np.asarray(learned.weights),
        "scales": np.asarray(learned.scales),
        "bias": np.asarray(learned.bias),
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
