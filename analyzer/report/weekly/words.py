"""The sentences of the weekly report: the page, the Markdown, the JSON and the terminal say these and no others."""

from __future__ import annotations

from dataclasses import astuple
from datetime import date
from typing import TYPE_CHECKING, Final

from analyzer.diagnose.weeks.weekly import stands_out
from analyzer.history.counts import RECENT
from analyzer.knowledge import reasons
from analyzer.report import causes, words
from analyzer.report.sentences import Action, Tone, reverify

if TYPE_CHECKING:
    from analyzer.diagnose.diagnosis import Diagnosis, Fix, Rate
    from analyzer.diagnose.weeks.alarms import State
    from analyzer.diagnose.weeks.changes import Change, Place
    from analyzer.diagnose.weeks.improvements import Improvement
    from analyzer.diagnose.weeks.leads import NewLeads
    from analyzer.diagnose.weeks.sources import Decay
    from analyzer.diagnose.weeks.weekly import Series, Week
    from analyzer.records import Matching

STATE_NAMES: Final[dict[State, str]] = {
    "alarm": "alarm",
    "recovering": "recovering",
    "watch": "watch",
    "quiet": "as usual",
    "learning": "learning",
    "too_little": "too few mails",
}
FIGURE_NAMES: Final = {
    "hard": "Hard bounces",
    "address": "of these, bad addresses",
    "spam": "Spam bounces",
    "unknown": "Unknown bounces",
}
#: What an alarm of a measure is about.
MEASURE_NAMES: Final = {"hard": "bad addresses", "spam": "spam bounces"}
KIND_NAMES: Final = {"new": "New", "worse": "Got worse or goes on", "fixed": "Fixed or better"}
_SHOWN = 3
#: The fix for refusals of strict industries.
_STRICT = "RCPT-STRICT"
#: Whom more of the mail went to, and what else a rise could have come of.
_WHOM: Final = {
    "guessed": "guessed addresses",
    "strict": "strict industries (banks, health care, pharma and their like)",
}
_NOT_OF: Final = {"hard": "worse data", "spam": "your sending"}
_NOT_THE_ADDRESS = frozenset({"infrastructure", "mailbox"})
_UNDER_WAY = frozenset({"alarm", "recovering"})
#: Advice that asks for better addresses than the week's.
_BETTER = frozenset({"max_quality", "reverify"})
#: So many bounces, most of the week's, that tell of no mail of ours are a fault of the log before they are forgeries.
_ASIDE = 5
#: How each number was worked out: (what, how).
HOW: Final = (
    (
        "What is counted",
        "Mails sent in the week, Monday to Sunday of the time zone named above. A bounce counts in the week of its "
        "mail, however late it came, so a week's figures may still rise in the report of a later run. Rates are of "
        "mails, but where they are said to be of leads: a sequence of three mails has three times as many.",
    ),
    (
        "The range beside a rate",
        "95 % interval by Wilson's method: chance alone moves a rate of so few mails that far. It is wider where many "
        "mails went to the same companies, for what a company does to all of its own was seen once.",
    ),
    (
        "The weeks before",
        "Rates of the eight weeks before, taken together. What is usual for an alarm is learnt from up to 26 weeks.",
    ),
    (
        "Sequence steps",
        "First mails meet the bad addresses, later ones reach leads whose first mail arrived. Weeks are compared as if "
        "all had the same mix of steps, and “usual” is what is usual at the steps of this week's mails.",
    ),
    (
        "Alarm",
        "A running sum of how much better a doubled rate explains the weeks than the usual one (CUSUM), discounted by "
        "how much weeks differ anyway. It is tuned by simulation so that a quiet series raises a false alarm less than "
        "twice a year. Weeks with fewer than 30 mails are added to the next; the first four only teach what is usual. "
        "Of hard bounces it counts those for bad addresses.",
    ),
    (
        "Mailboxes, domains, providers, campaigns",
        "One of these alarms only if all mail is in alarm too, or if it stands out among all that were looked at.",
    ),
    (
        "Over the line",
        "An alarm as well, whatever is usual: bad addresses among the leads first written to in the week proven above "
        "what you accept, or refusals proven above 5 % of the mails.",
    ),
    ("Recovering", "After an alarm, until two weeks in a row were as usual."),
    (
        "Fewer since a week",
        "The mails since then against what was usual when it began, as alarms learnt it: told from two and a half "
        "standard deviations on, and where a quarter or more is gone. The range is at 95 %. Nothing says what was "
        "changed then: that is for you to know.",
    ),
    ("The alarm band", "Where the rate of a usual week lies: three standard deviations round what is usual."),
)


