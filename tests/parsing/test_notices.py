"""Bounces in prose, and the mails that look like one and are none."""

from __future__ import annotations

import pytest
from messages import ORIGINAL, dsn, notice, person

from analyzer import parsing
from analyzer.parsing import read_message

COPY = "--- Below this line is a copy of the message.\n\n" + ORIGINAL.format(to="kim@lumen.example")

QMAIL = f"""\
Hi. This is the qmail-send program at mx.sender.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<kim@lumen.example>:
192.0.2.9 does not like recipient.
Remote host said: 550 5.1.1 no mailbox of that name
Giving up on 192.0.2.9.

<jo@arbor.example>:
Sorry, I couldn't find any host named arbor.example. (#5.1.2)

{COPY}"""

EXIM = """\
This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  kim@lumen.example
    host mx1.lumen.example [192.0.2.9]
    SMTP error from remote mail server after RCPT TO:<kim@lumen.example>:
    550-5.7.1 Mail from this address
    550 5.7.1 is refused by our policy
  robin@arbor.example
    (generated from team@arbor.example)
    retry timeout exceeded

------ This is a copy of the message, including all the headers. ------

"""

DMA = """\
This is the DragonFly Mail Agent v0.13 at mx.sender.example.

There was an error delivering your mail to <kim@lumen.example>.

mx1.lumen.example [192.0.2.9] did not like our RCPT TO:
552 5.2.2 mailbox is full

Message headers follow.

"""

DOMINO = """\
Your message

  Subject: a question about your warehouse

was not delivered to:

  kim@lumen.example

because:

  User kim (kim@lumen.example) not listed in Domino Directory
"""

GMAIL = """\
Delivery to the following recipient failed permanently:

     kim@lumen.example

Technical details of permanent failure:
Google tried to deliver your message, but it was rejected by the server for the recipient
domain lumen.example. The error that the other server returned was: 550 5.4.1 no such recipient here

----- Original message -----

"""

GERMAN = """\
Diese Nachricht wurde automatisch erzeugt.

Ihre E-Mail konnte nicht zugestellt werden an:

<kim@lumen.example>:
    Host mx1.lumen.example sagte: 550 5.1.1 Empfänger unbekannt
"""

JAPANESE = """\
次のあて先へのメッセージはエラーのため送信できませんでした。

<kim@lumen.example>

宛先のメールアドレスが見つかりませんでした。
"""

WORKMAIL = """\
An error occurred while trying to deliver the mail to the following recipients:
kim@lumen.example

Technical report:

Reporting-MTA: dns; a1.smtp-out.example

Action: failed
Final-Recipient: rfc822; kim@lumen.example
Diagnostic-Code: smtp; 550 5.1.1 no such user
Status: 5.1.1
"""

DELAY_FAILED = "Final-Recipient: rfc822; kim@lumen.example\nAction: failed\nStatus: 4.4.7"


@pytest.mark.parametrize(
    ("data", "form", "expected"),
    [
        (
            notice(QMAIL),
            "notice",
            [
                ("kim@lumen.example", "550 5.1.1 no mailbox of that name"),
                ("jo@arbor.example", "couldn't find any host"),
            ],
        ),
        (
            notice(EXIM, headers="X-Failed-Recipients: kim@lumen.example\nAuto-Submitted: auto-replied\n"),
            "exim",
            [
                ("kim@lumen.example", "550 5.7.1 Mail from this address is refused by our policy"),
                ("robin@arbor.example", "retry timeout exceeded"),
            ],
        ),
        (
            notice(DMA, sender="MAILER-DAEMON <>", subject="Mail delivery failed"),
            "dma",
            [("kim@lumen.example", "552 5.2.2 mailbox is full")],
        ),
        (
            notice(DOMINO, sender="Postmaster@lumen.example", subject="DELIVERY FAILURE: User kim not listed"),
            "notice",
            [("kim@lumen.example", "not listed in Domino Directory")],
        ),
        (
            notice(
                GMAIL,
                subject="Delivery Status Notification (Failure)",
                headers="X-Failed-Recipients: kim@lumen.example\n",
            ),
            "notice",
            [("kim@lumen.example", "550 5.4.1 no such recipient here")],
        ),
        (
            notice(GERMAN, subject="Unzustellbar: Frage"),
            "notice",
            [("kim@lumen.example", "550 5.1.1 Empfänger unbekannt")],
        ),
        (
            notice(JAPANESE, subject="Returned mail", charset="iso-2022-jp"),
            "notice",
            [("kim@lumen.example", "メールアドレスが見つかりませんでした")],
        ),
        (
            notice(WORKMAIL, subject="Delivery Status Notification (Failure)"),
            "embedded",
            [("kim@lumen.example", "550 5.1.1 no such user")],
        ),
    ],
    ids=["qmail", "exim", "dma", "domino", "gmail", "german", "japanese", "fields-in-text"],
)
def test_a_notice_in_prose(data, form, expected):
    report = read_message(data)
    assert (report.kind, report.format) == ("bounce", form)
    assert [f.recipient for f in report.failures] == [address for address, _ in expected]
    for failure, (_, words) in zip(report.failures, expected, strict=True):
        assert words in failure.diagnostic


