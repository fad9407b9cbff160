"""One mail, and one failure, is one row, whatever week a second reading of it would put it in."""

from __future__ import annotations

import pandas as pd
import pytest

from analyzer.api import ingest
from analyzer.history import Workspace

LOG = "recipient,sent_at,message_id\nann@a.example,{at},<m1@x>\nbob@a.example,2026-03-04 12:00:00,<m2@x>\n"


@pytest.mark.parametrize(
    ("at", "zone"), [("2026-03-01 23:30:00", "America/New_York"), ("2026-03-02 00:30:00", "Asia/Tokyo")]
)
def test_a_log_in_another_zone_is_the_same_log(tmp_path, at, zone):
    path = tmp_path / "log.csv"
    path.write_text(LOG.format(at=at))
    ingest(tmp_path / "space", log=path)
    again = ingest(tmp_path / "space", log=path, timezone=zone).changes[0]
    assert (again.added, again.known) == (0, 2)
    kept = Workspace(tmp_path / "space").sends()
    assert (len(kept), kept["sent_at"].min()) == (2, pd.Timestamp(at, tz="UTC"))


def test_later_news_finds_its_mail_in_the_other_week(tmp_path):
    space = Workspace(tmp_path)
    mail = {"recipient": "ann@a.example", "message_id": "<m1@x>", "bounced": ""}
    space.add_sends(pd.DataFrame([mail | {"sent_at": "2026-03-01T23:30:00Z"}]))
    later = pd.DataFrame([mail | {"sent_at": "2026-03-02T04:30:00Z", "bounced": "yes"}])
    assert (space.add_sends(later).updated, len(space.sends())) == (1, 1)


@pytest.mark.parametrize("order", [("", "2026-03-04T12:00:00Z"), ("2026-03-04T12:00:00Z", "")])
def test_a_mail_whose_time_is_known_stands_under_it(tmp_path, order):
    space = Workspace(tmp_path)
    for _ in range(2):
        for at in order:
            space.add_sends(pd.DataFrame([{"recipient": "ann@a.example", "message_id": "<m1@x>", "sent_at": at}]))
    assert space.sends()["sent_at"].tolist() == [pd.Timestamp("2026-03-04T12:00:00Z")]


def test_mails_of_other_weeks_that_only_their_time_tells_apart_stay_two(tmp_path):
    space = Workspace(tmp_path)
    for at in ("2026-03-01T23:30:00Z", "2026-03-02T00:30:00Z", ""):
        space.add_sends(pd.DataFrame([{"recipient": "ann@a.example", "message_id": "", "sent_at": at}]))
    assert len(space.sends()) == 3


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-03-01T23:59:50Z", "2026-03-02T00:00:10Z"),
        ("2026-03-02T00:00:10Z", "2026-03-01T23:59:50Z"),
        ("", "2026-03-04T12:00:00Z"),
    ],
)
def test_two_reports_of_one_failure_about_midnight_are_one(tmp_path, first, second):
    space = Workspace(tmp_path)
    row = {"kind": "bounce", "recipient": "ann@a.example", "record_id": "r1", "diagnostic": "", "source": "feed"}
    space.add_bounces(pd.DataFrame([row | {"received_at": first}]))
    told = pd.DataFrame([row | {"received_at": second, "diagnostic": "550 5.1.1 unknown", "source": "mail"}])
    assert (space.add_bounces(told).updated, space.add_bounces(told).known) == (1, 1)
    kept = space.bounces()
    # The words of the second, at the time of the first, by which it is found.
    assert kept[["received_at", "diagnostic"]].to_numpy().tolist() == [[first, "550 5.1.1 unknown"]]