def subject(dimension: str, value: str) -> str:
    """What a series is about, for the inside of a sentence."""
    name = words.short(value, 80) or "not given"
    return {
        "total": "all mail",
        "sender": f"mailbox {name}",
        "sender_domain": f"mail from {name}",
        "provider": f"mail to {name}" if value else "mail to companies whose provider is not known",
        "campaign": f"campaign “{name}”" if value else "mail of no campaign",
        "recipient_domain": f"mail to {name}",
    }.get(dimension, name)


def day(text: str) -> str:
    """ "2026-03-03" → "3 March 2026"."""
    return words.day(date.fromisoformat(text)) if text else ""


def period(week: Week) -> str:
    """The days of the week, and whose days they are."""
    return f"{words.period(date.fromisoformat(week.starts), date.fromisoformat(week.ends))} ({week.timezone})"


def of(rate: Rate) -> str:
    """ "6.2 % (62 of 1,000 mails)"."""
    if not rate.leads:
        return "no mails"
    return f"{words.percent(rate.rate)} ({words.count(rate.count)} of {words.plural(rate.leads, 'mail')})"


def verdict(week: Week) -> tuple[Tone, str]:
    """The answer to "is anything wrong?"."""
    if not week.sends:
        return "unsure", "No mail was sent in this week."
    alarms = week.alarms
    total = [one for one in alarms if one.dimension == "total"]
    if total:
        return "act", " ".join(said(one, week) for one in total)
    if alarms:
        more = len(alarms) - 1
        also = f" {words.plural(more, 'more series is', 'more series are')} in alarm." if more else ""
        return "act", said(alarms[0], week) + also
    whole = [one for one in week.series if one.dimension == "total"]
    news = [one for one in week.changes if one.kind != "fixed"]
    of_others = [_up(one) for one in whole if one.mix is not None]
    if news:
        told = f"No alarm, but {words.plural(len(news), 'thing is', 'things are')} new or worse: see below."
        return "act", " ".join([told, *of_others])
    if week.decaying_sources and (week.leads is None or not _asks_for_better(week.leads)):
        return "act", f"No alarm yet. {decayed(week.decaying_sources[0])}"
    higher = [one for one in whole if _higher(one, week)]
    if week.leads is not None and _asks_for_better(week.leads):
        # Of bad addresses the sentence on the leads says more.
        return "act", " ".join([_asking(week.leads), *(_no_alarm(one) for one in higher if one.measure == "spam")])
    if any(one.state == "recovering" for one in whole):
        return "fine", "On the way back: the rate that raised the alarm is as usual again, one more such week ends it."
    if any(one.state == "learning" for one in whole):
        return "unsure", (
            f"Still learning what is usual, {words.plural(week.weeks_before, 'earlier week')} so far: no alarm yet for "
            "a rise, only for a rate above what you accept."
        )
    if higher:
        return "unsure", " ".join(map(_no_alarm, higher))
    if week.mostly_unread:
        return "unsure", _unread(week)
    if all(one.state == "too_little" for one in whole):
        return "unsure", f"Too few mails to tell: {words.plural(week.sends, 'mail')}."
    if week.improvements:
        return "fine", " ".join(improved(one) for one in week.improvements)
    hard, _, spam, _ = week.figures
    return (
        "fine",
        f"As usual: hard bounces {words.percent(hard.now.rate)}, spam bounces {words.percent(spam.now.rate)}.",
    )


