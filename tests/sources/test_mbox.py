"""Where an mbox is cut, and where it is not."""

from __future__ import annotations

import io

import pytest

from analyzer.sources import mbox

LINE = b"From jane.roe@example.com Mon Mar  2 10:00:00 2026\n"
LIMIT = 1 << 20


def split(data: bytes, *, first: int = 64, step: int | None = None, limit: int = LIMIT) -> list[bytes | None]:
    """The messages of `data`, handed over `step` bytes at a time (all that is asked for by default)."""
    stream = io.BytesIO(data)
    head = stream.read(first)
    return list(mbox.messages(head, lambda size: stream.read(min(size, step or size)), limit=limit))


def mail(n: int, body: bytes = b"body\n") -> bytes:
    return b"Subject: number %d\nTo: a@example.com\n\n" % n + body


@pytest.mark.parametrize(
    "line",
    [
        b"From jane.roe@example.com Mon Mar  2 10:00:00 2026\n",
        b"From MAILER-DAEMON Mon Mar  2 10:00:00 2026\n",
        b"From MAILER-DAEMON  Mon Mar 02 10:00:00 2026\r\n",
        b"From - Mon Mar 02 10:00:00 2026\n",
        b"From ???@??? Mon Mar 02 10:00:00 2026\n",
        b"From <> Mon Mar  2 10:00:00 2026\n",
        b"From 1742@xxx Mon Mar 02 10:00:00 +0000 2026\n",
        b"From jane at example.com  Mon Mar  2 10:00:00 2026\n",
        b"From jane@example.com Mon Mar  2 10:00 EST 2026\n",
        b"From jane@example.com Mon, 02 Mar 2026 10:00:00 +0100\n",
        b"From () 2026-03-02 10:00:00 +0000\n",
        b"From jane@example.com Mon Mar  2 10:00:00 2026 remote from gate\n",
    ],
)
def test_separators(line: bytes) -> None:
    assert split(line + mail(0) + b"\n" + line + mail(1) + b"\n") == [mail(0), mail(1)]


@pytest.mark.parametrize(
    "inside",
    [
        b"text\nFrom jane@example.com Mon Mar  2 10:00:00 2026\nSubject: not behind a blank line\n",
        b"text\n\nFrom the beginning it was clear:\nSubject: no date\n",
        b"text\n\nFrom Monday 2 March 2026 at 10:00 we are closed\nfor good, and no field follows\n",
        b"text\n\nFrom: jane@example.com Mon Mar  2 10:00:00 2026\nSubject: a quoted header\n",
        b"text\n\nFrom : jane@example.com Mon, 2 Mar 2026 10:00:00\nSent: a quoted header\n",
        b"text\n\nFrom jane@example.com Mon Mar  2 2026\nSubject: no time\n",
        b"text\n\nFrom\n\nFrom \n\n",
        b"text\n\nFrom \nSubject: a form that somebody filled in\n",
        b"text\n\nFrom -\nTo: jane@example.com\n",
    ],
)
def test_lines_that_only_look_like_separators(inside: bytes) -> None:
    assert split(LINE + mail(0, inside) + b"\n" + LINE + mail(1)) == [mail(0, inside), mail(1)]


@pytest.mark.parametrize("line", [b"From \n", b"From \r\n", b"From -\n", b"From - \r\n"])
@pytest.mark.parametrize("field", [b"X-Mozilla-Status: 0001\n", b"Return-Path: <>\n", b"Received: by mx.example.com\n"])
def test_a_bare_separator_before_a_field_of_a_stored_message(line: bytes, field: bytes) -> None:
    """Thunderbird's folders may hold nothing else on that line."""
    one, other = field + mail(0), field + mail(1)
    assert split(line + one + b"\n" + line + other + b"\n") == [one, other]


def test_unescaping_takes_one_mark_off() -> None:
    body = b">From here\n>>From there\n >From indented\n> From quoted\n"
    assert split(LINE + mail(0, body)) == [mail(0, b"From here\n>From there\n >From indented\n> From quoted\n")]


