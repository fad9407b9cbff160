"""Whole messages: read and classified, by all readers together and by each of them alone."""

from __future__ import annotations

from functools import cache, partial
from zlib import crc32

from analyzer.classify import default_classifier
from analyzer.parsing import UNREADABLE, Message, read_message
from analyzer.parsing.diagnostics import finish
from analyzer.parsing.readers import FEEDBACK_READERS, READERS, Reader
from analyzer.records import Failure, RawMessage
from fuzz.rows import check_verdict, hold, rows_from, same_rows
from fuzz.seeds.mail import messages as mail
from fuzz.target import Target

#: Every so many messages are read twice; a second reading costs as much as the first.
_TWICE = 8


def read(data: bytes) -> None:
    """`parse` of one message: it never raises, no reader fails inside, its rows keep the contract, twice the same."""
    item = RawMessage("fuzz.eml", data)
    rows = rows_from([item])
    hold(rows[0]["format"] != UNREADABLE, "no reader fails on any bytes", data)
    if crc32(data) % _TWICE == 0:
        same_rows(rows, rows_from([item]))


def read_alone(reader: Reader, data: bytes) -> None:
    """One reader, asked even where it does not recognise the message."""
    message = Message(data)
    hold(reader.recognises(message) in (True, False), "a reader recognises a message or does not")
    _check_failures(list(reader.failures(Message(data))))


def _check_failures(failures: list[Failure]) -> None:
    for failure in finish(failures):
        hold(len(failure.recipient) <= 320, "a recipient is no longer than an address may be", failure.recipient)
        hold(failure.diagnostic == " ".join(failure.diagnostic.split()), "a diagnostic is one line", failure.diagnostic)
        check_verdict(
            default_classifier().classify(
                failure.diagnostic,
                status=failure.status,
                reply=failure.reply,
                host=failure.remote_mta,
                recipient=failure.recipient,
            )
        )


def read_parts(data: bytes) -> None:
    """The view on a message's structure: every part, its text and its fields; none invents bytes."""
    message = Message(data)
    leaves = message.leaves()
    hold(bool(leaves), "a message has a leaf")
    for part in leaves:
        hold(len(part.body) <= len(data), "a part is no longer than its message", len(part.body), len(data))
        part.text()
        for name in part.fields:
            part.words(name)
    hold(message.plain_text() == Message(data).plain_text(), "the same bytes give the same text")
    hold(read_message(data) == read_message(data), "the same bytes give the same report")


@cache
def _seeds() -> list[bytes]:
    return mail()


TARGETS = (
    Target("messages", read, _seeds),
    Target("parts", read_parts, _seeds),
    *(Target(f"reader-{reader.name}", partial(read_alone, reader), _seeds) for reader in (*FEEDBACK_READERS, *READERS)),
)