def _higher(one: Series, week: Week) -> bool:
    """Whether all mail is half-way to an alarm, with a range that lies above what the weeks before showed; or has such
    a range and is known to come of whom was written to."""
    if one.mix is not None:
        return one.state != "alarm"
    name = "address" if one.measure == "hard" else one.measure
    before = next(figure.before for figure in week.figures if figure.name == name)
    return one.state == "watch" and (one.now.low or 0.0) > (before.rate or 0.0)


def _up(one: Series) -> str:
    return f"{_named(one)} are up: {_held_against(one)}.{_lie(one)}"


def _no_alarm(one: Series) -> str:
    return f"{_up(one)} No alarm yet."


def _named(one: Series) -> str:
    return MEASURE_NAMES[one.measure].capitalize()


def _unread(week: Week) -> str:
    unknown = next(one.now for one in week.figures if one.name == "unknown")
    return (
        f"{words.percent(unknown.rate)} of the mails bounced ({words.count(unknown.count)} of "
        f"{words.count(unknown.leads)}) and nothing says why: bad addresses or refusals, it cannot be told."
    )


def said(one: Series, week: Week) -> str:
    """An alarm in a sentence."""
    name = _named(one)
    whom = "" if one.dimension == "total" else f" of {subject(one.dimension, one.value)}"
    if one.why == "line":
        lasts = "" < one.above_since < week.week
        still, since = (" still", f" since {one.above_since}") if lasts else ("", "")
        last = _last_week(one, week) if lasts else ""
        if (one.dimension, one.measure) == ("total", "hard") and week.leads is not None:
            return f"{name} are{still} above what you accept{since}: {_of_leads(week.leads)}.{_mixed(one)}"
        figure = f"{of(one.now)}, beyond what can be accepted{last}"
        return f"{name}{whom} are{still} above the line{since}: {figure}.{_lie(one)}"
    if one.before in _UNDER_WAY:
        first = min(filter(None, (one.since, one.above_since)), default="")
        since = f" since {first}" if first else ""
        return f"{name}{whom} are still high{since}: {_held_against(one)}{_last_week(one, week)}.{_lie(one)}"
    since = f", rising since {one.since}" if one.since else ""
    return f"{name}{whom} have risen: {_held_against(one)}{since}.{_lie(one)}"


def _last_week(one: Series, week: Week) -> str:
    """What the refusals of all mail were a week before; "" of others."""
    if (one.dimension, one.measure) != ("total", "spam") or len(week.trend) < 2 or not week.trend[-2].sends:
        return ""
    return f"; {words.percent(week.trend[-2].spam.rate)} last week"


def _of_leads(leads: NewLeads) -> str:
    """ "9.3 % of the leads first written to this week have a bad address (43 of 464); 5 % is accepted"."""
    return (
        f"{words.percent(leads.now.rate)} of the leads first written to this week have a bad address "
        f"({words.count(leads.now.count)} of {words.count(leads.now.leads)}); "
        f"{words.limit_words(leads.accepted)} is accepted"
    )


def _asking(leads: NewLeads) -> str:
    """That the newest leads are worse than they should be, though no alarm says so."""
    bad = [one for one in leads.origins if one.rate > leads.accepted]
    if not bad:
        return f"No alarm, but the next list may be worse than you accept: {_of_leads(leads)}."
    whose = " and ".join(f"the {one.column} {', '.join(words.short(name, 60) for name in one.values)}" for one in bad)
    rates = " and ".join(words.percent(one.rate) for one in bad)
    when = "this week" if leads.weeks == 1 else f"in the last {leads.weeks} weeks"
    accepted = words.limit_words(leads.accepted)
    return f"No alarm, but new leads of {whose} are bad: {rates} of them {when}; {accepted} is accepted."


def _lie(one: Series) -> str:
    """What a rate comes of, as sentences behind it: whom the mail went to, else where most of the refusals are."""
    return _mixed(one) or _at(one.place)


