"""What the program logs: structured, quiet unless asked, without an address at info and above, without a secret ever."""

from __future__ import annotations

import ast
import io
import json
import logging
from pathlib import Path

import pytest
from output_campaign import Small
from output_forks import Forks

import analyzer
from analyzer import logbook
from analyzer.errors import AnalyzerError
from analyzer.logbook import Log
from analyzer.redaction import without_secrets


def lines(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


def test_a_line_is_key_and_value() -> None:
    stream = io.StringIO()
    Log.to(stream, "watch", source="imaps://imap.example.com/INBOX").info("taken", messages=12, why='a "b" c', none="")
    (line,) = lines(stream)
    assert line.partition(" ")[2] == (
        'level=info part=watch event=taken source=imaps://imap.example.com/INBOX messages=12 why="a \\"b\\" c" none=""'
    )


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_no_address_at_info_and_above(level: str) -> None:
    stream = io.StringIO()
    log = Log.to(stream, "watch", level="debug", source="/var/mail/jane.roe@corp.example")
    getattr(log, level)("skipped", message="jane.roe@corp.example#3", why="550 <jane.roe@corp.example>", link="amFuZS5yb2VAY29ycC5leGFtcGxl")  # fmt: skip
    assert "jane" not in stream.getvalue()
    assert "amFuZ" not in stream.getvalue()
    log.debug("bounce", recipient="jane.roe@corp.example")
    assert "recipient=jane.roe@corp.example" in lines(stream)[1]


def test_a_stranger_cannot_write_a_line() -> None:
    stream = io.StringIO()
    Log.to(stream, "watch").warning("skipped", why="x\ntime=now level=info event=forged\x1b[2J\u202e")
    assert len(lines(stream)) == 1
    assert 'why="x time=now level=info event=forged"' in stream.getvalue()


@pytest.fixture
def untouched() -> object:
    root = logging.getLogger("analyzer")
    kept = root.handlers, root.level, root.propagate
    yield None
    root.handlers, root.level, root.propagate = kept


def test_json_lines_and_levels(untouched: object, capsys: pytest.CaptureFixture[str]) -> None:
    logbook.set_up("info", "json")
    Log("ingest").info("kept", table="sends", new=3, share=0.5, whole=True, none=None)
    Log("ingest").debug("row")
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert told.pop("time").endswith("Z")
    assert told == {
        "level": "info", "part": "ingest", "event": "kept", "table": "sends", "new": 3, "share": 0.5, "whole": True, "none": None,
    }  # fmt: skip


def test_the_environment_speaks_where_the_command_line_does_not(untouched: object, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv(logbook.VARIABLE, "debug,json")
    logbook.set_up()
    assert logging.getLogger("analyzer").level == logging.DEBUG
    logbook.set_up("error")
    assert logging.getLogger("analyzer").level == logging.ERROR
    monkeypatch.setenv(logbook.VARIABLE, "loud")
    with pytest.raises(AnalyzerError, match="'loud' is none of"):
        logbook.set_up()


def test_options_before_the_command(small: Small, forks: Forks, tmp_path: Path) -> None:
    ingest = ["ingest", "--workspace", tmp_path / "w", "--leads", small.leads]
    told = forks.run("--log-level", "info", "--log-format", "json", *ingest)
    events = [json.loads(line) for line in told.err.splitlines() if line.startswith("{")]
    assert [(one["part"], one["event"]) for one in events] == [("ingest", "read"), ("ingest", "kept")]
    quiet = forks.run(*ingest)
    assert not [line for line in quiet.err.splitlines() if "level=" in line or line.startswith("{")]
    wrong = forks.run("--log-level", "chatty", *ingest)
    assert (wrong.code, "--log-level chatty: is none of debug, info, warning, error" in wrong.err) == (2, True)
    # What takes several values after one option does so behind these as well.
    assert forks.run("--log-level", "error", "ingest", "--workspace", tmp_path / "w", "--leads", small.leads, small.ahead).code == 0  # fmt: skip


def test_as_a_library_it_is_silent(capfd: pytest.CaptureFixture[str], untouched: object) -> None:
    root = logging.getLogger("analyzer")
    root.handlers = [logging.NullHandler()]
    root.propagate = False
    Log("watch").error("nobody hears")
    assert capfd.readouterr() == ("", "")


def test_commands_print_through_one_place() -> None:
    """So that no line can leave out the cleaning: `analyzer.cli.screen` alone prints."""
    folder = Path(analyzer.__file__).parent / "cli"
    # The version is a constant of ours.
    allowed = {"screen.py", "ending.py"}
    printing = []
    for path in folder.glob("*.py"):
        if path.name in allowed:
            continue
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        printing += [(path.name, ast.unparse(one)) for one in calls if ast.unparse(one.func) in {"print", "typer.echo"}]
    assert printing == []


# Secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("proxy http://jane:s3cret@proxy.example:3128 refused", "proxy http://…@proxy.example:3128 refused"),
        ("https://AKIA123:wJalrXUtnFEMI/K7@bucket.example/x", "https://…@bucket.example/x"),
        ("imaps://jane:p@ss@imap.example/INBOX refused", "imaps://…@imap.example/INBOX refused"),
        ("http://proxy.example:3128/ told jane@corp.example", "http://proxy.example:3128/ told jane@corp.example"),
        ("imaps://jane@corp.example@imap.example/INBOX", "imaps://jane@corp.example@imap.example/INBOX"),
        ("https://x.example/?api_key=0123456789&b=1", "https://x.example/?api_key=…&b=1"),
        ('{"aws_secret_access_key": "wJalrXUtnFEMI"}', '{"aws_secret_access_key": "…"}'),
        ("password=hunter22 wrong", "password=… wrong"),
        ("550 5.1.1 user unknown", "550 5.1.1 user unknown"),
    ],
)
def test_secrets_of_a_text(text: str, shown: str) -> None:
    assert without_secrets(text, {}) == shown


