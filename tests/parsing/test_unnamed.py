"""Notices that give no address: whom they are about stands in the return address, in the mail that came back, or nowhere."""

from __future__ import annotations

import pytest
from messages import dsn, notice

from analyzer.bounces import rows_of
from analyzer.classify import default_classifier
from analyzer.parsing import read_message
from analyzer.parsing.addresses import from_verp
from analyzer.records import RawMessage

KIM = "kim@lumen.example"
VERP = {
    "bounces+77-kim=lumen.example@outreach.example": KIM,
    "b-4711-kim=lumen.example@outreach.example": KIM,
    "bounce-kim=lumen.example@outreach.example": KIM,
    "list-return-12-kim=lumen.example@outreach.example": KIM,
    "campaign+kim=lumen.example@outreach.example": KIM,
    "kim=lumen.example@b.outreach.example": KIM,
    # Which part is the name?
    "news-ann-kim=lumen.example@outreach.example": "",
    "ava@outreach.example": "",
    "x=y@outreach.example": "",
    # Whose they are, others have written down so.
    "SRS0=abc=de=lumen.example=kim@forwarder.example": "",
    "prvs=12345kim=lumen.example@outreach.example": "",
}


def _rows(data: bytes) -> list[tuple[str, str, str]]:
    return [
        (row["kind"], row["recipient"], row["reason"])
        for row in rows_of(RawMessage("mail", data), default_classifier())
    ]


@pytest.mark.parametrize(("address", "recipient"), VERP.items())
def test_the_recipient_of_a_return_address_made_for_one(address, recipient):
    assert from_verp(address) == recipient


def _returning(text: str, to: str, sender: str = "postmaster@lumen.example") -> bytes:
    mail = notice(f"--w\n\n{text}\n--w\nContent-Type: message/rfc822\n\n", sender=sender, subject="Undeliverable")
    mail = mail.replace(b"text/plain; charset=utf-8", b'multipart/mixed; boundary="w"')
    return (
        mail + f"From: ava@outreach.example\n{to}\nMessage-ID: <m1@outreach.example>\nSubject: hi\n\n--w--\n".encode()
    )


def test_the_return_address_tells_who_failed():
    data = notice("User unknown.", subject="Returned mail").replace(
        b"To: ava@", b"To: bounces+77-kim=lumen.example@", 1
    )
    assert _rows(data) == [("bounce", KIM, "user_unknown")]


def test_of_several_the_one_at_the_host_that_returns_the_mail():
    text = "Your message could not be delivered: the user does not exist."
    to = "To: first@arbor.example\nCc: kim@lumen.example, third@arbor.example"
    assert _rows(_returning(text, to)) == [("bounce", KIM, "user_unknown")]


def test_of_several_at_one_host_nobody_is_named_and_the_mail_is():
    text = "Your message could not be delivered: the user does not exist."
    data = _returning(text, "To: jo@lumen.example, kim@lumen.example")
    assert _rows(data) == [("bounce", "", "user_unknown")]
    assert read_message(data).original.message_id == "<m1@outreach.example>"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "Your mail to the following could not be delivered:\n\n    kim: The recipient's mailbox is full\n",
            "mailbox_full",
        ),
        ("Sorry. Your message could not be delivered to:\n\nkim (No such user here.)\n", "user_unknown"),
    ],
)
def test_a_name_without_a_domain_is_at_the_host_that_says_so(text, reason):
    assert _rows(notice(text, sender="postmaster@lumen.example", subject="NDN: hello")) == [("bounce", KIM, reason)]


@pytest.mark.parametrize(
    "text",
    [
        "Your mailbox is full. Messages to you could not be delivered.",
        "Ihr Postfach ist voll, Nachrichten konnten nicht zugestellt werden.",
        "Your message could not be delivered yet: the mailbox is full. We will keep trying.",
        "Your message could not be delivered.",
        "Hello, user unknown is a film that I like.",
        "Weekly summary: 3 messages undeliverable, 2 users unknown.",
    ],
)
def test_what_gives_no_reason_or_speaks_of_our_own_mailbox_makes_no_bounce(text):
    assert "bounce" not in {
        kind for kind, _, _ in _rows(notice(text, subject="Mail report" if "summary" in text else "Message"))
    }


@pytest.mark.parametrize(
    "text",
    [
        f"Leider hat {KIM} Ihre Sendung nicht bekommen. Das Postfach ist voll.",
        f"We tried hard, but {KIM} can't get it: mailbox over quota.",
    ],
)
def test_a_full_mailbox_makes_a_bounce_of_what_no_word_calls_one(text):
    assert _rows(notice(text, subject="Sorry")) == [("bounce", KIM, "mailbox_full")]


def test_a_complaint_whose_return_address_alone_names_somebody():
    mail = notice("--a\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n", subject="FW: hi").replace(
        b"text/plain; charset=utf-8", b'multipart/report; report-type=feedback-report; boundary="a"'
    )
    mail += b"Original-Mail-From: b-12-kim=lumen.example@outreach.example\n\n--a\nContent-Type: message/rfc822\n\n"
    mail += b"To: undisclosed-recipients:;\n\n--a--\n"
    assert _rows(mail) == [("complaint", KIM, "complaint")]


def test_a_uuencoded_copy_names_nobody():
    text = f"Your mail to <{KIM}> exceeds the size limit.\n\nbegin 644 mail.eml\nM1G)O;3H@36%R82!&96QD\n`\nend\n"
    assert [recipient for _, recipient, _ in _rows(notice(text))] == [KIM]


