"""The verdict and the things to do now, as sentences: every output prints these and no others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal, TypeAlias

from analyzer.diagnose.refused.mended import mended
from analyzer.diagnose.refused.named import NAMED
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.words import kinds
from analyzer.report import again, causes
from analyzer.report.words import (
    chance,
    clean,
    count,
    day,
    decisions_line,
    fix_size,
    fix_title,
    limit_words,
    percent,
    plural,
    short,
    spread,
    tolerance,
)

if TYPE_CHECKING:
    from analyzer.diagnose.diagnosis import Diagnosis, Explanation, Fix, Forecast

Tone: TypeAlias = Literal["act", "fine", "unsure"]

#: The fix of `rules/fixes.toml` for companies that refuse everybody who is written to there.
_COMPANY_BLOCK = "RCPT-DOMAIN-BLOCK"
#: The fix of strict industries that refuse more than others.
_STRICT = "RCPT-STRICT"
#: So many refusals, if they are no more than usual, are no reason for a step.
_FEW = 2
#: The tone in words, so that colour is never the only sign of it.
TONE_NAMES: dict[Tone, str] = {"act": "Act", "fine": "Fine", "unsure": "Cannot tell"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of the two answers: `sentence` is the answer, `why` the reasoning that the diagnosis gives for it."""

    subject: str
    tone: Tone
    sentence: str
    why: str


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do now, what speaks for it, and the part of the page that tells more ("" for none)."""

    what: str
    detail: str
    place: str = ""


_WAIT = Action("Leave the data setting as it is, and look again after more sends.", "", "forecast")
#: From this share of the leads on, statuses that are not known are why verified addresses are missing.
_MOSTLY = 0.5


def verdicts(diagnosis: Diagnosis) -> tuple[Verdict, Verdict]:
    """The answers about the data and about deliverability."""
    if not diagnosis.totals.leads_contacted:
        nothing = "Nothing to judge: the log holds no mail that was sent."
        return Verdict("Data", "unsure", nothing, ""), Verdict("Deliverability", "unsure", nothing, "")
    data = _data(diagnosis)
    if outage := again.outage(diagnosis):
        data = replace(data, sentence=f"{outage} {data.sentence}")
    return data, _deliverability(diagnosis)


def actions(diagnosis: Diagnosis, limit: int = 3) -> list[Action]:
    """What to do now, the most urgent first; never empty. One more than `limit` where both sides have a part, and one
    more for the leads of an outage.
    """
    if not diagnosis.totals.leads_contacted:
        return [Action("Give a campaign log that holds the mail that was sent.", "Without it no bounce can be judged.")]
    asked = [action for action in [_status_action(diagnosis)] if action]
    data = [action for action in [_data_action(diagnosis), *asked, _cause_action(diagnosis)] if action]
    lists = [action for action in [_suppress_action(diagnosis)] if action]
    fixes = _fix_actions(diagnosis, limit + len(asked) - len(data) - len(lists))
    # The clean-up of the lists takes a minute and must not be crowded out by a long row of fixes; nor must a word be
    # that the verdict waits for.
    most = limit + (len(fixes) > 1) + len(asked)
    room = most - len(fixes) - len(lists)
    if causes.explains_most(diagnosis, causes.leading(diagnosis)):
        # What most bad addresses have in common is the better part of the cure.
        room = max(room, len(data))
    data = data[:room]
    if len(data) > 1 and _does_not_cure(diagnosis) and causes.origin_step(diagnosis):
        data = data[::-1]
    data = [_with_decisions(diagnosis, data[0]), *data[1:]] if data else data
    # To wait is what is left to do beside the rest.
    waits = bool(data) and data[0].what == _WAIT.what
    chosen = fixes + lists + data if waits else data + fixes + lists
    if lost := again.outage_step(diagnosis):
        chosen.insert(0 if again.makes_most(diagnosis) else len(chosen), Action(*lost, "rates"))
    return chosen or [Action("Nothing. Send the next sequence the same way.", _nothing(diagnosis))]


def _with_decisions(diagnosis: Diagnosis, action: Action) -> Action:
    """A step about the data with what next_send.csv makes of it, in the same numbers; nothing where all are sent to."""
    found = diagnosis.data_quality.decisions
    if found is None or not (found.verify_again or found.do_not_send) or _lacking(diagnosis):
        return action
    meanwhile = decisions_line(diagnosis.data_quality)
    if action.what == _WAIT.what:
        meanwhile = f"Until then {meanwhile}"
    return replace(action, detail=f"{action.detail} {meanwhile}".strip())


def _does_not_cure(diagnosis: Diagnosis) -> bool:
    """Whether the list may well exceed the tolerance without guessed addresses too, or nobody knows which these are."""
    ways = diagnosis.data_quality.forecast
    over = (ways.max_quality if ways.max_quality.rate is not None else ways.max_quantity).p_over_tolerance
    return over is not None and over > thresholds().forecast.risk


def _nothing(diagnosis: Diagnosis) -> str:
    return "So few refusals are usual." if diagnosis.totals.spam.count else "No bounce asks for a change."


def _fix_actions(diagnosis: Diagnosis, room: int) -> list[Action]:
    """The fixes that the verdict on deliverability stands for: one at least, and with `mixed` one of each side.

    A refusal or two that the verdict does not rest on ask for nothing now; they stand among the fixes.
    """
    side, room = diagnosis.deliverability.side, max(room, 1)
    if side == "none":
        return []
    usual = thresholds().deliverability.block_line * diagnosis.totals.leads_contacted
    numbered = list(enumerate(ordered_fixes(diagnosis), 1))
    over = [one for one in numbered if one[1].clear is not None]

    def of(whose: str) -> list[tuple[int, Fix]]:
        here = [one for one in numbered if one[1].side == whose and one not in over]
        least = side in (whose, "mixed") and not over
        return [one for one in here if one[1].bounces > _enough(one[1], usual)] or here[:least]

    # Beside a fault that is over, what is left of ours is what every campaign has.
    gone = mended(diagnosis.deliverability.fixes, diagnosis.totals.leads_contacted)
    ours, theirs = (not gone and of("sender")) or over[:1], of("recipient")
    match side:
        case "sender":
            chosen = (ours or theirs)[:room]
        case "recipient":
            chosen = (theirs or ours)[:room]
        case "mixed" if ours and theirs:
            chosen = theirs[:1] + ours if gone else ours[: max(room - 1, 1)] + theirs[:1]
        case _:
            chosen = sorted([one for one in ours if one not in over] + theirs)[:room]
    return [_fix_action(fix, number, open_side=side == "undetermined") for number, fix in chosen]


def _enough(fix: Fix, usual: float) -> float:
    """More refusals than this make a fix a step: of ours that name no fault, more than every campaign has."""
    if fix.side == "sender" and not set(fix.reasons) & set(NAMED):
        return max(thresholds().evidence.min_bounces - 1, usual)
    return min(_FEW, usual)


def ordered_fixes(diagnosis: Diagnosis) -> list[Fix]:
    """The fixes, the most important first."""
    return sorted(diagnosis.deliverability.fixes, key=lambda fix: (fix.priority, -fix.bounces, fix.id))


def _expected(diagnosis: Diagnosis, forecast: Forecast, *, bare: bool = False) -> str:
    """What a forecast means against what is accepted; `bare` where what it is of was said."""
    text = percent(forecast.rate) if bare else f"{percent(forecast.rate)} of it would bounce for bad addresses"
    limit = tolerance(diagnosis.options)
    if limit is None or forecast.p_over_tolerance is None:
        return text
    return f"{text} (chance of more than the {limit_words(limit)} you accept: {chance(forecast.p_over_tolerance)})"


def _data(diagnosis: Diagnosis) -> Verdict:
    quality = diagnosis.data_quality
    everyone, without = quality.forecast.max_quantity, quality.forecast.max_quality
    why = clean(quality.why)
    match quality.recommendation:
        case "max_quality" if everyone.leads and not without.leads:
            sentence = "Get verified addresses before the next sequence: all of its leads are guessed"
            if everyone.rate is not None:
                sentence += f", and {_expected(diagnosis, everyone)}"
            return Verdict("Data", "act", sentence + ".", why)
        case "max_quality":
            sentence = "Switch the next sequence to max quality"
            if everyone.rate is not None and without.rate is not None:
                left = _expected(diagnosis, without, bare=True) if _does_not_cure(diagnosis) else percent(without.rate)
                sentence += f": with guessed addresses {_expected(diagnosis, everyone)}; without them {left}"
            return Verdict("Data", "act", sentence + ".", why)
        case "max_quantity":
            sentence = "The data is good enough, keep max quantity for the next sequence"
            if everyone.rate is not None:
                sentence += f": {_expected(diagnosis, everyone)}"
            return Verdict("Data", "fine", sentence + ".", why)
        case "reverify":
            if between := _in_between(diagnosis):
                return Verdict("Data", "act", f"{between[0]}: {between[1]}", why)
            if named := _named(diagnosis):
                sentence = named[0].rstrip(".")
                if aged := _aged(diagnosis):
                    sentence = f"Have {causes.old_addresses(aged)} of the next sequence verified again before you send"
                if everyone.rate is not None:
                    sentence += f": as it is, {_expected(diagnosis, everyone)}"
                return Verdict("Data", "act", sentence + ".", why)
            sentence = "Have the addresses of the next sequence verified again before you send"
            if without.rate is not None:
                sentence += f": even without guessed addresses {_expected(diagnosis, without)}"
            elif everyone.rate is not None:
                sentence += f": as it is, {_expected(diagnosis, everyone)}"
            return Verdict("Data", "act", sentence + ".", why)
        case _:
            if lacking := _lacking(diagnosis):
                return Verdict("Data", "unsure", lacking.sentence, why)
            cause = causes.leading(diagnosis)
            if cause is not None and causes.explains_most(diagnosis, cause):
                return Verdict("Data", "act", causes.sentence(diagnosis, cause), why)
            address = diagnosis.totals.address
            found = "no bad address" if not address.count else plural(address.count, "bad address", "bad addresses")
            sentence = f"Too little to tell yet: {found} among {plural(address.leads, 'lead')}."
            return Verdict("Data", "unsure", sentence, why)


def _deliverability(diagnosis: Diagnosis) -> Verdict:
    advice = diagnosis.deliverability
    spam = diagnosis.totals.spam
    why = clean(advice.why)
    refused = f"spam bounces from {percent(spam.rate)} of the leads ({count(spam.count)} of {count(spam.leads)})"
    open_rate, strict_rate = advice.sender_rate.estimate, advice.strict_rate.estimate
    match advice.side:
        case "sender" if gone := mended(advice.fixes, spam.leads):
            rest = spam.count - sum(fix.bounces for fix in gone)
            usual = rest <= thresholds().deliverability.block_line * spam.leads
            sentence = (
                f"Our own sending was the problem and seems mended: {refused}, but none for that cause since "
                f"{day(date.fromisoformat(max(fix.until for fix in gone)))}."
            )
            return Verdict("Deliverability", "fine" if usual else "act", sentence, why)
        case "mixed" if gone := mended(advice.fixes, spam.leads):
            sentence = (
                f"Both sides play a part: {refused}; ours seems mended, with none since "
                f"{day(date.fromisoformat(max(fix.until for fix in gone)))}. Reach strict receivers another way."
            )
            return Verdict("Deliverability", "act", sentence, why)
        case "sender":
            named = plural(sum(fix.side == "sender" and fix.clear is None for fix in advice.fixes), "fix", "fixes")
            sentence = f"Our own sending is the problem: {refused}; {named} below."
            return Verdict("Deliverability", "act", sentence, why)
        case "recipient" if (whole := _companies(diagnosis)) is not None:
            who = plural(whole.domains, "company blocks us", "companies block us")
            sentence = (
                f"{who} as a whole ({count(whole.bounces)} of {plural(spam.count, 'spam bounce')}), our sending looks "
                "healthy; use another channel there."
            )
            return Verdict("Deliverability", "act", sentence, why)
        case "recipient" if not _strict_shown(diagnosis):
            theirs = sum(fix.bounces for fix in advice.fixes if fix.side == "recipient")
            sentence = (
                f"Some receivers refuse us by rules of their own ({count(theirs)} of "
                f"{plural(spam.count, 'spam bounce')}), our sending looks healthy; use another channel there."
            )
            return Verdict("Deliverability", "act", sentence, why)
        case "recipient":
            sentence = "The receivers are strict, our sending looks healthy"
            if strict_rate is not None and open_rate is not None:
                sentence += f": {percent(strict_rate)} refused in strict industries, {percent(open_rate)} in open ones"
            return Verdict("Deliverability", "act", sentence + "; use another channel there.", why)
        case "mixed":
            whole = next((fix for fix in advice.fixes if fix.id == _COMPANY_BLOCK), None)
            theirs = sum(fix.bounces for fix in advice.fixes if fix.side == "recipient")
            then = "reach strict receivers another way"
            if whole is not None and 2 * whole.bounces >= theirs:
                who = "company that blocks" if whole.domains == 1 else f"{count(whole.domains)} companies that block"
                then = f"leave out the {who} us as a whole"
            sentence = f"Both sides play a part: {refused}; fix our sending first, then {then}."
            return Verdict("Deliverability", "act", sentence, why)
        case "none":
            sentence = f"No problem to see: {refused}."
            if not spam.count:
                sentence = "No problem to see: no spam bounces at all."
            return Verdict("Deliverability", "fine", sentence, why)
        case _ if _nothing_told(diagnosis):
            return Verdict("Deliverability", "unsure", _not_told(diagnosis).sentence, why)
        case _ if not spam.count:
            unread = diagnosis.totals.unknown.count
            sentence = f"Too little to tell yet: no spam bounces among {plural(spam.leads, 'lead')}."
            if unread:
                sentence = (
                    f"Cannot be told whether mail was refused: nothing says why {plural(unread, 'lead')} bounced."
                )
            return Verdict("Deliverability", "unsure", sentence, why)
        case _:
            sentence = f"Cannot be told yet whose side it is: {refused}."
            return Verdict("Deliverability", "unsure", sentence, why)


def _strict_shown(diagnosis: Diagnosis) -> bool:
    """Whether strict industries refuse more than open ones beyond chance."""
    advice = diagnosis.deliverability
    low, high = advice.strict_rate.low, advice.sender_rate.high
    apart = low is not None and high is not None and low > high
    return apart or any(fix.id == _STRICT for fix in advice.fixes)


def _companies(diagnosis: Diagnosis) -> Fix | None:
    """The companies that block us as a whole, where they make up most of what is refused."""
    for fix in diagnosis.deliverability.fixes:
        if fix.id == _COMPANY_BLOCK and 2 * fix.bounces >= diagnosis.totals.spam.count:
            return fix
    return None


def _data_action(diagnosis: Diagnosis) -> Action | None:
    forecast = diagnosis.data_quality.forecast
    match diagnosis.data_quality.recommendation:
        case "max_quality":
            detail = ""
            if forecast.max_quantity.leads and not forecast.max_quality.leads:
                return Action(
                    "Get verified addresses before the next sequence.", "Max quality alone would leave no lead."
                )
            if forecast.max_quantity.leads:
                detail = (
                    f"That keeps {count(forecast.max_quality.leads)} of "
                    f"{plural(forecast.max_quantity.leads, 'lead')}{_uncertainty(forecast.max_quality)}."
                )
                if _does_not_cure(diagnosis):
                    over = chance(forecast.max_quality.p_over_tolerance)
                    detail += f" That may not be enough (chance of too many: {over})."
                if forecast.best_mix.leads > forecast.max_quality.leads:
                    over = chance(forecast.best_mix.p_over_tolerance)
                    detail += (
                        f" The best mix keeps {count(forecast.best_mix.leads)}, with a chance of {over} of too many."
                    )
            return Action("Set data quality to max quality for the next sequence.", detail, "forecast")
        case "reverify":
            what, detail = reverify(diagnosis)
            return Action(what, " ".join(part for part in (detail, causes.one_part(diagnosis)) if part), "forecast")
        case "insufficient_evidence":
            if lacking := _lacking(diagnosis):
                return Action(lacking.what, lacking.detail, "forecast")
            if causes.explains_most(diagnosis, causes.leading(diagnosis)) or causes.origin_step(diagnosis):
                return None
            parts = (causes.one_part(diagnosis), _would_tell(diagnosis))
            return replace(_WAIT, detail=" ".join(part for part in parts if part))
        case _:
            return None


def _status_action(diagnosis: Diagnosis) -> Action | None:
    """What guessed addresses lack to be compared with, where most leads have no status that is known."""
    leads = {row.value: row.leads for row in diagnosis.breakdown.get("email_status", [])}
    unknown = leads.get("unknown", 0) / max(diagnosis.totals.leads_contacted, 1)
    if not leads.get("guessed") or leads.get("verified") or unknown < _MOSTLY:
        return None
    return Action(
        "Say in the lead list which addresses are verified.",
        f"{percent(unknown)} of the leads have no email status that is known, so guessed ones have nothing to be "
        "compared with. The notes on the inputs name words that were not understood: write verified, guessed, "
        "catch-all, risky or invalid instead.",
        "inputs",
    )


def reverify(diagnosis: Diagnosis) -> tuple[str, str]:
    """Which addresses to have verified again, and what speaks for it."""
    if between := _in_between(diagnosis):
        return f"{between[0]}.", f"{between[1]} Verified addresses alone would stay within what you accept."
    if named := _named(diagnosis):
        return named
    return (
        "Have the addresses verified again before the next sequence.",
        "Verified addresses bounce as well, and no data-quality setting cures that.",
    )


def _in_between(diagnosis: Diagnosis) -> tuple[str, str] | None:
    """What to do with catch-all, risky and unknown addresses, and why, where these and not verified ones are bad."""
    again = diagnosis.data_quality.to_verify
    if not again or "verified" in again:
        return None
    rows = [each for each in diagnosis.data_quality.by_status if each.status in again]
    leads, bad = sum(row.leads for row in rows), sum(row.bounces for row in rows)
    what = f"Leave the {kinds(again)} addresses out of the next sequence, or have each one verified first"
    return what, f"{count(bad)} of {count(leads)} were bad ({percent(bad / leads)})." if leads else "they are in doubt."


def _named(diagnosis: Diagnosis) -> tuple[str, str] | None:
    """What to do with leads of old verifications or bad origins, and why, where these alone are to be verified."""
    quality = diagnosis.data_quality
    if quality.recommendation != "reverify" or (quality.to_verify and quality.to_verify_older_than is None):
        return None
    if quality.to_verify_older_than is None:
        return causes.leave_out(quality.origins, tolerance(diagnosis.options) or 0.0)
    aged = _aged(diagnosis)
    return None if aged is None else causes.old_step(aged)


def _aged(diagnosis: Diagnosis) -> Explanation | None:
    """Verifications that are old, where these are to be renewed and no others."""
    quality = diagnosis.data_quality
    if quality.to_verify_older_than is None:
        return None
    return next((each for each in quality.explained_by if each.kind == "stale_verification"), None)


def _cause_action(diagnosis: Diagnosis) -> Action | None:
    """The step for a cause that can be named, whatever the setting."""
    origin = causes.origin_step(diagnosis)
    if origin is not None and origin != _named(diagnosis):
        return Action(*origin, "drivers")
    found, quality = causes.leading(diagnosis), diagnosis.data_quality
    if found is not None and quality.recommendation == "max_quantity" and _few_leads(diagnosis, found):
        # Beside data that is good enough they are some of those to stop writing to.
        return None
    if found is None or (quality.recommendation == "reverify" and found.kind == "stale_verification"):
        return None
    what, detail = causes.step(diagnosis, found)
    return Action(what, detail, "drivers")


def _few_leads(diagnosis: Diagnosis, found: Explanation) -> bool:
    return found.bounces <= thresholds().deliverability.block_line * diagnosis.totals.leads_contacted


@dataclass(frozen=True, slots=True)
class _Lacking:
    """What is missing for an answer that more sends would not bring, and what to do about it."""

    sentence: str
    what: str
    detail: str


def _lacking(diagnosis: Diagnosis) -> _Lacking | None:
    """The cases of `insufficient_evidence` in which waiting does not help, as the diagnosis tells them apart."""
    lacking = diagnosis.data_quality.lacking
    match lacking and lacking.what:
        case "bounces":
            return _not_told(diagnosis)
        case "next_leads":
            rows = any(item.rows for item in diagnosis.inputs if item.kind == "next")
            return _Lacking(
                "Nothing to judge: the next list has no lead that can be written to.",
                "Give a next list with leads that can be written to.",
                "next_send.csv says for each lead of this one why it is left out." if rows else "This one has no rows.",
            )
        case "bounce_reasons":
            return _Lacking(
                f"Cannot be told: nothing says why {plural(diagnosis.totals.unknown.count, 'lead')} bounced.",
                "Get the bounce messages of this campaign, from the mailboxes that sent it, or a log that gives the "
                "reasons.",
                _until_then(diagnosis),
            )
        case "email_status":
            return _Lacking(
                "Cannot be told: nothing says which addresses are verified and which are guessed.",
                "Give the lead list with its email status (verified or guessed).",
                _until_then(diagnosis),
            )
        case "next_email_status":
            return _Lacking(
                "Cannot be told: nothing says which addresses of the next list are verified and which are guessed.",
                "Give the next list with its email status (verified or guessed).",
                _until_then(diagnosis),
            )
        case "first_sends" if lacking:
            these, each = f"{kinds(lacking.statuses)} addresses", " of each" if len(lacking.statuses) > 1 else ""
            return _Lacking(
                f"Cannot be told yet: no mail went to {these} before.",
                f"Write to some of the {these} first, and look at what comes back.",
                f"About {count(lacking.sends)}{each} tell enough. {_until_then(diagnosis)}",
            )
    return None


def _until_then(diagnosis: Diagnosis) -> str:
    """What to do as long as the data cannot tell: what next_send.csv says of the next list, where there is one."""
    decided = diagnosis.data_quality.decisions
    if decided is None or not (decided.send + decided.verify_again):
        return "Leave the data setting as it is until then."
    if not decided.send:
        return "Until then send to no lead before its address is verified, as next_send.csv says."
    return f"Until then send to {plural(decided.send, 'lead')} only, as next_send.csv says."


def _would_tell(diagnosis: Diagnosis) -> str:
    """How many more sends would settle what cannot be told yet; "" where none would."""
    lacking = diagnosis.data_quality.lacking
    if lacking is None or not lacking.sends:
        return ""
    whom = f" to {kinds(lacking.statuses)} addresses" if lacking.statuses else ""
    each = " each" if len(lacking.statuses) > 1 else ""
    return f"About {plural(lacking.sends, 'more send')}{whom}{each} would tell."


def _nothing_told(diagnosis: Diagnosis) -> bool:
    """Whether both verdicts were taken back, for one reason: that nothing shows whether the campaign bounced."""
    lacking = diagnosis.data_quality.lacking
    return lacking is not None and lacking.what == "bounces"


def _not_told(diagnosis: Diagnosis) -> _Lacking:
    if diagnosis.matching.unmatched:
        return _Lacking(
            "Cannot be told: the log does not fit the bounces.",
            "Give the log of the campaign that these bounces are of.",
            "As it is, no bounce counts, and all rates are 0 %.",
        )
    return _Lacking(
        "Cannot be told: no bounces were given.",
        "Give what came back with --bounces, or a log that says which mails bounced.",
        "As it is, all rates are 0 %.",
    )


def _uncertainty(forecast: Forecast) -> str:
    """How far what is expected may be off: ", of which 2.2 % (0.3–5.6 %) would bounce"."""
    if forecast.rate is None:
        return ""
    return f", of which {percent(forecast.rate)} ({spread(forecast.low, forecast.high)}) would bounce"


def _fix_action(fix: Fix, position: int, *, open_side: bool = False) -> Action:
    """The step for a fix; `open_side` where nobody can tell whose side the refusals are."""
    what = f"{fix_title(fix)}."
    first = f" First step: {short(fix.steps[0], 240)}" if fix.steps else ""
    if open_side and fix.side == "sender" and not set(fix.reasons) & set(NAMED):
        what = f"See whether this is ours to fix: {what}"
    if fix.clear is not None:
        what = f"Check that this stays mended: {fix_title(fix)}."
        first = f" Then: {short(fix.verify[0], 240)}" if fix.verify else ""
    return Action(what, f"{fix_size(fix)}.{first}{again.after_fix(fix)}", f"fix-{position}")


def _suppress_action(diagnosis: Diagnosis) -> Action | None:
    bad = diagnosis.totals.address.count
    if not bad:
        return None
    them, it = ("the bad address", "it") if bad == 1 else (f"the {count(bad)} bad addresses", "them")
    if any("complaint" in fix.reasons for fix in diagnosis.deliverability.fixes):
        them, it = f"{them} and to whoever complained", "them"
    return Action(
        f"Stop writing to {them}.", f"suppression.csv names {it}, ready to load into your platform.", "suppress"
    )
