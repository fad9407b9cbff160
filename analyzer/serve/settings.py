"""What a server is started with, and the checks that must hold before it listens."""

from __future__ import annotations

import ipaddress
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from analyzer.errors import AnalyzerError, UnreadableInputError

#: Where a token may come from; never the command line, which every user of the machine can read.
TOKEN_VARIABLE = "BOUNCE_ANALYZER_TOKEN"  # noqa: S105 - a name, no token
_SHORTEST_TOKEN = 16
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_FACTORS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Settings:
    """folder: where jobs are kept. workspaces: the only ones a page may name. token: "" lets everyone in who reaches
    the port. hosts: further names under which the page may be asked for. max_upload: bytes of one upload in all.
    keep_s: age in seconds at which a job is removed, None for never. running, waiting: jobs at once.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8025
    workspaces: tuple[str, ...] = ()
    token: str = ""
    hosts: frozenset[str] = field(default_factory=frozenset)
    max_upload: int = 2 * 1024**3
    max_files: int = 5_000
    keep_s: float | None = None
    running: int = 2
    waiting: int = 20
    #: Whether pages and files to download mask every address.
    redact: bool = False
    #: Seconds without a byte after which a sender is given up.
    patience_s: float = 30.0

    def checked(self) -> Settings:
        """Itself; `AnalyzerError` where it would let strangers in."""
        if not is_loopback(self.host) and not self.token:
            raise AnalyzerError(
                f"--host {self.host}: others could reach the page there, so it needs a token; "
                f"set {TOKEN_VARIABLE} or give --token-file, or leave --host out"
            )
        if self.token and len(self.token) < _SHORTEST_TOKEN:
            raise AnalyzerError(
                f"the token is shorter than {_SHORTEST_TOKEN} characters and could be guessed; make one with "
                "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
            )
        return self

    def is_own_name(self, host: str) -> bool:
        """Whether a Host header's name (without its port) is ours.

        Another site can make its own name point here (DNS rebinding), but it cannot use a number or a name of ours.
        """
        name = host.lower().strip("[]").rstrip(".")
        if name in self.hosts or name == self.host.lower():
            return True
        if is_loopback(self.host):
            return name in _LOOPBACK_NAMES
        return _is_number(name) or name in _LOOPBACK_NAMES


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach the address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def read_token(file: Path | None) -> str:
    """The token out of a file or the environment, "" for none; `UnreadableInputError` for a file others may read."""
    if file is None:
        return os.environ.get(TOKEN_VARIABLE, "").strip()
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise UnreadableInputError(str(file), "may be read by others", f"run chmod 600 {file}")
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        says = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UnreadableInputError(str(file), f"cannot be read: {says}", "give a file with one line") from None
    if not token:
        raise UnreadableInputError(str(file), "is empty", "write a token into it")
    return token


def read_size(text: str) -> int:
    """ "2GB" and the like as bytes (GB and GiB are both 1024³); `AnalyzerError` for anything else."""
    found = _SIZE.fullmatch(text.strip())
    size = int(float(found[1]) * 1024 ** _FACTORS[found[2].lower()]) if found else 0
    if size < 1:
        raise AnalyzerError(f"--max-upload {text}: is no size; give one such as 500MB or 2GB")
    return size


def days(number: float | None) -> float | None:
    """Days as seconds."""
    return None if number is None else number * _DAY_S


def usual_folder() -> Path | None:
    """Where jobs are kept unless somebody names a place (XDG Base Directory Specification: state); None for a user
    without a home, as containers have them.
    """
    base = os.environ.get("XDG_STATE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".local" / "state") / "bounce-analyzer" / "serve"
    except RuntimeError:
        return None
