"""The wheel, installed into an empty environment, does the main job: rules, schema, templates and samples travel in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path, **extra: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL"))} | extra
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_the_installed_wheel_runs_the_demo(tmp_path):
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", ROOT, cwd=tmp_path)
    wheel = next((tmp_path / "dist").glob("bounce_analyzer-*.whl"))
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path, PIP_CONSTRAINT=str(ROOT / "constraints.txt"))

    empty = tmp_path / "empty"
    empty.mkdir()
    shown = run(tmp_path / "venv" / "bin" / "bounce-analyzer", "demo", "--out", "report", cwd=empty)

    assert "report.html" in shown
    diagnosis = json.loads((empty / "report" / "diagnosis.json").read_text())
    assert diagnosis["data_quality"]["recommendation"] == "max_quality"
    assert str(ROOT) not in (empty / "report" / "report.html").read_text()
    assert {path.name for path in empty.iterdir()} == {"report"}
    # `python -m analyzer` is the same program.
    assert run(python, "-m", "analyzer", "--version", cwd=empty).startswith("bounce-analyzer ")
