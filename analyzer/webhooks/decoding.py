"""The JSON of a request, read as feeds read it: what is checked has to be what is taken in."""

from __future__ import annotations

import json
from typing import Any

import orjson

from analyzer.sources.feeds.json_values import decoded

__all__ = ["coded", "decoded"]


def coded(value: Any, *, indented: bool = True) -> bytes:
    """Any value that `decoded` gives, for a person to read."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 if indented else None)
    except TypeError:
        return json.dumps(value, indent=2 if indented else None).encode()
