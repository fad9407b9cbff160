"""A table of a workspace opened, or none that was never made; a damaged one is told in a line."""

from __future__ import annotations

import re
from pathlib import Path

import deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from analyzer.errors import UnreadableInputError

#: As URLs write a sign (RFC 3986, 2.1).
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
#: What to do about a damaged table.
MEND = "restore the workspace from a copy, or take the files in again into a new one"


def opened(place: str, name: str, storage_options: dict[str, str] | None) -> deltalake.DeltaTable | None:
    """A table of the workspace at `place`, None for one that was never made.

    `UnreadableInputError` for one that cannot be read, and for files without a log: they would count as never taken in.
    """
    found_at = where(place, name)
    for last in (False, True):
        try:
            return deltalake.DeltaTable(found_at, storage_options=storage_options)
        except TableNotFoundError:
            if "://" in found_at or not any(Path(found_at).rglob("*.parquet")):
                return None
            # Another one may have made the table, and its first files, since it was looked for: then it is there now.
            if last:
                problem = f"its table {name} has files and no log (_delta_log) that tells which of them count"
                raise UnreadableInputError(place, problem, MEND) from None
        except (DeltaError, OSError) as error:
            raise UnreadableInputError(place, f"its table {name} cannot be read: {line_of(error)}") from None
    return None


def where(place: str, name: str) -> str:
    """The address of a table of the workspace at `place`.

    `UnreadableInputError` for a folder with an escape of URLs in its path: the engine would read it as another one.
    """
    if "://" not in place and (escape := _ESCAPE.search(str(Path(place).absolute()))):
        problem = f"has {escape[0]} in its path, which the tables take for another sign"
        raise UnreadableInputError(place, problem, "choose a folder without")
    return f"{place.rstrip('/')}/{name}"


def line_of(error: Exception) -> str:
    """What an engine says, on one line of a bearable length."""
    return " ".join((getattr(error, "strerror", None) or str(error)).split())[:300]