def _mixed(one: Series) -> str:
    """That a rate comes of whom was written to; "" where it does not."""
    if one.mix is None:
        return ""
    was, old = words.percent(one.mix.before), words.percent(one.mix.at_old)
    return (
        f" You write to other leads than before: {words.percent(one.mix.share)} of the mails went to "
        f"{_WHOM[one.mix.value]}, {was} in the weeks before. With leads as before it would have been {old}: "
        f"most of the rise comes of the list, not of {_NOT_OF[one.measure]}."
    )


def _at(place: Place | None) -> str:
    """Where the refusals of a sentence are, as a sentence behind it; "" where that is nowhere in particular."""
    if place is None:
        return ""
    number = f"All {words.count(place.of)}" if place.count == place.of else f"{words.count(place.count)} of them"
    name = words.short(place.value, 80)
    where = {
        "sender": f"from mailbox {name}",
        "sender_domain": f"in mail from {name}",
        "step": f"at {words.value_name('step', name)} of the sequence",
        "campaign": f"in campaign “{name}”",
        "template": f"with template “{name}”",
        "industry": f"in {name}",
        "list_source": f"of list source “{name}”",
        "provider": f"at {name}",
    }[place.dimension]
    share = "" if place.share is None else f" ({words.percent(place.share)} of the mails)"
    return f" {number} are {where}{share}."


def _held_against(one: Series) -> str:
    """This week's figure and the usual one; of providers, whose mails are known from bounces mostly, counts alone."""
    if one.dimension == "provider":
        mails = words.plural(one.now.count, "mail")
        return mails if one.usual is None else f"{mails}, {words.count(round(one.usual * one.now.leads))} usually"
    return of(one.now) + (f"; {words.percent(one.usual)} is usual" if one.usual is not None else "")


def alarm_line(week: Week) -> str:
    """The alarms that the page names, on one line, for a scheduler's mail."""
    return f"{week.week}: " + " ".join(said(one, week) for one in named_alarms(week)[:_SHOWN])


def named_alarms(week: Week) -> list[Series]:
    """The alarms, all mail first; where that is in alarm, of its parts only those that stand out. A part once."""
    whole = {one.measure: one for one in week.series if one.dimension == "total"}
    found: dict[tuple[str, int, int], Series] = {}
    for one in week.alarms:
        parent = whole[one.measure]
        if parent.state == "alarm" and parent.place is not None and one is not parent:
            # What most of it has in common is told: other parts have it by the way.
            stands = (one.dimension, one.value) == (parent.place.dimension, parent.place.value)
        else:
            stands = parent.state != "alarm" or stands_out(one.dimension, one.now, parent.now)
        if one is parent or stands:
            found.setdefault((one.measure, one.now.count, one.now.leads), one)
    return list(found.values())


def change(one: Change, week: Week) -> str:
    """What changed, in a sentence, with the figures and the date."""
    what = f"bounces for “{words.reason_name(one.reason)}”" if one.reason else "refusals"
    # The only domain that sends is all mail.
    everywhere = one.dimension == "total" or one.now.leads == week.sends
    where = "" if everywhere else f" in {subject(one.dimension, one.value)}"
    since = f" since {day(one.since)}" if one.since else ""
    if one.kind == "new" and one.dimension == "recipient_domain":
        text = f"{words.short(one.value, 80)} has begun to refuse our mail{since}"
    elif one.kind == "new":
        text = f"New{since}{where}: {what}"
    elif one.kind == "worse" and _began_lately(one, week):
        text = f"Still{since}{where}{_more_than_last(one)}: {what}"
    elif one.kind == "worse":
        text = f"More {what}{where}"
    else:
        text = f"{'No more' if not one.now.count else 'Fewer'} {what}{where}"
    before = "none" if not one.before.count else words.percent(one.before.rate)
    # What a reason means holds no longer where it is gone.
    means = f" {words.reason_says(one.reason)}" if one.reason and one.kind != "fixed" else ""
    return f"{text}: {of(one.now)}; {before} in the weeks before.{means}{_at(one.place)}"


