"""One lead is told as one."""

from __future__ import annotations

import pandas as pd
import pytest

from analyzer.records import BOUNCE_COLUMNS
from analyzer.scorecard.against import against
from analyzer.scorecard.words import lines


@pytest.mark.parametrize("logged", [True, False])
def test_one_lead_is_told_in_the_singular(logged: bool) -> None:
    checked = pd.DataFrame({"email": ["ann@a.example"], "grade": ["send"]})
    row = dict.fromkeys(BOUNCE_COLUMNS, "") | {"recipient": "zoe@z.example", "kind": "bounce", "fault": "address"}
    bounces = pd.DataFrame([row])
    log = pd.DataFrame({"recipient": ["ann@a.example"], "sent_at": ["2026-03-02T09:00:00Z"]}) if logged else None
    told = " ".join(lines(against(checked, bounces, log)))
    assert "1 lead is few." in told
    assert ("1 of 1 checked lead was sent to" in told) == logged
    assert ("1 checked lead; without --log" in told) != logged
