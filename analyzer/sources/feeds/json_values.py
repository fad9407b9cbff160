"""JSON as feeds write it: strict (RFC 8259), and what some writers make of it.

NaN, lone surrogates, bare control characters, broken UTF-8, integers of any length: one such value must not cost the
thousand events beside it.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl

import orjson

#: The body of a form, whose names have letters, brackets and what stands for those.
_FORM = re.compile(rb"[\w\[\]%.-]{1,200}=[^\s<>{}]*+\s*+")
_MOST_FIELDS, _DEEPEST = 1000, 6


def is_form(data: bytes) -> bool:
    """Whether the bytes, or as many as there are of them, are the fields of a form."""
    return _FORM.fullmatch(data) is not None


def decoded(data: bytes) -> Any:
    """The value of JSON, or of a form's fields (`contact[email]=…`); ValueError for what is neither."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    if is_form(data):
        return _of_form(data)
    try:
        return json.loads(data.decode("utf-8", "replace"), strict=False, parse_constant=lambda _: None)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _of_form(data: bytes) -> Any:
    """The fields as an object, `a[b]` as b in a; a lone field that holds JSON, as Mandrill sends it, as that."""
    pairs = _pairs(data)
    if lone := _lone_json(pairs):
        return decoded(lone)
    found: dict[str, Any] = {}
    for name, value in pairs:
        *way, last = name.replace("]", "").split("[", _DEEPEST)
        place = found
        for step in way:
            inner = place.setdefault(step, {})
            if inner.__class__ is not dict:
                break
            place = inner
        else:
            place.setdefault(last, value)
    return found


def json_in_form(data: bytes) -> bytes:
    """The JSON that is the value of a form's only field, b"" where there is none; it may be cut off."""
    try:
        return _lone_json(_pairs(data)) if is_form(data) else b""
    except ValueError:
        return b""


def _pairs(data: bytes) -> list[tuple[str, str]]:
    return parse_qsl(data.decode("utf-8", "replace").strip(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)


def _lone_json(pairs: list[tuple[str, str]]) -> bytes:
    return pairs[0][1].encode() if len(pairs) == 1 and pairs[0][1].lstrip()[:1] in ("[", "{") else b""
