"""The reasoning behind the verdict on the refusals, in sentences a sales team reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analyzer.diagnose.diagnosis import Fix, Interval, Side
from analyzer.diagnose.leads.companies import wilson
from analyzer.diagnose.refused import strictness
from analyzer.diagnose.refused.mended import mended
from analyzer.diagnose.refused.named import KINDS
from analyzer.diagnose.refused.refusals import speaks_of_standing
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.words import limit, listed, many, number, percent

if TYPE_CHECKING:
    from analyzer.diagnose.refused.refusals import Findings

#: From this upper bound on, what companies not written to would do is open.
_OPEN = 0.05
_NOT_STRICTNESS = "the difference, not strictness"
_OURS = f"the refusals that name a cause on our side make {_NOT_STRICTNESS}"
_KINDS = {
    "authentication": "SPF, DKIM or DMARC failed",
    "server set-up": "the sending server's set-up is wrong",
    "message form": "the message breaks a standard",
    "block list": "we are on a block list",
    "own account": "our own mailbox or account is over a limit or blocked",
    "complaints": "recipients marked the mail as spam",
    "sender address": "the sender's address or its domain is not found",
}


def why(found: Findings, side: Side, fixes: Sequence[Fix]) -> str:
    """What was refused, what the replies say, where they come from, and what follows."""
    if not found.leads:
        return "No mail was sent, so there is nothing to judge."
    refused = len(found.refused)
    if not refused:
        text = f"None of {many(found.leads, 'lead')} was refused as spam."
        if side == "undetermined" and found.leads >= thresholds().evidence.min_leads:
            return f"{text} {_unread(found)}"
        return f"{text} {_of_few(found) if side == 'none' else 'That is too few leads to call it healthy.'}".strip()
    parts = [_head(found), _named(found), _own_rule(found), _blocking(found), _industries(found), _mixed_in(found)]
    parts += [strictness.sentence(found.moved), _follows(found, side, fixes)]
    return " ".join(filter(None, parts))


def _head(found: Findings) -> str:
    """How many leads; a mail that somebody complained of was delivered, and not refused."""
    refused, complained = len(found.refused), int((found.refused["fault"] == "complaint").sum())
    was = "was" if refused == 1 else "were"
    what = f"{was} refused as spam, or complained" if complained else f"{was} refused as spam"
    if complained == refused:
        what = "complained of spam"
    return (
        f"{number(refused)} of {many(found.leads, 'lead')} ({percent(found.rate)}) {what}, at "
        f"{many(found.refused['domain'].nunique(), 'domain')}."
    )


def _of_few(found: Findings) -> str:
    """That the leads are of few companies, where these say little of others; "" where they say enough."""
    alone = float(wilson(len(found.refused), found.leads)[1])
    high = found.overall.high or 0.0
    if high < _OPEN or high < 2 * alone:
        return ""
    them = "all at one company" if found.companies == 1 else f"at only {number(found.companies)} companies"
    return f"The leads are {them}, though: at others, up to {percent(high)} refused would fit this as well."


def _usual(found: Findings) -> str:
    """That so much is refused in every campaign, or not shown to be more, without a full stop."""
    line = thresholds().deliverability.block_line
    if percent(found.rate) == percent(line):
        return f"About {limit(line)} in all, that is usual"
    if found.rate > line:
        return f"That {percent(found.rate)} in all is more than the usual {limit(line)} is not shown"
    text = f"Below {limit(line)} in all, that is usual"
    if found.strict_excess:
        text += f", and whether strict industries refuse more than {limit(line)} is not beyond doubt"
    return text


def _below_elsewhere(found: Findings) -> str:
    """That it is usual in all and not in strict industries, where that makes the verdict; with a blank behind it."""
    line = thresholds().deliverability.block_line
    if found.rate > line or not found.strict_excess or (found.strict_unnamed.low or 0.0) <= line:
        return ""
    return f"In all that is the usual {limit(line)}, but in strict industries it is beyond doubt more. "


def _unread(found: Findings) -> str:
    return (
        f"{many(found.unknown, 'bounce')} ({percent(found.unknown / found.leads)} of the leads) say nothing about "
        "their cause, so whether more was refused cannot be told."
    )


def _named(found: Findings) -> str:
    rows = found.refused
    told = []
    for kind in KINDS:
        some = rows[rows["kind"] == kind]
        if len(some):
            each = many(len(some), "complaint" if kind == "complaints" else "refusal")
            told.append(f"{_KINDS[kind]} ({each} at {many(some['domain'].nunique(), 'domain')})")
    standing = rows[speaks_of_standing(rows)]
    speak = "speaks" if len(standing) == 1 else "speak"
    known = (
        f"{many(len(standing), 'refusal')} at {many(standing['domain'].nunique(), 'domain')} {speak} of the sender's "
        "reputation or of too much mail at once."
    )
    content = rows[(rows["fault"] == "content") & (rows["kind"] == "") & (rows["party"] != "recipient")]
    parts = [known] if len(standing) else []
    if len(content):
        parts.append(
            f"{many(len(content), 'refusal')} at {many(content['domain'].nunique(), 'domain')} "
            f"{'speaks' if len(content) == 1 else 'speak'} of what the mail holds."
        )
    if not told:
        return " ".join(parts) or "No refusal says what is wrong with our sending."
    proven = "" if found.proofs else ": too few to say that much of our mail has it, and enough to check it"
    return " ".join([f"What they name on our side: {listed(told)}{proven}.", *parts])


def _own_rule(found: Findings) -> str:
    some = found.refused[found.refused["own_rule"].to_numpy(dtype=bool)]
    if some.empty:
        return ""
    return (
        f"{many(len(some), 'refusal')} at {many(some['domain'].nunique(), 'domain')} "
        f"{'says' if len(some) == 1 else 'say'} that it is the receiver's own rule."
    )


def _blocking(found: Findings) -> str:
    if not found.blocking:
        return ""
    hits = int(found.refused["domain"].isin(found.blocking).sum())
    return (
        f"{listed(found.blocking)} alone {'gives' if len(found.blocking) == 1 else 'give'} {number(hits)} of them: "
        f"{many(len(found.blocking), 'company', 'companies')} blocking us, not a pattern."
    )


def _industries(found: Findings) -> str:
    """How much open and strict industries refuse, and what the test of the two says, at the rates that it compares."""
    open_rate, strict_rate = found.open_rate, found.strict_rate
    if open_rate.estimate is None and strict_rate.estimate is None:
        return (
            "The leads carry no industry that is known to be strict or open, so where refusals gather cannot be told."
        )
    if found.strict_p is None:
        return f"{_both(open_rate, strict_rate)}."
    usual, strict = found.compared
    beyond = "more than chance explains" if found.strict_excess else _no_pattern(found)
    if beyond.endswith(_NOT_STRICTNESS):
        return f"{_both(open_rate, strict_rate)}: {beyond}."
    if not found.strict_excess and (strict.estimate or 0) <= (usual.estimate or 0):
        beyond = "no more than open ones"
    if found.strict_excess:
        beyond += _one_filter(found)
    without = _without(found)
    return f"{without}{_both(usual, strict, starts=not without)}: {beyond}."


def _without(found: Findings) -> str:
    """What the compared rates leave out, as the beginning of a sentence; "" where they leave out nothing."""
    if found.compared == (found.open_rate, found.strict_rate):
        return ""
    rows = found.refused
    named = ((rows["kind"] != "") & (rows["group"] != "unclassified")).any()
    out = ["what names a cause on our side"] if named or not found.blocking else []
    if found.blocking:
        out.append("that company" if len(found.blocking) == 1 else "these companies")
    return f"Without {listed(out)}, "


def _one_filter(found: Findings) -> str:
    """That nearly all of the refusals that make strict industries strict are one filter's, where they are."""
    rows = found.refused
    told = (rows["kind"] != "") | rows["own_rule"] | (rows["group"] != "strict")
    there = rows[~told.to_numpy(dtype=bool) & ~rows["domain"].isin(found.blocking).to_numpy()]
    providers = there["provider"][there["provider"] != ""].value_counts()
    limits = thresholds()
    if providers.empty or providers.iloc[0] < limits.fixes.part * len(there):
        return ""
    name, hits = str(providers.index[0]), int(providers.iloc[0])
    if there["domain"][there["provider"] == name].nunique() < limits.evidence.min_bounces:
        return ""
    which = f"all {number(hits)}" if hits == len(there) else f"{number(hits)} of the {number(len(there))}"
    return (
        f", though {which} that name no cause there are refused by {name}: it may be what that filter holds of us, and "
        "not the industry"
    )


