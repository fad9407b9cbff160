"""Every input that ever broke a promise, kept small and replayed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from fuzz.targets import TARGETS

_CASES = Path(__file__).parent / "cases"
_INDEX = tomllib.loads((_CASES / "index.toml").read_text("utf-8"))


@pytest.mark.parametrize("name", _INDEX)
def test_a_case_that_was_found_keeps_its_promise(name: str) -> None:
    assert _INDEX[name]["was"]
    for target in _INDEX[name]["targets"]:
        TARGETS[target].run((_CASES / name).read_bytes())


def test_every_case_says_what_was_wrong() -> None:
    assert {path.name for path in _CASES.iterdir()} == {"index.toml", *_INDEX}
