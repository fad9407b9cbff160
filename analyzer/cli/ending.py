"""How every run ends: one line on stderr for what a person can put right, and the exit code.

0 done, 1 something needs attention, 2 wrong usage, unreadable input or an output that cannot be written; 128 and the
number of the signal where it was told to stop, as shells have it; 70 (EX_SOFTWARE, sysexits.h) for a fault of our own.
"""

from __future__ import annotations

import _thread
import atexit
import errno
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from analyzer.cli import early
from analyzer.errors import AnalyzerError
from analyzer.readable import clean, clean_lines

if TYPE_CHECKING:
    from types import FrameType

_INTERRUPTED = 128 + signal.SIGINT
_STOPPED = (_INTERRUPTED, 128 + signal.SIGTERM, 128 + signal.SIGHUP)
_FAULT = 70
#: Until the hook that was told of a dropped signal has ended.
_SOON_S = 0.02
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StoppedError(SystemExit):
    """SIGTERM or SIGHUP came. A SystemExit, which event loops and workers let pass as they let Ctrl-C."""


def run(command: Callable[[], object], *, redact: bool) -> NoReturn:
    """Do `command`, and leave with its exit code; with `redact` no line about an error names an address."""
    code, told = 0, ""
    try:
        _take_signals()
        _open_closed()
        for stream in (sys.stdout, sys.stderr):
            # A name that this terminal cannot show is no reason to end.
            with suppress(AttributeError, ValueError):
                stream.reconfigure(errors="replace")  # type: ignore[union-attr]
        found = command()
        sys.stdout.flush()
        code = found if isinstance(found, int) else 0
    except BaseException as error:  # noqa: BLE001 - whatever ends a run ends it here
        code, told = _ended(error)
    early.take_signals_again()
    if code == _INTERRUPTED and not told:  # typer takes Ctrl-C for an exit of its own
        told = "interrupted"
    if told:
        from analyzer.redaction import masked_text, without_secrets

        told = without_secrets(told)
        with suppress(OSError):
            print(f"bounce-analyzer: {clean(masked_text(told) if redact else told)}", file=sys.stderr, flush=True)
    _flush()
    # The process gives all its memory back anyway: nobody needs to look for circles in it first. But DuckDB complains
    # on stderr of every object of its own that is left at the end.
    if "duckdb" not in sys.modules:
        gc.freeze()
    if code in _STOPPED and _still_reading():
        # The interpreter would wait for them. What they keep for a while, such as an unpacked table, goes with them.
        atexit._run_exitfuncs()
        os._exit(code)
    sys.exit(code)


def _open_closed() -> None:
    """A stream that the caller closed (`<&-`, `>&-`) is none at all to Python: read nothing, write nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - as long as the process


def _still_reading() -> bool:
    """Whether threads are at work that nothing can stop."""
    import threading

    return any(not one.daemon and one is not threading.main_thread() for one in threading.enumerate())


def _ended(error: Any) -> tuple[int, str]:
    """The exit code, and what to say."""
    if isinstance(error, KeyboardInterrupt) or _is_typers(error, "Abort") or _was_interrupted(error):
        _end_quietly()
        return _INTERRUPTED, "interrupted"
    if _asked:  # whatever a library made of it
        _end_quietly()
        return 128 + _asked[0], "stopped"
    if isinstance(error, SystemExit) and isinstance(error.__context__, BrokenPipeError):
        return 0, ""  # typer makes an exit of its own of it
    if isinstance(error, SystemExit):
        return (error.code, "") if isinstance(error.code, int) else (2, str(error.code)) if error.code else (0, "")
    if isinstance(error, AnalyzerError):
        return 2, str(error)
    if isinstance(error, BrokenPipeError):
        return 0, ""  # the reader of our output has gone, `| head` for one: nothing is wrong
    if _is_typers(error, "TyperException"):
        if type(error).__name__ == "NoArgsIsHelpError":
            return _help(error)
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "bounce-analyzer"
        # Without what Pydantic and typer put in front of what is wrong.
        says = error.format_message().replace("Value error, ", "").removeprefix("Invalid value: ").rstrip(".")
        return 2, f"{says}{' See' if says.endswith('?') else '; see'} '{command} --help'"
    if isinstance(error, OSError):
        return 2, _of_system(error)
    if isinstance(error, MemoryError):
        return 2, "this needs more memory than there is; give the input in smaller parts"
    _show_trace(error)
    kind = type(error).__name__
    return _FAULT, f"failed by a fault of its own ({kind}); --log-level debug before the command shows where"


def _is_typers(error: Any, name: str) -> bool:
    """Whether the error is one of typer's, which plain command lines never load."""
    typer = sys.modules.get("typer")
    return typer is not None and isinstance(error, getattr(typer, name))