def test_a_redirected_address_keeps_the_one_we_wrote_to():
    data = notice(EXIM, headers="Auto-Submitted: auto-replied\n")
    assert read_message(data).failures[1].original_recipient == "team@arbor.example"


@pytest.mark.parametrize(
    "text",
    [
        "<kim@lumen.example> (expanded from <info@arbor.example>): host mx.lumen.example[192.0.2.9] said:\n    550 5.1.1 no",
        "   ----- The following addresses had permanent fatal errors -----\n<kim@lumen.example>\n"
        "    (reason: 550 5.1.1 no)\n    (expanded from: <info@arbor.example>)\n",
        "This message was created automatically by mail delivery software.\n\nIt failed for:\n\n  kim@lumen.example\n"
        "    (ultimately generated from info@arbor.example)\n    550 5.1.1 no\n",
    ],
    ids=["postfix", "sendmail", "exim"],
)
def test_an_address_that_another_was_expanded_to_keeps_the_one_we_wrote_to(text):
    fields = "Final-Recipient: rfc822; kim@lumen.example\nAction: failed\nStatus: 5.1.1"
    for data in (
        notice(text),
        notice(text, headers="X-Failed-Recipients: kim@lumen.example\n"),
        dsn(fields, text=text),
    ):
        (failure,) = read_message(data).failures
        assert (failure.recipient, failure.original_recipient) == ("kim@lumen.example", "info@arbor.example")


def test_the_copied_headers_of_a_text_bounce_are_looked_into():
    original = read_message(notice(QMAIL)).original
    assert original.message_id == "<seq-17.step-1@outreach.example>"
    assert original.headers["x-lead-id"] == "L-0042"


def test_a_notification_of_ses_that_came_by_mail():
    data = notice(
        '{"Type":"Notification","Message":"{\\"notificationType\\":\\"Bounce\\",\\"bounce\\":{\\"bounceType\\":\\"Permanent\\",'
        '\\"bouncedRecipients\\":[{\\"emailAddress\\":\\"kim@lumen.example\\",\\"status\\":\\"5.1.1\\",'
        '\\"diagnosticCode\\":\\"smtp; 550 5.1.1 no such user\\"}]}}"}',
        sender="SES <no-reply@sns.amazonaws.com>",
        subject="AWS Notification Message",
    )
    report = read_message(data)
    assert (report.kind, report.format) == ("bounce", "amazonses-sns")
    assert (report.failures[0].status, report.failures[0].diagnostic) == ("5.1.1", "550 5.1.1 no such user")


def test_what_no_reader_knows_goes_to_flufl_bounce(monkeypatch):
    monkeypatch.setattr(parsing, "READERS", ())
    data = notice(
        "The following addresses had delivery problems:\n\n    kim@lumen.example\n\n"
        "----- Transcript of session follows -----\n550 kim@lumen.example: no mailbox\n",
        subject="Delivery Notification",
    )
    report = read_message(data)
    assert (report.kind, report.format) == ("bounce", "flufl.bounce")
    assert [f.recipient for f in report.failures] == ["kim@lumen.example"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (person("I am out of the office until Monday.", subject="Automatic reply: a question"), "autoreply"),
        (person("Ich bin im Urlaub.", subject="Abwesenheitsnotiz: Frage"), "autoreply"),
        (person("Away.", headers="Auto-Submitted: auto-replied\n"), "autoreply"),
        (person("On leave.", headers="X-Autoreply: yes\n"), "autoreply"),
        (person("We have received your request.", subject="Ticket #4711 created", headers="Auto-Submitted: auto-generated\n"), "autoreply"),
        (person("Our gateway answered 550 5.1.1 user unknown when I wrote to jo@arbor.example, any idea?"), "other"),
        (person("> <jo@arbor.example>: 550 5.1.1 user unknown\n> Action: failed\n\nThis came back to me. Jo has left us."), "other"),
        (person("Sounds good, call me."), "other"),
        (
            notice("THIS IS A WARNING MESSAGE ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\nDelivery to the following recipient has been "
                   "delayed:\n\n     kim@lumen.example\n", subject="Delivery Status Notification (Delay)"),
            "delayed",
        ),
        (dsn("Final-Recipient: rfc822; kim@lumen.example\nAction: delayed\nStatus: 4.4.1"), "delayed"),
        (dsn("Final-Recipient: rfc822; kim@lumen.example\nAction: delivered\nStatus: 2.1.5"), "delivered"),
        (dsn(DELAY_FAILED), "bounce"),
        (b"", "other"),
        (b"\x00\xff\xfe" * 50, "other"),
        (b"Subject: only a subject", "other"),
    ],
    ids=[
        "out-of-office", "abwesend", "auto-submitted", "x-autoreply", "ticket", "codes-in-a-reply", "quoted-bounce", "reply",
        "delay-text", "delay-dsn", "success-dsn", "expired-queue-is-a-bounce", "empty", "binary", "header-only",
    ],
)  # fmt: skip
def test_kinds(data, kind):
    report = read_message(data)
    assert report.kind == kind
    if kind in {"autoreply", "other"}:
        assert report.failures == ()


