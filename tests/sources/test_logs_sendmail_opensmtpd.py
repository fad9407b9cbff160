"""Sendmail's and OpenSMTPD's lines in syslog, of several releases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from log_rows import rows

TIME = "2026-03-02T09:11:21Z mx1 "


def sm(says: str, identifier: str = "6229BLaf002243", program: str = "sm-mta") -> str:
    return f"{TIME}{program}[77]: {identifier}: {says}\n"


FROM = "from=<founder@sender.example>, size=1811, class=0, nrcpts=1, msgid=<m1@sender.example>, proto=ESMTP, daemon=MTA, relay=app [10.0.0.7]"
CTL = "ctladdr=<founder@sender.example> (1000/1000), delay=00:00:02, xdelay=00:00:01, mailer=esmtp, pri=121811, "
RELAY = "relay=mx1.example.com. [192.0.2.80], "

SENDMAIL: dict[str, Any] = {
    "line": 2,
    "kind": "bounce",
    "received_at": "2026-03-02T09:11:21Z",
    "recipient": "jane.roe@example.com",
    "sender": "founder@sender.example",
    "original_message_id": "<m1@sender.example>",
    "reporting_mta": "mx1",
    "remote_mta": "mx1.example.com",
    "action": "failed",
    "status": "5.1.1",
    "diagnostic": "User unknown",
    "reason": "user_unknown",
    "format": "sendmail",
    "delivered_to": "founder@sender.example",
}


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (f"to=<jane.roe@example.com>, {CTL}{RELAY}dsn=5.1.1, stat=User unknown", {}),
        (f"to=jane.roe@example.com, {CTL}{RELAY}dsn=5.1.1, stat=User unknown", {}),
        (
            f"to=<jane.roe@example.com>, {CTL}{RELAY}dsn=5.1.1, reply=550-5.1.1 The account, that you wrote to, stat=User unknown",
            {"reply": "550", "diagnostic": "550 5.1.1 The account, that you wrote to"},
        ),
        (
            f"to=<jane.roe@example.com>, {CTL}relay=example.com, dsn=5.1.2, stat=Host unknown (Name server: example.com: host not found)",
            {
                "remote_mta": "example.com",
                "status": "5.1.2",
                "diagnostic": "Host unknown (Name server: example.com: host not found)",
                "reason": "domain_not_found",
            },
        ),
        (
            f"to=<jane.roe@example.com>, {CTL}{RELAY}dsn=5.0.0, reply=554 5.7.1 refused as spam, stat=Service unavailable",
            {"status": "5.7.1", "reply": "554", "diagnostic": "554 5.7.1 refused as spam", "reason": "spam_content"},
        ),
        (
            f"to=<jane.roe@example.com>, {CTL}{RELAY}dsn=2.0.0, stat=Sent (4XyZ12 Message accepted for delivery)",
            {
                "kind": "delivered",
                "action": "delivered",
                "status": "2.0.0",
                "diagnostic": "Sent (4XyZ12 Message accepted for delivery)",
                "reason": "",
                "delivered_to": "",
            },
        ),
        (
            "to=jane.roe@example.com, delay=00:00:00, mailer=relay, pri=30, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (Ok)",
            {
                "kind": "delivered",
                "action": "relayed",
                "remote_mta": "127.0.0.1",
                "status": "2.0.0",
                "diagnostic": "Sent (Ok)",
                "reason": "",
                "delivered_to": "",
            },
        ),
        (
            f"to=<jane.roe@example.com>, {CTL}{RELAY}dsn=4.0.0, stat=Deferred: Connection timed out with mx1.example.com.",
            {
                "kind": "delayed",
                "action": "delayed",
                "status": "4.0.0",
                "diagnostic": "Connection timed out with mx1.example.com.",
                "reason": "",
            },
        ),
    ],
)
def test_sendmail_tells_every_outcome(tmp_path: Path, says: str, told: dict[str, Any]) -> None:
    expected = {name: value for name, value in {**SENDMAIL, **told}.items() if value}
    assert rows(tmp_path, sm(FROM) + sm(says)) == [expected]


def test_sendmail_writes_several_recipients_on_one_line(tmp_path: Path) -> None:
    log = sm(FROM) + sm(f"to=<jane.roe@example.com>,<bob@example.com> [more], {CTL}{RELAY}dsn=5.1.1, stat=User unknown")
    assert rows(tmp_path, log) == [SENDMAIL, {**SENDMAIL, "recipient": "bob@example.com"}]


def test_sendmail_gives_up_what_waited_and_its_own_notices_are_no_bounces(tmp_path: Path) -> None:
    grey = f"to=<jane.roe@example.com>, {CTL}{RELAY}dsn=4.7.1, reply=451 4.7.1 Greylisted, stat=Deferred: 451 4.7.1 Greylisted"
    log = sm(FROM) + sm(grey) + sm("6229BLaf009999: sender notify: Warning: could not send message for past 4 hours")
    log += sm(grey) + sm("6229BLaf008888: sender notify: Cannot send message for 5 days")
    log += sm("to=<founder@sender.example>, mailer=local, pri=1, dsn=5.2.2, stat=Mailbox full", "6229BLaf008888")
    found = rows(tmp_path, log)
    assert found[0] == {
        **SENDMAIL,
        "line": 4,
        "status": "4.7.1",
        "reply": "451",
        "diagnostic": "451 4.7.1 Greylisted",
        "reason": "greylisted",
    }
    assert [(row["kind"], row["recipient"], row["original_message_id"]) for row in found[1:]] == [
        ("other", "founder@sender.example", "<m1@sender.example>")
    ]


def test_sendmail_refuses_our_own_mail(tmp_path: Path) -> None:
    says = "ruleset=check_rcpt, arg1=<{}>, relay={}, reject=550 5.7.1 <{}>... Relaying denied"
    log = sm(says.format("jane.roe@example.com", "app [10.0.0.7]", "jane.roe@example.com"))
    log += sm(says.format("x@example.com", "evil [198.51.100.9]", "x@example.com"), "6229BLaf007777")
    assert [(row["recipient"], row["kind"], row["diagnostic"]) for row in rows(tmp_path, log)] == [
        ("jane.roe@example.com", "bounce", "550 5.7.1 <jane.roe@example.com>... Relaying denied")
    ]


SESSION, EVELOPE = "c9ee636596af259d", "61acd6717102be8d"
NEW = (
    f"{SESSION} mta delivery evpid={EVELOPE} from=<founder@sender.example> to=<jane.roe@example.com> rcpt=<{{rcpt}}> "
    'source="192.0.2.25" relay="192.0.2.80 (mx1.example.com)" delay=1s result="{result}" stat="{stat}"'
)
OLD = NEW.replace("mta delivery", "mta event=delivery").replace('"{', "{").replace('}"', "}")
OLDEST = (
    f"relay: {{result}} for {EVELOPE}: session={SESSION}, from=<founder@sender.example>, to=<jane.roe@example.com>, "
    "rcpt=<{rcpt}>, source=192.0.2.25, relay=192.0.2.80 (mx1.example.com), delay=1s, stat={stat}"
)
OPENSMTPD: dict[str, Any] = {
    "line": 1,
    "kind": "bounce",
    "received_at": "2026-03-02T09:11:21Z",
    "recipient": "jane.roe@example.com",
    "sender": "founder@sender.example",
    "reporting_mta": "mx1",
    "remote_mta": "mx1.example.com",
    "action": "failed",
    "status": "5.1.1",
    "reply": "550",
    "diagnostic": "550 5.1.1 The account does not exist, see https://support.example/a=b",
    "reason": "user_unknown",
    "format": "opensmtpd",
    "delivered_to": "founder@sender.example",
}


def osm(*lines: str) -> str:
    return "".join(f"{TIME}smtpd[77]: {line}\n" for line in lines)


@pytest.mark.parametrize("form", [NEW, OLD, OLDEST], ids=["6.4", "6.0", "5.7"])
@pytest.mark.parametrize(
    ("result", "stat", "rcpt", "told"),
    [
        ("PermFail", "550-5.1.1 The account does not exist, see https://support.example/a=b", "-", {}),
        (
            "PermFail",
            "550 5.1.1 The account does not exist, see https://support.example/a=b",
            "jane@example.net",
            {"original_recipient": "jane@example.net"},
        ),
        (
            "TempFail",
            "421 4.3.2 busy",
            "-",
            {
                "kind": "delayed",
                "action": "delayed",
                "status": "4.3.2",
                "reply": "421",
                "diagnostic": "421 4.3.2 busy",
                "reason": "",
            },
        ),
        (
            "Ok",
            "250 2.0.0 queued",
            "-",
            {
                "kind": "delivered",
                "action": "delivered",
                "status": "2.0.0",
                "reply": "250",
                "diagnostic": "250 2.0.0 queued",
                "reason": "",
                "delivered_to": "",
            },
        ),
    ],
)
def test_opensmtpd_tells_every_outcome(
    tmp_path: Path, form: str, result: str, stat: str, rcpt: str, told: dict[str, Any]
) -> None:
    expected = {name: value for name, value in {**OPENSMTPD, **told}.items() if value}
    assert rows(tmp_path, osm(form.format(result=result, stat=stat, rcpt=rcpt))) == [expected]


def test_opensmtpd_gives_up_what_waited_and_its_own_notices_are_no_bounces(tmp_path: Path) -> None:
    wait = NEW.format(result="TempFail", stat="451 4.7.1 Greylisted", rcpt="-")
    expire = f"relay: Expire for {EVELOPE}: from=<founder@sender.example>, to=<jane.roe@example.com>, rcpt=<->, delay=4d, stat=Envelope expired"
    notice = f"{SESSION} mda delivery evpid=e8ef7be7d2d3668d from=<> to=<founder@sender.example> rcpt=<founder@sender.example> user=root delay=0s result=PermFail stat=over quota"
    found = rows(tmp_path, osm(wait, wait, expire, notice))
    assert found[0] == {
        **OPENSMTPD,
        "line": 3,
        "status": "4.7.1",
        "reply": "451",
        "diagnostic": "451 4.7.1 Greylisted",
        "reason": "greylisted",
    }
    assert [(row["line"], row["kind"]) for row in found[1:]] == [(4, "other")]
    alone = rows(tmp_path, osm(expire))
    assert [(row["kind"], row["diagnostic"]) for row in alone] == [("bounce", "Envelope expired")]
