"""Markdown as the reference pages write it: tables whose cells cannot break them, and text that means itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown, on one line."""
    lines = [_row(header), _row(["---"] * len(header)), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", r"\|") for cell in cells) + " |"


def code(text: str) -> str:
    """The text as code, whatever it holds; nothing for nothing."""
    if not text:
        return ""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * (longest + 1)
    blank = " " if longest or text != text.strip() else ""
    return f"{ticks}{blank}{text}{blank}{ticks}"


def codes(texts: Iterable[str]) -> str:
    """Several as code, one after another."""
    return " ".join(code(text) for text in texts)


def plain(text: str) -> str:
    """Text in which nothing is Markdown or HTML but what stands in backticks as code."""
    parts = re.split(r"(`[^`\n]+`)", text)
    parts[::2] = [re.sub(r"([\\`*_<>\[\]#])", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def anchor(text: str) -> str:
    """A fixed anchor for a heading, written as `{ #… }` behind it."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
