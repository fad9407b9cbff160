"""Every reader and stage takes time in proportion to what it is given, whatever that is made of."""

from __future__ import annotations

import json
from functools import partial

import pytest
from work import MOST_GROWTH, calls, growth

from analyzer.addresses import read_address
from analyzer.classify import default_classifier
from analyzer.parsing import read_message
from analyzer.sources import feeds, logs, mbox

HEAD = b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: ava@outreach.example\nSubject: failure notice\n"
PLAIN = HEAD + b"\n<kim@lumen.example>:\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n"
STATUS = HEAD + (
    b"Content-Type: multipart/report; boundary=b\n\n--b\n\nkim@lumen.example failed\n--b\n"
    b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
)
EXIM = HEAD + b"Auto-Submitted: auto-replied\n\nThis message was created automatically by mail delivery software.\n\n"
RECIPIENT = b"Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.0.0\n"
HTML = HEAD + b"Content-Type: text/html\n\n<p>kim@lumen.example "


def many(front, unit, end=b""):
    return lambda size: front + unit * (size // len(unit)) + end


def numbered(front, unit, end=b""):
    """As `many`, each with another number."""
    return lambda size: front + b"".join(unit % number for number in range(size // len(unit))) + end


def nested(size):
    depth = min(size // 80, 400)
    opened = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
    return HEAD + opened + b"x" * (size - len(opened))


MESSAGES = {
    "many headers": many(HEAD, b"X-A: b\n"),
    "many folded lines": many(HEAD + b"X-A: b", b"\n c"),
    "many encoded words": many(HEAD + b"X-Subject: ", b"=?utf-8?Q?=41?= "),
    "many continued parameters": many(HEAD + b"Content-Type: text/plain", b"; a*1*=utf-8''%41"),
    "many comments": many(HEAD + b"X-Failed-Recipients: ", b"(a) "),
    "unclosed comments": many(HEAD + b"X-Failed-Recipients: ", b"("),
    "unclosed quotes": many(HEAD + b"X-Failed-Recipients: ", b'"a@'),
    "many parts": many(MIXED, b"x\n--b\n\n"),
    "deep nesting": nested,
    "boundaries that nearly match": many(MIXED, b"\n--bb\n--b"),
    "guessed boundaries": many(HEAD + b"Content-Type: multipart/mixed\n\n", b"\n--c x\n--d"),
    "many recipients": many(STATUS, b"Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n"),
    "recipients without blank lines": many(STATUS, b"Final-Recipient: rfc822; a@b.example\nAction: failed\n"),
    "replies looked up in the text": lambda size: (
        HEAD + b"Content-Type: multipart/report; boundary=b\n\n--b\n\n" + b"<<< 550-a\n<<< 550 b\n" * (size // 40)
        + b"\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        + b"".join(b"Final-Recipient: rfc822; a%d@b.example\nAction: failed\nDiagnostic-Code: smtp; 550-c\n\n" % n
                   for n in range(size // 180))
    ),
    "recipients that Courier encodes": lambda size: (
        HEAD + b"Content-Type: multipart/report; boundary=b\n\n--b\n\nrunning the Courier mail server\n\n"
        + b"".join(b"<a+%d@b.example>:\n\n" % n + b"-" * 75 + b"\n" for n in range(size // 250))
        + b"\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        + b"".join(b"Final-Recipient: rfc822; a+2B%d@b.example\nAction: failed\nStatus: 5.0.0\n\n" % n
                   for n in range(size // 250))
    ),
    "recipients with no way to their domain": lambda size: (
        numbered(STATUS, RECIPIENT.replace(b"a@", b"a%d@") + b"Diagnostic-Code: smtp; Unrouteable address\n\n")(size // 2)
        + b"\n--b\nContent-Type: message/rfc822\n\n"
        + b"Received: from a by mx.example with esmtpa; x\n" * (size // 100)
    ),
    "fields of no recipient": numbered(STATUS, b"X-%d: a\n\n"),
    "codes behind marks": many(STATUS + RECIPIENT + b"Diagnostic-Code: smtp; ", b":550-a"),
    "codes of all sorts": lambda size: (
        STATUS + RECIPIENT + b"Diagnostic-Code: smtp; "
        + b"".join(b"%d-4.2.%d a " % (400 + n % 200, n % 997) for n in range(size // 13))
    ),
    "addresses of Exim": numbered(EXIM, b"  a%d@b.example\n    no such user\n"),
    "addresses beside a long subject": lambda size: (
        HEAD.replace(b"failure notice", b"failure notice " + b"=?utf-8?Q?=41?= " * (size // 32))
        + b"X-Failed-Recipients: " + b"".join(b"a%d@b.example, " % n for n in range(size // 34)) + b"\n\nx"
    ),
    "addresses below a long text": lambda size: (
        PLAIN + (b"words here " * (size // 1100) + b"\n") * 50
        + b"\n" + b"".join(b"a%d@b.example " % n for n in range(size // 34)) + b"\nfailed\n"
    ),
    "addresses on the lines of a multipart": numbered(HEAD + b"\n--- addresses had transient non-fatal errors\n", b"a%d@b.example "),
    "long lines": many(PLAIN, b"550 5.1.1 no such user "),
    "one long word": many(PLAIN, b"x"),
    "many quote marks": many(PLAIN, b"> "),
    "address-like strings": many(PLAIN, b"a@b.example "),
    "addresses without end": many(PLAIN, b"a@"),
    "many codes": many(PLAIN, b"was 550 5.1.1 "),
    "a session": many(PLAIN, b"<<< 550-a\n"),
    "many open tags": many(HTML, b"<p <b <td "),
    "many comments in HTML": many(HTML, b"<!-- "),
    "many entities": many(HTML, b"&amp;&#64;&"),
    "base64 of nothing": many(HEAD + b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n", b"=\n"),
    "quoted-printable": many(HEAD + b"Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n", b"=41=\n"),
    "UTF-7": many(HEAD + b"Content-Type: text/plain; charset=utf-7\n\n", b"+AGE-+2D0-"),
    "ISO-2022": many(HEAD + b"Content-Type: text/plain; charset=iso-2022-jp\n\n", b"\x1b$B\x1b(B"),
    "answers to answers": lambda size: HEAD.replace(b"failure notice", b"re: " * min(size // 4, 16_000)) + b"\nx",
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name):
    made = MESSAGES[name]
    assert growth(lambda size: (lambda data: lambda: read_message(data))(made(size)), 40_000) < MOST_GROWTH


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_by_counted_calls(name):
    made = MESSAGES[name]
    read_message(made(1_000))
    small, large = (calls(partial(read_message, made(size))) for size in (10_000, 40_000))
    assert large < 5 * small + 2_000


def _mbox(data):
    return lambda: sum(1 for _ in mbox.messages(data, lambda _: b"", limit=1 << 30))


MBOX = {
    "many From_ lines": b"\nFrom a@b.example Mon May  4 10:00:00 2026\n",
    "From_ lines that nearly are": b"\nFrom a@b.example Mon May\n",
    "escaped From_ lines": b"\n>>>From a@b.example Mon May  4 10:00:00 2026\n",
    "multiparts that stay open": (
        b"\nFrom a@b.example Mon May  4 10:00:00 2026\nContent-Type: multipart/mixed; boundary=x\n\nx\n"
    ),
}


@pytest.mark.parametrize("name", MBOX)
def test_mboxes(name):
    assert growth(lambda size: _mbox(MBOX[name][1:] + MBOX[name] * (size // len(MBOX[name]))), 60_000) < MOST_GROWTH


def _skip(_source, _why, *, bound=""):
    return None


STAMP = b"May  4 10:00:00 mx postfix/smtp[1]: "
LOGS = {
    "many queue ids": lambda n: STAMP + b"%011X: from=<a@b.example>, size=1, nrcpt=1 (queue active)\n" % n,
    "deliveries": lambda n: (
        STAMP + b"%011X: to=<a@b.example>, relay=x[1.2.3.4]:25, dsn=5.1.1, status=bounced (x)\n" % n
    ),
    "one queue id": lambda n: STAMP + b"00000000001: to=<a%d@b.example>, relay=x, dsn=4.1.1, status=deferred (x)\n" % n,
    "brackets": lambda n: STAMP + b"00000000001: to=<" + b'"' * 60 + b">, relay=" + b"[" * 90 + b"\n",
    "sendmail": lambda n: (
        b"May  4 10:00:00 mx sendmail[1]: 64A%05d: to=<a@b.example>, " % n + b"a=b, " * 20 + b"stat=x\n"
    ),
    "exim": lambda n: b"2026-05-04 10:00:00 1abcde-%06d-AB ** a@b.example R=x T=y H=z [1.2.3.4]: 550 x\n" % (n % 10**6),
}


@pytest.mark.parametrize("name", LOGS)
def test_logs(name):
    def run(size):
        data = b"".join(LOGS[name](n) for n in range(size // 80))
        return lambda: sum(1 for _ in logs.items("x", data, lambda _: b"", _skip))

    assert growth(run, 60_000) < MOST_GROWTH


@pytest.mark.parametrize(
    "unit", [STAMP + b"0: to=<", b"[", b'a="', b"host x[", b"; from=<", b"all hosts ", b", a=b", b'"']
)
def test_a_line_of_a_log_that_is_all_one_thing(unit):
    def run(size):
        line = (
            STAMP + b"00000000001: to=<a@b.example>, relay=x, dsn=5.1.1, status=bounced (" + unit * (size // len(unit))
        )
        return lambda: sum(1 for _ in logs.items("x", (line[:8000] + b"\n") * (size // 2_000), lambda _: b"", _skip))

    assert growth(run, 40_000) < MOST_GROWTH


FEEDS = {
    "brackets": b"[",
    "braces": b'{"a":',
    "quotes": b'"',
    "escapes": b'"\\"',
    "events": json.dumps({"email": "a@b.example", "event": "bounce", "sg_event_id": "x", "timestamp": 1}).encode()
    + b",",
    "pages": b'{"items":[{"a":1}],',
}


@pytest.mark.parametrize("name", FEEDS)
def test_feeds(name):
    def run(size):
        data = b"[" + FEEDS[name] * (size // len(FEEDS[name]))
        return lambda: sum(1 for _ in feeds.items("x", data, lambda _: b"", _skip))

    assert growth(run, 40_000) < MOST_GROWTH


TEXTS = (
    ":550-a",
    "550 5.1.1 ",
    "a@b.example ",
    "http://x/ ",
    "was said: 550 ",
    "1.2.3.4 ",
    "x",
    " ",
    "(",
    "host a.b ",
    "a-b-c-d",
    "::",
)


@pytest.mark.parametrize("unit", TEXTS)
def test_classification(unit):
    classifier = default_classifier()
    run = lambda size: (lambda text: lambda: classifier.classify(text))(unit * (size // len(unit)))  # noqa: E731
    run(100)()
    assert growth(run, 8_000) < MOST_GROWTH


@pytest.mark.parametrize("unit", ["a@", " ", "(", "( at ", "<", "\u2019a", ".", "a b", "\u3042", "%20", "\t@\t"])
def test_cells_that_should_hold_an_address(unit):
    def run(size):
        cell = unit * (size // len(unit)) + "@lumen.example x"
        return lambda: read_address(cell)

    assert growth(run, 8_000) < MOST_GROWTH
