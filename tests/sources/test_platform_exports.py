"""Exports in each platform's shape: which platform it is, and every column that it can fill."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pytest

from analyzer.correlate import correlate, normalise_statuses
from analyzer.records import LEAD_COLUMNS, SEND_COLUMNS
from analyzer.sources.tables import read_table, read_tables
from analyzer.sources.tables.platforms import platforms

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal["log", "leads"]

#: (platform, variant, kind, text of the file, the first row's columns that are not blank)
CASES: list[tuple[str, str, Kind, str, dict[str, str]]] = [
    (
        "Amplemarket", "JSON lines of the webhook", "log",
        json.dumps({
            "email_message": {"id": "<m1@sender.example>", "from": "founder@sender.example", "to": "jane@example.com",
                              "subject": "Hello", "tag": ["hard bounce"], "date": "2026-03-02T09:11:21Z"},
            "sequence_stage": {"index": 1, "sending_date": "2026-03-02"},
            "sequence": {"key": "abc", "name": "Q1", "start_date": "2026-03-01"},
            "user": {"email": "founder@sender.example"},
            "lead": {"email": "jane@example.com", "company_name": "Example", "company_domain": "example.com"},
        }),
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:21", "campaign": "Q1", "step": "1", "sender": "founder@sender.example",
         "message_id": "<m1@sender.example>", "bounced": "hard bounce", "company": "Example"},
    ),
    (
        "Amplemarket", "CSV by lead", "log",
        "Lead Email,Sequence Name,Sequence Stage,Lead Label,Sending Date\njane@example.com,Q1,2,spam bounce,2026-03-02 09:11\n",
        {"recipient": "jane@example.com", "campaign": "Q1", "step": "2", "bounced": "spam bounce", "sent_at": "2026-03-02T09:11:00"},
    ),
    (
        "Outreach", "JSON:API mailings with included records", "log",
        json.dumps({
            "data": [{"type": "mailing", "id": 9, "attributes": {
                "bouncedAt": "2026-03-02T09:12:00.000Z", "deliveredAt": "2026-03-02T09:11:00.000Z", "mailboxAddress": "founder@sender.example",
                "messageId": "m1@sender.example", "state": "bounced", "errorReason": "550 5.1.1 User unknown", "to": "jane@example.com",
                "attributableSequenceName": "Q1"},
                "relationships": {"prospect": {"data": {"type": "prospect", "id": 42}}, "sequenceStep": {"data": {"id": 7}}}}],
            "included": [{"type": "sequence", "id": n, "attributes": {"name": "x"}} for n in range(3)],
            "meta": {"count": 1},
        }),
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:00", "campaign": "Q1", "step": "7", "sender": "founder@sender.example",
         "message_id": "m1@sender.example", "lead_id": "42", "bounced": "2026-03-02T09:12:00.000Z",
         "bounce_reason": "550 5.1.1 User unknown", "state": "bounced"},
    ),
    (
        "Microsoft 365 message trace", "Get-MessageTraceV2", "log",
        "MessageId,Received,SenderAddress,RecipientAddress,Subject,Status,ToIP,FromIP,Size,MessageTraceId,StartDate,EndDate\n"
        "<m1@sender.example>,3/2/2026 9:11:21 AM,founder@sender.example,jane@example.com,Hello,Failed,,192.0.2.1,9,g1,"
        "2/26/2026 9:11:21 AM,3/5/2026 9:11:21 AM\n",
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:21", "sender": "founder@sender.example",
         "message_id": "<m1@sender.example>", "state": "bounced"},
    ),
    (
        "Outreach", "CSV of the same", "log",
        "prospectEmail,mailboxAddress,bouncedAt,errorReason,deliveredAt,attributableSequenceName,sequenceStepOrder,markedAsSpamAt\n"
        "jane@example.com,founder@sender.example,,,2026-03-02T09:11:00Z,Q1,2,2026-03-03T01:00:00Z\n",
        {"recipient": "jane@example.com", "sender": "founder@sender.example", "sent_at": "2026-03-02T09:11:00", "campaign": "Q1", "step": "2",
         "complained": "2026-03-03T01:00:00Z"},
    ),
    (
        "Outreach", "prospects", "leads",
        json.dumps([{"id": 42, "emails": ["jane@example.com", "j@example.net"], "engagedScore": 3, "occupation": "CFO", "company": "Example"}]),
        {"email": "jane@example.com, j@example.net", "lead_id": "42", "title": "CFO", "company": "Example"},
    ),
    (
        "Salesloft", "nested records", "log",
        json.dumps({"id": 1, "recipient_email_address": "jane@example.com", "status": "sent", "bounced": True, "sent_at": "2026-03-02T09:11:00+01:00",
                    "created_at": "2026-03-01T00:00:00Z", "cadence": {"id": 5}, "step": {"id": 6}, "mailing": {"id": 7},
                    "recipient": {"id": 42}, "counts": {"views": 0, "clicks": 0, "replies": 0}, "error_message": None}),
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T08:11:00", "campaign": "5", "step": "6", "lead_id": "42", "bounced": "true", "state": "sent"},
    ),
    (
        "Salesloft", "CSV", "log",
        "recipient_email_address,cadence,step,bounced,sent_at,user.email\njane@example.com,Q1,Step 1,false,2026-03-02 09:11:00,founder@sender.example\n",
        {"recipient": "jane@example.com", "campaign": "Q1", "step": "Step 1", "bounced": "false", "sent_at": "2026-03-02T09:11:00",
         "sender": "founder@sender.example"},
    ),
    (
        "Salesloft", "people", "leads",
        "Email Address,Person Stage,Title,Company,Company Industry,Country\njane@example.com,Open,CFO,Example,Banking,Spain\n",
        {"email": "jane@example.com", "title": "CFO", "company": "Example", "industry": "Banking", "country": "Spain"},
    ),
    (
        "Apollo", "contacts", "log",
        "First Name,Title,Company Name,Company Name for Emails,Email,Email Status,Primary Email Source,Email Confidence,"
        "Primary Email Catch-all Status,Primary Email Last Verified At,Industry,State,Country,Email Sent,Email Open,Email Bounced,Apollo Contact Id\n"
        "Jane,CFO,Example Inc,Example,jane@example.com,Verified,Apollo,,Catch-all,2026-02-01T00:00:00Z,banking,Ohio,United States,true,false,true,c42\n",
        {"recipient": "jane@example.com", "email_status": "Verified (catch-all)", "bounced": "true", "was_sent": "true", "lead_id": "c42", "company": "Example",
         "title": "CFO", "industry": "banking", "country": "United States", "verified_at": "2026-02-01T00:00:00"},
    ),
    (
        "Apollo", "emailer messages", "log",
        json.dumps({"emailer_messages": [{"id": "e1", "to_email": "jane@example.com", "status": "completed", "emailer_campaign_id": "q1",
                    "campaign_name": "Q1", "completed_at": "2026-03-02T09:11:00.000+00:00", "bounce": False, "spam_blocked": True,
                    "failure_reason": None, "contact_id": "c42", "campaign_position": 2, "provider_message_id": "m1@sender.example",
                    "send_from": {"email": "founder@sender.example"}}]}),
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:00", "campaign": "Q1", "step": "2", "sender": "founder@sender.example", "lead_id": "c42",
         "message_id": "m1@sender.example", "bounced": "false", "spam_blocked": "true", "state": "completed"},
    ),
    (
        "Instantly", "dump of leads", "log",
        json.dumps({"items": [{"id": "u1", "email": "jane@example.com", "status": -1, "verification_status": -3, "email_open_count": 0, "email_reply_count": 0,
                    "campaign": "c1", "company_name": "Example", "esp_code": 2, "timestamp_created": "2026-02-01T00:00:00.000Z",
                    "timestamp_last_contact": "2026-03-02T09:11:00.000Z", "payload": {"industry": "Banking", "jobTitle": "CFO"},
                    "status_summary": {"lastStep": {"stepID": "s2", "from": "x"}}}], "next_starting_after": "u1"}),
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:00", "campaign": "c1", "step": "s2", "state": "bounced", "email_status": "-3",
         "company": "Example", "lead_id": "u1", "industry": "Banking", "title": "CFO"},
    ),
    (
        "Instantly", "CSV of leads", "leads",
        "Email,First Name,Company Name,Lead Status,Interest Status,Verification Status\njane@example.com,Jane,Example,Completed,Interested,1\n",
        {"email": "jane@example.com", "company": "Example", "state": "Completed", "email_status": "1"},
    ),
    (
        "Instantly", "e-mails", "log",
        json.dumps({"id": "e1", "timestamp_email": "2026-03-02T09:11:00.000Z", "message_id": "<m1@sender.example>", "to_address_email_list": "jane@example.com",
                    "lead": "jane@example.com", "eaccount": "founder@sender.example", "campaign_id": "c1", "step": "0_0_0", "ue_type": 1}),
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:00", "campaign": "c1", "step": "0_0_0", "sender": "founder@sender.example",
         "message_id": "<m1@sender.example>", "lead_id": "e1"},
    ),
    (
        "Smartlead", "statistics, a page a line", "log",
        "\n".join(json.dumps({"total_stats": "2", "data": [{"lead_name": "J", "lead_email": f"{name}@example.com", "lead_category": None, "sequence_number": 1,
                  "stats_id": f"s-{name}", "email_subject": "Hello", "email_message": "<p>Hi\nthere</p>", "sent_time": "2026-03-02T09:11:00.000Z", "open_time": None,
                  "is_unsubscribed": False, "is_bounced": True}]}) for name in ("jane", "bob")),
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:00", "step": "1", "message_id": "s-jane", "bounced": "true",
         "campaign": "export"},
    ),
    (
        "Smartlead", "statistics as CSV", "log",
        "lead_name,lead_email,lead_category,sequence_number,email_subject,sent_time,is_unsubscribed,is_bounced,campaign_name\n"
        "Jane,jane@example.com,,2,Hello,2026-03-02T09:11:00.000Z,false,false,Q1\n",
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:00", "step": "2", "bounced": "false", "campaign": "Q1"},
    ),
    (
        "Smartlead", "leads of a campaign", "log",
        "id,campaign_lead_map_id,status,created_at,first_name,email,company_name,custom_fields,is_unsubscribed,last_email_sequence_sent,open_count\n"
        "42,77,BLOCKED,2026-02-01T00:00:00.000Z,Jane,jane@example.com,Example,\"{\"\"Industry\"\":\"\"Banking\"\"}\",false,1,0\n",
        {"recipient": "jane@example.com", "step": "1", "lead_id": "42", "state": "BLOCKED", "company": "Example", "campaign": "export"},
    ),
    (
        "lemlist", "leads by state", "log",
        "email;firstName;companyName;jobTitle;lastState;lastStateAt;campaignName;emailStatus\n"
        "jane@example.com;Jane;Example;CFO;emailsBounced;2026-03-02T09:11:00.000Z;Q1;deliverable\n",
        {"recipient": "jane@example.com", "company": "Example", "title": "CFO", "state": "emailsBounced", "sent_at": "2026-03-02T09:11:00", "campaign": "Q1",
         "email_status": "deliverable"},
    ),
    (
        "lemlist", "activities", "log",
        json.dumps([{"_id": "act_1", "type": "emailsBounced", "leadEmail": "jane@example.com", "leadId": "lea_1", "campaignId": "cam_1", "campaignName": "Q1",
                     "sequenceStep": 0, "createdAt": "2026-03-02T09:11:00.000Z", "sendUserEmail": "founder@sender.example", "messageId": "<m1@sender.example>",
                     "errorMessage": "550 5.1.1 User unknown"}]),
        {"recipient": "jane@example.com", "event": "emailsBounced", "lead_id": "lea_1", "campaign": "Q1", "step": "0", "sent_at": "2026-03-02T09:11:00",
         "sender": "founder@sender.example", "message_id": "<m1@sender.example>", "bounce_reason": "550 5.1.1 User unknown"},
    ),
    (
        "Reply.io", "people", "log",
        "Email,Email Validation,Sequence,Step,Status,Company,Industry\njane@example.com,Risky,Q1,3,Bounced,Example,Banking\n",
        {"recipient": "jane@example.com", "email_status": "Risky", "campaign": "Q1", "step": "3", "state": "Bounced", "company": "Example", "industry": "Banking"},
    ),
    (
        "Reply.io", "contacts of a sequence", "log",
        json.dumps({"items": [{"email": "jane@example.com", "sequenceName": "Q1", "lastStepCompletedAt": "2026-03-02T09:11:00Z", "currentStep": {"number": 2},
                    "status": {"status": "Finished", "replied": False, "delivered": True, "bounced": True}}]}),
        {"recipient": "jane@example.com", "campaign": "Q1", "sent_at": "2026-03-02T09:11:00", "step": "2", "bounced": "true", "was_sent": "true",
         "state": "Finished"},
    ),
    (
        "HubSpot", "recipients of an e-mail", "log",
        "Recipient,Sent date,Opened,Portal Bounce,Global Bounce,Portal Unsubscribe,Portal Spam Report\n"
        "jane@example.com,2026-03-02 09:11,FALSE,550 5.1.1 User unknown,TRUE,FALSE,FALSE\n",
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:00", "bounce_reason": "550 5.1.1 User unknown", "bounced": "TRUE", "complained": "FALSE"},
    ),
    (
        "HubSpot", "contacts", "log",
        "Record ID,Email,Email hard bounce reason,Marketing emails bounced,Last marketing email send date,Last marketing email name,Job Title,Company name,Industry,"
        "Country/Region\n42,jane@example.com,UNKNOWN_USER,1,2026-03-02 09:11,Q1,CFO,Example,BANKING,Spain\n",
        {"recipient": "jane@example.com", "lead_id": "42", "bounce_reason": "unknown user", "bounced": "1", "sent_at": "2026-03-02T09:11:00", "campaign": "Q1",
         "title": "CFO", "company": "Example", "industry": "BANKING", "country": "Spain"},
    ),
    (
        "HubSpot", "e-mail engagements", "log",
        json.dumps({"results": [{"id": "9", "properties": {"hs_email_to_email": "jane@example.com", "hs_email_from_email": "founder@sender.example",
                    "hs_email_status": "BOUNCED", "hs_email_message_id": "<m1@sender.example>", "hs_timestamp": "2026-03-02T09:11:00Z",
                    "hs_email_bounce_error_detail_message": "550 5.1.1 User unknown"}, "archived": False}], "paging": {"next": {"after": "9"}}}),
        {"recipient": "jane@example.com", "sender": "founder@sender.example", "state": "BOUNCED", "message_id": "<m1@sender.example>",
         "sent_at": "2026-03-02T09:11:00", "bounce_reason": "550 5.1.1 User unknown"},
    ),
    (
        "Mailshake", "recipients", "log",
        "Email Address,Full Name,Campaign Title,Sent Date,Bounced,Status\njane@example.com,Jane,Q1,3/13/2026 9:11 AM,Yes,Bounced\n",
        {"recipient": "jane@example.com", "campaign": "Q1", "sent_at": "2026-03-13T09:11:00", "bounced": "Yes", "state": "Bounced"},
    ),
    (
        "Mailshake", "sent messages of the API", "log",
        json.dumps({"results": [{"object": "sent-message", "id": 1, "actionDate": "2026-03-02T09:11:00.000Z", "recipient": {"id": 42, "emailAddress": "jane@example.com"},
                    "campaign": {"id": 5, "title": "Q1"}, "type": "initial", "message": {"id": 6}, "from": {"address": "founder@sender.example"},
                    "to": [{"address": "jane@example.com"}], "externalRawMessageID": "<m1@sender.example>"}], "nextToken": ""}),
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:00", "campaign": "Q1", "step": "6", "sender": "founder@sender.example", "lead_id": "42",
         "message_id": "<m1@sender.example>", "event": "sent"},
    ),
    (
        "Woodpecker", "prospects", "log",
        "email;first name;company;campaign name;campaign status;global status;last contacted;industry\n"
        "jane@example.com;Jane;Example;Q1;BOUNCED;ACTIVE;2026-03-02 09:11;Banking\n",
        {"recipient": "jane@example.com", "company": "Example", "campaign": "Q1", "bounced": "BOUNCED", "state": "ACTIVE", "sent_at": "2026-03-02T09:11:00",
         "industry": "Banking"},
    ),
    (
        "Woodpecker", "prospects of the API", "log",
        json.dumps([{"id": 42, "email": "jane@example.com", "company": "Example", "industry": "Banking", "title": "CFO", "state": "Ohio", "country": "US",
                     "last_contacted": "2026-03-02T09:11:00+0000", "last_replied": "", "status": "INVALID", "campaign_name": "Q1"}]),
        {"recipient": "jane@example.com", "lead_id": "42", "company": "Example", "industry": "Banking", "title": "CFO", "country": "US",
         "sent_at": "2026-03-02T09:11:00", "bounced": "INVALID", "campaign": "Q1"},
    ),
    (
        "QuickMail", "journeys", "log",
        "Prospect Email,Inbox,Journey,Step,Email Verification,Sent At,Bounced At\n"
        "jane@example.com,founder@sender.example,Q1,1,Risky,2026-03-02 09:11,2026-03-02 09:12\n",
        {"recipient": "jane@example.com", "sender": "founder@sender.example", "campaign": "Q1", "step": "1", "email_status": "Risky",
         "sent_at": "2026-03-02T09:11:00", "bounced": "2026-03-02 09:12"},
    ),
    (
        "QuickMail", "prospects", "leads",
        "Email,First Name,Company,Bucket,Campaign,Email Quality\njane@example.com,Jane,Example,B1,Q1,Unknown\n",
        {"email": "jane@example.com", "company": "Example", "campaign": "Q1", "email_status": "Unknown"},
    ),
    (
        "ZeroBounce", "a list that came back", "leads",
        "Email,Company,ZB Status,ZB Sub Status,ZB Free Email\njane@example.com,Example,do_not_mail,role_based,False\n",
        {"email": "jane@example.com", "company": "Example", "email_status": "do_not_mail"},
    ),
    (
        "NeverBounce", "the API's numbers", "leads",
        json.dumps([{"email": "jane@example.com", "result": 3, "flags": ["has_dns"], "suggested_correction": ""}]),
        {"email": "jane@example.com", "email_status": "3"},
    ),
    (
        "Kickbox", "a list that came back", "leads",
        "email,result,reason,role,free,disposable,accept_all,sendex\njane@example.com,risky,low_deliverability,false,false,false,true,0.55\n",
        {"email": "jane@example.com", "email_status": "risky (catch-all)"},
    ),
    (
        "Hunter", "verifications", "leads",
        json.dumps({"data": [{"status": "accept_all", "result": "risky", "score": 71, "email": "jane@example.com", "regexp": True, "gibberish": False, "disposable": False,
                    "webmail": False, "mx_records": True, "smtp_server": True, "smtp_check": True, "accept_all": True, "block": False}]}),
        {"email": "jane@example.com", "email_status": "accept_all (catch-all)"},
    ),
    (
        "MillionVerifier", "a list that came back", "leads",
        "email,quality,result,free,role\njane@example.com,risky,catch_all,no,no\n",
        {"email": "jane@example.com", "email_status": "catch_all"},
    ),
    (
        "Clearout", "a list that came back", "leads",
        "Email,Safe To Send\njane@example.com,Yes\n",
        {"email": "jane@example.com", "email_status": "Yes"},
    ),
    (
        "Reacher", "JSON lines", "leads",
        json.dumps({"input": "jane@example.com", "is_reachable": "risky", "misc": {"is_disposable": False}, "mx": {"accepts_mail": True},
                    "smtp": {"is_catch_all": True, "is_deliverable": True}}),
        {"email": "jane@example.com", "email_status": "risky (catch-all)"},
    ),
    (
        "AfterShip", "JSON lines", "leads",
        json.dumps({"email": "jane@example.com", "reachable": "yes", "role_account": False, "free": False, "has_mx_records": True, "smtp": {"catch_all": False}}),
        {"email": "jane@example.com", "email_status": "yes"},
    ),
    (
        "DeBounce", "a list that came back", "leads",
        "Email,Result,Reason,Code,Role,Free Email,Send Transactional\njane@example.com,Risky,\"Deliverable, Accept-all\",4,false,false,1\n",
        {"email": "jane@example.com", "email_status": "Risky (catch-all)"},
    ),
    (
        "Brevo", "the log of transactional mails", "log",
        "st_text;ts;sub;frm;email;tag;mid;link\nEnvoyé;13-03-2026 09:11:00;Hello;founder@sender.example;jane@example.com;Q1;<m1@sender.example>;\n",
        {"recipient": "jane@example.com", "event": "Envoyé", "sent_at": "2026-03-13T09:11:00", "sender": "founder@sender.example", "campaign": "Q1",
         "message_id": "<m1@sender.example>"},
    ),
    (
        "Microsoft 365 message trace", "an extended report", "log",
        "origin_timestamp_utc,sender_address,recipient_status,message_subject,message_id,directionality\n"
        '2026-03-02T09:11:21.0000000Z,founder@sender.example,"jane@example.com##Receive, Fail;bob@example.net##Receive, Send",Hello,'
        "<m1@sender.example>,Originating\n",
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:21", "sender": "founder@sender.example",
         "message_id": "<m1@sender.example>", "state": "bounced"},
    ),
    (
        "Google Email Log Search", "CSV", "log",
        "Message ID,Start date,End date,Sender,Subject,Direction,Recipient address,Event target,Event date,Event status,Event description\n"
        "<m1@sender.example>,2026/03/02 09:11:21 UTC,2026/03/02 09:11:24 UTC,founder@sender.example,Hello,Sent,jane@example.com,"
        "GMAIL_SMTP_OUTBOUND,2026/03/02 09:11:24 UTC,Bounced,550 5.1.1 User unknown\n",
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:21", "sender": "founder@sender.example",
         "message_id": "<m1@sender.example>", "bounce_reason": "550 5.1.1 User unknown", "state": "Bounced"},
    ),
    (
        "Postmark", "messages as CSV", "log",
        "MessageID,To,From,Subject,Tag,ReceivedAt,Status,MessageStream\n"
        "b7bc2f4a,jane@example.com,founder@sender.example,Hello,q1,2026-03-02T05:11:21.0000000-04:00,Bounced,outbound\n",
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:21", "sender": "founder@sender.example",
         "message_id": "b7bc2f4a", "campaign": "q1", "state": "Bounced"},
    ),
    (
        "Amazon SES message insights", "CSV", "log",
        "MessageId,FromEmailAddress,Subject,Destination,Isp,SendTimestamp,LastDeliveryEvent,LastDeliveryEventTimestamp\n"
        "0100-1,founder@sender.example,Hello,jane@example.com,Other,2026-03-02T09:11:21Z,PERMANENT_BOUNCE,2026-03-02T09:11:25Z\n",
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:21", "sender": "founder@sender.example",
         "message_id": "0100-1", "state": "PERMANENT_BOUNCE"},
    ),
    (
        "HubSpot email events", "JSON of the API", "log",
        json.dumps({"hasMore": False, "offset": "x", "events": [
            {"recipient": "jane@example.com", "type": "BOUNCE", "created": 1772442681000, "emailCampaignId": 44, "appId": 113,
             "portalId": 62515, "from": "founder@sender.example", "response": "550 5.1.1 User unknown", "category": "UNKNOWN_USER"}]}),
        {"recipient": "jane@example.com", "sent_at": "2026-03-02T09:11:21", "sender": "founder@sender.example", "campaign": "44",
         "event": "BOUNCE", "bounce_reason": "550 5.1.1 User unknown"},
    ),
    (
        "Verifalia", "results as CSV", "leads",
        "Input,Classification,Status,EmailAddress,IsRoleAccount,CompletedOn\n"
        "jane@example.com,Risky,ServerIsCatchAll,jane@example.com,False,2026-03-02T09:11:21.1234567Z\n",
        {"email": "jane@example.com", "email_status": "Risky", "verified_at": "2026-03-02T09:11:21"},
    ),
    (
        "QuickEmailVerification", "results as CSV", "leads",
        "email,result,reason,disposable,accept_all,role,free,safe_to_send,did_you_mean,user,domain\n"
        "jane@example.com,valid,accepted_email,false,true,false,false,false,,jane,example.com\n",
        {"email": "jane@example.com", "email_status": "valid (catch-all)"},
    ),
    (
        "SendGrid", "the activity feed", "log",
        "processed,message_id,event,subject,from,email,reason,mx,type\n"
        "2026-03-02T09:11:00Z,m1.filter01,bounce,Hello,founder@sender.example,jane@example.com,550 5.1.1 User unknown,mx.example.com,bounce\n",
        {"recipient": "jane@example.com", "event": "bounce", "sent_at": "2026-03-02T09:11:00", "sender": "founder@sender.example",
         "message_id": "m1.filter01", "bounce_reason": "550 5.1.1 User unknown"},
    ),
    (
        "Mailgun", "the logs as CSV", "log",
        "@timestamp,event,recipient,sender,message-id,severity,reason,delivery-status.code,delivery-status.message\n"
        "1772442660.5,failed,jane@example.com,founder@sender.example,m1@sender.example,permanent,bounce,550,5.1.1 User unknown\n",
        {"recipient": "jane@example.com", "event": "bounced", "sent_at": "2026-03-02T09:11:00", "sender": "founder@sender.example",
         "message_id": "m1@sender.example", "bounce_reason": "5.1.1 User unknown"},
    ),
]  # fmt: skip


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / ("export.json" if text[0] in "[{" else "export.csv")
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("platform", "variant", "kind", "text", "columns"), CASES, ids=[f"{case[0]}, {case[1]}" for case in CASES]
)
def test_every_column_that_the_export_can_fill(
    tmp_path: Path, platform: str, variant: str, kind: Kind, text: str, columns: dict[str, str]
) -> None:
    table = read_table(_written(tmp_path, text), kind)
    assert table.platform == platform
    first = table.frame.iloc[0]
    fields = [
        *dict.fromkeys((*SEND_COLUMNS, *LEAD_COLUMNS)),
        "state",
        "event",
        "was_sent",
        "spam_blocked",
        "complained",
    ]
    found = {name: first[name] for name in fields if name in table.frame.columns}
    told = {name: _shown(value) for name, value in found.items() if _shown(value)}
    assert told == columns
    assert not [warning for warning in table.warnings if "address" not in warning]


def _shown(value: Any) -> str:
    if hasattr(value, "strftime"):
        return "" if value != value else str(value.strftime("%Y-%m-%dT%H:%M:%S"))
    return str(value)


def test_every_platform_has_a_case() -> None:
    assert {platform.title for platform in platforms()} == {case[0] for case in CASES}


#: What becomes of the lead that an export tells of: (text, label, reason); "unsent" where nothing was sent to it.
FATES: list[tuple[str, str, str]] = [
    # Flags say that it bounced, and not why.
    ("Lead Email,Sequence Name,Sequence Stage,Lead Label\nj@example.com,Q1,1,hard bounce\n", "unknown", "unspecified"),
    # Amplemarket's word for what a spam filter or a strict receiver refused.
    ("Lead Email,Sequence Name,Sequence Stage,Lead Label\nj@example.com,Q1,1,spam bounce\n", "spam", "spam_content"),
    ("email,campaign_lead_map_id,status\nj@example.com,1,BLOCKED\n", "unknown", "unspecified"),
    ("email,campaign_lead_map_id,status\nj@example.com,1,INPROGRESS\n", "", ""),
    ("email,campaign_lead_map_id,status\nj@example.com,1,STARTED\n", "unsent", ""),
    ("Recipient,Portal Bounce,Global Bounce\nj@example.com,TRUE,FALSE\n", "unknown", "unspecified"),
    ("Recipient,Portal Bounce,Global Bounce\nj@example.com,TRUE,\n", "unknown", "unspecified"),
    ("Recipient,Portal Bounce,Global Bounce\nj@example.com,FALSE,\n", "", ""),
    ("Recipient,Portal Bounce,Global Bounce\nj@example.com,550 5.1.1 User unknown,TRUE\n", "hard", "user_unknown"),
    ("Email,Email hard bounce reason\nj@example.com,POLICY\n", "spam", "policy"),
    ("Email,Email hard bounce reason\nj@example.com,CONTENT\n", "spam", "spam_content"),
    ("Email,Email hard bounce reason\nj@example.com,MAILBOX_FULL\n", "hard", "mailbox_full"),
    ("Email,Email hard bounce reason\nj@example.com,OTHER\n", "unknown", "unspecified"),
    ("Recipient,Portal Bounce,Global Bounce,Portal Spam Report\nj@example.com,FALSE,FALSE,TRUE\n", "spam", "complaint"),
    ("email,verification_status,email_open_count,status,timestamp_last_contact\nj@example.com,1,0,-1,2026-03-02\n", "unknown", "unspecified"),
    ("email,verification_status,email_open_count,status,timestamp_last_contact\nj@example.com,1,0,-2,2026-03-02\n", "", ""),
    ("email,verification_status,email_open_count,status,timestamp_last_contact\nj@example.com,1,0,-3,2026-03-02\n", "unsent", ""),
    ("email,verification_status,email_open_count,status,timestamp_last_contact\nj@example.com,1,0,1,\n", "unsent", ""),
    ("email,campaign status,global status\nj@example.com,BOUNCED,ACTIVE\n", "unknown", "unspecified"),
    ("email,campaign status,global status\nj@example.com,INVALID,ACTIVE\n", "unsent", ""),
    ("email,campaign status,global status\nj@example.com,OPT-OUT,ACTIVE\n", "", ""),
    ("Email,Email Status,Email Confidence,Email Sent,Email Bounced\nj@example.com,Verified,,false,false\n", "unsent", ""),
    ("Email,Email Status,Email Confidence,Email Sent,Email Bounced\nj@example.com,Verified,,true,true\n", "unknown", "unspecified"),
    ("to_email,emailer_campaign_id,bounce,spam_blocked\nj@example.com,q1,false,true\n", "unknown", "unspecified"),
    ("to email,emailer campaign id,status\nj@example.com,q1,failed\n", "unsent", ""),
    ("email,status,bounced\nj@example.com,active,550 5.1.1 No such user here\n", "hard", "user_unknown"),
    ("email,bounce reason\nj@example.com,Blocked\n", "unknown", "unspecified"),
    ("email,bounce reason\nj@example.com,no\n", "", ""),
    ("email,mailing state\nj@example.com,marked as spam\n", "spam", "complaint"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "label", "reason"), FATES, ids=[case[0].replace("\n", " / ") for case in FATES])
def test_what_became_of_the_lead(tmp_path: Path, text: str, label: str, reason: str) -> None:
    # A second lead, to whom mail went out, so that the log is not empty.
    header = text.split("\n", 1)[0].split(",")
    place = next(n for n, name in enumerate(header) if "mail" in name.lower() or name == "Recipient")
    other = ["2026-03-02" if "time" in name else "" for name in header]
    other[place] = "other@example.net"
    path = _written(tmp_path, text + ",".join(other) + "\n")
    sends = correlate([], read_table(path)).sends
    told = sends[sends["recipient"] == "j@example.com"][["label", "reason"]].to_numpy().tolist()
    assert told == ([] if label == "unsent" else [[label, reason]])


STATUSES = [
    ("Kickbox, a list that came back", "catch_all"), ("Hunter, verifications", "catch_all"), ("NeverBounce, the API's numbers", "catch_all"),
    ("ZeroBounce, a list that came back", "risky"), ("MillionVerifier, a list that came back", "catch_all"), ("Clearout, a list that came back", "verified"),
    ("Reacher, JSON lines", "catch_all"), ("AfterShip, JSON lines", "verified"), ("Instantly, dump of leads", "catch_all"),
    ("QuickMail, journeys", "unknown"), ("QuickMail, prospects", "catch_all"), ("Reply.io, people", "risky"), ("Apollo, contacts", "catch_all"),
    ("lemlist, leads by state", "verified"), ("Instantly, CSV of leads", "verified"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "status"), STATUSES)
def test_a_status_in_the_words_of_its_source(tmp_path: Path, case: str, status: str) -> None:
    _, _, kind, text, _ = next(one for one in CASES if f"{one[0]}, {one[1]}" == case)
    table = read_table(_written(tmp_path, text), kind)
    assert normalise_statuses(table.frame["email_status"], table.platform)[0] == status


def test_mailings_that_name_prospects_by_id_find_their_addresses_in_the_list(tmp_path: Path) -> None:
    log = tmp_path / "mailings.jsonl"
    mailing = {"mailboxAddress": "founder@sender.example", "deliveredAt": "2026-03-02T09:11:00Z", "bouncedAt": None}
    rows = [{"_airbyte_data": {**mailing, "prospect": [number]}, "_airbyte_emitted_at": 1} for number in (42, 43, 99)]
    log.write_text("\n".join(map(json.dumps, rows)))
    leads = tmp_path / "prospects.csv"
    leads.write_text("Prospect ID,Email,Stage\n42.0,jane@example.com,Open\n43.0,bob@example.net,Open\n")
    found, _ = read_tables([(log, "log"), (leads, "leads")])
    assert found.frame["recipient"].tolist() == ["jane@example.com", "bob@example.net"]
    assert any("2 of 3 were found by their lead id" in warning for warning in found.warnings)


def test_a_mailing_that_was_not_delivered_is_dated_by_what_else_its_row_tells(tmp_path: Path) -> None:
    """Else bounced mails would fall out of every week, and nothing could be said of how old their verification was."""
    head = "prospectEmail,mailboxAddress,state,deliveredAt,scheduledAt,stateChangedAt,bouncedAt\n"
    path = tmp_path / "mailings.csv"
    path.write_text(
        head
        + "a@example.com,f@sender.example,delivered,2026-03-02T09:11:00Z,2026-03-02T09:00:00Z,2026-03-09T00:00:00Z,\n"
        "b@example.com,f@sender.example,bounced,,2026-03-02T09:05:00Z,2026-03-02T09:13:00Z,2026-03-02T09:12:00Z\n"
        "c@example.com,f@sender.example,bounced,,,2026-03-02T09:23:00Z,2026-03-02T09:22:00Z\n"
        "d@example.com,f@sender.example,bounced,,,2026-03-02T09:33:00Z,\n"
        "e@example.com,f@sender.example,bounced,,,,\n"
    )
    found = read_table(path)
    sent = found.frame["sent_at"].dt.strftime("%H:%M").fillna("").tolist()
    assert sent == ["09:11", "09:05", "09:22", "09:33", ""]
    assert found.frame["bounced"].tolist()[:3] == ["", "2026-03-02T09:12:00Z", "2026-03-02T09:22:00Z"]
    assert (
        "mailings.csv: deliveredAt is blank in 1 of 5 rows; there bouncedAt stands in as the time of sending"
        in found.warnings
    )
    # What a person names is what counts.
    assert read_table(path, mapping={"deliveredAt": "sent_at"}).frame["sent_at"].isna().sum() == 4


def test_a_record_kept_as_json_in_a_column(tmp_path: Path) -> None:
    path = tmp_path / "raw.csv"
    record = json.dumps({"recipient_email_address": "jane@example.com", "bounced": True, "cadence": {"id": 5}})
    path.write_text('_airbyte_ab_id,_airbyte_data\na,"' + record.replace('"', '""') + '"\n')
    table = read_table(path)
    assert (table.platform, table.frame.loc[0, "campaign"]) == ("Salesloft", "5")


def test_a_log_of_happenings_is_one_of_mails(tmp_path: Path) -> None:
    path = tmp_path / "activities.csv"
    path.write_text(
        "email,event,campaign,step,time\n"
        "jane@example.com,sent,Q1,1,2026-03-02 09:00\njane@example.com,opened,Q1,1,2026-03-02 10:00\n"
        "jane@example.com,sent,Q1,2,2026-03-05 09:00\njane@example.com,bounced,Q1,2,2026-03-05 09:01\n"
        "bob@example.net,sent,Q1,1,2026-03-02 09:00\nbob@example.net,bounced,Q1,,2026-03-02 09:01\n"
        "ann@example.org,clicked,Q1,1,2026-03-02 11:00\nann@example.org,opened,Q1,1,2026-03-02 10:00\n"
    )
    found = correlate([], read_table(path))
    told = found.sends[["recipient", "step", "label"]].to_numpy().tolist()
    assert told == [
        ["jane@example.com", "1", ""],
        ["jane@example.com", "2", "unknown"],
        ["bob@example.net", "1", "unknown"],
        ["ann@example.org", "1", ""],
    ]
    assert found.matching.flag_only == 2
    assert any("what became of a mail that another row sends: 4" in warning for warning in found.warnings)


def test_two_verifications_of_one_list_are_told(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("Email,Email Status,Email Confidence,ZB Status\njane@example.com,Verified,,invalid\n")
    table = read_table(path, "leads")
    # Whoever pays a verifier for a list that has a status already believes the verifier.
    assert table.frame.loc[0, "email_status"] == "invalid"
    assert any("--map 'Email Status'=email_status" in warning for warning in table.warnings)
