"""Reads e-mail bounces, tells bad data from refused mail, and says what to do about the next sequence.

import analyzer

analyzer.classify("550 5.1.1 No such user").reason          # 'user_unknown'
analyzer.parse("bounces.mbox")                              # a frame, one row per failed recipient
analyzer.diagnose(bounces="bounces.mbox", log="log.csv", leads="leads.csv").data_quality.recommendation
"""

from __future__ import annotations

# `classify` and `diagnose` are stages (packages) as well as functions: the packages are imported first, so that the
# functions are what the names mean afterwards. Neither import is costly.
import analyzer.classify
import analyzer.diagnose  # noqa: F401
from analyzer.api import classify, diagnose, parse, read
from analyzer.errors import AnalyzerError
from analyzer.records import BOUNCE_COLUMNS, LEAD_COLUMNS, SEND_COLUMNS, Verdict

__version__ = "0.1.0"

__all__ = [
    "BOUNCE_COLUMNS",
    "LEAD_COLUMNS",
    "SEND_COLUMNS",
    "AnalyzerError",
    "Verdict",
    "__version__",
    "classify",
    "diagnose",
    "parse",
    "read",
]
