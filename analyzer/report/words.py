"""Numbers and names as a reader meets them: the page, the Markdown, the workbook and the terminal share them.

Whatever comes from outside (names, replies of receivers) goes through `clean` before it is shown.
"""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from analyzer import readable
from analyzer.diagnose.words import listed
from analyzer.knowledge import reasons
from analyzer.readable import clean as clean
from analyzer.readable import short as short

if TYPE_CHECKING:
    from analyzer.diagnose.diagnosis import (
        DataQuality,
        Deliverability,
        Diagnosis,
        Fix,
        FixPart,
        Forecast,
        Interval,
        OtherHard,
        Rate,
        Row,
        Totals,
    )
    from analyzer.records import Matching

#: Printed where nothing is known.
NOTHING: Final = "–"
#: The value of a breakdown row for leads of which the inputs do not say it.
NOT_GIVEN: Final = "(not given)"

DIMENSION_TITLES: Final = {
    "email_status": "Email status",
    "industry": "Industry",
    "industry_group": "Industry group",
    "provider": "Receiving provider",
    "sender": "Sender mailbox",
    "sender_domain": "Sender domain",
    "campaign": "Campaign",
    "step": "Sequence step",
    "recipient_domain": "Recipient domain",
    "week": "Week",
    "title": "Job title",
    "list_source": "List source",
    "weekday": "Weekday of sending",
    "hour": "Hour of sending",
}
STATUS_NAMES: Final = {"catch_all": "catch-all", "unknown": "not known"}
LABEL_NAMES: Final = {"hard": "Hard", "spam": "Spam", "unknown": "Unknown"}
FAULT_NAMES: Final = {
    "address": "the address",
    "mailbox": "the mailbox",
    "infrastructure": "a server or the network",
    "sender": "our sending",
    "content": "our text",
    "recipient": "the receiver's own rule",
    "complaint": "a complaint",
    "unknown": "not known",
}
METHOD_NAMES: Final = {
    "message_id": "Message-ID of the mail we sent",
    "verp": "return address made for one recipient (VERP)",
    "header": "a header of the returned mail",
    "recipient": "the recipient's address alone",
}
INPUT_NAMES: Final = {"bounces": "bounces", "log": "campaign log", "leads": "lead list", "next": "next list"}
FORECAST_NAMES: Final = {
    "max_quantity": ("Max quantity", "every lead, guessed addresses too"),
    "max_quality": ("Max quality", "guessed addresses left out"),
    "best_mix": ("Best mix", "safest leads first, as many as stay within what you accept"),
}
EFFECT_NAMES: Final = {
    "driven": "Guessed addresses drive the bad addresses.",
    "contributes": "Guessed addresses add to the bad addresses, other causes do too.",
    "not_shown": "That guessed addresses do worse than verified ones is not shown.",
    "too_little_data": "Too few leads or too few bad addresses to tell guessed and verified addresses apart.",
}
#: A week held against its alarm band.
BAND_WORDS: Final = {
    "above": "higher than chance explains",
    "below": "lower than chance explains",
    "within": "as expected",
}
_OPTION_NAMES: Final = {"tolerance": "bad addresses accepted", "seed": "seed of the simulation", "redact": "masked"}
_PARTS: Final = {
    "sender_domain": "from",
    "sender": "from mailbox",
    "campaign": "in campaign",
    "step": "at step",
    "template": "with template",
    "sending_ip": "name address",
    "receiver": "at",
}
_OUR_ADDRESS: Final = "sending_ip"
SIDE_NAMES: Final = {"sender": "ours to fix", "recipient": "the receiver's choice"}

#: An ISO week.
#: Hard bounces that call no address bad are worth a line from so many on, and from this share of all hard ones.
_FEW_OTHERS, _OTHERS = 3, 0.2
_WEEK: Final = re.compile(r"20\d\d-W(?:0[1-9]|[1-4]\d|5[0-3])")


def sentences_within(value: object, limit: int) -> str:
    """`clean`, cut behind the last whole sentence that ends within `limit` characters."""
    text = clean(value)
    if len(text) <= limit:
        return text
    end = text.rfind(". ", 0, limit)
    return text[: end + 1] if end > 0 else short(text, limit)


# Numbers


