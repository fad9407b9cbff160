"""Mails that somebody drags out of Outlook (`.msg`) are read like any other."""

from __future__ import annotations

import random
import struct
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analyzer.api import ParseRun
from analyzer.parsing import read_message
from analyzer.records import Report
from analyzer.sources.outlook import DamagedError, NotMailError, message_of
from fuzz.seeds.outlook import compound, mail, outlook_file

CLASS, SUBJECT, HEADER, SENT = 0x001A, 0x0037, 0x007D, 0x0E06
BODY, HTML, SENDER, SENDER_ADDRESS, MESSAGE_ID = 0x1000, 0x1013, 0x0C1A, 0x0C1F, 0x1035
NAME, ADDRESS, SMTP, SUPPLEMENT, STATUS, DIAGNOSIS, REMOTE = 0x3001, 0x3003, 0x39FE, 0x0C1B, 0x0C20, 0x0C05, 0x0C21
MIME_TYPE, FILE_NAME, FILE = 0x370E, 0x3707, 0x3701

NDR = {
    CLASS: "REPORT.IPM.Note.NDR",
    SUBJECT: "Undeliverable: Quick question",
    BODY: "Your message did not reach some or all of the intended recipients.\r\n",
    SENDER: "System Administrator",
    SENT: datetime(2026, 3, 2, 9, 12, tzinfo=UTC),
}
OURS = mail(
    {
        CLASS: "IPM.Note",
        SUBJECT: "Quick question",
        HEADER: "Message-ID: <a1@sender.example>\r\nFrom: Ann <ann@sender.example>\r\nX-Campaign: 7\r\n"
        "Content-Type: text/plain\r\n\r\n",
        BODY: "Hello Kim, " * 800,
    },
    inside=True,
)


def read(properties: dict[int, Any], recipients: Any = (), attached: Any = (), page: int = 0) -> Report:
    return read_message(message_of(outlook_file(properties, recipients, attached, page)))


def test_a_report_is_made_anew_out_of_its_recipients() -> None:
    report = read(
        NDR,
        [
            {NAME: "'kim@lumen.example'", ADDRESS: "kim@lumen.example", STATUS: 511,
             SUPPLEMENT: "<mx1.lumen.example #5.1.1 smtp;550 5.1.1 <kim@lumen.example>: no such mailbox>"},
            {NAME: "Lee", ADDRESS: "/o=corp/cn=recipients/cn=lee", SMTP: "lee@forum.example", REMOTE: "mx.forum.example",
             SUPPLEMENT: "550 5.7.1 refused by policy"},
        ],
        [{FILE: OURS}],
    )  # fmt: skip
    assert (report.kind, report.format, report.received_at) == ("bounce", "rfc3464", "2026-03-02T09:12:00Z")
    assert [(one.recipient, one.status, one.reply, one.diagnostic, one.remote_mta) for one in report.failures] == [
        ("kim@lumen.example", "5.1.1", "550", "550 5.1.1 <kim@lumen.example>: no such mailbox", "mx1.lumen.example"),
        ("lee@forum.example", "5.7.1", "550", "550 5.7.1 refused by policy", "mx.forum.example"),
    ]
    ours = report.original
    assert (ours.message_id, ours.sender, ours.subject) == (
        "<a1@sender.example>",
        "ann@sender.example",
        "Quick question",
    )
    assert ours.headers == {"x-campaign": "7"}
    assert report.reporting_mta == ""


@pytest.mark.parametrize(
    ("properties", "status"),
    [
        ({STATUS: 544}, "5.4.4"),
        ({DIAGNOSIS: 0}, "5.1.1"),
        ({DIAGNOSIS: 3}, "5.4.6"),
        # No diagnosis at all, as MAPI writes one.
        ({DIAGNOSIS: 0xFFFFFFFF}, "5.0.0"),
        ({}, "5.0.0"),
    ],
)
def test_a_recipients_codes_are_numbers(properties: dict[int, Any], status: str) -> None:
    (failure,) = read(NDR | {BODY: "x"}, [{ADDRESS: "kim@lumen.example", **properties}]).failures
    assert (failure.recipient, failure.status) == ("kim@lumen.example", status)


def test_a_report_of_exchange_keeps_its_header_and_its_page() -> None:
    """Its own header came with it; what that says of MIME is about a form that the mail no longer has."""
    page = (
        "<html><body><p>Delivery has failed to these recipients or groups:</p><p>kim@lumen.example</p>"
        "<p>Remote Server returned '550 5.1.1 User unknown'</p></body></html>"
    )
    report = read(
        {
            CLASS: "IPM.Note",
            SUBJECT: "Undeliverable: Quick question",
            HEADER: "Microsoft Mail Internet Headers Version 2.0\r\nReceived: from mx.sender.example by mail.sender.example;\r\n"
            "\tMon, 2 Mar 2026 09:12:00 +0000\r\nMIME-Version: 1.0\r\nFrom: <postmaster@sender.example>\r\n"
            'To: <ann@sender.example>\r\nContent-Type: multipart/report;\r\n\tboundary="b1"\r\nReturn-Path: <>\r\n'
            "In-Reply-To: <a1@sender.example>\r\n\r\n",
            HTML: page.encode(),
        }
    )
    assert report.kind == "bounce"
    assert [(one.recipient, one.status) for one in report.failures] == [("kim@lumen.example", "5.1.1")]
    assert report.original.message_id == "<a1@sender.example>"
    assert report.received_at == "2026-03-02T09:12:00Z"


