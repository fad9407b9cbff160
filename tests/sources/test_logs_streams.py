"""What is a log and what is none, several servers in one, damage, years, and memory that does not grow."""

from __future__ import annotations

import gzip
import random
import tracemalloc
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from log_rows import rows
from test_logs_exim import ARRIVED, UNKNOWN
from test_logs_exim import log as exim
from test_logs_haraka import plain as haraka
from test_logs_postfix import delivery, journal, line, mail, story
from test_logs_records import RECORD, ROW, csv, jsonl

from analyzer.errors import UnreadableInputError
from analyzer.records import Event
from analyzer.sources import Reading, logs
from analyzer.sources.logs import queues, times
from analyzer.sources.logs.times import Clock, first_year

POSTFIX = story("Mar  2 09:11:21 mx1 postfix/{}")
SSHD = "Mar  2 09:11:01 mx1 sshd[812]: Accepted publickey for root from 192.0.2.9 port 51122 ssh2\n"
DOVECOT = "2026-03-02T09:11:02Z mx1 dovecot: imap-login: Login: user=<founder@sender.example>, rip=192.0.2.9\n"


@pytest.mark.parametrize(
    "head",
    [
        POSTFIX,
        SSHD * 300 + POSTFIX,
        DOVECOT * 50 + SSHD * 50 + line("smtpd", "connect from unknown[192.0.2.9]"),
        "Mar  2 09:11:01 mx1 systemd[1]: Starting Postfix...\nMar  2 09:11:01 mx1 postfix/master[9]: daemon started\n",
        "9:11:21 mx1 postfix/smtp[1]: cut off\n" + POSTFIX,
        "-- Journal begins at Mon 2026-03-02 00:00:00 UTC. --\n" + POSTFIX,
        journal(),
        exim(ARRIVED),
        "2026-03-02 09:11:20 Start queue run: pid=12\n" + exim(ARRIVED, UNKNOWN),
        csv(ROW),
        csv(),
        jsonl(RECORD),
        haraka(),
        "Mar  2 09:11:21 mx1 sm-mta[2]: 6229BLaf002243: from=<a@example.com>, size=1, msgid=<m@example.com>, relay=x\n",
        "Mar  2 09:11:21 mx1 smtpd[2]: c9ee63613930a5cb smtp connected address=127.0.0.1 host=localhost\n",
        POSTFIX.rstrip("\n").splitlines()[0],
        POSTFIX + "x" * 70_000,
    ],
)  # fmt: skip
def test_logs_are_recognised_by_their_head(head: str) -> None:
    assert logs.recognises(head.encode()[: 64 * 1024])


@pytest.mark.parametrize(
    "head",
    [
        "",
        "\n\n",
        SSHD * 50,
        "Subject: your log\nTo: a@example.com\n\n" + POSTFIX * 9,
        "Dear Ann,\n\nhere is what the server says:\n\n> " + POSTFIX.splitlines()[2] + "\n\nCould you look?\nRegards\nJane\n",
        "email,status\njane.roe@example.com,sent\n",
        "type,rcpt,name\nlead,jane.roe@example.com,Jane\n",
        "type,recipient,orig,vmta\n",
        "source,kind,received_at,recipient,diagnostic\nmail.log#3,bounce,2026-03-02T09:11:21Z,a@example.com,x\n",
        '{"source":"mail.log#3","kind":"bounce","recipient":"a@example.com","label":"hard","reason":"user_unknown"}\n',
        '{"type":"Bounce","Email":"a@example.com","Details":"smtp;550"}\n',
        '{"type":"email.bounced","created_at":"2026-03-02T09:11:21Z","data":{}}\n',
        '[{"event":"bounce","email":"a@example.com"}]\n',
        "2026-03-02 09:11:21 a diary\n2026-03-02 10:11:21 that goes on\n",
        "\x00\x01\x02" + POSTFIX,
        "<html><body>postfix/smtp[1]: 4XyZ12345A: to=<a@example.com></body></html>",
    ],
)  # fmt: skip
def test_everything_else_is_none(head: str) -> None:
    assert not logs.recognises(head.encode())


def test_a_log_is_told_from_its_content_whatever_is_packed_round_it(tmp_path: Path) -> None:
    for name, data in {"syslog": POSTFIX.encode(), "x.csv.gz": gzip.compress(POSTFIX.encode())}.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "utf-16.txt").write_bytes(POSTFIX.encode("utf-16"))
    assert [item.source.removeprefix(f"{tmp_path}/") for item in Reading([tmp_path])] == [
        "syslog#3",
        "utf-16.txt#3",
        "x.csv.gz#3",
    ]