def count(number: float) -> str:
    """12400 → "12,400"; an expected count keeps one decimal below ten."""
    if isinstance(number, float) and not number.is_integer() and number < 10:
        return f"{number:.1f}"
    return f"{round(number):,}"


def percent(share: float | None) -> str:
    """0.042 → "4.2 %"; "0 %" and "100 %" only when they are exact."""
    return f"{_percent_digits(share)} %" if _known(share) else NOTHING


def spread(low: float | None, high: float | None) -> str:
    """An interval of shares: "3.6–4.9 %"."""
    if not (_known(low) and _known(high)):
        return NOTHING
    joint = " to " if low < 0 else "–"
    return f"{_percent_digits(low)}{joint}{_percent_digits(high)} %"


def chance(probability: float | None) -> str:
    """A probability in whole per cent: nobody plans on tenths of a chance."""
    return readable.chance(probability) if _known(probability) else NOTHING


def tolerance(options: dict[str, Any]) -> float | None:
    """The share of bad addresses that the reader accepts, where the run was given one."""
    value = options.get("tolerance")
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def limit_words(share: float) -> str:
    """A limit as it was typed: 0.05 → "5 %", 0.025 → "2.5 %"."""
    return f"{share * 100:.4g} %"


def false_alarm(q_value: float | None) -> str:
    """The chance that nothing is behind a finding; never "0 %", which nobody can promise."""
    return "<0.1 %" if _known(q_value) and q_value < 0.001 else percent(q_value)


def some(number: int, then: str, one: str = "", many: str = "") -> str:
    """A count and what became of it: "4, left out", "1 lead, left out"; "none" for 0."""
    if not number:
        return "none"
    return f"{plural(number, one, many) if one else count(number)}{then}"


def sides_line(sender_rate: Interval, strict_rate: Interval) -> str:
    """How open industries answer, and how strict ones."""
    parts = [
        f"{name} refuse {interval_words(rate)}" if _known(rate.estimate) else f"for {name} it cannot be told"
        for name, rate in (("open industries", sender_rate), ("strict industries", strict_rate))
    ]
    if not _known(sender_rate.estimate) and not _known(strict_rate.estimate):
        return "Neither for open nor for strict industries can it be told how often they refuse."
    text = f"{parts[0]}, {parts[1]}."
    return text[0].upper() + text[1:]


def plural(number: float, one: str, many: str = "") -> str:
    """ "no leads", "1 lead", "12,400 leads"."""
    many = many or one + "s"
    if number == 0:
        return f"no {many}"
    return f"1 {one}" if number == 1 else f"{count(number)} {many}"


def times(factor: float | None) -> str:
    """How many times as often: "2.8×"."""
    if factor is None or not math.isfinite(factor):
        return NOTHING
    return f"{factor:.1f}×" if factor < 100 else "over 100×"


def _known(share: float | None) -> TypeGuard[float]:
    return share is not None and math.isfinite(share)


def _percent_digits(share: float) -> str:
    if share == 0:
        return "0"
    if share == 1:
        return "100"
    if 0 < share < 0.001:
        return "<0.1"
    if -0.001 < share < 0:
        return "-0.1" if share <= -0.0005 else "0"
    return ">99.9" if 0.999 < share < 1 else f"{share * 100:.1f}"


# Names


def value_name(dimension: str, value: object) -> str:
    """One value of a breakdown, in words."""
    text = short(value, 80)
    if text in {"", NOT_GIVEN}:
        return "not given"
    if dimension == "email_status":
        return STATUS_NAMES.get(text, text)
    if dimension == "step":
        return f"step {text}" if text.isdigit() else text
    if dimension == "week" and _WEEK.fullmatch(text):
        return f"{text} ({week_starts(text)})"
    return text


def week_starts(week: str) -> str:
    """The Monday that an ISO week begins with: "2026-W10" → "2 Mar"; any other text as it is."""
    if not _WEEK.fullmatch(week):
        return short(week, 10)
    year, number = week.split("-W")
    # Not every year has a week 53: then it is the first of the next one.
    monday = date.fromisocalendar(int(year), 1, 1) + timedelta(weeks=int(number) - 1)
    return f"{monday.day} {monday:%b}"


def day(when: date, *, year: bool = True) -> str:
    """ "2 March 2026"."""
    return f"{when.day} {when:%B}{f' {when.year}' if year else ''}"


