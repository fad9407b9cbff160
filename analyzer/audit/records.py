"""What the audit of a sender domain finds: a check per subject, and what they say of the fixes bounces asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

#: `fault`: published, and wrong; `absent`: looked up, and not there; `unanswered`: DNS gave no answer, or there was
#: nothing to look at. Only `fault` and `absent` are something to mend.
CheckState: TypeAlias = Literal["ok", "fault", "absent", "unanswered"]
Subject: TypeAlias = Literal["spf", "dkim", "dmarc", "alignment", "mx", "ptr", "helo", "mta_sts", "unsubscribe"]
FixVerdict: TypeAlias = Literal["confirmed", "contradicted", "not_testable"]

FAULTY: frozenset[str] = frozenset({"fault", "absent"})


@dataclass(frozen=True, slots=True)
class Check:
    """One subject. `value`: the record or what was seen; `says`: a sentence; `notes`: lesser things about it.

    `sure` is false where what was looked at may not be what the refused mail used.
    """

    subject: Subject
    state: CheckState
    says: str
    value: str = ""
    notes: tuple[str, ...] = ()
    sure: bool = True


def sentence(text: object) -> str:
    """Text on one line, as a sentence of `says` or `notes`."""
    plain = " ".join(str(text).split())
    # The name of a host or domain stays as it is written.
    named = "." in plain.partition(" ")[0].rstrip(".:,")
    return (plain[:1] if named else plain[:1].upper()) + plain[1:] + ("" if plain.endswith((".", "?", "!")) else ".")


@dataclass(frozen=True, slots=True)
class FixAudit:
    """A fix that `bounces` bounces asked for, held against what is published now."""

    id: str
    title: str
    bounces: int
    verdict: FixVerdict
    why: str


@dataclass(frozen=True, slots=True)
class DomainAudit:
    """All about one sender domain."""

    domain: str
    checks: tuple[Check, ...]
    fixes: tuple[FixAudit, ...] = ()

    @property
    def faults(self) -> tuple[Check, ...]:
        """The checks that found something to mend."""
        return tuple(check for check in self.checks if check.state in FAULTY)


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit of some domains. `offline`: DNS did not answer at all, so that only the bounces could be looked at."""

    domains: tuple[DomainAudit, ...]
    resolver: str
    offline: bool
    bounces: int = 0
    warnings: tuple[str, ...] = ()
