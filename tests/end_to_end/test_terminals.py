"""What a terminal gets: colours and bars where it can show them, plain text where it cannot or was told not to; and
where there is none at all."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from campaign import Campaign
from servers.programs import started

PROGRAM = Path(sys.executable).parent / "bounce-analyzer"
ESCAPE = "\x1b["
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("campaign")
    campaign = Campaign()
    campaign.add(60, status="Verified", industry="Retail", bounces=3)
    campaign.write(folder)
    return folder


def at_terminal(folder: Path, *arguments: str, **environment: str) -> str:
    """What the command prints on a terminal, both its outputs together."""
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "CI", "TERM", "FORCE_COLOR"}}
    streams = {"stdin": subprocess.DEVNULL, "stdout": theirs, "stderr": theirs}
    printed = b""
    with started([PROGRAM, *arguments], cwd=folder, env=kept | environment, **streams) as running:
        os.close(theirs)
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux' way to say that the other side has gone
                break
            if not piece:
                break
            printed += piece
    os.close(ours)
    assert running.returncode == 0, printed.decode()
    return printed.decode()


COMMANDS = [
    ("parse", "bounces.mbox", "--out", "rows.csv", "--jobs", "1"),
    ("check", "leads.csv", "--allow-reserved"),
    ("diagnose", "--bounces", "bounces.mbox", "--log", "log.csv", "--leads", "leads.csv", "--jobs", "1"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_terminal_that_can_is_used(files: Path, command: tuple[str, ...]) -> None:
    assert ESCAPE in at_terminal(files, *command, TERM="xterm-256color")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_terminal_that_cannot_gets_plain_text(files: Path, command: tuple[str, ...]) -> None:
    assert ESCAPE not in at_terminal(files, *command, TERM="dumb")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_no_color_means_no_colour(files: Path, command: tuple[str, ...]) -> None:
    assert not COLOUR.search(at_terminal(files, *command, TERM="xterm-256color", NO_COLOR="1"))


@pytest.mark.parametrize("command", COMMANDS[:2], ids=lambda command: command[0])
def test_no_bar_moves_on_a_build_server(files: Path, command: tuple[str, ...]) -> None:
    """Cursor movements, which only a bar makes."""
    assert not re.search(r"\x1b\[\??\d*[AKhl]", at_terminal(files, *command, TERM="xterm", CI="true"))


@pytest.mark.parametrize(
    ("command", "closed", "code"),
    [
        ("parse bounces.mbox", ">&-", 0),
        ("parse bounces.mbox", "2>&-", 0),
        ("parse bounces.mbox --jobs 2 --out rows.csv", "<&- >&- 2>&-", 0),
        ("parse -", "<&-", 2),
        ("classify", "<&-", 0),
        ("--help", ">&-", 0),
        ("parse nowhere", "2>&-", 2),
    ],
)
def test_a_stream_that_somebody_closed_is_no_fault(files: Path, command: str, closed: str, code: int) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$0" {command} {closed}', PROGRAM], cwd=files, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "fault" in done.stderr, "Traceback" in done.stderr) == (code, False, False), done.stderr