def test_a_log_without_a_delivery_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_text(line("smtpd", "connect from unknown[192.0.2.9]"))
    with pytest.raises(UnreadableInputError, match=r"mail\.log: holds no message"):
        list(Reading([path]))


def test_one_log_may_hold_many_servers_lines(tmp_path: Path) -> None:
    log = SSHD + line("smtp", delivery("dsn=5.1.1, status=bounced (unknown user)"))
    log += exim(UNKNOWN, front="2026-03-02T09:11:21Z mx2 exim[7]: 2026-03-02 09:11:21 ")
    log += "<22>Mar  2 09:11:21 mx3 sendmail[2]: 6229BLaf002243: to=<a@example.com>, mailer=esmtp, relay=mx.example.com. [192.0.2.1], dsn=5.1.1, stat=User unknown\n"
    log += '2026-03-02T09:11:21Z mx4 smtpd[2]: c9ee63613930a5cb mta delivery evpid=61acd6717102be8d from=<a@example.net> to=<b@example.com> rcpt=<-> source="-" relay="-" delay=1s result="PermFail" stat="550 5.1.1 no"\n'
    log += haraka(front="2026-03-02T09:11:21Z mx5 haraka[81]: ")
    found = [(row["line"], row["format"], row["reporting_mta"]) for row in rows(tmp_path, log)]
    assert found == [
        (2, "postfix", "mx1"),
        (3, "exim", "mx2"),
        (4, "sendmail", "mx3"),
        (5, "opensmtpd", "mx4"),
        (10, "haraka", "mx5"),
    ]


BOUNCED = line("smtp", delivery("dsn=5.1.1, status=bounced (unknown user)")).encode()


@pytest.mark.parametrize(
    ("data", "lines", "skipped"),
    [
        (BOUNCED + b"\xff\xfe\x00 broken \xc3\n\n\n" + BOUNCED, ["1", "5"], []),
        (BOUNCED + BOUNCED[:110] + b"\n" + BOUNCED, ["1", "3"], [("2", "is a delivery that cannot be read; the line may be cut off")]),
        (BOUNCED + BOUNCED[: BOUNCED.index(b"user")] + b"\n" + BOUNCED, ["1", "2", "3"], []),
        (BOUNCED + b"x" * (1 << 20) + b"\n" + BOUNCED, ["1", "3"], [("2", "is a line of over 64 KiB")]),
        (BOUNCED + BOUNCED[:-2] + b"x" * (5 << 20) + b"\n" + BOUNCED, ["1", "3"], [("2", "is a line of over 64 KiB")]),
        (BOUNCED + b"x" * (5 << 20), ["1"], [("2", "is a line of over 64 KiB")]),
        (BOUNCED + BOUNCED.replace(b"unknown", b"unbekannter Empf\xe4nger \0 \xff"), ["1", "2"], []),
        (BOUNCED * 2 + bytes(100_000), ["1", "2"], [("3", "is a line of over 64 KiB")]),
    ],
)  # fmt: skip
def test_damage_is_counted_and_passed_over(
    tmp_path: Path, data: bytes, lines: list[str], skipped: list[tuple[str, str]]
) -> None:
    path = tmp_path / "mail.log"
    path.write_bytes(data)
    reading = Reading([path])
    assert [item.source.rpartition("#")[2] for item in reading] == lines
    assert [(skip.source.rpartition("#")[2], skip.why) for skip in reading.skipped] == skipped


def test_what_waited_is_told_before_the_damage_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mail.log.gz"
    deferred = line("smtp", delivery("dsn=4.7.1, status=deferred (busy)")).encode()
    noise = b"".join(line("smtpd", f"connect from host{n * 7919}[192.0.2.9]").encode() for n in range(30_000))
    path.write_bytes(gzip.compress(deferred + noise)[:-4000])
    reading = Reading([path])
    assert [item.report.kind for item in reading if isinstance(item, Event)] == ["delayed"]
    assert [skip.why for skip in reading.skipped] == ["is cut off"]


def syslog(*days: str) -> bytes:
    return "".join(f"{day} 09:11:21 mx1 postfix/qmgr[5]: 4XyZ12345A: removed\n" for day in days).encode()


