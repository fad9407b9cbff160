"""Lists and events that are read by the words of their columns and values: providers' lists of suppressed addresses,
platforms' exports and webhooks. Invented, in the providers' shapes; what a row does not say, no column of it may say.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from feed_examples import AT, EPOCH, SAID
from hypothesis import given, settings
from hypothesis import strategies as st
from log_rows import rows

from analyzer.bounces import rows_of
from analyzer.classify import default_classifier
from analyzer.errors import UnreadableInputError
from analyzer.sources import feeds
from analyzer.sources.content import recognise
from analyzer.sources.feeds.json_values import decoded
from analyzer.sources.lists.layouts import layout_of
from analyzer.sources.lists.outcomes import named_values, outcome_of

if TYPE_CHECKING:
    from pathlib import Path

A, B, C, D = (f"{name}@lumen.example" for name in ("ann", "bob", "cem", "dora"))
US = "ava@outreach.example"
#: What a row tells: recipient, kind, reason; of those that are no bounce "" for the reason.
HARD, UNSAID, REPORTED = ("bounce", "user_unknown"), ("bounce", "unspecified"), ("complaint", "complaint")
OTHER, TAKEN, WAITS = ("other", ""), ("delivered", ""), ("delayed", "")

TABLES: list[tuple[str, str, list[tuple[str, ...]]]] = [
    (
        "SES, suppression list",
        f"EmailAddress,Reason,LastUpdateTime\n{A},BOUNCE,{AT}\n{B},COMPLAINT,{AT}\n",
        [(A, *UNSAID), (B, *REPORTED)],
    ),
    (
        "SES, suppression list of the console",
        f"Email address,Suppression reason,Last updated\n{A},Bounce,{AT}\n{B},Complaint,{AT}\n",
        [(A, *UNSAID), (B, *REPORTED)],
    ),
    ("SendGrid, bounces", f"status,reason,email,created\n5.1.1,{SAID},{A},{EPOCH}\n,,{B},{EPOCH}\n", [(A, *HARD), (B, *UNSAID)]),
    (
        "SendGrid, activity",
        f"event,email,processed,message_id,reason,status,type\nbounce,{A},,m1,{SAID},5.1.1,bounce\ndelivered,{B},,m2,,,\n",
        [(A, *HARD), (B, *TAKEN)],
    ),
    ("Mailgun, bounces", f'address,code,error,created_at\n{A},550,{SAID},"Mon, 02 Mar 2026 09:11:21 UTC"\n', [(A, *HARD)]),
    (
        "Postmark, suppressions",
        f"EmailAddress,SuppressionReason,Origin,CreatedAt\n{A},HardBounce,Recipient,{AT}\n{B},SpamComplaint,Recipient,{AT}\n"
        f"{C},ManualSuppression,Customer,{AT}\n",
        [(A, *HARD), (B, *REPORTED), (C, *OTHER)],
    ),
    (
        "SparkPost, suppression list",
        "recipient,transactional,non_transactional,source,description,created\n"
        f"{A},true,false,Bounce Rule,{SAID},{AT}\n{B},false,true,Unsubscribe Link,,{AT}\n{C},true,true,Spam Complaint,,{AT}\n",
        [(A, *HARD), (B, *OTHER), (C, *REPORTED)],
    ),
    (
        "Mandrill, denylist",
        f"Email,Reason,Detail,Date,Expired?\n{A},hard-bounce,{SAID},2026-03-02 09:11:21,no\n{B},unsub,,2026-03-02 09:11:21,no\n"
        f"{C},spam,,2026-03-02 09:11:21,no\n",
        [(A, *HARD), (B, *OTHER), (C, *REPORTED)],
    ),
    (
        "Brevo, logs",
        f"st_text,ts,sub,frm,email,tag,mid,link\nHard bounce,,q,{US},{A},,,\nDelivered,,q,{US},{B},,,\nSent,,q,{US},{C},,,\n",
        [(A, *UNSAID), (B, *TAKEN), (C, *OTHER)],
    ),
    (
        "Mailchimp, cleaned",
        "Email Address,First Name,OPTIN_TIME,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID\n"
        f"{A},Ann,2025-01-01 10:00:00,2026-03-02 09:11:21,Spring,abc,1\n",
        [(A, *UNSAID)],
    ),
    ("Mailchimp, bounces", f"Email Address,Bounce Type\n{A},hard\n{B},soft\n", [(A, *UNSAID), (B, *UNSAID)]),
    (
        "ActiveCampaign, bounces",
        f"Email,Bounce Type,Bounce Code,Bounce Reason,Campaign\n{A},Hard,5.1.1,Bad destination mailbox address,Spring\n",
        [(A, *HARD)],
    ),
    (
        "HubSpot, bounces",
        f"Email,Bounce category,Bounce reason,Bounce type\n{A},Unknown user,{SAID},Hard\n{B},Mailbox full,,Soft\n",
        [(A, *HARD), (B, "bounce", "mailbox_full")],
    ),
    (
        "HubSpot, contacts",
        f"Email,Email hard bounce reason,Sends\n{A},UNKNOWN_USER,1\n{B},CONTENT,1\n{C},POLICY,2\n{D},OTHER,2\n",
        [(A, *HARD), (B, "bounce", "spam_content"), (C, "bounce", "policy"), (D, *UNSAID)],
    ),
    ("Instantly, leads", f"Email,Lead Status,Bounce Reason\n{A},Bounced,\n{B},Active,\n", [(A, *UNSAID), (B, *OTHER)]),
    ("lemlist, leads", f"email,campaign,status,lastState\n{A},q1,bounced,emailsBounced\n{B},q1,sent,emailsSent\n", [(A, *UNSAID), (B, *OTHER)]),
    ("Woodpecker, prospects", f"EMAIL,STATUS,CAMPAIGN\n{A},BOUNCED,q1\n{B},ACTIVE,q1\n{C},INVALID,q1\n", [(A, *UNSAID), (B, *OTHER), (C, *OTHER)]),
    ("Apollo, contacts", f"Email,Email Status,Email Sent,Email Bounced\n{A},Verified,true,true\n{B},Verified,true,false\n", [(A, *UNSAID), (B, *OTHER)]),
    ("Snov.io", f"Prospect email,Campaign,Email status\n{A},q1,bounced\n{B},q1,delivered\n", [(A, *UNSAID), (B, *TAKEN)]),
    ("Salesloft", f"Email Address,Cadence,Step,Sent At,Bounced\n{A},q1,1,{AT},true\n{B},q1,1,{AT},false\n", [(A, *UNSAID), (B, *OTHER)]),
    ("Outreach", f"Email,Sequence,State,Bounced At,Error Reason\n{A},s,bounced,{AT},{SAID}\n{B},s,delivered,,\n", [(A, *HARD), (B, *TAKEN)]),
    (
        "Postmark, bounces",
        "ID,Type,TypeCode,Name,Details,Email,BouncedAt\n"
        f"1,HardBounce,1,Hard bounce,smtp;{SAID},{A},{AT}\n2,SpamNotification,512,Spam notification,,{B},{AT}\n"
        f"3,AutoResponder,32,Auto responder,,{C},{AT}\n4,Transient,2,Message delayed,,{D},{AT}\n",
        [(A, *HARD), (B, "bounce", "spam_content"), (C, "autoreply", ""), (D, *WAITS)],
    ),
    ("Postmark, activity", f"Recipients,Status,ReceivedAt\n{A},Bounced,{AT}\n{B},Sent,{AT}\n", [(A, *UNSAID), (B, *OTHER)]),
    (
        "Mailgun, events",
        f"Timestamp,Event,Recipient,Severity,Reason,Delivery Status Code,Delivery Status Message\n{AT},bounced,{A},permanent,bounce,550,{SAID}\n{AT},delivered,{B},,,250,OK\n",
        [(A, *HARD), (B, *TAKEN)],
    ),
    ("SparkPost, events", f"timestamp,type,rcpt_to,bounce_class,raw_reason\n{AT},bounce,{A},10,{SAID}\n{AT},delivery,{B},,\n", [(A, *HARD), (B, *TAKEN)]),
    ("Outreach, prospects", f"Prospect Email,Stage,Email Bounced Date\n{A},Cold,2026-03-02\n{B},Cold,\n", [(A, *UNSAID), (B, *OTHER)]),
    ("Klaviyo, suppressed", f"Email,Reason,Date\n{A},HARD_BOUNCE,{AT}\n{B},UNSUBSCRIBE,{AT}\n{C},SPAM_COMPLAINT,{AT}\n", [(A, *UNSAID), (B, *OTHER), (C, *REPORTED)]),
    ("Mautic, do not contact", f"email,channel,reason,comments\n{A},email,bounced,{SAID}\n{B},email,unsubscribed,\n", [(A, *HARD), (B, *OTHER)]),
    ("answers of servers", f"Email;SMTP Response\n{A};{SAID}\n{B};250 2.0.0 OK\n", [(A, *HARD), (B, *TAKEN)]),
    ("SendGrid, activity of the page", f"processed,message_id,event,from,email,reason,mx,type\n{AT},m1,bounce,{US},{A},{SAID},mx.x.example,bounce\n", [(A, *HARD)]),
    (
        "Azure, logs",
        f"TimeGenerated [UTC],RecipientId,DeliveryStatus,FailureReason,FailureMessage,SmtpStatusCode,EnhancedSmtpStatusCode\n"
        f"{AT},{A},Bounced,RecipientNotFound,{SAID},550,5.1.1\n{AT},{B},Delivered,,,,\n{AT},{C},FilteredSpam,,,,\n",
        [(A, *HARD), (B, *TAKEN), (C, "bounce", "spam_content")],
    ),
    (
        "Google, Email Log Search",
        f"Message ID,Start date,Recipient address,Event date,Event status,Event type,Event SMTP reply code,Event description\n"
        f"<m>,{AT},{A},{AT},Bounced,bounce,550,{SAID}\n<n>,{AT},{B},{AT},Delivered,send,250,OK\n<o>,{AT},{C},{AT},Rejected,send,554,554 5.7.1 Message rejected as spam\n",
        [(A, *HARD), (B, *TAKEN), (C, "bounce", "spam_content")],
    ),
    (
        "Microsoft, message trace",
        f"Received,Sender Address,Recipient Address,Subject,Status,Detail\n{AT},{US},{A},hi,Failed,{SAID}\n{AT},{US},{B},hi,Delivered,\n"
        f"{AT},{US},{C},hi,Failed,\n{AT},{US},{D},hi,Pending,\n",
        [(A, *HARD), (B, *TAKEN), (C, *UNSAID), (D, *WAITS)],
    ),
    ("somebody's", f"Empfänger;Status;Grund\n{A};Unzustellbar;{SAID}\n{B};Zugestellt;\n", [(A, *HARD), (B, *OTHER)]),
]  # fmt: skip


def told(found: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return [(row["recipient"], row["kind"], row.get("reason", "")) for row in found]


@pytest.mark.parametrize(("table", "expected"), [case[1:] for case in TABLES], ids=[case[0] for case in TABLES])
def test_tables(tmp_path: Path, table: str, expected: list[tuple[str, ...]]) -> None:
    assert told(rows(tmp_path, table, "list.csv")) == expected


def hook(**values: Any) -> dict[str, Any]:
    return values


EVENTS: list[tuple[str, Any, str, list[tuple[str, ...]]]] = [
    (
        "ses",
        {"SuppressedDestinationSummaries": [{"EmailAddress": A, "Reason": "BOUNCE", "LastUpdateTime": AT}, {"EmailAddress": B, "Reason": "COMPLAINT", "LastUpdateTime": AT}], "NextToken": None},
        AT, [(A, *UNSAID), (B, *REPORTED)],
    ),
    ("sendgrid", [{"created": EPOCH, "email": A, "ip": "192.0.2.1"}], AT, [(A, *REPORTED)]),
    ("list", {"messages": [{"from_email": US, "msg_id": "x", "to_email": A, "status": "not_delivered", "last_event_time": AT}]}, AT, [(A, *UNSAID)]),
    ("mailgun", {"items": [{"address": A, "created_at": "Mon, 02 Mar 2026 09:11:21 UTC", "count": 1}], "paging": {}}, AT, [(A, *REPORTED)]),
    (
        "postmark",
        {"Suppressions": [{"EmailAddress": A, "SuppressionReason": "HardBounce", "Origin": "Recipient", "CreatedAt": AT}, {"EmailAddress": B, "SuppressionReason": "ManualSuppression", "Origin": "Customer", "CreatedAt": AT}]},
        AT, [(A, *HARD), (B, *OTHER)],
    ),
    (
        "sparkpost",
        {"results": [{"recipient": A, "type": "non_transactional", "source": "Bounce Rule", "description": SAID, "created": AT}, {"recipient": B, "type": "transactional", "source": "Manually Added", "created": AT}]},
        AT, [(A, *HARD), (B, *OTHER)],
    ),
    (
        "brevo",
        {"count": 3, "contacts": [{"email": A, "reason": {"code": "hardBounce", "message": "Hard bounce"}, "blockedAt": AT}, {"email": B, "reason": {"code": "contactFlaggedAsSpam", "message": "x"}, "blockedAt": AT}, {"email": C, "reason": {"code": "unsubscribedViaEmail", "message": "Unsubscribed via email"}, "blockedAt": AT}]},
        AT, [(A, *UNSAID), (B, *REPORTED), (C, *OTHER)],
    ),
    (
        "mandrill",
        [{"email": A, "reason": "hard-bounce", "detail": SAID, "last_event_at": AT, "expired": False}, {"email": B, "reason": "spam", "detail": "", "last_event_at": AT, "expired": False}],
        AT, [(A, *HARD), (B, *REPORTED)],
    ),
    ("elasticemail", [{"Email": A, "FriendlyErrorMessage": "Mailbox does not exist", "ErrorCode": 550, "DateUpdated": AT}], AT, [(A, *HARD)]),
    ("mailersend", {"data": [{"id": "1", "reason": SAID, "created_at": AT, "recipient": {"id": "r", "email": A}}]}, AT, [(A, *HARD)]),
    ("mailjet", {"Count": 1, "Data": [{"BouncedAt": AT, "IsBlocked": False, "StateName": "user unknown", "Email": A}]}, AT, [(A, *HARD)]),
    ("mailchimp", {"members": [{"email_address": A, "status": "cleaned", "last_changed": AT}, {"email_address": B, "status": "subscribed", "last_changed": AT}]}, AT, [(A, *UNSAID), (B, *OTHER)]),
    ("mailchimp", {"type": "cleaned", "fired_at": AT, "data": {"reason": "abuse", "email": A}}, AT, [(A, *REPORTED)]),
    ("activecampaign", {"bounceLogs": [{"tstamp": AT, "subscriberid": "1", "email": A, "code": "5.1.1", "error": SAID, "bounce": "7", "id": "1"}]}, AT, [(A, *HARD)]),
    ("maileroo", {"event_type": "failed", "event_time": EPOCH, "event_data": {"to": A, "from": US, "code": 550, "reject_reason": SAID}}, AT, [(A, *HARD)]),
    ("maileroo", {"event_type": "deferred", "event_time": EPOCH, "event_data": {"to": A, "from": US, "reply": "451 4.7.1 later"}}, AT, [(A, *WAITS)]),
    (
        "netcore",
        [{"EVENT": "bounced", "TRANSID": "t", "EMAIL": A, "TIMESTAMP": str(EPOCH), "BOUNCE_TYPE": "HARDBOUNCE", "BOUNCE_REASON": SAID}, {"EVENT": "sent", "TRANSID": "t", "EMAIL": B, "TIMESTAMP": str(EPOCH)}, {"EVENT": "dropped", "TRANSID": "t", "EMAIL": C, "TIMESTAMP": str(EPOCH), "BOUNCE_REASON": "unsubscribed earlier"}],
        AT, [(A, *HARD), (B, *OTHER), (C, *OTHER)],
    ),
    ("scaleway", {"type": "email_mailbox_not_found", "domain_id": "d", "email_to": A, "email_from": US, "email_error": SAID, "email_response_code": 550, "created_at": AT}, AT, [(A, *HARD)]),
    ("scaleway", {"type": "email_mailbox_not_found", "domain_id": "d", "email_to": A, "email_from": US, "created_at": AT}, AT, [(A, *HARD)]),
    ("scaleway", {"emails": [{"mail_rcpt": A, "mail_from": US, "project_id": "p", "updated_at": AT, "status": "failed", "status_details": SAID, "last_tries": [{"tried_at": AT, "code": 550}]}]}, AT, [(A, *HARD)]),
    ("cloudflare", {"data": {"viewer": {"zones": [{"emailSendingAdaptive": [{"datetime": AT, "from": US, "to": A, "status": "deliveryFailed", "errorDetail": SAID}]}]}}}, AT, [(A, *HARD)]),
    ("greenarrow", {"event_type": "bounce_all", "event_time": EPOCH, "email": A, "bounce_type": "h", "bounce_text": SAID}, AT, [(A, *HARD)]),
    ("greenarrow", {"event_type": "scomp", "event_time": EPOCH, "email": A}, AT, [(A, *REPORTED)]),
    ("greenarrow", {"event_type": "delivery_attempt", "event_time": EPOCH, "email": A, "status": "deferral", "message": "451 later"}, AT, [(A, *WAITS)]),
    ("halon", {"action": "DELETE", "recipient": A, "result": {"code": 550, "enhanced": [5, 1, 1], "reason": ["user unknown"]}, "timestamp": EPOCH}, AT, [(A, *HARD)]),
    ("kumomta", {"type": "TransientFailure", "recipient": A, "queue": "q", "site": "s", "response": {"code": 451, "content": "later"}, "timestamp": EPOCH}, AT, [(A, *WAITS)]),
    ("woodpecker", [{"method": "prospect_bounced", "prospect": {"email": A, "status": "BOUNCED"}, "timestamp": AT, "email": {"message": "Hi Ann"}}], AT, [(A, *UNSAID)]),
    ("woodpecker", [{"method": "campaign_sent", "prospect": {"email": A, "status": "BOUNCED"}, "timestamp": AT}], AT, [(A, *OTHER)]),
    ("reply.io", {"event": {"type": "email_bounced"}, "contact_fields": {"email": A}, "date": AT, "account": US}, AT, [(A, *UNSAID)]),
    ("mailshake", {"results": [{"object": "reply", "type": "bounce", "actionDate": AT, "recipient": {"emailAddress": A}, "plainTextBody": SAID}]}, AT, [(A, *HARD)]),
    ("mailshake", {"results": [{"object": "bounce", "actionDate": AT, "recipient": {"emailAddress": A}, "plainTextBody": SAID, "parent": {"object": "sent-message", "type": "initial"}}]}, AT, [(A, *HARD)]),
    ("list", {"event": "email_bounced", "prospect": {"email": A}, "campaign": {"name": "q1"}, "inbox": {"email": US}, "bounced_at": AT}, AT, [(A, *UNSAID)]),
    ("list", {"event": "email_bounced", "timestamp": AT, "data": {"prospect": {"email": A}, "sequence": {"id": 1}, "bounceReason": SAID}}, AT, [(A, *HARD)]),
    ("snov.io", {"version": 1, "event": "campaign_email.bounced", "object": "campaign_email", "action": "bounced", "created": AT, "data": {"campaignId": 1, "recipientEmail": A, "senderEmail": US}}, AT, [(A, *UNSAID)]),
    (
        "apollo",
        {"emailer_messages": [{"to_email": A, "emailer_campaign_id": "c", "status": "bounced", "bounce": True, "bounced_at": AT}, {"to_email": B, "emailer_campaign_id": "c", "status": "delivered", "bounce": False, "date": AT}, {"to_email": C, "emailer_campaign_id": "c", "status": "spam_blocked", "spam_blocked": True, "date": AT}]},
        AT, [(A, *UNSAID), (B, *TAKEN), (C, "bounce", "spam_content")],
    ),
    ("mailchimp", {"sent_to": [{"email_address": A, "status": "hard", "open_count": 0, "campaign_id": "c"}, {"email_address": B, "status": "sent", "open_count": 0, "campaign_id": "c"}]}, "", [(A, *UNSAID), (B, *OTHER)]),
    ("listmonk", {"data": {"results": [{"type": "hard", "source": "ses", "meta": {"diagnosticCode": SAID}, "created_at": AT, "email": A, "subscriber_uuid": "u", "campaign": {"name": "q1"}}]}}, AT, [(A, *HARD)]),
    ("list", {"object_type": "email", "metric": "bounced", "timestamp": EPOCH, "data": {"recipient": A, "failure_message": SAID}}, AT, [(A, *HARD)]),
    ("list", {"eventName": "email.hardBounced", "eventTime": EPOCH, "contactIdentity": {"email": A}, "email": {"id": "e"}}, AT, [(A, *UNSAID)]),
    ("list", {"TotalCount": 1, "Messages": [{"MessageID": "1", "Recipients": [A], "ReceivedAt": AT, "From": US, "Status": "Sent", "MessageEvents": [{"Recipient": A, "Type": "Bounced", "ReceivedAt": AT, "Details": {"Summary": SAID}}]}]}, AT, [(A, *HARD)]),
    ("list", {"eventName": "email.spamReported", "eventTime": EPOCH, "contactIdentity": {"email": A}, "email": {"id": "e"}}, AT, [(A, *REPORTED)]),
    ("list", {"object_type": "email", "metric": "spammed", "timestamp": EPOCH, "data": {"recipient": A}}, AT, [(A, *REPORTED)]),
    ("list", {"subscribers": [{"email_address": A, "state": "bounced", "created_at": AT}, {"email_address": B, "state": "active", "created_at": AT}]}, AT, [(A, *UNSAID), (B, *OTHER)]),
    ("salesloft", {"data": [{"recipient_email_address": A, "status": "sent", "bounced": True, "updated_at": AT}, {"recipient_email_address": B, "status": "sent", "bounced": False, "updated_at": AT}]}, AT, [(A, *UNSAID), (B, *OTHER)]),
    ("smartlead", {"data": [{"lead_email": A, "sent_time": AT, "is_bounced": True, "email_message": "Hi, user unknown?"}, {"lead_email": B, "sent_time": AT, "is_bounced": False}]}, "", [(A, *UNSAID), (B, *OTHER)]),
    ("instantly", {"items": [{"email": A, "status": -1, "timestamp_created": AT, "organization": "o", "timestamp_updated": AT}, {"email": B, "status": 1, "timestamp_created": AT, "organization": "o", "timestamp_updated": AT}]}, AT, [(A, *UNSAID), (B, *OTHER)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("feed", "event", "at", "expected"), EVENTS, ids=[f"{case[0]}-{n}" for n, case in enumerate(EVENTS)]
)
def test_events(tmp_path: Path, feed: str, event: Any, at: str, expected: list[tuple[str, ...]]) -> None:
    items = list(feeds.events(event))
    found = [row for item in items for row in rows_of(item, default_classifier())]
    assert told(found) == expected
    assert {row["format"] for row in found} == {feed}
    assert {row["received_at"] for row in found} == {at}
    if any(kind in {"bounce", "complaint"} for _, kind, _ in expected):
        text = "\n".join(map(json.dumps, event)) if isinstance(event, list) else json.dumps(event)
        assert told(rows(tmp_path, text, "events.json")) == expected


@pytest.mark.parametrize(
    "data",
    [
        f"email,status\n{A},invalid\n{B},valid\n",
        f"email,status\n{A},active\n",
        f"email,name\n{A},Ann\n",
        f"email\n{A}\n",
        f"email,bounce rate\n{A},3 %\n",
        json.dumps([{"email": A, "status": "active"}, {"email": B, "status": "unsubscribed"}]),
        json.dumps({"email": A, "status": "bounced", "campaign": "q1"}),
        json.dumps({"event": "bounce"}),
        json.dumps({"event": "bounce", "inbox": {"email": US}}),
    ],
)
def test_what_tells_of_no_bounce_is_no_list_of_them(tmp_path: Path, data: str) -> None:
    with pytest.raises(UnreadableInputError):
        rows(tmp_path, data, "list.csv")


def test_a_campaigns_log_is_a_list_of_bounces_only_where_it_was_given_as_one(tmp_path: Path) -> None:
    """In a folder of mails it is passed over: it goes with --log."""
    log = f"email,sent_at,campaign,bounced\n{A},{AT},q1,yes\n{B},{AT},q1,no\n"
    assert recognise(log.encode()) == "other"
    assert told(rows(tmp_path, log, "log.csv")) == [(A, *UNSAID), (B, *OTHER)]


def test_a_form_is_read_as_what_it_holds() -> None:
    """Mailchimp, Mandrill and ActiveCampaign send their webhooks as forms."""
    body = urlencode(
        {
            "type": "bounce",
            "date_time": AT,
            "contact[email]": A,
            "bounce[code]": "5.1.1",
            "bounce[descr]": "Bad mailbox",
        }
    )
    (item,) = feeds.events(decoded(body.encode()))
    assert (item.report.kind, item.report.failures[0].recipient, item.report.failures[0].status) == (
        "bounce",
        A,
        "5.1.1",
    )
    assert item.report.failures[0].diagnostic == "Bad mailbox"
    event = {"event": "hard_bounce", "ts": EPOCH, "_id": "1", "msg": {"email": A, "diag": SAID, "_id": "1"}}
    (item,) = feeds.events(decoded(urlencode({"mandrill_events": json.dumps([event])}).encode()))
    assert (item.report.format, item.report.failures[0].diagnostic) == ("mandrill", SAID)


@pytest.mark.parametrize("events", [1, 2, 400])
def test_forms_that_were_saved_are_a_feed(tmp_path: Path, events: int) -> None:
    """A line each, or one whose list goes on far behind what is looked at to tell what the file is."""
    listed = [
        {
            "event": "hard_bounce",
            "ts": EPOCH,
            "_id": str(n),
            "msg": {"email": f"{n}@a.example", "diag": SAID, "_id": str(n)},
        }
        for n in range(events)
    ]
    several = "\n".join(urlencode({"mandrill_events": json.dumps([one])}) for one in listed)
    for body in (urlencode({"mandrill_events": json.dumps(listed)}), several):
        assert [row["recipient"] for row in rows(tmp_path, body, "saved.txt")] == [
            f"{n}@a.example" for n in range(events)
        ]
    legacy = {
        "event": "bounced",
        "recipient": A,
        "code": "550",
        "error": SAID,
        "timestamp": EPOCH,
        "Message-Id": "<m@a.example>",
    }
    (row,) = rows(tmp_path, urlencode(legacy | {"token": "t", "signature": "s", "domain": "a.example"}), "saved")
    assert (row["recipient"], row["reason"], row["received_at"]) == (A, "user_unknown", AT)


@pytest.mark.parametrize(
    "text", ["PATH=/usr/bin\nEMAIL=a@b.example\n", "event=bounce\n", "a=%5B%7B", "mandrill_events=%5B%7B%22x"]
)
def test_settings_are_no_feed(text: str) -> None:
    assert recognise(text.encode()) == "other"


@pytest.mark.parametrize("data", [b"no form", b"<a=b>", b"a b=c", b"", b"\xff=\xfe x"])
def test_what_is_no_form_is_none(data: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        decoded(data)


def test_times_of_elastic_email_are_those_of_the_us() -> None:
    event = {"date": "3/2/2026 9:11:21 PM", "status": "Error", "to": A, "transaction": "t", "messageid": "m"}
    (item,) = feeds.events(event)
    assert item.report.received_at == "2026-03-02T21:11:21Z"


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([A, "bounced", "5.1.1", AT]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["email", "event", "status", "data", "to", "code", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    event=st.dictionaries(
        st.sampled_from(["email", "event", "status", "bounced", "reason", "time", "data", "code"]), ANYTHING, max_size=6
    )
)
def test_any_value_may_stand_in_any_place(event: dict[str, Any]) -> None:
    outcome_of(named_values(event))
    list(feeds.events(event))


def test_a_table_of_thousands_of_names_is_no_list_and_is_not_kept() -> None:
    before = layout_of.cache_info().currsize
    many = {f"key {number}": number for number in range(5000)}
    assert outcome_of(((name,), value) for name, value in many.items()) is None
    assert layout_of.cache_info().currsize == before


def test_a_list_may_begin_with_blank_lines_or_hold_nothing(tmp_path: Path) -> None:
    from analyzer.sources import lists

    assert list(lists.items("x", b"", lambda size: b"", lambda source, why: None)) == []
    blank = f"\n\nEmail,Status\n{A},Bounced\n".encode()
    assert len(list(lists.items("x", blank, lambda size: b"", lambda source, why: None))) == 1


def test_an_event_that_was_changed_is_read_anew() -> None:
    event = {"event": "bounce", "email": A, "reason": SAID}
    found = []
    for address in (A, B):
        event["email"] = address
        found += [item.report.failures[0].recipient for item in feeds.events(event)]
    assert found == [A, B]
