"""`bounce-analyzer watch`, as a person, systemd and cron run it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest
from bounce_mail import COMMAND, as_mbox, bounces, kept, wait_for
from servers.dovecot import PASSWORD
from servers.programs import free_port, listening, started, wait_until


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "watch", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, env={**os.environ, **environment})


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    path = tmp_path / "spool"
    path.write_bytes(as_mbox(bounces(range(3))))
    os.utime(path, (1, 1))
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(spool, place, number):
    command = [*COMMAND, "watch", "--workspace", place, "--spool", spool]
    with started(command, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert "event=following" in running.stderr.readline()
        wait_for(place, 3)
        running.send_signal(number)
        said = running.stderr.read()
    assert running.returncode == 0
    assert said.splitlines()[-1].endswith("messages=3 bounces=3 new=3")
    assert "event=stopped" in said.splitlines()[-1]


def test_once_and_verbose(spool, place, server):
    done = run("--workspace", place, "--spool", spool, "--once", "--verbose")
    assert (done.returncode, done.stdout) == (0, "")
    assert "recipient=lead1@corp.example label=hard reason=user_unknown" in done.stderr
    assert kept(place) == [0, 1, 2]
    again = run("--workspace", place, "--spool", spool, "--once")
    assert "lead" not in again.stderr
    assert "messages=0 bounces=0 new=0" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "give one of"),
        (("--maildir", "a", "--spool", "b"), "not several"),
        (("--spool", "b", "--move-to", "x"), "--move-to works with --imap only"),
        (("--spool", "b", "--since", "2026-01-01"), "--since does not work with --spool"),
        (("--maildir", "a", "--since", "lately"), "--since lately: is neither a day nor an ISO week"),
        (("--imap", "imaps://a@b/c", "--password-env", "A", "--token-command", "b"), "give one of --password-env"),
        (("--imap", "imaps://a:geheim@b/c"), "a password does not belong in an address"),
        (("--maildir", "/nowhere"), "is no Maildir"),
        (("--listen", "127.0.0.1:0"), "--listen needs --webhooks"),
        (("--listen", "127.0.0.1:0", "--once"), "--listen goes with --webhooks"),
        (("--listen", "127.0.0.1:0", "--webhooks", "x", "--tls-key", "y"), "--tls-cert and --tls-key go together"),
        (("--spool", "b", "--journal", "x"), "go with --listen only"),
    ],
)
def test_wrong_usage(tmp_path, arguments, says):
    done = run("--workspace", tmp_path, *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr


@pytest.mark.parametrize("option", ["--spool", "--maildir"])
def test_a_link_that_leads_to_itself_is_no_source(option, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    done = run("--workspace", tmp_path / "kept", option, tmp_path / "loop", "--once")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert str(tmp_path / "loop") in done.stderr


def test_an_object_store_needs_a_folder_for_the_state(spool):
    done = run("--workspace", "s3://bucket/space", "--spool", spool, "--once")
    assert done.returncode == 2
    assert "name a folder with --state" in done.stderr


def test_a_server_that_is_not_there_ends_once_and_nothing_else(place):
    done = run("--workspace", place, "--imap", "imap://jane@127.0.0.1:1/x", "--once", "--password-env", "P", P="x")
    assert done.returncode == 2
    assert done.stderr.count("event=waiting") == 4
    assert done.stderr.splitlines()[-1].startswith("bounce-analyzer: imap://127.0.0.1:1/x: the connection failed")
    assert PASSWORD not in done.stderr


def test_webhooks_by_the_same_command(tmp_path, place):
    port, hooks, secret = free_port(), tmp_path / "hooks.toml", tmp_path / "secret"
    secret.write_text("a-long-password")
    secret.chmod(0o600)
    hooks.write_text('[endpoint."/postmark"]\nprovider = "postmark"\nuser = "hooks"\nsecret_file = "secret"\n')
    command = [*COMMAND, "watch", "--workspace", place, "--listen", f"127.0.0.1:{port}", "--webhooks", hooks]
    with started(command, stderr=subprocess.PIPE) as running:
        wait_until(lambda: listening("127.0.0.1", port), "watch --listen", lambda: "")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            assert answer.status == 200
        running.send_signal(signal.SIGTERM)
    assert running.returncode == 0


def test_every_option_that_the_page_names_is_there():
    page = (Path(__file__).parents[2] / "docs" / "watch.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", re.sub(r"(?m)^.*\bcurl\b.*$", "", page)))
    # `--bounces` is that of the commands which read a mailbox once.
    assert named - set(re.findall(r"--[a-z-]+", run("--help").stdout)) == {"--bounces"}
    assert {"--imap", "--maildir", "--spool", "--once", "--move-to", "--token-command"} <= named
