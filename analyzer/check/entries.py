"""The entries of a list of one's own: addresses and domains that are suppressed, banned or disposable.

Such a list is kept by hand or by another program, so an entry is cleaned as a lead is: one that is overlooked for a
bracket or a remark is mail to somebody who asked for none.
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.addresses.reading import read_address
from analyzer.check.leads import is_table, text_encoding, text_lines
from analyzer.errors import UnreadableInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analyzer.check.leads import Source

_HEAD = 256 * 1024
#: A remark begins a line or stands behind a blank: a local part may hold the sign.
_REMARK = re.compile(r"(?:^|\s)#.*")
_DELIMITERS = re.compile(r"[,;|\t]")
#: What parts the addresses of one cell.
_BETWEEN = re.compile(r"[,;|/\s<>()]+")
_DOMAIN = re.compile(r"(?:https?://|\*?@|\*\.)?((?:[^\s.@/:]+\.)+[^\s.@/:]+)\.?/?")
_NAMES = ("email", "emailaddress", "recipient", "address", "domain", "domainname", "bouncedemail")
_REASONS = ("reason", "type", "category", "cause")


def read_entries(source: Source) -> Iterator[tuple[str, str]]:
    """The addresses and domains of a list, in lower case, each with the reason that the list gives ("" none).

    One or several a line, or a table: a column of addresses or domains and perhaps one called reason. "#" begins a
    remark. `UnreadableInputError` for a file that cannot be read, and for one with text but no entry.
    """
    path = Path(source)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise UnreadableInputError(str(path), f"cannot be read: {error.strerror}") from None
    encoding = text_encoding(head)
    lines: Iterable[str] = head.decode(encoding, "replace").splitlines() if encoding else ()
    sample = list(islice(filter(None, map(_without_remark, lines)), 200))
    if encoding and not sample and len(head) < _HEAD:
        return
    if sample and not is_table(sample) and not _has_header(sample[0]):
        rows: Iterable[tuple[str, list[str], str]] = (
            (line, _of_line(line), "") for line in map(_without_remark, text_lines(path, encoding))
        )
    else:
        rows = _of_table(path)
    found, unread = False, ""
    for text, entries, why in rows:
        found = found or bool(entries)
        unread = unread or text
        for entry in entries:
            yield entry, why
    if unread and not found:
        raise UnreadableInputError(str(path), "names no address and no domain", "give one a line, or a table of them")


def _without_remark(line: str) -> str:
    return _REMARK.sub("", line).strip()


def _has_header(line: str) -> bool:
    from analyzer.sources.tables.platforms import normalise_header

    return "@" not in line and any(normalise_header(cell) in _NAMES for cell in _DELIMITERS.split(line))


def _of_line(line: str) -> list[str]:
    """All addresses of a line, or the domain that it begins with."""
    parts = _DELIMITERS.split(line)
    return [entry for part in [part for part in parts if "@" in part] or parts[:1] for entry in _entries(part)]


def _entries(cell: str) -> list[str]:
    bare = cell.strip().strip("\"'").lower()
    domain = _DOMAIN.fullmatch(bare)
    if domain:
        return [domain[1]]
    if "@" not in bare:
        return []
    address = read_address(cell)
    if address.fault != "several_addresses":
        return [address.email.lower()]
    return [read_address(part).email.lower() for part in _BETWEEN.split(cell) if "@" in part]


def _of_table(path: Path) -> Iterator[tuple[str, list[str], str]]:
    """The rows of a table: what they say of whom they are about, the entries in that, and the reason."""
    from analyzer.sources.tables.formats import read_cells
    from analyzer.sources.tables.platforms import generic, normalise_header

    cells, _ = read_cells(path)
    keys = [normalise_header(header) for header in cells.headers]
    columns = [[str(cell).strip() for cell in cells.frame.iloc[:, place].tolist()] for place in range(len(keys))]
    places = [keys.index(name) for name in (*_NAMES, *generic().columns["recipient"]) if name in keys]
    if not places:
        places = [place for place, column in enumerate(columns) if any("@" in cell for cell in column)][:1]
    if not places:
        raise UnreadableInputError(str(path), "has no column of addresses or domains", "name it email or domain")
    reasons = next((columns[keys.index(name)] for name in _REASONS if name in keys), None)
    for row in range(len(cells.frame)):
        told = [columns[place][row] for place in places]
        # The domain beside an address says no more than the address.
        entries = next(filter(None, map(_entries, told)), [])
        yield "".join(told), entries, reasons[row] if reasons else ""
