"""What `check` is given in Python: one source in place of several, paths as text, frames with blanks."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analyzer import BOUNCE_COLUMNS, check


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.txt"
    path.write_text("ann@known.example\n")
    return path


@pytest.mark.parametrize("option", ["suppress", "banned", "disposable"])
def test_one_list_is_a_list_whether_path_or_text(own: Path, option: str) -> None:
    own.write_text("known.example\n")
    for given in (own, str(own), [own]):
        found = check(["ann@known.example"], allow_reserved=True, **{option: given})  # type: ignore[arg-type]
        assert list(found["grade"]) == ["do_not_send"]


def test_one_history_is_one_source_and_not_the_letters_of_its_path(tmp_path: Path) -> None:
    bounces = pd.DataFrame(
        {
            "kind": ["bounce"],
            "recipient": ["ann@known.example"],
            "label": ["hard"],
            "fault": ["address"],
            "reason": ["user_unknown"],
            "transient": [False],
            "received_at": [None],
            "diagnostic": [float("nan")],
        }
    ).reindex(columns=list(BOUNCE_COLUMNS))
    bounces.to_csv(tmp_path / "bounces.csv", index=False)
    for given in (bounces, [bounces], str(tmp_path / "bounces.csv")):
        found = check(["ann@known.example"], allow_reserved=True, history=given)
        assert list(found["grade"]) == ["do_not_send"]
        # A blank in a frame is told as nothing.
        assert "bounced_before: bounced (user_unknown)" in found["evidence"][0].split("; ")


def test_bytes_are_no_list() -> None:
    with pytest.raises(TypeError, match="not bytes"):
        check(b"ann@known.example")  # type: ignore[arg-type]
