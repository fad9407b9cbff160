"""Whose side is it? The second recommendation, from what the refusals say and where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.diagnose.diagnosis import Deliverability, Interval, Shares, Side
from analyzer.diagnose.refused import deliverability_words
from analyzer.diagnose.refused.fix_mail import FixMail
from analyzer.diagnose.refused.fixes import fixes
from analyzer.diagnose.refused.refusals import Findings, findings
from analyzer.diagnose.thresholds import thresholds

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.leads.contacts import Contacts


def deliverability(correlated: Correlated, contacts: Contacts, *, seed: int) -> Deliverability:
    """The verdict on the refusals, with the fixes that they ask for."""
    found = findings(correlated, contacts, seed=seed)
    side = side_of(found)
    asked = fixes(found, side, FixMail(correlated, contacts))
    return Deliverability(
        side=side,
        sender_rate=found.open_rate,
        strict_rate=found.strict_rate,
        fixes=asked,
        why=deliverability_words.why(found, side, asked),
        shares=_shares(found),
    )


def _shares(found: Findings) -> Shares:
    """Whose the refusals are; who refuses as strict industries do is among the recipients."""
    theirs = found.mixed_in
    return Shares(found.part("sender"), found.part("recipient") + theirs, found.part("open") - theirs)


def side_of(found: Findings) -> Side:
    """The side that the findings speak for; see `rules/thresholds.toml` for the lines.

    A named fault of ours counts however few they are. The recipients' own blocking counts where it is beyond the usual
    few, or above their line and told by the replies themselves, and beside a fault of ours only with a share that
    matters. Where more bounces than the usual line cannot be read, "none" would be a guess.
    """
    limits = thresholds()
    line = limits.deliverability.block_line
    if found.leads < limits.evidence.min_leads and not found.sender:
        return "undetermined"
    nothing: Side = "none" if found.unknown <= line * found.leads else "undetermined"
    refused = len(found.refused)
    if not refused:
        return nothing
    sender, recipient = found.part("sender"), found.part("recipient")
    usual = _is_usual(found.overall)
    theirs = _pattern(found) or (found.own_rule and (found.own_rule_rate.low or 0.0) > line)
    if found.sender and theirs:
        share = sender / max(sender + recipient, 1)
        if share < limits.deliverability.side_share:
            return "recipient"
        return "sender" if share > 1 - limits.deliverability.side_share else "mixed"
    if found.sender:
        return "sender"
    told = recipient + found.mixed_in
    explained = 2 * told >= refused or refused - told <= line * found.leads
    if explained and (theirs or (found.own_rule and not usual) or _most_say_so(found, told)):
        return "recipient"
    return nothing if usual else "undetermined"


def _most_say_so(found: Findings, told: int) -> bool:
    """Whether more is refused than usual, most of it by the recipients' own choice, and enough replies name a rule.

    What is said needs no statistics; a handful, which chance may gather, is twice as many as make a finding elsewhere.
    """
    limits = thresholds()
    own = int(found.refused["own_rule"].sum())
    above = found.rate > limits.deliverability.block_line and 2 * told >= len(found.refused)
    return above and own >= 2 * limits.evidence.min_bounces


def _is_usual(rate: Interval) -> bool:
    """Whether no more is refused than in every campaign: below the line, or near it and not shown to be above."""
    line = thresholds().deliverability.block_line
    estimate, low = rate.estimate or 0.0, rate.low or 0.0
    return estimate <= line or (estimate <= 2 * line and low <= line)


def _pattern(found: Findings) -> bool:
    """Whether companies that block as a whole, or strict industries, are beyond what every campaign has.

    Named faults of ours are set aside: they are no one's blocking. Where no more is refused beside them than usual, a
    company has to refuse twice as many as make a finding elsewhere, and strict industries have to be above the line
    beyond doubt.
    """
    limits = thresholds()
    line = limits.deliverability.block_line
    strict = found.strict_unnamed
    hits = found.refused["domain"][found.refused["domain"].isin(found.blocking)].value_counts()
    blocked, largest = int(hits.sum()), int(hits.max()) if len(hits) else 0
    if found.part("recipient") < limits.evidence.min_bounces:
        return False
    if _is_usual(found.unnamed):
        clearly = found.strict_excess and (strict.low or 0.0) > line
        return clearly or largest >= 2 * limits.evidence.min_bounces
    return blocked > 0 or (found.strict_excess and (strict.estimate or 0.0) > line)