def improved(one: Improvement) -> str:
    """A fall beyond chance, in a sentence with the figures."""
    fewer, low, high = (words.count(round(number or 0)) for number in astuple(one.fewer))
    return (
        f"{MEASURE_NAMES[one.measure].capitalize()} are fewer since {one.since}: {of(one.now)}, where "
        f"{words.percent(one.usual)} was usual. That is {fewer} fewer than at the usual rate (range {low} to {high})."
    )


def decayed(one: Decay) -> str:
    """A list source that gets worse, in a sentence with the figures."""
    return (
        f"List source “{words.short(one.source, 80)}” gets worse from week to week: {of(one.now)} met bad addresses in "
        f"the last two weeks, {of(one.before)} in the {words.plural(one.weeks, 'week')} before, since {one.since}."
    )


def _more_than_last(one: Change) -> str:
    """How a fault that goes on stands beside last week."""
    if one.last_week.rate is None:
        return ""
    more = ", and more" if (one.now.rate or 0.0) > one.last_week.rate else ""
    return f"{more} ({words.percent(one.last_week.rate)} last week)"


def _began_lately(one: Change, week: Week) -> bool:
    """Whether it began in the weeks before, of which the first ones were without it."""
    if not one.since or not week.starts:
        return False
    return 0 < (date.fromisoformat(week.starts) - date.fromisoformat(one.since)).days < 7 * (RECENT - 1)


def moves(week: Week) -> list[tuple[str, str]]:
    """(kind, sentence) of series that went into alarm, stay in it, or came out of it this week.

    Where all mail is in alarm, only the parts are named that stand out from it; a part is named once.
    """
    named = named_alarms(week)
    told = {(one.measure, one.now.count, one.now.leads) for one in named}
    found = [("worse" if one.before in _UNDER_WAY else "new", said(one, week)) for one in named]
    # Nothing is back to what is usual while the cause of it goes on.
    on = {reasons()[one.reason].label for one in week.changes if one.kind == "worse" and one.reason}
    for one in week.series:
        if one.measure in on:
            continue
        mails = (one.measure, one.now.count, one.now.leads)
        if one.usual is None and one.dimension != "total":
            # Nobody knows yet what is usual there.
            continue
        if mails not in told and one.before in _UNDER_WAY and one.state not in {*_UNDER_WAY, "too_little", "watch"}:
            name, whom = _named(one), subject(one.dimension, one.value)
            figure = words.plural(one.now.count, "mail") if one.dimension == "provider" else of(one.now)
            back = "no longer above the line" if one.usual is None else "back to what is usual"
            found.append(("fixed", f"{name} of {whom} are {back}: {figure}."))
            told.add(mails)
    return found


def changed(week: Week) -> dict[str, list[str]]:
    """What changed and why, by kind; the alarms first."""
    found: dict[str, list[str]] = {kind: [] for kind in KIND_NAMES}
    found["fixed"] += [improved(one) for one in week.improvements]
    for kind, sentence in moves(week):
        found[kind].append(sentence)
    for each in week.series:
        if each.mix is not None and _higher(each, week):
            found["worse" if each.mix.since < week.week else "new"].append(_up(each))
    found["worse"] += [decayed(each) for each in week.decaying_sources]
    for one in week.changes:
        found[one.kind].append(change(one, week))
    return found


def set_aside(diagnosis: Diagnosis | None) -> str:
    """What came back in the week and counts for nothing, for it tells of no mail of ours; "" for none."""
    if diagnosis is None or not diagnosis.matching.unmatched:
        return ""
    number, forged = diagnosis.matching.unmatched, diagnosis.matching.suspected_forged
    told = (
        f"{words.plural(number, 'bounce')} of this week {'tells' if number == 1 else 'tell'} of no mail that was sent"
    )
    told += f" and {'counts' if number == 1 else 'count'} nowhere"
    if forged == number:
        told += ", a suspected forgery" if number == 1 else ", all of them suspected forgeries"
    elif forged:
        told += f", {words.plural(forged, 'suspected forgery', 'suspected forgeries')} among them"
    return told + ". bounces.csv of diagnose --workspace names each."


