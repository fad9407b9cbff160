"""A signal that comes while the program is still being imported: one line and its exit code, instead of a traceback.

Imported before everything else, and only by the program itself does it take signals: who imports the package keeps
their own. Nothing is open or half written then, so the process may end on the spot.
"""

from __future__ import annotations

# What `signal` gives names to: that takes a tenth of a start, in which nobody would take a signal.
import _signal as signal  # type: ignore[import-not-found] # it stands in no stub
import os
import sys

#: What a process does about each signal when nobody has said otherwise.
_USUAL = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL}


def end_at_once(number: int, _: object = None) -> None:
    """End the process; what stands on its outputs stands."""
    # Written past Python's own stream, in the middle of whose work the signal may have come.
    try:
        os.write(2, b"bounce-analyzer: interrupted\n" if number == signal.SIGINT else b"bounce-analyzer: stopped\n")
    finally:
        os._exit(128 + number)


def is_the_program() -> bool:
    """Whether this process is the command, and not one that imports it, a worker that it started among them."""
    folder, name = os.path.split(sys.argv[0] if sys.argv else "")
    processes = sys.modules.get("multiprocessing.process")
    return (
        name.startswith("bounce-analyzer") or (name == "__main__.py" and os.path.basename(folder) == "analyzer")  # noqa: PTH119 - pathlib takes as long as all the rest
    ) and not (processes and processes.parent_process())


def take_signals() -> None:
    """From now on signals end the process; what is ignored (`nohup`, a script's background) stays so."""
    for number, usual in _USUAL.items():
        if signal.getsignal(number) == usual:
            signal.signal(number, end_at_once)


def take_signals_again() -> None:
    """At the end of the program, when nothing is half done and a signal need not wait for the interpreter's own end."""
    if taken:
        for number in _USUAL:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, end_at_once)


#: Whether this is the program, and its signals are ours.
taken = is_the_program()
if taken:
    take_signals()
