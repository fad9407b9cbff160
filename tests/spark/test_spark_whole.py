"""One diagnosis of a whole that lies on many workers: the one that its files give here."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa
import pytest
from py4j.protocol import Py4JJavaError
from spark_campaign import campaign
from spark_worlds import (
    bad_step_and_times_missing,
    known_after_the_send,
    mended_and_a_bad_country,
    never_asked_misspelt_and_told_apart_by_nothing,
    parts_missing,
)

import analyzer
from analyzer.api import run_diagnosis
from analyzer.report.data import json_text
from analyzer.spark import diagnose


def spread(spark, frame, parts=4):
    rows = frame.astype(object).where(frame.notna(), None)
    return spark.createDataFrame(pa.Table.from_pandas(rows, preserve_index=False)).repartition(parts)


@pytest.fixture(scope="module")
def tables():
    """The sample campaign, in the order in which Spark takes rows: by time, then by what they say."""
    from pathlib import Path

    sample = Path(__file__).parents[2] / "sample_data"
    log = pd.read_csv(sample / "log.csv", dtype="str", keep_default_na=False)
    leads = pd.read_csv(sample / "leads.csv", dtype="str", keep_default_na=False)
    bounces = analyzer.parse(sample / "bounces.mbox", sample / "bounces")
    return {
        "log": log.sort_values(["sent_at", *log.columns.drop("sent_at")], ignore_index=True),
        "bounces": bounces.sort_values(["received_at", *bounces.columns.drop("received_at")], ignore_index=True),
        "leads": leads.sort_values(list(leads.columns), ignore_index=True),
    }


def test_the_sample_also_when_a_worker_is_killed_half_way(spark, tables, a_worker_is_killed):
    frames = {name: spread(spark, frame) for name, frame in tables.items()}
    with a_worker_is_killed(3):
        (told,) = diagnose(**frames).collect()
    here = run_diagnosis(**tables).diagnosis
    assert told.error == ""
    assert json.loads(told.diagnosis) == json.loads(json_text(here))
    assert (told.leads, told.recommendation) == (here.totals.leads_contacted, here.data_quality.recommendation)


def test_two_hundred_thousand_mails_of_which_the_driver_never_sees_most(spark):
    made = campaign(200_000, 60_000)
    frames = {name: spread(spark, frame, 2) for name, frame in made.items()}
    # This cluster gives its driver 8 MB at most: the log is more, the counts are not.
    with pytest.raises(Py4JJavaError, match="maxResultSize"):
        frames["log"].toArrow()
    (told,) = diagnose(**frames).collect()
    here = run_diagnosis(**made).diagnosis
    assert told.error == ""
    assert json.loads(told.diagnosis) == json.loads(json_text(here))


def differing(told, here, at=""):
    """Where two diagnoses differ, as paths."""
    if isinstance(told, dict) and isinstance(here, dict):
        return [one for key in {*told, *here} for one in differing(told.get(key), here.get(key), f"{at}.{key}")]
    if isinstance(told, list) and isinstance(here, list) and len(told) == len(here):
        return [one for n in range(len(told)) for one in differing(told[n], here[n], f"{at}[{n}]")]
    return [] if told == here else [f"{at}: {told!r:.200} is not {here!r:.200}"]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (mended_and_a_bad_country, ('"clear": 800', '"clear": 750', "Leads of the country Peru bounced at")),
        (bad_step_and_times_missing, ('"value": "3", "label": "spam"', "have no time of sending in the log")),
        (parts_missing, ("leads are in the log with later steps only", "sending mailboxes was given")),
        (
            never_asked_misspelt_and_told_apart_by_nothing,
            (
                "Of 220 of 1,740 leads nothing is known here",
                "which bounces as a whole and is left out of the comparison",
                "are at misspelt domains, which are left out of the comparison too",
                "the same country as a verified one (mostly Peru against Chile)",
            ),
        ),
    ],
)
def test_mails_that_nothing_came_back_of_tell_their_part(spark, made, said):
    frames = made()
    (told,) = diagnose(**{name: spread(spark, frame, 1) for name, frame in frames.items()}).collect()
    assert told.error == ""
    found = json.loads(told.diagnosis)
    assert differing(found, json.loads(json_text(run_diagnosis(**frames).diagnosis))) == []
    assert [one for one in said if one not in json.dumps(found)] == []


def test_what_cannot_be_counted_is_told(spark):
    frames = known_after_the_send()
    (told,) = diagnose(**{name: spread(spark, frame, 1) for name, frame in frames.items()}).collect()
    assert told.error == ""
    found, here = json.loads(told.diagnosis), json.loads(json_text(run_diagnosis(**frames).diagnosis))
    assert [one for one in found["warnings"] if one not in here["warnings"]] == [
        "Of a campaign that is only counted, nobody can tell which leads have such statuses: whether leads of a list "
        "source, a country or a title bounce more is told by the drivers alone; the forecast does not know."
    ]
    assert {name for name in found if found[name] != here[name]} == {"data_quality", "warnings"}
    assert found["drivers"][0]["value"] == "Peru"


def test_a_log_of_events_is_told_to_be_no_log_of_mails(spark, tables):
    log = tables["log"].head(20).assign(event="sent")
    (told,) = diagnose(spread(spark, log, 1), spread(spark, tables["bounces"], 1)).collect()
    assert "has a row for each event" in told.error
