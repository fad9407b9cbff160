"""The files for machines: diagnosis.json and the tables."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from analyzer.files import atomic
from analyzer.readable import printable_json
from analyzer.report.rows import write_rows

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from analyzer.diagnose.diagnosis import Diagnosis


def json_text(diagnosis: Diagnosis) -> str:
    """diagnosis.json: values exactly as found, with acting characters written as escapes; no NaN, no Infinity."""
    return readable_json(diagnosis.to_dict())


def readable_json(values: Mapping[str, Any]) -> str:
    """`values` as indented JSON that is safe to print: see `json_text`."""
    text = json.dumps(_plain(values), ensure_ascii=False, allow_nan=False, indent=2)
    return printable_json(text.encode()).decode() + "\n"


def _plain(value: Any) -> Any:
    """Lists, dicts, text, numbers and null: what a number of numpy, a path or a date in the options becomes."""
    if hasattr(value, "item") and callable(value.item):
        value = value.item()
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, Mapping):
        return {_plain(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(_plain(str(item)) for item in value)
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else _plain(str(value))


def write_text(path: Path, text: str) -> None:
    """UTF-8 text with `\\n` line ends, whole or not at all."""
    with atomic(path) as temporary:
        temporary.write_bytes(text.encode("utf-8", "replace"))


def write_frame(path: Path, frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """A frame as CSV: empty cells for what is not known, times in ISO 8601, cells that look like formulas defused."""
    import pandas as pd

    chosen = frame.reindex(columns=list(columns))
    for name in chosen.columns:
        if isinstance(chosen[name].dtype, pd.DatetimeTZDtype):
            chosen[name] = chosen[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    plain = chosen.astype(object).where(chosen.notna(), None)
    write_rows(plain.itertuples(index=False, name=None), path, [str(name) for name in columns])
