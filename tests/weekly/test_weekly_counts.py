"""Counting where the files lie gives what `correlate` gives on all of it, for every way to tie a bounce to a mail."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from conftest import WEEKS
from weekly_story import bounce, history, workspace

from analyzer.correlate import correlate
from analyzer.history import Workspace
from analyzer.history.counts import count_weeks
from analyzer.history.files import TableFiles
from analyzer.history.iso_weeks import weeks_until, zone_of


def counted(place: Path, options: dict[str, str] | None = None) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    with TableFiles(place, options) as files:
        found = count_weeks(files, weeks_until(WEEKS[5], 5, zone_of("")))
    return found.bounced, found.sends


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bounces told by id, by an id in other letters, by recipient, twice, of strangers, with complaints; log's flags."""
    sends, bounces = history(WEEKS[:6])
    sends["recipient"] = sends["recipient"].where(sends.index % 50 != 3, "Lead <" + sends["recipient"] + ">")
    rows = bounces.to_dict("records")
    for number, row in enumerate(rows):
        if number % 5 == 0:
            row["original_message_id"] = ""
        elif number % 7 == 0:
            row["original_message_id"] = str(row["original_message_id"]).upper()
        elif number % 11 == 0:
            row["original_message_id"] = f"<gone-{number}@elsewhere.example>"
        elif number % 13 == 0:
            row["original_message_id"] = f"<never-sent-{number}@out1.example>"
    # The same failure from another source, vaguer; a complaint beside a bounce; mail that was never sent.
    again = [row | {"record_id": f"{row['record_id']}-2", "diagnostic": "", "label": "unknown", "fault": "unknown",
                    "reason": "unspecified", "original_message_id": ""} for row in rows[::9]]  # fmt: skip
    complaints = [bounce(send, "complaint") for send in sends.iloc[::200].to_dict("records")]
    strangers = [bounce(send | {"recipient": f"x{n}@strange.example", "message_id": ""}, "user_unknown")
                 for n, send in enumerate(sends.iloc[::400].to_dict("records"))]  # fmt: skip
    for number, row in enumerate(strangers):
        row["record_id"] = f"stranger-{number}"
    sends["bounced"] = "no"
    flagged = sends.index[sends.index % 97 == 5]
    sends.loc[flagged, "bounced"] = "yes"
    sends.loc[flagged[::2], "bounce_reason"] = "550 5.1.1 The email account that you tried to reach does not exist"
    sends.loc[sends.index[7::500], "bounced"] = "not sent"
    place = tmp_path_factory.mktemp("mixed") / "space"
    return workspace(place, sends, pd.DataFrame([*rows, *again, *complaints, *strangers]))


def test_it_counts_what_correlate_finds(mixed):
    space = Workspace(mixed)
    whole = correlate(space.bounces(), space.sends()).sends
    bounced, sends = counted(mixed)
    assert int(sends[""]["sends"].sum()) == len(whole)
    mine = bounced.assign(week=[WEEKS[week] for week in bounced["week"]])
    columns = ["week", "sender", "campaign", "recipient_domain", "label", "fault", "reason"]
    theirs = whole[whole["label"] != ""]
    assert len(theirs) > 200 and set(theirs["reason"]) >= {"user_unknown", "spam_content", "complaint", "unspecified"}
    pd.testing.assert_frame_equal(
        mine[columns].value_counts().sort_index().reset_index(),
        theirs[columns].value_counts().sort_index().reset_index(),
    )
    for name in ("sender", "campaign"):
        by_value = sends[name].groupby("value")["sends"].sum()
        assert by_value.to_dict() == whole.groupby(name).size().to_dict()


def test_the_parts_add_up_to_the_whole(mixed):
    _, sends = counted(mixed)
    for name in ("sender", "sender_domain", "provider", "campaign"):
        assert sends[name].groupby("week")["sends"].sum().tolist() == sends[""].groupby("week")["sends"].sum().tolist()


def test_only_the_files_of_the_weeks_are_read(mixed):
    """The files of all other weeks may be gone."""
    with TableFiles(mixed) as files:
        whole = files.relation("sends")
        chosen = files.relation("sends", ["2026-W03", "2026-W04", "2031-W01"])
        assert all(label in whole for label in WEEKS[:6])
        assert [label for label in WEEKS[:6] if label in chosen] == ["2026-W03", "2026-W04"]
        assert files.relation("bounces", ["2031-W01"]) == "no_bounces"


def test_a_place_whose_name_is_a_pattern_is_read_as_it_stands(tmp_path):
    place = workspace(tmp_path / "a[b]*c", *history(WEEKS[:6]))
    plain = workspace(tmp_path / "plain", *history(WEEKS[:6]))
    assert counted(place)[0].equals(counted(plain)[0])
    assert counted(place)[1]["provider"].equals(counted(plain)[1]["provider"])
