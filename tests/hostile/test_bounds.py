"""What exceeds a bound is counted and named, and what was left out of it is kept whole where rejects are kept."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer import api
from analyzer.bounds import DEFAULT, VARIABLE, Bounds, current, environment, inherit, parse_bounds, table, use, using
from analyzer.cli import app
from analyzer.errors import AnalyzerError
from analyzer.parsing import read_message

HEAD = b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: ava@outreach.example\nSubject: failure notice\n"
FAILED = b"Final-Recipient: rfc822; kim%d@lumen.example\nAction: failed\nStatus: 5.1.1\n\n"


def nested(depth):
    body = b"550 5.1.1 <kim@lumen.example> no such user"
    for level in range(depth):
        body = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n%s\n--b%d--\n" % (level, level, body, level)
    return HEAD + body


def report(count):
    status = b"Reporting-MTA: dns; mx.example\n\n" + b"".join(FAILED % number for number in range(count))
    head = b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n"
    return HEAD + head + status + b"--x--\n"


def parts(count):
    return HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\nhello\n" * count + b"--x--\n"


TEXT = b"\n<kim@lumen.example>: 550 5.1.1 no such user\n"
EXCEEDING = {
    "header_bytes": (HEAD + b"X-A: b\n" * 100 + TEXT, Bounds(header_bytes=200)),
    "header_count": (HEAD + b"X-A: b\n" * 3000 + TEXT, DEFAULT),
    "line_bytes": (HEAD + b"X-A: " + b"b" * 70_000 + TEXT, DEFAULT),
    "mime_depth": (nested(30), DEFAULT),
    "mime_parts": (parts(1_100), DEFAULT),
    "decoded_bytes": (nested(5), Bounds(decoded_bytes=100)),
    "recipients_per_report": (report(20), Bounds(recipients_per_report=10)),
    "notice_lines": (HEAD + TEXT + b"and more\n" * 500, DEFAULT),
    "fallback_bytes": (HEAD + b"\nwho knows\n" + b"x " * 30_000, DEFAULT),
    "fallback_lines": (HEAD + b"\n" + b"who knows\n" * 3_000, DEFAULT),
    "charsets": (HEAD + b"Content-Type: text/plain; charset=idna\n" + TEXT + "é".encode(), DEFAULT),
}


@pytest.mark.parametrize("name", EXCEEDING)
def test_a_message_over_a_bound_is_read_up_to_it_and_says_so(name):
    data, bounds = EXCEEDING[name]
    assert name in read_message(data, bounds).exceeded
    roomy = dataclasses.replace(
        DEFAULT,
        **{field.name: 10**9 for field in dataclasses.fields(Bounds) if field.name not in {"mime_depth", "charsets"}},
        mime_depth=50,
    )
    assert set(read_message(data, roomy).exceeded) <= {"charsets"}


def test_recipients_up_to_the_bound_are_kept():
    assert len(read_message(report(20), Bounds(recipients_per_report=10)).failures) == 10


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_summary_names_bound_count_and_first_source_and_rejects_keep_the_whole(tmp_path, jobs):
    mails = tmp_path / "in"
    mails.mkdir()
    for number in range(1_100 if jobs > 1 else 3):
        (mails / f"{number:04}.eml").write_bytes(report(1))
    (mails / "0001.eml").write_bytes(nested(30))
    (mails / "0002.eml").write_bytes(nested(31))
    run = api.ParseRun([mails], jobs=jobs, rejects=tmp_path / "out")
    assert len(list(run)) > 0
    line = f"2 messages over mime_depth (20): read to that depth; first {mails}/0001.eml"
    assert line in run.summary()
    assert (tmp_path / "out" / "00001-0001.eml").read_bytes() == nested(30)


def test_the_frame_of_a_call_takes_bounds(tmp_path):
    (tmp_path / "a.eml").write_bytes(report(20))
    assert len(api.parse(tmp_path)) == 20
    assert len(api.parse(tmp_path, bounds=Bounds(recipients_per_report=5))) == 5
    assert len(list(api.read(tmp_path, bounds=Bounds(message_bytes=10**6)))) == 1


def test_a_diagnosis_warns_of_what_is_over_a_bound(tmp_path):
    (tmp_path / "a.eml").write_bytes(report(20))
    log = tmp_path / "log.csv"
    log.write_text("recipient,sent_at\n" + "".join(f"kim{n}@lumen.example,2026-05-04\n" for n in range(20)))
    found = api.diagnose(bounces=tmp_path / "a.eml", log=log, bounds=Bounds(recipients_per_report=5))
    assert any("1 message over recipients_per_report (5)" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("mime_depth=50", Bounds(mime_depth=50)),
        ("message_bytes=16M", Bounds(message_bytes=16 << 20)),
        ("message_bytes=1GiB", Bounds(message_bytes=1 << 30)),
        ("line_bytes = 2k", Bounds(line_bytes=2048)),
        ("charsets=utf8,latin1", Bounds(charsets=frozenset({"utf-8", "iso8859-1"}))),
    ],
)
def test_options_are_understood(asked, expected):
    assert parse_bounds([asked]) == expected


@pytest.mark.parametrize(
    "asked", ["depth=3", "mime_depth", "mime_depth=", "mime_depth=0", "mime_depth=-1", "mime_depth=9999", "mime_depth=x",
              "message_bytes=1.5M", "charsets=idna", "charsets=rot13", "charsets=zip", "charsets=no-such", "=", ""],
)  # fmt: skip
def test_other_options_are_refused(asked):
    with pytest.raises(AnalyzerError, match="--bound"):
        parse_bounds([asked])


def test_a_wrong_name_is_answered_with_all_names_and_defaults():
    with pytest.raises(AnalyzerError) as told:
        parse_bounds(["list"])
    assert all(field.name in str(told.value) for field in dataclasses.fields(Bounds))


READING = ("parse", "diagnose", "ingest", "watch", "check", "serve", "classify", "audit")


@pytest.mark.parametrize("command", READING)
def test_every_command_that_reads_what_strangers_wrote_takes_the_option(command):
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
    assert "--bound" in shown


def test_bounds_are_those_of_the_process_of_the_call_and_of_what_it_starts(monkeypatch):
    try:
        use(Bounds(mime_depth=7))
        assert current().mime_depth == 7
        with using(Bounds(mime_depth=3)):
            assert current().mime_depth == 3
        given = environment()
        use(DEFAULT)
        assert environment() == {} and given == {VARIABLE: "mime_depth=7"}
        monkeypatch.setenv(VARIABLE, given[VARIABLE])
        inherit()
        assert current() == Bounds(mime_depth=7)
    finally:
        use(DEFAULT)


def test_the_table_in_the_documentation_is_that_of_the_code():
    page = Path(__file__).parents[2] / "docs" / "reliability.md"
    assert table() in page.read_text("utf-8"), "put in what `python -m analyzer.bounds` prints"


def test_only_charsets_of_mail_are_decoded():
    for name in (
        "idna",
        "punycode",
        "rot13",
        "hex",
        "uu",
        "zip",
        "bz2",
        "unicode_escape",
        "raw_unicode_escape",
        "undefined",
    ):
        data = HEAD + b"Content-Type: text/plain; charset=" + name.encode() + b"\n" + TEXT + b"\xe9"
        assert "kim@lumen.example" in {failure.recipient for failure in read_message(data).failures}


def asked(lines, *bounds):
    """`classify` with lines on stdin: its answers, what it told beside them, and its exit code."""
    options = [word for bound in bounds for word in ("--bound", bound)]
    try:
        done = CliRunner().invoke(app, ["classify", *options], input=lines)
    finally:
        use(DEFAULT)
    return done.stdout.splitlines(), done.stderr, done


def test_classify_answers_for_a_text_that_is_too_long_and_tells_of_it():
    full, *rest = asked("552 5.2.2 mailbox full " + "x" * 300_000 + "\n550 5.1.1 no such user\n")[:2]
    assert [line.split()[1] for line in full] == ["mailbox_full", "user_unknown"]
    assert rest == ["1 message over line_bytes (64K): cut there; first standard input, line 1\n"]


@pytest.mark.parametrize(
    ("line", "bound"),
    [('{"text": "x", "more": ' + "[" * 300 + "]" * 300 + "}", "json_depth"), ('{"text": "' + "x" * 5000 + '"}', "json_bytes")],
)  # fmt: skip
def test_classify_refuses_json_beyond_its_bounds_by_its_line(line, bound):
    _, _, done = asked(f"550 no such user\n{line}\n", "json_bytes=4K")
    assert str(done.exception).startswith("standard input, line 2: is JSON ")
    assert bound in str(done.exception)
