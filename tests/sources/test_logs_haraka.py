"""Haraka's log in its three formats, by itself and in what collects the output of services."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from log_rows import rows

MAIL = "DB4A0D6F-2F1E-4A7B-9E0D-3F1B2C4D5E6F.1"
PART = f"{MAIL}.1"
REJECTED = "recipient <jane.roe@example.com> rejected: 550 5.1.1 The account does not exist [x1]"
LINES = (
    ("NOTICE", MAIL[:-2], "core", 'connect ip=10.0.0.7 port=40112 local_ip=:: local_port=587'),
    ("NOTICE", MAIL, "core", 'sender <founder@sender.example> code=CONT msg=""'),
    ("NOTICE", MAIL, "core", 'recipient <jane.roe@example.com> code=OK msg="" sender="<founder@sender.example>"'),
    ("NOTICE", MAIL, "core", 'message mid="<m1@sender.example>" size=1811 rcpts=1/0/0 delay=0.01 code=CONT msg=""'),
    ("NOTICE", PART, "outbound", REJECTED),
    ("INFO", PART, "outbound", "bouncing mail: Some recipients rejected"),
)  # fmt: skip
BOUNCED: dict[str, Any] = {
    "line": 5,
    "kind": "bounce",
    "recipient": "jane.roe@example.com",
    "sender": "founder@sender.example",
    "original_message_id": "<m1@sender.example>",
    "action": "failed",
    "status": "5.1.1",
    "reply": "550",
    "diagnostic": "550 5.1.1 The account does not exist [x1]",
    "reason": "user_unknown",
    "format": "haraka",
    "delivered_to": "founder@sender.example",
}
AT = {"received_at": "2026-03-02T09:11:21Z"}


def plain(lines: tuple[tuple[str, str, str, str], ...] = LINES, front: str = "") -> str:
    return "".join(f"{front}[{level}] [{uuid}] [{origin}] {message}\n" for level, uuid, origin, message in lines)


def logfmt(front: str = "") -> str:
    quoted = ((level, uuid, origin, message.replace('"', '\\"')) for level, uuid, origin, message in LINES)
    return "".join(f'{front}level={level} uuid={u} origin={o} message="{m}"\n' for level, u, o, m in quoted)


def as_json(front: str = "") -> str:
    return "".join(
        front + json.dumps({"level": level, "uuid": uuid, "origin": origin, "message": message}) + "\n"
        for level, uuid, origin, message in LINES
    )


def in_docker(text: str) -> str:
    return "".join(
        json.dumps({"log": line, "stream": "stdout", "time": "2026-03-02T09:11:21.482Z"}) + "\n"
        for line in text.splitlines(keepends=True)
    )


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (plain(), {}),
        (plain(front="2026-03-02T09:11:21.482Z "), AT),
        (plain(front="2026-03-02T09:11:21Z mx1 haraka[81]: "), {**AT, "reporting_mta": "mx1"}),
        (plain().replace("[NOTICE]", "\x1b[1m[NOTICE]\x1b[22m"), {}),
        (logfmt(), {}),
        (logfmt("2026-03-02T09:11:21.482Z "), AT),
        (as_json(), {}),
        (as_json("2026-03-02T09:11:21.482Z "), AT),
        (in_docker(plain()), AT),
        (in_docker(as_json()), AT),
    ],
    ids=["plain", "timestamps", "syslog", "colours", "logfmt", "logfmt, timestamps", "JSON", "JSON, timestamps", "docker", "docker, JSON"],
)  # fmt: skip
def test_every_format(tmp_path: Path, log: str, told: dict[str, str]) -> None:
    assert rows(tmp_path, log) == [{**BOUNCED, **told}]


def outbound(*messages: str) -> tuple[tuple[str, str, str, str], ...]:
    return (*LINES[:4], *(("NOTICE", PART, "outbound", message) for message in messages))


DELIVERED = (
    'delivered file=1772442681_1772442681_0_81_x_1_mx1 domain=example.com host=mx1.example.com ip=192.0.2.80 port=25 '
    'mode=SMTP tls=Y auth=N response="2.0.0 Ok: \\"queued\\"" delay=0.9 fails=0 rcpts=1/0/0'
)  # fmt: skip
GREY = "recipient <jane.roe@example.com> deferred: 451 4.7.1 Greylisted"
LATER = "Temp failing 1772442681_0_x for 64 seconds: Upstream error: 421 4.3.2 busy"


def brief(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row.get(name, "") for name in ("line", "kind", "recipient", "status", "diagnostic")) for row in found]


JANE = "jane.roe@example.com"


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ((DELIVERED,), [(5, "delivered", JANE, "", '2.0.0 Ok: "queued"')]),
        ((GREY, DELIVERED), [(6, "delivered", JANE, "", '2.0.0 Ok: "queued"')]),
        ((GREY, "Temp failing 1_x for 64 seconds: Some recipients temporarily failed"), [(5, "delayed", JANE, "4.7.1", "451 4.7.1 Greylisted")]),
        ((LATER, LATER), [(6, "delayed", JANE, "4.3.2", "421 4.3.2 busy")]),
        ((LATER, DELIVERED), [(6, "delivered", JANE, "", '2.0.0 Ok: "queued"')]),
        ((LATER, "bouncing mail: Too many failures (Upstream error: 421 4.3.2 still busy)"), [(6, "bounce", JANE, "4.3.2", "421 4.3.2 still busy")]),
        (("bouncing mail: No such domain: example.com",), [(5, "bounce", JANE, "", "No such domain: example.com")]),
        (("bouncing mail: 550 5.7.1 sender refused",), [(5, "bounce", JANE, "5.7.1", "550 5.7.1 sender refused")]),
    ],
)  # fmt: skip
def test_every_outcome(tmp_path: Path, messages: tuple[str, ...], told: list[tuple[Any, ...]]) -> None:
    found = rows(tmp_path, plain(outbound(*messages)))
    assert brief(found) == told
    if found[0]["kind"] == "delivered":
        assert found[0]["remote_mta"] == "mx1.example.com"


def test_a_notification_that_fails_is_no_bounce(tmp_path: Path) -> None:
    notice = "0A1B2C3D-2F1E-4A7B-9E0D-3F1B2C4D5E6F"
    lines = (
        *LINES,
        ("INFO", PART, "outbound", f"Created transaction: {notice}"),
        ("NOTICE", f"{notice}.1", "outbound", "recipient <founder@sender.example> rejected: 552 5.2.2 over quota"),
    )
    found = rows(tmp_path, plain(lines))
    assert [(row["kind"], row["original_message_id"]) for row in found] == [
        ("bounce", "<m1@sender.example>"),
        ("other", "<m1@sender.example>"),
    ]
