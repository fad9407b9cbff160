"""Who failed, of all whom a notice names: never the sender, nor whom the mail has reached, nor whom to turn to instead."""

from __future__ import annotations

import pytest
from messages import ORIGINAL, dsn, notice, person

from analyzer.parsing import read_message

KIM = ["kim@lumen.example"]
#: Where bounces of one mail go to: no address that its text names.
VERP = "bounces+4711@mail.outreach.example"


def _failed(data: bytes) -> list[str]:
    return [failure.recipient for failure in read_message(data).failures]


def _to_verp(text: str) -> bytes:
    return notice(text).replace(b"To: ava@outreach.example", f"To: {VERP}".encode(), 1)


@pytest.mark.parametrize(
    "text",
    [
        "The message from ava@outreach.example to kim@lumen.example could not be delivered: 550 5.1.1 no such user",
        "It could not be delivered.\n\nFrom: ava@outreach.example\nTo: kim@lumen.example\nSubject: Hi\n\nReason: 550 no such user",
        "Delivery failure\n\n Sender . . . : ava@outreach.example\n Recipient. . : kim@lumen.example\n Reason . . . : 550 no such user",
        "Delivery failed.\nEnvelope-From: <ava@outreach.example>\nEnvelope-To: <kim@lumen.example>\n550 5.1.1 no such user",
        "Ihre Nachricht von ava@outreach.example an kim@lumen.example konnte nicht zugestellt werden: 550 unbekannt",
        "Message sent by <ava@outreach.example> was not delivered to kim@lumen.example.\n\n550 5.1.1 no such user",
        "您从ava@outreach.example发往kim@lumen.example的邮件被退回\n550 5.1.1 User unknown",
    ],
    ids=["from-to", "fields", "dotted-fields", "envelope", "german", "sent-by", "chinese"],
)
def test_the_sender_is_none_though_the_notice_went_to_another_address(text):
    assert _failed(_to_verp(text)) == KIM


def test_the_name_of_a_virus_is_none():
    text = "The mail that you sent to kim@lumen.example had a virus in it (W32/Example.B@mm) and was not delivered."
    assert _failed(notice(text)) == KIM


def test_the_only_address_that_a_notice_names_stays():
    assert (
        _failed(_to_verp("Mail could not be delivered, says the postmaster of sender kim@lumen.example: 550 no")) == KIM
    )


@pytest.mark.parametrize(
    "copy",
    [
        "Hello Kim,\nI am Ava. Write to me at ava@outreach.example\nor to ben@outreach.example\n",
        "Hello Kim,\n\nAva North\nava@outreach.example\n+49 30 1234567\n",
    ],
)
def test_our_colleagues_in_a_copy_without_a_separator_are_none(copy):
    assert _failed(_to_verp(f"Delivery failed.\n\nkim@lumen.example: 550 5.1.1 unknown user\n\n{copy}")) == KIM


@pytest.mark.parametrize(
    "why", ["ben@outreach.example\n    552 mailbox full\n", "<ben@outreach.example>:\nThe mailbox is full.\n"]
)
def test_a_colleague_of_whom_the_notice_says_why_has_failed_too(why):
    text = f"Delivery failed.\n\nkim@lumen.example: 550 no such user\n\n{why}"
    assert _failed(notice(text)) == [*KIM, "ben@outreach.example"]


def test_what_strangers_wrote_to_us_is_none_of_our_bounces():
    text = " In:  MAIL FROM:<a@arbor.example>\n In:  RCPT TO:<jo@outreach.example>\n Out: 550 5.1.1 <jo@outreach.example>: unknown\n"
    report = read_message(notice(text, subject="Postfix SMTP server: errors from mx.arbor.example[192.0.2.4]"))
    assert (report.kind, report.failures) == ("other", ())


def test_a_strangers_session_is_none_of_our_bounces_whomever_it_names():
    for recipient in ("jo@outreach.example", "kim@lumen.example"):
        text = (
            "Transcript of session follows.\n\n Out: 220 mx.outreach.example ESMTP\n In:  EHLO desk\n Out: 250 SIZE\n"
            f" In:  MAIL FROM:<a@arbor.example>\n Out: 250 2.1.0 Ok\n In:  RCPT TO:<{recipient}>\n"
            f" Out: 554 5.7.1 <{recipient}>: Relay\n     access denied\n In:  QUIT\n Out: 221 2.0.0 Bye\n"
        )
        for name in ("Postfix", "Outreach-Mail"):
            subject = f"{name} SMTP server: errors from unknown[198.51.100.7]"
            report = read_message(notice(text, subject=subject))
            assert (report.kind, report.failures) == ("other", ())


