"""How the work that a call takes grows with its input: counted where Python can count, else by CPU time, often enough."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from typing import Any


def calls(run: Callable[[], Any]) -> int:
    """How many functions, Python's and C's, a run calls: the same every time, whatever else the machine does."""
    count = 0

    def count_one(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(count_one)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


def seconds(run: Callable[[], Any], tries: int = 3) -> float:
    """CPU seconds of the fastest of some runs."""
    best = float("inf")
    gc.disable()
    try:
        for _ in range(tries):
            start = time.process_time()
            run()
            best = min(best, time.process_time() - start)
            if best < _TOO_SHORT:
                break
    finally:
        gc.enable()
    return best


#: Below this a run says nothing by its time.
_TOO_SHORT = 0.004
#: Four times the input: linear work takes four times as long, quadratic work sixteen times.
MOST_GROWTH = 8.0


def growth(run: Callable[[int], Callable[[], Any]], size: int) -> float:
    """How many times longer a run over four times the input takes; 1 where both are too short to be told apart.

    A busy machine may slow one of the two: what looks steep is measured again before it is believed.
    """
    steepest = 0.0
    for _ in range(3):
        large = seconds(run(4 * size))
        if large < 5 * _TOO_SHORT:
            return 1.0
        steepest = large / max(seconds(run(size)), _TOO_SHORT / 4)
        if steepest < MOST_GROWTH:
            break
    return steepest