def test_a_field_goes_on_in_lines_that_have_lost_their_indent():
    data = dsn(
        """
        Final-Recipient: rfc822; kim@lumen.example
        Action: failed
        Status: 5.7.1
        Diagnostic-Code: smtp; 554 5.7.1 Message
        looks like spam to us, score 12.4
        (threshold 5)
        Last-Attempt-Date: Tue, 3 Mar 2026 08:30:00 +0000
        """
    )
    (failure,) = read_message(data).failures
    assert failure.diagnostic == "554 5.7.1 Message looks like spam to us, score 12.4 (threshold 5)"


@pytest.mark.parametrize(
    ("told", "diagnostic"),
    [
        ("554 5.7.1 Your IP is listed at zen.spamhaus.org", "554 5.7.1 Your IP is listed at zen.spamhaus.org"),
        ("no more is known", "554 rejected"),
    ],
)
def test_a_field_that_says_no_more_than_its_code_leaves_it_to_the_text(told, diagnostic):
    data = dsn(
        """
        Final-Recipient: rfc822; kim@lumen.example
        Action: failed
        Status: 5.0.0
        Diagnostic-Code: smtp; 554 rejected
        """,
        text=f"<{KIM}>: host mx.lumen.example[192.0.2.1] said: {told}",
    )
    assert [failure.diagnostic for failure in read_message(data).failures] == [diagnostic]


def test_a_notice_with_no_text_says_why_in_its_subject():
    data = notice("", subject=f"Undeliverable: user unknown <{KIM}>", headers=f"X-Failed-Recipients: {KIM}\n")
    assert _rows(data) == [("bounce", KIM, "user_unknown")]


@pytest.mark.parametrize(
    "text",
    [
        f"Your mail to {KIM}, first rejected because the mailbox was full, has now been delivered.",
        f"Ihre Nachricht an {KIM} wurde abgelehnt, inzwischen zugestellt.",
    ],
)
def test_what_was_delivered_after_all_is_no_bounce(text):
    assert {kind for kind, _, _ in _rows(notice(text, subject="Mail accepted"))} == {"delivered"}


def test_a_promise_to_try_again_in_french_is_a_delay():
    text = f"Votre message pour {KIM} attend encore : la boîte est pleine. De nouveaux essais auront lieu."
    assert {kind for kind, _, _ in _rows(notice(text, subject="Message"))} == {"delayed"}


@pytest.mark.parametrize(
    "text",
    [
        f"Mail an {KIM} wartet: Postfach voll. Nächster Versuch in 30 Minuten.",
        f"Your message to {KIM} was delivered, but the mailbox is nearly full.",
        "A virus was found in a mail to you from x@bad.example and it was blocked.",
        "Incoming mail from x@bad.example was rejected: user unknown in your domain.",
    ],
)
def test_what_waits_was_delivered_or_was_to_us_has_not_failed(text):
    assert "bounce" not in {kind for kind, _, _ in _rows(notice(text, subject="Notice"))}


def test_sympa_names_its_list_without_quotes():
    text = "Votre message pour la liste recherche (copie ci-jointe) a été rejeté.\n\nElle est réservée aux abonnés.\n"
    data = notice(text, sender="SYMPA <sympa@listes.arbor.example>", subject="Liste recherche : message rejeté")
    assert [(kind, who) for kind, who, _ in _rows(data)] == [("bounce", "recherche@listes.arbor.example")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Sorry, we know nobody of that name.", "user_unknown"),
        ("Sorry, the mailbox is full.", "mailbox_full"),
        ("Der Benutzer existiert bei uns nicht.", "user_unknown"),
        ("Our filter took your mail for spam and threw it away.", "spam_content"),
    ],
)
@pytest.mark.parametrize("header", ["To", "Delivered-To", "X-Envelope-To"])
def test_words_that_no_bounce_is_known_by_of_one_whom_the_envelope_tells(text, reason, header):
    data = notice(text, sender="MAILER-DAEMON@mx.lumen.example", subject="Your mail")
    verp = f"{header}: bounces+77-kim=lumen.example@b.outreach.example\n".encode()
    assert _rows(verp + data) == [("bounce", KIM, reason)]


def test_words_that_give_no_reason_are_no_bounce_of_whom_the_envelope_tells():
    data = notice("Thank you for your mail. We will answer within two days.", sender="postmaster@lumen.example")
    data = data.replace(b"failure notice", b"Your mail")
    assert [kind for kind, *_ in _rows(b"To: bounces+77-kim=lumen.example@outreach.example\n" + data)] == ["other"]


def test_the_program_of_a_mailbox_writes_from_it():
    data = notice("No such user any more.", sender="mailer-daemon@lumen.example", subject="Undeliverable")
    assert _rows(data.replace(b"<>", b"<kim@lumen.example>", 1)) == [("bounce", KIM, "user_unknown")]


def test_a_postmasters_own_answer_is_no_program_of_a_mailbox():
    data = notice("We refuse your host, it is on a block list.", sender="postmaster@lumen.example", subject="Blocked")
    data = data.replace(b"<>", b"<kim@lumen.example>", 1)
    assert [kind for kind, *_ in _rows(b"In-Reply-To: <1@outreach.example>\n" + data)] == ["other"]