def period(first: date, last: date) -> str:
    """ "16 February to 14 March 2026"; one day alone where both are the same."""
    if first == last:
        return day(last)
    return f"{day(first, year=first.year != last.year)} to {day(last)}"


def dimension_title(dimension: str) -> str:
    """The heading of a breakdown."""
    return DIMENSION_TITLES.get(dimension, clean(dimension).replace("_", " ").capitalize())


def option_name(name: object) -> str:
    """An option of the run, in words."""
    return _OPTION_NAMES.get(str(name), short(str(name).replace("_", " "), 60))


def option_value(name: object, value: object) -> str:
    """Its value as it would be typed; a share in per cent."""
    if name == "tolerance" and (limit := tolerance({"tolerance": value})) is not None:
        return limit_words(limit)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return short(str(value), 200)


def reason_name(reason: str) -> str:
    """`user_unknown` → "user unknown"."""
    return short(reason, 60).replace("_", " ") or "unspecified"


def reason_says(reason: str) -> str:
    """What a reason means, in one short sentence; the bare name of a reason that the rule base does not know."""
    known = reasons().get(reason)
    return known.says if known else reason_name(reason).capitalize() + "."


# Lines that appear on more than one output


def rate_line(rate: Rate) -> str:
    """ "521 of 12,400 leads"."""
    if not rate.leads:
        return "no leads"
    return rate_of(rate.count, rate.leads)


def named_rates(totals: Totals) -> list[tuple[str, Rate]]:
    """The four rates in the order in which every output shows them."""
    return [
        ("Hard bounces", totals.hard),
        ("of these, bad addresses", totals.address),
        ("Spam bounces", totals.spam),
        ("Unknown bounces", totals.unknown),
    ]


def bounds_line(totals: Totals) -> str:
    """Between what the rates lie where bounces say nothing of their cause; "" where all of them do."""
    most = totals.at_most
    if most is None or not totals.unknown.count:
        return ""
    return (
        f"Nothing says why {plural(totals.unknown.count, 'lead')} bounced. If all of these were hard bounces, the hard "
        f"rate would be {percent(most.hard.rate)} instead of {percent(totals.hard.rate)}; if all were spam bounces, "
        f"the spam rate would be {percent(most.spam.rate)} instead of {percent(totals.spam.rate)}."
    )


def under_rates(diagnosis: Diagnosis) -> list[str]:
    """What has to be said of the rates themselves."""
    return [line for line in (bounds_line(diagnosis.totals), other_hard_line(diagnosis)) if line]


def other_hard_line(diagnosis: Diagnosis) -> str:
    """What the hard bounces are that call no address bad, where they are many; else ""."""
    found, hard = diagnosis.other_hard, diagnosis.totals.hard.count
    if found is None or found.leads < max(_FEW_OTHERS, hard * _OTHERS):
        return ""
    told = listed([f"{reason_name(one.reason)} ({count(one.leads)})" for one in found.reasons])
    if where := where_and_when(found):
        told += f", most of them {where}"
    line = f"{count(found.leads)} of the {count(hard)} hard bounces say nothing against the address: {told}."
    if not found.passing:
        return line
    who = "these leads" if found.passing == found.leads else f"{count(found.passing)} of these leads"
    return f"{line} Such failures pass: {who} can be written to again."


def where_and_when(found: OtherHard) -> str:
    """Where and when most of such bounces were, as far as that is few: "at google, in mails sent …"; else ""."""
    place = found.domain or found.provider
    told = [f"at {short(place, 60)}"] if place else []
    if found.first:
        told.append(f"in mails sent {period(date.fromisoformat(found.first), date.fromisoformat(found.last))}")
    return ", ".join(told)


def more_line(diagnosis: Diagnosis, dimension: str, shown: int, where: str) -> str:
    """What of a breakdown is not shown: how many rows `where` has beside, and values that are in none; "" for none."""
    more, none = len(diagnosis.breakdown[dimension]) - shown, left_out_line(diagnosis, dimension)
    return " ".join(part for part in (f"{count(more)} more {where}." if more else "", none) if part)


