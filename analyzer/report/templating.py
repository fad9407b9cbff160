"""The frame that every page shares: one look, one script, one policy, templates that extend `base.html`.

    render("page.html", title="Bounce report", d=diagnosis)

A page that another folder keeps (the weekly report, the local page) names that folder; its templates begin with
`{% extends "base.html" %}` and may `{% import "tables.html" as tables %}`. Style and script are inline and allowed by
their hash (CSP Level 3, 8.1), everything else is forbidden unless `policy` allows it. Jinja escapes every value, and
`shown` strips what cannot be read before that.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analyzer.report import words
from analyzer.report.glossary import Explainer

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATES: Final = Path(__file__).parent / "templates"
#: Nothing but the page's own style and script.
_POLICY: Final = {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'"}


@dataclass(frozen=True, slots=True)
class Look:
    """Style and script as they stand in the page, and the policy that allows these and no others."""

    style: Markup
    script: Markup
    policy: str


def look(
    *,
    extra_style: str = "",
    extra_script: str = "",
    policy: Mapping[str, str] | None = None,
) -> Look:
    """The look of every page; `extra_*` come behind the shared ones, `policy` adds or replaces directives.

    >>> look(policy={"form-action": "'self'"})  # doctest: +SKIP
    """
    style, script = part("page.css") + extra_style, part("page.js") + extra_script
    directives = {
        "default-src": _POLICY["default-src"],
        "style-src": _hash(style),
        "script-src": _hash(script),
        **{name: value for name, value in _POLICY.items() if name != "default-src"},
        **(policy or {}),
    }
    return Look(Markup(style), Markup(script), "; ".join(f"{name} {value}" for name, value in directives.items()))  # noqa: S704 - our own files


def render(
    template: str,
    *,
    folders: tuple[Path, ...] = (),
    extra_style: str = "",
    extra_script: str = "",
    policy: Mapping[str, str] | None = None,
    **values: Any,
) -> str:
    """A page from `template`, searched in `folders` before the shared ones; `values` are what it shows.

    Every template also has `look`, `words` (the module) and `explain`: `explain(text)` gives the text with each word of
    the trade in it as a button that says what it means, once in each `scope`.
    """
    seen = look(extra_style=extra_style, extra_script=extra_script, policy=policy)
    return (
        environment(*folders)
        .get_template(template)
        .render(
            look=seen,
            words=words,
            explain=Explainer(),
            **values,
        )
    )


@cache
def environment(*folders: Path) -> Environment:
    """Templates of `folders`, then the shared ones; escaping on, undefined names refused."""
    made = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        percent=words.percent,
        number=words.count,
        chance=words.chance,
        short=words.short,
        breakable=breakable,
    )
    return made


def shown(value: object) -> object:
    """Every value on its way into a page: our own markup as it is, anything else cleaned, units kept on the line."""
    if isinstance(value, (Markup, int, float)):
        return value
    return words.clean(value).replace(" %", "\N{NO-BREAK SPACE}%")


def breakable(value: str) -> Markup:
    """Foreign text that may break behind an @: on a phone half an address is easier to read than a torn word."""
    return Markup("@<wbr>").join(words.clean(part) for part in value.split("@"))


@cache
def part(name: str) -> str:
    """One of the shared files: `page.css`, `page.js`."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
