"""What lists, filters and providers refuse in their own words: Mailman abroad, Sieve, what a gateway attaches, SES by mail."""

from __future__ import annotations

import json

import pytest
from messages import dsn, notice

from analyzer.classify import classify
from analyzer.parsing import read_message
from analyzer.replies import read

LIST = "users@lists.arbor.example"
POSTS = {
    "de": f"Ihre Nachricht an die Mailingliste {LIST} wurde aus den folgenden Gründen abgelehnt:\n\nKein Mitglied.\n",
    "fr": f"Votre message à la liste {LIST} a été rejeté pour la raison suivante :\n\nVous n'êtes pas abonné.\n",
    "es": f"Su mensaje a la lista {LIST} fue rechazado por el siguiente motivo:\n\nNo está suscrito.\n",
    "it": f"Il messaggio alla lista {LIST} è stato rifiutato:\n\nNon sei iscritto.\n",
    "pt": f"Sua mensagem para a lista {LIST} foi rejeitada:\n\nVocê não é membro.\n",
    "nl": f"Uw bericht aan de lijst {LIST} is geweigerd:\n\nU bent geen lid.\n",
    "pl": f"Twoja wiadomość na listę {LIST} została odrzucona:\n\nNie jesteś subskrybentem.\n",
    "ru": f"Ваше сообщение в список {LIST} было отклонено:\n\nВы не подписаны.\n",
    "ja": f"{LIST} への投稿は拒否されました。\n\n会員ではありません。\n",
}
NO_REFUSALS = (
    f"Ihre Nachricht an die Liste {LIST} wird zurückgehalten, bis ein Moderator sie geprüft hat.\n",
    f"Votre message à la liste {LIST} attend l'approbation du modérateur.\n\nS'il est refusé, vous le saurez.\n",
    f"Ihre Anmeldung an der Liste {LIST} wurde abgelehnt.\n",
)
ENGLISH = "You are not allowed to post to this mailing list, and your message has\nbeen automatically rejected.\n"


def _from_list(text: str, role: str = "bounces", headers: str = "Precedence: bulk\n") -> bytes:
    sender = LIST.replace("@", f"-{role}@")
    mail = notice(text, sender=sender, subject="a question about your warehouse", headers=headers)
    return mail.replace(b"Return-Path: <>", f"Return-Path: <{sender}>".encode())


@pytest.mark.parametrize("text", POSTS.values(), ids=POSTS)
@pytest.mark.parametrize("headers", ["Precedence: bulk\n", "Auto-Submitted: auto-replied\nX-Mailman-Version: 2.1.39\n"])
def test_a_list_that_refuses_a_post_in_another_language(text, headers):
    for role in ("bounces", "owner"):
        report = read_message(_from_list(text, role, headers))
        assert (report.kind, [failure.recipient for failure in report.failures]) == ("bounce", [LIST])


@pytest.mark.parametrize("text", NO_REFUSALS)
def test_a_list_that_holds_a_post_or_refuses_something_else(text):
    assert read_message(_from_list(text)).kind != "bounce"


def test_the_sentence_that_names_the_list_ends_in_a_full_stop():
    for text in (
        f"You are not a member of this mailing list {LIST}.\n",
        f"You are not a subscriber of this mailing list <{LIST}>.\n",
    ):
        assert [failure.recipient for failure in read_message(_from_list(text)).failures] == [LIST]


def _attached(inner: bytes) -> bytes:
    outer = notice("This message came from outside.\n", sender="postmaster@gw.outreach.example", subject="Fw: a post")
    head, _, text = outer.partition(b"\n\n")
    head = head.replace(b"text/plain; charset=utf-8", b'multipart/mixed; boundary="w"')
    return head + b"\n\n--w\n\n" + text + b"\n--w\nContent-Type: message/rfc822\n\n" + inner + b"\n--w--\n"


def test_a_report_that_is_attached_is_one_whatever_it_is_called():
    inner = dsn(
        """
        Final-Recipient: rfc822; kim@lumen.example
        Action: failed
        Status: 5.1.1
        Diagnostic-Code: smtp; 550 5.1.1 nobody
        """,
        text="Sorry: kim",
        subject="oops",
    )
    report = read_message(_attached(inner))
    assert (report.kind, [failure.recipient for failure in report.failures]) == ("bounce", ["kim@lumen.example"])


def test_a_lists_refusal_that_a_gateway_has_attached():
    report = read_message(_attached(_from_list(ENGLISH)))
    assert (report.kind, [failure.recipient for failure in report.failures]) == ("bounce", [LIST])


def _by_a_filter(text: str) -> bytes:
    outer = notice(text, sender="postmaster@lumen.example", subject="a question about your warehouse")
    head, _, text_part = outer.partition(b"\n\n")
    head = head.replace(
        b"text/plain; charset=utf-8", b'multipart/report; report-type=disposition-notification; boundary="w"'
    )
    told = (
        b"Final-Recipient: rfc822; kim@lumen.example\nDisposition: automatic-action/MDN-sent-automatically; deleted\n"
    )
    text_part = b"\n\n--w\nContent-Type: text/plain; charset=utf-8\n\n" + text_part
    return head + text_part + b"\n--w\nContent-Type: message/disposition-notification\n\n" + told + b"\n--w--\n"


@pytest.mark.parametrize(
    "text",
    [
        "Ihre Nachricht an <kim@lumen.example> wurde automatisch abgelehnt:\n\nKeine Werbung.\n",
        "Votre message à <kim@lumen.example> a été automatiquement rejeté :\n\nPas de publicité.\n",
        "Su mensaje a <kim@lumen.example> fue rechazado:\n\nSin publicidad.\n",
        "kim@lumen.example 宛のメールは拒否されました。\n",
    ],
)
def test_a_sieve_filter_that_refuses_in_another_language(text):
    report = read_message(_by_a_filter(text))
    assert (report.kind, [failure.recipient for failure in report.failures]) == ("bounce", ["kim@lumen.example"])


