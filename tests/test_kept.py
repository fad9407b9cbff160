"""What is kept between runs: read back whole, and no more of it than is of use."""

import os
from pathlib import Path

from analyzer.kept import keep, kept

KIND = "rules-[0-9]*.json"


def test_the_longest_unused_goes_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    mine = tmp_path / "rules-of-mine.json"
    mine.write_text("{}")
    for number in range(16):
        place = tmp_path / f"rules-{number}.json"
        keep(place, b"first", KIND)
        os.utime(place, (number, number))
    assert len(list(tmp_path.iterdir())) == 17
    # What is read is in use, however long ago it was made.
    assert kept(tmp_path / "rules-0.json") == b"first"
    for number in range(16, 20):
        keep(tmp_path / f"rules-{number}.json", b"latest", KIND)
    left = {place.name for place in tmp_path.iterdir()}
    assert left == {mine.name, "rules-0.json", *(f"rules-{number}.json" for number in range(5, 20))}
