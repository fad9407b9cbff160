"""What the property tests draw: mutants of the seeds, and inputs grown from grammars of their own."""

from __future__ import annotations

import json
from collections.abc import Callable

from hypothesis import strategies as st

from fuzz.mutation import ADDRESSES, CHARSETS, ENCODINGS, FRAGMENTS
from fuzz.target import Target
from fuzz.worker import mutant

#: Text with what breaks readers more often than it comes by chance.
TEXT = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from("\x00\x1b\x85\u2028\u202e\ufeff\u0130ß@<>.;:=?\"'()[]\\ \t\r\n0123456789"),
    ),
    max_size=200,
)
LINE = TEXT.map(lambda text: text.replace("\n", " ").replace("\r", " "))


def mutants(target: Target) -> st.SearchStrategy[bytes]:
    """Mutants of a target's seeds, by number."""
    return st.integers(0, 1 << 40).map(lambda number: mutant(target.seeds(), 2, number))


_BYTES = st.one_of(
    st.binary(max_size=60), TEXT.map(lambda text: text.encode("utf-8", "replace")), st.sampled_from(FRAGMENTS)
)
_NAMES = st.sampled_from(
    [b"From", b"To", b"Subject", b"Date", b"Return-Path", b"X-Failed-Recipients", b"Auto-Submitted", b"Message-ID", b"Received",
     b"Final-Recipient", b"Original-Recipient", b"Action", b"Status", b"Diagnostic-Code", b"Remote-MTA", b"Reporting-MTA",
     b"Feedback-Type", b"Disposition", b"Content-Disposition", b"List-Id", b"X-Odd"]
)  # fmt: skip
_VALUES = st.one_of(
    _BYTES,
    st.sampled_from(ADDRESSES),
    st.sampled_from(
        [b"Mail Delivery System <MAILER-DAEMON@mx.example>", b"<>", b"failed", b"delayed", b"5.1.1", b"failure notice", b"rfc822; kim@lumen.example",
         b"smtp; 550 5.1.1 <kim@lumen.example>: User unknown", b"dns; mx.example", b"Tue, 3 Mar 2026 09:30:00 +0100", b"abuse", b"auto-replied"]
    ),
)  # fmt: skip
_FIELD = st.builds(lambda name, value: name + b": " + value.replace(b"\n", b"\n ") + b"\n", _NAMES, _VALUES)
_FIELDS = st.lists(_FIELD, max_size=8).map(b"".join)
_TYPES = st.sampled_from(
    [b"text/plain", b"text/html", b"message/delivery-status", b"message/global-delivery-status", b"message/feedback-report",
     b"message/disposition-notification", b"message/rfc822", b"text/rfc822-headers", b"application/octet-stream", b"x"]
)  # fmt: skip
_LEAF = st.builds(
    lambda kind, charset, encoding, head, body: (
        b"Content-Type: "
        + kind
        + b"; charset="
        + charset
        + b"\nContent-Transfer-Encoding: "
        + encoding
        + b"\n"
        + head
        + b"\n"
        + body
    ),
    _TYPES,
    st.sampled_from(CHARSETS),
    st.sampled_from(ENCODINGS),
    _FIELDS,
    st.one_of(_BYTES, _FIELDS, st.lists(_FIELDS, max_size=3).map(b"\n".join)),
)


def _multipart(parts: list[bytes], boundary: bytes, kind: bytes, close: bool) -> bytes:
    head = b"Content-Type: multipart/" + kind + b'; boundary="' + boundary + b'"\n\n'
    return (
        head
        + b"".join(b"--" + boundary + b"\n" + part + b"\n" for part in parts)
        + (b"--" + boundary + b"--\n" if close else b"")
    )


_ENTITY = st.recursive(
    _LEAF,
    lambda inner: st.builds(
        _multipart,
        st.lists(inner, max_size=4),
        st.sampled_from([b"b", b"=_b1", b"b b", b""]),
        st.sampled_from([b"report", b"mixed", b"digest", b"alternative"]),
        st.booleans(),
    ),
    max_leaves=6,
)
#: Messages from the grammar of MIME (RFC 5322, RFC 2045, RFC 3464), with anything in every place.
MESSAGES = st.builds(lambda fields, entity: fields + entity, _FIELDS, _ENTITY)

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    LINE,
    st.sampled_from(["bounce", "kim@lumen.example", "550 5.1.1 no", "2026-03-02T09:11:21Z"]),
)


def json_like(keys: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """JSON values with these keys, of any depth."""
    values = st.recursive(
        _SCALARS,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=6)),
        max_leaves=12,
    )
    return st.dictionaries(keys, values, max_size=8).map(lambda value: json.dumps(value).encode())


def keys_of(target: Target) -> st.SearchStrategy[str]:
    """The keys that stand anywhere in a target's seeds of JSON."""
    found: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            found.update(map(str, value))
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    for seed in target.seeds():
        try:
            walk(json.loads(seed))
        except ValueError:
            continue
    return st.sampled_from(sorted(found) or ["event"])


_CELLS = st.one_of(
    LINE,
    st.sampled_from(
        ["kim@lumen.example", "=1+1", '"', '"a,b"', "TRUE", "2026-03-02", "1772442681", "verified", "x" * 300]
    ),
)
_HEADERS = st.sampled_from(
    ["email", "Email", "recipient", "Sent At", "campaign", "status", "industry", "", "email", "Ünïcode", "1"]
)
#: Tables from rows of uneven width.
TABLES = st.builds(
    lambda header, rows, delimiter, end: end.join(delimiter.join(row) for row in [header, *rows]).encode(
        "utf-8", "replace"
    ),
    st.lists(_HEADERS, min_size=1, max_size=6),
    st.lists(st.lists(_CELLS, max_size=7), max_size=6),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)

#: A name of a target, or its beginning, and what a grammar makes for it.
GRAMMARS: dict[str, Callable[[Target], st.SearchStrategy[bytes]]] = {
    "messages": lambda target: MESSAGES,
    "parts": lambda target: MESSAGES,
    "reader-": lambda target: MESSAGES,
    "delivery-status": lambda target: st.lists(_FIELDS, max_size=5).map(b"\n".join),
    "feed": lambda target: json_like(keys_of(target)),
    "table-log": lambda target: TABLES,
    "table-leads": lambda target: TABLES,
    "own-rows-csv": lambda target: TABLES,
    "webhook-requests": lambda target: st.builds(
        lambda seed, body: seed.partition(b"\n\n")[0] + b"\n\n" + body,
        st.sampled_from(target.seeds()),
        json_like(st.sampled_from(["event", "Type", "signature"])),
    ),
}


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Mutants, and what the target's grammar makes, or any text or bytes."""
    grown = next((make(target) for name, make in GRAMMARS.items() if target.name.startswith(name)), None)
    return st.one_of(mutants(target), grown if grown is not None else _BYTES)
