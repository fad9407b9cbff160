"""Mail as gateways, archives and hands leave it behind: what it says survives, and nobody fails who did not."""

from __future__ import annotations

import base64

import pytest
from messages import dsn, notice

from analyzer.parsing import read_message

FAILED = """
    Final-Recipient: rfc822; kim@lumen.example
    Action: failed
    Status: 5.1.1
    Remote-MTA: dns; mx1.lumen.example
    Diagnostic-Code: smtp; 550 5.1.1 no such mailbox
"""
TEXT = "Your message could not be delivered.\n\n<kim@lumen.example>:\n550 5.1.1 no such mailbox\n"
FILTER = (
    b"Return-Path: <>\nFrom: postmaster@lumen.example\nTo: ava@outreach.example\nSubject: Automatically rejected mail\n"
    b'Content-Type: multipart/report; report-type=disposition-notification; boundary="w"\n\n--w\nContent-Type: text/plain\n'
    b"\nYour message was automatically rejected. The following reason was given:\nWrite to sales@lumen.example.\n--w\n"
    b"Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; kim@lumen.example\n"
    b"Disposition: automatic-action/MDN-sent-automatically; deleted\n\n--w--\n"
)


def told(data: bytes):
    report = read_message(data)
    return report.kind, [(one.recipient, one.status, one.reply) for one in report.failures]


KIM = ("bounce", [("kim@lumen.example", "5.1.1", "550")])


def without_blank_line(data: bytes, behind: bytes) -> bytes:
    head, _, rest = data.partition(behind)
    return head + behind + rest.replace(b"\n\n", b"\n", 1)


@pytest.mark.parametrize(
    "data",
    [
        without_blank_line(notice(TEXT), b"Return-Path"),
        without_blank_line(notice(TEXT.replace("could", "\nNote: it could")), b"Return-Path"),
        without_blank_line(dsn(FAILED), b"--=_b1\nContent-Type: text/plain"),
        without_blank_line(dsn(FAILED), b"Content-Type: message/delivery-status"),
        dsn(FAILED).replace(b"\n\n", b"\n  \n"),
    ],
    ids=["text", "a line like a field", "text part", "report part", "blanks in the empty lines"],
)
def test_a_lost_empty_line_between_header_and_body(data):
    assert told(data) == KIM


def test_fields_behind_a_line_that_is_none_stay_fields():
    data = dsn(FAILED).replace(b"MIME-Version: 1.0", b"a line of the subject that lost its fold\nMIME-Version: 1.0")
    assert told(data) == KIM


def test_a_filters_refusal_without_the_empty_lines():
    lost = FILTER.replace(b"text/plain\n\n", b"text/plain\n").replace(b"notification\n\n", b"notification\n")
    for data in (FILTER, lost):
        assert [one[0] for one in told(data)[1]] == ["kim@lumen.example"]


def test_nuls_between_the_letters_of_words():
    data = dsn(FAILED)
    assert told(data.replace(b"e", b"e\0", 40)) == KIM
    assert told(notice(TEXT).replace(b"i", b"\0i")) == KIM


@pytest.mark.parametrize("label", ["8bit", "7bit", "", "binary", "x-unknown"])
def test_base64_that_is_not_marked(label):
    head, _, text = notice(TEXT).partition(b"\n\n")
    head = head.replace(b"Content-Transfer-Encoding: 8bit", f"Content-Transfer-Encoding: {label}".encode())
    assert told(head + b"\n\n" + base64.encodebytes(text)) == KIM


@pytest.mark.parametrize("word", ["a" * 64, "0123456789abcdef" * 4])
def test_a_long_word_is_no_base64(word):
    assert told(notice(f"{word}\nis what you sent. {TEXT}")) == KIM


def test_a_report_that_is_quoted_as_a_whole():
    head, _, body = dsn(FAILED, to="jo@arbor.example").partition(b"\n\n")
    quoted = b"\n".join(b"> " + line for line in body.split(b"\n"))
    assert told(head + b"\n\n" + quoted) == KIM


