"""The coverage-guided driver: `python -m fuzz.guided TARGET [options of libFuzzer] [folders of inputs]` (atheris).

`all` stands for every target, the first byte of an input choosing. Without a folder the target's seeds are what it
begins from. An input that breaks a promise is written to `-artifact_prefix=` (here), and the exit code is not 0.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["analyzer"]):
    from fuzz.target import Target
    from fuzz.targets import TARGETS

#: Seconds and MiB of one input, unless the options say otherwise. Instrumented code takes several times as long.
_BOUNDS = ("-timeout=20", "-rss_limit_mb=4096", "-max_len=8192")


def of_all() -> Target:
    """Every target in one: the first byte chooses."""
    targets = list(TARGETS.values())

    def run(data: bytes) -> None:
        if data:
            targets[data[0] % len(targets)].run(data[1:])

    def seeds() -> list[bytes]:
        return [bytes([number]) + seed for number, one in enumerate(targets) for seed in one.seeds()[:4]]

    return Target("all", run, seeds)


def main() -> None:
    """Fuzz until an option ends it (`-runs=`, `-max_total_time=`) or a promise is broken."""
    name, *options = sys.argv[1:]
    target = of_all() if name == "all" else TARGETS[name]
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="fuzz-seeds-") as folder:
        seeds = target.seeds()
        for number, seed in enumerate(seeds):
            (Path(folder) / f"{number:04}").write_bytes(seed)
            # Patterns and tables that load on first use are in no input's time.
            target.run(seed)
        folders = [one for one in options if not one.startswith("-")] or [folder]
        given = [one for one in options if one.startswith("-")]
        atheris.Setup([sys.argv[0], *_BOUNDS, *given, *folders], target.run)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