def actions(week: Week, diagnosis: Diagnosis | None) -> list[Action]:
    """What to do now, at most three things; never empty."""
    if diagnosis is None:
        return [Action("Nothing.", "No mail was sent in this week.")]
    found: dict[str, Action] = {}
    matching = diagnosis.matching
    if matching.unmatched >= _ASIDE and matching.unmatched > matching.matched:
        found["log"] = _log(matching)
    news = [one for one in week.changes if one.kind != "fixed"]
    spam = [one for one in week.alarms if one.measure == "spam"]
    rising = next((one for one in week.series if (one.dimension, one.measure) == ("total", "spam")), None)
    if rising is not None and rising not in spam and _higher(rising, week) and (rising.mix or not news):
        found |= _first_fix(diagnosis, rising, _up(rising)) if _lie(rising) else {}
    for one in news:
        fix = next((each for each in diagnosis.deliverability.fixes if one.reason and one.reason in each.reasons), None)
        if fix is not None:
            found.setdefault(fix.id, _fix(fix, change(one, week)))
    if spam and not found:
        found |= _first_fix(diagnosis, spam[0], said(spam[0], week))
    found |= _data(week, diagnosis)
    if "origin" not in found:
        for decay in week.decaying_sources[:1]:
            source = words.short(decay.source, 80)
            what = f"Have the next leads of list source “{source}” verified before you write to them."
            found["source"] = Action(what, decayed(decay))
    failed = next((one for one in news if one.reason and reasons()[one.reason].fault in _NOT_THE_ADDRESS), None)
    if failed is not None:
        found["failed"] = _failed(failed, week, diagnosis)
    for one in news:
        if one.dimension == "recipient_domain":
            what = f"Leave {words.short(one.value, 80)} to another channel."
            found.setdefault(one.value, Action(what, change(one, week)))
    if week.mostly_unread:
        found["unread"] = Action(
            "Connect the mailbox that bounces come to (watch), or take them in (ingest --bounces).",
            "The log only says that mails bounced; the bounces themselves say why.",
        )
    rest = [one for one in news if not found]
    if rest:
        found["look"] = Action("Look at what is new before the next sequence.", change(rest[0], week))
    if week.alarms and not found:
        found["look"] = Action("Find what the mails in alarm have in common.", said(week.alarms[0], week))
    nothing = Action("Nothing. Send on as before.", "No alarm, and nothing new or worse.")
    if any(_higher(one, week) for one in week.series if one.dimension == "total"):
        nothing = Action("Look again next week.", verdict(week)[1])
    return list(found.values())[:_SHOWN] or [nothing]


def _first_fix(diagnosis: Diagnosis, about: Series, why: str) -> dict[str, Action]:
    """The fix that explains most of a rise, which is about that even where it is over; else the first that is not. Of
    those for the receivers' side where the rise comes of whom was written to."""
    fixes = diagnosis.deliverability.fixes
    if about.mix is not None:
        fixes = [fix for fix in fixes if fix.id == _STRICT] or [fix for fix in fixes if fix.side == "recipient"]
    first = min(
        fixes,
        key=lambda fix: (2 * fix.bounces < about.now.count, fix.clear is not None, fix.priority),
        default=None,
    )
    return {} if first is None else {first.id: _fix(first, why)}


def _log(matching: Matching) -> Action:
    """What to check where most of the bounces count for nothing."""
    number = words.count(matching.unmatched)
    why = f"{number} of {words.plural(matching.unmatched + matching.matched, 'bounce')} of this week count nowhere"
    if 2 * matching.forged_reasons.get("wrong_time", 0) > matching.unmatched:
        why += ", most because they came before any mail to their recipient, or long after it: is the time zone of the"
        return Action("Check the times of the log first.", f"{why} log right (ingest --timezone)?")
    why += ", because they tell of no mail that was sent: was every log of the time taken in? If so, somebody else"
    return Action("Check that the log is whole first.", f"{why} writes in your name.")


