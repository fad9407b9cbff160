"""The ranking of single leads: used where it proves itself, within tolerance, and never ahead of its time."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from diagnose_builder import OPEN, Block, campaign, next_list
from ranking_builder import DAYS, START, sender
from sklearn.metrics import log_loss, roc_auc_score

from analyzer.correlate import Correlated
from analyzer.diagnose import diagnose, next_send
from analyzer.diagnose.ahead.forecast import best_mix
from analyzer.diagnose.ahead.list_ahead import list_ahead
from analyzer.diagnose.ahead.next_list import NextList
from analyzer.diagnose.estimates.outcomes import outcomes
from analyzer.diagnose.estimates.past import history
from analyzer.diagnose.leads.contacts import contacts
from analyzer.diagnose.thresholds import thresholds
from analyzer.records import EMAIL_STATUSES


def ranked(correlated: Correlated) -> NextList:
    counted = contacts(correlated)
    return list_ahead(correlated, counted, history(counted))


@pytest.fixture(scope="module")
def ageing():
    """Verified addresses go stale: the log-odds rise by 0.15 a month. (data, who is bad, the list)"""
    correlated, bad = sender(1, 9000, month=0.15)
    return correlated, bad, ranked(correlated)


@pytest.fixture(scope="module")
def written(ageing):
    """The ageing sender's diagnosis and next_send.csv."""
    diagnosis = diagnose(ageing[0], tolerance=0.04)
    return diagnosis, next_send(ageing[0], diagnosis)


def test_the_model_is_used_where_leads_carry_more_than_their_cell(ageing) -> None:
    _, bad, ahead = ageing
    assert ahead.ranking.used == "model"
    assert ahead.ranking.auc > ahead.ranking.cells_auc
    assert ahead.ranking.log_loss < ahead.ranking.cells_log_loss
    cells = ahead.ranked.evidence.base
    assert roc_auc_score(bad, ahead.chance) > roc_auc_score(bad, cells) + 0.03
    assert log_loss(bad, ahead.chance) < log_loss(bad, cells)


def test_what_is_foretold_is_met_at_low_and_at_high_risk(ageing) -> None:
    _, bad, ahead = ageing
    for fifth in np.array_split(np.argsort(ahead.chance), 5):
        told, met = ahead.chance[fifth].sum(), bad[fifth].sum()
        assert abs(met - told) < 4 * np.sqrt(told) + 1, (told, met)


def test_the_cells_keep_their_totals(ageing) -> None:
    """The forecast's means are per cell: the model says who within a cell, not how many."""
    correlated, _, ahead = ageing
    like_before = replace(
        correlated,
        next_leads=correlated.sends.rename(columns={"recipient": "email"})[
            ["email", "email_status", "industry_group", "verified_at"]
        ],
    )
    again = ranked(like_before).ranked
    for status in np.unique(ahead.status):
        rows = again.evidence.facts.cell // 3 == status
        assert again.chance[rows].mean() == pytest.approx(again.evidence.base[rows].mean(), rel=0.25)


def test_the_cells_are_kept_where_they_know_everything() -> None:
    used = [ranked(sender(seed, 4000, rate=0.04)[0]).ranking.used for seed in range(10, 14)]
    assert used.count("model") <= 1


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"leads": 800}, "a model that looks at each lead needs 130"),
        ({"timed": False}, "does not say when its mails were sent"),
        ({"days": 0.5}, "within a day"),
        ({"days": 8, "leads": 4000, "rate": 0.013}, "to be tested on"),
    ],
    ids=["few bounces", "no times", "one day", "lopsided"],
)
def test_the_cells_are_kept_where_nothing_can_be_proved(how: dict[str, float], why: str) -> None:
    ahead = ranked(sender(2, month=0.2, **how)[0])
    assert ahead.ranking.used == "cells"
    assert why in ahead.ranking.why
    assert ahead.ranking.auc is None
    # But for the age of verification, where old ones are shown to bounce more.
    verified = ahead.status == EMAIL_STATUSES.index("verified")
    assert (ahead.chance == ahead.ranked.evidence.base)[~verified if ahead.stale else slice(None)].all()


def test_the_diagnosis_says_which_ranking_was_used_and_fits_its_schema(written) -> None:
    from importlib.resources import files

    import jsonschema

    diagnosis, _ = written
    found = json.loads(json.dumps(diagnosis.to_dict()))["data_quality"]["ranking"]
    assert found["used"] == "model"
    assert "beyond chance" in found["why"]
    assert found["bounces"] < found["leads"]
    schema = json.loads((files("analyzer.report") / "diagnosis.schema.json").read_text(encoding="utf-8"))
    part = schema["properties"]["data_quality"]["properties"]["ranking"]
    jsonschema.validate(found, {**part, "$defs": schema["$defs"]})


@pytest.mark.parametrize(
    # Where companies differ as much, most mixes are a handful of leads, and more senders are needed to tell.
    ("truth", "senders"),
    [({"month": 0.15}, 5), ({"company": 1.2}, 20), ({}, 5)],
    ids=["ages", "companies", "cells"],
)
def test_the_best_mix_stays_within_the_tolerance(truth: dict[str, float], senders: int) -> None:
    """90 % of the time, that is: of five senders one may be over, and together they are within it."""
    tolerance, met, sizes = 0.03, [], []
    for seed in range(senders):
        correlated, bad = sender(20 + seed, 5000, **truth)
        past = history(contacts(correlated))
        ahead = ranked(correlated)
        drawn = outcomes(past, thresholds().forecast.prior, ahead.cells(), seed=seed)
        order = ahead.by_risk()
        shared = ahead.shared(order)
        size = best_mix(ahead.cell[order], ahead.chance[order], ahead.means, drawn, tolerance, shared)
        if size == 0:
            continue
        assert drawn.over(ahead.first(order[:size]), tolerance) <= 0.1
        met.append(bad[order[:size]].mean())
        sizes.append(size)
    assert len(sizes) >= 0.8 * senders
    assert sum(rate > tolerance for rate in met) <= senders // 5
    assert np.average(met, weights=sizes) < tolerance


