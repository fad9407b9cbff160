"""The reasoning behind the verdict on the data, in sentences a sales team reads."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from analyzer.diagnose.data.explanations import sentences
from analyzer.diagnose.data.unread import unread
from analyzer.diagnose.diagnosis import Explanation, Forecast, Forecasts, Interval, Lacking, Origin, StatusEffect
from analyzer.diagnose.guessing.guessed import MOST, WHOLE
from analyzer.diagnose.leads.companies import company_of
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.words import chance, kinds, limit, listed, many, number, percent, points, status
from analyzer.records import EMAIL_STATUSES, INDUSTRY_GROUPS

if TYPE_CHECKING:
    from analyzer.diagnose.ahead.next_list import NextList
    from analyzer.diagnose.arrays import Codes
    from analyzer.diagnose.data.judgement import Judgement
    from analyzer.diagnose.estimates.past import History
    from analyzer.diagnose.guessing.guessed import Effect
    from analyzer.diagnose.leads.asked import Unasked
    from analyzer.diagnose.leads.contacts import Contacts


#: A part of the list smaller than this is no list to send.
WORTH_SENDING = 0.1
#: A status that explains less of the bounces than this is left to the tables.
_WORTH_TELLING = 0.1
#: From this many times the usual variance on, it is companies that make a rate vary.
_BY_COMPANY = 2.0
#: From this many times the mean over companies on, the rate over leads is that of a few large ones.
_FAR_OFF = 1.5
#: Columns that statuses are compared within, as a person calls them.
_COLUMNS = {"list_source": "list source", "sender": "mailbox", "sender_domain": "sender domain"}
#: From this share of the leads on, what is not known of them is why nothing can be compared.
_MOSTLY = 0.5
#: Companies named in a sentence.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Renewed:
    """What is to be expected of the list without those who are named as bad, and whether `guessed` ones are in that."""

    forecast: Forecast
    guessed: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What the reasoning tells of: the leads contacted, the next list, and what was found of both.

    again: the email statuses whose addresses `reverify` is about; renewed: the list without those who are named as bad,
    where these alone are; lacking: what would let the data tell, where it cannot; sent: how many leads of the next list
    are sent to; part: whether that is a first part, for what its bounces tell; unasked: the leads that are left out,
    for no server was asked for them.
    """

    contacts: Contacts
    past: History
    ahead: NextList
    tolerance: float
    effect: Effect
    forecasts: Forecasts
    judged: Judgement
    named: list[Explanation]
    apart: list[StatusEffect]
    origins: list[Origin]
    again: list[str]
    renewed: Renewed | None
    lacking: Lacking | None
    sent: int
    part: bool = False
    unasked: Unasked | None = None


def why(found: Found) -> str:
    """What the data shows, what the next list would do, and why that leads to this recommendation."""
    if len(found.contacts.leads) == 0:
        return "No mail was sent, so there is nothing to judge."
    shown = [
        "" if found.unasked is None else _left_out(found.unasked),
        _compared(found.contacts, found.effect, worse_for=_worse_for(found)),
        _of_no_cause(found.contacts) if found.lacking is None else "",
        *_others(found.apart),
        _invalid(found.past),
        sentences(found.named),
        _elsewhere(found.contacts, found.past, found.named),
        *(origin.text for origin in found.origins),
        *(drift.text for drift in found.past.drifts),
    ]
    concluded = _concluded(found) if found.lacking is None else _left_open(found, found.lacking)
    return " ".join(filter(None, [*shown, *concluded]))


def _left_out(unasked: Unasked) -> str:
    """Whose addresses nothing is known of, and why."""
    what = {
        "host": "refused for the host or the domain that sends",
        "account": "stopped by your own account",
        "server": "lost to a fault of a server or of the network",
    }
    by = listed([f"{number(count)} {what[kind]}" for kind, count in unasked.by.items() if count])
    return (
        f"Of {number(unasked.leads)} of {many(unasked.of, 'lead')} nothing is known here: their mail was turned away "
        f"before any server was asked for the address ({by}), so they count neither as good nor as bad."
    )


