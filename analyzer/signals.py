"""Signals that end a run, held back for a moment."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def held_back() -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP wait until the block is through, for what is short, and wrong when it is half done.

    By handlers and not by a mask, which processes that are started in the block would inherit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # there no signal is taken
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in _ENDING}
    taken = {number: handler for number, handler in before.items() if callable(handler)}
    for number in taken:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in taken.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


@contextmanager
def kept_from_children() -> Iterator[None]:
    """Ctrl-C waits, and processes that are started in the block never get it, to whomever else a terminal sends it.

    Their parent ends them. One that is just starting would have a traceback of the interpreter's own to show.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
