"""50,000 messages in a folder on a real Dovecot: few commits, little memory, each record once."""

from __future__ import annotations

import os
import subprocess
import sys

from bounce_mail import COMMAND, as_mbox, bounces, kept
from servers.dovecot import PASSWORD, dovecot

MESSAGES = 50_000
#: Runs a command and prints the most memory (KiB) and the CPU seconds that it took. Started from here directly, the
#: command would be charged with the memory of this process, which it was before it became itself.
MEASURED = """
import os, subprocess, sys
running = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(running.pid, 0)
print(used.ru_maxrss, used.ru_utime + used.ru_stime)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_fifty_thousand_messages(tmp_path):
    place, said = tmp_path / "space", tmp_path / "said"
    with dovecot(mbox=True) as server:
        server.fill(as_mbox(bounces(range(start, start + 1000))) for start in range(0, MESSAGES, 1000))
        command = [*COMMAND, "watch", "--once", "--workspace", place, "--imap", server.url()]
        command += ["--password-env", "TEAM_PASSWORD", "--ca-file", server.ca_file]
        with said.open("wb") as lines:
            done = subprocess.run(
                [sys.executable, "-c", MEASURED, *command],
                env={**os.environ, "TEAM_PASSWORD": PASSWORD},
                stdout=subprocess.PIPE,
                stderr=lines,
            )
        assert done.returncode == 0, said.read_text()[-2000:]
    memory, seconds = map(float, done.stdout.split())
    assert kept(place) == list(range(MESSAGES))
    commits = len(list((place / "bounces" / "_delta_log").glob("*.json")))
    assert MESSAGES / 500 <= commits <= MESSAGES / 500 + 10
    assert memory < 700 * 1024, "KiB at the most"
    assert seconds < 120, "seconds of CPU"
