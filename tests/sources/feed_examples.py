"""Events as each provider writes them, with all that a row must say of them. Invented, in the providers' shapes."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any, NamedTuple

TO = "kim@lumen.example"
FROM = "ava@outreach.example"
#: The moment of every example, in the forms that the feeds write it in.
AT, ISO, EPOCH = "2026-03-02T09:11:21Z", "2026-03-02T09:11:21.000Z", 1772442681
SAID = "550 5.1.1 <kim@lumen.example>: Recipient address rejected: User unknown"
_ACTIONS = {"bounce": "failed", "complaint": "failed", "delayed": "delayed", "delivered": "delivered"}


class Example(NamedTuple):
    """`facts`: every column that is not empty, but for the source, the verdict and the record's id."""

    name: str
    event: Any
    facts: list[dict[str, Any]]
    reason: str = ""


def row(feed: str, kind: str, **columns: Any) -> dict[str, Any]:
    """A row with what all examples share; a column given as "" is empty."""
    facts = {
        "format": feed,
        "kind": kind,
        "recipient": TO,
        "received_at": AT,
        "action": _ACTIONS.get(kind, ""),
        **columns,
    }
    return {name: value for name, value in facts.items() if value not in ("", None)}


def unknown_user(feed: str, **columns: Any) -> dict[str, Any]:
    """A bounce with the reply SAID."""
    return row(feed, "bounce", **{"status": "5.1.1", "reply": "550", "diagnostic": SAID, **columns})


def changed(event: Any, /, **values: Any) -> Any:
    """A copy with other values: `a__b` is the key b inside a, None takes a key away."""
    copy = deepcopy(event)
    for path, value in values.items():
        *way, last = path.split("__")
        place = copy
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return copy


# --- Amazon SES ------------------------------------------------------------------------------------------------------

SES = {
    "notificationType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {"emailAddress": TO, "action": "failed", "status": "5.1.1", "diagnosticCode": f"smtp; {SAID}"}
        ],
        "timestamp": ISO,
        "feedbackId": "0102019-f1",
        "reportingMTA": "dsn; a8-95.smtp-out.amazonses.com",
        "remoteMtaIp": "192.0.2.80",
    },
    "mail": {
        "timestamp": "2026-03-02T09:11:19.000Z",
        "messageId": "0102019-a1-000000",
        "source": "bounces@mail.outreach.example",
        "sourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/outreach.example",
        "destination": [TO],
        "headersTruncated": False,
        "headers": [
            {"name": "Received", "value": "from app.outreach.example"},
            {"name": "X-Lead-Id", "value": "L-42"},
            {"name": "Feedback-ID", "value": "q1:outreach"},
        ],
        "commonHeaders": {
            "from": [f"Ava North <{FROM}>"],
            "to": [TO],
            "date": "Mon, 2 Mar 2026 09:11:19 +0000",
            "messageId": "0102019-a1-000000",
            "subject": "a question",
        },
        "tags": {"campaign": ["q1"], "ses:configuration-set": ["main"]},
    },
}
SES_MARKS = {
    "x-lead-id": "L-42",
    "feedback-id": "q1:outreach",
    "campaign": "q1",
    "x-ses-message-id": "0102019-a1-000000",
}
SES_MAIL = {
    "sender": FROM,
    "subject": "a question",
    "original_message_id": "<0102019-a1-000000@eu-west-1.amazonses.com>",
    "original_headers": SES_MARKS,
}
SES_HOSTS = {"reporting_mta": "a8-95.smtp-out.amazonses.com", "remote_mta": "192.0.2.80"}
SES_ROW = unknown_user("ses", provider_class="ses:Permanent/General", **SES_MAIL, **SES_HOSTS)
_BARE_MAIL = {"timestamp": ISO, "messageId": "0100-b2", "source": FROM, "destination": [TO]}
_BARE_ROW = {
    "sender": FROM,
    "original_message_id": "<0100-b2@email.amazonses.com>",
    "original_headers": {"x-ses-message-id": "0100-b2"},
}


def ses_bounce(kind: str, subtype: str, **recipient: str) -> dict[str, Any]:
    return {
        "eventType": "Bounce",
        "bounce": {
            "bounceType": kind,
            "bounceSubType": subtype,
            "bouncedRecipients": [{"emailAddress": TO, **recipient}],
            "timestamp": ISO,
        },
        "mail": _BARE_MAIL,
    }


def sns(event: Any) -> dict[str, Any]:
    """The envelope of Amazon SNS."""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:bounces",
        "Message": json.dumps(event),
        "Timestamp": ISO,
        "SignatureVersion": "1",
        "Signature": "EXAMPLE=",
    }


SES_EXAMPLES = [
    Example("ses", SES, [SES_ROW], "user_unknown"),
    Example("ses sns", sns(SES), [SES_ROW], "user_unknown"),
    Example("ses lambda sns", {"Records": [{"EventSource": "aws:sns", "Sns": sns(SES)}]}, [SES_ROW], "user_unknown"),
    Example(
        "ses lambda sqs", {"Records": [{"messageId": "1", "body": json.dumps(sns(SES))}]}, [SES_ROW], "user_unknown"
    ),
    Example("ses sqs", {"Messages": [{"MessageId": "1", "Body": json.dumps(SES)}]}, [SES_ROW], "user_unknown"),
    Example(
        "ses eventbridge",
        {
            "version": "0",
            "detail-type": "Email Bounced",
            "source": "aws.ses",
            "detail": changed(SES, notificationType=None, eventType="Bounce"),
        },
        [SES_ROW],
        "user_unknown",
    ),
    Example(
        "ses two recipients",
        changed(
            SES, bounce__bouncedRecipients=[{"emailAddress": f"Kim <{TO}>"}, {"emailAddress": "lee@lumen.example"}]
        ),
        [
            row("ses", "bounce", provider_class="ses:Permanent/General", **SES_MAIL, **SES_HOSTS),
            row(
                "ses",
                "bounce",
                provider_class="ses:Permanent/General",
                **{**SES_MAIL, "recipient": "lee@lumen.example"},
                **SES_HOSTS,
            ),
        ],
        "unspecified",
    ),
    Example(
        "ses own message id",
        changed(SES, mail__headers=[{"name": "Message-ID", "value": "<m1@outreach.example>"}], mail__tags=None),
        [
            {
                **SES_ROW,
                "original_message_id": "<m1@outreach.example>",
                "original_headers": {
                    "x-ses-message-id": "0102019-a1-000000",
                    "x-ses-assigned-message-id": "<0102019-a1-000000@eu-west-1.amazonses.com>",
                },
            }
        ],
        "user_unknown",
    ),
    Example(
        "ses no email",
        ses_bounce("Permanent", "NoEmail"),
        [row("ses", "bounce", provider_class="ses:Permanent/NoEmail", **_BARE_ROW)],
        "user_unknown",
    ),
    Example(
        "ses full",
        ses_bounce("Transient", "MailboxFull"),
        [row("ses", "bounce", provider_class="ses:Transient/MailboxFull", **_BARE_ROW)],
        "mailbox_full",
    ),
    Example(
        "ses a status beside a class that says nothing",
        ses_bounce("Transient", "General", status="5.4.4"),
        [row("ses", "bounce", provider_class="ses:Transient/General", status="5.4.4", **_BARE_ROW)],
        "domain_not_found",
    ),
    Example(
        "ses unknown subtype",
        ses_bounce("Permanent", "SomethingNew"),
        [row("ses", "bounce", provider_class="ses:Permanent/SomethingNew", **_BARE_ROW)],
        "unspecified",
    ),
    Example(
        "ses complaint",
        {
            "notificationType": "Complaint",
            "complaint": {
                "complainedRecipients": [{"emailAddress": TO}],
                "timestamp": ISO,
                "feedbackId": "f2",
                "complaintSubType": None,
                "complaintFeedbackType": "fraud",
                "userAgent": "Mail/1.0",
            },
            "mail": _BARE_MAIL,
        },
        [
            row(
                "ses",
                "complaint",
                provider_class="ses:Complaint/fraud",
                diagnostic="feedback report: fraud",
                **_BARE_ROW,
            )
        ],
        "complaint",
    ),
    Example(
        "ses suppressed after a complaint",
        {
            "eventType": "Complaint",
            "complaint": {
                "complainedRecipients": [{"emailAddress": TO}],
                "timestamp": ISO,
                "complaintSubType": "OnAccountSuppressionList",
            },
            "mail": _BARE_MAIL,
        },
        [row("ses", "bounce", provider_class="ses:Complaint/OnAccountSuppressionList", **_BARE_ROW)],
        "complaint",
    ),
    Example(
        "ses delay",
        {
            "eventType": "DeliveryDelay",
            "deliveryDelay": {
                "timestamp": ISO,
                "delayType": "MailboxFull",
                "expirationTime": "2026-03-02T23:11:21.000Z",
                "delayedRecipients": [
                    {"emailAddress": TO, "status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 mailbox is full"}
                ],
            },
            "mail": _BARE_MAIL,
        },
        [
            row(
                "ses",
                "delayed",
                provider_class="ses:DeliveryDelay/MailboxFull",
                status="4.2.2",
                reply="452",
                diagnostic="452 4.2.2 mailbox is full",
                **_BARE_ROW,
            )
        ],
    ),
    Example(
        "ses delivery",
        {
            "notificationType": "Delivery",
            "delivery": {
                "timestamp": ISO,
                "recipients": [TO],
                "smtpResponse": "250 2.6.0 queued",
                "reportingMTA": "a8-70.smtp-out.amazonses.com",
                "remoteMtaIp": "192.0.2.81",
            },
            "mail": _BARE_MAIL,
        },
        [
            row(
                "ses",
                "delivered",
                provider_class="ses:Delivery",
                diagnostic="250 2.6.0 queued",
                reporting_mta="a8-70.smtp-out.amazonses.com",
                remote_mta="192.0.2.81",
                **_BARE_ROW,
            )
        ],
    ),
    Example(
        "ses reject",
        {"eventType": "Reject", "reject": {"reason": "Bad content"}, "mail": _BARE_MAIL},
        [row("ses", "bounce", provider_class="ses:Reject/Bad content", diagnostic="Bad content", **_BARE_ROW)],
        "virus",
    ),
    Example(
        "ses unknown event",
        {"eventType": "Teleported", "mail": _BARE_MAIL},
        [row("ses", "other", provider_class="ses:Teleported", **_BARE_ROW)],
    ),
    Example(
        "ses topic set up",
        {
            "Type": "SubscriptionConfirmation",
            "TopicArn": "arn:aws:sns:us-east-1:1:t",
            "Message": "confirm",
            "Timestamp": ISO,
        },
        [row("ses", "other", recipient="", provider_class="ses:SubscriptionConfirmation")],
    ),
]

