"""Tab completion, in a real bash, and by what zsh and fish ask: commands, options, and the words that they know."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PLACES = Path(sys.executable).parent
ENVIRONMENT = {"PATH": f"{PLACES}{os.pathsep}{os.environ['PATH']}", "LANG": "C.UTF-8", "BOUNCE_ANALYZER_CACHE": "off"}
CASES: list[tuple[str, set[str]]] = [
    ("bounce-analyzer pa", {"parse"}),
    ("bounce-analyzer rules s", {"show", "suggest"}),
    ("bounce-analyzer --log-level debug diag", {"diagnose"}),
    ("bounce-analyzer parse --re", {"--rejects", "--redact"}),
    ("bounce-analyzer diagnose --bounces a.eml b.eml --lo", {"--log"}),
    ("bounce-analyzer check leads.csv --policy ", {"strict", "balanced", "permissive"}),
    ("bounce-analyzer weekly --fail-on ", {"alarm"}),
    ("bounce-analyzer export mail", {"mailgun"}),
    ("bounce-analyzer rules list --reason mailbox_", {"mailbox_full", "mailbox_disabled"}),
    # Files: the shell's own to offer.
    ("bounce-analyzer parse lea", {"leads.csv"}),
]
#: As a terminal would: the words of the line, the last of them to be completed, and what the shell adds for files.
BASH = """
eval "$(bounce-analyzer --show-completion)"
while IFS= read -r line; do
  IFS=' ' read -ra COMP_WORDS <<< "$line"
  [[ "$line" == *' ' ]] && COMP_WORDS+=("")
  COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
  COMPREPLY=()
  spec=$(complete -p bounce-analyzer)
  [[ "$spec" =~ -F\\ ([a-z_]+) ]] && "${BASH_REMATCH[1]}" bounce-analyzer
  [[ ${#COMPREPLY[@]} == 0 && "$spec" == *'-o default'* ]] && COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
  echo "${COMPREPLY[*]}"
done
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "leads.csv").touch()
    return tmp_path


def test_bash_completes_commands_options_words_and_files(place: Path) -> None:
    lines = "".join(f"{line}\n" for line, _ in CASES)
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH],
        input=lines,
        env=ENVIRONMENT,
        cwd=place,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert [set(line.split()) for line in done.stdout.splitlines()] == [words for _, words in CASES], done.stderr


@pytest.mark.parametrize(
    ("shell", "answer"),
    [
        ("zsh", """_arguments '*: :(("mailgun":"Mailgun bounces and complaints"))'"""),
        ("fish", "mailgun\tMailgun bounces"),
    ],
)
def test_zsh_and_fish_are_answered_in_their_own_way(place: Path, shell: str, answer: str) -> None:
    asked = {
        "_BOUNCE_ANALYZER_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "bounce-analyzer export mail",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = subprocess.run(
        [PLACES / "bounce-analyzer"], env=ENVIRONMENT | asked, cwd=place, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(answer)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_each_shell_is_there(shell: str) -> None:
    asked = {"_BOUNCE_ANALYZER_COMPLETE": f"source_{shell}"}
    done = subprocess.run(
        [PLACES / "bounce-analyzer"], env=ENVIRONMENT | asked, capture_output=True, text=True, check=True
    )
    assert "bounce-analyzer" in done.stdout and f"complete_{shell}" in done.stdout
