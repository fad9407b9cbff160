"""What each provider's events become: every column that they can fill, and the reason."""

from __future__ import annotations

import base64
import json

import pytest
from feed_examples import EXAMPLES, SAID, SES, TO, Example, changed, ses_bounce, sns

import analyzer
from analyzer.bounces import rows_of
from analyzer.classify import default_classifier
from analyzer.records import COUNTED_KINDS
from analyzer.sources import feeds
from analyzer.sources.feeds.envelopes import events_in
from analyzer.sources.feeds.registry import READERS

#: What the classifier says, or where it stands.
_NO_FACTS = frozenset(
    {
        "source", "label", "fault", "reason", "transient", "confidence", "decided_by", "evidence", "blocklist",
        "retry_after_s", "provider", "record_id",
    }
)  # fmt: skip


def parsed(folder, value, name="events.json"):
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return analyzer.parse(path, all_kinds=True).to_dict("records")


def facts(row):
    told = {name: value for name, value in row.items() if name not in _NO_FACTS and value}
    if "original_headers" in told:
        told["original_headers"] = json.loads(told["original_headers"])
    return told


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_every_column_that_the_event_can_fill(example: Example, tmp_path):
    rows = parsed(tmp_path, example.event)
    assert [facts(row) for row in rows] == example.facts
    for row in rows:
        assert bool(row["reason"]) == (row["kind"] in COUNTED_KINDS)
    if example.reason:
        assert {row["reason"] for row in rows} == {example.reason}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_one_reader_alone_knows_an_event(example: Example):
    for _, event in events_in(example.event):
        assert len([reader.name for reader in READERS if reader.recognises(event)]) == 1


def base64_of(event):
    return base64.b64encode(json.dumps(event).encode()).decode()


@pytest.mark.parametrize("name", ["sendgrid", "mailgun", "smtp2go", "postal", "elasticemail", "mailersend", "hubspot"])
@pytest.mark.parametrize(
    "wrapped",
    [
        lambda event: [event],
        lambda event: {"Records": [{"kinesis": {"data": base64_of(event)}, "eventSource": "aws:kinesis"}]},
        lambda event: {"message": {"data": base64_of(event), "messageId": "1"}, "subscription": "projects/a/b"},
        lambda event: {"version": "2.0", "headers": {}, "body": base64_of(event), "isBase64Encoded": True},
        lambda event: {"version": "0", "detail-type": "bounce", "source": "hooks", "detail": event},
        lambda event: [{"headers": {"host": "x"}, "params": {}, "query": {}, "body": event, "webhookUrl": "https://x"}],
        lambda event: "\n".join(json.dumps({"id": n, "payload": json.dumps(event)}) for n in range(2)),
    ],
    ids=["list", "kinesis", "pub/sub", "api gateway", "eventbridge", "n8n", "lines of a queue"],
)
def test_an_event_is_found_in_what_handed_it_on(tmp_path, name, wrapped):
    example = next(one for one in EXAMPLES if one.name == name)
    rows = parsed(tmp_path, wrapped(example.event))
    assert rows
    assert all(facts(row) == example.facts[0] for row in rows)


def test_what_is_no_json_in_an_envelope_is_no_event():
    for held in ("!", "bm8ganNvbg==", "", 7):
        for value in ({"message": {"data": held}}, {"body": held, "isBase64Encoded": True}):
            assert list(feeds.events(value)) == []


def test_the_body_of_a_webhook_needs_no_file():
    (item,) = feeds.events(sns(SES), "hook")
    (row,) = rows_of(item, default_classifier())
    assert (row["source"], row["recipient"], row["reason"]) == ("hook#0", TO, "user_unknown")
    assert list(feeds.events({"hello": 1})) == list(feeds.events(None)) == list(feeds.events([[], "x", 3])) == []


@pytest.mark.parametrize(
    "place",
    [
        {"mail__sourceArn": None, "bounce__reportingMTA": "dsn; e226-1.smtp-out.us-east-2.amazonses.com"},
        {"mail__sourceArn": "arn:aws:ses:us-east-2:1:identity/x"},
    ],
)
def test_ses_message_id_names_the_region(tmp_path, place):
    (row,) = parsed(tmp_path, changed(SES, **place))
    assert row["original_message_id"] == "<0102019-a1-000000@us-east-2.amazonses.com>"


