"""A message as bytes with a view on its structure (RFC 5322, RFC 2045, RFC 2046).

Nothing is decoded before somebody asks for it: most of a bounce is the returned original, and most of that is never
looked at. Broken structure degrades to text instead of failing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from analyzer.bounds import Gauge
from analyzer.parsing.addresses import from_header
from analyzer.parsing.decoding import (
    TRANSFER_ENCODINGS,
    decode_text,
    decode_transfer,
    decode_words,
    html_to_text,
    is_base64,
)
from analyzer.parsing.marks import TEXT
from analyzer.records import Original

_FOLD = re.compile(r"\n[ \t]+")
_BEGINS_WITH_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
#: A line of a header; of two that stand for none, the text below may have one too ("Note: …").
_FIELD_OR_FOLD = re.compile(rb"[!-9;-~]+[ \t]*:|[ \t]+\S")
_KNOWN_FIELD = re.compile(
    rb"(?:content-|mime-|x-|received|from|to|subject|date|message-id)[\w-]*[ \t]*:", re.IGNORECASE
)
_LINE_OF_HEAD = re.compile(rb"[^\n]+")
_BLANK = " \t\n\r\v\f"
_PARAMETER = re.compile(r";\s*([\w!#$&+.^`|~%'-]+(?:\*\d*\*?)?)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^;\s]*))")
_WORTH_KEEPING = 200
#: A text no longer than this that names nobody may only say that the message is in the HTML beside it.
_PLACEHOLDER = 300


def read_fields(block: bytes, gauge: Gauge | None = None) -> dict[str, str]:
    """Header fields by lower-case name, each on one line; of a repeated field the first. Encoded words stay."""
    # Bytes as characters of the same number: the whole block is cut at once, whatever its fields are in.
    lines = unfolded("\n" + block.decode("latin-1")).split("\n")
    if gauge is not None and (len(lines) > gauge.bounds.header_count or len(block) > gauge.bounds.line_bytes):
        lines = _within(lines, gauge)
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        key = name.rstrip().lower()
        if colon and key not in fields:
            fields[key] = value.strip(_BLANK)
    return fields if block.isascii() else {key: as_text(value) for key, value in fields.items()}


def unfolded(block: str) -> str:
    """Lines of fields without their folds (RFC 5322 2.2.3)."""
    return _FOLD.sub(" ", block) if "\n " in block or "\n\t" in block else block


def as_text(value: str) -> str:
    """A field's value that was read as bytes, as the text that it is."""
    value = value.strip(_BLANK)
    return value if value.isascii() else decode_text(value.encode("latin-1"))


def _within(lines: list[str], gauge: Gauge) -> list[str]:
    """The fields of a header up to the bounds of their number and length."""
    most, longest = gauge.bounds.header_count, gauge.bounds.line_bytes
    fields = [line for line in lines if ":" in line]
    if len(fields) > most:
        gauge.note("header_count")
    kept = [(line, line.index(":") + 1) for line in fields[:most]]
    if any(len(line) - start > longest for line, start in kept):
        gauge.note("line_bytes")
    return [line[: start + longest] for line, start in kept]


