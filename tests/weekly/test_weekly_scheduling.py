"""The command as schedulers run it: exit codes, the shipped unit files and cron line."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PROGRAM = f"{shlex.quote(sys.executable)} -m analyzer"


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "analyzer", *map(str, arguments)], capture_output=True, text=True, cwd=cwd, check=False
    )


@pytest.mark.parametrize(
    ("history", "fail_on", "code"), [("quiet", True, 0), ("eventful", False, 0), ("eventful", True, 1)]
)
def test_exit_codes(history, fail_on, code, request):
    place = request.getfixturevalue(history)
    done = run("weekly", "--workspace", place, *(["--fail-on", "alarm"] if fail_on else []))
    assert done.returncode == code, done.stderr
    assert done.stdout.startswith("Week 2026-W14, 30 March to 5 April 2026 (UTC): 900 mails sent.")
    assert ("2026-W14: Bad addresses are still high since 2026-W13: 6.8 %" in done.stderr) == (code == 1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--workspace", "nothing-here"], "nothing-here: holds no sends; take a log in with bounce-analyzer ingest"),
        (["--workspace", "nothing-here", "--week", "last"], "is no ISO week"),
        (["--workspace", "nothing-here", "--fail-on", "anything"], "alarm"),
        ([], "--workspace"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(arguments, told, tmp_path):
    done = run("weekly", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr and done.stderr.count("\n") == 1 and not done.stdout
    assert not list(tmp_path.iterdir())


def unit(name: str) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None, strict=True)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read_string((DOCS / "weekly" / name).read_text("utf-8"))
    return found


def test_the_systemd_service_does_what_it_says(eventful, tmp_path):
    service = unit("bounce-analyzer-weekly.service")["Service"]
    assert service["Type"] == "oneshot" and service["StateDirectory"] == "bounce-analyzer"
    state = tmp_path / "bounce-analyzer"
    state.mkdir()
    (state / "workspace").symlink_to(eventful)
    command = service["ExecStart"].replace("%S", str(tmp_path))
    assert "%" not in command
    program, *arguments = shlex.split(command)
    assert program.startswith("/") and program.endswith("/bounce-analyzer")
    done = run(*arguments)
    assert done.returncode == 1, done.stderr
    assert (state / "reports" / "2026-W14" / "weekly.html").is_file() and (state / "reports" / "index.html").is_file()


def test_the_systemd_timer_is_for_monday_morning():
    timer = unit("bounce-analyzer-weekly.timer")
    assert re.fullmatch(r"Mon \*-\*-\* 0\d:\d\d:\d\d [A-Z]\w+/[A-Z]\w+", timer["Timer"]["OnCalendar"])
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.parametrize(("history", "code", "mailed"), [("quiet", 0, False), ("eventful", 1, True)])
def test_the_cron_line_mails_only_alarms(history, code, mailed, request, tmp_path):
    lines = [line for line in (DOCS / "weekly" / "crontab").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert len(lines) == 1
    *times, command = lines[0].split(None, 5)
    assert len(times) == 5 and times[4] == "1" and "%" not in command
    (tmp_path / "workspace").symlink_to(request.getfixturevalue(history))
    command = command.replace("/var/lib/bounce-analyzer", str(tmp_path)).replace(
        "bounce-analyzer weekly", f"{PROGRAM} weekly"
    )
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert bool(done.stdout + done.stderr) == mailed
    assert (tmp_path / "reports" / "2026-W14" / "weekly.md").is_file()


def test_the_page_names_the_files_that_are_there():
    page = (DOCS / "weekly.md").read_text("utf-8")
    named = re.findall(r"\]\((weekly/[\w.-]+)\)", page)
    assert len(named) == 3 and all((DOCS / name).is_file() for name in named)