def _both(open_rate: Interval, strict_rate: Interval, *, starts: bool = True) -> str:
    parts = [
        f"{name} refuse {_range(rate)}"
        for name, rate in (("open industries", open_rate), ("strict industries", strict_rate))
        if rate.estimate is not None
    ]
    text = ", ".join(parts).replace(", strict industries refuse", ", strict ones")
    return text[:1].upper() + text[1:] if starts else text


def _no_pattern(found: Findings) -> str:
    """What else than strictness makes the difference, where the rates differ and no pattern is left.

    The rates are of all refusals; the test leaves out what names a cause, and takes no few companies for a pattern.
    """
    strict, usual = found.strict_rate, found.open_rate
    if strict.low is None or usual.high is None or strict.low <= usual.high:
        return "a difference that chance can explain"
    there = found.refused[found.refused["group"] == "strict"]
    if found.blocking and there["domain"].isin(found.blocking).any():
        return f"{listed(found.blocking)} {'makes' if len(found.blocking) == 1 else 'make'} {_NOT_STRICTNESS}"
    companies = there["domain"].nunique()
    if companies < thresholds().deliverability.strict_domains:
        return f"a difference that {'one company makes' if companies == 1 else f'{number(companies)} companies make'}"
    return _OURS


def _mixed_in(found: Findings) -> str:
    if not found.mixed_in:
        return ""
    which, lie = ("refusal", "lies") if found.mixed_in == 1 else (f"{number(found.mixed_in)} refusals", "lie")
    return (
        f"The {which} by industries that are not known as either {lie} between the two: some of those companies are "
        "strict ones."
    )


