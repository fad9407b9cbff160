"""Bounces of our own mail from before the log begins: tied to nothing, no forgeries, and ground enough to verify first."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from attacked_campaign import Campaign, arf, dsn, figures, suppressed

from analyzer.check.history import read_history

WINTER = "Thu, 4 Dec 2025 10:00:00 +0000"
GONE = [f"left{n}@winter{n}.example" for n in range(30)]


def _winter(**options: str) -> list[str]:
    return [
        dsn(to, message_id=f"<winter{n}@outreach.example>", date=WINTER, **{"host": "googlemail.com", **options})
        for n, to in enumerate(GONE)
    ]


def _decisions(out: Path) -> dict[str, tuple[str, str]]:
    with (out / "next_send.csv").open(newline="") as handle:
        return {row["email"]: (row["decision"], row["reason"]) for row in csv.DictReader(handle)}


def test_an_earlier_campaigns_bounces_are_named_as_such(campaign, diagnosed):
    quiet, quiet_out = diagnosed(campaign)
    run, out = diagnosed(campaign, _winter())
    matching = run.diagnosis.matching
    assert (matching.unmatched, matching.suspected_forged, matching.forged_reasons) == (30, 0, {})
    assert any(
        "Bounces of mail from before the log's first, of 2026-03-02: 30." in one for one in run.diagnosis.warnings
    )
    assert not any("forg" in one.lower() for one in run.diagnosis.warnings)
    assert figures(run) == figures(quiet)
    assert suppressed(out) == suppressed(quiet_out)


def test_whom_they_call_bad_is_verified_first_unless_a_later_mail_was_taken(campaign, diagnosed, tmp_path):
    taken = campaign.email(100)
    campaign.log[-1]["sent_at"] = "2026-03-09T09:00:00Z"
    upcoming = tmp_path / "next.csv"
    upcoming.write_text("email,email_status\n" + "".join(f"{one},verified\n" for one in (GONE[0], GONE[1], taken)))
    old = [*_winter()[:1], dsn(taken, message_id="<winter@outreach.example>", host="googlemail.com", date=WINTER)]
    old += [arf(GONE[1], reporter="googlemail.com").replace("Tue, 3 Mar 2026", "Thu, 4 Dec 2025")]
    told = _decisions(diagnosed(campaign, old, next_list=upcoming)[1])
    assert told[GONE[0]][0] == told[GONE[1]][0] == "verify_again"
    assert "from before the log begins calls this address bad" in told[GONE[0]][1]
    assert "complaint from before the log begins" in told[GONE[1]][1]
    assert told[taken][0] == "send"


@pytest.mark.parametrize(
    "options",
    [
        {"sender": "someone@else.example"},
        {"host": "mx.evil.example"},
        {"date": "Tue, 3 Mar 2026 10:00:00 +0000"},
    ],
    ids=["another's mail", "a host that has nothing to do with it", "within the log's time"],
)
def test_what_does_not_show_that_is_still_doubted(campaign, diagnosed, options):
    run, _ = diagnosed(campaign, [mail.replace(f"Date: {WINTER}", f"Date: {options.get('date', WINTER)}")
                                  for mail in _winter(**{k: v for k, v in options.items() if k != "date"})])  # fmt: skip
    assert run.diagnosis.matching.suspected_forged == 30


def test_backscatter_of_winter_stays_backscatter(campaign: Campaign, diagnosed):
    """Spam in our name goes out with a Message-ID of the machine that sent it."""
    spam = [
        dsn(to, host=to.partition("@")[2], message_id=f"<{n}.spam@bot{n}.example>", date=WINTER)
        for n, to in enumerate(GONE)
    ]
    run, _ = diagnosed(campaign, spam)
    assert run.diagnosis.matching.forged_reasons == {"backscatter": 30}


def test_a_campaign_whose_log_is_missing_is_no_backscatter(campaign: Campaign, diagnosed):
    """Within the log's time: our mailbox, our Message-IDs, a relay that serves others."""
    mails = [mail.replace(WINTER, "Tue, 3 Mar 2026 10:00:00 +0000") for mail in _winter()]
    run, _ = diagnosed(campaign, mails)
    assert run.diagnosis.matching.forged_reasons == {"not_sent": 30}
    assert any("or of a campaign whose log was not given" in one for one in run.diagnosis.warnings)


@pytest.mark.parametrize(("listed", "reason"), [(True, "not_sent"), (False, "backscatter")])
def test_bounces_about_leads_of_our_list_are_of_a_missing_log(campaign: Campaign, diagnosed, listed, reason):
    """Without a Message-ID they show our mailbox alone: whom else would a stranger have to know but our list."""
    for row in campaign.log:
        row["sender"] = ""
    if listed:
        campaign.leads += [{"email": one, "lead_id": "", "email_status": "verified", "industry": ""} for one in GONE]
    mails = [dsn(to, host=to.partition("@")[2], message_id="", date="Tue, 3 Mar 2026 10:00:00 +0000") for to in GONE]
    run, _ = diagnosed(campaign, mails)
    assert run.diagnosis.matching.forged_reasons == {reason: 30}


def test_a_bounce_dated_back_is_no_way_into_a_leads_history(campaign, diagnosed):
    """Its date is the stranger's word: what a diagnosis wrote of it makes `check` refuse nobody."""
    victim = campaign.email(321)
    mails = [dsn(victim, message_id="<made.up@outreach.example>", host="mx.company321.example", date=WINTER)]
    run, out = diagnosed(campaign, mails)
    assert run.diagnosis.matching.suspected_forged == 0
    assert victim not in suppressed(out)
    assert victim not in read_history([out / "bounces.csv"]).addresses
