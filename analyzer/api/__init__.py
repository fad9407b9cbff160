"""The package's public functions, each the whole of one command, a file for each family.

`analyzer` offers the commonest of them. Each is imported when it is first asked for: a command pays only for its own.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.api.bounces import ParseRun, parse, read
    from analyzer.api.diagnosis import DiagnosisRun, diagnose, diagnose_sample, run_diagnosis
    from analyzer.api.domains import run_audit
    from analyzer.api.tables import column_pair
    from analyzer.api.weekly import WeeklyRun, run_weekly
    from analyzer.api.workspace import IngestRun, ingest, remember
    from analyzer.classify import classify

__all__ = [
    "DiagnosisRun",
    "IngestRun",
    "ParseRun",
    "WeeklyRun",
    "classify",
    "column_pair",
    "diagnose",
    "diagnose_sample",
    "ingest",
    "parse",
    "read",
    "remember",
    "run_audit",
    "run_diagnosis",
    "run_weekly",
]

_HOME = {
    "DiagnosisRun": "api.diagnosis",
    "IngestRun": "api.workspace",
    "ParseRun": "api.bounces",
    "WeeklyRun": "api.weekly",
    "classify": "classify",
    "column_pair": "api.tables",
    "diagnose": "api.diagnosis",
    "diagnose_sample": "api.diagnosis",
    "ingest": "api.workspace",
    "parse": "api.bounces",
    "read": "api.bounces",
    "remember": "api.workspace",
    "run_audit": "api.domains",
    "run_diagnosis": "api.diagnosis",
    "run_weekly": "api.weekly",
}


def __getattr__(name: str) -> Any:
    """Import what a name stands for when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"analyzer.{_HOME[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