def _range(rate: Interval) -> str:
    return f"{percent(rate.estimate)} ({percent(rate.low)} to {percent(rate.high)})"


def _follows(found: Findings, side: Side, fixes: Sequence[Fix]) -> str:
    line = limit(thresholds().deliverability.block_line)
    own = [fix for fix in fixes if fix.side == "sender"]
    match side:
        case "none":
            then = "; what a reply names is still worth mending" if own else ": nothing needs fixing"
            return f"{_usual(found)}{then}. {_of_few(found)}".strip()
        case "sender" if gone := mended(fixes, found.leads):
            day = max(fix.until for fix in gone)
            clear = number(max(fix.clear or 0 for fix in gone))
            return (
                f"The last mail refused so went out on {day}. {clear} mails like these have gone out since, and none "
                "came back so: that seems mended."
            )
        case "sender":
            refuse = f"Open industries refuse {percent(found.open_rate.estimate)} in all"
            reason = f"{refuse}: more than {line} there means it is our side." if found.unhealthy else ""
            return f"{reason} Max quality does not help against this; the fixes do.".strip()
        case "recipient":
            return (
                f"{_below_elsewhere(found)}It is the receivers' choice: use another channel there. Max quality and DNS "
                "changes do not help."
            )
        case "mixed":
            return (
                f"Both sides have a part: {many(found.part('sender'), 'refusal')} speak for ours, "
                f"{number(found.part('recipient'))} for the receivers' own blocking."
            )
        case _:
            if found.leads < thresholds().evidence.min_leads:
                return f"{many(found.leads, 'lead')} are too few to say whose side it is."
            if found.rate <= 2 * thresholds().deliverability.block_line < 2 * found.unknown / found.leads:
                return _unread(found)
            return f"That is above the usual {line}, but neither the replies nor their origin say whose side it is."