class Part:
    """A MIME entity: `head` and `body` are bytes with LF line ends, `depth` counts the multiparts around it.

    `encoding` is its Content-Transfer-Encoding in lower case, `parameters` those of its content type; `gauge` holds all
    of the message against the bounds.
    """

    __slots__ = (
        "_children",
        "_fields",
        "_leaves",
        "_text",
        "body",
        "content_type",
        "depth",
        "encoding",
        "gauge",
        "head",
        "parameters",
    )

    def __init__(
        self, data: bytes, gauge: Gauge | None = None, depth: int = 0, default_type: str = "text/plain"
    ) -> None:
        self.depth = depth
        self.gauge = gauge = gauge or Gauge()
        self.head, self.body = _split(data)
        if len(self.head) > gauge.bounds.header_bytes:
            self.head = self.head[: gauge.bounds.header_bytes]
            gauge.note("header_bytes")
        self._fields: dict[str, str] | None = None
        self._children: list[Part] | None = None
        self._leaves: list[Part] | None = None
        self._text: str | None = None
        if depth > 0 and len(self.head) < _WORTH_KEEPING:
            # Most parts begin as the same part of another message does.
            self.content_type, self.parameters, self.encoding = _part_head(self.head, default_type)
        else:
            self.content_type, self.parameters = _content_type(self.get("content-type"), default_type)
            self.encoding = self.get("content-transfer-encoding").lower()

    @property
    def fields(self) -> dict[str, str]:
        """Header fields by lower-case name, each on one line; see `read_fields`."""
        if self._fields is None:
            self._fields = read_fields(self.head, self.gauge)
        return self._fields

    def get(self, name: str) -> str:
        """One header field, encoded words left as they are; empty where there is none."""
        if self._fields is None:
            self._fields = read_fields(self.head, self.gauge)
        return self._fields.get(name, "")

    def words(self, name: str) -> str:
        """One header field, decoded (RFC 2047)."""
        return decode_words(self.get(name), self.gauge)

    @property
    def is_multipart(self) -> bool:
        return self.content_type[:10] == "multipart/"

    @property
    def is_message(self) -> bool:
        """A returned message or its headers: what is inside belongs to somebody else."""
        return self.content_type in RETURNED_TYPES

    def children(self) -> list[Part]:
        """The parts of a multipart, one level down."""
        if self._children is None:
            self._children = list(self._split_parts()) if self.is_multipart else []
        return self._children

    def _split_parts(self) -> Iterator[Part]:
        boundary = self.parameters.get("boundary", "").rstrip()
        gauge = self.gauge
        if self.depth >= gauge.bounds.mime_depth:
            gauge.note("mime_depth")
            return
        body = b"\n" + gauge.unpack(self.body)
        delimiter = b"\n--" + boundary.encode("utf-8", "replace")
        if boundary and delimiter not in body and b"\n> " + delimiter[1:] in body:
            # All of it is quoted, as somebody's program answers or forwards.
            body = _QUOTE_MARK.sub(b"\n", body)
        if not boundary or delimiter not in body:
            guessed = _GUESS_BOUNDARY.search(body)
            if guessed is None:
                return
            delimiter = guessed.group(1)
        default = "message/rfc822" if self.content_type == "multipart/digest" else "text/plain"
        for entity in _entities(body.split(delimiter), delimiter):
            gauge.parts += 1
            if gauge.parts > gauge.bounds.mime_parts:
                gauge.note("mime_parts")
                return
            yield Part(entity, gauge, self.depth + 1, default)

    def leaves(self) -> list[Part]:
        """This entity's leaves, in order; a returned message is a leaf."""
        if self._leaves is None:
            children = self.children()
            if any(child.is_multipart for child in children):
                self._leaves = [leaf for child in children for leaf in child.leaves()]
            else:
                self._leaves = children or [self]
        return self._leaves

    def has_alternative(self) -> bool:
        """Whether a `multipart/alternative` is in it: one text in several forms."""
        return self.content_type == "multipart/alternative" or any(
            child.has_alternative() for child in self.children() if child.is_multipart
        )

    def walk(self) -> Iterator[Part]:
        """This entity and every part in it, a multipart before its own."""
        yield self
        for child in self.children():
            yield from child.walk()

    def leaf(self, *content_types: str) -> Part | None:
        """The first leaf of one of these types."""
        for part in self.leaves():
            if part.content_type in content_types:
                return part
        return None

    def content(self) -> bytes:
        """The body with its transfer encoding undone."""
        encoding = self.encoding
        if encoding not in TRANSFER_ENCODINGS:
            if not is_base64(self.body):
                return self.body
            encoding = "base64"
        decoded = decode_transfer(self.gauge.unpack(self.body), encoding)
        # The line ends inside are the sender's own.
        return decoded.replace(b"\r\n", b"\n") if b"\r" in decoded else decoded

    def text(self) -> str:
        """The body as text; of HTML its words."""
        if self._text is None:
            decoded = decode_text(self.content(), self.parameters.get("charset", ""), self.gauge)
            text = html_to_text(decoded) if self.content_type == "text/html" or _is_html(decoded) else decoded
            self._text = self._with_short_lines(text)
        return self._text

    def _with_short_lines(self, text: str) -> str:
        longest = self.gauge.bounds.line_bytes
        if len(text) <= longest:
            return text
        lines = text.split("\n")
        if max(map(len, lines)) <= longest:
            return text
        self.gauge.note("line_bytes")
        return "\n".join(line[:longest] for line in lines)


def _is_html(text: str) -> bool:
    """Whether a text is a whole HTML page that its sender labels as something else."""
    return text[:1] in _BEFORE_HTML and text[:100].lstrip()[:6].lower().startswith(("<html", "<!doct"))


_BEFORE_HTML = ("<", "\n", " ", "\ufeff")

_QUOTE_MARK = re.compile(rb"\n> ?")
#: Content types that hold what we had sent.
RETURNED_TYPES = frozenset(
    {
        "message/rfc822",
        "message/global",
        "text/rfc822-headers",
        "text/rfc822-header",
        "message/rfc822-headers",
        "message/global-headers",
        "message/partial",
        "text/rfc822",
        "message/external-body",
    }
)

