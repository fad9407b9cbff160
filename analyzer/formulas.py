"""Cells that a spreadsheet would run: how our files keep them from it, and how our readers get the cell back.

OWASP, "CSV Injection": a cell that begins with = + - @, their full-width forms, a tab or a line end may be run as a
formula. Such a cell of a CSV file has an apostrophe in front. A reader takes one apostrophe off again where a formula
follows, so a text that itself begins with apostrophes and a formula gets one more.
"""

from __future__ import annotations

import re
from typing import Final

STARTS: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
#: The guard of a cell, to be removed once.
GUARD: Final = re.compile("^'(?='*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")


def unguarded(cell: str) -> str:
    """The cell as it was before it was guarded."""
    return GUARD.sub("", cell, count=1) if cell[:1] == "'" else cell
