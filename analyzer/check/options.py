"""What a check is asked to do."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.check.facts import policy_named
from analyzer.check.history import History
from analyzer.check.risk import Lists

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.check.facts import Policy
    from analyzer.check.smtp import ProbeOptions


def today() -> date:
    """The day by UTC."""
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class LookupOptions:
    """`resolver`: "host:port" or "host" (None: the system's). Times in seconds: `timeout_s` for one question to one
    server, `lifetime_s` for all tries. `in_flight`: domains looked up at once. `allow_private`: mail servers without a
    public address are as good as others. `zones`: DNS block lists of domains that each domain is asked of.
    """

    resolver: str | None = None
    in_flight: int = 100
    timeout_s: float = 3.0
    lifetime_s: float = 8.0
    allow_private: bool = False
    zones: tuple[str, ...] = ()
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """`dns`: look the domains up. `smtp`: ask the mailboxes' hosts as this says (looks domains up as well). `policy`: a
    name of `rules/check.toml`. `allow_reserved`: treat documentation domains as any other. `as_of`: the day on which
    the age of a verification is judged. `cache`: a file that keeps answers between runs (None: memory); `resume`: go on
    with a run of the same list that did not come to its end.
    """

    dns: bool = False
    smtp: ProbeOptions | None = None
    policy: str = "balanced"
    lookup: LookupOptions = field(default_factory=LookupOptions)
    lists: Lists = field(default_factory=Lists)
    history: History = field(default_factory=History)
    allow_reserved: bool = False
    as_of: date = field(default_factory=today)
    cache: Path | None = None
    resume: bool = False

    def chosen_policy(self) -> Policy:
        """The policy; `AnalyzerError` for an unknown name."""
        return policy_named(self.policy)