# A boundary nobody declared: the first line that looks like a delimiter and is followed by a Content- field.
_GUESS_BOUNDARY = re.compile(rb"(\n--[^\s][^\n]{0,80}?)[ \t]*\n(?=Content-)", re.IGNORECASE)


#: What a multipart's body begins with, a text's never: a report may be quoted further down.
_BEGINS_AS_MULTIPART = (b"--", b"This is a MIME", b"This is a multi-part")
#: What gateways put in front of the subject of every mail from outside.
_BEFORE_TAG = ("[", "(", "{", "*", "<", "ext")
_GATEWAY_TAG = re.compile(
    r"^(?:[\[({*<]{1,3} ?(?:ext(?:ern(?:al|e|o)?)?(?: (?:e-?mail|sender|message|mail))?|esterno|outside|caution|bulk"
    r"|(?:possible |suspected |probable )?spam\??) ?[\])}*>]{1,3}[ :]*|ext(?:ern(?:al|e|o)?)? ?: ?){1,3}",
    re.IGNORECASE,
)


#: Text in UTF-16 has a NUL for about every second byte.
_OF_UTF_16 = 8


class Message(Part):
    """A whole message: line ends made LF, a leading mbox line taken off."""

    __slots__ = (
        "_heading",
        "_marks",
        "_plain",
        "_sender",
        "_subject",
        "bounce_like",
        "hops",
        "opening",
        "original",
        "own",
        "said",
        "spoken",
    )

    def __init__(self, data: bytes, gauge: Gauge | None = None) -> None:
        # Answers that several readers ask for, kept once they are known, by `original`, `kinds` and `prose`.
        self.original: Original | None = None
        self.own: str | None = None
        self.opening: str | None = None
        self.bounce_like: bool | None = None
        self.hops: list[str] | None = None
        self.said: dict[str, tuple[str, str]] | None = None
        self.spoken: frozenset[int] | None = None
        self._heading: str | None = None
        self._marks: frozenset[int] | None = None
        self._plain: str | None = None
        self._sender: str | None = None
        self._subject: str | None = None
        if b"\r" in data:
            if b"\r\r\n" in data:
                data = data.replace(b"\r\r\n", b"\n")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\0" in data and data.count(b"\0") * _OF_UTF_16 < len(data):
            # No mail has any (RFC 5322 4): a fault has put them there, between the letters of a word too.
            data = data.replace(b"\0", b"")
        if data[:3] == b"\xef\xbb\xbf":
            data = data[3:]
        data = data.lstrip(b"\n")
        if data.startswith((b"From ", b">From ")):
            data = data[data.find(b"\n") + 1 :]
        super().__init__(data, gauge)
        if (
            not self.parameters
            and self.content_type == "text/plain"
            and self.body[:200].lstrip().startswith(_BEGINS_AS_MULTIPART)
            and "content-type" not in self.fields
        ):
            # Somebody on the way dropped the header that says what it is made of.
            self.content_type = "multipart/mixed"

    def subject(self) -> str:
        """The subject, decoded, in lower case, with plain apostrophes and without a gateway's "[EXTERNAL]"."""
        if self._subject is None:
            self._subject = self.heading().lower().replace("\u2019", "'").lstrip()
        return self._subject

    def heading(self) -> str:
        """The subject, decoded, as it was written but for a gateway's "[EXTERNAL]"."""
        if self._heading is None:
            subject = self.words("subject").lstrip()
            tagged = subject[:3].lower().startswith(_BEFORE_TAG)
            self._heading = _GATEWAY_TAG.sub("", subject) if tagged else subject
        return self._heading

    def sender(self) -> str:
        """The address that it is from."""
        if self._sender is None:
            self._sender = from_header(self.get("from"))
        return self._sender

    def plain_text(self) -> str:
        """What the message says to a person: its first text part, of HTML where there is no plain one."""
        if self._plain is None:
            self._plain = self._find_text()
        return self._plain

    def marks(self) -> frozenset[int]:
        """Which marks of `marks.TEXT` stand in the plain text."""
        if self._marks is None:
            self._marks = TEXT.found(self.plain_text())
        return self._marks

    def _find_text(self) -> str:
        fallback = bare = ""
        other_form = self.has_alternative()
        for part in self.leaves():
            if part.is_message or not part.content_type.startswith("text/"):
                if not (part is self and part.is_multipart):
                    continue
                return self._with_short_lines(decode_text(part.content(), gauge=self.gauge))
            if part.content_type == "text/html":
                fallback = fallback or part.text()
                if bare and other_form and "@" in fallback:
                    return fallback
            elif "@" not in bare and (text := part.text()).strip():
                if not bare and not other_form and "@" in fallback and "@" not in text:
                    # Below HTML of its own it is what a gateway has added.
                    return fallback
                # One that names nobody goes on in the next.
                bare = f"{bare}\n\n{text}" if bare else text
                if "@" in bare or (len(bare) > _PLACEHOLDER and other_form):
                    return bare
        return bare or fallback


