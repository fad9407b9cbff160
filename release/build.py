"""Build the wheel and the sdist so that the same commit gives the same bytes, and write their SHA-256 sums.

    python -m release.build [DIR]

Hatchling sorts the members and levels file modes that git does not keep (group write, by umask); times come from
SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/), here the time of the last commit.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def build(out: Path) -> list[Path]:
    """Write the sdist, the wheel and SHA256SUMS into `out`; returns the two archives.

    The wheel is made from the sdist, as an installer without the repository would make it.
    """
    out.mkdir(parents=True, exist_ok=True)
    for old in [*out.glob("bounce_analyzer-*"), out / "SHA256SUMS"]:
        old.unlink(missing_ok=True)
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT],
        check=True,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"SOURCE_DATE_EPOCH": str(_time_of_commit())},
    )
    made = sorted(out.glob("bounce_analyzer-*"))
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in made]
    (out / "SHA256SUMS").write_text("".join(sums))
    return made


def _time_of_commit() -> int:
    """Seconds since 1970 of the last commit; a fixed day where there is no repository, as in an unpacked sdist."""
    done = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip() else 1_767_225_600


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist")
    for archive in build(folder):
        print(archive)
    print((folder / "SHA256SUMS").read_text(), end="")
