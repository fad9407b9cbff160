"""The coverage-guided driver: `python -m fuzz.guided TARGET [options of libFuzzer] [folders of inputs]` (atheris).

`all` stands for every target, the first byte of an input choosing. Without a folder the target's seeds are what it
begins from. An input that breaks a promise is written to `-artifact_prefix=` (here), and the exit code is not 0.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["analyzer"]):
    from fuzz.target import Target
    from fuzz.targets import TARGETS, target_named

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
    target, options = _asked(sys.argv[1:])
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


def _asked(arguments: list[str]) -> tuple[Target, list[str]]:
    """The target, and what is for libFuzzer."""
    parser = argparse.ArgumentParser(
        prog="python -m fuzz.guided",
        description="Fuzz a target under guidance of the code that its inputs reach, until an option ends it or a "
        "promise is broken.",
        epilog="The rest goes to libFuzzer: -runs=N, -max_total_time=SECONDS, -seed=N, -artifact_prefix=FOLDER/, "
        "-help=1 for all of them, and folders of inputs to begin from. The targets: all, " + ", ".join(sorted(TARGETS)),
        allow_abbrev=False,
    )
    parser.add_argument("target", help="a target, or all of them: the first byte of an input chooses")
    # A single dash begins an option of libFuzzer's, but for our own -h.
    ours = [one for one in arguments if one in {"-h", "--help"} or not one.startswith("-")]
    name = parser.parse_args(ours[:1]).target
    try:
        target = of_all() if name == "all" else target_named(name)
    except (KeyError, ImportError, AttributeError):
        parser.error(f"{name!r} is no target; they are all, {', '.join(sorted(TARGETS))}")
    arguments.remove(name)
    return target, arguments


if __name__ == "__main__":
    main()
