"""What is known of a lead before it is sent to, and nothing that came later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from ranking_builder import sender

from analyzer.addresses.reading import read_address
from analyzer.correlate import Correlated
from analyzer.diagnose.ahead.list_bars import _IN_FORM, _malformed
from analyzer.diagnose.ahead.ranking_features import DAY, SHAPES, Evidence, Track, evidence, shapes, track
from analyzer.diagnose.estimates.past import history
from analyzer.diagnose.leads.contacts import GROUPS, contacts

COUNTS = (
    *("status_seen", "status_bounced", "any_seen", "any_bounced", "pattern_seen", "pattern_bounced"),
    *("months", "host"),
)


@pytest.fixture(scope="module")
def sent() -> Correlated:
    """A thousand leads at forty companies."""
    correlated, _ = sender(5, 1000, rate=0.05)
    small = correlated.sends["lead"] % 40
    domain = "firm" + small.astype(str) + ".example"
    local = np.where(correlated.sends["lead"] % 3 == 0, "jane.roe", "j.roe")
    return replace(correlated, sends=correlated.sends.assign(recipient_domain=domain, recipient=local + "@" + domain))


def known(correlated: Correlated) -> tuple[Track, Evidence]:
    counted = contacts(correlated)
    past = track(correlated, counted)
    return past, evidence(past.facts, past, history(counted), as_of=past.sent, sent=past.sent)


def test_counts_are_those_of_a_plain_reading(sent: Correlated) -> None:
    past, found = known(sent)
    rows = np.random.default_rng(1).choice(len(past.sent), 80, replace=False)
    status = past.facts.cell // GROUPS
    for row in rows:
        at, domain = past.sent[row], past.facts.domain[row]
        settled = (past.facts.domain == domain) & (past.sent + DAY < at)
        back = settled & past.bounced & (past.bounced_at < at)
        same = status == status[row]
        assert found.any_seen[row] == settled.sum()
        assert found.any_bounced[row] == back.sum()
        assert found.status_seen[row] == (settled & same).sum()
        assert found.status_bounced[row] == (back & same).sum()
        guessed = past.facts.unverified
        alike = guessed & (past.facts.shape == past.facts.shape[row])
        assert found.pattern_seen[row] == ((settled & alike).sum() if guessed[row] else 0)
        assert found.pattern_bounced[row] == ((back & alike).sum() if guessed[row] else 0)
    assert found.any_bounced[rows].sum() > 20


@pytest.mark.parametrize("seed", range(4))
def test_no_lead_sees_its_own_outcome_or_a_later_one(sent: Correlated, seed: int) -> None:
    """Shuffle every outcome from a moment on: what was known of the leads up to that moment stays as it was."""
    rng = np.random.default_rng(seed)
    sends, moment = sent.sends, sent.sends["sent_at"].iloc[int(rng.integers(300, 700))]
    later = (sends["sent_at"] >= moment).to_numpy()
    shuffled = sends.copy()
    for name in ("label", "fault", "reason", "provider"):
        shuffled[name] = shuffled[name].astype(object)
    order = rng.permutation(np.flatnonzero(later))
    outcome = ["label", "fault", "reason", "provider"]
    shuffled.loc[later, outcome] = sends.iloc[order][outcome].to_numpy()
    back = sends.iloc[order].index[(sends.iloc[order]["fault"] == "address").to_numpy()]
    bounces = sent.bounces[~sent.bounces["send_id"].isin(back)]
    _, before = known(sent)
    _, after = known(replace(sent, sends=shuffled, bounces=bounces))
    for name in COUNTS:
        np.testing.assert_array_equal(getattr(after, name)[~later], getattr(before, name)[~later], err_msg=name)
    at_moment = np.flatnonzero(later)[0]
    for name in COUNTS:
        np.testing.assert_array_equal(getattr(after, name)[at_moment], getattr(before, name)[at_moment], err_msg=name)


def test_a_bounce_counts_once_it_is_back(sent: Correlated) -> None:
    """A bounce that came a month late was not known in between."""
    late = sent.bounces.assign(received_at="2026-12-31T00:00:00Z")
    past, found = known(replace(sent, bounces=late))
    assert past.bounced.any()
    assert found.any_bounced.sum() == 0
    assert found.any_seen.sum() > 0


@pytest.mark.parametrize(
    ("email", "shape"),
    [
        ("info@a.example", "role"),
        ("Sales+x@a.example", "role"),
        ("jane.roe@a.example", "first.last"),
        ("Jane_Roe@a.example", "first.last"),
        ("j.roe@a.example", "f.last"),
        ("jane.r@a.example", "first.l"),
        ("jroe@a.example", "word"),
        ("jane.roe2@a.example", "digits"),
        ("jane.m.roe@a.example", "other"),
        ("", "other"),
        ("no address", "other"),
    ],
)
def test_shapes_of_local_parts(email: str, shape: str) -> None:
    assert SHAPES[shapes(pd.Series([email]))[0]] == shape


def test_the_quick_look_at_an_address_agrees_with_the_careful_one() -> None:
    addresses = [
        *("jane.roe@acme.example", "jane@acme.co.uk", "j-r_x+y@a.b.c.example", "a@b.c", "a@b", "a@b.zz", "jane@co.uk"),
        *("jane@-acme.com", "jane@ac--me.com", "jane..roe@acme.com", ".jane@acme.com", "jane.@acme.com", "@acme.com"),
        *("jane@acme.com.", "jane@acme..com", "jane roe@acme.com", "jane@[192.0.2.1]", f"{'x' * 65}@acme.com", ""),
        *("u003cjane@acme.com", "mailto:jane@acme.com", "jörg@acme.com", "jane@test", "jane@localhost.test", "a@b.c1"),
    ]
    careful = [read_address(address).fault not in _IN_FORM for address in addresses]
    assert _malformed(addresses).tolist() == careful
