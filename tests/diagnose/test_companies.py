"""Leads of one company are not that many observations, and who has a mailbox at a free-mail provider is on his own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from diagnose_builder import Block, campaign, next_list

from analyzer.diagnose import assess, diagnose, next_send
from analyzer.diagnose import campaign as stage
from analyzer.diagnose.drivers.drivers import drivers
from analyzer.diagnose.estimates.rates import breakdown, rate, totals
from analyzer.diagnose.leads.companies import Belief, companies, company_of, wilson
from analyzer.diagnose.leads.contacts import contacts
from analyzer.diagnose.leads.silent import Alike

ADDRESSES = Belief(seen=0.1, unseen=0.3)


def everyone(flag: np.ndarray, domain: np.ndarray):
    one = np.zeros(len(flag), dtype=np.int64)
    return companies(one, domain, {"hard": (one[flag], domain[flag])}, 1)


def test_likeness_and_bounds_by_hand() -> None:
    # Ten companies of ten leads, all of one bounce: share 0.1, variance 0.09. ((10 - 1)² - 0.9)/10 = 8.01 there and
    # ((0 - 1)² - 0.9)/10 = 0.01 at nine others; 9 pairs' worth each: 90 × 0.09 = 8.1.
    # Likeness (8.1 + 0.1)/(8.1 + 1) = 0.901; nine fellows each: 1 + 0.901 × 9.
    found = everyone(np.arange(100) < 10, np.arange(100) // 10)
    assert found.likeness("hard", 0.1)[0] == pytest.approx(8.2 / 9.1)
    effect = 1 + 8.2 / 9.1 * 9
    low, high = found.interval("hard", Belief(0.1, 0.3))
    assert (low[0], high[0]) == pytest.approx(tuple(map(float, wilson(10 / effect, 100 / effect))))


def test_a_company_that_was_not_met_may_bounce_as_a_whole() -> None:
    # One bounce each at thirty of a hundred companies of ten: those seen differ less than chance would have it. A rate
    # above 3 % would be that of others, all the same; one below it would not.
    flag = np.zeros(1000, dtype=np.bool_)
    flag[np.arange(30) * 10] = True
    found = everyone(flag, np.arange(1000) // 10)
    alike = found.likeness("hard", 0.1)[0]
    assert alike < 0.01
    low, high = (float(each[0]) for each in found.interval("hard", Belief(0.1, 0.3)))
    effect = 1 + alike * 9
    plain = tuple(map(float, wilson(30 / effect, 1000 / effect)))
    assert low == pytest.approx(plain[0])
    seen, more = 0.03 * 0.97 * effect, (high * (1 - high) - 0.03 * 0.97) * (1 + 0.3 * 9)
    assert (high - 0.03) ** 2 == pytest.approx(1.96**2 / 1000 * (seen + more), rel=1e-4)
    assert high == pytest.approx(0.0491, abs=5e-5)
    # Where all bounced, it is the lower bound.
    mirrored = everyone(~flag, np.arange(1000) // 10).interval("hard", Belief(0.1, 0.3))
    assert (1 - mirrored[1][0], 1 - mirrored[0][0]) == pytest.approx((low, high))


def test_leads_without_fellows_count_each() -> None:
    found = everyone(np.arange(100) < 10, np.arange(100))
    low, high = found.interval("hard", Belief(0.3, 0.5))
    assert (low[0], high[0]) == pytest.approx(tuple(map(float, wilson(10, 100))))


@pytest.mark.parametrize("scale", [1, 1000])
def test_groups_are_counted_apart_however_their_domains_are_numbered(scale: int) -> None:
    # Both groups have leads at domain 0: three of the first, of whom two bounce, one of the second.
    group = np.array([0, 0, 0, 0, 1, 1, 1])
    domain = np.array([0, 0, 0, 1, 0, 2, 2]) * scale
    hit = np.array([0, 1, 5])
    found = companies(group, domain, {"hard": (group[hit], domain[hit])}, 2)
    assert found.leads.tolist() == [4, 3]
    assert (found.shared.tolist(), found.companies.tolist(), found.pairs.tolist()) == ([3, 2], [1, 1], [6, 2])
    some = found.chosen["hard"]
    assert (some.count.tolist(), some.there.tolist()) == ([2, 1], [2, 1])
    assert some.squares.tolist() == pytest.approx([4 / 3, 1 / 2])


def test_leads_of_whom_only_counts_are_held_count_like_rows() -> None:
    group, domain = np.zeros(4, dtype=np.int64), np.array([0, 0, 1, 2])
    hit = {"hard": (group[:1], domain[:1])}
    # Two more at domain 0, and elsewhere three at one company and one by himself.
    more = Alike(np.array([0]), np.array([0]), np.array([2]), *map(np.array, ([4.0], [6.0], [3.0], [1.0])))
    as_rows = companies(np.zeros(10, dtype=np.int64), np.array([0, 0, 1, 2, 0, 0, 3, 3, 3, 4]), hit, 1)
    as_counts = companies(group, domain, hit, 1, alike=more)
    assert np.allclose(as_counts.interval("hard", ADDRESSES), as_rows.interval("hard", ADDRESSES))


def test_totals_and_rows_are_wider_where_companies_bounce_as_a_whole() -> None:
    alone = contacts(campaign(Block(600, bounced={"user_unknown": 40})))
    whole = contacts(campaign(Block(600, bounced={"user_unknown": 40}, per_domain=10)))
    assert totals(alone).address == rate(40, 600)
    assert totals(whole).address.rate == totals(alone).address.rate
    assert totals(whole).address.high > totals(alone).address.high + 0.03
    (narrow,), (wide,) = (breakdown(each)["email_status"] for each in (alone, whole))
    assert wide.hard_high > narrow.hard_high + 0.03
    assert wide.hard_high == pytest.approx(totals(whole).hard.high)
    # A domain's own row is about that domain.
    row = breakdown(whole)["recipient_domain"][0]
    assert (row.hard, row.hard_low) == (10, pytest.approx(float(wilson(10, 10)[0])))


def test_a_lead_at_a_free_mail_provider_is_a_company_by_itself() -> None:
    counted = contacts(
        campaign(
            Block(300, domain="gmail.com", bounced={"user_unknown": 3}),
            Block(300, domain="some-company.example", bounced={"user_unknown": 3}),
            Block(200, bounced={"user_unknown": 20}),
        )
    )
    assert [len(np.unique(company_of(counted)[rows])) for rows in (slice(300), slice(300, 600))] == [300, 1]
    only_gmail = campaign(Block(300, domain="gmail.com", bounced={"user_unknown": 3}), Block(200))
    assert totals(contacts(only_gmail)).address == rate(3, 500)


def test_so_is_one_at_a_free_mail_provider_that_nothing_came_back_of() -> None:
    silent = contacts(campaign(Block(500, domain="gmail.com"), Block(200, bounced={"user_unknown": 9, "policy": 4})))
    assert (totals(silent).address, totals(silent).spam) == (rate(9, 700), rate(4, 700))
    (row,) = breakdown(silent)["email_status"]
    assert (row.hard_low, row.hard_high) == pytest.approx(tuple(map(float, wilson(9, 700))))
    one_company = contacts(campaign(Block(500, domain="a.example"), Block(200, bounced={"user_unknown": 9})))
    assert totals(one_company).address.high > 2 * totals(silent).address.high


def test_what_one_company_took_is_told_to_say_little_of_others() -> None:
    alone = diagnose(campaign(Block(300, domain="a.example")))
    assert (alone.deliverability.side, alone.totals.spam.high) == ("none", pytest.approx(0.658, abs=0.001))
    assert alone.deliverability.why == (
        "None of 300 leads was refused as spam. The leads are all at one company, though: at others, up to 65.8 % "
        "refused would fit this as well."
    )
    few = diagnose(campaign(Block(300, per_domain=100, bounced={"policy": 2}))).deliverability
    assert few.side == "none"
    assert few.why.endswith(
        "nothing needs fixing. The leads are at only 3 companies, though: at others, up to "
        "39.6 % refused would fit this as well."
    )
    assert diagnose(campaign(Block(300))).deliverability.why == "None of 300 leads was refused as spam."


def test_a_free_mail_provider_that_finds_us_too_many_speaks_of_us() -> None:
    found = diagnose(
        campaign(
            Block(400, industry=("", "unclassified"), domain="gmail.com", bounced={"rate_limited": 120}),
            Block(400, industry=("", "unclassified")),
        )
    ).deliverability
    assert found.side == "sender"
    assert found.fixes[0].id == "RATE"
    assert "120 refusals at 1 domain speak of the sender's reputation or of too much mail at once." in found.why
    assert "company blocking us" not in found.why


def test_a_few_bounces_that_fell_to_one_of_two_mailboxes_are_not_hundreds_of_times_the_usual() -> None:
    named = drivers(
        contacts(
            campaign(
                Block(500, sender="ann@one.example", bounced={"policy": 5}),
                Block(500, sender="bob@two.example"),
            )
        )
    )
    # Of nothing on the other side one bounce is believed: (0 + 1) / (500 + 200), where five of a thousand are usual.
    assert [driver.lift for driver in named] == pytest.approx([5 / 500 * 700] * len(named))


def test_where_companies_make_the_rate_it_says_so_and_how_many_more_would_tell() -> None:
    found = diagnose(campaign(Block(600, per_domain=50, bounced={"user_unknown": 50}))).data_quality
    assert found.recommendation == "insufficient_evidence"
    assert "bounces came company by company" in found.why
    assert "About 1,800 more sends, best in another campaign, would tell more." in found.why
    assert "too few" not in found.why


def test_a_company_without_a_name_for_its_fault_is_counted_once_and_that_is_said() -> None:
    found = diagnose(
        campaign(Block(900, bounced={"user_unknown": 9}), Block(90, per_domain=90, bounced={"user_unknown": 45}))
    )
    assert found.data_quality.recommendation == "max_quantity"
    assert (
        "Bounces came company by company, and the forecast counts companies rather than leads: of their addresses "
        "1.2 % bounced in the mean." in found.data_quality.why
    )
    alike = diagnose(campaign(Block(900, per_domain=3, bounced={"user_unknown": 30}))).data_quality
    assert "company by company" not in alike.why


def test_a_setting_that_leaves_hardly_a_lead_says_so() -> None:
    found = diagnose(
        campaign(Block(65), Block(1435, "guessed", bounced={"user_unknown": 154})),
    ).data_quality
    assert found.recommendation == "max_quality"
    assert "Without guessed addresses only 65 of 1,500 leads are left" in found.why
    assert "with 90 % probability" not in found.why


def test_the_next_list_is_ranked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = next_list((200, "guessed", ("", "open")), (200, "verified", ("", "open")))
    correlated = campaign(Block(700, bounced={"user_unknown": 8}), Block(300, "guessed"), next_leads=ahead)
    diagnosis, ranked = assess(correlated)
    twice = next_send(correlated, diagnosis)
    monkeypatch.setattr(stage, "list_ahead", None)
    pd.testing.assert_frame_equal(next_send(correlated, diagnosis, ranked), twice)
