"""The package's public functions, each the whole of one command, a file for each family.

`analyzer` offers the commonest of them. What a function needs beyond its own family is imported when it is called.
"""

from __future__ import annotations

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