def _left_open(found: Found, lacking: Lacking) -> list[str]:
    """Why the data cannot tell, and what is done until it can."""
    return [
        _cannot_tell(found, lacking),
        _unread_by_status(found.contacts) if lacking.what == "bounce_reasons" else "",
        _outlook(found),
        _until_then(found),
    ]


def _concluded(found: Found) -> list[str]:
    """What follows from the forecast."""
    return [
        _outlook(found),
        _conclusion(found) if found.renewed is None else _renewed(found.ahead, found.renewed, found.tolerance),
        _mix(found) if found.judged.recommendation != "max_quantity" else "",
        _spread(found.past),
    ]


def _worse_for(found: Found) -> bool:
    """Whether what makes verified addresses bounce is named already: their age, or where they come from."""
    aged = any(each.kind == "stale_verification" for each in found.named)
    return aged or any(each.only == "verified" for each in found.origins)


def _compared(contacts: Contacts, effect: Effect, *, worse_for: bool = False) -> str:
    bounced = int(contacts.leads["address"].sum())
    leads = len(contacts.leads)
    if contacts.unknown.any() and not contacts.hard.any() and not contacts.spam.any():
        # Where no bounce says why, "0 %" is no rate of anything.
        return ""
    if not effect.guessed.leads and not effect.verified.leads:
        carried = (contacts.leads["email_status"].astype(object) != "unknown").any()
        why = "None of the leads is guessed or verified" if carried else "The leads carry no email status"
        if _known_too_late(contacts):
            why = "The email statuses of the leads look as if they were written after the send"
        return (
            f"{_of(bounced, leads)} bounced because of the address. {why}, so guessed and verified addresses cannot be "
            f"{'compared' if carried else 'told apart'}."
        )
    if not effect.guessed.leads or not effect.verified.leads:
        only = "verified" if effect.verified.leads else "guessed"
        return (
            f"{_of(bounced, leads)} bounced because of the address. No "
            f"{'guessed' if only == 'verified' else 'verified'} address was written to, so the {only} ones cannot be "
            f"compared{_without_status(contacts)}."
        )
    rates = (
        f"Guessed addresses bounced at {percent(effect.guessed.bounces / effect.guessed.leads)} "
        f"({number(effect.guessed.bounces)} of {number(effect.guessed.leads)}), verified ones at "
        f"{percent(effect.verified.bounces / effect.verified.leads)} "
        f"({number(effect.verified.bounces)} of {number(effect.verified.leads)})."
    )
    difference, share = effect.risk_difference, effect.share
    if effect.aside:
        rates += (
            f" {number(effect.aside_bounces)} of all bounces are of {_whole_companies(effect.aside)} left out of the "
            "comparison."
        )
    if effect.slips:
        out = "left out of the comparison too" if effect.aside else "left out of the comparison"
        rates += f" {number(effect.slips)} of all bounces are at misspelt domains, which are {out}."
    if effect.verdict == "too_little_data":
        if unread(contacts):
            return "As far as bounces say why: " + rates[:1].lower() + rates[1:]
        return rates + f" {'What is left' if effect.slips else 'That'} is too little to compare them."
    if difference.estimate is None or difference.low is None or difference.high is None:
        return rates
    like = "Compared with each other"
    if effect.strata > 1:
        kept = ["industry", "campaign", *(_COLUMNS.get(name, name) for name in effect.within)]
        like = f"Compared within the same {listed(kept)}"
    if difference.high < 0:
        text = (
            f" {like}, guessed ones bounce {points(-difference.estimate)} points less ({points(-difference.high)} to "
            f"{points(-difference.low)}): guessing is not what costs bounces."
        )
        if not worse_for:
            text += " Look whether the two statuses were mixed up."
    elif effect.others:
        return rates + _inseparable(effect, like)
    elif effect.verdict == "not_shown":
        text = (
            f" {like}, the difference is {points(difference.estimate)} points, and anything from "
            f"{points(difference.low)} to {points(difference.high)} points "
            "fits the data: that guessing costs bounces is not shown."
        )
    else:
        # Shares are rounded to whole per cent: their interval is wide.
        text = (
            f" {like}, guessing adds {points(difference.estimate)} points ({points(difference.low)} to "
            f"{points(difference.high)}) and explains {_share(share)} of all address-fault bounces."
        )
    if effect.loose > 0.5:
        columns = listed([_COLUMNS.get(name, name) for name in effect.within])
        text += (
            f" Guessed and verified addresses mostly do not have the same {columns}, so part of that may be due to the "
            f"{columns}."
        )
    elif effect.within and effect.coarse > 0.5:
        text += " The campaign could not be held fixed as well, so part of that may be the campaigns' difference."
    elif effect.coarse > 0.5:
        text += (
            " Guessed and verified addresses mostly went out in different campaigns, so part of that may be the "
            "campaigns' difference."
        )
    return rates + text


