"""Takes forms and files in: bounded in bytes, parts and time, straight to disk, under names of our own.

The form's own token comes before its files (RFC 7578 keeps the order of a form's fields), so that a forged request has
not written a byte when it is turned away.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import anyio
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from analyzer.report.words import short
from analyzer.serve.guard import visitor_of
from analyzer.serve.jobs import Upload
from analyzer.serve.private import FULL, new_file
from analyzer.serve.words import ending_of, size_words

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from analyzer.serve.guard import Keys
    from analyzer.serve.settings import Settings

#: Bytes and fields of a form without files, bytes of a field beside files, and how many of those.
_FORM, _FIELDS = 1024 * 1024, 10_000
_FIELD, _FIELDS_BESIDE = 64 * 1024, 40
_BUFFER = 1024 * 1024
#: Small files that wait to be written at once: each holds a descriptor, and a process has 1,024 of them as a rule.
_MOST_OPEN = 64
#: Bytes a second, over the first half minute and longer, under which a sender is given up.
_SLOWEST, _FIRST_S = 1024, 30.0
#: Bytes that are left free on the disk.
_SPARE = 256 * 1024 * 1024
FORGED = "This page is too old, or was not ours. Load it again and send it once more."


class RefusedError(Exception):
    """A request that is not done: the status, and why in a sentence."""

    def __init__(self, status: int, why: str) -> None:
        self.status, self.why = status, why
        super().__init__(why)


async def form_of(request: Request, keys: Keys, settings: Settings) -> dict[str, str]:
    """The fields of a form without files, the last of each name. `RefusedError` for one that is forged or too large."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise RefusedError(415, "A form was expected.")
    body = bytearray()
    async for chunk in _chunks(request, settings):
        body += chunk
        if len(body) > _FORM:
            raise RefusedError(413, "The form is too large.")
    try:
        fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS))
    except ValueError:
        raise RefusedError(400, "The form has too many fields.") from None
    check_form(request, keys, fields.get("form", ""))
    return fields


def check_form(request: Request, keys: Keys, token: str) -> None:
    """`RefusedError` for a form that no page of ours made for this visitor."""
    visitor = visitor_of(request)
    if not visitor.bearer and not keys.is_form_token(visitor.visit, token):
        raise RefusedError(403, FORGED)


@dataclass(slots=True)
class Received:
    """What came: the form's fields, and the files in the order sent."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[Upload] = field(default_factory=list)


async def receive(request: Request, keys: Keys, settings: Settings, folder: Path) -> Received:
    """Take a form with files in; the files go to `folder`. `RefusedError` for one that is forged, broken, too large or
    slow, or for which the disk has no room. What was written until then is for the caller to remove.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > settings.max_upload:
        raise _too_large(settings)
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise RefusedError(415, "A form with files was expected.")
    if not _has_room(folder, int(length) if length.isdecimal() else 0):
        raise RefusedError(507, "The disk has no room for these files.")
    taker = _Taker(request, keys, settings, folder)
    size = 0
    try:
        parser = MultipartParser(options[b"boundary"], taker.callbacks())  # type: ignore[arg-type]
        async for chunk in _chunks(request, settings):
            size += len(chunk)
            if size > settings.max_upload:
                raise _too_large(settings)
            parser.write(chunk)
            if taker.buffered > _BUFFER:
                await anyio.to_thread.run_sync(taker.flush)
        parser.finalize()
        await anyio.to_thread.run_sync(taker.flush)
    except FormParserError:
        raise RefusedError(400, "The upload is broken. Send it again.") from None
    except OSError as error:
        if error.errno in FULL:
            raise RefusedError(507, "The disk has no room for these files.") from None
        raise
    finally:
        taker.close()
    if not taker.complete:
        raise RefusedError(400, "The upload ended too early. Send it again.")
    # A form without its token may have had no file, and so not been looked at yet.
    check_form(request, keys, taker.received.fields.get("form", ""))
    return taker.received


