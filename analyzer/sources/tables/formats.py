"""What a table file is, told from its content, and its cells as text: delimited, spreadsheet, Parquet or JSON.

Sources: ECMA-376 (XLSX is a zip with `xl/workbook`), Apache Parquet's `PAR1` mark, RFC 8259 (JSON), RFC 4180 (CSV).
"""

from __future__ import annotations

import codecs
import hashlib
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from analyzer.errors import UnreadableInputError
from analyzer.readable import counted
from analyzer.sources.content import utf16_codec
from analyzer.sources.tables.cells import Cells
from analyzer.sources.tables.compressed import is_packed, unpacked
from analyzer.sources.tables.delimited import read_delimited
from analyzer.sources.tables.header_words import is_known
from analyzer.sources.tables.held import DASH, Held, copied, standard_input
from analyzer.sources.tables.json_records import read_json, unfolded
from analyzer.sources.tables.markup import markup_kind, read_markup
from analyzer.sources.tables.other_files import refuse_others
from analyzer.sources.tables.parquet import read_parquet
from analyzer.sources.tables.plausible import delivery_words, normalised, verification_words
from analyzer.sources.tables.sheets import as_table
from analyzer.sources.tables.web_archives import is_web_archive, sheets_of_archive
from analyzer.sources.tables.workbooks import read_sheets

# The code pages that lead lists come in, by region; a free guess prefers exotic ones on short texts.
_CODE_PAGES = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("cp932", "gb18030", "big5", "cp949"),
]
_OF_PAIRS = frozenset({"cp932", "gb18030", "big5", "cp949"})
_FEW = 8
_PAIR = re.compile(rb"[\x80-\xff]{2}|[\x81-\x9f]")
# Letters without which hardly a Slovak text goes, the only ones with an "ŕ": š, ž, ť, ľ.
_SLOVAK = re.compile(rb"[\x8a\x8d\x8e\x9a\x9d\x9e\xbc\xbe]")
# A word with a letter beyond ASCII.
_ODD_WORD = re.compile(rb"[A-Za-z]{0,30}[\x80-\xff][A-Za-z\x80-\xff]{0,30}")
_MOST_WORDS = 500
_CHUNK = 1024 * 1024
_MARKUP_LOOK = 16 * 1024
# Characters that text has none of.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x19\x1c-\x1f]")
_CHARSET = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)


def read_cells(source: Path | Held, kind: str = "") -> tuple[Cells, str]:
    """The table in the file, and the SHA-256 of its bytes; `UnreadableInputError` where there is none.

    source: a path of "-" is the standard input. kind: "log" for the sheet of a workbook that tells most of mail, "" for
    the first one with addresses.
    """
    if str(source) == DASH:
        with standard_input() as table:
            return read_cells(table, kind)
    table = source if isinstance(source, Held) else Held(source, str(source))
    try:
        if table.path.exists() and not table.path.is_file():
            # A pipe, such as the shell's <(…), gives its bytes once; the reading below goes over them several times.
            with TemporaryDirectory(prefix="table-") as folder, table.path.open("rb") as pipe:
                return _of_file(replace(table, path=copied(pipe, Path(folder) / "table", table.name)), kind)
        return _of_file(table, kind)
    except OSError as error:
        raise UnreadableInputError(table.name, f"cannot be read: {error.strerror}", "check the path") from None


def _of_file(table: Held, kind: str) -> tuple[Cells, str]:
    path, where = table.path, table.name
    head = _head(path)
    if not is_packed(head):
        return _cells(path, head, where, kind)
    with TemporaryDirectory(prefix="table-") as folder:
        inside = unpacked(path, head, Path(folder) / "table", where, table.member)
        if inside is None:
            return _cells(path, head, where, kind)
        digest = _sha256(inside if table.member else path)
        if is_packed(_head(inside)):
            # Such as leads.csv.gz in a zip. Of a workbook only its bounds are looked at.
            inside = unpacked(inside, _head(inside), Path(folder) / "inner", where) or inside
        return _cells(inside, _head(inside), where, kind)[0], digest


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64 * 1024)


