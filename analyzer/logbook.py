"""What the program says of its own work while it runs: structured lines on stderr, by the standard library's logging.

    log = Log("watch", source="imaps://imap.example.com/INBOX")
    log.info("taken", messages=12, bounces=9, new=9)

    time=2026-03-03T10:00:05Z level=info part=watch event=taken source=imaps://… messages=12 bounces=9 new=9

Quiet unless asked: warnings and errors alone are shown. A line of level info or above names no address, one of level
debug may; none holds a password, and none holds a character that acts on a terminal or ends the line.
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from analyzer.errors import AnalyzerError
from analyzer.readable import clean

LEVELS: Final = ("debug", "info", "warning", "error")
FORMATS: Final = ("text", "json")
#: Level, format or both ("info,json"), where the command line says nothing.
VARIABLE: Final = "BOUNCE_ANALYZER_LOG"
_ROOT: Final = "analyzer"


def set_up(level: str = "", form: str = "", *, redact: bool = False, usual: str = "warning") -> None:
    """Write lines of `level` and above to stderr, as key=value or as JSON; what is "" comes from VARIABLE.

    `redact` masks addresses in lines of level debug as well. `usual`: the level where nobody says. `AnalyzerError` for
    a level or format that is none.
    """
    for word in os.environ.get(VARIABLE, "").replace(",", " ").lower().split():
        if word not in (*LEVELS, *FORMATS):
            raise AnalyzerError(f"{VARIABLE}: {word!r} is none of {', '.join((*LEVELS, *FORMATS))}")
        level = level or (word if word in LEVELS else "")
        form = form or (word if word in FORMATS else "")
    for name, given, known in (("--log-level", level, LEVELS), ("--log-format", form, FORMATS)):
        if given and given.lower() not in known:
            raise AnalyzerError(f"{name} {given}: is none of {', '.join(known)}")
    handler = _handler(None, form.lower() or FORMATS[0], redact=redact)
    root = logging.getLogger(_ROOT)
    root.handlers = [handler]
    root.setLevel((level or usual).upper())
    root.propagate = False


def widen(level: str) -> None:
    """Lines of `level` as well, whatever was set up."""
    root = logging.getLogger(_ROOT)
    root.setLevel(min(root.level, logging.getLevelNamesMapping()[level.upper()]))


class Log:
    """The lines of one part of the program, each with the same `fields` in front."""

    def __init__(self, part: str, **fields: object) -> None:
        self._logger = logging.getLogger(f"{_ROOT}.{part}")
        self._fields = fields

    @classmethod
    def to(cls, stream: TextIO, part: str, *, level: str = "info", **fields: object) -> Log:
        """A log of its own that writes to `stream`, whatever was set up: for a library call that wants to read it."""
        log = cls(part, **fields)
        log._logger = logging.Logger(f"{_ROOT}.{part}", level.upper())
        log._logger.addHandler(_handler(stream, FORMATS[0], redact=False))
        return log

    def debug(self, event: str, **fields: object) -> None:
        """Detail for whoever looks for a fault; may name an address."""
        self._say(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        """What went as it should; addresses are masked."""
        self._say(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """What somebody may have to see to; addresses are masked."""
        self._say(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """What ended a piece of work; addresses are masked."""
        self._say(logging.ERROR, event, fields)

    def _say(self, level: int, event: str, fields: dict[str, object]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, extra={"fields": {**self._fields, **fields}})


class _Formatter(logging.Formatter):
    """One line a record: time (UTC), level, part, event, then the fields."""

    def __init__(self, form: str, *, redact: bool) -> None:
        super().__init__()
        self._form, self._redact = form, redact

    def format(self, record: logging.LogRecord) -> str:
        shown: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname.lower(),
            "part": record.name.removeprefix(f"{_ROOT}."),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            shown["why"] = self.formatException(record.exc_info)
        masked = self._redact or record.levelno >= logging.INFO
        told = {name: _told(value, masked=masked) for name, value in shown.items()}
        if self._form == "json":
            import json

            return json.dumps(told, ensure_ascii=True)
        return " ".join(f"{name}={_quoted(value)}" for name, value in told.items())


def _told(value: object, *, masked: bool) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    # Imported with the first line, so that a run that says nothing starts without it.
    from analyzer.redaction import masked_text, without_secrets

    text = without_secrets(clean(value))
    return masked_text(text) if masked else text


def _quoted(value: object) -> str:
    text = str(value)
    if text and not any(letter in ' "=' for letter in text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Stderr(logging.StreamHandler[TextIO]):
    """The stderr of this moment; a line that cannot be written is no reason to end what it speaks of."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its name in the standard library
        """Nothing: there is no other place to say it."""


def _handler(stream: TextIO | None, form: str, *, redact: bool) -> logging.Handler:
    handler = _Stderr() if stream is None else logging.StreamHandler(stream)
    handler.setFormatter(_Formatter(form, redact=redact))
    return handler


# As a library it says nothing until somebody sets it up.
logging.getLogger(_ROOT).addHandler(logging.NullHandler())