def _too_large(settings: Settings) -> RefusedError:
    most = size_words(settings.max_upload)
    return RefusedError(413, f"These files are larger than {most} in all. Give fewer, or start with --max-upload.")


def _has_room(folder: Path, size: int) -> bool:
    return shutil.disk_usage(folder).free > size + _SPARE


async def _chunks(request: Request, settings: Settings) -> AsyncIterator[bytes]:
    """The body as it comes. `RefusedError` for a sender who is too slow or goes away."""
    stream = request.stream()
    begin, size = time.monotonic(), 0
    while True:
        try:
            chunk = await asyncio.wait_for(anext(stream), settings.patience_s)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise RefusedError(408, "Nothing more came. Send it again.") from None
        size += len(chunk)
        spent = time.monotonic() - begin
        if spent > _FIRST_S and size < _SLOWEST * spent:
            raise RefusedError(408, "The upload is too slow. Send it again.")
        yield chunk


class _Taker:
    """The parts of one form, as the parser meets them."""

    def __init__(self, request: Request, keys: Keys, settings: Settings, folder: Path) -> None:
        self.received = Received()
        self.complete = False
        self.buffered = 0
        self._request, self._keys, self._settings, self._folder = request, keys, settings, folder
        self._header = self._value = b""
        self._disposition = b""
        self._name = ""
        self._text = bytearray()
        #: What is to be written, in order: (descriptor, bytes).
        self._waiting: list[tuple[int, bytes]] = []
        self._open: int | None = None
        self._done: list[int] = []
        self._file_name = ""
        self._size = 0

    def callbacks(self) -> dict[str, object]:
        """For `MultipartParser`."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def flush(self) -> None:
        """Write what waits, and close the files that are whole."""
        for descriptor, data in self._waiting:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
        self._waiting.clear()
        self.buffered = 0
        while self._done:
            os.close(self._done.pop())

    def close(self) -> None:
        """Close every file; what waits is not written any more."""
        self._waiting.clear()
        for descriptor in [*self._done, *([] if self._open is None else [self._open])]:
            os.close(descriptor)
        self._done, self._open = [], None

    def _begin(self) -> None:
        self._header = self._value = self._disposition = b""
        self._name, self._text = "", bytearray()

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")[:100]
        if b"filename" not in options:
            if len(self.received.fields) >= _FIELDS_BESIDE:
                raise RefusedError(400, "The form has too many fields.")
            return
        check_form(self._request, self._keys, self.received.fields.get("form", ""))
        number = len(self.received.files) + 1
        if number > self._settings.max_files:
            raise RefusedError(413, f"These are more than {self._settings.max_files:,} files. Put them into a .zip.")
        if len(self._done) >= _MOST_OPEN:
            self.flush()
        self._file_name = options[b"filename"].decode("utf-8", "replace")
        stored = f"upload-{number:04d}{ending_of(self._file_name)}"
        self._open = new_file(self._folder / stored)
        self._size = 0
        self.received.files.append(Upload(stored, _shown(self._file_name), 0))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._open is None:
            if len(self._text) + end - start > _FIELD:
                raise RefusedError(413, "A field of the form is too large.")
            self._text += data[start:end]
            return
        self._waiting.append((self._open, data[start:end]))
        self.buffered += end - start
        self._size += end - start

    def _end(self) -> None:
        if self._open is None:
            self.received.fields[self._name] = self._text.decode("utf-8", "replace")
            return
        self._done.append(self._open)
        self._open = None
        last = self.received.files.pop()
        if self._size or self._file_name:
            # A file field that nobody filled comes as a file without a name and content.
            self.received.files.append(Upload(last.stored, last.name, self._size))
        else:
            (self._folder / last.stored).unlink()

    def _finish(self) -> None:
        self.complete = True


def _shown(name: str) -> str:
    """A sender's file name as it is shown: one line, without folders, never used as a path."""
    return short(name.replace("\\", "/").rpartition("/")[2], 80) or "(without a name)"
