"""A mail system's notice that no word calls a bounce is one where a rule knows the reason that it gives."""

from __future__ import annotations

import pytest
from messages import notice, person
from test_in_their_languages import DELIVERED, OF_OTHERS_MAIL, OF_OUR_OWN

from analyzer.bounces import rows_of
from analyzer.classify import default_classifier
from analyzer.records import RawMessage

KIM = "kim@lumen.example"
REASONS = {
    f"There is nobody called {KIM} in this house, so here is the letter again.": "user_unknown",
    f"Fehler 550: {KIM} unbekannter Benutzer": "user_unknown",
    f"Ihre Sendung an {KIM}: wir haben sie als Spam erkannt und verworfen.": "spam_content",
    f"El servidor tiró la carta para {KIM}: usuario desconocido.": "user_unknown",
    f"La lettre pour {KIM} est revenue : utilisateur inconnu.": "user_unknown",
    f"List do {KIM} wrócił: nieznany użytkownik.": "user_unknown",
}
NONE = (
    f"The letter to {KIM} waits until you click here; unknown users are asked first.",
    f"The letter to {KIM} was held by the filter: it may be spam.",
    f"The letter to {KIM}, first taken for spam, was released.",
    f"{KIM} and jo@arbor.example talked about it: user unknown, they said.",
    f"{KIM}: have a nice day",
    f"The letter to {KIM}: we will keep trying, the disk was full.",
    f"The server of {KIM} was not to be had (connection refused). The letter stays queued and will be tried again.",
    f"A mail from {KIM} to you was rejected: its sender is on a block list.",
)


def _rows(data: bytes):
    return rows_of(RawMessage("mail", data), default_classifier())


@pytest.mark.parametrize(("text", "reason"), REASONS.items())
def test_a_reason_makes_a_bounce(text, reason):
    data = notice(text, subject="a question about your warehouse")
    assert [(row["kind"], row["recipient"], row["reason"]) for row in _rows(data)] == [("bounce", KIM, reason)]


@pytest.mark.parametrize("text", NONE)
def test_what_tells_no_reason_of_one_address_makes_none(text):
    assert {row["kind"] for row in _rows(notice(text, subject="a question about your warehouse"))} != {"bounce"}


@pytest.mark.parametrize("text", [*OF_OTHERS_MAIL, *OF_OUR_OWN])
def test_our_own_mail_system_that_speaks_of_mail_to_us_makes_none(text):
    data = notice(f"{text}\n", sender="postmaster@outreach.example", subject="Notice")
    assert {row["kind"] for row in _rows(data)} == {"other"}


@pytest.mark.parametrize("text", [one for told in DELIVERED.values() for one in told])
def test_a_delivery_makes_none(text):
    assert {row["kind"] for row in _rows(notice(f"{text}\n\n<{KIM}>\n", subject="a question"))} == {"delivered"}


@pytest.mark.parametrize("text", REASONS)
def test_a_person_makes_none_nor_a_machine_with_an_envelope_sender(text):
    own = notice(text, sender="nagios@outreach.example", subject="PROBLEM").replace(
        b"Return-Path: <>", b"Return-Path: <nagios@outreach.example>"
    )
    assert {row["kind"] for data in (person(text), own) for row in _rows(data)}.isdisjoint({"bounce"})


@pytest.mark.parametrize("subject", ["Queue report", "Mail server statistics"])
def test_a_report_of_our_own_mail_system_makes_none(subject):
    text = f"Deferred: 3 (for {KIM}, connection timed out). Bounced today: 1 ({KIM}, user unknown)."
    data = notice(text, sender="postmaster@outreach.example", subject=subject)
    assert {row["kind"] for row in _rows(data)}.isdisjoint({"bounce"})


def test_a_monitor_of_our_own_that_shows_a_bounce_makes_none():
    text = f"Last value: to=<{KIM}>, status=bounced (host mx.lumen.example said: 550 5.1.1 no such user)"
    data = notice(text, sender="zabbix@outreach.example", subject="Problem: too much undelivered mail").replace(
        b"Return-Path: <>", b"Return-Path: <zabbix@outreach.example>"
    )
    assert {row["kind"] for row in _rows(data)}.isdisjoint({"bounce"})


def test_somebody_on_leave_whose_answer_asks_whether_it_is_undelivered_makes_none():
    data = person("I am away until May, and nobody reads this. Mail goes to jo@lumen.example.").replace(
        b"Subject: ", b"Auto-Submitted: auto-replied\nSubject: Undelivered? ", 1
    )
    assert [row["kind"] for row in _rows(data)] == ["autoreply"]