def _split(data: bytes) -> tuple[bytes, bytes]:
    """Header block and body; a part without a header block begins with an empty line."""
    if data.startswith(b"\n"):
        return b"", data[1:]
    end = data.find(b"\n\n")
    if end < 0:
        if not _BEGINS_WITH_FIELD.match(data):
            return b"", data
        end = len(data)
    if not _FIELD_OR_FOLD.match(data, data.rfind(b"\n", 0, end) + 1):
        # The empty line is lost: what ends there is a paragraph.
        begins = _no_field(data[:end])
        if begins:
            return data[:begins], data[begins:]
    return data[: end + 1], data[end + 2 :]


def _no_field(head: bytes) -> int:
    """Where the first line behind the last field begins; 0 where fields stand to the end.

    A line of blanks is an empty one. What stands for no field between known ones has lost its fold.
    """
    begins = 0
    for line in _LINE_OF_HEAD.finditer(head):
        if not line[0].strip():
            return line.start()
        if not _FIELD_OR_FOLD.match(line[0]):
            begins = begins or line.start()
        elif _KNOWN_FIELD.match(line[0]):
            begins = 0
    return begins


def _entities(chunks: list[bytes], delimiter: bytes) -> list[bytes]:
    """The entities of a multipart's body that was cut at its delimiter; what stands before the first is none."""
    found: list[bytes] = []
    # What was cut at an inner multipart's boundary that begins alike ("b1" and "b1-2") is put together again.
    alike: list[bytes] = []
    for chunk in chunks[1:]:
        opens = chunk[:1] == b"\n"
        if not opens:
            closes = chunk[:2] == b"--"
            if closes:
                # The close delimiter; some servers put the returned message behind it all the same.
                chunk = chunk[2:].lstrip(b" \t")
                opens = chunk.startswith(b"\nContent-")
            else:
                line_end = chunk.find(b"\n")
                opens = line_end >= 0 and not chunk[:line_end].strip()
            if not (opens or closes):
                alike.append(chunk)
                continue
        if alike:
            _put_together(found, alike, delimiter)
            alike = []
        if opens:
            found.append(chunk[chunk.find(b"\n") + 1 :])
    if alike:
        _put_together(found, alike, delimiter)
    return found


def _put_together(found: list[bytes], alike: list[bytes], delimiter: bytes) -> None:
    """The last entity with what was cut off it."""
    if found:
        found[-1] = delimiter.join([found[-1], *alike])


@lru_cache(maxsize=2048)
def _part_head(head: bytes, default: str) -> tuple[str, dict[str, str], str]:
    """Content type with its parameters, and transfer encoding, of a part with this header block."""
    fields = read_fields(head)
    content_type, parameters = _content_type(fields.get("content-type", ""), default)
    return content_type, parameters, fields.get("content-transfer-encoding", "").lower()


def _content_type(value: str, default: str) -> tuple[str, dict[str, str]]:
    if not value:
        return default, {}
    # A boundary is new in every message, anything else the same in most.
    if "oundary" in value or len(value) > _WORTH_KEEPING:
        return _read_content_type(value, default)
    return _cached_content_type(value, default)


@lru_cache(maxsize=512)
def _cached_content_type(value: str, default: str) -> tuple[str, dict[str, str]]:
    return _read_content_type(value, default)


def _read_content_type(value: str, default: str) -> tuple[str, dict[str, str]]:
    kind, separator, rest = value.partition(";")
    kind = kind.strip().lower()
    if "/" not in kind:
        kind = default
    if not separator:
        return kind, {}
    parameters: dict[str, str] = {}
    for name, quoted, token in _PARAMETER.findall(";" + rest):
        parameters.setdefault(name.lower().rstrip("*"), quoted or token)
    return kind, parameters


def one_line(text: str) -> str:
    """Text with every run of white space made one blank."""
    return " ".join(text.split())


#: What a terminal acts on, and what ends a text too early in other programs (ECMA-48 5.2, C0).
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def shown(text: str) -> str:
    """Text on one line, without the control characters that only a fault or an attack puts there."""
    return text if text.isprintable() else one_line(_CONTROL.sub(" ", text))
