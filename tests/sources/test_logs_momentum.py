"""Logs of Momentum: its bounce log and its mail log, whose fields an @ parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from log_rows import rows

if TYPE_CHECKING:
    from pathlib import Path

BOUNCED = (
    "1772442681@0A/00-04608-57F87E14@0A/00-04608-57F87E14@2B/00-04608-67F87E14@B@jane.roe@example.com@b+42@sender.example@"
    "default@vip1@rcpt@10@1242@192.0.2.80:25@550 5.1.1 <jane.roe@example.com>: Recipient address rejected: User unknown\n"
)
ROW: dict[str, Any] = {
    "line": 1,
    "kind": "bounce",
    "received_at": "2026-03-02T09:11:21Z",
    "recipient": "jane.roe@example.com",
    "sender": "b+42@sender.example",
    "remote_mta": "192.0.2.80",
    "action": "failed",
    "status": "5.1.1",
    "reply": "550",
    "diagnostic": "550 5.1.1 <jane.roe@example.com>: Recipient address rejected: User unknown",
    "reason": "user_unknown",
    "format": "momentum",
    "delivered_to": "b+42@sender.example",
    "provider_class": "sparkpost:10",
}


@pytest.mark.parametrize(
    "log",
    [
        BOUNCED,
        BOUNCED.replace("\n", "\r\n"),
        # Releases differ in the ids in front and in the fields between the addresses and the reason.
        BOUNCED.replace("@2B/00-04608-67F87E14@B@", "@B@"),
        BOUNCED.replace("@2B/00-04608-67F87E14@B@", "@-@B@"),
        BOUNCED.replace("1772442681@", "1772442681.123456@"),
        BOUNCED.replace("default@vip1@rcpt@10@1242@192.0.2.80:25@", "10@192.0.2.80@"),
        BOUNCED.replace("@B@", "@O@"),
    ],
)
def test_a_bounce(tmp_path: Path, log: str) -> None:
    assert rows(tmp_path, log, "bouncelog.ec") == [ROW]


def test_a_class_stands_where_no_server_answered(tmp_path: Path) -> None:
    log = BOUNCED.replace(
        "@10@1242@192.0.2.80:25@550 5.1.1 <jane.roe@example.com>: Recipient address rejected: User unknown",
        "@22@1242@-@[internal] bounced",
    )
    (found,) = rows(tmp_path, log)
    assert (found["provider_class"], found["reason"]) == ("sparkpost:22", "mailbox_full")


def test_a_notification_of_its_own_is_no_bounce(tmp_path: Path) -> None:
    (found,) = rows(tmp_path, BOUNCED.replace("@b+42@sender.example@", "@@@"))
    assert found["kind"] == "other"


def _lines(*told: str) -> str:
    """`type number rest` as lines, a second between each two."""
    made = []
    for second, line in enumerate(told):
        kind, number, rest = line.split(" ", 2)
        id_ = f"{number}A/00-04608-57F87E14"
        made.append(f"{1772442680 + second}@{id_}@{id_}@2B/00-04608-67F87E14@{kind}@{rest}\n")
    return "".join(made)


def test_a_mail_log_names_the_recipient_where_the_mail_came_in(tmp_path: Path) -> None:
    received = "R {0} {1}@example.com@b@sender.example@default@192.0.2.10@5120@ESMTP@default@vip1"
    log = _lines(
        *(received.format(n, who) for n, who in enumerate(("ann", "ben", "cal", "dan"))),
        "D 0 example.com@5120@default@vip1@2@0.015@192.0.2.80",
        "T 1 example.com@5120@default@vip1@2@0.015@192.0.2.80@450 4.2.0 Greylisted, try again later",
        "T 2 example.com@5120@default@vip1@2@0.015@192.0.2.80@452 4.2.2 Mailbox full",
        "B 2 cal@example.com@b@sender.example@default@vip1@internal@24@1242@-@[internal] exceeded max time without delivery",
        "P 3 example.com@5120@default@vip1@2@0.015@192.0.2.80@554 5.7.1 Message rejected as spam",
        "C 9 192.0.2.10@default",
    )
    assert [(row["line"], row["kind"], row["recipient"], row.get("reason", "")) for row in rows(tmp_path, log)] == [
        (5, "delivered", "ann@example.com", ""),
        (8, "bounce", "cal@example.com", "mailbox_full"),
        (9, "bounce", "dan@example.com", "spam_content"),
        (6, "delayed", "ben@example.com", ""),
    ]
    assert {row["sender"] for row in rows(tmp_path, log)} == {"b@sender.example"}


def test_events_of_its_hose_are_those_of_sparkpost(tmp_path: Path) -> None:
    log = (
        '{"type":"bounce","event_id":"92356927693813856","timestamp":"1772442681","rcpt_to":"jane@example.com",'
        '"msg_from":"b@sender.example","bounce_class":"10","error_code":"550","raw_reason":"550 5.1.1 no such user",'
        '"binding":"vip1","binding_group":"default"}\n'
    )
    (found,) = rows(tmp_path, log, "events.jsonl")
    assert (found["format"], found["recipient"], found["reason"]) == ("sparkpost", "jane@example.com", "user_unknown")