def _wrapped(inner: bytes, boundary: str) -> bytes:
    outer = notice("See the attached message.\n", sender="postmaster@gw.outreach.example", subject="Fwd: a message")
    head, _, text = outer.partition(b"\n\n")
    head = head.replace(b"text/plain; charset=utf-8", f'multipart/mixed; boundary="{boundary}"'.encode())
    line = f"\n--{boundary}".encode()
    return head + b"\n" + line + b"\n\n" + text + line + b"\nContent-Type: message/rfc822\n\n" + inner + line + b"--\n"


@pytest.mark.parametrize("inner", [dsn(FAILED), notice(TEXT)], ids=["report", "text"])
def test_a_bounce_that_two_gateways_have_wrapped(inner):
    assert told(_wrapped(_wrapped(inner, "one"), "two")) == KIM


def test_wrappings_without_end_are_left():
    data = notice(TEXT)
    for number in range(12):
        data = _wrapped(data, f"b{number}")
    assert told(data)[0] == "other"


RUSSIAN = "Ваше письмо не было доставлено адресату: почтовый ящик переполнен.\n\n<kim@lumen.example>\n"


@pytest.mark.parametrize(("charset", "declared"), [("windows-1251", "koi8-r"), ("koi8-r", "windows-1251")])
@pytest.mark.parametrize("text", [RUSSIAN, RUSSIAN.split("\n")[0].upper() + "\n\n<kim@lumen.example>\n"])
def test_one_cyrillic_charset_that_is_called_the_other(charset, declared, text):
    data = notice(text, charset=charset, subject="a question").replace(charset.encode(), declared.encode())
    report = read_message(data)
    assert [one.recipient for one in report.failures] == ["kim@lumen.example"]
    assert "ящик переполнен" in report.failures[0].diagnostic.lower()


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r"])
def test_a_cyrillic_charset_that_is_what_it_says(charset):
    for text in (RUSSIAN, RUSSIAN.upper(), "Щи! <kim@lumen.example>: 550 5.1.1 щи\n"):
        words = read_message(notice(text, charset=charset)).failures[0].diagnostic
        assert "щи" in words.lower() or "ящик" in words.lower()


def test_utf_8_that_is_cut_off_inside_a_letter():
    whole = "메일을 배달할 수 없습니다.\n\nkim@lumen.example에게 메일을 보낼 수 없습니다. 주소가 없습".encode()
    head = notice("", subject="배달되지 않음").replace(b"8bit", b"base64")
    for lost in (1, 2):
        report = read_message(head + base64.encodebytes(whole[:-lost]))
        assert [one.recipient for one in report.failures] == ["kim@lumen.example"]


@pytest.mark.parametrize(
    ("behind", "recipients"),
    [
        # Whom the mail names in full above.
        (b"kim@lum", ["kim@lumen.example"]),
        (b"kim@", ["kim@lumen.example"]),
        # Nobody's, and nothing to make it whole by.
        (b"jo@arb", []),
        # One of two, or an address that is no beginning.
        (b"lee@", []),
        (b"Final-Recipient: rfc822; jo@arbor.example", ["jo@arbor.example"]),
        # A last line that only lost its line break.
        (b"kim@lumen.example", ["kim@lumen.example"]),
        (b"kim@lum\n", ["kim@lum"]),
    ],
)
def test_a_mail_that_ends_inside_an_address(behind, recipients):
    data = notice("Your message could not be delivered to:\n\n", headers="X-Sent-To: <kim@lumen.example>\n")
    data = data.replace(
        b"MIME-Version", b"X-Others: lee@arbor.example, lee@lumen.example, skim@lum.example\nMIME-Version"
    )
    assert [one.recipient for one in read_message(data + behind).failures] == recipients


def test_a_report_that_ends_inside_its_recipient():
    data = dsn(FAILED, text="The mail to <kim@lumen.example> failed.")
    cut = data[: data.index(b"Final-Recipient: rfc822; kim@lu") + len(b"Final-Recipient: rfc822; kim@lu")]
    assert [one.recipient for one in read_message(cut).failures] == ["kim@lumen.example"]


def test_a_mail_that_ends_inside_our_own_address_names_nobody_else():
    data = notice("Delivery failed.\n\nkim@lumen.example: 550 5.1.1 no such mailbox\n\nava@outr")
    assert told(data) == KIM
