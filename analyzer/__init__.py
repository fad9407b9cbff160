"""Reads e-mail bounces, tells bad data from refused mail, and says what to do about the next sequence.

import analyzer

analyzer.classify("550 5.1.1 No such user").reason          # 'user_unknown'
analyzer.parse("bounces.mbox")                              # a frame, one row per failed recipient
analyzer.diagnose(bounces="bounces.mbox", log="log.csv", leads="leads.csv").data_quality.recommendation
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

from analyzer.version import __version__

TYPE_CHECKING = False  # what a type checker takes for true: `typing` itself is a tenth of the start
if TYPE_CHECKING:
    from typing import Any

    from analyzer.api import classify, diagnose, parse, read
    from analyzer.bounds import Bounds
    from analyzer.check import check
    from analyzer.errors import AnalyzerError
    from analyzer.export import export
    from analyzer.records import BOUNCE_COLUMNS, LEAD_COLUMNS, SEND_COLUMNS, Verdict

__all__ = [
    "BOUNCE_COLUMNS",
    "LEAD_COLUMNS",
    "SEND_COLUMNS",
    "AnalyzerError",
    "Bounds",
    "Verdict",
    "__version__",
    "check",
    "classify",
    "diagnose",
    "export",
    "parse",
    "read",
]

#: Where each name comes from: a command pays only for what it uses.
_HOME = {
    "AnalyzerError": "errors",
    "BOUNCE_COLUMNS": "records",
    "Bounds": "bounds",
    "LEAD_COLUMNS": "records",
    "SEND_COLUMNS": "records",
    "Verdict": "records",
    "check": "check",
    "classify": "api",
    "diagnose": "api",
    "export": "export",
    "parse": "api",
    "read": "api",
}


def __getattr__(name: str) -> Any:
    """Import what a name stands for when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"analyzer.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """`classify` and `diagnose` are stages (packages) as well as functions, and mean the functions here: importing a
    stage, which would set its name to the package, leaves the name alone."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