@pytest.mark.parametrize(
    "text",
    [
        "Hi, this is the Mlmmj program managing the <team@lists.lumen.example>\nmailing list.\n\n"
        "Some messages to you could not be delivered. If you see this, things are\nback to normal.\n\n- 7\n- 8\n",
        "Your membership in the mailing list Team has been disabled due to excessive\nbounces. The last bounce received "
        "from you was dated 3-Mar-2026.\n\n550 5.1.1 ava@outreach.example no such user\n",
        "Hi! This is the ezmlm program. I'm managing the team@lists.lumen.example mailing list.\n\n"
        "Messages to you from the team mailing list seem to\nhave been bouncing.\n\nkim@lumen.example\n",
        "We had to stop: your address is bouncing, says kim@lumen.example. 550 5.2.1 delivery failed\n",
    ],
    ids=["mlmmj", "mailman", "ezmlm", "web"],
)
def test_a_list_whose_mail_to_us_came_back_tells_of_nobody_we_wrote_to(text):
    for sender in (
        "team+owner@lists.lumen.example",
        "team-bounces@lists.lumen.example",
        "MAILER-DAEMON@lists.lumen.example",
    ):
        report = read_message(notice(text, sender=sender, subject="Bounce messages from your address"))
        assert (report.kind, report.failures) == ("other", ())


@pytest.mark.parametrize(
    "text",
    [
        "Your message was delivered to the following recipients:\n  jo@arbor.example\n\n"
        "and could not be delivered to the following recipients:\n  kim@lumen.example: 550 5.1.1 no such user\n",
        "Delivered successfully:\n jo@arbor.example\n\nFailed:\n kim@lumen.example  550 5.1.1 no such user\n",
    ],
)
def test_whom_the_mail_has_reached_is_none(text):
    assert _failed(notice(text)) == KIM


def test_a_list_of_those_it_could_not_reach_is_none_of_those_it_has():
    text = "Your message could not be delivered to:\n  kim@lumen.example\n  jo@arbor.example\n550 5.1.1 no such user\n"
    assert _failed(notice(text)) == [*KIM, "jo@arbor.example"]


@pytest.mark.parametrize(
    "text",
    [
        "Your message to kim@lumen.example could not be delivered.\n\n550 no such user\n\n"
        "If you think this is a mistake, write to helpdesk@lumen.example.\n",
        "<kim@lumen.example>: 550 5.1.1 no such user\n\nContact:\nhelpdesk@lumen.example\n",
        "The address kim@lumen.example is no longer in use.\nPlease use\nkim.lee@arbor.example\ninstead.\n",
    ],
    ids=["write-to", "contact-above", "moved"],
)
def test_whom_to_turn_to_instead_is_none(text):
    assert _failed(notice(text)) == KIM


QUOTED = """\
Hi Ava,

Jo has left us, please take the address off your list.

On Tuesday Ava wrote:
> Why did you send me this? My message could not be delivered:
> <jo@lumen.example>: host mx.lumen.example[192.0.2.1] said: 550 5.1.1 no such user
"""


def test_a_bounce_that_a_postmaster_was_asked_about_is_quoted():
    answer = notice(
        QUOTED,
        sender="Postmaster <postmaster@lumen.example>",
        subject="Re: Undelivered Mail Returned to Sender",
        headers="In-Reply-To: <why@outreach.example>\n",
    ).replace(b"Return-Path: <>\n", b"")
    report = read_message(answer)
    assert (report.kind, report.failures) == ("other", ())


OUTLOOK = """\
Hi Ava,

we have let you in, please try again.

From: Ava North <ava@outreach.example>
Sent: Tuesday, 3 March 2026 08:00
To: IT
Subject: Undeliverable: a question

kim@lumen.example
Remote Server returned '550 5.7.1 blocked'
"""


def test_what_outlook_quotes_below_an_answer_is_no_bounce():
    answer = notice(
        OUTLOOK,
        sender="Lumen Mail Server Team <it@lumen.example>",
        subject="RE: Undeliverable: a question",
        headers="In-Reply-To: <why@outreach.example>\n",
    ).replace(b"Return-Path: <>\n", b"")
    report = read_message(answer)
    assert (report.kind, report.failures) == ("other", ())