# --- Twilio SendGrid -------------------------------------------------------------------------------------------------

SENDGRID = {
    "email": TO,
    "timestamp": EPOCH,
    "event": "bounce",
    "smtp-id": "<m1@outreach.example>",
    "sg_event_id": "ZXZ0",
    "sg_message_id": "abc123.filter01.1-2-3.0",
    "reason": SAID,
    "status": "5.1.1",
    "type": "bounce",
    "bounce_classification": "Invalid Address",
    "ip": "192.0.2.25",
    "tls": 1,
    "category": ["q1", "warm"],
    "lead_id": "L-42",
}
SENDGRID_MARKS = {"category": "q1", "category-2": "warm", "lead_id": "L-42", "x-message-id": "abc123"}
SENDGRID_MAIL = {"original_message_id": "<m1@outreach.example>", "original_headers": SENDGRID_MARKS}
SENDGRID_EXAMPLES = [
    Example(
        "sendgrid",
        SENDGRID,
        [unknown_user("sendgrid", provider_class="sendgrid:bounce/Invalid Address", **SENDGRID_MAIL)],
        "user_unknown",
    ),
    Example(
        "sendgrid two in a request",
        [changed(SENDGRID, event="processed"), SENDGRID],
        [
            row(
                "sendgrid",
                "other",
                provider_class="sendgrid:processed/Invalid Address",
                diagnostic=SAID,
                status="5.1.1",
                **SENDGRID_MAIL,
            ),
            unknown_user("sendgrid", provider_class="sendgrid:bounce/Invalid Address", **SENDGRID_MAIL),
        ],
    ),
    Example(
        "sendgrid block without words",
        changed(SENDGRID, reason="", status="", type="blocked", bounce_classification="Reputation"),
        [row("sendgrid", "bounce", provider_class="sendgrid:blocked/Reputation", **SENDGRID_MAIL)],
        "ip_reputation",
    ),
    Example(
        "sendgrid deferred",
        changed(
            SENDGRID,
            event="deferred",
            reason=None,
            status=None,
            type=None,
            bounce_classification=None,
            attempt="3",
            response="451 4.7.1 try again later",
        ),
        [
            row(
                "sendgrid",
                "delayed",
                provider_class="sendgrid:deferred",
                status="4.7.1",
                reply="451",
                diagnostic="451 4.7.1 try again later",
                **SENDGRID_MAIL,
            )
        ],
    ),
    Example(
        "sendgrid dropped",
        changed(
            SENDGRID, event="dropped", reason="Bounced Address", status=None, type=None, bounce_classification=None
        ),
        [
            row(
                "sendgrid",
                "bounce",
                provider_class="sendgrid:dropped/Bounced Address",
                diagnostic="Bounced Address",
                **SENDGRID_MAIL,
            )
        ],
        "user_unknown",
    ),
    Example(
        "sendgrid dropped for an opt-out",
        changed(
            SENDGRID, event="dropped", reason="Unsubscribed Address", status=None, type=None, bounce_classification=None
        ),
        [
            row(
                "sendgrid",
                "other",
                provider_class="sendgrid:dropped/Unsubscribed Address",
                diagnostic="Unsubscribed Address",
                **SENDGRID_MAIL,
            )
        ],
    ),
    Example(
        "sendgrid complaint",
        changed(SENDGRID, event="spamreport", reason=None, status=None, type=None, bounce_classification=None),
        [
            row(
                "sendgrid",
                "complaint",
                provider_class="sendgrid:spamreport",
                diagnostic="feedback report: abuse",
                **SENDGRID_MAIL,
            )
        ],
        "complaint",
    ),
    Example(
        "sendgrid suppression list",
        [{"created": EPOCH, "email": TO, "reason": SAID, "status": "5.1.1"}],
        [unknown_user("sendgrid", provider_class="sendgrid:bounce")],
        "user_unknown",
    ),
]

# --- Mailgun ---------------------------------------------------------------------------------------------------------

MAILGUN = {
    "signature": {"timestamp": "1", "token": "t", "signature": "s"},
    "event-data": {
        "event": "failed",
        "id": "e1",
        "severity": "permanent",
        "reason": "bounce",
        "recipient": TO,
        "recipient-domain": "lumen.example",
        "timestamp": EPOCH + 0.38,
        "log-level": "error",
        "tags": ["q1"],
        "campaigns": [{"id": "c7", "name": "Spring"}],
        "user-variables": {"lead": "L-42", "my-json": '{"step": 2}'},
        "envelope": {"sender": "bounces@mail.outreach.example", "targets": TO},
        "message": {
            "headers": {
                "message-id": "m1@outreach.example",
                "to": TO,
                "from": f"Ava <{FROM}>",
                "subject": "a question",
            },
            "size": 900,
        },
        "delivery-status": {
            "code": 550,
            "message": "5.1.1 <kim@lumen.example>: Recipient address rejected: User unknown",
            "description": "",
            "mx-host": "mx.lumen.example",
            "enhanced-code": "5.1.1",
            "attempt-no": 1,
        },
    },
}
MAILGUN_MAIL = {
    "original_message_id": "<m1@outreach.example>",
    "sender": FROM,
    "subject": "a question",
    "original_headers": {
        "to": TO,
        "lead": "L-42",
        "my-json": '{"step": 2}',
        "step": "2",
        "tag": "q1",
        "campaign": "Spring",
        "campaign-2": "c7",
    },
}
MAILGUN_ROW = unknown_user(
    "mailgun", provider_class="mailgun:permanent/bounce", remote_mta="mx.lumen.example", **MAILGUN_MAIL
)


def mailgun(**values: Any) -> Any:
    return changed(MAILGUN, **{f"event-data__{key}": value for key, value in values.items()})


