"""Messages saved from mailbox APIs: the same rows as from the mails themselves."""

from __future__ import annotations

import base64
import json

import pytest

import analyzer

TO, FROM, OURS = "kim@lumen.example", "ava@outreach.example", "<seq-17.step-1@outreach.example>"
REPORT = (
    f"Reporting-MTA: dns; mx.outreach.example\n\nFinal-Recipient: rfc822; {TO}\nAction: failed\nStatus: 5.1.1\n"
    "Remote-MTA: dns; mx.lumen.example\nDiagnostic-Code: smtp; 550 5.1.1 The email account does not exist.\n"
)
TEXT = f"Your message wasn't delivered to {TO}.\n\nThe response was:\n\n550 5.1.1 The email account does not exist.\n"
RETURNED = f"Message-ID: {OURS}\nFrom: {FROM}\nTo: {TO}\nSubject: a question\nX-Lead-Id: L-42\n"
DATE = "Tue, 3 Mar 2026 09:30:00 +0100"
MAIL = (
    f"From: Mail Delivery Subsystem <mailer-daemon@mx.outreach.example>\nTo: {FROM}\n"
    f"Subject: Delivery Status Notification (Failure)\nDate: {DATE}\nMIME-Version: 1.0\n"
    'Content-Type: multipart/report; report-type=delivery-status; boundary="e"\n\n'
    f"--e\nContent-Type: text/plain; charset=utf-8\n\n{TEXT}\n--e\nContent-Type: message/delivery-status\n\n{REPORT}\n"
    f"--e\nContent-Type: message/rfc822\n\n{RETURNED}\nhello\n--e--\n"
)


def encoded(text: str, *, padded: bool = True) -> str:
    found = base64.urlsafe_b64encode(text.encode()).decode()
    return found if padded else found.rstrip("=")


def fields(**values: str) -> list[dict[str, str]]:
    return [{"name": name.replace("_", "-"), "value": value} for name, value in values.items()]


def gmail_tree(returned: dict, status: dict) -> dict:
    return {
        "id": "18c",
        "threadId": "18a",
        "labelIds": ["INBOX"],
        "snippet": "Your message",
        "payload": {
            "partId": "",
            "mimeType": "multipart/report",
            "headers": fields(
                From="Mail Delivery Subsystem <mailer-daemon@mx.outreach.example>",
                To=FROM,
                Subject="Delivery Status Notification (Failure)",
                Date=DATE,
                X_Failed_Recipients=TO,
                In_Reply_To=OURS,
                Content_Type='multipart/report; boundary="0000"; report-type=delivery-status',
            ),
            "body": {"size": 0},
            "parts": [
                {
                    "mimeType": "multipart/related",
                    "headers": fields(Content_Type='multipart/related; boundary="0001"'),
                    "parts": [
                        {"mimeType": "text/plain", "headers": fields(Content_Transfer_Encoding="quoted-printable"), "body": {"data": encoded(TEXT)}},
                        {"mimeType": "image/png", "filename": "icon.png", "body": {"attachmentId": "ANGj"}},
                    ],
                },
                status,
                returned,
            ],
        },
    }  # fmt: skip


STATUS = {"mimeType": "message/delivery-status", "headers": [], "body": {"data": encoded(REPORT)}}
TREE = {
    "mimeType": "message/rfc822",
    "headers": fields(Content_Type="message/rfc822"),
    "parts": [
        {
            "mimeType": "text/plain",
            "headers": fields(Message_ID=OURS, From=FROM, To=TO, Subject="a question", X_Lead_Id="L-42"),
            "body": {"data": encoded("hello")},
        }
    ],
}
GRAPH_HTML = (
    f"<html><head><style>p {{}}</style></head><body><p>Delivery has failed to these recipients or groups:</p><p>{TO}</p>"
    "<p>Diagnostic information for administrators:</p><p>Generating server: mx.outreach.example</p>"
    f"<p>{TO}<br>mx.lumen.example<br>Remote Server returned '550 5.1.1 The email account does not exist.'</p>"
    "<p>Original message headers:</p><pre>"
    + RETURNED.replace("<", "&lt;").replace(">", "&gt;")
    + "</pre></body></html>"
)
GRAPH = {
    "@odata.etag": "W/x",
    "id": "AAMk",
    "receivedDateTime": "2026-03-03T08:30:00Z",
    "subject": "Undeliverable: a question",
    "internetMessageId": "<n1@prod.outlook.example>",
    "conversationId": "c",
    "from": {"emailAddress": {"name": "Microsoft Outlook", "address": "postmaster@outreach.example"}},
    "toRecipients": [{"emailAddress": {"name": "Ava", "address": FROM}}],
    "body": {"contentType": "html", "content": GRAPH_HTML},
}
_WITHOUT_COPY = {**GRAPH, "body": {"contentType": "html", "content": GRAPH_HTML.partition("<p>Original")[0]}}
ITEM = {"subject": "a question", "internetMessageId": OURS, "internetMessageHeaders": fields(X_Lead_Id="L-42"),
        "toRecipients": [{"emailAddress": {"address": TO}}], "from": {"emailAddress": {"address": FROM}}}  # fmt: skip


