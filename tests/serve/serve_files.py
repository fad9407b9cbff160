"""Small campaigns for the tests: a mailbox, a log, a list; and ones with hostile names and cells."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
SAMPLES = ("bounces.mbox", "log.csv", "leads.csv", "next_leads.csv")
HOSTILE = "<script>document.title='owned'</script>"


def bounce(recipient: str, reply: str = "550 5.1.1 User unknown", subject: str = "Undelivered Mail") -> str:
    """A delivery status notification (RFC 3464) as Postfix writes it."""
    return f"""From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: sales@northbeam.example
Subject: {subject}
Date: Tue, 3 Mar 2026 08:05:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

The mail could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.net
Diagnostic-Code: smtp; {reply}

--b1--
"""


def mailbox(*messages: str) -> bytes:
    """An mbox (RFC 4155)."""
    return "".join(f"From MAILER-DAEMON Tue Mar  3 08:05:00 2026\n{one}\n" for one in messages).encode()


def campaign(leads: int = 60, bounces: int = 4) -> dict[str, bytes]:
    """Names and contents of a mailbox, a log and a lead list."""
    who = [f"lead{number}@firm{number % 7}.test" for number in range(leads)]
    log = "recipient,sent_at,campaign\n" + "".join(f"{one},2026-03-03T08:00:00Z,Spring\n" for one in who)
    listed = "Email,Email Status,Industry\n" + "".join(f"{one},Verified,Retail\n" for one in who)
    return {
        "back.mbox": mailbox(*(bounce(one) for one in who[:bounces])),
        "sent.csv": log.encode(),
        "leads.csv": listed.encode(),
    }


def hostile_campaign() -> dict[str, bytes]:
    """Names and cells that try to be more than text."""
    rtl = "\u202efdp.exe"
    who = [f"lead{number}@firm.test" for number in range(40)]
    header = f"recipient,sent_at,campaign,{HOSTILE}\n"
    log = header + "".join(f"{one},2026-03-03T08:00:00Z,{HOSTILE},=HYPERLINK(1)\n" for one in who)
    reply = f'550 5.1.1 User unknown {HOSTILE} "><img src=x onerror=alert(1)> {rtl} {"x" * 3000}'
    return {
        f"../../{HOSTILE}.mbox": mailbox(bounce(who[0], reply, HOSTILE), bounce(who[1], reply, HOSTILE)),
        f'"><b>{rtl}.csv': log.encode(),
    }


def zip_bomb(mib: int = 100) -> bytes:
    """A small archive that would unpack to much more: one mail of blanks."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("a.eml", "w") as member,
    ):
        member.write(b"From: a@b.example\nSubject: x\n\n")
        for _ in range(mib):
            member.write(b" " * 1024 * 1024)
    return packed.getvalue()
