"""What `check --smtp` asks mail servers with: who asks, how fast, and where their answers are kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.cli.screen import say
from analyzer.errors import AnalyzerError

if TYPE_CHECKING:
    from analyzer.check.smtp import ProbeOptions

#: Where mail servers listen (RFC 5321 section 4.5.4.2).
SMTP_PORT = 25
_WHY_SMTP = (
    "--smtp needs {missing}: every mail server is told who asks, and takes a question from nobody for abuse. "
    "Give --helo the name that this host's PTR record has, and --mail-from a mailbox of yours that somebody reads"
)


def probe_options(
    smtp: bool,
    helo: str | None,
    mail_from: str | None,
    port: int,
    rate: float | None,
    provider_rate: float | None,
    connections: int | None,
    *,
    no_wait: bool,
    resume: bool,
    allow_private: bool,
    force: bool,
) -> ProbeOptions | None:
    """How the servers are asked, None where they are not. `AnalyzerError` for an option that does not fit."""
    if not smtp:
        given = {
            "--helo": helo,
            "--mail-from": mail_from,
            "--rate": rate,
            "--provider-rate": provider_rate,
            "--connections": connections,
            "--no-wait": no_wait,
            "--resume": resume,
            "--smtp-port": port != SMTP_PORT,
            "--force": force,
        }
        alone = next((name for name, value in given.items() if value), "")
        if alone:
            raise AnalyzerError(f"{alone} is about asking mail servers: give --smtp too, or leave it out")
        return None
    missing = [name for name, value in (("--helo", helo), ("--mail-from", mail_from)) if not value]
    if missing:
        raise AnalyzerError(_WHY_SMTP.format(missing=" and ".join(missing)))
    from analyzer.check.smtp import ProbeOptions

    settings: dict[str, Any] = {"port": port, "allow_private": allow_private}
    if rate is not None:
        settings["recipients_per_second"] = rate
    if provider_rate is not None:
        settings["recipients_per_minute"] = provider_rate
    if connections is not None:
        settings["connections"] = connections
    if no_wait:
        settings["retry_after_s"] = ()
    return ProbeOptions(str(helo), str(mail_from), **settings)


def audit_self(probe: ProbeOptions, resolver: str, *, force: bool) -> None:
    """Whoever asks with a name that leads nowhere is put on a list rather than answered."""
    from analyzer.audit.lookup import Lookup
    from analyzer.check.smtp import refuse_unfit, self_audit

    for sentence in refuse_unfit(self_audit(probe, Lookup(resolver)), force=force):
        say(f"bounce-analyzer: {sentence}", err=True)


def usual_cache() -> Path | None:
    """Where answers of mail servers are kept unless somebody names a place: never asked twice, even after a kill.

    None for a user without a home, as containers have them.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "bounce-analyzer" / "check.sqlite"
    except RuntimeError:
        return None


def usual_cache_made() -> Path:
    """The same, in a folder that is there and that nobody else reads."""
    path = usual_cache()
    if path is None:
        raise AnalyzerError("there is no home folder to keep the answers of mail servers in; name a file with --cache")
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise AnalyzerError(f"{folder}: cannot be made: {error.strerror}; name a file with --cache") from None
    return path
