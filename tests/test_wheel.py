"""The wheel, installed into an empty environment, does the main job: rules, schema, templates and samples travel in it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from release import build, licences, sbom

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL"))}
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an empty environment with the wheel and the packages that constraints.txt pins, hashes checked."""
    folder = tmp_path_factory.mktemp("installed")
    wheel = next(path for path in build.build(folder / "dist") if path.suffix == ".whl")
    return sbom.installed(wheel, folder / "venv")


def test_the_installed_wheel_runs_the_demo(python, tmp_path):
    shown = run(python.parent / "bounce-analyzer", "demo", "--out", "report", cwd=tmp_path)

    assert "report.html" in shown
    diagnosis = json.loads((tmp_path / "report" / "diagnosis.json").read_text())
    assert diagnosis["data_quality"]["recommendation"] == "max_quality"
    assert str(ROOT) not in (tmp_path / "report" / "report.html").read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"report"}
    # `python -m analyzer` is the same program.
    assert run(python, "-m", "analyzer", "--version", cwd=tmp_path).startswith("bounce-analyzer ")


def test_the_bill_of_materials_names_every_package_that_an_installation_brings(python, tmp_path):
    sbom.write(python, tmp_path / "first.json")
    sbom.write(python, tmp_path / "second.json")
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()

    bill = json.loads((tmp_path / "first.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "bounce-analyzer"
    listed = {canonicalize_name(part["name"]): part["version"] for part in bill["components"]}
    wanted = {name: package.version for name, package in licences.needed().items()}
    # An empty environment has its installer besides.
    assert {name: version for name, version in listed.items() if name not in {"pip", "setuptools"}} == wanted