MAILGUN_EXAMPLES = [
    Example("mailgun", MAILGUN, [MAILGUN_ROW], "user_unknown"),
    Example(
        "mailgun events api", {"items": [MAILGUN["event-data"]], "paging": {"next": "x"}}, [MAILGUN_ROW], "user_unknown"
    ),
    Example(
        "mailgun temporary",
        mailgun(
            severity="temporary",
            reason="generic",
            **{"delivery-status": {"code": 451, "message": "4.7.1 try again later", "retry-seconds": 600}},
        ),
        [
            row(
                "mailgun",
                "delayed",
                provider_class="mailgun:temporary/generic",
                status="4.7.1",
                reply="451",
                diagnostic="451 4.7.1 try again later",
                **MAILGUN_MAIL,
            )
        ],
    ),
    Example(
        "mailgun suppressed",
        mailgun(
            reason="suppress-bounce",
            **{
                "delivery-status": {
                    "code": 605,
                    "message": "",
                    "description": "Not delivering to previously bounced address",
                }
            },
        ),
        [
            row(
                "mailgun",
                "bounce",
                provider_class="mailgun:permanent/suppress-bounce",
                diagnostic="Not delivering to previously bounced address",
                **MAILGUN_MAIL,
            )
        ],
        "user_unknown",
    ),
    Example(
        "mailgun suppressed after a complaint, without words",
        mailgun(reason="suppress-complaint", **{"delivery-status": {"code": 607}}),
        [row("mailgun", "bounce", provider_class="mailgun:permanent/suppress-complaint", **MAILGUN_MAIL)],
        "complaint",
    ),
    Example(
        "mailgun suppressed after an opt-out",
        mailgun(reason="suppress-unsubscribe", **{"delivery-status": {"code": 606}}),
        [row("mailgun", "other", provider_class="mailgun:permanent/suppress-unsubscribe", **MAILGUN_MAIL)],
    ),
    Example(
        "mailgun own code",
        mailgun(reason="generic", **{"delivery-status": {"code": 498, "message": ""}}),
        [row("mailgun", "bounce", provider_class="mailgun:498", **MAILGUN_MAIL)],
        "no_mail_server",
    ),
    Example(
        "mailgun complaint",
        mailgun(event="complained", severity=None, reason=None, **{"delivery-status": None}),
        [
            row(
                "mailgun",
                "complaint",
                provider_class="mailgun:complained",
                diagnostic="feedback report: abuse",
                **MAILGUN_MAIL,
            )
        ],
        "complaint",
    ),
    Example(
        "mailgun opened",
        mailgun(event="opened", severity=None, reason=None, **{"delivery-status": None}),
        [row("mailgun", "other", provider_class="mailgun:opened", **MAILGUN_MAIL)],
    ),
    Example(
        "mailgun bounce list",
        {"items": [{"address": TO, "code": "550", "error": SAID, "created_at": "Mon, 02 Mar 2026 09:11:21 GMT"}]},
        [unknown_user("mailgun", provider_class="mailgun:bounced")],
        "user_unknown",
    ),
]

# --- Postmark --------------------------------------------------------------------------------------------------------

POSTMARK = {
    "RecordType": "Bounce",
    "ID": 4242,
    "Type": "HardBounce",
    "TypeCode": 1,
    "Name": "Hard bounce",
    "Tag": "q1",
    "MessageID": "2706ee8a-0000-4285-b032-ccd317af53ed",
    "ServerID": 7,
    "MessageStream": "outbound",
    "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
    "Details": f"smtp;{SAID}",
    "Email": TO,
    "From": FROM,
    "BouncedAt": "2026-03-02T10:11:21.0000000+01:00",
    "DumpAvailable": True,
    "Inactive": True,
    "CanActivate": True,
    "Subject": "a question",
    "Metadata": {"lead": "L-42"},
}
POSTMARK_MAIL = {
    "original_message_id": "<2706ee8a-0000-4285-b032-ccd317af53ed@mtasv.net>",
    "sender": FROM,
    "subject": "a question",
    "original_headers": {
        "lead": "L-42",
        "tag": "q1",
        "message-stream": "outbound",
        "x-pm-message-id": "2706ee8a-0000-4285-b032-ccd317af53ed",
    },
}
_DUMP = f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.lumen.example
To: bounces@pm.example
Subject: Undelivered Mail Returned to Sender

The mail system

