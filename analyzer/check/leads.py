"""The list that is checked: every row of it in its order, from a table of any kind or one address a line.

Nothing is left out here, for a row without an address is a finding as well.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from analyzer.errors import UnreadableInputError

if TYPE_CHECKING:
    import pandas as pd

Source: TypeAlias = str | Path

_HEAD = 256 * 1024
_PLAIN_ENDINGS = frozenset({"", ".txt", ".list", ".lst", ".text"})
_DELIMITERS = ",;\t|"
#: Columns of a lead that only the chances learnt from earlier sends look at.
_KNOWN = ("company", "country", "title", "list_source")
_GIVE_LIST = "give one address a line, or a table with a header row"
#: The share of the lines with an address from which on they are a list of addresses, whatever they look like.
_LEAST_ADDRESSES, _LEAST_BESIDE_MAIL = 0.1, 0.5
#: What to do with mail that was given for a list.
_MAIL_ELSEWHERE = "what bounced before goes with --history, what bounced since the list was checked with --against"


@dataclass(frozen=True, slots=True)
class LeadList:
    """A list, row by row; every sequence has one entry a row.

    texts: the cell of the address as written. status_texts: the verification as written, or "unsubscribed" of
    whoever asked out. statuses, industries, groups: in canonical words, "" where the list has
    no such column. verified_days: days since 1970-01-01 of the verification, None unknown. own: the list's own cells
    under `headers`. mapping: header -> field. known: what else the list tells of its leads, by column, that earlier
    sends may have shown to matter.
    """

    path: str
    texts: list[str]
    statuses: list[str]
    status_texts: list[str]
    industries: list[str]
    groups: list[str]
    verified_days: list[int | None]
    headers: tuple[str, ...]
    own: list[tuple[str, ...]]
    mapping: Mapping[str, str] | None = None
    platform: str = ""
    warnings: tuple[str, ...] = ()
    known: Mapping[str, list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.texts)

    def frame(self, emails: Sequence[str]) -> pd.DataFrame:
        """The leads as `correlate` takes them, with the addresses as cleaned."""
        import pandas as pd

        return pd.DataFrame(
            {
                "email": list(emails),
                "email_status": self.statuses,
                "industry": self.industries,
                "verified_at": pd.to_datetime(
                    pd.Series([None if day is None else day * 86400 for day in self.verified_days], dtype="float64"),
                    unit="s",
                    utc=True,
                ),
                **self.known,
            }
        )


def read_leads(source: Source | pd.DataFrame | Iterable[str], mapping: Mapping[str, str] | None = None) -> LeadList:
    """Every row of a CSV, XLSX, Parquet or JSON-lines file, of a text file with an address a line, of "-" (the standard
    input), of a frame, or of addresses. Raises `UnreadableInputError`, and `MissingColumnError` where no column holds
    addresses.
    """
    if not isinstance(source, (str, Path)):
        import pandas as pd

        if isinstance(source, pd.DataFrame):
            return _of_table(source, mapping)
        given: object = source
        if isinstance(given, (bytes, bytearray, dict)) or not isinstance(given, Iterable):
            what = type(given).__name__
            raise TypeError(f"check: a list is the path of a file (str or Path), a frame or addresses, not {what}")
        return _of_lines("(addresses)", [_line_of(one) for one in source])
    if str(source) == "-":
        return _of_stdin(mapping)
    path = Path(source)
    try:
        lines = _plain_lines(path, mapping)
        return _of_lines(str(path), _without_end(lines)) if lines is not None else _of_table(path, mapping)
    except UnreadableInputError:
        if _is_mail(path):
            raise UnreadableInputError(str(path), "is mail, no list of leads", _MAIL_ELSEWHERE) from None
        raise


def _is_mail(path: Path) -> bool:
    from analyzer.sources.content import HEAD_SIZE, recognise

    try:
        with path.open("rb") as file:
            return recognise(file.read(HEAD_SIZE)) in ("message", "mbox")
    except OSError:
        return False


def _line_of(given: object) -> str:
    """One of the addresses in memory: every one is a lead, so that the answers stand in their places."""
    import pandas as pd

    if isinstance(given, str):
        return given
    if isinstance(given, (Mapping, Sequence)) or hasattr(given, "iloc"):
        what = type(given).__name__
        raise TypeError(f"check: an address is a str, not {what}; give a frame where more is known of each lead")
    return "" if pd.isna(given) else str(given)  # type: ignore[call-overload]


def _of_stdin(mapping: Mapping[str, str] | None) -> LeadList:
    # The readers look at a file twice; a pipe can be read only once.
    with tempfile.NamedTemporaryFile(prefix="leads-", suffix=".txt") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        try:
            leads = read_leads(file.name, mapping)
        except UnreadableInputError as error:
            raise type(error)("the standard input", error.problem, error.remedy) from None
        name = Path(file.name).name
    from dataclasses import replace

    told = tuple(text.replace(f"{name}: ", "standard input: ") for text in leads.warnings)
    return replace(leads, path="the standard input", warnings=told)


def _plain_lines(path: Path, mapping: Mapping[str, str] | None) -> list[str] | None:
    """The lines of a file that is no table but a list of addresses, one a line; None for a table."""
    if mapping or path.suffix.lower() not in _PLAIN_ENDINGS:
        return None
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        # The reader of tables tells what is wrong with it.
        return None
    encoding = text_encoding(head)
    sample = [line for line in head.decode(encoding, "replace").splitlines() if line.strip()][:200] if encoding else []
    if not sample or is_table(sample):
        return None
    lines = text_lines(path, encoding)
    # A list may have gaps; a text that names somebody now and then is none, and mail names somebody more often.
    alike = sum("@" in line for line in lines) / max(sum(map(bool, map(str.strip, lines))), 1)
    if alike < _LEAST_ADDRESSES or (alike < _LEAST_BESIDE_MAIL and _is_mail(path)):
        raise UnreadableInputError(str(path), "is no list of e-mail addresses", _GIVE_LIST)
    return lines


def text_encoding(head: bytes) -> str:
    """How a file of text that begins so is read; "" for what is no lines of text: a workbook, an archive, JSON."""
    utf16 = _utf16_codec(head)
    if (b"\0" in head and not utf16) or head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"[", b"{"}:
        return ""
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1", b"\x1f\x8b")):
        return ""
    return utf16 or "utf-8-sig"


def text_lines(path: Path, encoding: str) -> list[str]:
    """The lines of such a file; what is not in its encoding is in that of Windows."""
    data = path.read_bytes()
    with contextlib.suppress(UnicodeDecodeError):
        return data.decode(encoding).splitlines()
    return data.decode("cp1252", "replace").splitlines()


def _utf16_codec(head: bytes) -> str:
    if b"\0" not in head and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ""
    from analyzer.sources.content import utf16_codec

    return utf16_codec(head)


def is_table(sample: list[str]) -> bool:
    """Whether lines are rows of a table: a first line with a known header, or rows that split alike."""
    if any(
        _is_header(cell) for delimiter in _DELIMITERS for cell in next(csv.reader([sample[0]], delimiter=delimiter))
    ):
        return True
    for delimiter in _DELIMITERS:
        widths = [len(row) for row in csv.reader(sample, delimiter=delimiter)]
        usual = max(set(widths), key=widths.count)
        # Two addresses in a line are an untidy list; an address and other words are a table.
        if usual > 1 and widths.count(usual) >= 0.8 * len(widths):
            cells = [row for row in csv.reader(sample, delimiter=delimiter) if len(row) == usual]
            if sum(sum("@" in cell for cell in row) == 1 for row in cells) * 2 > len(cells):
                return True
    return False


def _is_header(cell: str) -> bool:
    if "@" in cell:
        return False
    from analyzer.sources.tables.platforms import generic, normalise_header

    return normalise_header(cell) in generic().columns["recipient"]


def _without_end(lines: list[str]) -> list[str]:
    """The lines without the blank ones that end a file."""
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _of_lines(path: str, lines: list[str]) -> LeadList:
    if not lines:
        raise UnreadableInputError(path, "is empty", _GIVE_LIST)
    blank = [""] * len(lines)
    return LeadList(path, lines, blank, blank, blank, blank, [None] * len(lines), (), [()] * len(lines))


def _of_table(source: Path | pd.DataFrame, mapping: Mapping[str, str] | None) -> LeadList:
    from analyzer.sources.tables.columns import canonical, cells_of, sample, without_empty_columns
    from analyzer.sources.tables.formats import read_cells
    from analyzer.sources.tables.headers import map_headers

    where = str(source) if isinstance(source, Path) else "(a frame)"
    name = source.name if isinstance(source, Path) else where
    if isinstance(source, Path) and source.is_dir():
        raise UnreadableInputError(where, "is a folder", "give one table file")
    cells = without_empty_columns(read_cells(source)[0] if isinstance(source, Path) else cells_of(source))
    if not cells.headers or not len(cells.frame):
        raise UnreadableInputError(where, "holds no rows", "give a table with a header row and leads below it")
    headers = map_headers(where, cells.headers, mapping, lambda place: sample(cells.frame, place))
    made = canonical(cells, headers, "leads", "", None)
    # The list's own cells as written: reading them must change nothing.
    own = [[str(cell) for cell in cells.frame.iloc[:, place].tolist()] for place in range(len(cells.headers))]
    notes = (*cells.notes, *headers.notes, *made.warnings)
    return _canonical(
        where,
        made.frame,
        own[headers.fields["recipient"]],
        _unique(cells.headers),
        list(zip(*own, strict=True)),
        mapping={
            cells.headers[place]: "email" if field == "recipient" else field for field, place in headers.fields.items()
        },
        platform=headers.platform.title if headers.platform else "",
        warnings=tuple(f"{name}: {note}" for note in notes),
    )


def _canonical(
    path: str,
    frame: pd.DataFrame,
    texts: list[str],
    headers: tuple[str, ...],
    own: list[tuple[str, ...]],
    **more: Any,
) -> LeadList:
    from analyzer.correlate.industries import normalise_industries
    from analyzer.correlate.opted_out import SAID_IN, opted_out
    from analyzer.correlate.statuses import normalise_statuses

    count = len(texts)
    blank = [""] * count
    statuses, status_texts = blank, blank
    if "email_status" in frame.columns and (frame["email_status"] != "").any():
        status_texts = [str(text) for text in frame["email_status"]]
        told = normalise_statuses(frame["email_status"], more.get("platform", ""))
        # A blank cell says nothing, which is not the same as a verification that came to nothing.
        statuses = [status if text else "" for status, text in zip(told, status_texts, strict=True)]
    said = {name: frame[name] for name in SAID_IN if name in frame.columns}
    status_texts = [
        "unsubscribed" if out else text for out, text in zip(opted_out(said, count), status_texts, strict=True)
    ]
    industries, groups = blank, blank
    if "industry" in frame.columns and (frame["industry"] != "").any():
        named = normalise_industries(frame["industry"])
        industries, groups = named["industry"].tolist(), named["industry_group"].tolist()
    days: list[int | None] = [None] * count
    if "verified_at" in frame.columns and frame["verified_at"].notna().any():
        seconds = frame["verified_at"].dt.as_unit("s").astype("int64") // 86400
        days = [
            day if there else None for day, there in zip(seconds.tolist(), frame["verified_at"].notna(), strict=True)
        ]
    known = {name: frame[name].astype("str").tolist() for name in _KNOWN if name in frame.columns}
    return LeadList(path, texts, statuses, status_texts, industries, groups, days, headers, own, known=known, **more)


def _unique(headers: Sequence[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    names = []
    for header in headers:
        seen[header] = seen.get(header, 0) + 1
        names.append(header if seen[header] == 1 else f"{header} ({seen[header]})")
    return tuple(names)
