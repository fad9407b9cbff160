"""The backtest: what was known before each campaign, what it foretold, and what following it would have changed."""

from __future__ import annotations

import json

import pytest
from campaign import USER_UNKNOWN, Campaign, bounce

from analyzer.api import run_diagnosis
from analyzer.cli import main

MONTHS = ("2026-01-05", "2026-02-02", "2026-03-02", "2026-04-06")


def _campaigns(rates: list[tuple[int, int]]) -> Campaign:
    """One campaign a month of 300 verified and 200 guessed leads; `rates`: bounces among each."""
    made = Campaign()
    for month, (verified, guessed) in zip(MONTHS, rates, strict=False):
        start = len(made.log)
        made.add(300, status="Verified", industry="Software Development", bounces=verified, name=month)
        made.add(200, status="Guessed", industry="Software Development", bounces=guessed, name=month)
        for row in made.log[start:]:
            row["sent_at"] = f"{month}T09:00:00Z"
    sent = {row["message_id"]: row["sent_at"][:10] for row in made.log}
    made.mails = [
        bounce(each.to, USER_UNKNOWN, message_id=f"<{each.message_id}>", date=_day(sent[f"<{each.message_id}>"]))
        for each in made.failed
    ]
    return made


def _day(text: str) -> str:
    names = {"01": "Jan", "02": "Feb", "03": "Mar", "04": "Apr"}
    return f"{text[8:]} {names[text[5:7]]} 2026 10:00:00 +0000"


def test_guessed_addresses_that_hurt_every_time(tmp_path):
    campaign = _campaigns([(3, 30), (3, 28), (2, 32), (4, 29)])
    tested = run_diagnosis(**campaign.write(tmp_path)).backtest()

    assert [step.campaign for step in tested.steps] == list(MONTHS[1:])
    assert [step.known_leads for step in tested.steps] == [500, 1000, 1500]
    assert [(step.leads, step.bounces, step.guessed, step.guessed_bounces) for step in tested.steps] == [
        (500, 31, 200, 28),
        (500, 34, 200, 32),
        (500, 33, 200, 29),
    ]
    assert [step.recommendation for step in tested.steps] == ["max_quality"] * 3
    assert all(step.within_interval and step.over_tolerance for step in tested.steps)
    assert (tested.avoided, tested.lost) == (28 + 32 + 29, 600 - 89)
    # 33 of 500, then 64 of 1000, then 98 of 1500: over 5 % each time.
    assert (tested.naive_avoided, tested.naive_lost) == (tested.avoided, tested.lost)
    assert tested.coverage.estimate == 1.0
    assert tested.brier is not None and tested.brier < 0.12
    assert (tested.over_came, 2.0 < tested.over_foretold <= 3.0) == (3, True)
    assert [step.quality_rate for step in tested.steps] == [3 / 300, 2 / 300, 4 / 300]
    assert all(step.quality_within_interval for step in tested.steps)
    assert [step.quality_forecast.leads for step in tested.steps if step.quality_forecast] == [300] * 3
    assert tested.skipped == ("2026-01-05: is the first, nothing was known before it",)


def test_a_campaign_that_nobody_could_foresee(tmp_path):
    campaign = _campaigns([(2, 3), (3, 2), (2, 3), (90, 90)])
    tested = run_diagnosis(**campaign.write(tmp_path)).backtest()
    assert [step.within_interval for step in tested.steps] == [True, True, False]
    assert tested.coverage.estimate == pytest.approx(2 / 3)
    assert [step.recommendation for step in tested.steps] == ["max_quantity"] * 3
    assert (tested.avoided, tested.lost, tested.naive_avoided) == (0, 0, 0)


def test_what_came_after_the_start_was_not_known(tmp_path):
    """The bounces of January arrive in May: before February and March nothing is known to have bounced."""
    campaign = _campaigns([(3, 60), (3, 60)])
    campaign.mails = [mail.replace("Jan 2026", "May 2026") for mail in campaign.mails]
    (step,) = run_diagnosis(**campaign.write(tmp_path)).backtest().steps
    assert step.recommendation != "max_quality"
    assert not step.naive_max_quality
    assert step.bounces == 63


def test_leads_that_were_written_to_before_are_not_counted_again(tmp_path):
    campaign = _campaigns([(0, 20), (0, 20)])
    for row in campaign.log[500:600]:
        row["recipient"] = campaign.log[int(row["lead_id"][1:]) - 500]["recipient"]
    (step,) = run_diagnosis(**campaign.write(tmp_path)).backtest().steps
    assert step.leads == 400


def test_one_campaign_alone_cannot_be_tested(tmp_path):
    tested = run_diagnosis(**_campaigns([(3, 30)]).write(tmp_path)).backtest()
    assert (tested.steps, tested.coverage.estimate, tested.brier) == ((), None, None)


def test_the_option(tmp_path, monkeypatch, capsys):
    files = _campaigns([(3, 30), (3, 28)]).write(tmp_path)
    out = tmp_path / "out"
    arguments = ["--bounces", str(files["bounces"]), "--log", str(files["log"]), "--leads", str(files["leads"])]
    monkeypatch.setattr("sys.argv", ["bounce-analyzer", "diagnose", *arguments, "--backtest", "--out", str(out)])
    with pytest.raises(SystemExit) as done:
        main()
    shown = capsys.readouterr().out
    assert not done.value.code
    assert "would have avoided 28 bounces and given up 172 leads" in " ".join(shown.split())
    assert json.loads((out / "backtest.json").read_text())["avoided"] == 28