def _fix(fix: Fix, why: str) -> Action:
    if fix.clear is not None:
        since = f" None in the {words.count(fix.clear)} mails like these since {day(fix.until)}."
        return Action(f"Check that this stays mended: {words.short(fix.title, 160).rstrip('.')}.", why + since)
    step = f" First step: {words.short(fix.steps[0], 240)}" if fix.steps else ""
    return Action(words.short(fix.title, 160).rstrip(".") + ".", why + step)


def _failed(one: Change, week: Week, diagnosis: Diagnosis) -> Action:
    """What to do about receivers that failed."""
    found, why = diagnosis.other_hard, change(one, week)
    if found is not None and found.first:
        days = words.period(date.fromisoformat(found.first), date.fromisoformat(found.last))
        why += f" All of them are of mails sent {days}."
    again = reasons()[one.reason].transient
    what = "Write to these leads again later" if again else "See what failed at the receivers"
    return Action(f"{what}: their addresses are not at fault.", why)


def _asks_for_better(leads: NewLeads) -> bool:
    """Whether the leads of the week, or those of a source of the last weeks, are too bad for another list like them."""
    return leads.recommendation in _BETTER or any(one.rate > leads.accepted for one in leads.origins)


def _data(week: Week, diagnosis: Diagnosis) -> dict[str, Action]:
    """What to do about the addresses: about where they come from, and about the setting; nothing where all is well."""
    leads, found = week.leads, dict[str, Action]()
    alarms = [one for one in named_alarms(week) if one.measure == "hard"]
    why = [said(alarms[0], week)] if alarms else []
    recommended = diagnosis.data_quality.recommendation
    if leads is not None and (left := causes.leave_out(leads.origins, leads.accepted)) is not None:
        when = [] if leads.weeks == 1 else [f"These are leads first written to in the last {leads.weeks} weeks."]
        found["origin"] = Action(left[0], " ".join([left[1], *when, *why]))
        if recommended != "max_quality" and _without_origins(leads) <= leads.accepted:
            return found
    if not alarms and (leads is None or recommended not in _BETTER):
        return found
    if leads is not None and recommended in _BETTER:
        why += _next_like(leads, diagnosis)
    narrow = max(alarms, key=lambda one: one.now.rate or 0.0, default=None)
    if narrow is not None and narrow is not alarms[0]:
        why.append(f"Most of all {subject(narrow.dimension, narrow.value)}: {of(narrow.now)}.")
    match recommended:
        case "max_quality":
            what = "Set data quality to max quality for the next sequence."
        case "reverify":
            what = reverify(diagnosis)[0]
        case _ if (cause := causes.leading(diagnosis)) is not None:
            what = causes.step(diagnosis, cause)[0]
        case _:
            what = "Find out where the bad addresses of this week come from."
    if not any(one.what == what for one in found.values()):
        found["data"] = Action(what, " ".join(why))
    return found


def _without_origins(leads: NewLeads) -> float:
    """The share of bad addresses among leads of the last weeks who are of no origin that bounces more."""
    bad = leads.recent.count - sum(one.bounces for one in leads.origins)
    return max(bad, 0) / max(leads.recent.leads - sum(one.leads for one in leads.origins), 1)


def _next_like(leads: NewLeads, diagnosis: Diagnosis) -> list[str]:
    """What the leads of the week were, where no alarm says so, and what another list like them would do."""
    told = [] if leads.above else [f"{_of_leads(leads)}."]
    chance = diagnosis.data_quality.forecast.max_quantity.p_over_tolerance
    if chance is not None:
        told.append(f"The chance that another list like theirs has more is {words.percent(chance)}.")
    return told
