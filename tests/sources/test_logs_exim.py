"""Exim's main log: every flag, every field that `log_selector` may add, and what the mail came in as."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from log_rows import rows

TIME = "2026-03-02 09:11:21"
ID, BOUNCE = "1Zo722-001wKm-7T", "1Zo723-001wKn-0A"
ARRIVED = (
    f"{ID} <= founder@sender.example H=app (app.local) [10.0.0.7] P=esmtpsa A=plain:founder S=1811 id=m1@sender.example"
)
AFTER_RCPT = "SMTP error from remote mail server after RCPT TO:<jane.roe@example.com>: "
WHERE = "R=dnslookup T=remote_smtp H=mx1.example.com [192.0.2.80]"
UNKNOWN = f"{ID} ** jane.roe@example.com {WHERE}: {AFTER_RCPT}550 #5.1.0 Address rejected."

BOUNCED: dict[str, Any] = {
    "line": 2,
    "kind": "bounce",
    "received_at": "2026-03-02T09:11:21Z",
    "recipient": "jane.roe@example.com",
    "sender": "founder@sender.example",
    "original_message_id": "<m1@sender.example>",
    "remote_mta": "mx1.example.com",
    "action": "failed",
    "status": "5.1.0",
    "reply": "550",
    "diagnostic": f"{AFTER_RCPT}550 #5.1.0 Address rejected.",
    "reason": "user_unknown",
    "format": "exim",
    "delivered_to": "founder@sender.example",
}


def log(*lines: str, front: str = f"{TIME} ") -> str:
    return "".join(f"{front}{line}\n" for line in lines)


@pytest.mark.parametrize(
    ("front", "host"),
    [
        (f"{TIME} ", ""),
        (f"{TIME}.482 ", ""),
        (f"{TIME} [4711] ", ""),
        ("2026-03-02 10:11:21 +0100 ", ""),
        ("2026-03-02 10:11:21.482 +0100 [4711] ", ""),
        (f"2026-03-02T09:11:21Z mx1 exim[4711]: {TIME} ", "mx1"),
        ("2026-03-02T09:11:21Z mx1 exim[4711]: ", "mx1"),
        ("2026-03-02T09:11:21Z mx1 exim4: ", "mx1"),
    ],
)
def test_every_front_of_a_line(tmp_path: Path, front: str, host: str) -> None:
    told = {**BOUNCED, "reporting_mta": host} if host else BOUNCED
    assert rows(tmp_path, log(ARRIVED, UNKNOWN, f"{ID} Completed", front=front)) == [told]


@pytest.mark.parametrize("identifier", ["1Zo722-001wKm-7T", "1Zo722-00000001wKm-7TqB"])
def test_ids_of_both_lengths(tmp_path: Path, identifier: str) -> None:
    assert rows(tmp_path, log(ARRIVED, UNKNOWN).replace(ID, identifier)) == [BOUNCED]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            f"{ID} ** j.roe@example.com <jane.roe@example.net> F=<founder@sender.example> {WHERE}:25 "
            'X=TLS1.3:ECDHE_X25519__RSA_PSS:256 CV=yes DN="CN=mx1: \\"north\\"" QT=3s DT=1s: SMTP error from remote mail server '
            "after end of data: 554-5.7.1 Message rejected\\n554 5.7.1 as spam by policy",
            {
                "recipient": "j.roe@example.com",
                "original_recipient": "jane.roe@example.net",
                "status": "5.7.1",
                "reply": "554",
                "diagnostic": "SMTP error from remote mail server after end of data: 554 5.7.1 Message rejected as spam by policy",
                "reason": "spam_content",
            },
        ),
        (
            f"{ID} ** jane.roe@example.com R=dnslookup T=remote_smtp: SMTP error from remote mail server after MAIL "
            "FROM:<founder@sender.example> SIZE=2022: host mx2.example.com [2001:db8::80]: 550 5.7.1 sender refused",
            {
                "remote_mta": "mx2.example.com",
                "status": "5.7.1",
                "reply": "550",
                "diagnostic": "SMTP error from remote mail server after MAIL FROM:<founder@sender.example> SIZE=2022: "
                "host mx2.example.com [2001:db8::80]: 550 5.7.1 sender refused",
                "reason": "sender_rejected",
            },
        ),
        (
            f"{ID} ** jane.roe@example.com: Unrouteable address",
            {
                "remote_mta": "",
                "status": "",
                "reply": "",
                "diagnostic": "Unrouteable address",
                "reason": "user_unknown",
            },
        ),
        (
            f"{ID} ** |/usr/bin/vacation <jane.roe@example.com> R=userforward T=address_pipe: Child process of address_pipe "
            "transport returned 127 from command: /usr/bin/vacation",
            {
                "remote_mta": "",
                "status": "",
                "reply": "",
                "diagnostic": "Child process of address_pipe transport returned 127 from command: /usr/bin/vacation",
            },
        ),
        (
            f'{ID} => jane.roe@example.com F=<founder@sender.example> {WHERE} X=TLS1.2:AES:256 CV=no K C="250- 2.0.0 \\"queued\\""',
            {
                "kind": "delivered",
                "action": "delivered",
                "status": "",
                "diagnostic": '250- 2.0.0 "queued"',
                "reply": "250",
                "reason": "",
                "delivered_to": "",
            },
        ),
        (
            f'{ID} -> jane.roe@example.com {WHERE} C="250 2.0.0 OK id=1x"',
            {
                "kind": "delivered",
                "action": "delivered",
                "status": "2.0.0",
                "reply": "250",
                "diagnostic": "250 2.0.0 OK id=1x",
                "reason": "",
                "delivered_to": "",
            },
        ),
        (
            f"{ID} => jane.roe <jane.roe@example.com> R=local_user T=maildir",
            {
                "kind": "delivered",
                "action": "delivered",
                "remote_mta": "",
                "status": "",
                "reply": "",
                "diagnostic": "",
                "reason": "",
                "delivered_to": "",
            },
        ),
        (
            f"{ID} == jane.roe@example.com {WHERE} defer (-45): SMTP error from remote mail server after MAIL "
            "FROM:<founder@sender.example> SIZE=2022: 421 4.7.0 [TSS04] Messages temporarily deferred",
            {
                "kind": "delayed",
                "action": "delayed",
                "status": "4.7.0",
                "reply": "421",
                "diagnostic": "SMTP error from remote mail server after MAIL FROM:<founder@sender.example> SIZE=2022: 421 4.7.0 "
                "[TSS04] Messages temporarily deferred",
                "reason": "",
            },
        ),
        (
            f"{ID} == jane.roe@example.com R=dnslookup T=remote_smtp defer (111): Connection refused",
            {
                "kind": "delayed",
                "action": "delayed",
                "remote_mta": "",
                "status": "",
                "reply": "",
                "diagnostic": "Connection refused",
                "reason": "",
            },
        ),
        (
            f"{ID} == jane.roe@example.com routing defer (-51): retry time not reached",
            {
                "kind": "delayed",
                "action": "delayed",
                "remote_mta": "",
                "status": "",
                "reply": "",
                "diagnostic": "retry time not reached",
                "reason": "",
            },
        ),
    ],
)
def test_every_flag_and_field(tmp_path: Path, line: str, told: dict[str, Any]) -> None:
    expected = {name: value for name, value in {**BOUNCED, **told}.items() if value}
    found = rows(tmp_path, log(ARRIVED, line))
    if "reason" not in told:
        expected.pop("reason")
        found[0].pop("reason")
    assert found == [expected]


def test_what_the_arrival_tells_and_what_the_delivery_tells_of_the_sender(tmp_path: Path) -> None:
    arrival = f'{ID} <= founder@sender.example U=root P=local S=9 id=m1@sender.example T="A \\"quick\\" question" for jane.roe@example.com'
    assert rows(tmp_path, log(arrival, UNKNOWN)) == [{**BOUNCED, "subject": 'A "quick" question'}]
    lone = UNKNOWN.replace(" R=", " F=<founder@sender.example> P=<founder@sender.example> R=")
    told = {**BOUNCED, "line": 1}
    del told["original_message_id"]
    assert rows(tmp_path, log(lone)) == [told]


def brief(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    names = ("line", "kind", "recipient", "status", "diagnostic", "remote_mta")
    return [tuple(row.get(name, "") for name in names) for row in found]


DEFER = f"{ID} == jane.roe@example.com {WHERE} defer (-44): {AFTER_RCPT}451 4.7.1 Greylisted"
CAUSE = f"{AFTER_RCPT}451 4.7.1 Greylisted"


@pytest.mark.parametrize(
    "end",
    [
        f"{ID} ** jane.roe@example.com: retry timeout exceeded",
        f"{ID} ** jane.roe@example.com R=dnslookup T=remote_smtp: retry timeout exceeded",
        f"{ID} ** jane.roe@example.com: all hosts for 'example.com' have been failing for a long time and were last tried after this message arrived",
        f"{ID} ** jane.roe@example.com {WHERE}: {CAUSE}: retry timeout exceeded",
    ],
)
def test_an_expired_mail_failed_for_what_was_said_last(tmp_path: Path, end: str) -> None:
    too_early = f"{ID} == jane.roe@example.com R=dnslookup T=remote_smtp defer (-53): retry time not reached for any host for 'example.com'"
    found = rows(tmp_path, log(ARRIVED, DEFER, too_early, end, f"{ID} Completed"))
    assert brief(found) == [(4, "bounce", "jane.roe@example.com", "4.7.1", CAUSE, "mx1.example.com")]
    alone = rows(tmp_path, log(end.split(": ")[0] + ": retry timeout exceeded"))
    assert [row["diagnostic"] for row in alone] == ["retry timeout exceeded"]


def test_a_delay_that_ends_in_delivery_is_none_and_one_without_an_end_is_told_once(tmp_path: Path) -> None:
    other = DEFER.replace("jane.roe", "bob")
    found = rows(tmp_path, log(ARRIVED, DEFER, other, DEFER, other, f"{ID} => jane.roe@example.com {WHERE}"))
    assert [(row["line"], row["kind"], row["recipient"]) for row in found] == [
        (6, "delivered", "jane.roe@example.com"),
        (5, "delayed", "bob@example.com"),
    ]


def test_a_notification_that_fails_is_no_bounce_and_names_the_mail_that_it_is_about(tmp_path: Path) -> None:
    found = rows(
        tmp_path,
        log(
            ARRIVED,
            UNKNOWN,
            f"{BOUNCE} <= <> R={ID} U=exim P=local S=1900",
            f"{ID} Completed",
            f"{BOUNCE} ** founder@sender.example R=dnslookup T=remote_smtp: 552 5.2.2 over quota",
            f"{BOUNCE} Frozen (delivery error message)",
        ),
    )
    assert [(row["kind"], row["original_message_id"]) for row in found] == [
        ("bounce", "<m1@sender.example>"),
        ("other", "<m1@sender.example>"),
    ]


def test_our_own_rejection_counts_where_the_mail_was_ours(tmp_path: Path) -> None:
    ours = "H=(app) [198.51.100.7] X=TLS1.3:AES:256 F=<founder@sender.example> A=plain:founder rejected RCPT <jane.roe@example.com>: relay not permitted"
    stranger = (
        "H=(evil) [198.51.100.9] F=<spammer@example.net> rejected RCPT <no.one@sender.example>: Unrouteable address"
    )
    found = rows(tmp_path, log(ARRIVED, stranger, ours, ours.replace(" rejected", " temporarily rejected")))
    assert [(row["line"], row["kind"], row["recipient"], row["sender"], row["diagnostic"]) for row in found] == [
        (3, "bounce", "jane.roe@example.com", "founder@sender.example", "relay not permitted"),
        (4, "delayed", "jane.roe@example.com", "founder@sender.example", "relay not permitted"),
    ]