def left_out_line(diagnosis: Diagnosis, dimension: str) -> str:
    """How many values of a breakdown are in no output; "" where all are."""
    number = diagnosis.breakdown_left_out.get(dimension, 0)
    return f"{plural(number, 'value')} with fewer bounces {'is' if number == 1 else 'are'} left out." if number else ""


def week_line(diagnosis: Diagnosis) -> str:
    """Why later weeks of a sequence look better than they are; "" where there is one week or one step."""
    if min(len(diagnosis.breakdown.get(name, [])) for name in ("week", "step")) < 2:
        return ""
    return (
        "A week's leads are all that got a mail in it. Who bounced gets no more, so weeks of follow-ups look better; "
        "the chart in report.html compares like steps."
    )


def rate_of(part: int, leads: int) -> str:
    """ "12 of 400 leads"."""
    return f"{count(part)} of {plural(leads, 'lead')}"


def contacted(totals: Totals) -> str:
    """How much went out."""
    return (
        f"{plural(totals.leads_contacted, 'lead').capitalize()} contacted, {plural(totals.emails_sent, 'email')} sent."
    )


def matching_line(matching: Matching) -> str:
    """How many bounces count, and what became of the others."""
    if not matching.bounces:
        line = "No bounces were read."
    else:
        line = f"{plural(matching.bounces, 'bounce')} read: {count(matching.matched)} tied to a mail that was sent"
        left = [
            (matching.unmatched, f"{count(matching.unmatched)} tied to nothing and left out"),
            (matching.suspected_forged, f"{count(matching.suspected_forged)} of these suspected forgeries"),
            (matching.duplicates, plural(matching.duplicates, "duplicate")),
        ]
        line += "".join(f", {words}" for number, words in left if number) + "."
    if matching.flag_only:
        line += f" {plural(matching.flag_only, 'lead')} marked as bounced in the log alone, without a bounce."
    return line


def interval_words(interval: Interval) -> str:
    """ "4.2 % (3.6–4.9 %)"."""
    if not _known(interval.estimate):
        return "cannot be told"
    if not (_known(interval.low) and _known(interval.high)):
        return percent(interval.estimate)
    return f"{percent(interval.estimate)} ({spread(interval.low, interval.high)})"


def guessed_lines(diagnosis: Diagnosis) -> list[str]:
    """What guessing does to the addresses: the finding, then the figures behind it where there are any."""
    quality = diagnosis.data_quality
    if left_open(quality):
        return ["Whether guessing costs bounces cannot be told while so many bounces give no reason."]
    if quality.guessed_effect == "too_little_data":
        # A difference behind this would be read as one.
        return [_not_compared(diagnosis)]
    difference, share = quality.risk_difference, quality.attributable_share
    lines = [EFFECT_NAMES[quality.guessed_effect]]
    if quality.guessed_effect == "not_shown" and _known(difference.low) and difference.low > 0:
        lines = ["Guessed addresses do worse than verified ones; that guessing is the cause cannot be told."]
    if _known(difference.estimate):
        # Nobody has met a tenth of an address, but a small difference needs it.
        digits = 0 if abs(difference.estimate) >= 0.05 else 1
        lines.append(
            f"Of 100 guessed addresses {_of_hundred(difference.estimate, digits)} are bad "
            f"{'as' if _rounds_to_none(difference.estimate, digits) else 'than'} of 100 verified ones"
            f"{_between(difference, digits)}{_ratio(quality)}."
        )
    if _known(share.estimate) and quality.guessed_effect != "not_shown":
        lines.append(f"Without guessing, {interval_words(share)} of the bad addresses would be gone.")
    return lines


def _ratio(quality: DataQuality) -> str:
    """ ", 3.1 times as many (1.9-5.0)" where that is shown, else ""."""
    told = [each for each in quality.by_status if each.status == "guessed" and each.effect in ("driven", "contributes")]
    for each in told:
        if each.risk_ratio is not None and each.risk_ratio_low is not None:
            low, high = each.risk_ratio_low, each.risk_ratio_high
            between = f"at least {low:.1f}" if high is None else f"{low:.1f}\u2013{high:.1f}"
            return f", {each.risk_ratio:.1f} times as many ({between})"
    return ""