def _cells(path: Path, head: bytes, where: str, kind: str) -> tuple[Cells, str]:
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise UnreadableInputError(where, "is empty", "give a table with a header row")
    refuse_others(path, head, where)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _spreadsheet(path, where, kind), _sha256(path)
    if head.startswith(b"PAR1"):
        with ThreadPoolExecutor(1) as pool:
            hashed = pool.submit(_sha256, path)
            return read_parquet(path, where), hashed.result()
    encoding, digest, zeros = _encoding(path, head)
    if is_web_archive(head):
        page = sheets_of_archive(path.read_bytes(), where)
        return as_table(read_markup(page, "page", where), where, kind), digest
    text = head.decode(encoding, errors="ignore")
    start = text.lstrip("\ufeff \t\r\n\0")[:2]
    if markup_kind(text[:_MARKUP_LOOK]):
        return _of_markup(path, encoding, where, kind), digest
    is_json = start[:1].isascii() and start[:1] in "[{"
    if not is_json and _is_binary(text[:4096]):
        raise UnreadableInputError(where, "is binary data, no table", "give CSV, XLSX, Parquet or JSON lines")
    read = read_json if is_json else read_delimited
    mixed = not encoding.startswith("utf") and _holds_utf8(path)
    if not (mixed or zeros):
        return unfolded(_with_encoding(read(path, encoding, where), encoding), where), digest
    with TemporaryDirectory(prefix="table-") as folder:
        cells = read(_in_utf8(path, encoding, Path(folder) / "table"), "utf-8-sig", where)
    cells = cells if mixed else _with_encoding(cells, encoding)
    notes = [f"some lines are UTF-8, others {encoding}; each was read as what it is"] if mixed else []
    notes += [f"{counted(zeros, 'NUL byte')} left out: the file may be damaged"] if zeros else []
    return unfolded(replace(cells, notes=(*cells.notes, *notes)), where), digest


