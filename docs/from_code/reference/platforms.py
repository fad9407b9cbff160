"""What is recognised: exports of platforms and verifiers by their headers, event feeds, mail-server logs."""

from __future__ import annotations

import inspect
from typing import Any

from analyzer import knowledge
from analyzer.sources.feeds.general import GENERAL
from analyzer.sources.feeds.registry import READERS
from analyzer.sources.logs.registry import LINE_READERS, WHOLE_READERS
from analyzer.sources.tables.platforms import generic, platforms
from reference.markdown import code, codes, plain, table

_HEAD = """# Platforms, feeds and logs

## Exports, by their headers

A table is taken for a platform's when it has one of its *fingerprints*: all headers of one of the sets below, compared
without case, blanks and punctuation. Its columns are then taken as the platform means them. Any other table is read by
the [general names](#any-other-table). Which column was taken for what is printed in every run. [Add a
platform](../how-to/add-a-platform.md) says how to teach it another.
"""


def page() -> str:
    """The page."""
    parts = [_HEAD]
    for each in platforms():
        headers = _as_written(each.name)
        prints = "; or ".join(codes(one) for one in headers["fingerprints"])
        parts += [f"### {plain(each.title)}", f"Recognised by {prints}.", _columns(headers)]
    parts += [
        "### Any other table { #any-other-table }",
        _columns(_as_written(generic().name)),
        "## Event feeds",
        "JSON, JSON lines or an array, as a webhook sends them or as they were saved. Asked in this order.",
        table(("reader", "reads"), [(code(_name(each)), _first(each)) for each in (*READERS, GENERAL)]),
        "## Mail-server logs",
        "Plain or compressed; several servers' lines may stand in one file.",
        table(("reader", "reads"), [(code(_name(each)), _first(each)) for each in (*LINE_READERS, *WHOLE_READERS)]),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _as_written(name: str) -> dict[str, Any]:
    """The file of a platform, its headers spelt as the platform does."""
    return knowledge.load_toml(knowledge.data_folder("rules") / "platforms" / f"{name}.toml")


def _columns(headers: dict[str, Any]) -> str:
    return table(("field", "headers"), [(code(name), codes(names)) for name, names in headers["columns"].items()])


def _name(reader: object) -> str:
    return str(getattr(reader, "name", "") or getattr(reader, "__name__", type(reader).__name__))


def _first(reader: object) -> str:
    """The first sentence of what the reader's module, or the reader, says of itself."""
    kind = reader if inspect.isclass(reader) else type(reader)
    module = inspect.getmodule(kind)
    text = inspect.getdoc(module) or inspect.getdoc(kind) or ""
    return plain(" ".join(text.split("\n\n")[0].split()))