def test_the_list_is_in_order_of_risk(written) -> None:
    diagnosis, table = written
    free = table[table["decision"] != "do_not_send"]
    assert free["probability"].is_monotonic_increasing
    assert (free["decision"] == "send").sum() == diagnosis.data_quality.forecast.best_mix.leads
    order = free["decision"].tolist()
    assert order == sorted(order)  # send, then verify_again


def test_the_same_input_gives_the_same_bytes(ageing, written) -> None:
    correlated, _, _ = ageing
    again = diagnose(correlated, tolerance=0.04)
    assert again.to_dict() == written[0].to_dict()
    assert next_send(correlated, again).to_csv() == written[1].to_csv()


def test_reasons_say_what_is_true_of_the_lead(ageing, written) -> None:
    correlated, _, _ = ageing
    sends = correlated.sends
    leads = written[1].set_index("email")
    now = sends["sent_at"].max()
    seen = {"age": 0, "domain": 0}
    for email, row in leads.iterrows():
        here = (
            sends[sends["recipient_domain"] == email.partition("@")[2]] if "at this domain" in row["reason"] else None
        )
        for kind, age in re.findall(r"this one (more|less)[^;]*it was verified (\d+) months? ago", row["reason"]):
            true = (now - row["verified_at"]).days / 30.44
            # Further back, months are given in steps of up to a year.
            assert int(age) <= true + 0.1
            assert true < 1.35 * int(age) + 1.1
            assert (row["probability"] > 0.02) == (kind == "more") or 6 <= int(age) <= 12
            seen["age"] += 1
        told = re.findall(
            r"(\d+|none) of (\d+) (?:(guessed|verified) )?addresses at this domain bounced", row["reason"]
        )
        for bounced, of, status in told:
            same = here[here["email_status"] == status] if status else here
            assert (len(same), (same["fault"] == "address").sum()) == (
                int(of),
                0 if bounced == "none" else int(bounced),
            )
            seen["domain"] += 1
        if seen["domain"] > 200:
            break
    assert seen["age"] > 50


def test_reasons_name_the_domains_record_without_a_model_too() -> None:
    correlated, _ = sender(3, 3000)
    own = correlated.sends.assign(lead=correlated.sends["lead"] + 10_000)[:6].assign(
        recipient=[f"x{i}@wrong.example" for i in range(6)],
        recipient_domain="wrong.example",
        email_status="guessed",
        industry_group="open",
        label=["hard"] * 4 + ["", ""],
        fault=["address"] * 4 + ["", ""],
        reason=["user_unknown"] * 4 + ["", ""],
        send_id=range(90_000, 90_006),
    )
    correlated = replace(
        correlated,
        sends=pd.concat([correlated.sends, own], ignore_index=True),
        next_leads=pd.DataFrame(
            {"email": ["n@wrong.example"], "email_status": "guessed", "industry_group": "open", "verified_at": pd.NaT}
        ),
    )
    lead = next_send(correlated, diagnose(correlated)).iloc[0]
    assert "this one more, as 4 of 6 guessed addresses at this domain were bad" in lead["reason"]


def test_a_verification_after_the_send_is_not_known_before_it() -> None:
    """Else an address that was verified again because it bounced would give its bounce away."""
    correlated, _ = sender(4, 9000)
    bounced = correlated.sends["fault"] == "address"
    told = correlated.sends["verified_at"].mask(bounced, START + pd.Timedelta(days=DAYS + 1))
    honest = correlated.sends["verified_at"].mask(bounced, pd.NaT)
    late, missing = (
        ranked(replace(correlated, sends=correlated.sends.assign(verified_at=times))).chance for times in (told, honest)
    )
    assert (late == missing).all()


def test_a_list_verified_after_the_last_mail_is_as_fresh_as_it_says(ageing) -> None:
    """The usual order: the campaign ends, then the next list is verified."""
    correlated, _, _ = ageing
    last = correlated.sends["sent_at"].max()
    ahead = correlated.next_leads[correlated.next_leads["email_status"] == "verified"].head(50)
    at_end, later = (
        ranked(replace(correlated, next_leads=ahead.assign(verified_at=last + pd.Timedelta(days=days))))
        for days in (0, 20)
    )
    assert later.ranking.used == "model"
    assert (later.ranked.evidence.months == 0).all()
    assert later.chance == pytest.approx(at_end.chance, rel=0.02)


def test_no_record_of_a_company_makes_a_guess_better_than_a_verified_address() -> None:
    """At half of the companies the pattern is wrong, at the others it is right; and everywhere people leave."""
    right = [Block(8, "guessed", domain=f"right{i}.example") for i in range(60)]
    wrong = [Block(8, "guessed", domain=f"wrong{i}.example", bounced={"user_unknown": 8}) for i in range(60)]
    ahead = next_list((60, "guessed", OPEN), (60, "verified", OPEN))
    ahead["email"] = [f"new@right{i % 60}.example" for i in range(120)]
    found = ranked(campaign(Block(600, bounced={"user_unknown": 18}), *right, *wrong, next_leads=ahead))
    guessed = found.status == EMAIL_STATUSES.index("guessed")
    assert found.chance[guessed].min() >= 0.025
    assert found.chance[guessed].max() < 0.1
