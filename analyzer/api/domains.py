"""The audit of sender domains: `run_audit`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.api.bounces import Source, read_bounces

if TYPE_CHECKING:
    from analyzer.audit import Audit


def run_audit(
    domains: Sequence[str],
    *,
    bounces: Source | Sequence[Source] = (),
    resolver: str = "",
    selectors: Sequence[str] = (),
    addresses: Sequence[str] = (),
    timeout: float = 5.0,
    patience: float = 20.0,
    rules: Path | None = None,
) -> Audit:
    """What each sender domain publishes, held against the fixes its bounces ask for; see `analyzer.audit.audit`."""
    from analyzer.audit import audit as look_at

    rows, _, unread = read_bounces(bounces, 1, rules)
    found = look_at(
        domains,
        rows,
        resolver=resolver,
        selectors=selectors,
        addresses=addresses,
        timeout=timeout,
        patience=patience,
    )
    return replace(found, warnings=(*unread, *found.warnings))
