"""Known vulnerabilities of the pinned packages, asked of an advisory database by pip-audit.

    python -m release.vulnerabilities [FILE]

Exit code 0: nothing known, or nothing could be asked, and then it says so; 1: something is known, and it is listed.
Without a network, or behind an index that knows no advisories, nothing is claimed: "not checked" is printed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Where pip-audit can ask: the advisories that the package index itself serves, then OSV (https://osv.dev).
SERVICES = ("pypi", "osv")


@dataclass(frozen=True)
class Answer:
    """What one service said: how many packages it knew, and what is known of them."""

    service: str
    checked: int
    known: tuple[str, ...]


def ask(service: str, requirements: Path, seconds: float = 300) -> Answer | None:
    """What `service` knows about the pinned packages; None where it cannot be reached or knows none of them."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", "--requirement", requirements, "--no-deps", "--disable-pip",
             "--vulnerability-service", service, "--format", "json", "--progress-spinner", "off"],
            capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
        packages = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        return None
    return read(service, packages)


def read(service: str, packages: list[dict[str, object]]) -> Answer | None:
    """pip-audit's list of packages, each with its vulnerabilities or with why it was left out."""
    checked = [package for package in packages if "skip_reason" not in package]
    if not checked:
        return None
    known = [
        f"{package['name']} {package['version']}: {found['id']}"
        + (f", mended in {', '.join(found['fix_versions'])}" if found["fix_versions"] else ", not mended yet")
        for package in checked
        for found in package["vulns"]  # type: ignore[attr-defined]
    ]
    return Answer(service, len(checked), tuple(known))


def main(requirements: Path) -> int:
    for service in SERVICES:
        if answer := ask(service, requirements):
            print(f"{answer.checked} packages of {requirements.name} asked of {service}: {len(answer.known)} known.")
            print("".join(f"  {line}\n" for line in answer.known), end="")
            return 1 if answer.known else 0
    print(f"Not checked: no advisory database could be reached (tried {', '.join(SERVICES)}). Run this with a network.")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "constraints.txt"))
