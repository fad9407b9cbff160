"""A diagnosis per team on the workers: word for word the one that its files give here."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import analyzer
from analyzer.api import run_diagnosis
from analyzer.diagnose.estimates.rates import wilson
from analyzer.errors import AnalyzerError
from analyzer.report.data import json_text
from analyzer.spark import breakdown, diagnose


@pytest.fixture(scope="module")
def tables():
    """Two teams: the sample campaign, and the same without its guessed leads' industries."""
    from pathlib import Path

    sample = Path(__file__).parents[2] / "sample_data"
    log = pd.read_csv(sample / "log.csv", dtype="str", keep_default_na=False)
    leads = pd.read_csv(sample / "leads.csv", dtype="str", keep_default_na=False)
    # In Spark rows have no order; a diagnosis takes them by time, then by what they say.
    log = log.sort_values(["sent_at", *log.columns.drop("sent_at")], ignore_index=True)
    leads = leads.sort_values(list(leads.columns), ignore_index=True)
    bounces = analyzer.parse(sample / "bounces.mbox", sample / "bounces")
    first = ["received_at"]
    rest = [name for name in bounces.columns if name not in first]
    bounces = bounces.sort_values([*first, *rest], ignore_index=True)
    some = bounces[bounces.index % 3 != 0].reset_index(drop=True)
    return {"north": (log, bounces, leads), "south": (log, some, leads)}


def together(spark, tables, number):
    parts = [frames[number].assign(team=team) for team, frames in tables.items()]
    joined = pd.concat(parts, ignore_index=True)
    rows = joined.astype(object).where(joined.notna(), None)
    import pyarrow as pa

    return spark.createDataFrame(pa.Table.from_pandas(rows, preserve_index=False)).repartition(6)


@pytest.fixture(scope="module")
def diagnoses(spark, tables):
    log, bounces, leads = (together(spark, tables, number) for number in range(3))
    empty = log.limit(1).selectExpr("'idle' AS team", *[f"'' AS `{c}`" for c in log.columns if c != "team"])
    return diagnose(log.unionByName(empty), bounces, leads, by="team").cache()


def test_each_team_has_the_diagnosis_of_its_own_files(diagnoses, tables):
    there = {row.team: row for row in diagnoses.collect()}
    assert set(there) == {"north", "south", "idle"}
    for team, (log, bounces, leads) in tables.items():
        here = run_diagnosis(bounces=bounces, log=log, leads=leads).diagnosis
        assert json.loads(there[team].diagnosis) == json.loads(json_text(here))
        assert there[team].recommendation == here.data_quality.recommendation
        assert there[team].leads == here.totals.leads_contacted


def test_a_group_that_cannot_be_diagnosed_says_why_and_stops_nobody(diagnoses):
    (idle,) = diagnoses.where("team = 'idle'").collect()
    assert idle.diagnosis == ""
    assert "no row holds an e-mail address" in idle.error


def test_the_rates_of_all_teams_together(diagnoses):
    table = breakdown(diagnoses, "email_status").set_index("value")
    own = [
        json.loads(row.diagnosis)["breakdown"]["email_status"] for row in diagnoses.where("diagnosis != ''").collect()
    ]
    for value in ("guessed", "verified"):
        rows = [row for rows in own for row in rows if row["value"] == value]
        hard, leads = sum(row["hard"] for row in rows), sum(row["leads"] for row in rows)
        assert table.loc[value, ["hard", "leads"]].tolist() == [hard, leads]
        # No narrower than if leads were independent, and narrower than one team's.
        assert max(row["hard_low"] for row in rows) > table.loc[value, "hard_low"] - 0.01
        assert table.loc[value, "hard_low"] <= float(wilson(hard, leads)[0]) + 1e-9
        width = table.loc[value, "hard_high"] - table.loc[value, "hard_low"]
        assert width < min(row["hard_high"] - row["hard_low"] for row in rows)


def test_the_rates_of_one_team_are_those_of_its_own_diagnosis(diagnoses):
    north = diagnoses.where("team = 'north'")
    (row,) = north.collect()
    for dimension in ("email_status", "industry", "sender", "recipient_domain"):
        table = breakdown(north, dimension).set_index("value")
        own = json.loads(row.diagnosis)["breakdown"][dimension]
        assert len(table) == len(own) > 1
        for one in own:
            found = table.loc[one["value"]]
            for name in ("hard_low", "hard_high", "spam_low", "spam_high"):
                assert found[name] == pytest.approx(one[name], abs=1e-6)


def test_with_a_next_list_one_worker_holds_all(spark, tables):
    own = tables["north"]
    log, bounces, leads = (together(spark, tables, number).where("team = 'north'").drop("team") for number in range(3))
    upcoming = own[2].head(200)
    (told,) = diagnose(log, bounces, leads, spark.createDataFrame(upcoming.to_dict("records"))).collect()
    here = run_diagnosis(bounces=own[1], log=own[0], leads=own[2], next_list=upcoming).diagnosis
    forecast = json.loads(told.diagnosis)["data_quality"]["forecast"]
    assert forecast == json.loads(json_text(here))["data_quality"]["forecast"]


def test_a_table_without_the_column_is_an_error(spark, tables):
    log = together(spark, tables, 0)
    with pytest.raises(AnalyzerError, match="bounces: has no column 'team'"):
        diagnose(log, log.drop("team"), by="team")
