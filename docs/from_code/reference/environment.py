"""The environment variables that the program looks at; the build fails where the code and the table differ."""

from __future__ import annotations

import re
from pathlib import Path

import analyzer
from reference.markdown import code, table

#: Ours, and those of the system that mean what they mean everywhere.
VARIABLES: dict[str, str] = {
    "BOUNCE_ANALYZER_CACHE": "Where checked rules are kept between runs; `off` keeps nothing (else the cache folder)",
    "BOUNCE_ANALYZER_TOKEN": "The token that `serve` asks visitors for, where no `--token-file` is given",
    "BOUNCE_ANALYZER_IMAP_PASSWORD": "The password for `imaps://` sources and `watch --imap`",
    "BOUNCE_ANALYZER_IMAP_PASSWORD_FILE": "A file that holds it on its first line",
    "BOUNCE_ANALYZER_IMAP_TOKEN_COMMAND": "A command that prints an OAuth 2 access token",
    "BOUNCE_ANALYZER_IMAP_CA_FILE": "Certificates of an authority of your own, for IMAP",
    "BOUNCE_ANALYZER_BOUNDS": "What an input may hold at most, as `--bound` takes it: see [bounds](bounds.md)",
    "BOUNCE_ANALYZER_LOG": "How much the program tells of its own work on stderr",
    "BOUNCE_ANALYZER_VERP_KEY": "The key that signed return paths are made and verified with",
    "BOUNCE_ANALYZER_VERP_KEY_FILE": "A file that holds it, which only you may read",
    "CREDENTIALS_DIRECTORY": "Where systemd puts the credentials of a service; files below it are taken for private",
    "XDG_CACHE_HOME": "The user's cache folder, `~/.cache` without it",
    "XDG_STATE_HOME": "Where `serve` keeps its jobs, `~/.local/state` without it",
    "LOCALAPPDATA": "The same on Windows",
    "NO_COLOR": "Set to anything: no colours",
    "TERM": "`dumb` for a terminal that can neither colour nor move: plain text, no bar",
    "CI": "Set to anything, as build servers do: no bar",
    "COLUMNS": "The width of the terminal",
    "TMPDIR": "Where temporary files go",
}
#: Names that the code spells out and that are no business of a user's.
_INWARD = frozenset({"OPENBLAS_NUM_THREADS", "BOUNCE_ANALYZER_COMPLETE"})
_NAMED = re.compile(r"BOUNCE_ANALYZER_[A-Z_]+")
_ASKED = re.compile(r"environ(?:\.get|\.setdefault)?[\[(]\s*\"([A-Z_]+)\"")

_HEAD = """# Environment variables

The program needs none of them. Secrets of webhooks are in variables that you name yourself: see
[webhooks](../webhooks.md).
"""


def named_in_code() -> set[str]:
    """Every variable that some line of the package names."""
    found: set[str] = set()
    for path in Path(analyzer.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= {*_NAMED.findall(text), *_ASKED.findall(text)}
    return found - _INWARD


def page() -> str:
    """The page; `ValueError` for a variable that is not told of."""
    untold = named_in_code() - set(VARIABLES)
    if untold:
        raise ValueError(f"environment variables that {__name__} does not tell of: {sorted(untold)}")
    return _HEAD + "\n" + table(("variable", "does"), [(code(name), says) for name, says in VARIABLES.items()])
