"""Structured reports: RFC 3464 with what senders do wrong in it, RFC 6533, RFC 5965."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from messages import ORIGINAL, dsn

from analyzer.parsing import read_message

FAILED = """
    Final-Recipient: rfc822; kim@lumen.example
    Action: failed
    Status: 5.1.1
    Remote-MTA: dns; mx1.lumen.example
    Diagnostic-Code: smtp; 550 5.1.1 <kim@lumen.example>: Recipient address rejected: no
     such mailbox
"""


def only(data: bytes):
    report = read_message(data)
    assert len(report.failures) == 1, report
    return report, report.failures[0]


def test_a_report_says_who_failed_and_why():
    report, failure = only(dsn(FAILED))
    assert (report.kind, report.format, report.reporting_mta) == ("bounce", "rfc3464", "mx.sender.example")
    assert report.received_at == "2026-03-03T08:30:00Z"
    assert failure.recipient == "kim@lumen.example"
    assert (failure.action, failure.status, failure.remote_mta) == ("failed", "5.1.1", "mx1.lumen.example")
    assert failure.diagnostic == "550 5.1.1 <kim@lumen.example>: Recipient address rejected: no such mailbox"


def test_the_returned_original_is_looked_into():
    original = read_message(dsn(FAILED)).original
    assert original.message_id == "<seq-17.step-1@outreach.example>"
    assert original.sender == "ava@outreach.example"
    assert original.recipients == ("kim@lumen.example",)
    # Headers that any hop adds are no marks of ours.
    assert original.headers == {
        "to": "kim@lumen.example",
        "x-lead-id": "L-0042",
        "list-unsubscribe": "<mailto:unsub+L-0042@outreach.example>",
    }


@pytest.mark.parametrize(
    ("group", "recipient"),
    [
        ("Final-Recipient: kim@lumen.example\nAction: failed\nStatus: 5.1.1", "kim@lumen.example"),
        ("Final-Recipient: <kim@lumen.example>\nAction: failed\nStatus: 5.1.1", "kim@lumen.example"),
        ("Final-Recipient: RFC822;<kim@lumen.example> (Kim)\nAction: failed", "kim@lumen.example"),
        ("Original-Recipient: rfc822;kim@lumen.example\nAction: failed\nStatus: 5.1.1", "kim@lumen.example"),
        (
            "Final-Recipient: X400; /o=lumen\nOriginal-Recipient: rfc822; kim@lumen.example\nAction: error",
            "kim@lumen.example",
        ),
        ("Action: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822; kim@lumen.example", "kim@lumen.example"),
        ("Final-Recipient: rfc822; kim..roe@lumen.example\nAction: failed", "kim..roe@lumen.example"),
        ("Final-Recipient: rfc822; kim\nAction: failed\nStatus: 5.1.1", "kim@lumen.example"),
        ("Final-Recipient: unknown\nAction: failed\nStatus: 5.1.1", "kim@lumen.example"),
        (
            "Final-Recipient: rfc822; IMCEAEX-_O=L_CN=kim@lumen.example\n"
            "Original-Recipient: rfc822; kim@lumen.example\nAction: failed",
            "kim@lumen.example",
        ),
    ],
)
def test_recipient_fields_as_servers_write_them(group, recipient):
    assert only(dsn(group))[1].recipient == recipient


def test_final_and_original_recipient_that_differ_are_both_kept():
    failure = only(
        dsn(
            "Original-Recipient: rfc822; sales@lumen.example\nFinal-Recipient: rfc822; kim@corp.lumen.example\nAction: failed"
        )
    )[1]
    assert (failure.recipient, failure.original_recipient) == ("kim@corp.lumen.example", "sales@lumen.example")


def test_several_recipients_are_several_rows_even_without_the_blank_line():
    joined = """
        Final-Recipient: rfc822; a@lumen.example
        Action: failed
        Status: 5.1.1
        Final-Recipient: rfc822; b@lumen.example
        Action: failed
        Status: 5.2.2
    """
    report = read_message(dsn(joined, "Final-Recipient: rfc822; c@lumen.example\nAction: failed\nStatus: 5.7.1"))
    assert [(f.recipient, f.status) for f in report.failures] == [
        ("a@lumen.example", "5.1.1"),
        ("b@lumen.example", "5.2.2"),
        ("c@lumen.example", "5.7.1"),
    ]


def test_a_letter_with_blank_lines_folded_into_a_field_stays_one_field():
    letter = """
        Final-Recipient: rfc822; crew@lumen.example
        Action: failed
        Diagnostic-Code: smtp; Hello ava@outreach.example,
         
         the group that you wrote to (crew) does not exist, or you may not have permission to post to it.
         
          * The group may not be open to posting.
        Status: 5.0.0
    """  # noqa: W293
    report = read_message(dsn(letter, "Final-Recipient: rfc822; c@lumen.example\nAction: failed\nStatus: 5.7.1"))
    group, other = report.failures
    assert (group.recipient, group.status) == ("crew@lumen.example", "5.0.0")
    assert group.diagnostic.endswith("permission to post to it. * The group may not be open to posting.")
    assert (other.recipient, other.status) == ("c@lumen.example", "5.7.1")


def test_an_indented_group_behind_a_blank_line_is_the_next_recipient():
    report = read_message(
        dsn("Final-Recipient: rfc822; a@lumen.example\nAction: failed\n\n  Final-Recipient: rfc822; b@lumen.example\n"
            "  Action: failed")
    )  # fmt: skip
    assert [f.recipient for f in report.failures] == ["a@lumen.example", "b@lumen.example"]


def test_the_dots_behind_an_address_are_no_part_of_the_words():
    text = """
        ----- Transcript of session follows -----
        <kim@lumen.example>... Deferred: Connection timed out with mx.lumen.example.
        Message could not be delivered for 5 days
    """
    (failure,) = read_message(
        dsn("Final-Recipient: RFC822; kim@lumen.example\nAction: failed\nStatus: 4.4.7", text=text)
    ).failures
    assert failure.diagnostic.startswith("Deferred: Connection timed out with mx.lumen.example.")


def test_recipients_that_are_only_delayed_are_no_rows_of_a_bounce():
    report = read_message(dsn(FAILED, "Final-Recipient: rfc822; late@lumen.example\nAction: delayed\nStatus: 4.4.1"))
    assert report.kind == "bounce"
    assert [f.recipient for f in report.failures] == ["kim@lumen.example"]


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("delayed", "4.4.7", "delayed"),
        ("delivered", "2.0.0", "delivered"),
        ("relayed", "2.1.9", "delivered"),
        ("expanded", "2.1.5", "delivered"),
        ("Failed (permanently)", "5.0.0", "bounce"),
        ("error", "5.0.0", "bounce"),
        ("", "5.1.1", "bounce"),
    ],
)
def test_the_action_decides_the_kind(action, status, kind):
    report = read_message(dsn(f"Final-Recipient: rfc822; kim@lumen.example\nAction: {action}\nStatus: {status}"))
    assert report.kind == kind


def test_base64_and_quoted_printable_delivery_status():
    group = "Reporting-MTA: dns; mx.sender.example\n\n" + "\n".join(
        line.strip() for line in FAILED.strip().split("\n")[:4]
    )
    encoded = base64.encodebytes(group.encode()).decode()
    data = dsn(encoding="base64").replace(b"Reporting-MTA: dns; mx.sender.example\n", encoded.encode())
    assert only(data)[1].recipient == "kim@lumen.example"


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_any_line_ends(ends):
    data = dsn(FAILED).replace(b"\n", ends.encode())
    assert only(data)[1].recipient == "kim@lumen.example"


def test_a_leading_mbox_line_is_no_header():
    assert only(b"From MAILER-DAEMON Tue Mar  3 09:30:00 2026\n" + dsn(FAILED))[0].kind == "bounce"


def test_a_boundary_that_nobody_declared():
    data = dsn(FAILED).replace(b'boundary="=_b1"', b'boundary="lost"')
    assert only(data)[1].recipient == "kim@lumen.example"


def test_a_missing_diagnostic_is_taken_from_the_text():
    text = """
        This is the mail system at host mx.sender.example.

        <kim@lumen.example>: host mx1.lumen.example[192.0.2.9] said: 552 5.2.2 the
            mailbox is over its quota (in reply to RCPT TO command)
    """
    failure = only(dsn("Final-Recipient: rfc822; kim@lumen.example\nAction: failed\nStatus: 5.2.2", text=text))[1]
    assert failure.diagnostic.startswith("552 5.2.2 the mailbox is over its quota")


@pytest.mark.parametrize(
    ("text", "says"),
    [("kim@lumen.example", "exit status 67"), ("<kim@lumen.example>: 554 5.3.0 unknown mailer error 67", "554 5.3.0 ")],
)
def test_the_exit_status_of_a_program_is_told_where_the_text_says_nothing(text, says):
    fields = "Final-Recipient: rfc822; kim@lumen.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: X-Unix; 67"
    assert only(dsn(fields, text=text))[1].diagnostic.startswith(says)


@pytest.mark.parametrize(
    "codes", [("X-LMTP; 250 2.1.0 ok", "smtp; 550 5.1.1 nobody"), ("smtp; 550 5.1.1 nobody", "smtp; 250 ok")]
)
def test_of_two_diagnostics_the_one_that_refuses_decides(codes):
    fields = "Final-Recipient: rfc822; kim@lumen.example\nAction: failed\nStatus: 5.1.1\n"
    fields += "\n".join(f"Diagnostic-Code: {code}" for code in codes)
    assert only(dsn(fields, text="failed"))[1].diagnostic == "550 5.1.1 nobody"


def test_a_report_nested_in_the_returned_original_is_never_the_report():
    inner = dsn(FAILED.replace("kim@", "somebody.else@")).decode()
    data = (
        dsn(FAILED)
        .replace(b"text/rfc822-headers", b"message/rfc822")
        .replace(
            b"Date: Tue, 3 Mar 2026 08:00:00 +0000\n",
            b"Date: Tue, 3 Mar 2026 08:00:00 +0000\n\n" + inner.replace("=_b1", "=_b2").encode(),
        )
    )
    assert only(data)[1].recipient == "kim@lumen.example"


def test_internationalised_reports():
    group = "Final-Recipient: utf-8; m\\x{FC}ller@b\\x{E4}ckerei.example\nAction: failed\nStatus: 5.1.1"
    report, failure = only(dsn(group, status_type="message/global-delivery-status"))
    assert report.format == "rfc6533"
    assert failure.recipient == "müller@bäckerei.example"


def arf(fields: str, original: str = ORIGINAL.format(to="kim@lumen.example")) -> bytes:
    return (
        "From: feedback@mailbox.example\nTo: abuse@outreach.example\nSubject: FW: a question\n"
        "Date: Tue, 3 Mar 2026 09:30:00 +0000\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="fb"\n\n'
        "--fb\nContent-Type: text/plain\n\nThis is an email abuse report.\n\n"
        f"--fb\nContent-Type: message/feedback-report\n\n{fields}\n"
        f"--fb\nContent-Type: message/rfc822\n\n{original}\n--fb--\n"
    ).encode()


@pytest.mark.parametrize(
    ("fields", "kind", "recipients"),
    [
        ("Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: kim@lumen.example\n", "complaint", ["kim@lumen.example"]),
        (
            "Feedback-Type: abuse\nOriginal-Rcpt-To: <a@x.example>\nOriginal-Rcpt-To: b@x.example\n",
            "complaint",
            ["a@x.example", "b@x.example"],
        ),
        ("Feedback-Type: fraud\nVersion: 1\n", "complaint", ["kim@lumen.example"]),
        ("Feedback-Type: not-spam\nVersion: 1\n", "other", []),
    ],
)
def test_feedback_reports(fields, kind, recipients):
    report = read_message(arf(fields))
    assert report.kind == kind
    assert [f.recipient for f in report.failures] == recipients


def test_a_complaint_whose_recipient_is_redacted_still_counts():
    report = read_message(arf("Feedback-Type: abuse\n", ORIGINAL.format(to="undisclosed-recipients:;")))
    assert (report.kind, [f.recipient for f in report.failures]) == ("complaint", [""])
    assert report.original.message_id == "<seq-17.step-1@outreach.example>"


def test_names_without_a_domain_are_those_of_the_mail_that_came_back():
    groups = [f"Final-Recipient: rfc822; {name}\nAction: failed\nStatus: 5.1.1" for name in ("ben", "KIM", "lou")]
    report = read_message(dsn(*groups, to="kim@lumen.example, ben@arbor.example, eve@arbor.example"))
    assert [failure.recipient for failure in report.failures] == ["ben@arbor.example", "kim@lumen.example"]


def test_a_bounce_that_a_rule_sent_on_is_read_as_it_came():
    formats = Path(__file__).parent / "formats"
    report = read_message((formats / "forwarded-by-a-rule.eml").read_bytes())
    assert (report.original.message_id, report.format) == ("<seq-41.step-1@outreach.example>", "rfc3464")


def test_of_several_bounces_that_return_other_mails_no_message_id_holds_for_all():
    formats = Path(__file__).parent / "formats"
    original = read_message((formats / "forwarded-by-a-colleague.eml").read_bytes()).original
    assert (original.message_id, original.sender) == ("", "ava@outreach.example")