def test_nobody_has_failed_of_a_mail_that_is_late():
    data = notice(
        "Delivery to the following recipient has been delayed:\n\n     kim@lumen.example\n", subject="Delivery delayed"
    )
    report = read_message(data)
    assert (report.kind, [failure.action for failure in report.failures]) == ("delayed", ["delayed"])


def test_the_subject_of_our_message_is_no_word_of_the_server():
    (failure,) = read_message(
        notice(
            """\
            Your message

              To:      Kim
              Subject: Your mailbox is full of spam
              Sent:    Tue, 3 Mar 2026 08:00:00 +0000

            did not reach the following recipient: kim@lumen.example
            """,
            sender="postmaster@lumen.example",
            subject="Undeliverable: Your mailbox is full of spam",
        )
    ).failures
    assert failure.recipient == "kim@lumen.example"
    assert "spam" not in failure.diagnostic


def test_a_text_that_only_points_to_the_html_beside_it_is_not_read_instead_of_it():
    head = (
        "Return-Path: <>\nFrom: postmaster@lumen.example\nTo: ava@outreach.example\nSubject: Undeliverable: a question\n"
        'MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="=_a"\n\n'
    )
    html = "<p>Your message could not be delivered.</p><p>kim@lumen.example</p><p>550 5.1.1 nobody of that name</p>"
    parts = f"--=_a\n\nPlease view this message as HTML.\n--=_a\nContent-Type: text/html\n\n{html}\n--=_a--\n"
    (failure,) = read_message((head + parts).encode()).failures
    assert (failure.recipient, failure.diagnostic) == ("kim@lumen.example", "550 5.1.1 nobody of that name")


def test_a_banner_above_a_notice_is_no_footer():
    (failure,) = read_message(
        notice(
            """\
            This message was checked by the gateway of Lumen and is confidential.

            Your message could not be delivered to kim@lumen.example: 550 5.1.1 nobody of that name
            """
        )
    ).failures
    assert failure.diagnostic.endswith("550 5.1.1 nobody of that name")


@pytest.mark.parametrize(
    "text",
    [
        "After several unsuccessful delivery attempts your message could not be delivered to <kim@lumen.example>.",
        "Your message was delivered to <jo@lumen.example>. It could not be delivered to: <kim@lumen.example>",
    ],
)
def test_what_failed_is_no_success_whatever_else_was_delivered(text):
    assert read_message(notice(text)).kind == "bounce"


def test_a_read_receipt_is_no_bounce():
    data = (
        b"From: kim@lumen.example\nTo: ava@outreach.example\nSubject: Read: a question\nContent-Type: multipart/report; "
        b'report-type=disposition-notification; boundary="m"\n\n--m\nContent-Type: text/plain\n\nYour message was read.\n'
        b"--m\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; kim@lumen.example\n"
        b"Disposition: manual-action/MDN-sent-manually; displayed\n\n--m--\n"
    )
    assert read_message(data).kind == "mdn"


@pytest.mark.parametrize("size", [2_000, 4_000])
def test_broken_mail_never_raises(size):
    whole = dsn(DELAY_FAILED) + notice(EXIM) + notice(JAPANESE, charset="iso-2022-jp")
    for cut in range(0, min(size, len(whole)), 37):
        read_message(whole[cut:])
        read_message(whole[: len(whole) - cut])


@pytest.mark.parametrize(
    "text",
    [
        "Your message to kim@lumen.example could not be delivered. It was stopped by the mail server of the company.\n\n"
        "This message contains words marked confidential and was blocked by the policy of the receiver.",
        "Lumen Corporation, automatic message of the mail gateway. Do not answer this mail, for nobody reads it.\n\n"
        "This e-mail is confidential.\n\nYour message was blocked by the policy for kim@lumen.example.",
        "Your message to kim@lumen.example was not delivered by the gateway of Lumen, which says the following of it.\n\n"
        "This mail was scanned for spam.\n\nScore 12.4, limit 5.0: 550 5.7.1 blocked by the policy.",
    ],
)
def test_a_line_that_says_why_or_stands_above_the_address_is_no_footer(text):
    (failure,) = read_message(notice(text)).failures
    assert "blocked by the policy" in failure.diagnostic


