"""50,000 messages in a folder on a real Dovecot: few commits, little memory, each record once."""

from __future__ import annotations

import os
import subprocess

from bounce_mail import COMMAND, as_mbox, bounces, kept
from servers.dovecot import PASSWORD, dovecot

MESSAGES = 50_000


def test_fifty_thousand_messages(tmp_path):
    place, said = tmp_path / "space", tmp_path / "said"
    with dovecot(mbox=True) as server:
        server.fill(as_mbox(bounces(range(start, start + 1000))) for start in range(0, MESSAGES, 1000))
        command = [*COMMAND, "watch", "--once", "--workspace", place, "--imap", server.url()]
        command += ["--password-env", "TEAM_PASSWORD", "--ca-file", server.ca_file]
        with said.open("wb") as lines:
            running = subprocess.Popen(command, env={**os.environ, "TEAM_PASSWORD": PASSWORD}, stderr=lines)
            _, status, used = os.wait4(running.pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0, said.read_text()[-2000:]
    assert kept(place) == list(range(MESSAGES))
    commits = len(list((place / "bounces" / "_delta_log").glob("*.json")))
    assert MESSAGES / 500 <= commits <= MESSAGES / 500 + 10
    assert used.ru_maxrss < 700 * 1024, "KiB at the most"
    assert used.ru_utime + used.ru_stime < 120, "seconds of CPU"
