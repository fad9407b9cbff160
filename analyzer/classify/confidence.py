"""How sure an answer is: the share of right labels that rules and codes like the one that answered have earned.

`rules/confidence.toml` holds the shares, `calibration` measures them.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from analyzer import knowledge
from analyzer.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "confidence.toml"
#: The first number of a rule file that no longer belongs to the kind: the files go from narrow to broad.
KINDS = (("receiver", 20), ("subject", 68), ("language", 90), ("broad", 100))
#: A user's own rule is written for replies that were seen, as those for one receiver are.
_OWN = "receiver"
#: What the codes beside the words say to a rule's label: the same and are sure, the same, nothing, another.
BESIDE = ("sure", "same", "silent", "other")
#: From this share on a code is sure.
_SURE = 0.9
#: Nobody is ever quite sure.
LEAST, MOST = 0.5, 0.99


class Confidences(NamedTuple):
    """`families` by the name of a rule file without its ending, `kinds` for those that stand in none; `beside` is
    by how much the codes beside the words move the log-odds of a rule's share; `codes` are (as judged in codes.toml,
    share measured), rising in both."""

    kinds: Mapping[str, float]
    families: Mapping[str, float]
    beside: Mapping[str, float]
    codes: tuple[tuple[float, float], ...]

    def of_rule(self, family: str) -> float:
        """The share for a rule of this file."""
        share = self.families.get(family)
        return self.kinds[_OWN] if share is None else share

    def moved(self, share: float, beside: str) -> float:
        """A rule's share with what the codes beside the words say to its label (one of `BESIDE`)."""
        return bounded(1 / (1 + math.exp(-log_odds(share) - self.beside[beside])))

    def of_code(self, judged: float) -> float:
        """The share for a code, between the two nearest that were measured."""
        at = bisect_left(self.codes, (judged, 0.0))
        if at == len(self.codes):
            return self.codes[-1][1]
        if at == 0 or self.codes[at][0] == judged:
            return self.codes[at][1]
        (low, below), (high, above) = self.codes[at - 1], self.codes[at]
        return round(below + (above - below) * (judged - low) / (high - low), 3)


@cache
def confidences() -> Confidences:
    """The shipped shares; `RuleError` for a file that holds none."""
    path = knowledge.data_folder("rules") / FILE_NAME
    table = knowledge.load_toml(path)
    try:
        return Confidences(
            {name: float(share) for name, share in table["kinds"].items()},
            {name: float(share) for name, share in table["families"].items()},
            {name: float(table["beside"][name]) for name in BESIDE},
            tuple((float(judged), float(share)) for judged, share in table["codes"]["shares"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RuleError(
            str(path), "lacks kinds, families, beside or shares of codes", "build it again with `make model`"
        ) from None


def family_of(file: str) -> str:
    """The family of the rules of a file: its name without folder and ending."""
    return PurePath(file).stem


def kind_of(family: str) -> str:
    """What sort of rules a file of this name holds, told by its number."""
    number = int(family[:2]) if family[:2].isdigit() else 0
    return next(name for name, end in KINDS if number < end)


def beside_of(label: str, code_label: str, code_confidence: float) -> str:
    """What a code says to a rule's label; `code_label` is "" where there is no code or it says nothing."""
    if code_label in {"", "unknown"}:
        return "silent"
    if code_label != label:
        return "other"
    return "sure" if code_confidence >= _SURE else "same"


def log_odds(share: float) -> float:
    """ln(p / (1 - p)), of a share kept off its ends."""
    kept = min(max(share, 0.001), 0.999)
    return math.log(kept / (1 - kept))


def bounded(share: float) -> float:
    """The share between the least and the most that is ever reported."""
    return round(min(max(share, LEAST), MOST), 3)