@pytest.mark.parametrize("mark", ["Antwort", "Reply", "VB", "VL", "Vá", "İLT", "R", "PD", "RE ", "Sent again"])
def test_a_bounce_that_somebody_answers_to_is_quoted_whatever_the_mark(mark):
    answer = person(QUOTED, subject=f"{mark}: Undelivered Mail Returned to Sender")
    answer = answer.replace(b"In-Reply-To: <seq-17.step-1@outreach.example>\n", b"")
    report = read_message(answer)
    assert (report.kind, report.failures) == ("other", ())


def test_a_server_may_answer_under_the_subject_of_our_answer():
    text = "Your message could not be delivered to kim@lumen.example: 550 5.1.1 no such user\n\n> my question\n"
    assert _failed(notice(text, subject="Re: a question", headers="In-Reply-To: <x@outreach.example>\n")) == KIM


@pytest.mark.parametrize(
    ("subject", "headers", "text"),
    [
        (
            "Kim has left the company",
            "Auto-Submitted: auto-replied\nX-Auto-Response-Suppress: All\n",
            "Kim no longer works here. Your message was not delivered. Please write to jo@lumen.example\n",
        ),
        ("Re: Delivery problems?", "Precedence: bulk\n", "I am on vacation until March 10. Contact jo@lumen.example\n"),
    ],
)
def test_who_has_left_answers_from_the_null_sender_too(subject, headers, text):
    report = read_message(notice(text, sender="Kim Roe <kim@lumen.example>", subject=subject, headers=headers))
    assert (report.kind, report.failures) == ("autoreply", ())


def test_a_server_that_writes_in_another_name_gives_a_reply():
    data = notice(
        "Your message was rejected: 550 5.2.2 mailbox of kim@lumen.example is full\n",
        sender="desk@lumen.example",
        subject="a question",
        headers="Auto-Submitted: auto-replied\n",
    )
    assert (read_message(data).kind, _failed(data)) == ("bounce", KIM)


@pytest.mark.parametrize(
    "page",
    [
        "<html><head><title>İİİİİİİİ</title></head><body>İ<style>x</style>kim@lumen.example: 550 no such user</body></html>",
        "<p>İLETİ TESLİM EDİLEMEDİ: İLETİNİZ İADE EDİLDİ</p><!-- x --><p>kim@lumen.example: 550 no such user</p>",
    ],
)
def test_a_capital_dotted_i_moves_nothing_in_html(page):
    data = notice(page).replace(b"Content-Type: text/plain", b"Content-Type: text/html")
    assert _failed(data) == KIM


@pytest.mark.parametrize(
    "sentence",
    [
        "The other recipient <ben@lumen.example> received it.",
        "It was successfully delivered to ben@lumen.example.",
        "Only ben@lumen.example has accepted it.",
    ],
)
def test_whom_a_sentence_says_that_the_mail_has_reached_is_none(sentence):
    assert _failed(notice(f"It could not be delivered to kim@lumen.example: 550 no such user. {sentence}")) == KIM


def test_whom_a_sentence_says_that_the_mail_has_not_reached_is_one():
    assert _failed(notice("Your message was not delivered to kim@lumen.example: 550 no such user.")) == KIM


def test_our_own_address_stays_where_a_line_says_why_it_failed():
    # Forms on web pages write in the visitor's name, to the visitor and to us.
    text = f"<ava@outreach.example>: 550 5.1.1 no such user\n\n{ORIGINAL.format(to='kim@lumen.example')}"
    assert _failed(notice(text)) == ["ava@outreach.example"]


def test_a_report_with_our_address_for_the_last_recipient_is_about_the_first():
    fields = "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user"
    report = read_message(
        dsn(f"Final-Recipient: rfc822; ava@outreach.example\nOriginal-Recipient: rfc822; kim@lumen.example\n{fields}")
    )
    assert [(one.recipient, one.original_recipient) for one in report.failures] == [("kim@lumen.example", "")]


def test_a_message_identifier_is_none():
    text = "Il messaggio per l'utente kim@lumen.example non è stato consegnato.\nIdentificativo messaggio: <o17@arbor.example>\n"
    assert _failed(notice(text)) == KIM


def test_the_address_that_ends_a_sentence_about_it():
    text = "Invalid final delivery userid: ben@lumen.example\nUser mailbox exceeds allowed size: kim@lumen.example\n"
    told = {failure.recipient: failure.diagnostic for failure in read_message(notice(text)).failures}
    assert told == {
        "ben@lumen.example": "Invalid final delivery userid: ben@lumen.example",
        "kim@lumen.example": "User mailbox exceeds allowed size: kim@lumen.example",
    }