def _inseparable(effect: Effect, like: str) -> str:
    """What else the difference may be due to, and what would tell."""
    difference = effect.risk_difference
    more = (
        f" {like}, guessed ones bounce {points(difference.estimate or 0.0)} points more "
        f"({points(difference.low or 0.0)} to {points(difference.high or 0.0)}), but "
    )
    alike = [each for each in effect.others if each.within is not None]
    if alike:
        names = [_COLUMNS.get(each.name, each.name.replace("_", " ")) for each in alike]
        most = max(min(each.within for each in alike if each.within is not None), 0.0)
        return (
            f"{more}among leads of the same {listed(names)} that is not shown: there it is {points(most)} points at "
            f"most. The {names[0]} may cost these bounces, and not guessing: which of the two cannot be told."
        )
    first = effect.others[0]
    names = [_COLUMNS.get(each.name, each.name.replace("_", " ")) for each in effect.others]
    pair = f" (mostly {first.value} against {first.verified})" if first.value and first.verified else ""
    there = f"{names[0]} {first.verified}" if first.verified else f"{names[0]} of verified ones"
    cause = "one of these" if names[1:] else f"the {names[0]}"
    rates = [arm.bounces / arm.leads for arm in (effect.guessed, effect.verified)]
    apart = max(abs(rates[0] - rates[1]), 0.01)
    enough = max(
        3.84 * sum(rate * (1 - rate) for rate in rates) / apart**2,
        thresholds().evidence.min_bounces / max(rates[0], 0.01),
        thresholds().evidence.min_leads_per_arm,
    )
    return (
        f"{more}hardly any of them has the same "
        f"{listed(names)} as a verified one{pair}: whether guessing or {cause} costs the bounces cannot be told. About "
        f"{number(ceil(enough / 10) * 10)} guessed addresses of the {there} would tell."
    )