def test_what_the_environment_keeps_secret_stays_so() -> None:
    kept = {
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
        "TEAM_PASSWORD_FILE": "/etc/secret-place",
        "PATH": "/usr/bin:/bin",
    }
    assert without_secrets("denied for wJalrXUtnFEMI in /etc/secret-place", kept) == "denied for … in /etc/secret-place"


@pytest.mark.parametrize(
    "arguments",
    [
        ["parse", "imaps://jane:geheim-123@imap.example.com/INBOX"],
        ["watch", "--workspace", "w", "--imap", "imaps://jane:geheim-123@imap.example.com/INBOX"],
        ["weekly", "--workspace", "s3://key:geheim-123@127.0.0.1:9/bucket"],
        ["ingest", "--workspace", "w", "--bounces", "https://key:geheim-123@x.example/y"],
        ["audit", "x.example", "--resolver", "dns://key:geheim-123@x.example"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_no_error_repeats_a_password(arguments: list[str], forks: Forks, tmp_path: Path) -> None:
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "x", "AWS_ACCESS_KEY_ID": "geheim-123", "AWS_SECRET_ACCESS_KEY": "geheim-123"}  # fmt: skip
    done = forks.run("--log-level", "debug", *arguments, cwd=str(tmp_path), environment=nowhere)
    assert done.code == 2, done.err
    assert "geheim" not in done.err + done.out.decode()
    assert sum(line.startswith("bounce-analyzer: ") for line in done.err.splitlines()) == 1


def test_a_fault_of_our_own_has_its_own_code_and_names_nobody(capsys: pytest.CaptureFixture[str], untouched: object) -> None:  # fmt: skip
    from analyzer.cli import ending

    def fails() -> None:
        raise KeyError("jane.roe@corp.example https://a:geheim-123@x.example")

    for level, traced in (("warning", False), ("debug", True)):
        logbook.set_up(level)
        with pytest.raises(SystemExit) as ended:
            ending.run(fails, redact=False)
        said = capsys.readouterr().err
        assert ended.value.code == 70
        assert ("Traceback" in said) is traced
        assert "jane" not in said
        assert "geheim" not in said
        assert said.splitlines()[-1].startswith("bounce-analyzer: failed by a fault of its own (KeyError)")
