"""From files to the diagnosis: verdicts, matching and numbers over campaigns small enough to work out by hand."""

from __future__ import annotations

import json

import pytest
from campaign import DMARC, FULL, ONLY_INTERNAL, USER_UNKNOWN, Campaign, bounce

import analyzer
from analyzer.api import run_diagnosis


def test_guessed_addresses_that_hurt(tmp_path):
    campaign = Campaign()
    campaign.add(400, status="Verified", industry="Software Development", bounces=4)
    campaign.add(200, status="Guessed", industry="Software Development", bounces=30)

    diagnosis = analyzer.diagnose(**campaign.write(tmp_path))

    totals, data = diagnosis.totals, diagnosis.data_quality
    assert (totals.leads_contacted, totals.emails_sent) == (600, 600)
    assert (totals.hard.count, totals.address.count, totals.spam.count, totals.unknown.count) == (34, 34, 0, 0)
    # Wilson, by hand: p = 34/600 = 0.056667, z = 1.959964, z² = 3.841459;
    # centre = (p + z²/1200) / (1 + z²/600) = 0.059868 / 1.006402 = 0.059487;
    # half = z·sqrt(p(1-p)/600 + z²/(4·600²)) / (1 + z²/600) = 1.959964·sqrt(8.9093e-5 + 2.668e-6) / 1.006402 = 0.018655.
    assert totals.hard.rate == pytest.approx(34 / 600)
    assert totals.hard.low == pytest.approx(0.04083, abs=2e-5)
    assert totals.hard.high == pytest.approx(0.07814, abs=2e-5)
    # One stratum: the Mantel-Haenszel risk difference is the plain one, 30/200 - 4/400 = 0.14, and of the 34 bounces
    # 30 - 200·(4/400) = 28 would not have happened at the verified rate.
    assert data.risk_difference.estimate == pytest.approx(0.14)
    assert data.attributable_share.estimate == pytest.approx(28 / 34)
    assert (data.guessed_effect, data.recommendation) == ("driven", "max_quality")
    assert diagnosis.deliverability.side == "none"
    assert diagnosis.matching.by_method.message_id == 34


def test_guessed_addresses_that_are_innocent(tmp_path):
    """Simpson: guessed leads bounce more in all, and in no industry group."""
    campaign = Campaign()
    campaign.add(400, status="Verified", industry="Software Development", bounces=4)
    campaign.add(100, status="Guessed", industry="Software Development", bounces=1)
    campaign.add(100, status="Verified", industry="Hospitals and Health Care", bounces=6)
    campaign.add(400, status="Guessed", industry="Hospitals and Health Care", bounces=24)

    data = analyzer.diagnose(**campaign.write(tmp_path)).data_quality

    # Crude: 25/500 against 10/500. Stratified: 1 % against 1 %, 6 % against 6 %.
    assert data.risk_difference.estimate == pytest.approx(0, abs=1e-9)
    assert data.guessed_effect == "not_shown"


def test_a_clean_campaign(tmp_path):
    campaign = Campaign()
    campaign.add(800, status="Verified", industry="Software Development", bounces=4)
    campaign.add(400, status="Guessed", industry="Software Development", bounces=6)
    diagnosis = analyzer.diagnose(**campaign.write(tmp_path))
    assert diagnosis.data_quality.recommendation == "max_quantity"
    assert diagnosis.deliverability.side == "none"
    assert diagnosis.deliverability.fixes == []


def test_verified_addresses_that_are_stale(tmp_path):
    campaign = Campaign()
    campaign.add(500, status="Verified", industry="Software Development", bounces=60)
    campaign.add(200, status="Guessed", industry="Software Development", bounces=30)
    assert analyzer.diagnose(**campaign.write(tmp_path)).data_quality.recommendation == "reverify"


def test_too_little_to_tell(tmp_path):
    campaign = Campaign()
    campaign.add(20, status="Verified", industry="Software Development", bounces=1)
    campaign.add(15, status="Guessed", industry="Software Development", bounces=1)
    data = analyzer.diagnose(**campaign.write(tmp_path)).data_quality
    assert (data.guessed_effect, data.recommendation) == ("too_little_data", "insufficient_evidence")


def test_strict_recipients_that_block(tmp_path):
    campaign = Campaign()
    campaign.add(600, status="Verified", industry="Software Development", bounces=2)
    campaign.add(200, status="Verified", industry="Banking", bounces=24, text=ONLY_INTERNAL)
    diagnosis = analyzer.diagnose(**campaign.write(tmp_path))
    assert diagnosis.deliverability.side == "recipient"
    assert diagnosis.totals.spam.count == 24
    # Refusals for what we are say nothing about the data.
    assert diagnosis.totals.address.count == 2
    assert diagnosis.data_quality.recommendation == "max_quantity"
    assert {fix.side for fix in diagnosis.deliverability.fixes} == {"recipient"}


def test_an_authentication_fault(tmp_path):
    campaign = Campaign()
    campaign.add(500, status="Verified", industry="Software Development", bounces=40, text=DMARC)
    campaign.add(200, status="Verified", industry="Banking", bounces=16, text=DMARC)
    deliverability = analyzer.diagnose(**campaign.write(tmp_path)).deliverability
    assert deliverability.side == "sender"
    first = deliverability.fixes[0]
    assert (first.id, first.bounces, first.domains) == ("AUTH-DMARC", 56, 56)
    assert first.share == pytest.approx(1.0)
    assert first.evidence
    assert first.steps
    assert first.verify


