"""A log without Message-IDs and without a zone, taken in again with another --timezone: refused, for it would count twice."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analyzer.api import ingest
from analyzer.errors import UnreadableInputError
from analyzer.history import Workspace

#: Either side of the night in which Berlin's clocks go forward, and of one in New York.
DAYS = ("2026-03-02", "2026-03-10", "2026-03-27", "2026-04-02")


def log(path: Path, *, leads: int = 60, days: tuple[str, ...] = DAYS, ids: bool = False, hour: int = 9) -> Path:
    rows = pd.DataFrame(
        [
            {"Recipient": f"lead{n}@corp{n % 7}.example", "Sent at": f"{day} {hour:02}:{n % 60:02}", "Step": str(step)}
            for step, day in enumerate(days, 1)
            for n in range(leads)
        ]
    ).assign(Campaign="Q1", Mailbox="ava@us.example")
    if ids:
        rows["Message-ID"] = [f"<{n}@us.example>" for n in range(len(rows))]
    rows.to_csv(path, index=False)
    return path


def kept(place: Path) -> int:
    return len(Workspace(place).sends())


@pytest.mark.parametrize(
    ("first", "then"),
    [("", "Europe/Berlin"), ("America/New_York", ""), ("Europe/Berlin", "Asia/Kolkata"), ("", "Asia/Kathmandu")],
)
def test_the_same_file_in_another_zone_is_refused(tmp_path: Path, first: str, then: str) -> None:
    path = log(tmp_path / "log.csv")
    ingest(tmp_path / "space", log=path, timezone=first)
    with pytest.raises(UnreadableInputError) as told:
        ingest(tmp_path / "space", log=path, leads=path, timezone=then)
    assert str(told.value) == (
        f"{path}: its mails are in {tmp_path / 'space'} already, at the times of another zone: they would count twice; "
        "give the same --timezone as then, or none as then; if that was wrong, take all into a new workspace"
    )
    assert (kept(tmp_path / "space"), len(Workspace(tmp_path / "space").leads())) == (240, 0)
    (again,) = ingest(tmp_path / "space", log=path, timezone=first).changes
    assert (again.added, again.known) == (0, 240)


def test_and_so_is_a_later_export_that_has_grown(tmp_path: Path) -> None:
    ingest(tmp_path / "space", log=log(tmp_path / "march.csv", days=DAYS[:3]))
    with pytest.raises(UnreadableInputError, match="another zone"):
        ingest(tmp_path / "space", log=log(tmp_path / "april.csv"), timezone="Europe/Berlin")
    assert kept(tmp_path / "space") == 180


@pytest.mark.parametrize(
    "more",
    [
        {"days": ("2026-04-09", "2026-04-16")},
        # The same leads again, within the day, in a file of its own.
        {"days": DAYS, "hour": 15},
    ],
)
def test_new_mails_are_taken_in(tmp_path: Path, more: dict) -> None:
    ingest(tmp_path / "space", log=log(tmp_path / "first.csv"), timezone="Europe/Berlin")
    ingest(tmp_path / "space", log=log(tmp_path / "second.csv", **more), timezone="Europe/Berlin")
    assert kept(tmp_path / "space") == 240 + 60 * len(more["days"])


def test_a_mail_with_a_message_id_is_the_same_in_any_zone(tmp_path: Path) -> None:
    path = log(tmp_path / "log.csv", ids=True, days=("2026-03-02",))
    ingest(tmp_path / "space", log=path)
    (again,) = ingest(tmp_path / "space", log=path, timezone="Europe/Berlin").changes
    assert (again.added, again.known) == (0, 60)
