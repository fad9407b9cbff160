"""Logs that begin in mid-sequence, and mailboxes whose bounces were not given: who is missing must not count as fine."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from diagnose_builder import Block, campaign

from analyzer.correlate import Correlated
from analyzer.diagnose import assess, diagnose

DAY = "2026-03-{:02}T09:00:00Z"


def sequence(name: str = "spring", *, days: range = range(2, 26), steps: int = 3, gap: int = 4) -> Correlated:
    """Every day of March in `days` 40 leads begin, 4 of them with a bad address; the others get a mail each `gap` days."""
    blocks = [
        Block(36 if step else 40, step=str(step + 1), sent_at=DAY.format(day + gap * step), campaign=name)
        for day in days
        for step in range(steps)
        if day + gap * step <= 31
    ]
    made = campaign(*(replace(block, bounced={"user_unknown": 4} if block.step == "1" else None) for block in blocks))
    began = pd.to_datetime(made.sends["sent_at"]).dt.day - gap * (made.sends["step"].astype(int) - 1)
    place = made.sends.groupby([began, "step"]).cumcount()
    # The first 4 of each day bounce at step 1 and get no more.
    place += 4 * (made.sends["step"] != "1")
    made.sends["recipient"] = [f"p{p}@{name}-{day}-{p}.example" for p, day in zip(place, began, strict=True)]
    return made


def cut(made: Correlated, day: int) -> Correlated:
    """The log from a day of March on."""
    rest = made.sends[made.sends["sent_at"] >= pd.Timestamp(DAY.format(day))].reset_index(drop=True)
    return replace(made, sends=rest)


def test_leads_that_the_log_has_from_mid_sequence_on_are_left_out() -> None:
    whole = sequence()
    assert diagnose(whole).totals.address.rate == pytest.approx(0.1)
    later = diagnose(cut(whole, 14))
    assert later.totals.address.rate == pytest.approx(0.1)
    assert "are in the log with later steps only" in later.warnings[0]


def test_a_beginning_that_somebody_chose_is_no_slip() -> None:
    later = cut(sequence(), 14)
    found, _ = assess(later, begun_before=True)
    assert found.totals.emails_sent == len(later.sends)
    assert found.totals.leads_contacted > diagnose(later).totals.leads_contacted


def test_a_whole_log_is_taken_whole() -> None:
    found = diagnose(sequence())
    assert found.totals.leads_contacted == 24 * 40
    assert not any("later steps only" in warning for warning in found.warnings)


def test_a_sequence_whose_mails_begin_at_its_second_step_is_no_cut() -> None:
    calls_first = sequence("calls")
    calls_first.sends["step"] = (calls_first.sends["step"].astype(int) + 1).astype("str")
    both = replace(calls_first, sends=pd.concat([calls_first.sends, sequence("other").sends], ignore_index=True))
    assert diagnose(both).totals.leads_contacted == 2 * 24 * 40


def test_a_branch_that_begins_later_is_no_cut() -> None:
    branch = sequence(steps=1)
    at = branch.sends.index % 3 == 0
    branch.sends.loc[at, "step"] = "2"
    usual = sequence()
    both = replace(
        usual, sends=pd.concat([usual.sends, branch.sends.assign(recipient="b" + branch.sends["recipient"])])
    )
    assert diagnose(both).totals.leads_contacted == 2 * 24 * 40


def test_a_log_of_one_time_tells_nothing_of_a_cut() -> None:
    later = cut(sequence(), 14)
    later.sends["sent_at"] = pd.Timestamp(DAY.format(14))
    assert diagnose(later).totals.emails_sent == len(later.sends)


def mailboxes(*bounced: int, leads: int = 300) -> list[Block]:
    return [
        Block(leads, sender=f"s{number}@sender.example", bounced={"user_unknown": count})
        for number, count in enumerate(bounced)
    ]


def test_mailboxes_whose_bounces_were_not_given_are_left_out() -> None:
    found = diagnose(campaign(*mailboxes(21, 24, 22, 0, 0, 0)))
    assert found.totals.leads_contacted == 900
    assert found.totals.address.rate == pytest.approx(67 / 900)
    assert found.warnings[0].startswith(
        "No bounce of 3 of the 6 sending mailboxes was given (s3@sender.example, s4@sender.example and "
        "s5@sender.example), where the others let expect some "
    )


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param(mailboxes(3, 2, 4, 0, 0, 0), id="few bounces leave some without any"),
        pytest.param(mailboxes(60, 0, 0, 0), id="one mailbox with a bad list proves nothing of the others"),
        pytest.param(mailboxes(60, 2, 0, 0), id="nor one beside which another has hardly any"),
        pytest.param(
            [*mailboxes(60, 55), *(replace(one, campaign="other", status="verified") for one in mailboxes(0, 0))],
            id="another campaign",
        ),
        pytest.param(
            [
                *(replace(one, status="guessed") for one in mailboxes(60, 55)),
                *(replace(one, sender=f"v{n}@sender.example") for n, one in enumerate(mailboxes(0, 0))),
            ],
            id="other addresses",
        ),
        pytest.param(mailboxes(0, 0, 0), id="no bounce at all"),
    ],
)
def test_mailboxes_that_may_well_have_no_bounces_count(blocks: list[Block]) -> None:
    found = diagnose(campaign(*blocks))
    assert found.totals.leads_contacted == sum(block.n for block in blocks)
    assert not any("sending mailboxes was given" in warning for warning in found.warnings)
