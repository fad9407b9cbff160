"""What commands print: every line goes through here, so that no stranger's word acts on the terminal."""

from __future__ import annotations

import typer

from analyzer.readable import clean_lines


def say(text: object = "", *, err: bool = False, redact: bool = False) -> None:
    """A line, or some, for a person; on stderr with `err`, without addresses with `redact`."""
    shown = clean_lines(str(text))
    if redact:
        from analyzer.redaction import masked_text

        shown = masked_text(shown)
    typer.echo(shown, err=err)


def say_json(text: str | bytes) -> None:
    """A JSON text that ends its own line, in UTF-8 as RFC 8259 wants it, whatever the terminal's encoding is."""
    typer.echo(text.encode("utf-8", "replace") if isinstance(text, str) else text, nl=False)