def _not_compared(diagnosis: Diagnosis) -> str:
    """Why guessed and verified addresses are not told apart: one kind has no leads, or both have too few."""
    if not diagnosis.totals.leads_contacted or _known(diagnosis.data_quality.risk_difference.estimate):
        return EFFECT_NAMES["too_little_data"]
    there = {row.value for row in diagnosis.breakdown.get("email_status", []) if row.leads}
    match "guessed" in there, "verified" in there:
        case True, True:
            return "The email statuses look as if they were written after the send, so they are not compared."
        case True, False:
            return "No verified address was written to, so there is nothing to compare guessed ones with."
        case False, True:
            return "No guessed address was written to, so there is nothing to compare verified ones with."
        case _ if there - {"unknown", NOT_GIVEN}:
            return "No guessed or verified address was written to, so these cannot be compared."
        case _:
            return "The leads carry no email status, so guessed and verified addresses cannot be told apart."


def _rounds_to_none(share: float, digits: int) -> bool:
    return round(abs(share) * 100, digits) == 0


def _of_hundred(share: float, digits: int) -> str:
    """ "12 more", "1.1 fewer", "as many"."""
    if _rounds_to_none(share, digits):
        return "as many"
    return f"{abs(share) * 100:.{digits}f} {'more' if share > 0 else 'fewer'}"


def _between(difference: Interval, digits: int) -> str:
    """ " (between 9 and 11)", and " (between 1.4 fewer and 3.1 more)" where it may be either."""
    low, high = difference.low, difference.high
    if not (_known(low) and _known(high)):
        return ""
    if low < 0 < high or difference.estimate is None or not low <= difference.estimate <= high:
        return f" (between {_of_hundred(low, digits)} and {_of_hundred(high, digits)})"
    near, far = sorted((abs(low), abs(high)))
    return f" (between {near * 100:.{digits}f} and {far * 100:.{digits}f})"


def expected(way: Forecast) -> str:
    """How many bounces a forecast expects; what is only bounded has no mean."""
    return NOTHING if way.leads and way.rate is None else count(way.bounces)


def forecast_line(quality: DataQuality) -> str:
    """What the ranges of a forecast mean that is left open; "" for any other."""
    if not left_open(quality):
        return ""
    text = "The ranges go from none of the bounces without a reason being a bad address to all of them"
    return f"{text}; the best mix holds even then." if quality.forecast.best_mix.leads else f"{text}."


def mix_line(quality: DataQuality) -> str:
    """Why there is no best mix; "" where there is one, or nothing to mix."""
    everyone = quality.forecast.max_quantity
    if quality.forecast.best_mix.leads or not everyone.leads or everyone.rate is None:
        return ""
    if quality.recommendation == "max_quantity":
        return "No part of the list is surer than the whole of it: its leads are about as risky as each other."
    return "There is no best mix: leaving the riskier leads out does not make sure enough of the others."


def decisions_line(quality: DataQuality) -> str:
    """What next_send.csv says, in counts; "" without a next list."""
    found = quality.decisions
    if found is None or not (leads := found.send + found.verify_again + found.do_not_send):
        return ""
    if found.send == leads:
        whom = "the one lead" if leads == 1 else f"all {plural(leads, 'lead')}"
        return f"next_send.csv says to send to {whom} of the next list."
    told = [
        f"to send to {count(found.send) if found.send else 'none'} of the {plural(leads, 'lead')} of the next list"
        + _of_which([(each.status, each.send) for each in found.by_status])
    ]
    again = [(each.status, each.verify_again) for each in found.by_status]
    misspelt = f" ({count(found.misspelt)} of these at misspelt domains)" if found.misspelt else ""
    told += [f"to verify {count(found.verify_again)} first{_of_which(again)}{misspelt}"] if found.verify_again else []
    told += [f"to leave {count(found.do_not_send)} out"] if found.do_not_send else []
    return f"next_send.csv says {listed(told)}."


def _of_which(parts: list[tuple[str, int]]) -> str:
    """The statuses of some leads, where they have several or only one of those that the list has."""
    there = [(STATUS_NAMES.get(status, status), number) for status, number in parts if number]
    if len(parts) < 2 or not there:
        return ""
    told = [f"{count(number)} {name}" for name, number in there] if len(there) > 1 else [f"all {there[0][0]}"]
    return f" ({', '.join(told)})"