def test_the_machine_readable_part_that_came_as_a_file_goes_before_what_is_made() -> None:
    told = (
        b"Reporting-MTA: dns; mx.sender.example\r\n\r\nFinal-Recipient: rfc822; kim@lumen.example\r\nAction: failed\r\n"
    )
    told += b"Status: 5.2.2\r\nDiagnostic-Code: smtp; 552 5.2.2 mailbox full\r\n"
    report = read(
        NDR,
        [{ADDRESS: "kim@lumen.example"}],
        [{MIME_TYPE: "message/delivery-status", FILE_NAME: "details.txt", FILE: told}],
    )
    (failure,) = report.failures
    assert (failure.status, failure.diagnostic, report.reporting_mta) == (
        "5.2.2",
        "552 5.2.2 mailbox full",
        "mx.sender.example",
    )


@pytest.mark.parametrize(
    ("properties", "recipients", "kind"),
    [
        (NDR | {CLASS: "REPORT.IPM.Note.DR", SUBJECT: "Delivered: Quick question"}, [{ADDRESS: "kim@lumen.example"}], "delivered"),
        ({CLASS: "REPORT.IPM.Note.IPNRN", SUBJECT: "Read: Quick question", SENDER_ADDRESS: "kim@lumen.example"}, [], "mdn"),
        (
            {CLASS: "IPM.Note.Rules.OofTemplate.Microsoft", SUBJECT: "Quick question", SENDER_ADDRESS: "kim@lumen.example",
             BODY: "I am away until Monday. 550 is my extension."},
            [],
            "autoreply",
        ),
        (
            {CLASS: "IPM.Note", SUBJECT: "Re: Quick question", SENDER: "Kim", SENDER_ADDRESS: "/o=corp/cn=recipients/cn=kim",
             BODY: "550 of them, please."},
            [],
            "other",
        ),
    ],
    ids=["delivered", "read", "away", "answer"],
)  # fmt: skip
def test_what_is_no_bounce(properties: dict[int, Any], recipients: list[Any], kind: str) -> None:
    assert read(properties, recipients).kind == kind


def test_texts_of_eight_bit_are_read_by_their_code_page() -> None:
    report = read(NDR | {SUBJECT: "配信不能: ご質問"}, [{ADDRESS: "kim@lumen.example"}], page=932)
    assert report.subject == "配信不能: ご質問"


def test_files_come_in_folders_archives_and_by_name(tmp_path: Path) -> None:
    data = outlook_file(NDR, [{ADDRESS: "kim@lumen.example", STATUS: 511}])
    (tmp_path / "one.msg").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("two.msg", data)
    (tmp_path / "old.xls").write_bytes(compound({"Workbook": bytes(5000)}))
    (tmp_path / "cut.msg").write_bytes(data[: len(data) // 2])
    run = ParseRun([tmp_path])
    rows = list(run)
    assert {row["recipient"] for row in rows} == {"kim@lumen.example"}
    assert len(rows) == 2
    told = {Path(skip.source).name: (skip.why, skip.broken) for skip in run.reading.skipped}
    assert told == {
        "old.xls": ("is an old Office document or an item of Outlook, no mail", False),
        "cut.msg": ("is a file of Outlook or of an old Office that is cut off or damaged", True),
    }


def test_other_items_of_outlook_are_no_mail() -> None:
    for kind in ("IPM.Contact", "IPM.Appointment", "IPM.StickyNote"):
        with pytest.raises(NotMailError):
            message_of(outlook_file({CLASS: kind, SUBJECT: "x"}))


def test_mails_inside_mails_end_somewhere() -> None:
    inner = OURS
    for _ in range(30):
        inner = mail({CLASS: "IPM.Note", BODY: "deeper"}, attached=[{FILE: inner}], inside=True)
    message = message_of(outlook_file(NDR, attached=[{FILE: inner}]))
    assert message.count(b"message/rfc822") == 4


def test_no_file_however_broken_fails_otherwise_or_takes_long() -> None:
    """Chains that go round, entries that are their own children, lengths of gigabytes: one error, and soon."""
    whole = outlook_file(
        NDR, [{ADDRESS: f"k{n}@lumen.example", SUPPLEMENT: "550 no"} for n in range(20)], [{FILE: OURS}]
    )
    chance = random.Random(7)
    began = time.process_time()
    read_all = 0
    for _ in range(1500):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(0, len(data) - 4)
            data[at : at + 4] = struct.pack("<I", chance.choice([0, 1, 2, 7, 40, 0xFFFFFFFE, chance.getrandbits(32)]))
        try:
            message_of(bytes(data[: chance.choice([len(data), len(data), chance.randrange(len(data))])]))
            read_all += 1
        except (DamagedError, NotMailError):
            pass
    assert read_all > 100
    assert time.process_time() - began < 30