@pytest.mark.parametrize(
    ("event", "decided_by", "evidence", "transient"),
    [
        (ses_bounce("Transient", "MailboxFull"), "code", "ses:Transient/MailboxFull", True),
        (ses_bounce("Transient", "ContentRejected"), "code", "ses:Transient/ContentRejected", False),
        # A status that a server gave is surer than the class.
        (ses_bounce("Permanent", "Suppressed", status="5.1.1"), "code", "5.1.1", False),
        # Words that say why go before both.
        (
            ses_bounce("Transient", "MailboxFull", diagnosticCode=f"smtp; {SAID}"),
            "rule:postfix/user-unknown",
            "Recipient address rejected: User unknown",
            False,
        ),
    ],
)
def test_the_class_decides_only_where_no_words_do(tmp_path, event, decided_by, evidence, transient):
    (row,) = parsed(tmp_path, event)
    assert (row["decided_by"], row["evidence"], row["transient"]) == (decided_by, evidence, transient)


def test_a_failure_has_one_record_id_in_webhook_and_mailbox(tmp_path):
    mail = (
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: failure notice\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; boundary="b"\n\n--b\nContent-Type: message/delivery-status\n\n'
        f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {TO}\nAction: failed\nStatus: 5.1.1\n\n"
        "--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {}\n\n--b--\n"
    )
    wanted = {"ses", "sendgrid", "mailgun", "postmark", "brevo", "resend", "azure", "smartlead", "instantly"}
    for example in (one for one in EXAMPLES if one.name in wanted):
        (event,) = parsed(tmp_path, example.event)
        (bounce,) = parsed(tmp_path, mail.format(event["original_message_id"]), "bounce.eml")
        assert event["record_id"] == bounce["record_id"], example.name


def mailjet(**more):
    return {"event": "blocked", "time": 1772442681, "MessageID": 1, "email": TO, **more}


def mailgun(code, cause):
    outcome = {"code": code, "message": "", "description": ""}
    event = {"event": "failed", "severity": "permanent", "reason": cause, "recipient": TO, "delivery-status": outcome}
    return {"event-data": event}


def mandrill(**more):
    taken = {"type": "sent", "diag": "250 2.0.0 OK"}
    return {"event": "hard_bounce", "_id": "1", "msg": {"_id": "1", "email": TO, "smtp_events": [taken], **more}}


@pytest.mark.parametrize(
    ("event", "kind", "reason", "diagnostic"),
    [
        # The first mail of the campaign went out: the person is no lead that bounced.
        (mailjet(error_related_to="mailjet", error="duplicate in campaign"), "other", "", "duplicate in campaign"),
        (mailjet(error_related_to="mailjet", error="preblocked"), "bounce", "user_unknown", "preblocked"),
        # Brevo's statistics API has a word for both kinds at once.
        (
            {"event": "bounces", "email": TO, "messageId": "<a@b.example>", "reason": "550 5.1.1 User unknown"},
            "bounce", "user_unknown", "550 5.1.1 User unknown",
        ),
        # A comma in a name parts no addresses.
        (
            {
                "type": "message.bounce_detected",
                "data": {"object": {"type": "mailbox_full", "bounced_addresses": f'"Doe, Kim" <{TO}>'}},
            },
            "bounce", "mailbox_full", "",
        ),
        # With this SES tries a topic that it is to send events to.
        (
            {**sns({}), "Message": "Successfully validated SNS topic for Amazon SES event publishing."},
            "other", "", "",
        ),
        # Mailgun's own 602 says that it gave up; why stands beside it.
        (mailgun(602, "old"), "bounce", "expired", ""),
        (mailgun(602, "greylisted"), "bounce", "greylisted", ""),
        (mailgun(498, "generic"), "bounce", "no_mail_server", ""),
        # The answer that took the mail is not the one that refused it later.
        (mandrill(bounce_description="bad_mailbox"), "bounce", "user_unknown", ""),
        (mandrill(diag="smtp;550 5.2.2 Mailbox full"), "bounce", "mailbox_full", "550 5.2.2 Mailbox full"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_bounce_or_like_none(tmp_path, event, kind, reason, diagnostic):
    (row,) = parsed(tmp_path, event)
    assert (row["kind"], row["reason"], row["diagnostic"]) == (kind, reason, diagnostic)
    assert row["reply"] != "250"