def _whole_companies(names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return f"one company, {names[0]}, which bounces as a whole and is"
    few = listed(names[:_NAMED]) if len(names) <= _NAMED else f"such as {listed(names[:_NAMED])}"
    return f"{number(len(names))} companies, {few}, which bounce as a whole and are"


def _without_status(contacts: Contacts) -> str:
    """That most leads have no known email status, where that is so: the missing ones may be among them."""
    share = float((contacts.leads["email_status"].astype(object) == "unknown").mean())
    return f": {percent(share)} of the leads have no known email status" if share >= _MOSTLY else ""


def _others(apart: list[StatusEffect]) -> list[str]:
    """A sentence for each other status that is shown to bounce more than verified ones, and that matters."""
    told = []
    for each in apart:
        found, shown = each.risk_difference, each.effect in ("driven", "contributes")
        matters = (each.attributable_share.estimate or 0.0) >= _WORTH_TELLING
        if each.status == "guessed" or not shown or not matters or found.estimate is None:
            continue
        name = status(each.status)
        told.append(
            f"{name[:1].upper()}{name[1:]} bounced at {percent(each.bounces / each.leads)}, like for like "
            f"{points(found.estimate)} points ({points(found.low or 0.0)} to {points(found.high or 0.0)}) more than "
            f"verified ones, which explains {_share(each.attributable_share)} of all address-fault bounces."
        )
    return told


def _invalid(past: History) -> str:
    """What writing to addresses that are marked invalid did; "" where it hardly matters."""
    first = EMAIL_STATUSES.index("invalid") * len(INDUSTRY_GROUPS)
    there = slice(first, first + len(INDUSTRY_GROUPS))
    leads, bounces = int(past.leads[there].sum()), int(past.bounces[there].sum())
    if not bounces or bounces < _WORTH_TELLING * past.bounces.sum():
        return ""
    return (
        f"{number(bounces)} of the {many(int(past.bounces.sum()), 'address-fault bounce')} came of addresses that are "
        f"marked invalid, of which {number(leads)} were written to: leave such leads out, whatever the setting."
    )


def _share(share: Interval) -> str:
    if share.estimate is None or share.low is None or share.high is None:
        return "an unknown part"
    if share.low > 0.995:
        return "practically all"
    return f"about {100 * share.estimate:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f} %)"


def _known_too_late(contacts: Contacts) -> bool:
    """Whether leads have an email status, and all of them were taken for ones that know the outcome (`hindsight`)."""
    used = (contacts.leads["email_status"].astype(object) != "unknown").any()
    return not used and any(value != "unknown" for value in contacts.at["email_status"].values)


def _outlook(found: Found) -> str:
    """What the next list would do."""
    ahead, tolerance = found.ahead, found.tolerance
    everyone, without = found.forecasts.max_quantity, found.forecasts.max_quality
    if not everyone.leads:
        return ""
    which = f"{'The next list' if ahead.own else 'A list like this one'}, sent to everyone{_but(ahead)},"
    if everyone.rate is None:
        return (
            f"{which} would bounce at anything from {percent(everyone.low)} to {percent(everyone.high)}: the first if "
            "none of the bounces without a reason was a bad address, the second if all were."
        )
    text = f"{which} {_expected(everyone, tolerance)}"
    if not ahead.status_known:
        too_late = _known_too_late(found.contacts) and not ahead.own
        none = "their statuses are of after the send" if too_late else "none has an email status"
        return f"{text}. Which of its leads max quality would leave out cannot be told: {none}."
    if without.leads and without.leads < everyone.leads:
        text += f"; without guessed addresses it {_expected(without, tolerance)}"
    return f"{text}.{_reached(ahead)}"


def _but(ahead: NextList) -> str:
    """Who of the list is left out whatever the setting, and so out of every forecast."""
    out = int((ahead.barred != "").sum())
    return f" but the {many(out, 'lead')} that no setting sends to (do_not_send)" if ahead.own and out else ""


def _reached(ahead: NextList) -> str:
    """Who of the list took our mail before, where that makes it another list than its statuses let expect."""
    reached, everyone = int(ahead.taken.sum()), int((ahead.barred == "").sum())
    if not ahead.own or reached < _WORTH_TELLING * everyone:
        return ""
    whom = "All of its leads" if reached == everyone else f"{number(reached)} of its {many(everyone, 'lead')}"
    return f" {whom} took our mail before: of these {percent(float(ahead.chance[ahead.taken].mean()))} should bounce."


def _expected(forecast: Forecast, tolerance: float) -> str:
    return (
        f"should bounce at {percent(forecast.rate)} (95 % range {percent(forecast.low)} to {percent(forecast.high)}; "
        f"chance of more than {limit(tolerance)}: {chance(forecast.p_over_tolerance or 0.0)})"
    )


def _conclusion(found: Found) -> str:
    """Why the recommendation follows."""
    forecasts, judged, within = found.forecasts, found.judged, limit(found.tolerance)
    quality = forecasts.max_quality
    match judged.recommendation:
        case "max_quantity":
            return (
                "Leaving guessed addresses out is not needed." if quality.leads < forecasts.max_quantity.leads else ""
            )
        case "max_quality" if not quality.leads:
            return "All of its leads are guessed: without them nothing is left, so it needs verified addresses first."
        case "max_quality" if quality.leads < WORTH_SENDING * forecasts.max_quantity.leads:
            kept = f"{number(quality.leads)} of {many(forecasts.max_quantity.leads, 'lead')}"
            return (
                f"Without guessed addresses only {kept} are left: have the guessed ones verified before the next send."
            )
        case "max_quality" if found.effect.others and (judged.chances.quality or 0) <= thresholds().forecast.risk:
            return (
                f"Leaving guessed addresses out brings it within {within}, whatever the cause is: they are the leads "
                "that bounce."
            )
        case "max_quality" if not judged.shown and not found.effect.others:
            return (
                f"Leaving guessed addresses out brings it within {within}; it works because they sit where addresses "
                f"bounce more{_where(found.past)}, not because guessing is shown to be the cause, so the mix by risk "
                "may keep more of them."
            )
        case "max_quality" if (judged.chances.quality or 0) <= thresholds().forecast.risk:
            return f"Leaving guessed addresses out brings it within {within}."
        case "max_quality":
            return (
                "Guessed addresses clearly make it worse, so leave them out; whether the rest stays within "
                f"{within} is likely, not certain."
            )
        case _ if judged.chances.verified is None and quality.leads == forecasts.max_quantity.leads:
            return "There are no verified addresses in it: its addresses need verifying before they are used."
        case _ if judged.chances.verified is None:
            return (
                "There are no verified addresses in it, and leaving guessed ones out is not enough: its addresses need "
                "verifying before they are used."
            )
        case _ if judged.chances.verified <= thresholds().forecast.risk:
            so = "Leaving guessed addresses out is not enough, and the"
            if quality.leads == forecasts.max_quantity.leads:
                so = "The"
            return (
                f"{so} verified ones are not the problem: leave the {kinds(found.again)} addresses out, or have each "
                "one verified before it is used."
            )
        case _:
            return (
                "Verified addresses alone would exceed it too: what made them verified is out of date or wrong, and no "
                "setting cures that. Verify them again before the next send."
            )


def _renewed(ahead: NextList, renewed: Renewed, tolerance: float) -> str:
    """What the list does without those who are named as bad."""
    which = f"these {many(int(ahead.named_bad(tolerance).sum()), 'lead')}" if ahead.own else "such leads"
    expected = _expected(renewed.forecast, tolerance)
    if renewed.guessed or "guessed" not in ahead.statuses():
        return f"Without {which} it {expected}: have them verified; the others can stay as they are."
    return (
        f"Without {which}, and without the other guessed ones, it {expected}: have them verified; the others can stay "
        "as they are."
    )


def _where(past: History) -> str:
    """Which industry group the other one's verified addresses have nothing of, in brackets; "" if none stands out."""
    cells = slice(0, len(INDUSTRY_GROUPS))
    leads, bounces = past.leads[cells], past.bounces[cells]
    strict, usual = INDUSTRY_GROUPS.index("strict"), INDUSTRY_GROUPS.index("open")
    if min(leads[strict], leads[usual]) < thresholds().evidence.min_leads_per_arm:
        return ""
    rates = bounces / leads.clip(1)
    worse, better = (strict, usual) if rates[strict] > rates[usual] else (usual, strict)
    if bounces[worse] < thresholds().evidence.min_bounces or rates[worse] < 2 * rates[better]:
        return ""
    return (
        f" (verified ones, too, bounced at {percent(rates[worse])} in {INDUSTRY_GROUPS[worse]} industries and at "
        f"{percent(rates[better])} in {INDUSTRY_GROUPS[better]} ones)"
    )


def _mix(found: Found) -> str:
    """What the best mix keeps."""
    forecasts, judged, tolerance = found.forecasts, found.judged, found.tolerance
    mix, everyone = forecasts.best_mix, forecasts.max_quantity
    if mix.leads >= everyone.leads:
        return ""
    if judged.recommendation == "max_quality" and forecasts.max_quality.leads < WORTH_SENDING * everyone.leads:
        return ""
    if judged.named and mix.leads < WORTH_SENDING * everyone.leads:
        return ""
    if mix.leads < WORTH_SENDING * everyone.leads and judged.recommendation == "max_quality":
        kept = f"only {number(mix.leads)} of {many(everyone.leads, 'lead')}" if mix.leads else "no part of it"
        return (
            f"Not with more certainty, though: {kept} would stay within {limit(tolerance)} with 90 % probability. "
            f"Send a small part first, and look at its bounces{_sent_first(found)}."
        )
    if mix.leads < WORTH_SENDING * everyone.leads:
        kept = (
            f"only {number(mix.leads)} of {many(everyone.leads, 'lead')} would" if mix.leads else "no part of it would"
        )
        return (
            f"The list cannot be brought within {limit(tolerance)} by leaving leads out: {kept} stay within it with "
            f"90 % probability. {_verify_first(found)}"
        )
    return (
        f"Taken by risk, the {number(mix.leads)} safest of {many(everyone.leads, 'lead')} stay within "
        f"{limit(tolerance)} with 90 % probability."
    )


def _verify_first(found: Found) -> str:
    """Whose addresses are to be verified before anything is sent to them."""
    if not found.ahead.own or not found.sent:
        return "Have its addresses verified, or get other ones, before anything is sent."
    return (
        f"next_send.csv sends to the {many(found.sent, 'lead')} that nothing is found against; have the other "
        "addresses verified, or get other ones."
    )


def _sent_first(found: Found) -> str:
    """How many of the next list that small part is."""
    return f" (next_send.csv sends to {many(found.sent, 'lead')})" if found.ahead.own and found.sent else ""


def _cannot_tell(found: Found, lacking: Lacking) -> str:
    """Why the data cannot tell, and what would let it."""
    past, within = found.past, limit(found.tolerance)
    # Of the leads themselves: what is learnt of misspelt ones is no part of `past`.
    leads, bounces = len(found.contacts.leads), int(found.contacts.leads["address"].sum())
    each = "to each of " if len(lacking.statuses) > 1 else "to "
    about = listed([status(name) for name in lacking.statuses]) if lacking.statuses else "these leads"
    told = f"About {many(lacking.sends, 'more send')} {each}{about} would tell."
    match lacking.what:
        case "next_leads":
            return "The next list has no lead that could be written to."
        case "bounce_reasons":
            unread = found.judged.unread
            span = (
                f"if none of that is the address, {percent(bounces / leads)} of the leads are bad, if all of it is, "
                f"{percent((bounces + unread) / leads)}, and the advice would be another."
            )
            return (
                f"{_of(unread, leads)} bounced and nothing says why: {span} More sends do not tell; "
                "the bounce messages, or the reasons in the log, do."
            )
        case "email_status":
            as_it_was = "as it was before the send" if _known_too_late(found.contacts) else "with its email status"
            return (
                "Whether leaving guessed addresses out would help cannot be told, and more sends would not tell "
                f"either: give the lead list {as_it_was}."
            )
        case "next_email_status":
            return (
                "The next list carries no email status, so what is known of guessed and verified addresses tells "
                "nothing of it, and more sends would not either: give it with its email status."
            )
        case "first_sends":
            new = np.isin(found.ahead.status, [EMAIL_STATUSES.index(name) for name in lacking.statuses])
            part = float(new[found.ahead.barred == ""].mean())
            return (
                f"No mail went to {about} before, and {percent(part)} of the next list is of them: what they would do "
                f"is prior belief, and not known from this data. {told}"
            )
        case _ if not found.judged.arms and leads >= thresholds().evidence.min_leads:
            return (
                f"{percent(bounces / leads)} of {many(leads, 'lead')} is no sure guide to the next send, for "
                f"{_unsteady(past)}: whether it stays within {within} cannot be told. About "
                f"{many(lacking.sends, 'more send')}, best in another campaign, would tell more."
            )
        case _:
            return (
                f"{many(leads, 'lead')} with {many(bounces, 'address-fault bounce')} are too few to say whether the "
                f"rate stays within {within}: the answer would come from prior belief, not from this data. {told}"
            )


def _unsteady(past: History) -> str:
    """What keeps the rate of enough leads from being a guide to the next send."""
    if past.spread.company_effect >= _BY_COMPANY:
        return "bounces came company by company, so that a few companies make the rate"
    if past.campaigns > 1:
        return "campaigns differ from each other"
    return "one campaign does not show how much the next one differs"


def _until_then(found: Found) -> str:
    """Who of the next list is sent to although no setting is known to hold."""
    everyone, tolerance = found.forecasts.max_quantity.leads, found.tolerance
    if not found.ahead.own or not 0 < found.sent < everyone:
        return ""
    whom = f"Until then next_send.csv sends to {number(found.sent)} of {many(everyone, 'lead')}"
    if found.part:
        return (
            f"{whom}, a first part: the safest lead of each of as many companies, each expected within "
            f"{limit(tolerance)}. Their bounces tell more."
        )
    if found.forecasts.best_mix.leads:
        return f"{whom}, the safest, which stay within {limit(tolerance)} with 90 % probability."
    if found.forecasts.max_quantity.rate is None:
        return (
            f"{whom}, verified ones that are each expected within {limit(tolerance)} even if every bounce without a "
            "reason was a bad address."
        )
    return f"{whom}, verified ones that are each expected within {limit(tolerance)}: their bounces tell more."


def _elsewhere(contacts: Contacts, past: History, named: list[Explanation]) -> str:
    """Where a few companies make the rate: what is left without those that explain it, or what it is by company."""
    by_company = _by_company(past)
    if not past.bounces.any():
        return ""
    if float(past.bounces.sum()) < _FAR_OFF * by_company * float(past.leads.sum()):
        return ""
    whole = [each for each in named if each.kind in ("wrong_pattern", "dead_domain")]
    leads = len(contacts.leads) - sum(each.leads for each in whole)
    bounces = int(contacts.leads["address"].sum()) - sum(each.bounces for each in whole)
    if whole:
        return f"Without them it is {_of(bounces, leads)}." if leads else ""
    return (
        "Bounces came company by company, and the forecast counts companies rather than leads: of their addresses "
        f"{percent(by_company)} bounced in the mean.{_closed(contacts)}"
    )


def _closed(contacts: Contacts) -> str:
    """The companies where nearly all addresses are bad and that hold most of the bounces, and what is left without."""
    company, bounced = company_of(contacts), contacts.leads["address"].to_numpy(dtype=np.bool_)
    leads, hits = np.bincount(company), np.bincount(company[bounced], minlength=int(company.max()) + 1)
    whole = np.flatnonzero((hits >= thresholds().evidence.min_bounces) & (hits >= WHOLE * leads))
    whole = whole[np.argsort(-hits[whole], kind="stable")][:_NAMED]
    if hits[whole].sum() < MOST * bounced.sum():
        return ""
    told = [f"{contacts.domains[code]} ({number(hits[code])} of {number(leads[code])})" for code in whole]
    left = _of(int(bounced.sum() - hits[whole].sum()), int(len(company) - leads[whole].sum()))
    return f" Most are of {listed(told)}, where nearly every address is bad; without {_them(whole)} it is {left}."


def _them(several: Codes) -> str:
    return "it" if len(several) == 1 else "them"


def _by_company(past: History) -> float:
    """The rate with each lead counted for what it is worth beside its fellows at a company."""
    return float(past.worth_bounced.sum()) / max(float(past.worth.sum()), 1.0)


def _of_no_cause(contacts: Contacts) -> str:
    """That many bounces say nothing of their cause, and what that leaves open; "" where they are the usual few."""
    count = unread(contacts)
    if not count:
        return ""
    leads = contacts.leads
    bounced = int((leads["hard"] | leads["spam"] | leads["unknown"]).sum())
    return (
        f"{number(count)} of the {number(bounced)} leads that bounced say nothing of the cause, and count as no bad "
        "addresses in these rates: with the bounce messages they would be told apart. The upper ends of the ranges and "
        "the best mix hold even if all of them are bad."
    )


def _unread_by_status(contacts: Contacts) -> str:
    """How many of the guessed and of the verified leads bounced for no known cause: a hint, and no more."""
    leads = contacts.leads
    unread = leads["unknown"] & ~leads["address"]
    told = []
    for name in ("guessed", "verified"):
        having = leads["email_status"] == name
        if having.any():
            count, of = int((unread & having).sum()), int(having.sum())
            of_all = many(of, f"{name} address", f"{name} addresses")
            told.append(f"{number(count)} of {of_all} ({percent(count / of)})")
    if len(told) < 2:
        return ""
    return (
        f"Without a reason bounced {listed(told)}: where far more of the guessed ones do, bad addresses are the likely "
        "cause; where both do alike, they hardly are."
    )


def _spread(past: History) -> str:
    if past.campaigns >= 2:
        return ""
    return "One campaign cannot show how much the next one differs; the ranges allow for a usual difference."


def _of(count: int, leads: int) -> str:
    return f"{number(count)} of {many(leads, 'lead')} ({percent(count / leads)})"
