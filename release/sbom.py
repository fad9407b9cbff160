"""The bill of materials: what the installed program consists of, as CycloneDX JSON (https://cyclonedx.org).

    python -m release.sbom [FILE]

An empty environment is made, the wheel is installed there with the pinned and hashed packages of constraints.txt, and
cyclonedx-py reads what came of it. So the list holds what a user gets, and none of what only developers need.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from release.build import ROOT, build


def installed(wheel: Path, folder: Path) -> Path:
    """The Python of a new environment in `folder`: the wheel, and exactly the packages that constraints.txt pins."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    pip: list[str | Path] = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    # Python compiles what is imported; of all that is installed that is a fraction.
    install: list[str | Path] = [*pip, "install", "--no-compile"]
    subprocess.run([*install, "--require-hashes", "--requirement", ROOT / "constraints.txt"], check=True)
    subprocess.run([*install, "--no-deps", wheel], check=True)
    # The wheel's own list of what it needs, against what was pinned for it.
    subprocess.run([*pip, "check"], check=True, stdout=subprocess.DEVNULL)
    return python


def write(python: Path, out: Path) -> None:
    """Write what is installed beside `python` to `out`; the same packages give the same bytes."""
    out.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", "environment", python, "--pyproject", ROOT / "pyproject.toml",
         "--mc-type", "application", "--output-reproducible", "--of", "JSON", "--output-file", out],
        check=True,
    )  # fmt: skip


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        wheel = next(path for path in build(Path(temporary, "dist")) if path.suffix == ".whl")
        target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist" / "sbom.cdx.json")
        write(installed(wheel, Path(temporary, "venv")), target)
    print(target)
