"""One report, one advice: headline, steps and tables do not contradict each other, and no line says nothing."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import Case, row
from rich.console import Console

from analyzer import report
from analyzer.diagnose import words as diagnose_words
from analyzer.diagnose.diagnosis import (
    Diagnosis,
    Driver,
    Explanation,
    FixPart,
    Forecast,
    Forecasts,
    Interval,
    StatusEffect,
)
from analyzer.report import markdown, page, sentences, terminal, words


def told(diagnosis: Diagnosis, **quality: Any) -> Diagnosis:
    """The diagnosis with some of its data quality changed."""
    return replace(diagnosis, data_quality=replace(diagnosis.data_quality, **quality))


def steps(diagnosis: Diagnosis) -> list[str]:
    return [action.what for action in sentences.actions(diagnosis)]


def cause(kind: str, bounces: int, leads: int, *domains: str, text: str = "A text.") -> list[Explanation]:
    return [Explanation(kind, bounces, leads, list(domains), text)]  # type: ignore[arg-type]


STALE = cause(
    "stale_verification",
    400,
    5000,
    text="Verified addresses whose verification was older than 90 days bounced at 18.6 %, fresher ones at 0.9 %: verify "
    "the old ones again before the next send.",
)


# A cause that can be named


@pytest.mark.parametrize(
    ("named", "headline", "step"),
    [
        (
            cause("dead_domain", 461, 461, "gone.example"),
            "One company explains most bad addresses: 461 of 561 are at gone.example, which takes no mail; without it "
            "0.8 % of the leads are bad (100 of 11,939).",
            "Correct or drop the addresses at gone.example: it takes no mail.",
        ),
        (
            cause("dead_domain", 461, 461, "a.example", "b.example"),
            "2 companies explain most bad addresses: 461 of 561 are at a.example and b.example, which take no mail; "
            "without them 0.8 %",
            "Correct or drop the addresses at a.example and b.example: they take no mail.",
        ),
        (
            cause("wrong_pattern", 300, 330, "a.example", "b.example", "c.example", "d.example"),
            "4 companies explain most bad addresses: 300 of 561 are at a.example, b.example, c.example and one other, "
            "where the guessed patterns are wrong",
            "Find the right address pattern of a.example, b.example, c.example and one other, or leave their guessed "
            "addresses out.",
        ),
        (
            cause("typo", 300, 300, "gmial.example"),
            "A misspelt domain explains most bad addresses: 300 of 561 are at gmial.example; without it",
            "Correct the misspelt domains, such as gmial.example.",
        ),
    ],
)
def test_what_one_company_explains_is_not_too_little_to_tell(
    campaign: Case, named: list[Explanation], headline: str, step: str
) -> None:
    found = told(campaign.diagnosis, recommendation="insufficient_evidence", explained_by=named)
    verdict, _ = sentences.verdicts(found)
    assert verdict.sentence.startswith(headline)
    assert verdict.tone == "act"
    assert steps(found)[0] == step
    assert not [one for one in steps(found) if "more sends" in one]


def test_a_cause_of_a_few_bounces_is_no_answer(campaign: Case) -> None:
    few = cause("dead_domain", 60, 60, "gone.example")
    found = told(campaign.diagnosis, recommendation="insufficient_evidence", explained_by=few)
    assert sentences.verdicts(found)[0].sentence.startswith("Too little to tell yet")
    assert steps(found)[-1].startswith("Leave the data setting as it is")


def test_a_named_cause_is_a_step_whatever_the_setting(campaign: Case) -> None:
    found = told(
        campaign.diagnosis, recommendation="max_quantity", explained_by=cause("dead_domain", 200, 200, "gone.example")
    )
    assert steps(found)[0] == "Correct or drop the addresses at gone.example: it takes no mail."


# Whose addresses to verify


def test_bad_catch_all_addresses_are_not_called_stale(campaign: Case) -> None:
    nothing = Interval(None, None, None)
    rows = [StatusEffect("catch_all", 302, 46, "driven", nothing, None, nothing)]
    found = told(campaign.diagnosis, recommendation="reverify", to_verify=["catch_all"], by_status=rows)
    what = "Leave the catch-all addresses out of the next sequence, or have each one verified first"
    assert sentences.verdicts(found)[0].sentence == f"{what}: 46 of 302 were bad (15.2 %)."
    first = sentences.actions(found)[0]
    assert first.what == f"{what}."
    assert "Verified addresses alone would stay within what you accept." in first.detail
    assert "stale" not in first.detail


def test_old_verifications_are_named(campaign: Case) -> None:
    found = told(
        campaign.diagnosis,
        recommendation="reverify",
        to_verify=["verified"],
        to_verify_older_than=90,
        explained_by=STALE,
    )
    assert sentences.verdicts(found)[0].sentence.startswith(
        "Have the old addresses of the next sequence verified again"
    )
    first = sentences.actions(found)[0]
    assert first.what == "Have the old addresses verified again before the next sequence."
    assert first.detail.endswith("older than 90 days bounced at 18.6 %, fresher ones at 0.9 %.")
    assert len([one for one in steps(found) if "verif" in one]) == 1


# Deliverability


def with_side(diagnosis: Diagnosis, side: str, bounces: Sequence[int] = (15, 101)) -> Diagnosis:
    fixes = [replace(fix, bounces=n) for fix, n in zip(diagnosis.deliverability.fixes, bounces, strict=True)]
    return replace(diagnosis, deliverability=replace(diagnosis.deliverability, side=side, fixes=fixes))


def test_where_nothing_needs_fixing_no_fix_is_to_be_done_now(campaign: Case) -> None:
    found = with_side(campaign.diagnosis, "none", (1, 1))
    assert steps(found) == [
        "Set data quality to max quality for the next sequence.",
        "Stop writing to the 561 bad addresses.",
    ]
    usual = "So few refusals are usual, none of this is urgent."
    assert usual in markdown.text(found)
    assert usual in page.html(found, campaign.correlated, campaign.suppression)  # type: ignore[arg-type]
    assert usual not in markdown.text(campaign.diagnosis)


@pytest.mark.parametrize(
    ("side", "has", "lacks"),
    [
        ("mixed", ["Make DMARC pass for mail.example.net.", "Reach strict companies by phone or LinkedIn."], []),
        ("sender", ["Make DMARC pass for mail.example.net."], ["Reach strict companies by phone or LinkedIn."]),
        ("recipient", ["Reach strict companies by phone or LinkedIn."], ["Make DMARC pass for mail.example.net."]),
    ],
)
def test_the_steps_are_of_the_side_that_the_headline_names(
    campaign: Case, side: str, has: list[str], lacks: list[str]
) -> None:
    found = steps(with_side(campaign.diagnosis, side))
    assert set(has) <= set(found)
    assert not set(lacks) & set(found)
    assert found[-1] == "Stop writing to the 561 bad addresses."
    assert len(found) <= 4


def test_who_refuses_by_a_rule_of_his_own_is_no_strict_industry(campaign: Case) -> None:
    found = with_side(campaign.diagnosis, "recipient")
    theirs = next(fix for fix in found.deliverability.fixes if fix.side == "recipient")
    near = Interval(0.02, 0.003, 0.05)
    for name, strict, begins in (
        ("RCPT-POLICY", near, "Some receivers refuse us by rules of their own (40 of"),
        ("RCPT-POLICY", found.deliverability.strict_rate, "The receivers are strict"),
        ("RCPT-STRICT", near, "The receivers are strict"),
    ):
        advice = replace(found.deliverability, strict_rate=strict, fixes=[replace(theirs, id=name, bounces=40)])
        assert sentences.verdicts(replace(found, deliverability=advice))[1].sentence.startswith(begins)


def test_beside_a_fault_of_ours_companies_that_block_are_no_strict_receivers(campaign: Case) -> None:
    ours, theirs = campaign.diagnosis.deliverability.fixes
    block = replace(theirs, id="RCPT-DOMAIN-BLOCK", bounces=18, domains=2)
    advice = replace(campaign.diagnosis.deliverability, side="mixed", fixes=[ours, block])
    sentence = sentences.verdicts(replace(campaign.diagnosis, deliverability=advice))[1].sentence
    assert sentence.endswith("fix our sending first, then leave out the 2 companies that block us as a whole.")


@pytest.mark.parametrize(("recommendation", "there"), [("max_quantity", False), ("max_quality", True)])
def test_a_few_dead_domains_are_no_step_of_their_own_beside_good_data(
    campaign: Case, recommendation: str, there: bool
) -> None:
    totals = replace(campaign.diagnosis.totals, address=replace(campaign.diagnosis.totals.address, count=40))
    dead = cause("dead_domain", 10, 10, "a.example", "b.example")
    found = replace(with_side(campaign.diagnosis, "none"), totals=totals)
    found = told(found, recommendation=recommendation, explained_by=dead)
    assert any("a.example" in one for one in steps(found)) == there


@pytest.mark.parametrize("recommendation", ["reverify", "insufficient_evidence"])
def test_the_one_campaign_that_most_bad_addresses_came_with_is_told(campaign: Case, recommendation: str) -> None:
    bad = campaign.diagnosis.totals.address.count
    one = Driver("campaign", "EMEA push", "hard", 3100, bad - 20, (bad - 20) / 3100, 0.017, 7.7, 0.001)
    found = told(replace(campaign.diagnosis, drivers=[one]), recommendation=recommendation)
    said = f"{bad - 20} of the {bad} bad addresses are of the campaign EMEA push"
    assert any(said in action.detail for action in sentences.actions(found))
    elsewhere = told(replace(found, drivers=[replace(one, bounces=bad // 2)]), recommendation=recommendation)
    assert not any("EMEA push" in action.detail for action in sentences.actions(elsewhere))


def test_the_terminal_says_that_there_are_more_fixes(campaign: Case) -> None:
    fixes = [replace(fix, priority=n) for n, fix in enumerate(list(campaign.diagnosis.deliverability.fixes) * 4)]
    advice = replace(campaign.diagnosis.deliverability, fixes=fixes)
    console = Console(width=80, file=io.StringIO())
    terminal.show(replace(campaign.diagnosis, deliverability=advice), console)
    assert "3 more in the report" in console.file.getvalue()  # type: ignore[attr-defined]


def test_values_left_out_of_a_breakdown_are_counted_everywhere(campaign: Case, tmp_path: Path) -> None:
    found = replace(campaign.diagnosis, breakdown_left_out={"campaign": 99_000})
    said = "99,000 values with fewer bounces are left out."
    console = Console(width=80, file=io.StringIO())
    terminal.show(found, console)
    assert said in console.file.getvalue()  # type: ignore[attr-defined]
    assert said in markdown.text(found)
    assert said in page.html(found, campaign.correlated, campaign.suppression)  # type: ignore[arg-type]
    report.write(found, campaign.correlated, tmp_path, suppression=campaign.suppression)  # type: ignore[arg-type]
    sheet = openpyxl.load_workbook(tmp_path / "report.xlsx")["Campaign"]
    assert said in [row[0].value for row in sheet.iter_rows()]


def test_a_fix_that_is_over_says_so_wherever_it_stands(campaign: Case) -> None:
    ours, theirs = campaign.diagnosis.deliverability.fixes
    gone = replace(ours, since="2026-03-02", until="2026-03-05", clear=1240, priority=1)
    advice = replace(campaign.diagnosis.deliverability, side="sender", fixes=[gone, replace(theirs, priority=2)])
    found = replace(campaign.diagnosis, deliverability=advice)
    said = "That seems mended: check that it stays so, and go through the steps only where it comes back."
    console = Console(width=400, file=io.StringIO())
    terminal.show(found, console)
    shown = " ".join(console.file.getvalue().split())  # type: ignore[attr-defined]
    for text in (shown, markdown.text(found), page.html(found, campaign.correlated, campaign.suppression)):  # type: ignore[arg-type]
        assert text.count(said) == 1
    assert f"Check: {gone.verify[0]}" in shown
    assert f"Do: {gone.steps[0]}" not in shown


def test_a_fault_that_is_over_is_no_longer_demanded(campaign: Case) -> None:
    ours, theirs = campaign.diagnosis.deliverability.fixes
    spam = campaign.diagnosis.totals.spam.count
    gone = replace(ours, bounces=spam - 10, since="2026-03-02", until="2026-03-05", clear=1240, priority=2)
    advice = replace(campaign.diagnosis.deliverability, side="sender", fixes=[replace(theirs, priority=1), gone])
    found = replace(campaign.diagnosis, deliverability=advice)
    verdict = sentences.verdicts(found)[1]
    assert verdict.tone == "fine"
    assert verdict.sentence.startswith("Our own sending was the problem and seems mended")
    assert verdict.sentence.endswith("none for that cause since 5 March 2026.")
    step = next(one for one in sentences.actions(found) if "DMARC" in one.what)
    assert step.what == "Check that this stays mended: Make DMARC pass for mail.example.net."
    assert "last on 2026-03-05, and none in the 1,240 mails like these since" in step.detail
    both = replace(found, deliverability=replace(advice, side="mixed"))
    assert "ours seems mended" in sentences.verdicts(both)[1].sentence


@pytest.mark.parametrize(
    ("clear", "reasons", "says"),
    [
        (1240, ["auth_failure"], "against their addresses: write to them again (bounces.csv, reason auth_failure)."),
        (None, ["rate_limited"], "write to them again once mail gets through (bounces.csv, reason rate_limited)."),
        (None, ["sender_account"], "write to them again once mail gets through (bounces.csv, reason sender_account)."),
        (None, ["spam_content"], "them again once the changed mail gets through (bounces.csv, reason spam_content)."),
        (None, ["policy"], ""),  # bounces.csv has the receivers' own rules by that name as well
        (None, ["complaint"], ""),  # they got the mail
    ],
)
def test_leads_that_a_fault_of_ours_kept_from_the_mail_are_to_get_it(
    campaign: Case, clear: int | None, reasons: list[str], says: str
) -> None:
    ours = campaign.diagnosis.deliverability.fixes[0]
    ours = replace(ours, bounces=96, until="2026-03-05", clear=clear, reasons=reasons, priority=1)
    advice = replace(campaign.diagnosis.deliverability, side="sender", fixes=[ours])
    detail = next(
        one.detail
        for one in sentences.actions(replace(campaign.diagnosis, deliverability=advice))
        if ours.title.rstrip(".") in one.what
    )
    assert says in detail
    assert ("These 96 leads did not get the mail" in detail) == bool(says)


def test_the_usual_few_are_not_demanded_beside_a_fault_that_is_over(campaign: Case) -> None:
    ours, theirs = campaign.diagnosis.deliverability.fixes
    spam = campaign.diagnosis.totals.spam.count
    gone = replace(ours, bounces=spam - 6, until="2026-03-05", clear=1240, priority=1)
    few = replace(ours, title="Change what the mail says", bounces=6, until="2026-03-20", clear=None, priority=2)
    advice = replace(campaign.diagnosis.deliverability, side="sender", fixes=[gone, few])
    told = steps(replace(campaign.diagnosis, deliverability=advice))
    assert any(one.startswith("Check that this stays mended: Make DMARC pass") for one in told)
    assert not any("Change what the mail says" in one for one in told)
    advice = replace(advice, side="mixed", fixes=[replace(theirs, priority=1), replace(gone, priority=2)])
    told = steps(replace(campaign.diagnosis, deliverability=advice))
    assert next(one for one in told if "mended" in one or "strict" in one).startswith("Reach strict companies")


def test_a_fault_that_stands_is_demanded_beside_one_that_is_over(campaign: Case) -> None:
    ours, theirs = campaign.diagnosis.deliverability.fixes
    gone = replace(ours, title="Sign every mail", bounces=50, until="2026-03-05", clear=1240, priority=3)
    advice = replace(
        campaign.diagnosis.deliverability, side="sender", fixes=[replace(ours, bounces=400, priority=1), theirs, gone]
    )
    found = replace(campaign.diagnosis, deliverability=advice)
    assert "Our own sending is the problem" in sentences.verdicts(found)[1].sentence
    assert "1 fix below" in sentences.verdicts(found)[1].sentence
    assert not any("Sign every mail" in one for one in steps(found))


def test_the_few_of_every_campaign_are_no_step_beside_the_fault(campaign: Case) -> None:
    ours, _ = campaign.diagnosis.deliverability.fixes
    few = int(campaign.diagnosis.totals.leads_contacted * 0.01)
    text = replace(ours, title="Change what the mail says", reasons=["spam_content"], bounces=few, priority=2)
    for fix, step in [
        (text, False),
        (replace(text, bounces=few + 1), True),
        (replace(text, reasons=["complaint"]), True),
    ]:
        advice = replace(campaign.diagnosis.deliverability, side="sender", fixes=[ours, fix])
        told = sentences.actions(replace(campaign.diagnosis, deliverability=advice), 9)
        assert any("Change what the mail says" in one.what for one in told) is step


def test_the_step_says_of_which_mail_it_is(campaign: Case) -> None:
    ours, theirs = campaign.diagnosis.deliverability.fixes
    only = [FixPart("sender", "ann@example.net", 15), FixPart("step", "3", 14)]
    advice = replace(
        campaign.diagnosis.deliverability, side="sender", fixes=[replace(ours, bounces=15, only=only), theirs]
    )
    found = replace(campaign.diagnosis, deliverability=advice)
    step = next(one for one in sentences.actions(found) if "DMARC" in one.what)
    assert step.what == "Make DMARC pass for mail.example.net (only from mailbox ann@example.net, at step 3)."
    assert step.detail.count("ann@example.net") == 0
    assert "14 of them at step 3" in step.detail
    assert "mail from" not in step.detail
    made = markdown.text(found), page.html(found, campaign.correlated, campaign.suppression)  # type: ignore[arg-type]
    assert all("(only from mailbox ann" in one for one in made)
    assert "ann@example.net" not in markdown.text(report.redacted(found))


def test_the_address_and_the_provider_of_a_fix_stand_in_its_title(campaign: Case) -> None:
    fix = replace(campaign.diagnosis.deliverability.fixes[0], title="Send less at a time")
    address, receiver = FixPart("sending_ip", "198.51.100.7", 9), FixPart("receiver", "yahoo", 9)
    assert words.fix_title(replace(fix, only=[address, receiver])) == (
        "Send less at a time (for 198.51.100.7, only at yahoo)"
    )
    assert words.fix_title(replace(fix, only=[address])) == "Send less at a time (for 198.51.100.7)"
    assert "9 of them name address 198.51.100.7" in words.fix_size(replace(fix, bounces=10, only=[address]))


def test_one_refusal_is_no_step_where_no_side_is_known(campaign: Case) -> None:
    found = steps(with_side(campaign.diagnosis, "undetermined", (1, 2)))
    assert "Make DMARC pass for mail.example.net." not in found
    assert "Reach strict companies by phone or LinkedIn." not in found


def test_without_a_refusal_nobody_asks_whose_side_it_is(campaign: Case) -> None:
    totals = replace(campaign.diagnosis.totals, spam=replace(campaign.diagnosis.totals.spam, count=0))
    found = replace(with_side(campaign.diagnosis, "undetermined"), totals=totals)
    sentence = sentences.verdicts(found)[1].sentence
    assert sentence == "Cannot be told whether mail was refused: nothing says why 22 leads bounced."


def test_who_complained_is_on_the_list_of_those_to_leave_alone(campaign: Case) -> None:
    ours, theirs = campaign.diagnosis.deliverability.fixes
    advice = replace(campaign.diagnosis.deliverability, fixes=[replace(ours, reasons=["complaint"]), theirs])
    found = steps(replace(campaign.diagnosis, deliverability=advice))
    assert found[-1] == "Stop writing to the 561 bad addresses and to whoever complained."


# Figures


def test_what_is_not_shown_is_not_followed_by_what_it_would_save(campaign: Case) -> None:
    wide = told(
        campaign.diagnosis,
        guessed_effect="not_shown",
        risk_difference=Interval(0.09, 0.0, 0.47),
        attributable_share=Interval(0.0, 0.0, 0.86),
    )
    lines = words.guessed_lines(wide)
    assert lines[0] == "That guessed addresses do worse than verified ones is not shown."
    assert not [line for line in lines if "would be gone" in line]


@pytest.mark.parametrize("share", [0.00067, 0.001, 0.0014, 0.04, 0.9993, 0.9989, 1.0, 0.0])
def test_a_rate_reads_alike_in_a_headline_and_in_its_reasoning(share: float) -> None:
    said = diagnose_words.percent(share)
    assert said.replace("under ", "<").replace("over ", ">") == words.percent(share)


@pytest.fixture
def silent(campaign: Case) -> Case:
    """A log of flags alone: nothing is known of the address faults, so the forecast is only bounded."""
    ways = Forecasts(
        Forecast(1500, 160.0, None, 0.0, 0.231, None),
        Forecast(900, 14.0, None, 0.0, 0.042, None),
        Forecast(930, 20.0, None, 0.0, 0.05, None),
    )
    rows = [replace(row("guessed", 600, 0, 0), unknown=88), replace(row("verified", 900, 0, 0), unknown=15)]
    diagnosis = told(
        campaign.diagnosis, recommendation="insufficient_evidence", guessed_effect="too_little_data", forecast=ways
    )
    return replace(campaign, diagnosis=replace(diagnosis, breakdown={**diagnosis.breakdown, "email_status": rows}))


def test_a_forecast_that_hangs_on_silent_bounces_shows_its_bounds_alone(silent: Case, tmp_path: Path) -> None:
    text = markdown.text(silent.diagnosis)
    assert "| 1,500 | – | – | 0–23.1 % | – |" in text
    assert "The ranges go from none of the bounces without a reason being a bad address to all of them" in text
    shown = page.html(silent.diagnosis, silent.correlated, silent.suppression)  # type: ignore[arg-type]
    assert "0–23.1 %" in shown.replace("\N{NO-BREAK SPACE}", " ")
    assert "Nothing can be forecast" not in shown
    report.write(silent.diagnosis, silent.correlated, tmp_path, suppression=silent.suppression)  # type: ignore[arg-type]
    summary = openpyxl.load_workbook(tmp_path / "report.xlsx")["Summary"]
    (everyone,) = [line for line in summary.iter_rows(values_only=True) if line[0] == "Max quantity"]
    assert [cell or None for cell in everyone[1:7]] == [1500, None, None, None, 0.231, None]


def test_bounces_without_a_cause_have_a_column_where_there_are_any(silent: Case, campaign: Case) -> None:
    assert "| `guessed` | 600 | 0 % | 0–0.6 % | 0 % | 0–0.6 % | 14.7 % |" in markdown.text(silent.diagnosis)
    console = Console(record=True, width=80, file=None, force_terminal=False)
    terminal.show(silent.diagnosis, console)
    lines = console.export_text().splitlines()
    (line,) = [line for line in lines if line.startswith("guessed")]
    assert line.split()[-2:] == ["14.7", "%"]
    assert max(map(len, lines)) <= 80
    assert "Unknown |" not in markdown.text(campaign.diagnosis).partition("## By email status")[2]


def test_providers_learnt_from_bounces_are_counted_and_not_rated(campaign: Case, tmp_path: Path) -> None:
    rows = [row("(not given)", 9000, 30, 5), row("microsoft", 104, 11, 56), row("google", 138, 3, 51)]
    found = replace(campaign.diagnosis, breakdown={**campaign.diagnosis.breakdown, "provider": rows})
    assert "| `microsoft` | 11 | 56 |" in markdown.text(found)
    shown = page.html(found, campaign.correlated, campaign.suppression)  # type: ignore[arg-type]
    assert "53.8 %" not in shown.replace("\N{NO-BREAK SPACE}", " ")
    assert "Counts of leads and no rates" in shown
    report.write(found, campaign.correlated, tmp_path, suppression=campaign.suppression)  # type: ignore[arg-type]
    sheet = openpyxl.load_workbook(tmp_path / "report.xlsx")["Receiving provider"]
    assert [cell.value for cell in sheet[1]] == ["Receiving provider", "Hard", "Spam", "Unknown"]
