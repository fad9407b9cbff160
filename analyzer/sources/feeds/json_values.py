"""JSON as feeds write it: strict (RFC 8259), and what some writers make of it.

NaN, lone surrogates, bare control characters, broken UTF-8, integers of any length: one such value must not cost the
thousand events beside it.
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
