"""Events in envelopes that nobody named, and what their words and values tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import analyzer
from analyzer.sources.feeds.envelopes import events_in
from analyzer.sources.lists.outcomes import named_values, outcome_of

if TYPE_CHECKING:
    from pathlib import Path

BOB = "bob@lumen.example"
SES = {
    "eventType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bouncedRecipients": [
            {"emailAddress": BOB, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 No such user"}
        ],
        "timestamp": "2026-03-02T09:11:21.000Z",
    },
    "mail": {"messageId": "0100", "source": "ava@outreach.example", "destination": [BOB]},
}
WORDS = {"event": "bounced", "recipient": BOB, "details": "550 5.1.1 No such user"}


@pytest.mark.parametrize(
    "around",
    [
        {"logEvents": [{"id": "1", "timestamp": 1772442681000, "message": json.dumps(SES)}], "logGroup": "/ses"},
        {"messageType": "DATA_MESSAGE", "whatever": {"deeper": {"kept": json.dumps(SES)}}},
        {"odd": [SES]},
        {"count": 1, "odd": {"one": WORDS}},
    ],
    ids=["CloudWatch Logs", "text in objects", "a list", "by words"],
)
def test_an_event_is_found_by_its_shape(tmp_path: Path, around: dict[str, Any]) -> None:
    path = tmp_path / "events.json"
    path.write_text(json.dumps(around))
    found = analyzer.parse(path)
    assert list(zip(found["recipient"], found["reason"], strict=True)) == [(BOB, "user_unknown")]


@pytest.mark.parametrize("around", [{"sender": WORDS}, {"account": {"email": BOB, "status": "bounced"}}])
def test_what_is_somebody_elses_is_no_event(around: dict[str, Any]) -> None:
    assert [reader for reader, _ in events_in(around)] == [None]


def _told(event: dict[str, Any]) -> tuple[str, str, str, str]:
    outcome = outcome_of(named_values(event))
    return (outcome.kind, outcome.said, outcome.status, outcome.reply) if outcome else ("", "", "", "")


@pytest.mark.parametrize(
    ("event", "kind", "said"),
    [
        ({"event": "dropped", "email": BOB}, "bounce", ""),
        ({"event": "dropped", "email": BOB, "reason": "Unsubscribed Address"}, "other", ""),
        ({"action": "DEFER", "recipient": BOB, "enhanced": "4.7.1", "code": 451}, "delayed", ""),
        ({"event": "bounced", "email": BOB, "extra": "550 5.1.1 No such user"}, "bounce", "550 5.1.1 No such user"),
        # What a subject says, or a house number, is no reply.
        ({"event": "bounced", "email": BOB, "subject": "Release 5.1.1 is here"}, "bounce", ""),
        ({"event": "bounced", "email": BOB, "street": "550 Main Street"}, "bounce", ""),
    ],
)
def test_what_the_words_of_an_event_tell(event: dict[str, Any], kind: str, said: str) -> None:
    assert _told(event)[:2] == (kind, said)


def test_a_complaint_whatever_it_is_called() -> None:
    assert _told({"event": "emailComplaint", "email": BOB})[0] == "complaint"


@pytest.mark.parametrize(("result", "kind"), [("Hard bounce", "bounce"), ("undeliverable", ""), ("rejected_email", "")])
def test_a_verdict_of_a_verifier_is_no_bounce(result: str, kind: str) -> None:
    assert _told({"result": result, "email": BOB})[0] == kind


def test_attributes_as_a_list_of_names_and_values() -> None:
    attributes = [{"name": "Email", "value": BOB}, {"name": "Details", "value": "550 5.1.1 No such user"}]
    assert _told({"type": "bounce", "attributes": attributes})[:2] == ("bounce", "550 5.1.1 No such user")


def test_a_list_with_replies_in_a_column_of_any_name(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        f"Recipient,Result,Note\n{BOB},Hard bounce,550 5.1.1 no such user\nann@x.example,Soft bounce,later\n"
    )
    found = analyzer.parse(path)
    assert list(found["reason"]) == ["user_unknown", "unspecified"]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("email_dropped", "bounce"),
        ("email_not_dropped", ""),
        ("message.delivery.deferred", "delayed"),
        ("users.messages.email.SoftBounce", "bounce"),
        ("users.messages.email.MarkAsSpam", "complaint"),
        ("users.messages.email.Delivery", "delivered"),
    ],
)
def test_the_name_of_an_event_in_parts(word: str, kind: str) -> None:
    assert _told({"event_type": word, "email_address": BOB})[0] == kind


def test_what_an_event_holds_as_json_in_a_text() -> None:
    inside = json.dumps({"rcptTo": BOB, "response": "550 5.7.1 Rejected by recipient policy"})
    assert _told({"eventName": "mail.undeliverable", "payload": inside}) == (
        "bounce",
        "550 5.7.1 Rejected by recipient policy",
        "",
        "",
    )


def test_codes_and_the_reply_in_columns_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        f"date,from,to,outcome,smtp code,dsn,remote reply\n2026-03-02T09:11:21Z,us@x.example,{BOB},BOUNCED,550,5.1.1,No\n"
    )
    found = analyzer.parse(path)
    assert found[["status", "reply", "reason"]].to_numpy().tolist() == [["5.1.1", "550", "user_unknown"]]
