"""One path that receives webhooks, and the bounds of it and of the receiver as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one endpoint. A request over one is refused: 413, 429, 408, 400."""

    body_bytes: int = 5_000_000
    requests_per_second: float = 200.0
    burst: int = 400
    body_seconds: float = 15.0
    nesting: int = 100


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of the receiver as a whole. Above `journal_bytes` waiting, senders are told to come back later."""

    connections: int = 256
    in_flight: int = 64
    head_seconds: float = 10.0
    journal_bytes: int = 10_000_000_000
    lag_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path. `auth`: signature, basic, bearer, header, query or none. `secrets` hold any that is valid now."""

    path: str
    provider: str
    auth: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    user: str = ""
    header: str = ""
    parameter: str = ""
    topics: frozenset[str] = frozenset()
    tolerance_s: float | None = None
    limits: Limits = Limits()