@pytest.mark.parametrize(
    ("days", "today", "years"),
    [
        (["Mar  2", "Mar  3"], date(2026, 11, 22), [2026, 2026]),
        (["Nov 22"], date(2026, 11, 22), [2026]),
        (["Nov 23"], date(2026, 11, 22), [2025]),
        (["Dec 30", "Dec 31", "Jan  1"], date(2026, 11, 22), [2025, 2025, 2026]),
        (["Mar  2", "Sep  5", "Jan  2"], date(2026, 11, 22), [2025, 2025, 2026]),
        (["Mar  2", "Dec  5"], date(2026, 11, 22), [2025, 2025]),
        (["Dec 31", "Jan  1", "Dec 31", "Jan  1"], date(2026, 11, 22), [2025, 2026, 2025, 2026]),
        (["Jan  5", "Dec  1", "Jan  3"], date(2027, 1, 10), [2026, 2026, 2027]),
        (["Feb 29"], date(2026, 11, 22), [2024]),
        (["Nov 30", "Jan  2", "Dec  1", "Jan  4"], date(2026, 11, 22), [2025, 2026, 2025, 2026]),
    ],
)
def test_the_year_is_the_newest_in_which_nothing_lies_in_the_future(
    days: list[str], today: date, years: list[int]
) -> None:
    clock = Clock(first_year(syslog(*days), today), today)
    assert [int(clock.read(f"{day} 09:11:21 mx1 ".encode())[:4]) for day in days] == years


def test_a_log_longer_than_what_is_looked_at_goes_on_with_the_right_year() -> None:
    clock = Clock(2026, date(2026, 11, 22))
    read = [clock.read(f"{day} 09:11:21 mx1 ".encode())[:10] for day in ("Mar  2", "Dec  5", "Jan  1", "Jan  2")]
    assert read == ["2026-03-02", "2025-12-05", "2026-01-01", "2026-01-02"]


def test_the_year_is_found_for_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "today", lambda: date(2026, 1, 10))
    log = POSTFIX.replace("Mar  2", "Dec 31") + POSTFIX.replace("Mar  2", "Jan  1").replace("jane.roe", "bob")
    assert [row["received_at"][:10] for row in rows(tmp_path, log)] == ["2025-12-31", "2026-01-01"]


@pytest.mark.parametrize(
    ("stamp", "read"),
    [
        (b"Mar  2 09:11:21 mx1 ", "2026-03-02T09:11:21Z"),
        (b"Mar 02 09:11:21.123456 mx1 ", "2026-03-02T09:11:21Z"),
        (b"2019 Mar  2 09:11:21 mx1 ", "2019-03-02T09:11:21Z"),
        (b"<22>Mar  2 09:11:21 mx1 ", "2026-03-02T09:11:21Z"),
        (b"2026-03-02T23:11:21.5-03:30 mx1 ", "2026-03-03T02:41:21Z"),
        (b"2026-03-02T09:11:60Z ", "2026-03-02T09:11:59Z"),
        (b"1772442681.250 mx1 ", "2026-03-02T09:11:21Z"),
        (b"Feb 31 09:11:21 mx1 ", ""),
        (b"Mar  2 25:11:21 mx1 ", ""),
        (b"2026-13-02T09:11:21Z ", ""),
        (b"no time at all ", ""),
    ],
)
def test_times(stamp: bytes, read: str) -> None:
    clock = Clock(2026, date(2026, 11, 22))
    assert [clock.read(stamp), clock.read(stamp + b" "), clock.read(stamp)] == [read] * 3


def long_log(mails: int, *, removed: bool) -> Iterator[bytes]:
    """Mails that come in and, mostly, leave; every tenth waits for ever."""
    for number in range(mails):
        day, queue_id = f"2026-03-{1 + number * 20 // mails:02}", f"4XyZ{number:010d}"
        says = [
            f"cleanup[1]: {queue_id}: message-id=<{number}@sender.example>",
            f"qmgr[1]: {queue_id}: from=<founder@sender.example>, size=1",
        ]
        fate = "status=deferred (451 4.7.1 busy)" if number % 10 == 0 else "status=sent (250 ok)"
        says.append(f"smtp[1]: {queue_id}: to=<lead{number}@example.com>, relay=none, delay=1, dsn=2.0.0, {fate}")
        if removed and number % 10:
            says.append(f"qmgr[1]: {queue_id}: removed")
        yield "".join(f"{day}T09:11:21Z mx1 postfix/{one}\n" for one in says).encode()


def peak_of(mails: int, *, removed: bool) -> tuple[int, int, int]:
    """(peak bytes, delivered, delayed) of reading the log as a stream that is never held."""
    source = long_log(mails, removed=removed)
    kinds = {"delivered": 0, "delayed": 0}
    tracemalloc.start()
    try:
        for item in logs.items("log", b"", lambda size: next(source, b""), lambda source, why: None):
            assert isinstance(item, Event)
            kinds[item.report.kind] += 1
        return tracemalloc.get_traced_memory()[1], kinds["delivered"], kinds["delayed"]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("removed", [True, False], ids=["a whole log", "a log that was filtered"])
