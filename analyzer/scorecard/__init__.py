"""The closed loop: how the grades that `check` once gave compare with what then bounced."""

from __future__ import annotations

from analyzer.scorecard.against import Against, against
from analyzer.scorecard.words import lines

__all__ = ["Against", "against", "lines"]
