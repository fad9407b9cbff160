"""What commands print: every line goes through here, so that no stranger's word acts on the terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from analyzer.readable import clean_lines

if TYPE_CHECKING:
    from collections.abc import Mapping


def say(text: object = "", *, err: bool = False, redact: bool = False) -> None:
    """A line, or some, for a person; on stderr with `err`, without addresses with `redact`."""
    shown = clean_lines(str(text))
    if redact:
        from analyzer.redaction import masked_text

        shown = masked_text(shown)
    print(shown, file=sys.stderr if err else sys.stdout, flush=True)


def moves() -> bool:
    """Whether stderr is a screen on which a bar may move: a terminal that can, and no build server's."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")


def say_object(values: Mapping[str, Any], *, redact: bool = False) -> None:
    """A JSON object in place of the text that a person reads; addresses in it are masked with `redact`."""
    from analyzer.report.data import readable_json

    if redact:
        from analyzer.redaction import masked_value

        values = masked_value(values)
    say_json(readable_json(values))


def say_json(text: str | bytes) -> None:
    """A JSON text that ends its own line, in UTF-8 as RFC 8259 wants it, whatever the terminal's encoding is."""
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    out = getattr(sys.stdout, "buffer", None)
    if out is None:  # a text stream that stands in for the standard output
        sys.stdout.write(data.decode())
        return
    sys.stdout.flush()
    out.write(data)
    out.flush()
