"""What a reader of one provider's events is, and what it hands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Report

JsonObject: TypeAlias = dict[str, Any]


class Told(NamedTuple):
    """What one event tells: a report that needs no more parsing, or (`report` None) a mail message to be parsed.

    `message` beside a report is the bounce message that the event carries: it adds what the report lacks.
    """

    report: Report | None
    message: bytes = b""


class NothingToReadError(Exception):
    """An event of a known feed that holds nothing of the message; its text says what to fetch instead."""


class Reader(Protocol):
    """One provider's way of telling what happened to a mail."""

    name: str

    def recognises(self, event: JsonObject) -> bool:
        """Whether this provider wrote the object: by the names of its keys, cheaply, and true for no other's."""
        ...

    def read(self, event: JsonObject) -> Iterator[Told]:
        """What the event tells. Any JSON value may stand in any place; raises nothing but `NothingToReadError`."""
        ...
