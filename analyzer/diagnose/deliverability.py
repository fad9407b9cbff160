"""Whose side is it? The second recommendation, from what the refusals say and where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.diagnose import deliverability_words
from analyzer.diagnose.diagnosis import Deliverability, Side
from analyzer.diagnose.fixes import fixes
from analyzer.diagnose.refusals import Findings, findings
from analyzer.diagnose.thresholds import thresholds

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.contacts import Contacts


def deliverability(correlated: Correlated, contacts: Contacts, *, seed: int) -> Deliverability:
    """The verdict on the refusals, with the fixes that they ask for."""
    found = findings(correlated, contacts, seed=seed)
    side = side_of(found)
    asked = fixes(found, side)
    return Deliverability(
        side=side,
        sender_rate=found.open_rate,
        strict_rate=found.strict_rate,
        fixes=asked,
        why=deliverability_words.why(found, side, asked),
    )


def side_of(found: Findings) -> Side:
    """The side that the findings speak for; see `rules/thresholds.toml` for the lines.

    A named fault of ours counts however few they are. A recipient's rule counts when it explains at least half of the
    refusals; below the block line it also takes more than a handful, for a few such refusals are in every campaign.
    """
    limits = thresholds()
    refused = len(found.refused)
    quiet = found.rate <= limits.deliverability.block_line
    if found.leads < limits.evidence.min_leads and not found.sender:
        return "undetermined"
    if not refused:
        return "none"
    sender, recipient = found.part("sender"), found.part("recipient")
    recipient_shown = found.recipient and not (quiet and recipient < limits.evidence.min_bounces)
    if found.sender and recipient_shown:
        share = sender / max(sender + recipient, 1)
        if share < limits.deliverability.side_share:
            return "recipient"
        return "sender" if share > 1 - limits.deliverability.side_share else "mixed"
    if found.sender:
        return "sender"
    if recipient_shown and 2 * recipient >= refused:
        return "recipient"
    return "none" if quiet else "undetermined"