def test_an_older_from_line_on_top_of_the_header_goes() -> None:
    assert split(LINE + b">" + LINE + mail(0) + b"\n" + LINE + b">>" + LINE + mail(1)) == [mail(0), mail(1)]


def test_a_byte_order_mark_before_the_first_field() -> None:
    marked = b"\xef\xbb\xbf" + mail(1)
    assert split(LINE + mail(0) + b"\n" + LINE + marked) == [mail(0), marked]


def test_crlf() -> None:
    box = b"\n".join([LINE + mail(0), LINE + mail(1), LINE + mail(2)]).replace(b"\n", b"\r\n")
    assert split(box) == [mail(n).replace(b"\n", b"\r\n") for n in range(3)]


def test_crlf_messages_behind_lf_from_lines() -> None:
    one = mail(0).replace(b"\n", b"\r\n")
    assert split((LINE + one + b"\r\n") * 2) == [one, one]
    assert split((LINE + one + b"\n") * 2) == [one, one]


def test_a_message_of_nothing_but_a_header() -> None:
    assert split((LINE + b"Subject: x\n\n") * 2) == [b"Subject: x\n", b"Subject: x\n\n"[:-1]]


@pytest.mark.parametrize("step", [1, 2, 7, 63, 4096])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_it_does_not_matter_where_the_chunks_end(step: int, end: bytes) -> None:
    bodies = [b"x\n", b"\n\nFrom nowhere\n\n", b">From me\n" * 3, b"y" * 5000 + b"\n", b"\n"]
    wanted = [mail(n, body.replace(b">From", b"From")) for n, body in enumerate(bodies)]
    box = b"".join(LINE + mail(n, body) + b"\n" for n, body in enumerate(bodies)).replace(b"\n", end)
    assert split(box, first=step, step=step) == [one.replace(b"\n", end) for one in wanted]


MULTIPART = b'Content-Type: multipart/report;\n boundary="%s"\nSubject: bounce\n\n--%s\n\ntext\n'
ORIGINAL = b"--one\nContent-Type: message/rfc822\n\n" + LINE + b"Subject: the original\n\nhello\n"


def test_an_original_that_nobody_escaped_stays_in_its_multipart() -> None:
    whole = MULTIPART % (b"one", b"one") + ORIGINAL + b"--one--\n"
    assert split(LINE + whole + b"\n" + LINE + mail(1)) == [whole, mail(1)]
    assert split(LINE + whole + b"\n" + LINE + mail(1), step=50) == [whole, mail(1)]


def test_a_multipart_that_was_cut_off_ends_at_the_next_message() -> None:
    cut = MULTIPART % (b"one", b"one")
    other = MULTIPART % (b"two", b"two") + b"--two--\n"
    assert split(b"\n".join([LINE + cut, LINE + other, LINE + mail(2)])) == [cut, other, mail(2)]


def test_a_second_copy_of_a_cut_off_multipart_is_a_message_of_its_own() -> None:
    cut, whole = MULTIPART % (b"one", b"one"), MULTIPART % (b"one", b"one") + b"--one--\n"
    assert split(LINE + cut + b"\n" + LINE + whole) == [cut, whole]


@pytest.mark.parametrize("step", [None, 1000])
def test_a_message_beyond_the_limit_is_passed_over(step: int | None) -> None:
    box = b"\n".join([LINE + mail(0), LINE + mail(1, b"x" * 79 + b"\n" + b"long line\n" * 20_000), LINE + mail(2)])
    assert split(box, limit=10_000, step=step) == [mail(0), None, mail(2)]
    assert split(LINE + mail(0, b"x" * 20_000), limit=10_000, step=step) == [None]


def test_all_of_a_box_of_cut_off_multiparts_is_read_in_little_memory() -> None:
    """Each of them asks for a look ahead; the buffer must not grow with it."""
    import tracemalloc

    one = LINE + MULTIPART % (b"b", b"b") + b"z" * 3000 + b"\n\n"
    left = 6000

    def read(size: int) -> bytes:
        nonlocal left
        count = min(left, max(1, size // len(one)))
        left -= count
        return one * count

    tracemalloc.start()
    count = sum(1 for _ in mbox.messages(one, read, limit=LIMIT))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 6001
    assert peak < 12 << 20