def test_memory_does_not_grow_with_the_log(monkeypatch: pytest.MonkeyPatch, removed: bool) -> None:
    monkeypatch.setattr(queues, "MOST_MAILS", 150)
    monkeypatch.setattr(queues, "MOST_WAITING", 80)
    once, four = peak_of(1_000, removed=removed), peak_of(4_000, removed=removed)
    assert (once[1:], four[1:]) == ((900, 100), (3_600, 400))
    assert four[0] < 1.3 * once[0]


def test_no_queue_holds_a_mail_for_ever() -> None:
    table = queues.Queues()
    for day in range(1, 29):
        table.opened(f"mail {day}".encode(), f"2026-03-{day:02}T09:11:21Z")
    assert len(table) == queues.LONGEST_DAYS + 1


def test_a_mail_that_was_pushed_out_is_told_as_delayed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "MOST_MAILS", 1)
    log = mail("4XyZ12345A", "<m1@sender.example>") + line("smtp", delivery("dsn=4.7.1, status=deferred (busy)"))
    log += mail("4XyZ99999A", "<m2@sender.example>")
    assert [(row["line"], row["kind"], row["original_message_id"]) for row in rows(tmp_path, log)] == [
        (3, "delayed", "<m1@sender.example>")
    ]


SAMPLES = (POSTFIX + journal() + exim(ARRIVED, UNKNOWN) + haraka() + csv(ROW) + jsonl(RECORD)).encode().splitlines()
HOSTILE = (
    b"Mar  2 09:11:21 mx1 postfix/smtp[1]: 4XyZ12345A: to=<" + b'"' * 60_000 + b" status=",
    b"Mar  2 09:11:21 mx1 postfix/smtp[1]: 4XyZ12345A: to=<a@b>, relay=x, " + b"a=, " * 15_000 + b" status=",
    b"Mar  2 09:11:21 mx1 postfix/smtpd[1]: NOQUEUE: reject: RCPT" + b" from x[y]: z; from=<a> to=<" * 2_000,
    b"Mar  2 09:11:21 mx1 sm-mta[1]: 6229BLaf002243: to=<a@b>, " + b"a=, " * 15_000,
    b"Mar  2 09:11:21 mx1 sm-mta[1]: 6229BLaf002243: to=" + b"<a@b>, " * 9_000,
    b"Mar  2 09:11:21 mx1 smtpd[1]: " + b"a: " * 20_000 + b" stat=",
    b"2026-03-02 09:11:21 1Zo722-001wKm-7T ** " + b'a"' * 30_000,
    b"2026-03-02 09:11:21 1Zo722-001wKm-7T ** a@b " + b'X="' * 20_000,
    b"[NOTICE] [DB4A0D6F-2F1E-4A7B-9E0D-3F1B2C4D5E6F.1.1] [outbound] delivered file=" + b"a b " * 15_000,
    b"<22>1 2026-03-02T09:11:21Z mx1 postfix/smtp 1 - " + b'[a="' * 15_000,
    b"{" * 60_000,
    b'{"MESSAGE":' + b"[" * 60_000,
)


@pytest.mark.parametrize("number", range(12))
def test_a_hostile_line_costs_no_more_than_another(number: int) -> None:
    data = b"\n".join((*SAMPLES[:4], HOSTILE[number], *SAMPLES[:4], b""))
    found = list(logs.items("log", data, lambda size: b"", lambda source, why: None))
    assert {item.source for item in found} >= {"log#3", "log#8"}


@pytest.mark.parametrize("seed", range(6))
def test_no_damage_raises(seed: int) -> None:
    dice = random.Random(seed)
    first = [SAMPLES[0], SAMPLES[4], SAMPLES[8], csv(ROW).encode().splitlines()[0], jsonl(RECORD).encode().strip()][
        seed % 5
    ]
    lines = [first]
    for _ in range(1_500):
        line = bytearray(dice.choice(SAMPLES))
        for _ in range(dice.randrange(4)):
            at = dice.randrange(len(line)) if line else 0
            choice = dice.randrange(5)
            if choice == 0:
                line[at : at + dice.randrange(30)] = b""
            elif choice == 1:
                line[at:at] = dice.randbytes(dice.randrange(8))
            elif choice == 2:
                line[at:] = b""
            elif choice == 3:
                other = dice.choice(SAMPLES)
                line[at:] = other[dice.randrange(len(other)) :]
            else:
                line[at:at] = dice.choice([b"\n", b"\r", b'"', b"\0", b"<", b">", b", ", b": ", b"=", b"{", b"\xff"])
        lines.append(bytes(line))
    named: list[str] = []
    found = list(logs.items("log", b"\n".join(lines), lambda size: b"", lambda source, why: named.append(source)))
    assert found and all(isinstance(item, Event) for item in found)
    assert all(source.startswith("log#") for source in named)
