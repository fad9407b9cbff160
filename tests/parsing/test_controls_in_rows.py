"""Control characters of a mail reach no column: a terminal would act on them, and a NUL ends a row of CSV too early."""

from __future__ import annotations

from pathlib import Path

import analyzer

DSN = """\
Received: by mx.example.org; Mon, 02 Mar 2026 09:11:21 +0000
From: MAILER-DAEMON@mx.example.org
To: founder@sender.example
Subject: Undelivered \x1b]0;yours\x07 mail
Date: Mon, 02 Mar 2026 09:11:21 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=B

--B
Content-Type: text/plain

No such user.
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; jane.roe@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No \x1b[31msuch\x00 user\x7f here

--B--
"""


def test_no_control_character_reaches_a_column(tmp_path: Path) -> None:
    path = tmp_path / "bounce.eml"
    path.write_bytes(DSN.encode())
    row = analyzer.parse(path).to_dict("records")[0]
    assert row["diagnostic"] == "550 5.1.1 No [31msuch user here"
    assert row["reason"] == "user_unknown"
    texts = {name: value for name, value in row.items() if isinstance(value, str)}
    assert {name: value for name, value in texts.items() if not value.isprintable()} == {}
