"""From what a caller names (files, a resolver, a policy) to the options of a run: all is read before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.addresses.reading import read_address
from analyzer.check.history import History, read_history
from analyzer.check.options import CheckOptions, LookupOptions, today
from analyzer.check.risk import read_lists
from analyzer.errors import AnalyzerError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    import pandas as pd

    from analyzer.check.leads import LeadList, Source
    from analyzer.check.smtp import ProbeOptions
    from analyzer.verp.keys import Keys


def options_for(
    leads: LeadList,
    *,
    dns: bool = False,
    smtp: ProbeOptions | None = None,
    policy: str = "balanced",
    resolver: str | None = None,
    history: Sequence[Source | pd.DataFrame] = (),
    history_log: Sequence[Source] = (),
    history_leads: Sequence[Source] = (),
    workspace: str | Path = "",
    suppress: Sequence[Source] = (),
    disposable: Sequence[Source] = (),
    banned: Sequence[Source] = (),
    blocklist_zones: Sequence[str] = (),
    cache: Path | None = None,
    resume: bool = False,
    allow_private: bool = False,
    allow_reserved: bool = False,
    as_of: date | None = None,
    jobs: int | None = 1,
    verp_keys: Keys | None = None,
    rules: Path | None = None,
) -> CheckOptions:
    """The options of a run over `leads`; errors as `analyzer.check.check`."""
    if history_leads and not history_log:
        raise AnalyzerError("the leads of earlier sends say nothing without the log of those sends")
    if (resolver or blocklist_zones) and not (dns or smtp):
        raise AnalyzerError("a resolver and block lists are asked only when domains are looked up: ask for DNS as well")
    bounces: list[Source | pd.DataFrame] = [*history]
    logs: list[Source | pd.DataFrame] = [*history_log]
    lists: list[Source | pd.DataFrame] = [*history_leads]
    if workspace:
        from analyzer.history import Workspace

        kept = Workspace(workspace).kept()
        bounces.append(kept.bounces)
        logs += [kept.sends] if len(kept.sends) else []
        lists += [kept.leads] if len(kept.leads) and logs else []
    past = History()
    if bounces or logs:
        frame = leads.frame([read_address(text).email for text in leads.texts]) if logs else None
        past = read_history(bounces, leads=frame, logs=logs, log_leads=lists, jobs=jobs, keys=verp_keys, rules=rules)
    options = CheckOptions(
        dns=dns,
        smtp=smtp,
        policy=policy,
        lookup=LookupOptions(
            resolver=resolver, allow_private=allow_private, zones=tuple(zone.strip(". ") for zone in blocklist_zones)
        ),
        lists=read_lists(suppress=suppress, disposable=disposable, banned=banned),
        history=past,
        allow_reserved=allow_reserved,
        as_of=as_of or today(),
        cache=cache,
        resume=resume,
    )
    options.chosen_policy()
    return options
