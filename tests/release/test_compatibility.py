"""The promise of docs/compatibility.md: within a major version, what reads the JSON of an older one reads the new."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = sorted((Path(__file__).parent / "published").glob("*.schema.json"))
SHIPPED = {
    "diagnosis": ROOT / "analyzer/report/diagnosis.schema.json",
    "weekly": ROOT / "analyzer/report/weekly/weekly.schema.json",
}
Schema = dict[str, Any]
#: Words that may grow, as the promise says: which of our reasons and fixes there are.
GROWING = {"reason", "reasons", "fix", "id"}


def breaks(old: Schema, new: Schema) -> list[str]:
    """What a reader of `old` would trip over in a file that `new` describes, each with its place."""
    return list(_breaks(old, new, old, new, ""))


def _breaks(old: Schema, new: Schema, old_all: Schema, new_all: Schema, at: str) -> Iterator[str]:
    old, new = _plain(old, old_all), _plain(new, new_all)
    if "oneOf" in old or "oneOf" in new:
        before, after = old.get("oneOf", [old]), new.get("oneOf", [new])
        for one in after:
            if all(any(_breaks(other, one, old_all, new_all, at)) for other in before):
                yield f"{at}: may be what it never was: {json.dumps(one)[:80]}"
        return
    more = _types(new) - _types(old)
    if more:
        yield f"{at}: may be {', '.join(sorted(more))}, was {', '.join(sorted(_types(old)))}"
    yield from _words(old, new, at)
    for name, before in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{at}/{name}: is gone"
            continue
        if name in old.get("required", ()) and name not in new.get("required", ()):
            yield f"{at}/{name}: may be missing"
        yield from _breaks(before, new["properties"][name], old_all, new_all, f"{at}/{name}")
    for inner in ("items", "additionalProperties"):
        if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
            yield from _breaks(old[inner], new[inner], old_all, new_all, f"{at}/{inner}")


def _plain(schema: Schema, whole: Schema) -> Schema:
    while "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def _types(schema: Schema) -> set[str]:
    given = schema.get("type")
    if given is None:
        return {"string"} if "enum" in schema or "const" in schema else {"anything"}
    types = {given} if isinstance(given, str) else set(given)
    return types | {"integer"} if "number" in types else types


def _words(old: Schema, new: Schema, at: str) -> Iterator[str]:
    if "const" in old and at != "/schema_version" and old["const"] != new.get("const"):
        yield f"{at}: is no longer always {old['const']!r}"
    if "enum" in old and at.rpartition("/")[2] not in GROWING and not at.endswith("/reasons/items"):
        more = set(new["enum"]) - set(old["enum"]) if "enum" in new else {"any word"}
        if more - ({new.get("const")} - {None}):
            yield f"{at}: new words {sorted(map(str, more))}"


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.name.removesuffix(".schema.json"))
def test_a_reader_of_a_published_schema_reads_what_is_shipped(path):
    name, version = re.fullmatch(r"(\w+)-(\d+\.\d+)\.schema\.json", path.name).groups()
    old, new = json.loads(path.read_text()), json.loads(SHIPPED[name].read_text())
    assert old["properties"]["schema_version"]["const"] == version
    major = new["properties"]["schema_version"]["const"].partition(".")[0]
    if version.partition(".")[0] == major:
        assert breaks(old, new) == []


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_schema_is_published(name):
    text = SHIPPED[name].read_text()
    version = json.loads(text)["properties"]["schema_version"]["const"]
    published = Path(__file__).parent / "published" / f"{name}-{version}.schema.json"
    assert published.exists() and json.loads(published.read_text()) == json.loads(text), (
        f"{SHIPPED[name]} has changed: where {version} is out already, raise the minor version; then copy it to {published}"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s["properties"].pop("totals"), ["/totals: is gone"]),
        (lambda s: s["required"].remove("totals"), ["/totals: may be missing"]),
        (lambda s: s["properties"]["tool_version"].update(type=["string", "null"]), ["/tool_version: may be null, was string"]),
        (lambda s: s["properties"]["tool_version"].update(type="number"), ["/tool_version: may be integer, number, was string"]),
        (
            lambda s: s["properties"]["deliverability"]["properties"]["side"]["enum"].append("nobody"),
            ["/deliverability/side: new words ['nobody']"],
        ),
        # What may come: another key, and a reader that is told of fewer kinds of values.
        (lambda s: s["properties"].update(extra={"type": "string"}), []),
        (lambda s: s["properties"]["schema_version"].update(const="1.7"), []),
    ],
)  # fmt: skip
def test_the_comparison_finds_what_would_break_a_reader(change, says):
    old = json.loads(SHIPPED["diagnosis"].read_text())
    new = copy.deepcopy(old)
    change(new)
    assert breaks(old, new) == says


@pytest.mark.parametrize("name", SHIPPED)
def test_every_key_of_the_json_says_what_it_means(name):
    """The reference is made from it."""
    whole = json.loads(SHIPPED[name].read_text())
    parts = [(f"#{part}", schema) for part, schema in whole["$defs"].items()]
    assert [path for path, schema in parts if not schema.get("description")] == []
    assert [path for at, schema in [("", whole), *parts] for path in _silent(schema, at)] == []


def _silent(schema: Schema, at: str) -> Iterator[str]:
    for name, each in schema.get("properties", {}).items():
        if not each.get("description", "").endswith("."):
            yield f"{at}/{name}"
        for inner in (each, each.get("items", {}), *each.get("oneOf", ())):
            yield from _silent(inner, f"{at}/{name}")
