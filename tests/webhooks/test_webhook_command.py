"""`watch --listen` as a person starts it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import webhook_senders as senders
from servers.programs import started
from webhook_process import bounces_in, send, write_config
from webhook_senders import PASSWORD


def command(folder: Path, config: Path) -> list[str]:
    start = [sys.executable, "-m", "analyzer", "watch", "--workspace", str(folder / "workspace")]
    return [*start, "--listen", "127.0.0.1:0", "--webhooks", str(config)]


def test_a_bounce_comes_into_the_workspace_and_sigterm_ends_it_with_0(tmp_path: Path) -> None:
    text = '[endpoint."/brevo"]\nprovider = "brevo"\nsecret_file = "password"\n'
    keys = tmp_path / "verp.keys"
    keys.touch(0o600)
    keys.write_text("k" * 40 + "\n")
    config = write_config(tmp_path, text, password=PASSWORD)
    asked = [*command(tmp_path, config), "--verp-key-file", str(keys)]
    with started(asked, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        line = running.stderr.readline()
        assert line.startswith("listening for webhooks on http://127.0.0.1:")
        request = senders.bearer_request(senders.brevo_event(1))
        assert send(int(line.rpartition(":")[2]), "/brevo", request)[0] == 200
        running.send_signal(signal.SIGTERM)
    assert running.returncode == 0
    assert list(bounces_in(tmp_path / "workspace")["recipient"]) == ["lead1@corp1.example"]


def test_a_configuration_that_cannot_be_is_a_line_and_2(tmp_path: Path) -> None:
    config = write_config(tmp_path, '[endpoint."/brevo"]\nprovider = "brevo"\nsecret = "x"\n')
    ended = subprocess.run(command(tmp_path, config), capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "secret stands in the file itself" in ended.stderr
    assert ended.stderr.count("\n") == 1