def _is_binary(text: str) -> bool:
    """Whether text with a NUL is none: a byte that was lost here and there, or a tail of them behind a line, is no sign
    of that."""
    told = text.rstrip("\0")
    if "\0" not in text or ("\0" not in told and "\n" in told.replace("\r", "\n")):
        return False
    return "\n" not in told.replace("\r", "\n") or len(_CONTROLS.findall(told)) > max(_FEW, len(told) // 20)


def _holds_utf8(path: Path) -> bool:
    """Whether a file that is not UTF-8 throughout is in part: lists pasted together from several sources."""
    right = wrong = 0
    with path.open("rb") as file:
        for line in file:
            if not line.isascii():
                good = _is_utf8(line)
                right, wrong = right + good, wrong + (not good)
            if right + wrong >= 10_000:
                break
    # Two bytes of another code page may look like UTF-8 by chance; one line in five does not.
    return right * 5 >= right + wrong


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _in_utf8(path: Path, encoding: str, target: Path) -> Path:
    with path.open("rb") as file, target.open("wb") as out:
        for line in file:
            whole = line.replace(b"\0", b"")
            out.write(whole if _is_utf8(whole) else whole.decode(encoding, errors="replace").encode())
    return target


def _with_encoding(cells: Cells, encoding: str) -> Cells:
    """A guessed code page is told: where it is wrong, names are garbled and nothing else says so."""
    if encoding.startswith("utf"):
        return cells
    return replace(cells, notes=(*cells.notes, f"not UTF-8; read as {encoding}"))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _encoding(path: Path, head: bytes) -> tuple[str, str, int]:
    """The encoding of a text file, its SHA-256 and the number of NUL bytes that are no part of its letters, in one
    pass: UTF-8 unless a mark or a byte says otherwise."""
    wide = utf16_codec(head)
    if wide:
        return wide, _sha256(path), 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    digest = hashlib.sha256()
    odd, zeros = b"", 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            zeros += chunk.count(b"\0")
            if not odd:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    odd = chunk
        if not odd:
            try:
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                odd = head
    return (_code_page(odd) if odd else "utf-8-sig"), digest.hexdigest(), zeros


def _code_page(sample: bytes) -> str:
    import charset_normalizer

    # Only the lines that hold something beyond ASCII say anything about the code page.
    telling = b"\n".join(line for line in sample.splitlines() if not line.isascii())[:_CHUNK]
    letters = re.findall(rb"[\x80-\xff]", telling)
    alone = _stands_alone(telling)
    if alone and len(letters) < _FEW and all(letter >= b"\xc0" for letter in letters):
        # A handful of accents tells no page from another: words do, else it is the most usual one.
        return _by_known_words(telling, "cp1252") or "cp1252"
    pages = [page for page in _CODE_PAGES if page not in _OF_PAIRS] if alone else _CODE_PAGES
    best = charset_normalizer.from_bytes(telling, cp_isolation=pages).best()
    if best is None:
        return "cp1252"
    told = _by_known_words(telling, best.encoding)
    if told:
        return told
    if best.encoding == "cp1250" and (_same_text(telling, "cp1250", "cp1252") or _has_grave_accents(telling)):
        return "cp1252"
    return best.encoding


def _by_known_words(sample: bytes, guess: str) -> str:
    """The code page in which most words are ones that tables are made of (headers, states, results); "" where the
    guess is as good."""
    words = list(dict.fromkeys(_ODD_WORD.findall(sample)))[:_MOST_WORDS]
    if guess in _OF_PAIRS or not words:
        return ""
    known = {page: sum(_is_known(word, page) for word in words) for page in _CODE_PAGES if page not in _OF_PAIRS}
    best = max(known, key=lambda page: known[page])
    return best if known[best] > known.get(guess, 0) else ""


def _is_known(word: bytes, page: str) -> bool:
    try:
        text = word.decode(page)
    except UnicodeDecodeError:
        return False
    return is_known(text) or normalised(text) in delivery_words() or normalised(text) in verification_words()


def _stands_alone(sample: bytes) -> bool:
    """Whether no byte beyond ASCII has another beside it: an umlaut in a name, and no text of two-byte signs. Japanese
    pairs may end in ASCII, and then begin with 0x81 to 0x9F, where Western letters are rare."""
    return not _PAIR.search(sample)


def _has_grave_accents(sample: bytes) -> bool:
    """Whether there is an "à", which the other page reads as "ŕ", a letter of Slovak alone."""
    return any(letter in sample for letter in b"\xe0\xc0") and not _SLOVAK.search(sample)


def _same_text(sample: bytes, one: str, other: str) -> bool:
    return sample.decode(one, errors="replace") == sample.decode(other, errors="replace")


def _spreadsheet(path: Path, where: str, kind: str) -> Cells:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        # An old .xls is no zip; a damaged one is calamine's to refuse.
        names = ["xl/workbook"]
    if not any(name.startswith(("xl/workbook", "content.xml")) for name in names):
        raise UnreadableInputError(where, "is an archive, no table", "unpack it first")
    sheets = read_sheets(path, where)
    if not sheets.found:
        raise UnreadableInputError(where, "is empty", "give a table with a header row")
    return as_table(sheets, where, kind)


def _of_markup(path: Path, encoding: str, where: str, kind: str) -> Cells:
    """The tables of a page, or the sheets of a workbook in XML."""
    text = path.read_text(encoding=_declared(path, encoding), errors="replace")
    return as_table(read_markup(text, markup_kind(text[:_MARKUP_LOOK]), where), where, kind)


def _declared(path: Path, encoding: str) -> str:
    """The encoding that a page names itself, where the file is not UTF-8 or UTF-16 anyway."""
    found = _CHARSET.search(_head(path))
    if encoding.startswith("utf") or found is None:
        return encoding
    try:
        # What pages call ISO 8859-1 is Windows-1252 (Encoding Standard, 4.2).
        name = codecs.lookup(found[1].decode()).name
    except LookupError:
        return encoding
    return "cp1252" if name in {"iso8859-1", "ascii", "utf-8"} else name
