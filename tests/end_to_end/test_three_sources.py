"""One campaign told three ways (the mailbox, Amazon SES by webhook, the Postfix log) is one campaign."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from campaign import DMARC, FULL, ONLY_INTERNAL, Campaign, Failed

import analyzer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    made = Campaign()
    made.add(300, status="Verified", industry="Software Development", bounces=3)
    made.add(200, status="Guessed", industry="Software Development", bounces=26)
    made.add(60, status="Verified", industry="Banking", bounces=9, text=ONLY_INTERNAL)
    made.add(60, status="Verified", industry="Retail", bounces=7, text=DMARC)
    made.add(40, status="Verified", industry="Restaurants", bounces=4, text=FULL)
    return made


@pytest.fixture(scope="module")
def told(campaign: Campaign, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The arguments of `diagnose` for each way, and for all three at once."""
    folder = tmp_path_factory.mktemp("told")
    arguments = campaign.write(folder)
    sources = {
        "mailbox": arguments["bounces"],
        "ses": _written(folder / "ses.jsonl", "\n".join(map(_ses, campaign.failed))),
        "postfix": _written(folder / "mail.log", "".join(map(_postfix, range(10_000), campaign.failed))),
    }
    ways = {name: {**arguments, "bounces": [path]} for name, path in sources.items()}
    return {**ways, "all": {**arguments, "bounces": list(sources.values())}}


@pytest.fixture(scope="module")
def diagnoses(told: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {way: analyzer.diagnose(**arguments) for way, arguments in told.items()}


@pytest.mark.parametrize("way", ["ses", "postfix", "all"])
def test_the_same_diagnosis_from_each_source(diagnoses, way):
    mailbox, other = diagnoses["mailbox"], diagnoses[way]
    assert other.totals == mailbox.totals
    assert other.data_quality == mailbox.data_quality
    assert other.drivers == mailbox.drivers
    assert replace(other.deliverability, fixes=()) == replace(mailbox.deliverability, fixes=())
    assert [(fix.id, fix.bounces, fix.domains, fix.share) for fix in other.deliverability.fixes] == [
        (fix.id, fix.bounces, fix.domains, fix.share) for fix in mailbox.deliverability.fixes
    ]
    for dimension in ("email_status", "industry", "campaign", "step", "sender", "recipient_domain", "week"):
        assert other.breakdown[dimension] == mailbox.breakdown[dimension]


def test_the_mailbox_says_what_was_put_into_it(diagnoses):
    totals = diagnoses["mailbox"].totals
    assert (totals.leads_contacted, totals.address.count, totals.hard.count, totals.spam.count) == (660, 29, 33, 16)


def test_three_sources_of_one_failure_are_one_bounce(campaign, diagnoses):
    for way in ("mailbox", "ses", "postfix"):
        matching = diagnoses[way].matching
        assert (matching.bounces, matching.matched, matching.duplicates) == (49, 49, 0), way
        assert matching.by_method.message_id == 49, way
    together = diagnoses["all"].matching
    assert (together.bounces, together.matched, together.duplicates, together.unmatched) == (147, 49, 98, 0)


def test_a_failure_has_one_record_id_in_all_sources(told):
    by_way = {
        way: set(analyzer.parse(*map(str, told[way]["bounces"]))["record_id"]) for way in ("mailbox", "ses", "postfix")
    }
    assert len(by_way["mailbox"]) == 49
    assert by_way["mailbox"] == by_way["ses"] == by_way["postfix"]


def test_the_best_text_of_three_is_kept(campaign, told, tmp_path):
    """Where the webhook has no text and the log only half of it, the words of the mailbox are the ones shown."""
    bare = []
    for failed in campaign.failed:
        event = json.loads(_ses(failed))
        for recipient in event["bounce"]["bouncedRecipients"]:
            del recipient["diagnosticCode"], recipient["status"], recipient["action"]
        bare.append(json.dumps(event))
    feed = tmp_path / "bare.jsonl.gz"
    feed.write_bytes(gzip.compress("\n".join(bare).encode()))
    from analyzer.api import run_diagnosis

    mailbox = told["mailbox"]
    result = run_diagnosis(**{**mailbox, "bounces": [feed, *mailbox["bounces"]]})
    assert result.diagnosis.totals == analyzer.diagnose(**mailbox).totals
    kept = result.correlated.bounces.query("duplicate_of == ''")
    assert sorted(kept["diagnostic"]) == sorted(failed.said for failed in campaign.failed)


def _ses(failed: Failed) -> str:
    """A bounce as Amazon SES publishes it, unwrapped, the header fields of the mail included."""
    status = failed.said.split()[1]
    return json.dumps(
        {
            "notificationType": "Bounce",
            "bounce": {
                "bounceType": "Permanent",
                "bounceSubType": "General",
                "bouncedRecipients": [
                    {
                        "emailAddress": failed.to,
                        "action": "failed",
                        "status": status,
                        "diagnosticCode": f"smtp; {failed.said}",
                    }
                ],
                "timestamp": "2026-03-03T10:00:00.000Z",
                "feedbackId": f"0100-{failed.message_id}",
                "reportingMTA": "dsn; a8-95.smtp-out.amazonses.com",
            },
            "mail": {
                "timestamp": "2026-03-02T09:00:00.000Z",
                "messageId": f"0100018e-{failed.message_id.partition('@')[0]}-000000",
                "source": "ava@outreach.example",
                "destination": [failed.to],
                "headersTruncated": False,
                "headers": [
                    {"name": "Message-ID", "value": f"<{failed.message_id}>"},
                    {"name": "From", "value": "ava@outreach.example"},
                    {"name": "To", "value": failed.to},
                    {"name": "Subject", "value": "hello"},
                ],
            },
        }
    )


def _postfix(number: int, failed: Failed) -> str:
    """The life of one mail in a Postfix log, with the notification that goes back to us."""
    queue, notice = f"4XyZ{number:04}abcdz1", f"4XyZ{number:04}notcz2"
    at = "2026-03-03T10:00:00.123456+00:00 mx postfix"
    host = f"mx.{failed.to.partition('@')[2]}"
    status = failed.said.split()[1]
    return (
        f"{at}/cleanup[101]: {queue}: message-id=<{failed.message_id}>\n"
        f"{at}/qmgr[100]: {queue}: from=<ava@outreach.example>, size=900, nrcpt=1 (queue active)\n"
        f"{at}/smtp[102]: {queue}: to=<{failed.to}>, relay={host}[192.0.2.80]:25, delay=1.2, delays=0.1/0/0.5/0.6, "
        f"dsn={status}, status=bounced (host {host}[192.0.2.80] said: {failed.said} (in reply to RCPT TO command))\n"
        f"{at}/cleanup[101]: {notice}: message-id=<{notice}@mx.outreach.example>\n"
        f"{at}/bounce[103]: {queue}: sender non-delivery notification: {notice}\n"
        f"{at}/qmgr[100]: {notice}: from=<>, size=2900, nrcpt=1 (queue active)\n"
        f"{at}/qmgr[100]: {queue}: removed\n"
        f"{at}/local[104]: {notice}: to=<ava@outreach.example>, relay=local, delay=0, delays=0/0/0/0, dsn=2.0.0, "
        "status=sent (delivered to mailbox)\n"
        f"{at}/qmgr[100]: {notice}: removed\n"
    )


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
