"""The sample campaign from bytes to diagnosis, against the truth that its script wrote beside it."""

from __future__ import annotations

import csv
import math
from collections import Counter

import pytest

from analyzer.api import ParseRun, diagnose_sample
from analyzer.knowledge import data_folder
from analyzer.records import COUNTED_KINDS

SAMPLE = data_folder("sample_data")


@pytest.fixture(scope="module")
def truth() -> list[dict[str, str]]:
    with (SAMPLE / "truth.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def rows() -> dict[str, dict]:
    run = ParseRun([SAMPLE / "bounces.mbox", SAMPLE / "bounces"], all_kinds=True)
    return {row["source"].removeprefix(f"{SAMPLE}/"): row for row in run}


@pytest.fixture(scope="module")
def sample():
    return diagnose_sample()


def test_every_message_is_read_as_what_it_is(truth, rows):
    assert {t["source"]: t["kind"] for t in truth} == {t["source"]: rows[t["source"]]["kind"] for t in truth}


def test_recipients_and_labels_are_right(truth, rows):
    counted = [t for t in truth if t["kind"] in COUNTED_KINDS]
    for column in ("recipient", "label"):
        wrong = [
            (t["source"], t[column], rows[t["source"]][column])
            for t in counted
            if rows[t["source"]][column] != t[column]
        ]
        assert wrong == []
    reasons = sum(rows[t["source"]]["reason"] == t["reason"] for t in counted)
    assert reasons >= math.ceil(0.98 * len(counted))


def test_every_bounce_finds_its_send_the_way_it_can(truth, sample):
    found = sample.correlated.bounces.set_index("source")
    found.index = found.index.str.removeprefix(f"{SAMPLE}/")
    real = [t for t in truth if t["kind"] == "bounce" and not t["duplicate_of"]]
    assert {t["source"]: t["match"] for t in real} == {
        t["source"]: found.loc[t["source"], "match_method"] for t in real
    }
    forged = {t["source"] for t in truth if t["suspected_forged"]}
    assert set(found.index[found["suspected_forged"]]) == forged


def test_the_counts_are_the_true_ones(truth, sample):
    failed = {
        (t["recipient"] if not t["original_recipient"] else t["original_recipient"]): t["label"]
        for t in truth
        if t["kind"] == "bounce" and not t["duplicate_of"] and not t["suspected_forged"]
    }
    labels = Counter(failed.values())
    totals, matching = sample.diagnosis.totals, sample.diagnosis.matching
    assert totals.hard.count == labels["hard"]
    assert totals.unknown.count == 0
    assert (matching.bounces, matching.duplicates, matching.suspected_forged) == (357, 6, 4)


def test_the_diagnosis_tells_the_story(sample):
    diagnosis = sample.diagnosis
    data, deliverability = diagnosis.data_quality, diagnosis.deliverability
    assert (data.recommendation, data.guessed_effect) == ("max_quality", "driven")
    assert deliverability.side == "mixed"
    fixes = {fix.id: fix for fix in deliverability.fixes}
    assert {fix.side for fix in deliverability.fixes} == {"sender", "recipient"}
    assert any(name.startswith("AUTH") for name in fixes)
    industries = {row.value: row for row in diagnosis.breakdown["industry"]}
    assert industries["Banking"].spam_rate > 0.08
    assert industries["Pharmaceuticals"].spam_rate > 0.08
    drivers = {(driver.dimension, driver.value, driver.label) for driver in diagnosis.drivers}
    assert ("email_status", "guessed", "hard") in drivers
