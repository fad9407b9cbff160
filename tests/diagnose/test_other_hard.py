"""Hard bounces that call no address bad: what they were, where and when."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from diagnose_builder import Block, campaign

from analyzer.diagnose import diagnose
from analyzer.diagnose.diagnosis import Diagnosis, OtherHard, ReasonCount
from analyzer.report import sentences, words

OUTAGE = Block(40, bounced={"network_error": 30}, provider="microsoft", sent_at="2026-03-04T09:00:00Z")


def found(*blocks: Block) -> Diagnosis:
    return diagnose(campaign(*blocks))


def test_an_outage_is_told_by_reason_place_and_days() -> None:
    rest = Block(300, bounced={"user_unknown": 6, "mailbox_full": 2, "policy": 3})
    diagnosis = found(OUTAGE, rest, replace(OUTAGE, n=20, sent_at="2026-03-05T09:00:00Z", bounced={"network_error": 8}))
    assert diagnosis.other_hard == OtherHard(
        leads=40,
        reasons=[ReasonCount("network_error", 38), ReasonCount("mailbox_full", 2)],
        passing=40,
        provider="microsoft",
        domain="",
        first="2026-03-04",
        last="2026-03-05",
    )
    assert words.other_hard_line(diagnosis) == (
        "40 of the 46 hard bounces say nothing against the address: network error (38) and mailbox full (2), most of "
        "them at microsoft, in mails sent 4 March to 5 March 2026. Such failures pass: these leads can be written to again."
    )


def test_an_outage_that_makes_most_bounces_is_the_answer_and_its_leads_are_written_to_again() -> None:
    days = [
        replace(OUTAGE, n=20, sent_at=f"2026-03-{day:02}T09:00:00Z", bounced={"network_error": 6})
        for day in range(4, 12)
    ]
    usual = [
        Block(40, sent_at=f"2026-{day}T09:00:00Z", bounced={"user_unknown": 1}) for day in ("02-20", "03-02", "03-20")
    ]
    diagnosis = found(*days, *usual)
    data, _ = sentences.verdicts(diagnosis)
    assert data.sentence.startswith(
        "Most bounces are no fault of the data: 48 of 51 leads that bounced were lost to servers or networks that "
        "failed, most of them at microsoft, in mails sent 4 March to 10 March 2026. "
    )
    first = sentences.actions(diagnosis)[0]
    assert first.what == "Write again to the 48 leads lost to servers or networks that failed."
    assert first.detail.endswith(
        "Such failures pass. These 48 leads did not get the mail, and nothing is known against their addresses: write to "
        "them again (bounces.csv, reason network_error)."
    )


def test_beside_many_bad_addresses_the_leads_of_an_outage_are_a_step_and_not_the_answer() -> None:
    diagnosis = found(OUTAGE, Block(300, bounced={"user_unknown": 60}))
    assert not sentences.verdicts(diagnosis)[0].sentence.startswith("Most bounces")
    *before, last = sentences.actions(diagnosis)
    assert before
    assert last.what == "Write again to the 30 leads lost to servers or networks that failed."


def test_a_usual_few_failures_and_full_mailboxes_are_no_outage() -> None:
    for bounced in ({"network_error": 4}, {"mailbox_full": 30}):
        diagnosis = found(Block(600, bounced=bounced))
        assert "servers or networks" not in sentences.verdicts(diagnosis)[0].sentence
        assert not any("Write again" in one.what for one in sentences.actions(diagnosis))


def test_of_one_domain_that_is_named_and_not_its_provider() -> None:
    told = found(replace(OUTAGE, domain="lumen.example")).other_hard
    assert told is not None
    assert (told.domain, told.provider, told.first, told.last) == ("lumen.example", "", "2026-03-04", "2026-03-04")


def test_what_is_spread_is_not_pinned_down() -> None:
    blocks = [
        replace(OUTAGE, n=5, bounced={"mailbox_full": 2}, provider=f"p{day % 3}", sent_at=f"2026-03-{day:02}T09:00:00Z")
        for day in range(1, 25)
    ]
    told = found(*blocks).other_hard
    assert told is not None
    assert (told.leads, told.provider, told.domain, told.first, told.last) == (48, "", "", "", "")


def test_a_lead_whose_address_is_bad_as_well_is_none_of_them() -> None:
    twice = campaign(Block(10, bounced={"user_unknown": 3, "mailbox_full": 2}))
    twice.sends.loc[3, "recipient"] = twice.sends.loc[0, "recipient"]
    told = diagnose(twice).other_hard
    assert told is not None
    assert told.leads == 1


def test_where_all_hard_bounces_are_bad_addresses_nothing_is_said() -> None:
    diagnosis = found(Block(300, bounced={"user_unknown": 6}))
    assert diagnosis.other_hard is None
    assert not words.under_rates(diagnosis)


def test_a_few_full_mailboxes_among_many_bad_addresses_are_not_worth_a_line() -> None:
    diagnosis = found(Block(300, bounced={"user_unknown": 20, "mailbox_full": 4}))
    assert diagnosis.other_hard is not None
    assert not words.other_hard_line(diagnosis)


def test_a_log_without_times_tells_no_days() -> None:
    correlated = campaign(OUTAGE)
    object.__setattr__(correlated, "sends", correlated.sends.assign(sent_at=pd.NaT, week=""))
    told = diagnose(correlated).other_hard
    assert told is not None
    assert (told.leads, told.first, told.last) == (30, "", "")


def test_follow_ups_make_weeks_look_better_and_that_is_said() -> None:
    first = Block(40, bounced={"user_unknown": 4})
    later = Block(36, step="2", sent_at="2026-03-17T09:00:00Z")
    assert "weeks of follow-ups look better" in words.week_line(found(first, later))
    assert not words.week_line(found(first, replace(later, step="1")))