def unknown_rate(row: Row) -> str:
    """The share of a row's leads that bounced for no known cause."""
    return percent(row.unknown / row.leads if row.leads else None)


def left_open(quality: DataQuality) -> bool:
    """Whether the forecast is left open, for bounces that say nothing of their cause could be anything."""
    everyone = quality.forecast.max_quantity
    return everyone.leads > 0 and everyone.rate is None and everyone.high is not None


def shares_line(advice: Deliverability) -> str:
    """Whose the spam bounces are, in numbers; "" where all are one side's, or none."""
    shares = advice.shares
    parts = [
        f"{count(number)} {whose}"
        for number, whose in (
            (shares.sender, "to our side"),
            (shares.recipient, "to the recipients"),
            (shares.undetermined, "to neither"),
        )
        if number > 0
    ]
    if len(parts) < 2:
        return ""
    total = shares.sender + shares.recipient + shares.undetermined
    first, _, whose = parts[0].partition(" ")
    told = [f"{first} {'is' if first == '1' else 'are'} put down {whose}", *parts[1:]]
    return f"Of {plural(total, 'lead')} with a spam bounce {listed(told)}."


def fixes_line(advice: Deliverability) -> str:
    """What to keep in mind of the fixes of a healthy campaign; "" for any other."""
    return "So few refusals are usual, none of this is urgent." if advice.side == "none" and advice.fixes else ""


def ranking_line(quality: DataQuality) -> str:
    """What puts the leads of the next list in their order; "" without a next list."""
    return "" if quality.ranking is None else short(quality.ranking.why, 900)


def over_heading(limit: float | None) -> str:
    """The heading over the chance of exceeding what is accepted."""
    return "Chance of too many" if limit is None else f"Chance of more than {limit_words(limit)}"


def fix_title(fix: Fix) -> str:
    """What to do, and of which part of our mail where it is about no other: "Change the links (only at step 3)"."""
    parts = [_part(part) for part in fix.only if part.dimension != _OUR_ADDRESS]
    # Which address of ours receivers name is no contrast to others of ours: these may not have been used.
    told = [f"for {part.value}" for part in fix.only if part.dimension == _OUR_ADDRESS]
    told += [f"only {', '.join(parts)}"] if parts else []
    return short(fix.title, 200).rstrip(".") + (f" ({', '.join(told)})" if told else "")


def fix_size(fix: Fix) -> str:
    """How much hangs on a fix; for our side's also whose mail it is about, and when it was sent."""
    bounces = plural(fix.bounces, "bounce")
    if fix.domains > fix.bounces:
        # A fix that takes a share of the refusals cannot say at which of their domains that share is.
        bounces = f"{count(fix.bounces)} of the bounces"
    size = f"{bounces} at {plural(fix.domains, 'domain')}, {percent(fix.share)} of all spam bounces"
    if fix.side != "sender":
        return size
    size += "".join(f", {count(part.bounces)} of them {_part(part)}" for part in fix.only if part.bounces < fix.bounces)
    if fix.senders and not any(part.dimension in ("sender", "sender_domain") for part in fix.only):
        # The diagnosis names the first few only, so how many more there are is not known here.
        more = " and others" if len(fix.senders) > 3 else ""
        size += f", mail from {short(', '.join(fix.senders[:3]), 120)}{more}"
    return size + _when(fix)


def fix_over(fix: Fix) -> str:
    """That a fault is over, and what is left to do about it; "" for one that may still be there."""
    if fix.clear is None:
        return ""
    return "That seems mended: check that it stays so, and go through the steps only where it comes back."


def _part(part: FixPart) -> str:
    """ "at step 3", "from mailbox ann@example.net"."""
    return f"{_PARTS.get(part.dimension, part.dimension)} {short(part.value, 60)}"


def _when(fix: Fix) -> str:
    """When the mails of a fix were sent; of a fault that is over, that none like them was refused so since."""
    if not fix.since:
        return ""
    if fix.clear is not None:
        return f", last on {fix.until}, and none in the {count(fix.clear)} mails like these since"
    return f", first on {fix.since}" + (f", last on {fix.until}" if fix.until > fix.since else "")


#: What makes a value a driver.
DRIVERS: Final = "These bounce more than the rest of what is known of their leads (email status, industry) explains."
