"""No lead bounced: because nothing did, or because nothing was given that could tell? The second is no good news."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.correlate.sends import TELLING
from analyzer.diagnose.ahead.forecast import not_known
from analyzer.diagnose.diagnosis import Forecasts, Lacking
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.words import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.correlate import Correlated
    from analyzer.diagnose.diagnosis import DataQuality, Deliverability, InputFile, Totals


def untold(correlated: Correlated, figures: Totals, inputs: Sequence[InputFile]) -> str:
    """Why nothing can be said of a campaign without a single bounce; "" where that it has none can be believed.

    Either no bounces were given and the log tells of none, or those that were given are all about other mail: the log
    is then of another campaign, or the bounces are forged, and the figures are the same in both cases.
    """
    if figures.hard.count or figures.spam.count or figures.unknown.count or not figures.leads_contacted:
        return ""
    matching = correlated.matching
    if not matching.matched and matching.unmatched >= thresholds().evidence.min_bounces:
        return (
            f"None of the {number(matching.unmatched)} bounces is about a mail in this log: log or bounces are of "
            "another campaign, or the bounces are forged. Whether this campaign bounced cannot be told."
        )
    given = not inputs or any(one.kind == "bounces" for one in inputs)
    if not given and not TELLING & correlated.have:
        return (
            "No bounces were given, and the log does not say which of its mails bounced. "
            "Whether this campaign bounced cannot be told."
        )
    return ""


def withheld(quality: DataQuality, sides: Deliverability, why: str) -> tuple[DataQuality, Deliverability]:
    """Both verdicts taken back, for the one reason `why`; and the forecast, which has learnt from silence alone."""
    ways = quality.forecast
    forecast = Forecasts(not_known(ways.max_quantity.leads), not_known(ways.max_quality.leads), not_known(0))
    return (
        replace(
            quality,
            recommendation="insufficient_evidence",
            why=why,
            forecast=forecast,
            to_verify=[],
            lacking=Lacking("bounces"),
        ),
        replace(sides, side="undetermined", why=why),
    )