@pytest.mark.parametrize(
    "message",
    {
        "gmail raw": {"id": "18c", "threadId": "18a", "raw": encoded(MAIL)},
        "gmail raw without padding": {"id": "18c", "threadId": "18a", "raw": encoded(MAIL, padded=False)},
        "gmail raw, plain alphabet": {"id": "18c", "threadId": "18a", "raw": base64.b64encode(MAIL.encode()).decode()},
        "gmail list": {"messages": [{"id": "18c", "threadId": "18a", "raw": encoded(MAIL)}], "resultSizeEstimate": 1},
        "gmail tree": gmail_tree(TREE, STATUS),
        "gmail tree, parts as trees": gmail_tree(TREE, {**STATUS, "body": {}, "parts": [{"mimeType": "text/plain", "body": {"data": encoded(REPORT)}}]}),
        "gmail tree, the returned mail as data": gmail_tree({"mimeType": "message/rfc822", "body": {"data": encoded(RETURNED + "\nhello")}}, STATUS),
        "graph": GRAPH,
        "graph list": {"@odata.context": "x#messages", "value": [GRAPH], "@odata.nextLink": "y"},
        "graph, the item's class": {**GRAPH, "subject": "Unzustellbar", "singleValueExtendedProperties": [{"id": "String 0x1A", "value": "REPORT.IPM.Note.NDR"}]},
        "graph, the headers as they came": {**GRAPH, "from": None, "internetMessageHeaders": fields(From="postmaster@outreach.example", Content_Type="multipart/report; boundary=x")},
        "graph, our mail as an item": {**_WITHOUT_COPY, "attachments": [{"@odata.type": "#microsoft.graph.itemAttachment", "item": ITEM}]},
        "graph, our mail as a file": {**_WITHOUT_COPY, "attachments": [{"contentType": "message/rfc822", "contentBytes": base64.b64encode((RETURNED + "\nhello").encode()).decode()}]},
    }.items(),
    ids=lambda item: item[0],
)  # fmt: skip
def test_a_saved_bounce_reads_as_the_mail_does(tmp_path, message):
    mail, saved = tmp_path / "b.eml", tmp_path / "messages.json"
    mail.write_text(MAIL)
    saved.write_text(json.dumps(message[1]))
    (expected,) = analyzer.parse(mail).to_dict("records")
    (found,) = analyzer.parse(saved).to_dict("records")
    for row in (expected, found):
        row["original_headers"] = json.loads(row["original_headers"])
    same = (
        "kind", "received_at", "recipient", "sender", "original_message_id", "remote_mta", "reporting_mta", "action", "status",
        "reply", "diagnostic", "label", "reason", "record_id", "delivered_to", "original_headers",
    )  # fmt: skip
    assert {name: found[name] for name in same} == {name: expected[name] for name in same}
    assert found["source"] == f"{saved}#0"


def test_graph_mime_is_a_mail(tmp_path):
    path = tmp_path / "value"
    path.write_text(MAIL)
    assert [*analyzer.parse(path)["recipient"]] == [TO]


def test_what_was_not_fetched_is_named_with_what_to_do(tmp_path, capsys):
    from analyzer.sources import Reading

    path = tmp_path / "m.json"
    bare = {key: value for key, value in GRAPH.items() if key != "body"}
    path.write_text("\n".join(map(json.dumps, ({"id": "1", "threadId": "1"}, bare, GRAPH))))
    reading = Reading([path])
    assert len(list(reading)) == 1
    assert [skip.why for skip in reading.skipped] == [
        "line 1 holds only the id of a message; fetch it with format=raw",
        "line 2 is a message without its body; fetch it with $value, or select its body",
    ]


def test_other_mail_of_the_mailbox_is_no_bounce(tmp_path):
    path = tmp_path / "m.json"
    mine = "From: kim@lumen.example\nTo: ava@outreach.example\nSubject: Re: a question\n\nyes, call me\n"
    path.write_text(json.dumps([{"id": "1", "threadId": "1", "raw": encoded(mine)}]))
    assert analyzer.parse(path, all_kinds=True)["kind"].tolist() == ["other"]
