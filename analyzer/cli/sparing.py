"""What a run reads: nothing is written over by what it found out, and the standard input has one reader."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from analyzer.errors import AnalyzerError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def refuse_two_dashes(inputs: Iterable[str | Path]) -> None:
    """`AnalyzerError` where more than one input is the standard input, which gives its bytes once."""
    if sum(str(one) == "-" for one in inputs) > 1:
        raise AnalyzerError("the standard input (-) is given more than once; give all but one of them as files")


def spare_inputs(out: str, inputs: Iterable[str | Path]) -> None:
    """`AnalyzerError` where `--out` is one of the files that are read, by whatever name."""
    if out == "-" or not os.path.isfile(out):  # noqa: PTH113 - this stands before every reading of mail
        return
    for one in inputs:
        if os.path.exists(one) and os.path.samefile(out, one):  # noqa: PTH110, PTH121
            raise AnalyzerError(f"--out {out}: is read by this very run; write to another file")