def test_what_was_deleted_unread_is_no_bounce():
    assert read_message(_by_a_filter("Ihre Nachricht wurde gelöscht, ohne gelesen zu werden.\n")).kind == "mdn"


SES = {
    "notificationType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bouncedRecipients": [
            {"emailAddress": "kim@lumen.example", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user"},
            {"emailAddress": "jo@arbor.example", "status": "5.7.1", "diagnosticCode": "smtp; 554 5.7.1 not from you"},
        ],
    },
    "mail": {
        "source": "ava@outreach.example",
        "messageId": "0102018f-77",
        "destination": ["kim@lumen.example", "Jo <jo@arbor.example>"],
        "headers": [
            {"name": "Message-ID", "value": "<seq-17@outreach.example>"},
            {"name": "X-Lead-Id", "value": "L-7"},
        ],
        "commonHeaders": {"messageId": "<seq-17@outreach.example>", "subject": "a question"},
    },
}
TAIL = "\n\n--\nIf you wish to stop receiving notifications from this topic, please visit the link below:\nhttps://sns.example/u\n"


def _of_ses(body: str):
    return read_message(notice(body + TAIL, sender="no-reply@sns.amazonaws.com", subject="AWS Notification Message"))


def test_a_notification_of_ses_names_our_message():
    original = _of_ses(json.dumps(SES)).original
    assert (original.message_id, original.sender) == ("<seq-17@outreach.example>", "ava@outreach.example")
    assert (original.recipients, original.subject) == (("kim@lumen.example", "jo@arbor.example"), "a question")
    to = "kim@lumen.example, Jo <jo@arbor.example>"
    assert original.headers == {"to": to, "x-lead-id": "L-7", "x-ses-message-id": "0102018f-77"}


@pytest.mark.parametrize("mail", [None, [], {"headers": "x", "commonHeaders": 7, "destination": {"a": 1}}])
def test_a_notification_of_ses_that_tells_nothing_of_our_message(mail):
    report = _of_ses(json.dumps({**SES, "mail": mail}))
    assert (len(report.failures), report.original.message_id) == (2, "")


@pytest.mark.parametrize("width", [60, 76, 998])
def test_a_notification_of_ses_whose_lines_were_cut_to_length(width):
    body = json.dumps(SES)
    cut = "\n".join(body[at : at + width] for at in range(0, len(body), width))
    told = [(one.recipient, one.status) for one in _of_ses(cut).failures]
    assert told == [("kim@lumen.example", "5.1.1"), ("jo@arbor.example", "5.7.1")]


@pytest.mark.parametrize(
    "text",
    [
        "SMTP error, DOT: Host mx1.lumen.example(192.0.2.9) said dot 550 Mail content denied.",
        "SMTP error, RCPT TO: Host mx1.lumen.example(192.0.2.9) said RCPT TO 550 Mail content denied.",
    ],
)
def test_netease_names_the_command_before_the_reply(text):
    inner = read(text).inner
    assert inner is not None
    assert (inner.reply, inner.line) == ("550", "550 Mail content denied.")


def test_all_whom_imail_could_not_reach():
    text = "User mailbox exceeds allowed size: kim@lumen.example\nundeliverable to jo@arbor.example\n\nOriginal message follows.\n"
    report = read_message(notice(text, sender="postmaster@imail.example", subject="Undeliverable Mail"))
    assert [failure.recipient for failure in report.failures] == ["kim@lumen.example", "jo@arbor.example"]


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        (
            "fml@lists.lumen.example",
            "You <ava@outreach.example> are not a member of this ML <team@lists.lumen.example>.\n",
        ),
        ("team-admin@lists.lumen.example", "From: ava@outreach.example is not member of <team@lists.lumen.example>.\n"),
        ("robin@lumen.example", "あなたはこのメーリングリスト <team@lists.lumen.example> のメンバーではありません。\n"),
    ],
)
def test_fml_refuses_whoever_is_no_member(sender: str, text: str) -> None:
    """Under the program's name, the maintainer's own, or the list's, and in either of its languages."""
    data = notice(
        text,
        sender=sender,
        subject="NOT MEMBER article from ava@outreach.example (team ML)",
        headers="X-MLServer: fml [fml 4.0.3 release]\n",
    )
    report = read_message(data)
    assert (report.kind, [failure.recipient for failure in report.failures]) == ("bounce", ["team@lists.lumen.example"])
    verdict = classify(report.failures[0].diagnostic)
    assert (verdict.label, verdict.reason) == ("spam", "recipient_restricted")


@pytest.mark.parametrize(
    "reason", ["Ich kenne Sie nicht.", "Je ne vous connais pas.", "知らない方からのメールは読みません。"]
)
def test_what_a_persons_filter_refuses_is_no_wrong_address(reason: str) -> None:
    """A reason in words that no rule knows: the message was refused, says the server."""
    data = (
        "Return-Path: <>\nFrom: postmaster@mx.lumen.example\nTo: ava@outreach.example\nSubject: Automatically rejected mail\n"
        "Auto-Submitted: auto-replied (rejected)\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="s"\n\n'
        f"--s\nContent-Type: text/plain; charset=utf-8\n\nYour message to <kim@lumen.example> was automatically rejected:\n{reason}\n"
        "--s\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; kim@lumen.example\n"
        "Disposition: automatic-action/MDN-sent-automatically; deleted\n\n--s--\n"
    )
    (failure,) = read_message(data.encode()).failures
    assert failure.diagnostic == f"message was automatically rejected: {reason}"
    assert classify(failure.diagnostic).label == "spam"
