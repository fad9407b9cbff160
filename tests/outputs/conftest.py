"""What the tests of outputs share: a small campaign, and a process that runs commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from output_campaign import Small, small_campaign
from output_forks import Forks


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return small_campaign(tmp_path_factory.mktemp("small") / "campaign")


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    folder = tmp_path_factory.mktemp("screens")
    folder.chmod(0o777)
    made = Forks(folder)
    yield made
    made.close()


@pytest.fixture(scope="session")
def diagnosed(small: Small, forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole diagnosis, which the others take their inputs from."""
    out = tmp_path_factory.mktemp("diagnosed") / "report"
    done = forks.run("diagnose", *small.inputs(), "--next", small.ahead, "--out", out, "--jobs", "1")
    assert done.code == 0, done.err
    return out


@pytest.fixture(scope="session")
def workspace(small: Small, forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that holds the campaign; tests that change one make their own."""
    place = tmp_path_factory.mktemp("kept") / "workspace"
    done = forks.run("ingest", "--workspace", place, *small.inputs(), "--jobs", "1")
    assert done.code == 0, done.err
    return place
