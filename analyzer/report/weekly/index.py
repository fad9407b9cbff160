"""index.html: every week of the folder with its verdict, rates and alarms, the newest first."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from analyzer.errors import UnreadableInputError
from analyzer.redaction import masked_text
from analyzer.report import sentences
from analyzer.report.templating import render

_TEMPLATES = Path(__file__).parent / "templates"
_WEEK = re.compile(r"\d{4}-W\d{2}")


def html(out: Path, *, redact: bool = False) -> str:
    """The page, from the weekly.json of each week's folder in `out`; with `redact` without addresses.

    `UnreadableInputError` for a file that is none.
    """
    return render(
        "index.html",
        folders=(_TEMPLATES,),
        extra_style=(_TEMPLATES / "weekly.css").read_text(encoding="utf-8"),
        weeks=[
            _masked(_read(path)) if redact else _read(path)
            for path in sorted(out.glob("*/weekly.json"), reverse=True)
            if _WEEK.fullmatch(path.parent.name)
        ],
        tones=sentences.TONE_NAMES,
    )


def _masked(week: dict[str, Any]) -> dict[str, Any]:
    return week | {"sentence": masked_text(week["sentence"])}


def _read(path: Path) -> dict[str, Any]:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        figures = {one["name"]: one["now"] for one in table["figures"]}
        return {
            "week": path.parent.name,
            "starts": str(table["starts"]),
            "ends": str(table["ends"]),
            "sends": int(table["sends"]),
            "alarms": int(table["alarms"]),
            "tone": table["verdict"]["tone"] if table["verdict"]["tone"] in sentences.TONE_NAMES else "unsure",
            "sentence": str(table["verdict"]["sentence"]),
            "hard": _share(figures["hard"]["rate"]),
            "spam": _share(figures["spam"]["rate"]),
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = f"is no weekly report of this program ({type(error).__name__})"
        raise UnreadableInputError(
            str(path), problem, "move its folder away, or run weekly for that week again"
        ) from None


def _share(rate: Any) -> float | None:
    return None if rate is None else float(rate)
