"""Masking, phase, and times of a diagnostic text; the reading of its replies."""

from __future__ import annotations

import pytest

from analyzer.classify import text

READ = [
    # text, the deciding reply, its reply code, its status
    ("smtp; 550 5.1.1 No such user", "550 5.1.1 No such user", "550", "5.1.1"),
    (
        "550-5.1.1 The e-mail\r\n550-5.1.1 account\r\n550 5.1.1 that",
        "550 5.1.1 The e-mail account that",
        "550",
        "5.1.1",
    ),
    ("550-No box 550-of this 550 name", "550 No box of this name", "550", ""),
    ("550 5.7.1 First. 550 5.7.1 Second", "550 5.7.1 First. Second", "550", "5.7.1"),
    ("554-mx.example.com Refused", "554 mx.example.com Refused", "554", ""),
    ("550 5.0.350 Remote server returned an error -> 554 5.7.1 Blocked", "554 5.7.1 Blocked", "554", "5.7.1"),
    ("host mx.example.com[192.0.2.1] said: 550 No such box", "550 No such box", "550", ""),
    ("host mx.example.com said: 550-5.7.1 Go 550 5.7.1 away", "550 5.7.1 Go away", "550", "5.7.1"),
    ("Remote Server returned '554 5.7.1 Relay denied", "554 5.7.1 Relay denied", "554", "5.7.1"),
    ("554 4.4.7 Expired <421 4.7.0 Slow down", "421 4.7.0 Slow down", "421", "4.7.0"),
    ("The server response was: 452 Too many", "452 Too many", "452", ""),
    # The reply behind the words of .NET may quote another, and a quote may end behind it.
    (
        "Failed. The server response was: 550 5.0.350 Remote Server returned '550 5.1.1 No such box'",
        "550 5.1.1 No such box",
        "550",
        "5.1.1",
    ),
    (
        "Remote Server returned '554 5.7.0 The server response was: 552 5.2.2 host mx said: 452 4.2.2 \"Box\" full'",
        '452 4.2.2 "Box" full',
        "452",
        "4.2.2",
    ),
    # A quote that closes before a code hands nothing over.
    ("No room in 'Box of Jo' 552 5.2.2 Not kept", "No room in 'Box of Jo' 552 5.2.2 Not kept", "552", "5.2.2"),
    ('Program "deliver error" 550 5.0.0 Not kept', 'Program "deliver error" 550 5.0.0 Not kept', "550", "5.0.0"),
    ("#5.1.1 smtp;550 Gone", "550 Gone", "550", ""),
    # A probe of our own address quotes a reply that is not about the recipient.
    (
        "450 4.1.7 Sender address rejected: undeliverable address: host mx said: 550 5.1.1 No such user",
        "450 4.1.7 Sender address rejected: undeliverable address: host mx said: 550 5.1.1 No such user",
        "450",
        "4.1.7",
    ),
    # Counts, addresses, dates and versions are no codes.
    ("550 Over the limit: 500 messages per day", "550 Over the limit: 500 messages per day", "550", ""),
    ("Mail from 5.1.1.1 by version 4.2.1 on 5.12.2025", "Mail from 5.1.1.1 by version 4.2.1 on 5.12.2025", "", ""),
    ("No box of that name (#5.1.1)", "No box of that name (#5.1.1)", "", "5.1.1"),
    # A log may name the code.
    ("No box of that name (SMTP Error Code 550)", "No box of that name (SMTP Error Code 550)", "550", ""),
    ("No product of the code 550", "No product of the code 550", "", ""),
]


@pytest.mark.parametrize(("raw", "line", "reply", "status"), READ)
def test_the_innermost_reply_and_its_codes(raw: str, line: str, reply: str, status: str) -> None:
    found = text.read(raw)
    part = found.inner or found.whole
    assert (part.line, part.reply, part.status) == (line, reply, status)


