"""What the weekly report is made from; light to load, for every command line knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.diagnose.diagnosis import Diagnosis
    from analyzer.diagnose.weeks.weekly import Week


@dataclass(frozen=True, slots=True)
class WeekFindings:
    """One week: its figures and alarms, and the diagnosis of its mails alone (None where none was sent)."""

    week: Week
    diagnosis: Diagnosis | None
    tool_version: str
    rules_version: str
    tolerance: float

    @property
    def alarm(self) -> bool:
        """Whether any series is in alarm: what `--fail-on alarm` asks."""
        return bool(self.week.alarms)
