"""Webhooks of e-mail providers, received into a workspace: `watch --listen ADDR --webhooks FILE`.

    request ──► signature ──► journal (on the disk) ──► 200
                                 └──► taker ──► events ──► rows ──► Workspace.add_bounces ──► checkpoint

A request is answered with 200 only once it lies on the disk; what the journal holds goes into the workspace exactly
once, however often the process is killed, because rows are merged by `record_id`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.webhooks.config import Config, load_config
from analyzer.webhooks.endpoint import Bounds, Endpoint, Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analyzer.webhooks.fetching import Fetch
    from analyzer.webhooks.service import Pace

__all__ = ["Bounds", "Config", "Endpoint", "Limits", "listen", "load_config"]


def listen(
    address: str,
    workspace: str | Path,
    *,
    config: str | Path | Config,
    journal: str | Path | None = None,
    metrics: str | None = None,
    tls: tuple[str | Path, str | Path] | None = None,
    rules: Path | None = None,
    storage_options: dict[str, str] | None = None,
    say: Callable[[str], None] | None = None,
    fetch: Fetch | None = None,
    pace: Pace | None = None,
) -> int:
    """Receive webhooks until SIGTERM or SIGINT, then finish what was accepted and return 0. Blocks.

    address: `HOST:PORT`, `[::1]:PORT` or `PORT` (127.0.0.1); port 0 takes a free one. workspace: a folder or an address
    in an object store. config: the TOML file of the endpoints (docs/webhooks.md). journal: the folder of what was
    accepted and is not in the workspace yet, on a local disk; WORKSPACE/journal by default, needed for an object store.
    metrics: an address of its own for /metrics and /healthz, which otherwise answer on `address`. tls: paths of
    (certificate chain, key), PEM. rules: a folder of the user's own rules, before the shipped ones. say: is given each
    line for a person (default: stderr). fetch: gets SNS certificates and confirms subscriptions, HTTPS by default.
    pace: how often the taker commits.

    `UnreadableInputError` for a configuration, certificate or address that cannot be used; `OutputError` for a journal
    that cannot be written or that another receiver uses. Both before anything is listened on.
    """
    from analyzer.webhooks.service import run

    return run(
        address,
        workspace,
        config=config if isinstance(config, Config) else load_config(config),
        journal=journal,
        metrics=metrics,
        tls=tls,
        rules=rules,
        storage_options=storage_options,
        say=say,
        fetch=fetch,
        pace=pace,
    )
