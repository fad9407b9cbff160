"""The JSON of a request, in one way for everybody here: what is checked has to be what is read.

Strict JSON (RFC 8259), and what some writers make of it: NaN, lone surrogates, bare control characters, broken UTF-8,
integers of any length. One such value must not cost the thousand events beside it.
"""

from __future__ import annotations

import json
from typing import Any

import orjson


def decoded(data: bytes) -> Any:
    """The value; ValueError for what is no JSON."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(data.decode("utf-8", "replace"), strict=False, parse_constant=lambda _: None)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def coded(value: Any, *, indented: bool = True) -> bytes:
    """Any value that `decoded` gives, for a person to read."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 if indented else None)
    except TypeError:
        return json.dumps(value, indent=2 if indented else None).encode()