def _help(error: Any) -> tuple[int, str]:
    """A command group without a command: its help, which the exception carries as its message."""
    with suppress(OSError):
        print(error.format_message(), file=sys.stderr)
    return 2, ""


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: libraries in C make errors of their own of it."""
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "InterruptException":
            return True
        # What DuckDB makes of it depends on what it was at.
        if str(error) == "Query interrupted" or (
            "duckdb" in type(error).__module__ and "KeyboardInterrupt" in str(error)
        ):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


def _of_system(error: OSError) -> str:
    says = (error.strerror or str(error)).lower()
    where = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else ""
    remedy = "; free some space or write elsewhere" if error.errno in _NO_SPACE else ""
    return f"{where or 'the output' if error.errno in _NO_SPACE else where or 'the system'}: {says}{remedy}"


def _show_trace(error: BaseException) -> None:
    """Where it failed, for whoever asked to see everything: no address and no secret in it."""
    import logging
    import traceback

    if logging.getLogger("analyzer").isEnabledFor(logging.DEBUG):
        from analyzer.redaction import masked_text, without_secrets

        lines = "".join(traceback.format_exception(error))
        with suppress(OSError):
            print(masked_text(without_secrets(clean_lines(lines))), file=sys.stderr)


def _flush() -> None:
    """Nothing may fail any more when the interpreter flushes at its end."""
    for stream, number in ((sys.stdout, 1), (sys.stderr, 2)):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def _take_signals() -> None:
    """SIGTERM and SIGHUP end a run as Ctrl-C does: what is half written is removed."""
    with suppress(ValueError):  # not the main thread, in which alone signals are taken
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) in (signal.SIG_DFL, early.end_at_once):  # nohup ignores SIGHUP, and so do we
                signal.signal(number, _stop)
        if signal.getsignal(signal.SIGINT) is early.end_at_once:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.unraisablehook = _not_lost


#: The signals that came.
_asked: list[int] = []


def _stop(number: int, _: FrameType | None) -> None:
    _asked.append(number)
    raise StoppedError(128 + number)


def _end_quietly() -> None:
    """What is torn down in the middle has much to say, and none of it is news."""
    import warnings

    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda _: None


_tell_unraisable = sys.unraisablehook


def _not_lost(found: sys.UnraisableHookArgs) -> None:
    """A signal that came while something was cleaned up, where Python drops it, comes again."""
    if found.exc_type is KeyboardInterrupt:
        _send_again(signal.SIGINT)
    elif found.exc_type is StoppedError and found.exc_value is not None:
        _send_again(int(getattr(found.exc_value, "code", 0)) - 128)
    elif not isinstance(found.exc_value, OSError):
        # What cannot be closed for want of room is told where the writing failed.
        _tell_unraisable(found)


def _send_again(number: int) -> None:
    """Send ourselves a signal from another thread, a moment later: Python drops what is raised in its hook, too."""

    def send() -> None:
        time.sleep(_SOON_S)
        os.kill(os.getpid(), number)

    _thread.start_new_thread(send, ())