MASKED = [
    ("<jane@spamfilter.example>: unknown", "<_@_>: unknown"),
    ("to jane+tag=x@a.example. Bye", "to _@_. Bye"),
    ('"jane roe"@a.example gone', "_@_ gone"),
    ("jane@[192.0.2.1] gone", "_@_ gone"),
    ("mailto:a@b.example,c@d.example", "mailto:_@_,_@_"),
    ("an @ alone", "an @ alone"),
    ("[192.0.2.25] and 2001:db8::1, [IPv6:2001:db8::2]", "[0.0.0.0] and 0.0.0.0, [IPv6:0.0.0.0]"),
    ("25.2.0.192.zen.example", "0.0.0.0.zen.example"),
    ("at 12:34:56 DT:RBL", "at 12:34:56 DT:RBL"),
    ("550 5.7.1 and 5.7.26", "550 5.7.1 and 5.7.26"),
]


@pytest.mark.parametrize(("line", "masked"), MASKED)
def test_addresses_never_reach_a_rule(line: str, masked: str) -> None:
    assert text.mask(line) == masked


def test_the_recipients_own_domain_and_an_unknown_host_are_hidden() -> None:
    line = "mx.User-Unknown.example: spam-trap.test of user-unknown.example, not of xuser-unknown.example"
    assert text.mask(line, "user-unknown.example", "spam-trap.test") == (
        "mx.recipient.example: host.example of recipient.example, not of xuser-unknown.example"
    )


@pytest.mark.parametrize(
    ("line", "phase"),
    [
        ("550 No (in reply to RCPT TO command)", "rcpt"),
        ("550 No (in reply to end of DATA command)", "data"),
        ("after MAIL FROM:<a@b.example> SIZE=1: 550 No", "mail"),
        ("after pipelined RCPT TO:<a@b.example>: 550 No", "rcpt"),
        ("after end of data: 550 No", "data"),
        ("in reply to EHLO command", "helo"),
        ("after initial connection: 554 No", "connect"),
        ("550 This mail system is at its limit", ""),
    ],
)
def test_phase(line: str, phase: str) -> None:
    assert text.phase_of(line) == phase


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("Please try again in 5 minutes", 300),
        ("retry in 300 seconds", 300),
        ("Greylisted for 60 seconds", 60),
        ("greylisted, retry after 1h", 3600),
        ("come back in 00:04:59", 299),
        ("Blocked for the next 2 days", 172800),
        ("Too many messages in 60 seconds", None),
        ("Expired after 5 days in the queue", None),
        ("Please try again later", None),
        ("try again in 40 days", None),
    ],
)
def test_the_time_after_which_to_try_again(line: str, seconds: int | None) -> None:
    assert text.retry_after(line) == seconds


def test_a_host_is_the_one_whose_reply_is_quoted() -> None:
    assert text.host_in("host mx1.example.com[192.0.2.1] said: undeliverable: host MX2.example.com said: ") == (
        "mx2.example.com"
    )
    assert text.host_in("the host said no") == ""


ASIDES = [
    ("550 No such box, see https://a.example/spam?q=1.", "550 No such box, see https://aside.example/"),
    ("550 No such box (www.a.example/spam)", "550 No such box (https://aside.example/)"),
    ("550 No such box; spf=none dkim: pass", "550 No such box; https://aside.example/ https://aside.example/"),
    ("550 refused, spf=fail", "550 refused, spf=fail"),
    ("550 No. If you think this is no spam, write. Bye", "550 No. https://aside.example/. Bye"),
]


@pytest.mark.parametrize(("line", "said"), ASIDES)
def test_what_a_reply_says_without_its_asides(line: str, said: str) -> None:
    assert text.without_asides(line) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("554 Undone (in reply to MAIL FROM command)", "554 Undone"),
        ("554 Undone. See https://help.example/errors/4711 for more information.", "554 Undone. "),
        ("554 Undone; please visit www.help.example/4711", "554 Undone; "),
        ("554 See https://help.example/4711: content refused", "554 See https://help.example/4711: content refused"),
        ("554 Links to https://shop.example are refused", "554 Links to https://shop.example are refused"),
    ],
)
def test_what_follows_replies_of_every_kind_is_not_shown_to_the_model(line: str, said: str) -> None:
    assert text.without_tail(line) == said
