"""What the program is built from: pinned and hashed, licensed, listed, and the same bytes from the same commit."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release import build, licences, vulnerabilities

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("constraints.txt", "constraints-build.txt", "constraints-dev.txt")
PIN = re.compile(
    r"(?m)^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;]+)(?: ; (?P<marker>[^\\]+?))?(?P<rest>(?: *\\\n +--hash=\S+)*)$"
)

# Licences under which a program may be passed on with no more than their notices.
PERMISSIVE = {"MIT", "MIT-0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Apache-2.0", "ISC", "Zlib", "CC0-1.0",
              "PSF-2.0", "Unlicense"}  # fmt: skip
# File by file copyleft: a change to *their* files would have to be published, ours are not touched by it.
FILE_BY_FILE = {"MPL-2.0"}


def pins(name: str) -> list[re.Match[str]]:
    return list(PIN.finditer((ROOT / name).read_text()))


@pytest.mark.parametrize("name", LOCKS)
def test_every_pinned_package_has_hashes_and_no_address(name):
    text = (ROOT / name).read_text()
    requirements = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pins(name)) == len(requirements)
    assert [pin["name"] for pin in pins(name) if "--hash=sha256:" not in pin["rest"]] == []
    assert "://" not in text
    assert "--index-url" not in text and "--find-links" not in text and "@ file" not in text


def test_all_lists_pin_the_same_versions():
    every = {(pin["name"], pin["version"]) for pin in pins("constraints-dev.txt")}
    for name in LOCKS:
        assert {(pin["name"], pin["version"]) for pin in pins(name)} <= every


def test_all_that_the_project_asks_for_is_pinned_within_its_bounds():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = settings["project"]
    asked = {
        "constraints-build.txt": settings["dependency-groups"]["build"],
        "constraints.txt": project["dependencies"],
        "constraints-dev.txt": [wanted for extra in project["optional-dependencies"].values() for wanted in extra],
    }
    for name, wanted in asked.items():
        versions = {canonicalize_name(pin["name"]): pin["version"] for pin in pins(name)}
        for requirement in map(Requirement, wanted):
            if requirement.name == "bounce-analyzer":
                continue
            assert canonicalize_name(requirement.name) in versions, f"{requirement.name}: run `make lock`"
            assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)])


def test_the_list_of_licences_is_what_is_installed():
    assert licences.LIST.read_text() == licences.text(), "run `make licences` and look at what changed"


def test_every_licence_lets_the_program_be_passed_on():
    for name, package in licences.needed().items():
        named = set(re.split(r" AND | OR |, |[()]", licences.licence(package))) - {""}
        assert named <= PERMISSIVE | FILE_BY_FILE, f"{name}: {licences.licence(package)}"


def test_what_is_installed_is_what_is_pinned():
    versions = {canonicalize_name(pin["name"]): pin["version"] for pin in pins("constraints.txt") if not pin["marker"]}
    there = {name: package.version for name, package in licences.needed().items() if name in versions}
    assert there == {name: versions[name] for name in there}


def test_the_same_commit_gives_the_same_bytes(tmp_path):
    first, second = build.build(tmp_path / "first"), build.build(tmp_path / "second")
    assert [path.name for path in first] == [path.name for path in second]
    assert {path.suffix for path in first} == {".whl", ".gz"}
    for one, other in zip(first, second, strict=True):
        assert hashlib.sha256(one.read_bytes()).digest() == hashlib.sha256(other.read_bytes()).digest()
    sums = dict(reversed(line.split("  ")) for line in (tmp_path / "first" / "SHA256SUMS").read_text().splitlines())
    assert sums == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in first}


def test_known_vulnerabilities_are_asked_for_and_an_unanswered_question_is_no_all_clear():
    done = subprocess.run([sys.executable, "-m", "release.vulnerabilities"], cwd=ROOT, capture_output=True, text=True)
    asked = re.fullmatch(r"\d+ packages of constraints\.txt asked of (pypi|osv): 0 known\.\n", done.stdout)
    skipped = done.stdout.startswith("Not checked: no advisory database could be reached")
    assert done.returncode == 0 and (asked or skipped), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("packages", "known"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], ()),
        (
            [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1", "2.0"]}]}],
            ("a 1: PYSEC-1, mended in 1.1, 2.0",),
        ),
        ([{"name": "a", "version": "1", "vulns": [{"id": "X", "fix_versions": []}]}], ("a 1: X, not mended yet",)),
    ],
)
def test_what_is_known_is_named_with_the_version_that_mends_it(packages, known):
    answer = vulnerabilities.read("osv", [*packages, {"name": "b", "skip_reason": "not on the index"}])
    assert answer == vulnerabilities.Answer("osv", 1, known)


def test_a_service_that_knows_no_package_has_not_answered():
    assert vulnerabilities.read("pypi", [{"name": "b", "skip_reason": "not on the index"}]) is None
