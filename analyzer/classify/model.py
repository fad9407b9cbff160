"""The model behind the rules: a linear one over pieces of words, for the texts that no rule and no clear code decides.

It reads `rules/model.npz`, arrays of numbers and no code, which `python -m analyzer.classify.training` builds;
`docs/model.md` says how well it does. This module imports NumPy, so it is imported on the first text that needs it.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analyzer import knowledge
from analyzer.classify import ngrams
from analyzer.classify.engine import Guess
from analyzer.errors import RuleError

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "model.npz"
#: The layout of the file; one of another layout is refused.
FORMAT = 1
#: What the codes weigh beside the words, whose features have length 1 together.
CODE_WEIGHT = 0.3
#: Evidence reaches as far as letters count at least this share of the letter that counts most.
_EVIDENCE_SHARE, _EVIDENCE_LENGTH = 0.35, 80


@dataclass(frozen=True, slots=True)
class Likely:
    """One reason that a text may have, with the chance of the reason and of its label, both calibrated."""

    reason: str
    chance: float
    label_chance: float


@dataclass(frozen=True, slots=True, eq=False)
class ReplyModel:
    """`weights` (features x reasons, int8, times `scales` per reason) for the features of sorted hashes `vocabulary`.

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

    def __call__(self, masked: str, status: str, reply: str, provider: str) -> Guess | None:
        """What the text most likely means; None where the chance that the label is right is below the threshold.

        Says nothing where it sees no reason in the words: then a code, however weak, says more.
        """
        normal = ngrams.normalise(masked)
        found = ngrams.pieces(normal)
        scores, rows, worth = self._scores(found, status, reply)
        chances = self._chances(scores)
        labels = chances @ _labels_of(self.reasons)
        label = int(labels.argmax())
        if labels[label] < self.threshold:
            return None
        best = int((chances * _labels_of(self.reasons)[:, label]).argmax())
        if self.reasons[best] == "unspecified":
            return None
        evidence = self._evidence(normal, found, rows, worth, best)
        return Guess(self.reasons[best], round(float(labels[label]), 3), evidence)

    def likely(self, masked: str, status: str = "", reply: str = "", top: int = 3) -> list[Likely]:
        """The `top` likeliest reasons of a masked text, likeliest first, however unsure."""
        scores, _, _ = self._scores(ngrams.pieces(ngrams.normalise(masked)), status, reply)
        chances = self._chances(scores)
        of_label = _labels_of(self.reasons) @ (chances @ _labels_of(self.reasons))
        order = np.argsort(-chances, kind="stable")[:top]
        return [Likely(self.reasons[i], float(chances[i]), float(of_label[i])) for i in order]

    def _scores(
        self, found: ngrams.Pieces, status: str, reply: str
    ) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.float32]]:
        """(score of each reason, row in `weights` of each piece, its weight in the text: 0 where it is unknown)."""
        rows = self._rows(found.hashes)
        known = self.vocabulary[rows] == found.hashes
        worth = np.where(known, self.rarity[rows], np.float32(self.unseen))
        length = float(np.sqrt(worth @ worth)) or 1.0
        worth = np.where(known, worth, np.float32(0)) / np.float32(length)
        scores = (worth @ self.weights[rows].astype(np.float32)) * self.scales + self.bias
        for code in ngrams.code_features(status, reply):
            row = int(np.searchsorted(self.vocabulary, np.uint32(code)))
            if row < len(self.vocabulary) and self.vocabulary[row] == code:
                scores = scores + np.float32(CODE_WEIGHT) * self.weights[row].astype(np.float32) * self.scales
        return scores, rows, worth

    def _rows(self, hashes: NDArray[np.uint32]) -> NDArray[np.intp]:
        rows = np.searchsorted(self.vocabulary, hashes)
        rows[rows == len(self.vocabulary)] = 0
        return rows

    def _chances(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        powers = np.exp((scores.astype(np.float64) - float(scores.max())) / self.temperature)
        return np.asarray(powers / powers.sum())

    def _evidence(
        self, normal: str, found: ngrams.Pieces, rows: NDArray[np.intp], worth: NDArray[np.float32], reason: int
    ) -> str:
        """The words of the normalised text that speak most for the reason."""
        per_letter = worth * self.weights[rows, reason] / (found.ends - found.starts)
        size = len(normal) + 1
        steps = np.bincount(found.starts, per_letter, size) - np.bincount(found.ends, per_letter, size)
        counts = np.cumsum(steps).tolist()
        middle = max(range(len(normal)), key=counts.__getitem__, default=0)
        if not normal.strip() or counts[middle] <= 0:
            return ""
        least = counts[middle] * _EVIDENCE_SHARE
        start = end = middle
        while start > 0 and counts[start - 1] >= least:
            start -= 1
        while end < len(normal) and counts[end] >= least:
            end += 1
        start = normal.rfind(" ", 0, start + 1) + 1
        end = normal.find(" ", max(end - 1, start))
        return normal[start : end if end > 0 else None].translate(ngrams.SHOWN)[:_EVIDENCE_LENGTH]


@cache
def _labels_of(reasons: tuple[str, ...]) -> NDArray[np.float64]:
    """(reasons x labels): 1 where the reason has the label."""
    known = knowledge.reasons()
    labels = sorted({row.label for row in known.values()})
    return np.array([[float(known[reason].label == label) for label in labels] for reason in reasons])


@cache
def shipped_model() -> ReplyModel:
    """The model in `rules/model.npz`, read once per process."""
    return load_model(knowledge.data_folder("rules") / FILE_NAME)


def load_model(path: Path) -> ReplyModel:
    """A model file; `RuleError` for one that is missing, broken, or of other reasons than `rules/reasons.toml`."""
    remedy = "build it again with `python -m analyzer.classify.training`"
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        about = json.loads(arrays.pop("about").tobytes())
        if about["format"] != FORMAT:
            raise RuleError(str(path), f"is a model of format {about['format']}, not {FORMAT}", remedy)
        model = ReplyModel(
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
    if set(model.reasons) - set(knowledge.reasons()):
        raise RuleError(str(path), "knows reasons that rules/reasons.toml does not", remedy)
    if model.weights.shape != (len(model.vocabulary), len(model.reasons)):
        raise RuleError(str(path), "has arrays that do not fit each other", remedy)
    return model


def model_bytes(model: ReplyModel) -> bytes:
    """The file's content: an uncompressed archive of arrays with a fixed date, so equal models are equal bytes."""
    about = json.dumps(model.about, sort_keys=True, ensure_ascii=False).encode()
    arrays: dict[str, NDArray[Any]] = {
        "about": np.frombuffer(about, dtype=np.uint8),
        "vocabulary": model.vocabulary,
        "rarity": model.rarity,
        "weights": model.weights,
        "scales": model.scales,
        "bias": model.bias,
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
