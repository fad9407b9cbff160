"""The JSON Schemas that are shipped with the package, as tables: a row for each field, with its type and meaning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from analyzer import report
from reference.markdown import code, plain, table

_Schema: TypeAlias = dict[str, Any]
_WEEKLY = Path(report.__file__).parent / "weekly" / "weekly.schema.json"


def diagnosis() -> str:
    """The page on diagnosis.json."""
    return _page("diagnosis.json", report.SCHEMA, "`diagnose --out DIR` writes it, `diagnose --json` prints it.")


def weekly() -> str:
    """The page on weekly.json."""
    return _page("weekly.json", _WEEKLY, "`weekly --out DIR` writes it for each week, `weekly --json` prints it.")


def _page(name: str, path: Path, about: str) -> str:
    schema: _Schema = json.loads(path.read_text(encoding="utf-8"))
    version = schema["properties"].get("schema_version", {}).get("const", "")
    where = f"`analyzer/{path.relative_to(Path(report.__file__).parent.parent).as_posix()}`"
    parts = [
        f"# {name}",
        f"{about} Schema version {version}, as JSON Schema in the package: {where}. "
        + plain(schema.get("description", "")),
        "Within a major version of the schema fields are added and none is removed or changes its meaning: read what "
        "you know, and let the rest be.",
        table(("field", "type", "means"), _fields(schema, "")),
    ]
    for part, definition in schema.get("$defs", {}).items():
        parts.append(f"## {part} {{ #{part.lower().replace('_', '-')} }}")
        if "properties" in definition:
            about = plain(definition.get("description", ""))
            parts += [about, table(("field", "type", "means"), _fields(definition, ""))]
        else:
            parts.append(f"{_type(definition)}. {plain(definition.get('description', ''))}")
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def _fields(schema: _Schema, before: str) -> Iterator[tuple[str, str, str]]:
    for name, each in schema.get("properties", {}).items():
        path = f"{before}{name}"
        yield code(path), _type(each), plain(each.get("description", ""))
        inner, mark = each, "."
        if each.get("type") == "array":
            inner, mark = each.get("items", {}), "[]."
        for one in (inner, *inner.get("oneOf", ())):
            if "properties" in one:
                yield from _fields(one, path + mark)


def _type(schema: _Schema) -> str:
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower().replace('_', '-')})"
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "enum" in schema:
        return " ".join(code(json.dumps(value, ensure_ascii=False)) for value in schema["enum"])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(_type(each) for each in schema[key])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    told = " or ".join(kind) if isinstance(kind, list) else str(kind)
    bounds = [f"{words} {schema[key]}" for key, words in (("minimum", "from"), ("maximum", "to")) if key in schema]
    return " ".join([told, *bounds])