def test_one_blocking_domain_is_one_fact(tmp_path):
    campaign = Campaign()
    campaign.add(700, status="Verified", industry="Software Development", bounces=0)
    campaign.add(40, status="Verified", industry="Banking", bounces=40, text=ONLY_INTERNAL, spread=1)
    campaign.add(160, status="Verified", industry="Banking", bounces=0)
    diagnosis = analyzer.diagnose(**campaign.write(tmp_path))
    fix = diagnosis.deliverability.fixes[0]
    assert (fix.bounces, fix.domains, fix.side) == (40, 1, "recipient")
    assert not [d for d in diagnosis.drivers if d.dimension == "industry"]


def test_faults_of_the_mailbox_drive_neither_recommendation(tmp_path):
    campaign = Campaign()
    campaign.add(500, status="Verified", industry="Software Development", bounces=50, text=FULL)
    campaign.add(300, status="Guessed", industry="Software Development", bounces=30, text=FULL)
    diagnosis = analyzer.diagnose(**campaign.write(tmp_path))
    assert (diagnosis.totals.hard.count, diagnosis.totals.address.count) == (80, 0)
    assert diagnosis.data_quality.recommendation == "max_quantity"


def test_what_ties_a_bounce_to_its_send(tmp_path):
    campaign = Campaign()
    emails = campaign.add(300, status="Verified", industry="Software Development")
    campaign.mails = [
        bounce(emails[0], USER_UNKNOWN, message_id="<m0@outreach.example>"),
        bounce(emails[0], USER_UNKNOWN, message_id="<m0@outreach.example>", date="Tue, 3 Mar 2026 11:00:00 +0000"),
        # No Message-ID came back: the envelope sender of the mail (VERP), a header of ours, recipient and time.
        bounce(
            "forwarded@elsewhere.example",
            USER_UNKNOWN,
            delivered_to=f"bounces+{emails[1].replace('@', '=')}@outreach.example",
            written_to=emails[1],
        ),
        bounce("forwarded@mailbox.example", USER_UNKNOWN, headers="X-Lead-Id: L2\n", written_to=emails[2]),
        bounce(emails[3], USER_UNKNOWN),
        # Never sent, before it was sent.
        bounce("ceo@competitor.example", USER_UNKNOWN, message_id="<forged@outreach.example>"),
        bounce(emails[4], USER_UNKNOWN, date="Tue, 3 Feb 2026 10:00:00 +0000"),
    ]
    diagnosis = analyzer.diagnose(**campaign.write(tmp_path))
    matching = diagnosis.matching
    methods = matching.by_method
    assert (methods.message_id, methods.verp, methods.header, methods.recipient) == (1, 1, 1, 1)
    assert (matching.bounces, matching.matched, matching.duplicates, matching.unmatched) == (7, 4, 1, 2)
    assert matching.suspected_forged >= 1
    assert diagnosis.totals.hard.count == 4


def test_a_list_without_statuses_industries_and_message_ids(tmp_path):
    campaign = Campaign()
    campaign.add(300, status="Verified", industry="Software Development", bounces=24)
    files = campaign.write(tmp_path)
    (tmp_path / "plain.csv").write_text("email\n" + "\n".join(row["recipient"] for row in campaign.log) + "\n")
    diagnosis = analyzer.diagnose(bounces=files["bounces"], log=tmp_path / "plain.csv")
    assert diagnosis.totals.hard.count == 24
    assert diagnosis.matching.by_method.recipient == 24
    assert diagnosis.data_quality.recommendation == "insufficient_evidence"
    assert any("status" in warning for warning in diagnosis.warnings)


def test_flags_without_text_are_neither_hard_nor_spam(tmp_path):
    (tmp_path / "log.csv").write_text(
        "lead_email,sent_time,is_bounced\n"
        + "".join(f"lead{n}@d{n}.example,2026-03-02T09:00:00Z,{'true' if n < 10 else 'false'}\n" for n in range(200))
    )
    (tmp_path / "bounces.mbox").write_text(
        "From MAILER-DAEMON Tue Mar  3 10:00:00 2026\n" + bounce("lead0@d0.example", USER_UNKNOWN) + "\n"
    )
    diagnosis = analyzer.diagnose(bounces=tmp_path / "bounces.mbox", log=tmp_path / "log.csv")
    assert (diagnosis.totals.hard.count, diagnosis.totals.unknown.count) == (1, 9)
    assert diagnosis.matching.flag_only == 9


def test_the_next_list_is_sorted_and_forecast(tmp_path):
    campaign = Campaign()
    campaign.add(400, status="Verified", industry="Software Development", bounces=4)
    campaign.add(200, status="Guessed", industry="Software Development", bounces=40)
    campaign.next_leads = [
        {"email": f"n{n}@next{n}.example", "email_status": "Guessed" if n % 2 else "Verified", "industry": "Retail"}
        for n in range(400)
    ]
    run = run_diagnosis(**campaign.write(tmp_path))
    run.write(tmp_path / "out")
    forecast = run.diagnosis.data_quality.forecast
    assert (forecast.max_quantity.leads, forecast.max_quality.leads) == (400, 200)
    assert forecast.max_quantity.p_over_tolerance > 0.2 > forecast.max_quality.p_over_tolerance
    assert 200 <= forecast.best_mix.leads < 400
    assert forecast.best_mix.p_over_tolerance <= 0.1
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "report.html", "report.md", "report.xlsx", "diagnosis.json", "bounces.csv", "suppression.csv", "next_send.csv",
    }  # fmt: skip
    lines = (tmp_path / "out" / "next_send.csv").read_text().splitlines()
    assert len(lines) == 401


def test_the_same_input_gives_the_same_diagnosis(tmp_path):
    campaign = Campaign()
    campaign.add(300, status="Verified", industry="Software Development", bounces=3)
    campaign.add(100, status="Guessed", industry="Banking", bounces=9)
    files = campaign.write(tmp_path)
    first, second = (json.dumps(analyzer.diagnose(**files).to_dict(), default=str) for _ in range(2))
    assert first == second
