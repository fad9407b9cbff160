"""docs/how-to/add-a-platform.md is all there is to do: its file, put where it says, has its export read without a word."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from docs_pages import DOCS, ROOT, blocks


def test_one_file_adds_a_platform(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "analyzer", tmp_path / "analyzer", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    page = blocks(DOCS / "how-to" / "add-a-platform.md")
    files = {block.name: block.body for block in page if block.name}
    (tmp_path / "rules" / "platforms" / "mailomat.toml").write_text(files["mailomat.toml"], encoding="utf-8")
    (tmp_path / "mailomat.csv").write_text(files["mailomat.csv"], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "analyzer", "diagnose", "--log", "mailomat.csv", "--json"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path), "BOUNCE_ANALYZER_CACHE": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (shown,) = (
        block.body.strip() for block in page if block.kind == "text" and block.body.startswith("mailomat.csv (")
    )
    assert done.stderr.strip() == shown
    assert '"verified"' in done.stdout and '"guessed"' in done.stdout