<{TO}>: host mx.lumen.example[192.0.2.80] said: {SAID} (in reply to RCPT TO command)
"""
POSTMARK_EXAMPLES = [
    Example(
        "postmark",
        POSTMARK,
        [unknown_user("postmark", provider_class="postmark:HardBounce", **POSTMARK_MAIL)],
        "user_unknown",
    ),
    Example(
        "postmark bounce api",
        {"TotalCount": 1, "Bounces": [changed(POSTMARK, RecordType=None)]},
        [unknown_user("postmark", provider_class="postmark:HardBounce", **POSTMARK_MAIL)],
        "user_unknown",
    ),
    Example(
        "postmark spam, without details",
        changed(POSTMARK, Type="SpamNotification", Details=""),
        [row("postmark", "bounce", provider_class="postmark:SpamNotification", **POSTMARK_MAIL)],
        "spam_content",
    ),
    Example(
        "postmark the dump for the details",
        changed(POSTMARK, Details="", Content=_DUMP),
        [
            unknown_user(
                "postmark",
                provider_class="postmark:HardBounce",
                remote_mta="mx.lumen.example",
                **POSTMARK_MAIL,
                diagnostic=f"{SAID} (in reply to RCPT TO command)",
            )
        ],
        "user_unknown",
    ),
    Example(
        "postmark transient",
        changed(POSTMARK, Type="Transient", Details="smtp;451 4.4.1 timed out"),
        [
            row(
                "postmark",
                "delayed",
                provider_class="postmark:Transient",
                status="4.4.1",
                reply="451",
                diagnostic="451 4.4.1 timed out",
                **POSTMARK_MAIL,
            )
        ],
    ),
    Example(
        "postmark automatic answer",
        changed(POSTMARK, Type="AutoResponder", Details=""),
        [row("postmark", "autoreply", provider_class="postmark:AutoResponder", **POSTMARK_MAIL)],
    ),
    Example(
        "postmark challenge",
        changed(POSTMARK, Type="ChallengeVerification", Details=""),
        [row("postmark", "challenge", provider_class="postmark:ChallengeVerification", **POSTMARK_MAIL)],
    ),
    Example(
        "postmark complaint",
        changed(POSTMARK, RecordType="SpamComplaint", Type="SpamComplaint", Details=""),
        [
            row(
                "postmark",
                "complaint",
                provider_class="postmark:SpamComplaint",
                diagnostic="feedback report: abuse",
                **POSTMARK_MAIL,
            )
        ],
        "complaint",
    ),
    Example(
        "postmark delivery",
        {"RecordType": "Delivery", "Recipient": TO, "MessageID": "x1", "DeliveredAt": AT, "Details": "250 ok"},
        [
            row(
                "postmark",
                "delivered",
                provider_class="postmark:Delivery",
                diagnostic="250 ok",
                original_message_id="<x1@mtasv.net>",
                original_headers={"x-pm-message-id": "x1"},
            )
        ],
    ),
    Example(
        "postmark unknown type of record",
        {"RecordType": "Levitation", "Recipient": TO, "ReceivedAt": AT},
        [row("postmark", "other", provider_class="postmark:Levitation")],
    ),
]

# --- SparkPost -------------------------------------------------------------------------------------------------------

SPARKPOST = {
    "type": "bounce",
    "bounce_class": "10",
    "error_code": "550",
    "raw_reason": SAID,
    "reason": "550 5.1.1 ...User unknown",
    "rcpt_to": TO,
    "raw_rcpt_to": "Kim@lumen.example",
    "msg_from": "msprvs1=1@bounces.outreach.example",
    "friendly_from": FROM,
    "subject": "a question",
    "campaign_id": "q1",
    "transmission_id": "t1",
    "message_id": "000443ee",
    "event_id": "9",
    "timestamp": str(EPOCH),
    "ip_address": "192.0.2.80",
    "sending_ip": "192.0.2.25",
    "rcpt_meta": {"lead": "L-42"},
    "rcpt_tags": ["warm"],
}
SPARKPOST_MAIL = {
    "sender": FROM,
    "subject": "a question",
    "original_headers": {
        "lead": "L-42",
        "campaign_id": "q1",
        "tag": "warm",
        "x-transmission-id": "t1",
        "x-message-id": "000443ee",
    },
}
SPARKPOST_ROW = unknown_user("sparkpost", provider_class="sparkpost:10", remote_mta="192.0.2.80", **SPARKPOST_MAIL)


def msys(**values: Any) -> Any:
    return [{"msys": {"message_event": changed(SPARKPOST, **values)}}]


SPARKPOST_EXAMPLES = [
    Example("sparkpost", msys(), [SPARKPOST_ROW], "user_unknown"),
    Example(
        "sparkpost events api",
        {"results": [changed(SPARKPOST, timestamp=ISO)], "total_count": 1, "links": []},
        [SPARKPOST_ROW],
        "user_unknown",
    ),
    Example(
        "sparkpost without words",
        msys(raw_reason="", reason="", error_code="", bounce_class="22", type="out_of_band"),
        [row("sparkpost", "bounce", provider_class="sparkpost:22", remote_mta="192.0.2.80", **SPARKPOST_MAIL)],
        "mailbox_full",
    ),
    Example(
        "sparkpost automatic answer",
        msys(type="out_of_band", bounce_class="60", raw_reason="", error_code=""),
        [
            row(
                "sparkpost",
                "autoreply",
                provider_class="sparkpost:60",
                remote_mta="192.0.2.80",
                diagnostic="550 5.1.1 ...User unknown",
                **SPARKPOST_MAIL,
            )
        ],
    ),
    Example(
        "sparkpost delay",
        msys(type="delay", bounce_class="20", raw_reason="451 4.7.1 try again later", error_code="451"),
        [
            row(
                "sparkpost",
                "delayed",
                provider_class="sparkpost:20",
                remote_mta="192.0.2.80",
                status="4.7.1",
                reply="451",
                diagnostic="451 4.7.1 try again later",
                **SPARKPOST_MAIL,
            )
        ],
    ),
    Example(
        "sparkpost complaint",
        msys(type="spam_complaint", bounce_class=None, raw_reason=None, reason=None, error_code=None, fbtype="abuse"),
        [
            row(
                "sparkpost",
                "complaint",
                provider_class="sparkpost:spam_complaint",
                remote_mta="192.0.2.80",
                diagnostic="feedback report: abuse",
                **SPARKPOST_MAIL,
            )
        ],
        "complaint",
    ),
    Example(
        "sparkpost test",
        [{"msys": {}}],
        [row("sparkpost", "other", recipient="", received_at="", provider_class="sparkpost:test")],
    ),
]

# --- Mailjet, Mandrill, Brevo --------------------------------------------------------------------------------------------------

MAILJET = {
    "event": "bounce",
    "time": EPOCH,
    "MessageID": 19421777835146490,
    "Message_GUID": "1ab23cd4",
    "email": TO,
    "mj_campaign_id": 7257,
    "mj_contact_id": 4,
    "customcampaign": "q1",
    "CustomID": "L-42",
    "Payload": '{"step": "2"}',
    "blocked": False,
    "hard_bounce": True,
    "error_related_to": "recipient",
    "error": "user unknown",
    "comment": SAID,
}
MAILJET_MAIL = {
    "original_headers": {
        "x-mj-message-id": "19421777835146490",
        "x-mj-message-guid": "1ab23cd4",
        "customcampaign": "q1",
        "x-mj-customid": "L-42",
        "payload": '{"step": "2"}',
        "step": "2",
        "mj_campaign_id": "7257",
        "mj_contact_id": "4",
    }
}
MAILJET_EXAMPLES = [
    Example(
        "mailjet",
        MAILJET,
        [unknown_user("mailjet", provider_class="mailjet:recipient/user unknown", **MAILJET_MAIL)],
        "user_unknown",
    ),
    Example(
        "mailjet its own word alone",
        [changed(MAILJET, comment="")],
        [
            row(
                "mailjet",
                "bounce",
                provider_class="mailjet:recipient/user unknown",
                diagnostic="user unknown",
                **MAILJET_MAIL,
            )
        ],
        "user_unknown",
    ),
    Example(
        "mailjet a word that no rule knows",
        changed(MAILJET, event="blocked", comment="", error="", error_related_to="content"),
        [row("mailjet", "bounce", provider_class="mailjet:content", **MAILJET_MAIL)],
        "spam_content",
    ),
    Example(
        "mailjet complaint",
        changed(MAILJET, event="spam", error=None, error_related_to=None, comment=None, source="JMRPP"),
        [
            row(
                "mailjet",
                "complaint",
                provider_class="mailjet:spam",
                diagnostic="feedback report: abuse",
                **MAILJET_MAIL,
            )
        ],
        "complaint",
    ),
    Example(
        "mailjet open",
        changed(MAILJET, event="open", error=None, error_related_to=None, comment=None),
        [row("mailjet", "other", provider_class="mailjet:open", **MAILJET_MAIL)],
    ),
]
MANDRILL = {
    "event": "hard_bounce",
    "_id": "3f0e2c",
    "ts": EPOCH,
    "msg": {
        "ts": EPOCH - 2,
        "_id": "3f0e2c",
        "state": "bounced",
        "subject": "quick question",
        "email": TO,
        "sender": FROM,
        "tags": ["q1"],
        "metadata": {"lead": "L-42"},
        "bounce_description": "bad_mailbox",
        "bgtools_code": 10,
        "diag": f"smtp;{SAID}",
    },
}
MANDRILL_MAIL = {
    "subject": "quick question",
    "sender": FROM,
    "original_headers": {"tag": "q1", "lead": "L-42", "x-mandrill-id": "3f0e2c"},
}
MANDRILL_EXAMPLES = [
    Example(
        "mandrill",
        [MANDRILL],
        [unknown_user("mandrill", provider_class="mandrill:bad_mailbox", **MANDRILL_MAIL)],
        "user_unknown",
    ),
    Example(
        "mandrill its own word alone",
        [changed(MANDRILL, event="soft_bounce", msg__diag=None, msg__bounce_description="mailbox_full")],
        [row("mandrill", "bounce", provider_class="mandrill:mailbox_full", **MANDRILL_MAIL)],
        "mailbox_full",
    ),
    Example(
        "mandrill a deferral says why in its last try",
        changed(
            MANDRILL,
            event="deferral",
            msg__diag=None,
            msg__bounce_description=None,
            msg__smtp_events=[{"ts": EPOCH, "type": "deferred", "diag": "451 4.7.1 Greylisted"}],
        ),
        [
            row(
                "mandrill",
                "delayed",
                provider_class="mandrill:deferral",
                status="4.7.1",
                reply="451",
                diagnostic="451 4.7.1 Greylisted",
                **MANDRILL_MAIL,
            )
        ],
    ),
    Example(
        "mandrill did not send it for our own domain",
        changed(
            MANDRILL, event="reject", msg__diag=None, msg__bounce_description=None, msg__reject={"reason": "unsigned"}
        ),
        [row("mandrill", "bounce", provider_class="mandrill:reject/unsigned", **MANDRILL_MAIL)],
        "sender_account",
    ),
    Example(
        "mandrill did not send it to somebody who opted out",
        changed(
            MANDRILL, event="reject", msg__diag=None, msg__bounce_description=None, msg__reject={"reason": "unsub"}
        ),
        [row("mandrill", "other", provider_class="mandrill:reject/unsub", **MANDRILL_MAIL)],
    ),
    Example(
        "mandrill complaint",
        changed(MANDRILL, event="spam", msg__diag=None, msg__bounce_description=None),
        [
            row(
                "mandrill",
                "complaint",
                provider_class="mandrill:spam",
                diagnostic="feedback report: abuse",
                **MANDRILL_MAIL,
            )
        ],
        "complaint",
    ),
]
BREVO = {
    "event": "hard_bounce",
    "email": TO,
    "id": 26224,
    "date": "2026-03-02 10:11:21",
    "ts": 1772446281,
    "ts_epoch": EPOCH * 1000,
    "message-id": "<m1@smtp-relay.mailin.fr>",
    "subject": "a question",
    "reason": f" RecipientError: {SAID}",
    "tag": "q1",
    "sending_ip": "192.0.2.25",
    "template_id": 22,
    "X-Mailin-custom": "lead:L-42|step:2",
}
BREVO_MAIL = {
    "original_message_id": "<m1@smtp-relay.mailin.fr>",
    "subject": "a question",
    "original_headers": {
        "x-mailin-custom": "lead:L-42|step:2",
        "lead": "L-42",
        "step": "2",
        "tag": "q1",
        "template_id": "22",
    },
}
BREVO_EXAMPLES = [
    Example("brevo", BREVO, [unknown_user("brevo", provider_class="brevo:hard_bounce", **BREVO_MAIL)], "user_unknown"),
    Example(
        "brevo soft",
        changed(BREVO, event="soft_bounce", reason="undefined Unable to find MX of domain lumen.example"),
        [
            row(
                "brevo",
                "bounce",
                provider_class="brevo:soft_bounce",
                diagnostic="Unable to find MX of domain lumen.example",
                **BREVO_MAIL,
            )
        ],
        "no_mail_server",
    ),
    Example(
        "brevo invalid",
        changed(BREVO, event="invalid_email", reason="", email="kim roe@lumen"),
        [row("brevo", "bounce", recipient="kim roe@lumen", provider_class="brevo:invalid_email", **BREVO_MAIL)],
        "address_syntax",
    ),
    Example(
        "brevo deferred",
        changed(BREVO, event="deferred", reason="451 4.7.1 try again later"),
        [
            row(
                "brevo",
                "delayed",
                provider_class="brevo:deferred",
                status="4.7.1",
                reply="451",
                diagnostic="451 4.7.1 try again later",
                **BREVO_MAIL,
            )
        ],
    ),
    Example(
        "brevo complaint",
        changed(BREVO, event="spam", reason=None),
        [row("brevo", "complaint", provider_class="brevo:spam", diagnostic="feedback report: abuse", **BREVO_MAIL)],
        "complaint",
    ),
    Example(
        "brevo statistics api",
        {
            "events": [
                {
                    "email": TO,
                    "date": "2026-03-02T10:11:21.000+01:00",
                    "subject": "a question",
                    "messageId": "<m1@smtp-relay.mailin.fr>",
                    "event": "hardBounces",
                    "reason": SAID,
                    "tag": "q1",
                    "from": FROM,
                }
            ]
        },
        [
            unknown_user(
                "brevo",
                provider_class="brevo:hard_bounce",
                subject="a question",
                sender=FROM,
                original_message_id="<m1@smtp-relay.mailin.fr>",
                original_headers={"tag": "q1"},
            )
        ],
        "user_unknown",
    ),
]

# --- Resend, Azure ---------------------------------------------------------------------------------------------------

RESEND = {
    "type": "email.bounced",
    "created_at": ISO,
    "data": {
        "email_id": "e1",
        "broadcast_id": "b1",
        "created_at": "2026-03-02T09:11:19.000Z",
        "from": f"Ava <{FROM}>",
        "to": [TO],
        "subject": "a question",
        "headers": [{"name": "Message-ID", "value": "<m1@outreach.example>"}, {"name": "X-Lead-Id", "value": "L-42"}],
        "tags": [{"name": "campaign", "value": "q1"}],
        "bounce": {
            "type": "Permanent",
            "subType": "General",
            "message": "The recipient's email provider sent a hard bounce message, but didn't specify the reason for the hard bounce.",
        },
    },
}
RESEND_MAIL = {
    "original_message_id": "<m1@outreach.example>",
    "sender": FROM,
    "subject": "a question",
    "original_headers": {"x-lead-id": "L-42", "campaign": "q1", "broadcast_id": "b1", "x-email-id": "e1"},
}
PROSE = RESEND["data"]["bounce"]["message"]  # type: ignore[index]
RESEND_EXAMPLES = [
    Example(
        "resend",
        RESEND,
        [row("resend", "bounce", provider_class="resend:Permanent/General", diagnostic=PROSE, **RESEND_MAIL)],
        "unspecified",
    ),
    Example(
        "resend the class behind prose",
        changed(RESEND, data__bounce__subType="NoEmail"),
        [row("resend", "bounce", provider_class="resend:Permanent/NoEmail", diagnostic=PROSE, **RESEND_MAIL)],
        "user_unknown",
    ),
    Example(
        "resend a server's reply",
        changed(RESEND, data__bounce__diagnosticCode=[f"smtp; {SAID}"], data__tags={"campaign": "q1"}),
        [unknown_user("resend", provider_class="resend:Permanent/General", **RESEND_MAIL)],
        "user_unknown",
    ),
    Example(
        "resend several recipients, one of them named",
        changed(RESEND, data__to=["al@lumen.example", f"Kim <{TO}>"], data__bounce__diagnosticCode=[f"smtp; {SAID}"]),
        [unknown_user("resend", provider_class="resend:Permanent/General", **RESEND_MAIL)],
        "user_unknown",
    ),
    Example(
        "resend several recipients, none of them named",
        changed(RESEND, data__to=["al@lumen.example", TO]),
        [
            row(
                "resend",
                "bounce",
                recipient="",
                provider_class="resend:Permanent/General",
                diagnostic=PROSE,
                **RESEND_MAIL,
            )
        ],
        "unspecified",
    ),
    Example(
        "resend quota",
        changed(RESEND, type="email.failed", data__bounce=None, data__failed={"reason": "reached_daily_quota"}),
        [row("resend", "bounce", provider_class="resend:failed/reached_daily_quota", **RESEND_MAIL)],
        "sender_account",
    ),
    Example(
        "resend delay",
        changed(RESEND, type="email.delivery_delayed", data__bounce=None),
        [row("resend", "delayed", provider_class="resend:delivery_delayed", **RESEND_MAIL)],
    ),
    Example(
        "resend complaint",
        changed(RESEND, type="email.complained", data__bounce=None),
        [
            row(
                "resend",
                "complaint",
                provider_class="resend:complained",
                diagnostic="feedback report: abuse",
                **RESEND_MAIL,
            )
        ],
        "complaint",
    ),
]
AZURE = {
    "id": "1",
    "topic": "/subscriptions/1",
    "subject": "sender/ava/message/1",
    "eventType": "Microsoft.Communication.EmailDeliveryReportReceived",
    "eventTime": "2026-03-02T09:11:30.1234567Z",
    "data": {
        "sender": FROM,
        "recipient": TO,
        "messageId": "acs-1",
        "internetMessageId": "<m1@outreach.example>",
        "status": "Bounced",
        "deliveryStatusDetails": {"statusMessage": SAID, "recipientMailServerHostName": "mx.lumen.example"},
        "deliveryAttemptTimeStamp": "2026-03-02T09:11:21.2912345+00:00",
    },
}
AZURE_MAIL = {
    "original_message_id": "<m1@outreach.example>",
    "sender": FROM,
    "original_headers": {"x-acs-message-id": "acs-1"},
}
AZURE_EXAMPLES = [
    Example(
        "azure",
        [AZURE],
        [unknown_user("azure", provider_class="azure:Bounced", remote_mta="mx.lumen.example", **AZURE_MAIL)],
        "user_unknown",
    ),
    Example(
        "azure cloud event",
        changed(
            AZURE,
            eventType=None,
            type="Microsoft.Communication.EmailDeliveryReportReceived",
            data__status="FilteredSpam",
            data__deliveryStatusDetails={},
        ),
        [row("azure", "bounce", provider_class="azure:FilteredSpam", **AZURE_MAIL)],
        "spam_content",
    ),
    Example(
        "azure delivered",
        changed(AZURE, data__status="Delivered", data__deliveryStatusDetails={}),
        [row("azure", "delivered", provider_class="azure:Delivered", **AZURE_MAIL)],
    ),
    Example(
        "azure question to a subscriber",
        [
            {
                "id": "2",
                "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
                "eventTime": AT,
                "data": {"validationCode": "1"},
            }
        ],
        [row("azure", "other", recipient="", provider_class="azure:SubscriptionValidationEvent")],
    ),
]

# --- Sequence platforms and connected mailboxes ----------------------------------------------------------------------

SMARTLEAD = {
    "webhook_id": 1,
    "event_type": "EMAIL_BOUNCE",
    "from_email": FROM,
    "to_email": TO,
    "to_name": "Kim",
    "subject": "a question",
    "campaign_id": 7,
    "campaign_name": "Spring",
    "campaign_status": "COMPLETED",
    "sequence_number": 2,
    "stats_id": "st-1",
    "event_timestamp": AT,
    "sent_message": {"message_id": "<m1@outreach.example>", "html": "<p>hi</p>", "text": "hi", "time": AT},
    "bounce_message": {
        "message_id": "<n1@mx.lumen.example>",
        "html": (
            "<p>Your message to <b>kim@lumen.example</b> couldn't be delivered.</p><p>The response from the remote server was:</p>"
            "<p>550 5.1.1 &lt;kim@lumen.example&gt;: Recipient address rejected: User unknown</p>"
        ),
    },
}
SMARTLEAD_MAIL = {
    "original_message_id": "<m1@outreach.example>",
    "sender": FROM,
    "subject": "a question",
    "original_headers": {"campaign_id": "7", "campaign_name": "Spring", "sequence_number": "2", "stats_id": "st-1"},
}
INSTANTLY = {
    "timestamp": ISO,
    "event_type": "email_bounced",
    "workspace": "w1",
    "campaign_id": "c1",
    "campaign_name": "Spring",
    "lead_email": TO,
    "email_account": FROM,
    "step": 1,
    "variant": 2,
    "is_first": True,
    "email_id": "<m1@outreach.example>",
    "email_subject": "a question",
}
INSTANTLY_ROW = row(
    "instantly", "bounce", provider_class="instantly:email_bounced", sender=FROM, subject="a question",
    original_message_id="<m1@outreach.example>",
    original_headers={
        "campaign_id": "c1", "campaign_name": "Spring", "step": "1", "variant": "2", "email_id": "<m1@outreach.example>",
        "workspace": "w1",
    },
)  # fmt: skip
REACHINBOX = {
    "event": "EMAIL_BOUNCED",
    "lead_email": TO,
    "email_account": FROM,
    "step_number": 1,
    "message_id": "<m1@outreach.example>",
    "campaign_id": 9,
    "campaign_name": "Spring",
    "timestamp": ISO,
}
NYLAS = {
    "type": "message.bounced",
    "message": {
        "id": "n1",
        "subject": "a question",
        "to": [{"email": TO, "name": "Kim"}],
        "from": [{"email": FROM}],
        "metadata": {"lead": "L-42"},
    },
    "bounce": {
        "bounced_at": EPOCH,
        "type": "MailboxFull",
        "recipients": [{"email": TO, "diagnostic_code": f"smtp; {SAID}"}],
    },
}
NYLAS_MAIL = {"sender": FROM, "subject": "a question", "original_headers": {"lead": "L-42", "x-nylas-message-id": "n1"}}
NYLAS_V3 = {
    "specversion": "1.0",
    "type": "message.bounce_detected",
    "source": "/nylas/system",
    "id": "1",
    "time": EPOCH,
    "data": {
        "application_id": "a",
        "object": {
            "bounce_date": "Mon, 02 Mar 2026 09:11:21 +0000",
            "bounce_reason": "The mailbox was not found",
            "bounced_addresses": TO,
            "code": "550 5.1.1",
            "type": "mailbox_unavailable",
            "origin": {
                "to": [TO],
                "from": [FROM],
                "subject": "a question",
                "mime_id": "<m1@outreach.example>",
                "id": "n1",
            },
        },
    },
}
UNIPILE = {
    "reason": SAID,
    "date": ISO,
    "type": "no_such_recipient",
    "code": 550,
    "email": {
        "message_id": "<m1@outreach.example>",
        "from": {"email": FROM},
        "to": [{"email": TO}],
        "subject": "a question",
        "tracking_id": "tr-1",
    },
}
EMAILENGINE = {
    "account": "ava",
    "date": ISO,
    "event": "messageBounce",
    "data": {
        "bounceMessage": "AAAAAQ",
        "recipient": TO,
        "action": "failed",
        "response": {"source": "smtp", "message": SAID, "status": "5.1.1", "category": "recipient"},
        "mta": "mx.lumen.example",
        "queueId": "BFC608226A",
        "messageId": "<m1@outreach.example>",
        "messageHeaders": {"from": [f"Ava <{FROM}>"], "to": [TO], "subject": ["a question"], "x-lead-id": ["L-42"]},
    },
}
EMAILENGINE_MAIL = {
    "original_message_id": "<m1@outreach.example>",
    "sender": FROM,
    "subject": "a question",
    "original_headers": {"to": TO, "x-lead-id": "L-42", "x-ee-queue-id": "BFC608226A", "x-ee-bounce": "AAAAAQ"},
}
PLATFORM_EXAMPLES = [
    Example("smartlead", SMARTLEAD, [unknown_user("smartlead", provider_class="smartlead:EMAIL_BOUNCE", **SMARTLEAD_MAIL)], "user_unknown"),
    Example(
        "smartlead an older one",
        changed(SMARTLEAD, bounce_message=None, event_timestamp=None, time_sent=ISO, bounce_reply_email=f"<{TO}>: host mx.lumen.example[192.0.2.80] said:\n{SAID}"),
        [
            unknown_user(
                "smartlead", provider_class="smartlead:EMAIL_BOUNCE", remote_mta="mx.lumen.example", **SMARTLEAD_MAIL,
            )
        ],
        "user_unknown",
    ),
    Example(
        "smartlead flag only",
        changed(SMARTLEAD, bounce_message=None),
        [row("smartlead", "bounce", provider_class="smartlead:EMAIL_BOUNCE", **SMARTLEAD_MAIL)],
        "unspecified",
    ),
    Example(
        "smartlead sent",
        changed(SMARTLEAD, event_type="EMAIL_SENT", bounce_message=None),
        [row("smartlead", "other", provider_class="smartlead:EMAIL_SENT", **SMARTLEAD_MAIL)],
    ),
    Example("instantly", INSTANTLY, [INSTANTLY_ROW], "unspecified"),
    Example(
        "instantly reply",
        changed(INSTANTLY, event_type="reply_received"),
        [{key: value for key, value in {**INSTANTLY_ROW, "kind": "other", "provider_class": "instantly:reply_received"}.items() if key != "action"}],
    ),
    Example(
        "reachinbox",
        REACHINBOX,
        [
            row(
                "reachinbox", "bounce", provider_class="reachinbox:EMAIL_BOUNCED", sender=FROM,
                original_message_id="<m1@outreach.example>",
                original_headers={"campaign_id": "9", "campaign_name": "Spring", "step_number": "1", "message_id": "<m1@outreach.example>"},
            )
        ],
        "unspecified",
    ),
    Example("nylas", NYLAS, [unknown_user("nylas", provider_class="nylas:MailboxFull", **NYLAS_MAIL)], "user_unknown"),
    Example(
        "nylas without words",
        changed(NYLAS, bounce__recipients=[{"email": TO}]),
        [row("nylas", "bounce", provider_class="nylas:MailboxFull", **NYLAS_MAIL)],
        "mailbox_full",
    ),
    Example(
        "nylas third version",
        NYLAS_V3,
        [
            unknown_user(
                "nylas", provider_class="nylas:mailbox_unavailable", diagnostic="The mailbox was not found", sender=FROM,
                subject="a question", original_message_id="<m1@outreach.example>", original_headers={"x-nylas-message-id": "n1"},
            )
        ],
        "user_unknown",
    ),
    Example(
        "unipile",
        UNIPILE,
        [
            unknown_user(
                "unipile", provider_class="unipile:no_such_recipient", sender=FROM, subject="a question",
                original_message_id="<m1@outreach.example>", original_headers={"x-unipile-tracking-id": "tr-1"},
            )
        ],
        "user_unknown",
    ),
    Example(
        "unipile several recipients, none of them named",
        changed(UNIPILE, reason="The address does not exist", email__to=[{"email": "al@lumen.example"}, {"email": TO}]),
        [
            row(
                "unipile", "bounce", recipient="", provider_class="unipile:no_such_recipient", sender=FROM, subject="a question",
                reply="550", diagnostic="The address does not exist", original_message_id="<m1@outreach.example>",
                original_headers={"x-unipile-tracking-id": "tr-1"},
            )
        ],
        "user_unknown",
    ),
    Example(
        "emailengine",
        EMAILENGINE,
        [unknown_user("emailengine", provider_class="emailengine:recipient", remote_mta="mx.lumen.example", **EMAILENGINE_MAIL)],
        "user_unknown",
    ),
    Example(
        "emailengine a further attempt planned",
        {
            "account": "ava", "date": ISO, "event": "messageDeliveryError",
            "data": {
                "queueId": "Q1", "envelope": {"from": FROM, "to": [TO]}, "messageId": "<m1@outreach.example>",
                "smtpResponse": "451 4.7.1 try again later", "smtpResponseCode": 451, "job": {"attemptsMade": 1, "nextAttempt": ISO},
            },
        },
        [
            row(
                "emailengine", "delayed", provider_class="emailengine:messageDeliveryError", status="4.7.1", reply="451",
                diagnostic="451 4.7.1 try again later", sender=FROM, original_message_id="<m1@outreach.example>",
                original_headers={"x-ee-queue-id": "Q1"},
            )
        ],
    ),
    Example(
        "emailengine complaint",
        {
            "account": "ava", "date": ISO, "event": "messageComplaint",
            "data": {"arf": {"feedbackType": "abuse", "originalRcptTo": [TO]}, "headers": {"messageId": "<m1@outreach.example>", "from": FROM, "to": [TO], "subject": "a question"}},
        },
        [
            row(
                "emailengine", "complaint", provider_class="emailengine:messageComplaint", diagnostic="feedback report: abuse", sender=FROM,
                subject="a question", original_message_id="<m1@outreach.example>", original_headers={"to": TO},
            )
        ],
        "complaint",
    ),
]  # fmt: skip

# --- SMTP2GO, Postal, Elastic Email, MailerSend, Mailtrap, ZeptoMail, HubSpot, lemlist, Outreach ----------------------

SMTP2GO = {
    "event": "bounce",
    "bounce": "hard",
    "time": "2026-03-02T09:11:21Z",
    "sendtime": "2026-03-02T09:11:19Z",
    "sender": FROM,
    "from": f"Ava North <{FROM}>",
    "from_address": FROM,
    "from_name": "Ava North",
    "rcpt": TO,
    "email_id": "1sKx2Y-4Ynm",
    "Message-Id": "<m1@outreach.example>",
    "subject": "a question",
    "host": "mx.lumen.example [192.0.2.80]",
    "context": f"RCPT TO:<{TO}>",
    "message": SAID,
    "auth": "ava",
    "srchost": "198.51.100.7",
    "hostname": "outreach.example",
    "id": "f1",
    "X-Lead-Id": "L-42",
}
SMTP2GO_MAIL = {
    "original_message_id": "<m1@outreach.example>",
    "sender": FROM,
    "subject": "a question",
    "remote_mta": "mx.lumen.example",
    "original_headers": {"x-smtp2go-email-id": "1sKx2Y-4Ynm", "x-lead-id": "L-42"},
}
POSTAL_MAIL = {
    "id": 7, "token": "tok1", "direction": "outgoing", "message_id": "m1@outreach.example", "to": TO, "from": FROM,
    "subject": "a question", "timestamp": 1772442679.1, "spam_status": "NotChecked", "tag": "q1",
}  # fmt: skip
POSTAL_BOUNCE = {
    "id": 8, "token": "tok2", "direction": "incoming", "message_id": "b@mx.lumen.example", "to": "x@psrp.example",
    "from": "postmaster@mx.lumen.example", "subject": "failed", "timestamp": EPOCH,
}  # fmt: skip
POSTAL = {
    "event": "MessageDeliveryFailed",
    "timestamp": 1772442681.5,
    "uuid": "u1",
    "payload": {
        "status": "HardFail",
        "details": "Permanent SMTP delivery error when sending to mx.lumen.example",
        "output": SAID,
        "time": 0.22,
        "sent_with_ssl": True,
        "timestamp": 1772442681.4,
        "message": POSTAL_MAIL,
    },
}
POSTAL_SENT = {
    "original_message_id": "<m1@outreach.example>",
    "sender": FROM,
    "subject": "a question",
    "original_headers": {"x-postal-token": "tok1", "tag": "q1"},
}
ELASTIC = {
    "status": "Error", "category": "NoMailbox", "to": TO, "from": FROM, "date": ISO, "subject": "a question",
    "channel": "q1", "account": "ava@outreach.example", "messageid": "mid1", "transaction": "tr1", "postback": "L-42",
    "target": "",
}  # fmt: skip
ELASTIC_EVENT = {
    "TransactionID": "tr1", "MsgID": "mid1", "FromEmail": FROM, "To": TO, "Subject": "a question", "EventType": "Bounce",
    "EventDate": "2026-03-02T09:11:21Z", "ChannelName": "q1", "MessageCategory": "NoMailbox", "NextTryOn": None,
    "Message": SAID, "IPAddress": "198.51.100.7", "PoolName": "p1",
}  # fmt: skip
ELASTIC_MARKS = {"x-msg-id": "mid1", "x-transaction-id": "tr1", "channel": "q1"}
MAILERSEND = {
    "type": "activity.hard_bounced",
    "domain_id": "d1",
    "created_at": "2026-03-02T09:11:21.725000Z",
    "webhook_id": "w1",
    "url": "https://outreach.example/hook",
    "data": {
        "object": "activity",
        "id": "a1",
        "type": "hard_bounced",
        "created_at": "2026-03-02T09:11:21.000000Z",
        "email": {
            "object": "email",
            "id": "e1",
            "created_at": "2026-03-02T09:11:19.000000Z",
            "from": FROM,
            "subject": "a question",
            "status": "rejected",
            "tags": ["q1"],
            "message": {"object": "message", "id": "msg1", "created_at": "2026-03-02T09:11:19.000000Z"},
            "recipient": {"object": "recipient", "id": "r1", "email": TO},
        },
        "morph": {"object": "recipient_bounce", "reason": SAID},
        "template_id": "t1",
    },
}
MAILERSEND_MAIL = {
    "sender": FROM,
    "subject": "a question",
    "original_headers": {"x-message-id": "msg1", "tag": "q1", "template_id": "t1"},
}
MAILERQ = {
    "envelope": FROM,
    "recipient": TO,
    "tags": ["q1"],
    "results": [
        {"time": "2026-03-02 09:01:21", "type": "error", "fatal": False, "code": 451, "description": "try later"},
        {
            "time": "2026-03-02 09:11:21", "type": "error", "fatal": True, "code": 550, "extended": "5.1.1",
            "description": SAID, "mx": "mx.lumen.example", "state": "rcpt to",
        },
    ],
}  # fmt: skip
MAILERQ_MAIL = {"sender": FROM, "original_headers": {"tag": "q1"}}
MAILTRAP = {
    "events": [
        {
            "event": "bounce",
            "message_id": "8c6e-1",
            "sending_stream": "transactional",
            "email": TO,
            "timestamp": EPOCH,
            "event_id": "ev1",
            "category": "q1",
            "custom_variables": {"lead": "L-42"},
            "response": SAID,
            "response_code": 550,
            "bounce_category": "badmailbox",
        }
    ]
}
MAILTRAP_MARKS = {"x-message-id": "8c6e-1", "category": "q1", "lead": "L-42"}
ZEPTOMAIL = {
    "event_name": ["hardbounce"],
    "event_message": [
        {
            "email_info": {
                "email_reference": "ref1",
                "client_reference": "L-42",
                "is_smtp_trigger": False,
                "subject": "a question",
                "bounce_address": "bounce@mail.outreach.example",
                "from": {"name": "Ava North", "address": FROM},
                "to": [
                    {"email_address": {"name": "Al", "address": "al@lumen.example"}},
                    {"email_address": {"name": "Kim", "address": TO}},
                ],
                "tag": "q1",
                "processed_time": "2026-03-02T09:11:19.000Z",
                "object": "email",
            },
            "event_data": [
                {
                    "object": "hardbounce",
                    "details": [
                        {
                            "reason": "invalid mailbox",
                            "bounced_recipient": TO,
                            "time": ISO,
                            "diagnostic_message": f"smtp;{SAID}",
                        }
                    ],
                }
            ],
            "request_id": "rq1",
        }
    ],
    "mailagent_key": "k1",
    "webhook_request_id": "wr1",
}
HUBSPOT = {
    "appName": "Batch",
    "created": 1772442681000,
    "emailCampaignId": 77,
    "id": "17d3-1",
    "portalId": 62515,
    "recipient": TO,
    "sentBy": {"id": "9f1c-2", "created": 1772442679000},
    "smtpId": "<m1@outreach.example>",
    "type": "BOUNCE",
    "category": "UNKNOWN_USER",
    "response": SAID,
    "status": "5.1.1",
    "subject": "a question",
}
HUBSPOT_MAIL = {
    "subject": "a question",
    "original_message_id": "<m1@outreach.example>",
    "original_headers": {"campaign": "77", "x-sent-by": "9f1c-2"},
}
LEMLIST = {
    "_id": "act_1", "type": "emailsBounced", "teamId": "tea_1", "leadId": "lea_1", "campaignId": "cam_1",
    "campaignName": "q1", "sequenceId": "seq_1", "sequenceStep": 1, "createdAt": ISO, "leadEmail": TO,
    "leadFirstName": "Kim", "sendUserEmail": FROM, "isFirst": True,
}  # fmt: skip
OUTREACH = {
    "data": {
        "type": "mailing",
        "id": 991,
        "attributes": {
            "state": "bounced",
            "bouncedAt": ISO,
            "deliveredAt": "2026-03-02T09:11:19.000Z",
            "errorReason": None,
            "mailboxAddress": FROM,
            "messageId": "<m1@outreach.example>",
            "subject": "a question",
        },
        "relationships": {
            "prospect": {"data": {"type": "prospect", "id": 42}},
            "sequence": {"data": {"type": "sequence", "id": 5}},
            "mailbox": {"data": None},
        },
    },
    "meta": {"deliveredAt": ISO, "eventName": "mailing.bounced"},
}
OUTREACH_ROW = row(
    "outreach", "bounce", recipient="", provider_class="outreach:bounced", sender=FROM, subject="a question",
    original_message_id="<m1@outreach.example>",
    original_headers={"prospect": "42", "sequence": "5", "x-outreach-mailing": "991"},
)  # fmt: skip
SERVICE_EXAMPLES = [
    Example("smtp2go", SMTP2GO, [unknown_user("smtp2go", provider_class="smtp2go:bounce/hard", **SMTP2GO_MAIL)], "user_unknown"),
    Example(
        "smtp2go delivered",
        changed(SMTP2GO, event="delivered", bounce=None, message="250 OK"),
        [row("smtp2go", "delivered", provider_class="smtp2go:delivered", **SMTP2GO_MAIL)],
    ),
    Example("postal", POSTAL, [unknown_user("postal", provider_class="postal:HardFail", **POSTAL_SENT)], "user_unknown"),
    Example(
        "postal delay",
        changed(POSTAL, event="MessageDelayed", payload__status="SoftFail", payload__output="451 4.7.1 try again later"),
        [
            row(
                "postal", "delayed", provider_class="postal:SoftFail", status="4.7.1", reply="451",
                diagnostic="451 4.7.1 try again later", **POSTAL_SENT,
            )
        ],
    ),
    Example(
        "postal a bounce that came back",
        {"event": "MessageBounced", "timestamp": EPOCH, "payload": {"original_message": POSTAL_MAIL, "bounce": POSTAL_BOUNCE}},
        [row("postal", "bounce", provider_class="postal:MessageBounced", **POSTAL_SENT)],
        "unspecified",
    ),
    Example("postal without its envelope", POSTAL["payload"], [unknown_user("postal", provider_class="postal:HardFail", **POSTAL_SENT)], "user_unknown"),
    Example(
        "elasticemail",
        ELASTIC,
        [
            row(
                "elasticemail", "bounce", provider_class="elasticemail:NoMailbox", sender=FROM, subject="a question",
                original_headers={**ELASTIC_MARKS, "postback": "L-42"},
            )
        ],
        "user_unknown",
    ),
    Example(
        "elasticemail event",
        ELASTIC_EVENT,
        [
            unknown_user(
                "elasticemail", provider_class="elasticemail:NoMailbox", sender=FROM, subject="a question",
                original_headers=ELASTIC_MARKS,
            )
        ],
        "user_unknown",
    ),
    Example(
        "elasticemail cancelled by hand",
        changed(ELASTIC, category="ManualCancel"),
        [
            row(
                "elasticemail", "other", provider_class="elasticemail:error", sender=FROM, subject="a question",
                original_headers={**ELASTIC_MARKS, "postback": "L-42"},
            )
        ],
    ),
    Example("mailersend", MAILERSEND, [unknown_user("mailersend", provider_class="mailersend:hard_bounced", **MAILERSEND_MAIL)], "user_unknown"),
    Example(
        "mailersend complaint",
        changed(MAILERSEND, type="activity.spam_complaint", data__morph=None),
        [row("mailersend", "complaint", provider_class="mailersend:spam_complaint", diagnostic="feedback report: abuse", **MAILERSEND_MAIL)],
        "complaint",
    ),
    Example(
        "mailerq",
        MAILERQ,
        [unknown_user("mailerq", remote_mta="mx.lumen.example", provider_class="mailerq:rcpt to", **MAILERQ_MAIL)],
        "user_unknown",
    ),
    Example(
        "mailerq still trying",
        changed(MAILERQ, results=[{**MAILERQ["results"][0], "time": "2026-03-02 09:11:21", "state": "rcpt to"}]),
        [row("mailerq", "delayed", reply="451", diagnostic="try later", provider_class="mailerq:rcpt to", **MAILERQ_MAIL)],
    ),
    Example("mailtrap", MAILTRAP, [unknown_user("mailtrap", provider_class="mailtrap:badmailbox", original_headers=MAILTRAP_MARKS)], "user_unknown"),
    Example(
        "mailtrap soft bounce",
        {"events": [changed(MAILTRAP["events"][0], event="soft bounce", bounce_category=None, response="451 4.7.1 later", response_code=451)]},
        [
            row(
                "mailtrap", "delayed", provider_class="mailtrap:soft bounce", status="4.7.1", reply="451",
                diagnostic="451 4.7.1 later", original_headers=MAILTRAP_MARKS,
            )
        ],
    ),
    Example(
        "zeptomail",
        ZEPTOMAIL,
        [
            unknown_user(
                "zeptomail", provider_class="zeptomail:hardbounce/invalid mailbox", sender=FROM, subject="a question",
                original_headers={"x-client-reference": "L-42", "x-email-reference": "ref1", "tag": "q1"},
            )
        ],
        "user_unknown",
    ),
    Example(
        "hubspot",
        {"hasMore": False, "offset": "x", "events": [HUBSPOT]},
        [unknown_user("hubspot", provider_class="hubspot:BOUNCE/UNKNOWN_USER", **HUBSPOT_MAIL)],
        "user_unknown",
    ),
    Example(
        "hubspot dropped",
        changed(HUBSPOT, type="DROPPED", category=None, response=None, status=None, dropReason="PREVIOUSLY_BOUNCED"),
        [row("hubspot", "bounce", provider_class="hubspot:DROPPED/PREVIOUSLY_BOUNCED", **HUBSPOT_MAIL)],
        "user_unknown",
    ),
    Example(
        "lemlist",
        [LEMLIST],
        [
            row(
                "lemlist", "bounce", provider_class="lemlist:emailsBounced", sender=FROM,
                original_headers={
                    "campaignid": "cam_1", "campaignname": "q1", "leadid": "lea_1", "sequenceid": "seq_1", "sequencestep": "1",
                },
            )
        ],
        "unspecified",
    ),
    Example("outreach", OUTREACH, [OUTREACH_ROW], "unspecified"),
    Example(
        "outreach with whom it went to",
        changed(OUTREACH, data__attributes__toRecipients=[TO]),
        [{**OUTREACH_ROW, "recipient": TO}],
        "unspecified",
    ),
    Example("outreach page of mailings", {"data": [OUTREACH["data"]], "meta": {"count": 1}}, [OUTREACH_ROW], "unspecified"),
]  # fmt: skip

EXAMPLES: list[Example] = [
    *SES_EXAMPLES, *SENDGRID_EXAMPLES, *MAILGUN_EXAMPLES, *POSTMARK_EXAMPLES, *SPARKPOST_EXAMPLES, *MAILJET_EXAMPLES,
    *MANDRILL_EXAMPLES, *BREVO_EXAMPLES, *RESEND_EXAMPLES, *AZURE_EXAMPLES, *PLATFORM_EXAMPLES,
    *SERVICE_EXAMPLES,
]  # fmt: skip
