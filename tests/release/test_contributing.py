"""The additions that CONTRIBUTING.md shows, made in a copy of the tree as it tells, with the tests that it names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "CONTRIBUTING.md"
#: A fenced block that says what to do with it: write a file, or add to one, at the end or below a line.
BLOCK = re.compile(
    r'^```\w+ (?P<do>write|add to) (?P<path>\S+)(?: below "(?P<line>[^\n]+)")?\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)


def blocks(title: str) -> list[re.Match[str]]:
    """The blocks of one section of the guide."""
    section = re.search(rf"(?ms)^## {title}\n(.*?)(?=^## |\Z)", GUIDE.read_text(encoding="utf-8"))
    assert section, title
    return list(BLOCK.finditer(section[1]))


def follow(block: re.Match[str], tree: Path) -> None:
    path = tree / block["path"]
    if block["do"] == "write":
        assert not path.exists()
        path.write_text(block["text"], encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    if block["line"]:
        assert text.count(block["line"] + "\n") == 1
        text = text.replace(block["line"] + "\n", block["line"] + "\n" + block["text"])
    else:
        text += ("\n" if path.suffix == ".toml" else "") + block["text"]
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the additions touch and their tests read."""
    for name in ("analyzer", "rules", "tests/parsing", "tests/sources", "tests/diagnose"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(tree: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=tree, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(tree)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize(
    ("title", "touched", "check", "shown"),
    [
        ("A rule", 1, ("analyzer", "rules", "test"), "0 failed, 0 never reached"),
        ("A reader", 4, ("pytest", "tests/parsing/test_formats.py", "-vv", "-k", "pigeon or table"), "[pigeon] PASSED"),
        (
            "A platform",
            2,
            ("pytest", "tests/sources/test_platform_exports.py", "-vv", "-k", "PigeonReach or case"),
            "PASSED",
        ),
        ("A fix", 1, ("pytest", "tests/diagnose/test_fix_rules.py", "-vv"), "PASSED"),
    ],
)
def test_an_addition_touches_only_what_the_guide_names(tree, title, touched, check, shown):
    steps = blocks(title)
    assert len({step["path"] for step in steps}) == touched
    # Without it, the program knows nothing of pigeons.
    assert "igeon" not in "".join((tree / step["path"]).read_text() for step in steps if step["do"] == "add to")
    for step in steps:
        follow(step, tree)
    assert shown in run(tree, *check)
    code = sorted({step["path"] for step in steps if step["path"].startswith("analyzer/")})
    assert not code or run(tree, "ruff", "check", "--quiet", *code) == ""