def test_the_address_that_stands_in_the_subject_alone():
    assert (
        _failed(notice("Nobody of that name is here.", subject="Undeliverable: no such user kim@lumen.example")) == KIM
    )


def test_our_own_address_in_the_subject_is_none():
    assert _failed(notice("Nobody of that name is here.", subject="Undeliverable mail from ava@outreach.example")) == []


def test_the_address_that_stands_in_the_second_of_two_texts():
    parts = "--b\nContent-Type: text/plain\n\n{}\n--b\nContent-Type: text/plain\n\n{}\n--b--\n"
    body = parts.format("Error: mailbox unavailable", "Message details:\n  RCPT TO: kim@lumen.example")
    message = notice(body).replace(
        b"Content-Type: text/plain; charset=utf-8", b'Content-Type: multipart/mixed; boundary="b"', 1
    )
    assert _failed(message) == KIM


def test_our_help_desk_in_a_footer_is_none_where_a_mail_came_back():
    text = "Your message was rejected.\n\nIf in doubt, mind our policy: security@outreach.example\n"
    copy = ORIGINAL.format(to="kim@lumen.example")
    assert _failed(notice(f"{text}\n--- Original message ---\n{copy}")) == KIM
    assert _failed(notice(text, subject="Undeliverable: kim@lumen.example")) == KIM


def test_a_name_without_a_domain_goes_before_an_address_of_a_footer():
    told = dsn(
        "Final-Recipient: rfc822; kim\nAction: failed\nStatus: 5.1.1", text="Failed. Ask security@outreach.example"
    )
    assert _failed(told) == KIM


@pytest.mark.parametrize(
    "below",
    [
        "Your message cannot be delivered to the following recipients:\n\nRecipient address: kim@lumen.example\nReason: over quota\n",
        "The message WAS NOT relayed to:\n<kim@lumen.example>:\n   554 5.7.0 Reject, spam\n",
    ],
)
def test_whom_the_notice_names_below_what_it_shows_of_our_header(below):
    shown = "Message-ID: <s1@outreach.example>\nFrom: Ava <ava@outreach.example>\nSubject: Hi\n"
    text = f"This report relates to a message with these fields:\n\n{shown}\n{below}"
    assert _failed(notice(text)) == KIM


def test_a_virus_in_mail_from_us_is_a_bounce():
    text = "Our content checker found\n    virus: Eicar\n\nto the following recipient:\n-> kim@lumen.example\n\nDelivery of the email was stopped!\n"
    assert _failed(notice(text, subject="VIRUS (Eicar) in mail FROM YOU")) == KIM


def _attached(bounce: bytes) -> bytes:
    head = notice("", subject="Undelivered mail").replace(
        b"text/plain; charset=utf-8", b'multipart/mixed; boundary="w"', 1
    )
    above = b"--w\nContent-Type: text/plain\n\nThe attached message could not be delivered.\n"
    return head + above + b"--w\nContent-Type: message/rfc822\n\n" + bounce + b"\n--w--\n"


def test_a_bounce_in_prose_that_a_gateway_has_attached():
    told = "This message was created automatically by mail delivery software.\n\n  kim@lumen.example\n    550 no such user\n"
    assert (
        _failed(
            _attached(
                notice(
                    f"Delivery failed.\n\nkim@lumen.example: 550 no such user\n{ORIGINAL.format(to='kim@lumen.example')}"
                )
            )
        )
        == KIM
    )
    assert _failed(_attached(notice(told, headers="X-Failed-Recipients: kim@lumen.example\n"))) == KIM
    assert _failed(_attached(notice("Your message is delayed: kim@lumen.example\nI will keep trying."))) == []


def test_a_forwarded_notice_of_a_server_with_a_sentence_of_its_own_is_none():
    told = "This is the DragonFly Mail Agent v0.13.\n\nThere was an error delivering your mail to <kim@lumen.example>.\n\n550 no\n\nOriginal message follows.\n"
    assert _failed(person(told, subject="Fwd: Mail delivery failed")) == []
    assert _failed(person("Message could not be delivered to mobile.\nTo: kim@lumen.example", subject="Fwd: NDR")) == []


def test_whom_alone_a_notice_says_to_ask_is_none():
    told = "Your message 'Hi' was rejected by a moderator. Ask mod@arbor.example."
    assert _failed(notice(told, sender="Forum <noreply@forum.example>", subject="Your post was rejected")) == []
    assert _failed(notice(f"{told}\n\n--- Original message ---\n{ORIGINAL.format(to='kim@lumen.example')}")) == KIM
