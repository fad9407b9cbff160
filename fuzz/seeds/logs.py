"""Logs of every server, as the benchmark of the logs makes them: a few mails around a refusal and around a delay."""

# ruff: noqa: E501
from __future__ import annotations

import json
import runpy
from functools import cache
from itertools import islice
from pathlib import Path

_MAKER = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "log_lines.py"
#: Lines that hold the first refusal and the first delay of each server, and lines around one.
_ENOUGH, _AROUND = 400, 7

#: Servers that the benchmark does not time.
_WRITTEN = {
    "qmail": [
        "@4000000069a5556a1a2b3c4d info msg 12345: bytes 2022 from <founder@sender.example> qp 999 uid 1000",
        "@4000000069a5556a1a2b3c4d starting delivery 7: msg 12345 to remote jane.roe@example.com",
        "@4000000069a5556a1a2b3c4d delivery 7: failure: 192.0.2.80_does_not_like_recipient./Remote_host_said:_550_5.1.1_User_unknown/Giving_up_on_192.0.2.80./",
        "@4000000069a5556a1a2b3c4d starting delivery 8: msg 12345 to remote late@example.net",
        "@4000000069a5556a1a2b3c4d delivery 8: deferral: Connected_to_192.0.2.81_but_greeting_failed./Remote_host_said:_421_4.7.0_Later/",
        "@4000000069a5556a1a2b3c4d end msg 12345",
    ],
    "exchange": [
        "#Software: Microsoft Exchange Server",
        "#Fields: date-time,server-hostname,source,event-id,message-id,network-message-id,recipient-address,recipient-status,message-subject,sender-address,directionality",
        '2026-03-02T09:11:21.000Z,EX1,SMTP,FAIL,<m1@sender.example>,g1,jane.roe@example.com;b@example.com,"[{LED=550 5.1.1 User unknown};{FQDN=mx1.example.com}];[{LED=552 5.2.2 Mailbox full}]","quick, question",founder@sender.example,Originating',
        "2026-03-02T09:11:23.000Z,EX1,SMTP,DEFER,<m2@sender.example>,g2,late@example.net,451 4.7.1 Greylisted,hello,founder@sender.example,Originating",
    ],
    "momentum": [
        "1772442680@0A/00-04608-57F87E13@0A/00-04608-57F87E13@-@R@late@example.net@b+43@sender.example@default@vip1@1242",
        "1772442681@0A/00-04608-57F87E14@0A/00-04608-57F87E14@2B/00-04608-67F87E14@B@jane.roe@example.com@b+42@sender.example@default@vip1@rcpt@10@1242@192.0.2.80:25@550 5.1.1 <jane.roe@example.com>: User unknown",
        "1772442683@0A/00-04608-57F87E13@0A/00-04608-57F87E13@-@T@late@example.net@b+43@sender.example@default@vip1@rcpt@21@1242@192.0.2.81:25@451 4.7.1 Greylisted",
        "1772442684@0A/00-04608-57F87E15@0A/00-04608-57F87E15@-@D@kim@example.com@b+44@sender.example@default@vip1@1242@192.0.2.80:25",
    ],
    "list": [
        "status,reason,email,created",
        '5.1.1,"550 5.1.1 The account that you tried',
        'to reach, does not exist",jane.roe@example.com,1772442681',
        "4.2.2,452 4.2.2 Over quota,late@example.net,2026-03-02 09:11:23",
        ",,,",
    ],
}


@cache
def _lines() -> dict[str, list[str]]:
    servers = runpy.run_path(str(_MAKER))["SERVERS"]
    return {name: list(islice(make(), _ENOUGH)) for name, (make, _) in servers.items()}


@cache
def of(server: str) -> list[bytes]:
    """Pieces of this server's log that hold an end of a delivery, with the line that opens the file where it has one."""
    if server in _WRITTEN:
        return ["".join(f"{line}\n" for line in _WRITTEN[server]).encode()]
    lines = _lines()[server]
    told = [at for at, line in enumerate(lines) if "User unknown" in line or '"Bounce"' in line][:2]
    told += [at for at, line in enumerate(lines) if "Greylisted" in line or '"TransientFailure"' in line][:2]
    opening = lines[:1] if server == "powermta" else []
    pieces = [[*opening, *lines[max(len(opening), at - _AROUND) : at + _AROUND]] for at in told]
    return ["".join(f"{line}\n" for line in piece).encode() for piece in pieces]


def files() -> list[bytes]:
    """Every server's, two servers' in one, and lines as the journal and containers keep them."""
    alone = [piece for server in (*_lines(), *_WRITTEN) for piece in of(server)]
    mixed = of("postfix")[0] + of("sendmail")[0] + of("opensmtpd")[0]
    return [*alone, mixed, _in_docker(of("postfix")[0]), _in_docker(of("exim")[0]), _in_journal(of("postfix")[0])]


def _in_docker(log: bytes) -> bytes:
    lines = log.decode().splitlines(keepends=True)
    when = "2026-03-02T09:11:21.482Z"
    return "".join(json.dumps({"log": line, "stream": "stdout", "time": when}) + "\n" for line in lines).encode()


def _in_journal(log: bytes) -> bytes:
    told = []
    for line in log.decode().splitlines():
        tag, _, says = line.partition(": ")
        program = tag.rpartition(" ")[2].partition("[")[0]
        told.append(
            {
                "__REALTIME_TIMESTAMP": "1772442681003123",
                "_HOSTNAME": "mx1",
                "SYSLOG_IDENTIFIER": program,
                "MESSAGE": says,
            }
        )
    return "".join(json.dumps(one) + "\n" for one in told).encode()
