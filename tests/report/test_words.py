"""How numbers and foreign text read."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from conftest import HOSTILE, Case

from analyzer.diagnose.diagnosis import Decisions, Explanation, Forecast, Interval, Lacking, StatusDecisions
from analyzer.report import sentences, words


@pytest.mark.parametrize(
    ("share", "reads"),
    [
        (None, "–"),
        (math.nan, "–"),
        (0.0, "0 %"),
        (0.00001, "<0.1 %"),
        (0.004, "0.4 %"),
        (0.042, "4.2 %"),
        (0.05, "5.0 %"),
        (0.12345, "12.3 %"),
        (0.9996, ">99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_a_share_reads_as_per_cent(share: float | None, reads: str) -> None:
    assert words.percent(share) == reads


@pytest.mark.parametrize(
    ("low", "high", "reads"),
    [(0.0361, 0.049, "3.6–4.9 %"), (0.0, 0.2775, "0–27.8 %"), (-0.002, 0.013, "-0.2 to 1.3 %"), (None, 0.1, "–")],
)
def test_an_interval_reads_as_a_range(low: float | None, high: float, reads: str) -> None:
    assert words.spread(low, high) == reads


@pytest.mark.parametrize(("number", "reads"), [(0, "no leads"), (1, "1 lead"), (2, "2 leads"), (12400, "12,400 leads")])
def test_plural_and_zero(number: int, reads: str) -> None:
    assert words.plural(number, "lead") == reads


@pytest.mark.parametrize(
    ("probability", "reads"),
    [
        (None, "–"),
        (0, "0 %"),
        (0.0004, "<1 %"),
        (0.0061, "1 %"),
        (0.994, "99 %"),
        (0.83, "83 %"),
        (0.9999, ">99 %"),
        (1, "100 %"),
    ],
)
def test_a_chance_is_whole(probability: float | None, reads: str) -> None:
    assert words.chance(probability) == reads


@pytest.mark.parametrize(
    ("options", "limit"),
    [({}, None), ({"tolerance": 0.05}, 0.05), ({"tolerance": "0.05"}, None), ({"tolerance": True}, None)],
)
def test_the_tolerance_is_looked_for_with_care(options: dict[str, object], limit: float | None) -> None:
    assert words.tolerance(options) == limit


@pytest.mark.parametrize("text", HOSTILE)
def test_cleaned_text_can_only_be_read(text: str) -> None:
    shown = words.clean(text)
    assert "\n" not in shown
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not [c for c in shown if c in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"]
    shown.encode()


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x07", "link"),
        ("\x9b2Jcleared", "cleared"),
        ("\x1b]0;open ended title", "0;open ended title"),
        ("a\r\nb\tc", "a b c"),
        ("\u202egnp.exe", "gnp.exe"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        (None, ""),
        (math.nan, ""),
    ],
)
def test_escapes_go_and_words_stay(text: object, reads: str) -> None:
    assert words.clean(text) == reads


def test_short_keeps_the_limit() -> None:
    assert words.short("W" * 10_000, 80) == "W" * 79 + "…"
    assert words.short("exact", 5) == "exact"


@pytest.mark.parametrize(
    ("interval", "reads"),
    [
        (Interval(0.0979, 0.0881, 0.1083), "Of 100 guessed addresses 10 more are bad than of 100 verified ones (between 9 and 11)."),
        (Interval(-0.012, -0.02, 0.004), "Of 100 guessed addresses 1.2 fewer are bad than of 100 verified ones (between 2.0 fewer and 0.4 more)."),
        (Interval(0.0, -0.014, 0.031), "Of 100 guessed addresses as many are bad as of 100 verified ones (between 1.4 fewer and 3.1 more)."),
        (Interval(-0.06, -0.08, -0.05), "Of 100 guessed addresses 6 fewer are bad than of 100 verified ones (between 5 and 8)."),
    ],
)  # fmt: skip
def test_what_guessing_adds_is_told_in_leads(campaign: Case, interval: Interval, reads: str) -> None:
    quality = replace(campaign.diagnosis.data_quality, risk_difference=interval)
    assert reads in words.guessed_lines(replace(campaign.diagnosis, data_quality=quality))


@pytest.mark.parametrize(
    ("recommendation", "tone", "begins"),
    [
        (
            "max_quality",
            "act",
            "Switch the next sequence to max quality: with guessed addresses 6.1 % of it would bounce",
        ),
        ("max_quantity", "fine", "The data is good enough, keep max quantity for the next sequence: 6.1 % of it would"),
        ("reverify", "act", "Have the addresses of the next sequence verified again before you send: even without"),
        ("insufficient_evidence", "unsure", "Too little to tell yet: 561 bad addresses among 12,400 leads."),
    ],
)
def test_the_verdict_on_the_data(campaign: Case, recommendation: str, tone: str, begins: str) -> None:
    quality = replace(campaign.diagnosis.data_quality, recommendation=recommendation)
    verdict, _ = sentences.verdicts(replace(campaign.diagnosis, data_quality=quality))
    assert verdict.sentence.startswith(begins)
    assert verdict.tone == tone


@pytest.mark.parametrize(
    ("side", "tone", "holds"),
    [
        (
            "sender",
            "act",
            "Our own sending is the problem: spam bounces from 1.5 % of the leads (185 of 12,400); 1 fix",
        ),
        ("recipient", "act", "4.5 % refused in strict industries, 0.4 % in open ones; use another channel there."),
        ("mixed", "act", "Both sides play a part"),
        ("none", "fine", "No problem to see: spam bounces from 1.5 % of the leads"),
        ("undetermined", "unsure", "Cannot be told yet whose side it is"),
    ],
)
def test_the_verdict_on_deliverability(campaign: Case, side: str, tone: str, holds: str) -> None:
    advice = replace(campaign.diagnosis.deliverability, side=side)
    _, verdict = sentences.verdicts(replace(campaign.diagnosis, deliverability=advice))
    assert holds in verdict.sentence
    assert verdict.tone == tone


def test_max_quality_is_never_the_cure_for_spam(campaign: Case) -> None:
    quality = replace(campaign.diagnosis.data_quality, recommendation="max_quantity")
    told = sentences.actions(replace(campaign.diagnosis, data_quality=quality))
    assert told
    assert not [action for action in told if "max quality" in action.what + action.detail]


def test_a_list_of_guesses_only_is_told_apart(campaign: Case) -> None:
    forecasts = replace(campaign.diagnosis.data_quality.forecast, max_quality=Forecast(0, 0.0, None, None, None, None))
    quality = replace(campaign.diagnosis.data_quality, forecast=forecasts)
    diagnosis = replace(campaign.diagnosis, data_quality=quality)
    assert "all of its leads are guessed" in sentences.verdicts(diagnosis)[0].sentence
    assert sentences.actions(diagnosis)[0].what == "Get verified addresses before the next sequence."


def test_there_are_at_most_four_things_to_do_and_the_lists_are_one_of_them(campaign: Case) -> None:
    assert [action.what for action in sentences.actions(campaign.diagnosis)] == [
        "Set data quality to max quality for the next sequence.",
        "Make DMARC pass for mail.example.net.",
        "Reach strict companies by phone or LinkedIn.",
        "Stop writing to the 561 bad addresses.",
    ]


def test_our_own_fix_comes_before_the_receivers_choice(campaign: Case) -> None:
    ours, theirs = campaign.diagnosis.deliverability.fixes
    advice = replace(campaign.diagnosis.deliverability, fixes=[replace(theirs, priority=0), ours])
    told = [action.what for action in sentences.actions(replace(campaign.diagnosis, deliverability=advice))]
    assert told[1] == "Make DMARC pass for mail.example.net."


def test_nothing_to_do_says_so(campaign: Case, empty: Case) -> None:
    fine = replace(
        campaign.diagnosis,
        totals=replace(campaign.diagnosis.totals, address=replace(campaign.diagnosis.totals.address, count=0)),
        data_quality=replace(campaign.diagnosis.data_quality, recommendation="max_quantity"),
        deliverability=replace(campaign.diagnosis.deliverability, side="none", fixes=[]),
    )
    assert [action.what for action in sentences.actions(fine)] == ["Nothing. Send the next sequence the same way."]
    assert "campaign log" in sentences.actions(empty.diagnosis)[0].what


@pytest.mark.parametrize(
    ("open_rate", "strict_rate", "reads"),
    [
        (0.015, 0.118, "Open industries refuse 1.5 % (1.0–2.0 %), strict industries refuse 11.8 % (1.0–2.0 %)."),
        (0.015, None, "Open industries refuse 1.5 % (1.0–2.0 %), for strict industries it cannot be told."),
        (None, None, "Neither for open nor for strict industries can it be told how often they refuse."),
    ],
)
def test_both_sides_are_told_where_they_are_known(
    open_rate: float | None, strict_rate: float | None, reads: str
) -> None:
    made = [Interval(rate, 0.01 if rate else None, 0.02 if rate else None) for rate in (open_rate, strict_rate)]
    assert words.sides_line(*made) == reads


@pytest.mark.parametrize(
    ("number", "reads"),
    [(0, "none"), (1, "1 lead, left out"), (2, "2 leads, left out"), (1200, "1,200 leads, left out")],
)
def test_a_count_of_nothing_is_none(number: int, reads: str) -> None:
    assert words.some(number, ", left out", "lead") == reads


@pytest.mark.parametrize(
    ("week", "shown"),
    [
        ("2026-W10", "2 Mar"),
        ("2026-W01", "29 Dec"),
        ("2026-W53", "28 Dec"),
        ("2025-W53", "29 Dec"),
        ("W10 <b>", "W10 <b>"),
        ("2026-W00", "2026-W00"),
    ],
)
def test_a_week_is_named_by_its_monday(week: str, shown: str) -> None:
    assert words.week_starts(week) == shown


def test_a_period_names_the_year_once() -> None:
    assert words.period(date(2026, 2, 16), date(2026, 3, 14)) == "16 February to 14 March 2026"
    assert words.period(date(2025, 12, 29), date(2026, 1, 4)) == "29 December 2025 to 4 January 2026"
    assert words.period(date(2026, 3, 1), date(2026, 3, 1)) == "1 March 2026"


def test_nobody_promises_that_there_is_no_false_alarm() -> None:
    assert words.false_alarm(0.0) == "<0.1 %"
    assert words.false_alarm(0.021) == "2.1 %"
    assert words.false_alarm(None) == words.NOTHING


@pytest.mark.parametrize(
    ("lacking", "verdict", "action"),
    [
        (
            Lacking("bounce_reasons"),
            "Cannot be told: nothing says why 900 leads bounced.",
            "Get the bounce messages of this campaign",
        ),
        (
            Lacking("email_status"),
            "Cannot be told: nothing says which addresses are verified",
            "Give the lead list with its email",
        ),
        (
            Lacking("next_email_status"),
            "Cannot be told: nothing says which addresses of the next list",
            "Give the next list with its email",
        ),
        (
            Lacking("next_leads"),
            "Nothing to judge: the next list has no lead",
            "Give a next list with leads that can be written to.",
        ),
        (
            Lacking("first_sends", ["guessed", "catch_all"], 60),
            "Cannot be told yet: no mail went to guessed and catch-all addresses before.",
            "Write to some of the guessed and catch-all addresses first, and look at what comes back.",
        ),
    ],
)
def test_who_need_not_wait_is_not_told_to(campaign: Case, lacking: Lacking, verdict: str, action: str) -> None:
    """More sends would not tell, so the advice is what would."""
    found = campaign.diagnosis
    quality = replace(found.data_quality, recommendation="insufficient_evidence", lacking=lacking)
    totals = replace(found.totals, unknown=replace(found.totals.unknown, count=900))
    found = replace(found, data_quality=quality, totals=totals)
    assert sentences.verdicts(found)[0].sentence.startswith(verdict)
    first = sentences.actions(found)[0]
    assert first.what.startswith(action)
    assert "more sends" not in first.what + first.detail


def counts(send: int, again: int, out: int, **by_status: tuple[int, int, int]) -> Decisions:
    return Decisions(send, again, out, 0, [StatusDecisions(name, *parts) for name, parts in by_status.items()])


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (counts(9, 0, 0, verified=(9, 0, 0)), "next_send.csv says to send to all 9 leads of the next list."),
        (
            counts(6, 3, 1, verified=(5, 0, 1), guessed=(0, 3, 0), catch_all=(1, 0, 0)),
            "next_send.csv says to send to 6 of the 10 leads of the next list (5 verified, 1 catch-all), to verify 3 "
            "first (all guessed) and to leave 1 out.",
        ),
        # One status needs no name.
        (
            counts(6, 3, 0, unknown=(6, 3, 0)),
            "next_send.csv says to send to 6 of the 9 leads of the next list and to ",
        ),
    ],
)
def test_what_the_list_says_is_counted_by_status(campaign: Case, found: Decisions, line: str) -> None:
    assert words.decisions_line(replace(campaign.diagnosis.data_quality, decisions=found)).startswith(line)


@pytest.mark.parametrize("setting", ["max_quality", "reverify", "insufficient_evidence"])
def test_the_first_step_about_the_data_has_the_counts_of_the_list(campaign: Case, setting: str) -> None:
    found = counts(60, 40, 0, verified=(60, 10, 0), guessed=(0, 30, 0))
    quality = replace(campaign.diagnosis.data_quality, decisions=found, recommendation=setting, lacking=None)
    steps = sentences.actions(replace(campaign.diagnosis, data_quality=quality), 9)
    told = [one for one in steps if "60 of the 100 leads of the next list" in one.detail]
    assert len(told) == 1
    assert "to verify 40 first (10 verified, 30 guessed)" in told[0].detail
    everyone = replace(quality, decisions=counts(100, 0, 0, verified=(100, 0, 0)))
    steps = sentences.actions(replace(campaign.diagnosis, data_quality=everyone), 9)
    assert not any("leads of the next list" in one.detail for one in steps)


@pytest.mark.parametrize(
    ("decided", "then"),
    [
        (None, "Leave the data setting as it is until then."),
        (Decisions(0, 0, 12, 0), "Leave the data setting as it is until then."),
        (Decisions(921, 1079, 0, 0), "Until then send to 921 leads only, as next_send.csv says."),
        (Decisions(0, 2000, 0, 0), "Until then send to no lead before its address is verified, as next_send.csv says."),
    ],
)
def test_until_then_is_what_the_list_says(campaign: Case, decided: Decisions | None, then: str) -> None:
    """A setting says nothing of a list that goes to a part of the leads, or to none."""
    quality = replace(
        campaign.diagnosis.data_quality,
        recommendation="insufficient_evidence",
        lacking=Lacking("bounce_reasons"),
        decisions=decided,
    )
    assert sentences.actions(replace(campaign.diagnosis, data_quality=quality))[0].detail == then


def test_max_quality_that_may_not_be_enough_says_so(campaign: Case) -> None:
    quality = replace(campaign.diagnosis.data_quality, recommendation="max_quality")
    ways = quality.forecast
    over = replace(ways, max_quality=replace(ways.max_quality, rate=0.046, p_over_tolerance=0.4))
    found = replace(campaign.diagnosis, data_quality=replace(quality, forecast=over))
    assert "without them 4.6 % (chance of more than the 5 % you accept: 40 %)" in sentences.verdicts(found)[0].sentence
    assert "That may not be enough (chance of too many: 40 %)." in sentences.actions(found)[0].detail
    sure = replace(ways, max_quality=replace(ways.max_quality, rate=0.01, p_over_tolerance=0.01))
    found = replace(campaign.diagnosis, data_quality=replace(quality, forecast=sure))
    assert sentences.verdicts(found)[0].sentence.endswith("without them 1.0 %.")
    assert "may not be enough" not in sentences.actions(found)[0].detail


def test_dead_domains_behind_most_bad_addresses_are_never_crowded_out(campaign: Case) -> None:
    bad = campaign.diagnosis.totals.address.count
    dead = Explanation("dead_domain", bad, bad, ["gone.example"], "One company's domain takes no mail.", 5)
    ours = campaign.diagnosis.deliverability.fixes[0]
    fixes = [replace(ours, id=f"FIX-{n}", priority=n, bounces=90, clear=None) for n in range(1, 6)]
    quality = replace(campaign.diagnosis.data_quality, recommendation="max_quality", explained_by=[dead], origins=[])
    advice = replace(campaign.diagnosis.deliverability, side="mixed", fixes=fixes)
    steps = sentences.actions(replace(campaign.diagnosis, data_quality=quality, deliverability=advice))
    (step,) = [one for one in steps if "gone.example" in one.what]
    assert "bounce-analyzer check --dns finds them before you send" in step.detail


def test_a_fix_is_no_order_where_nobody_knows_whose_side_it_is(campaign: Case) -> None:
    ours = replace(campaign.diagnosis.deliverability.fixes[0], bounces=9000, clear=None)
    for reason, told in (("spam_content", True), ("auth_failure", False)):
        fix = replace(ours, title="Change what the mail says", reasons=[reason])
        advice = replace(campaign.diagnosis.deliverability, side="undetermined", fixes=[fix])
        steps = sentences.actions(replace(campaign.diagnosis, deliverability=advice), 9)
        (step,) = [one for one in steps if "what the mail says" in one.what]
        assert step.what.startswith("See whether this is ours to fix: ") is told


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        ([], "About 400 more sends would tell."),
        (["guessed"], "About 400 more sends to guessed addresses would tell."),
        (["verified", "guessed"], "About 400 more sends to verified and guessed addresses each would tell."),
    ],
)
def test_to_wait_says_what_would_tell(campaign: Case, statuses: list[str], told: str) -> None:
    """ "Look again after more sends" leaves open after how many."""
    quality = replace(
        campaign.diagnosis.data_quality,
        recommendation="insufficient_evidence",
        lacking=Lacking("more_sends", statuses, 400),
    )
    steps = sentences.actions(replace(campaign.diagnosis, data_quality=quality))
    assert [one.detail.endswith(told) for one in steps if "look again after more sends" in one.what] == [True]


@pytest.mark.parametrize(
    ("rows", "asked"),
    [
        ({"unknown": 1260, "guessed": 740}, True),
        ({"unknown": 600, "guessed": 1400}, False),
        ({"unknown": 1200, "guessed": 700, "verified": 100}, False),
        ({"unknown": 2000}, False),
    ],
)
def test_leads_without_a_known_status_are_asked_for_where_guessed_ones_lack_others(
    campaign: Case, rows: dict[str, int], asked: bool
) -> None:
    found = campaign.diagnosis
    some = found.breakdown["email_status"][0]
    shown = [replace(some, value=name, leads=leads) for name, leads in rows.items()]
    found = replace(
        found,
        totals=replace(found.totals, leads_contacted=2000),
        breakdown=found.breakdown | {"email_status": shown},
    )
    told = [one.what for one in sentences.actions(found)]
    assert ("Say in the lead list which addresses are verified." in told) == asked


def test_who_waits_is_told_so(campaign: Case) -> None:
    quality = replace(
        campaign.diagnosis.data_quality, recommendation="insufficient_evidence", lacking=Lacking("more_sends", [], 60)
    )
    told = sentences.actions(replace(campaign.diagnosis, data_quality=quality))
    assert "look again after more sends" in " ".join(one.what for one in told)


def test_one_company_is_no_strict_industry(campaign: Case) -> None:
    advice, spam = campaign.diagnosis.deliverability, campaign.diagnosis.totals.spam.count
    block = replace(advice.fixes[0], id="RCPT-DOMAIN-BLOCK", side="recipient", bounces=spam, domains=1)
    advice = replace(advice, side="recipient", fixes=[block])
    sentence = sentences.verdicts(replace(campaign.diagnosis, deliverability=advice))[1].sentence
    assert sentence.startswith("1 company blocks us as a whole")
    assert "strict industries" not in sentence


def test_a_fix_does_not_name_more_domains_than_its_bounces_have(campaign: Case) -> None:
    fix = replace(campaign.diagnosis.deliverability.fixes[0], bounces=19, domains=29, senders=["a", "b", "c", "d", "e"])
    size = words.fix_size(replace(fix, side="sender"))
    assert size.startswith("19 of the bounces at 29 domains")
    assert "mail from a, b, c and others" in size  # the diagnosis keeps the first few only


def test_one_bad_address_is_it(campaign: Case) -> None:
    totals = replace(campaign.diagnosis.totals, address=replace(campaign.diagnosis.totals.address, count=1))
    last = sentences.actions(replace(campaign.diagnosis, totals=totals))[-1]
    assert (last.what, last.detail[:25]) == ("Stop writing to the bad address.", "suppression.csv names it,")


def test_too_little_to_tell_apart_is_not_followed_by_a_difference(campaign: Case) -> None:
    quality = replace(campaign.diagnosis.data_quality, guessed_effect="too_little_data")
    assert words.guessed_lines(replace(campaign.diagnosis, data_quality=quality)) == [
        "Too few leads or too few bad addresses to tell guessed and verified addresses apart."
    ]


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (
            ("verified", "catch_all"),
            "No guessed address was written to, so there is nothing to compare verified ones with.",
        ),
        (("guessed",), "No verified address was written to, so there is nothing to compare guessed ones with."),
        (("catch_all", "unknown"), "No guessed or verified address was written to, so these cannot be compared."),
        (("unknown",), "The leads carry no email status, so guessed and verified addresses cannot be told apart."),
        ((), "The leads carry no email status, so guessed and verified addresses cannot be told apart."),
        (
            ("guessed", "verified"),
            "The email statuses look as if they were written after the send, so they are not compared.",
        ),
    ],
)
def test_what_there_is_none_of_is_not_called_too_few(campaign: Case, there: tuple[str, ...], says: str) -> None:
    none = Interval(None, None, None)
    quality = replace(
        campaign.diagnosis.data_quality,
        guessed_effect="too_little_data",
        risk_difference=none,
        attributable_share=none,
    )
    rows = [replace(campaign.diagnosis.breakdown["email_status"][0], value=value) for value in there]
    breakdown = campaign.diagnosis.breakdown | {"email_status": rows}
    assert words.guessed_lines(replace(campaign.diagnosis, data_quality=quality, breakdown=breakdown)) == [says]
