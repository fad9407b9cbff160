"""The mutation driver finds what it is there to find, says how much it did, and goes on where it ended."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fuzz_planted import breaks

from fuzz import mutate
from fuzz.minimise import minimised
from fuzz.mutation import GREATEST, MUTATIONS
from fuzz.targets import TARGETS
from fuzz.worker import mutant

_TOP = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _beside_the_planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


def run(tmp_path: Path, target: str, *options: str) -> tuple[int, list[dict[str, Any]]]:
    log = tmp_path / "log.jsonl"
    status = mutate.main([target, "--cases", str(tmp_path / "cases"), "--log", str(log), *options])
    return status, [json.loads(line) for line in log.read_text().splitlines()]


def total(ranges: list[dict[str, Any]], what: str) -> int:
    return sum(one[what] for one in ranges)


def test_a_mutant_is_the_same_wherever_it_is_made() -> None:
    seeds = TARGETS["messages"].seeds()
    assert [mutant(seeds, 1, n) for n in range(50)] == [mutant(seeds, 1, n) for n in range(50)]
    assert len({mutant(seeds, 1, n) for n in range(300)}) > 290
    assert mutant(seeds, 1, 7) != mutant(seeds, 2, 7)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.__name__)
def test_every_mutation_takes_any_bytes(mutation: Any) -> None:
    seeds = TARGETS["messages"].seeds()[:30]
    changed = 0
    for number, data in enumerate([b"", b"\n", b"\xff", b"a: b", *seeds]):
        for again in range(3):
            chance = Random(number * 3 + again)
            made = mutation(chance, data, seeds[number % len(seeds)])
            assert isinstance(made, bytes)
            assert len(made) < 40 * (len(data) + GREATEST)
            changed += made != data
    assert changed > 20


def test_a_clean_run_counts_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, ranges = run(tmp_path, "dates", "--count", "3000", "--chunk", "2000", "--jobs", "2")
    assert status == 0
    assert sorted((one["start"], one["end"]) for one in ranges) == [(0, 2000), (2000, 3000)]
    assert "3,000 mutants (0 to 2,999): 0 crashes, 0 hangs, 0 over the memory bound" in capsys.readouterr().out
    _, ranges = run(tmp_path, "dates", "--count", "500")
    assert (ranges[-1]["start"], ranges[-1]["end"]) == (3000, 3500)


@pytest.mark.parametrize(
    ("target", "what", "options"),
    [
        ("RAISES", "crashes", ()),
        ("SLOW", "hangs", ("--hang-ms", "50")),
        ("HOARDS", "over_memory", ("--memory-mib", "150", "--hang-ms", "5000")),
        ("DIES", "crashes", ()),
    ],
)
def test_what_breaks_is_counted_kept_and_passed_over(
    tmp_path: Path, target: str, what: str, options: tuple[str, ...]
) -> None:
    status, ranges = run(tmp_path, f"fuzz_planted:{target}", "--count", "25", *options)
    assert status == 1
    assert total(ranges, what) >= 1
    assert sum(total(ranges, other) for other in ("crashes", "hangs", "over_memory")) == total(ranges, what)
    assert sum(one["end"] - one["start"] for one in ranges) == 25
    assert all(breaks(path.read_bytes()) for path in (tmp_path / "cases").iterdir())
    assert {one["case"] for line in ranges for one in line["offenders"]} <= {
        path.name for path in (tmp_path / "cases").iterdir()
    }


def test_a_seed_that_breaks_by_itself_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="a seed itself breaks a promise"):
        run(tmp_path, "fuzz_planted:SEED_ITSELF", "--count", "10")


def test_every_target_gets_its_share_of_the_time(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fuzz", "--minutes", "0.03", "--jobs", "1", "--only", "dates"]
    run = subprocess.run([*command, "--cases", str(tmp_path)], cwd=_TOP, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    name, _, guided, broken, *_ = run.stdout.splitlines()[2].replace(",", "").split()
    assert (name, broken) == ("dates", "0")
    assert int(guided) > 0
    assert run.stdout.splitlines()[-1] == "nothing broke a promise"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--help"], 0, "-max_total_time=SECONDS"),
        (["no-such-target"], 2, "'no-such-target' is no target; they are all, "),
    ],
)
def test_the_guided_driver_tells_how_it_is_used(arguments: list[str], code: int, says: str) -> None:
    command = [sys.executable, "-m", "fuzz.guided", *arguments]
    run = subprocess.run(command, cwd=_TOP, capture_output=True, text=True, timeout=300)
    assert (run.returncode, "Traceback" in run.stderr) == (code, False)
    assert says in run.stdout + run.stderr


def test_a_found_input_is_made_as_small_as_its_fault_needs() -> None:
    def run(data: bytes) -> None:
        if b"not" in data and data.count(b"\n") > 1:
            raise ValueError("a reader's fault")

    data = b"Subject: a note\n" * 20 + b"is not here\n" + b"x" * 300 + b"\n"
    assert sorted(minimised(run, data)) == sorted(b"not\n\n")
    with pytest.raises(ValueError, match="breaks no promise"):
        minimised(run, b"well")