@pytest.mark.parametrize("subject", ["Your weekly digest", "Spam report for treasury teams", "Junk email report"])
def test_a_bounce_under_our_own_subject_is_no_digest(subject):
    said = "I wasn't able to deliver your message.\n\n<kim@lumen.example>:\nRemote host said: 550 5.1.1 nobody of that name"
    (failure,) = read_message(notice(said, subject=subject)).failures
    assert (failure.recipient, failure.diagnostic) == ("kim@lumen.example", "550 5.1.1 nobody of that name")


def test_a_filters_list_is_no_bounce_though_it_quotes_a_reply():
    listed = "The following messages have been blocked:\nbob@offers.example 550 5.7.1 rejected"
    assert read_message(notice(listed, subject="Spam quarantine summary")).kind == "other"


def test_an_html_file_beside_a_short_notice_is_not_read_instead_of_it():
    head = (
        "Return-Path: <>\nFrom: postmaster@lumen.example\nTo: ava@outreach.example\nSubject: Undeliverable: a question\n"
        "X-Failed-Recipients: kim@lumen.example\n"
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="=_a"\n\n'
    )
    html = "<p>Dear kim@lumen.example, here is our offer.</p>"
    parts = f"--=_a\n\nDelivery failed: 552 5.2.2 mailbox full\n--=_a\nContent-Type: text/html\n\n{html}\n--=_a--\n"
    (failure,) = read_message((head + parts).encode()).failures
    assert "552 5.2.2 mailbox full" in failure.diagnostic


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Thank you for writing", "All parcels have been returned to us. In urgent cases mail bo@lumen.example."),
        ("Returning message: call me", "Kim tried to mail you. In urgent cases mail bo@lumen.example."),
    ],
)
def test_what_is_returned_but_no_mail_is_no_bounce(subject, text):
    said = notice(text, subject=subject, sender="kim@lumen.example")
    assert read_message(said).kind != "bounce"


def test_what_was_delivered_is_no_bounce_for_the_words_of_our_own_subject():
    said = "Your message was successfully delivered to kim@lumen.example.\n\nSubject: Why your paper was rejected\n"
    assert read_message(notice(said, subject="Relayed: Why your paper was rejected")).kind == "delivered"


def test_a_footers_house_number_is_no_reply():
    text = "kim@lumen.example\nThe mailbox of the recipient is full, for the quota of the user is exceeded.\n\n"
    footer = "This email is confidential. Lumen Corporation, 550 Main Street, legal@lumen.example"
    (failure,) = read_message(notice(f"Delivery has failed to these recipients:\n\n{text}{footer}")).failures
    assert "mailbox" in failure.diagnostic and "550" not in failure.diagnostic


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        (
            "Postmaster <postmaster@hub.example>",
            "Our policy",
            "From April mail will be rejected with 550 5.7.26. Ask user@hub.example.",
        ),
        (
            "Watch <alert@watch.example>",
            "mail delivery failed",
            "Delivery failures 550 5.1.1. Told: ops@outreach.example",
        ),
    ],
    ids=["announcement", "monitor"],
)
def test_what_has_not_happened_or_names_only_us_is_no_bounce(sender, subject, text):
    message = notice(text, sender=sender, subject=subject).replace(
        b"Return-Path: <>\n", b"Return-Path: <news@hub.example>\n"
    )
    assert read_message(message).kind == "other"


@pytest.mark.parametrize(
    "text",
    [
        "Je suis en congé. Votre message n'a pas été lu. Contact : bob@lumen.example",
        "휴가 중이라 보낼 수 없습니다. bob@lumen.example",
    ],
)
def test_an_answer_in_a_persons_name_is_no_bounce_though_it_came_from_the_null_sender(text):
    message = person(text).replace(b"Return-Path: <kim@lumen.example>", b"Return-Path: <>")
    message = message.replace(b"Content-Type: text/plain", b"Content-Type: text/plain; charset=utf-8")
    assert read_message(message).kind == "autoreply"


def test_an_invoices_number_is_no_reply():
    text = "The invoice 550 of EUR 500 was rejected by kim@lumen.example."
    message = notice(text, sender="Billing <noreply@bill.example>", subject="Invoice 550 rejected")
    assert read_message(message.replace(b"Return-Path: <>", b"Return-Path: <b@bill.example>")).kind == "other"


def test_the_reply_that_stands_in_the_subject_alone():
    told = notice("Original recipient: kim@lumen.example\n", subject="Mail delivery failed: 550 5.1.1 User unknown")
    assert [f.diagnostic for f in read_message(told).failures] == ["550 5.1.1 User unknown"]
