"""`--redact` means the same everywhere: no output of any command, on disk or on a screen, names an address that went in."""

from __future__ import annotations

import base64
import binascii
import re
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from output_campaign import ADDRESS, Small
from output_forks import Ended, Forks
from typer.core import TyperGroup
from typer.main import get_command

from analyzer import redaction
from analyzer.cli import app

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")


def readings(data: bytes) -> list[str]:
    """What a reader of bytes finds in them: as they are, and out of quoted-printable and base64."""
    found = [data, binascii.a2b_qp(data)]
    for token in _BASE64.findall(data):
        bare = token.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):
            part = bare[start:]
            if len(part) % 4 != 1:
                found.append(base64.b64decode(part + b"=" * (-len(part) % 4)))
    return [one.decode("utf-8", "replace").casefold() for one in found]


def named(data: bytes, known: set[str]) -> list[str]:
    """The addresses of `known` in bytes, in whatever form."""
    encoded = {name.replace("@", sign): name for name in known for sign in ("=", "%40")}
    found = set()
    for text in readings(data):
        plain = text.replace("<wbr>", "").replace("&#39;", "'").replace("&amp;", "&")
        found |= known & {one for name in ADDRESS.findall(plain) for one in (name, name.rpartition("=")[2])}
        found |= {encoded[one] for one in re.findall(r"[\w.+'-]+(?:=|%40)[\w.-]+\w", plain) if one in encoded}
    return sorted(found)


def content(path: Path) -> bytes:
    """A file, unpacked where it is a workbook or Parquet."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            return b"\n".join(book.read(name) for name in book.namelist())
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pandas().to_csv().encode()
    return path.read_bytes()


def clean(ended: Ended, folder: Path, known: set[str], *, masked: bool = True) -> None:
    """Nothing that a run left names anybody; with `masked` somebody was masked in it."""
    assert ended.code in (0, 1), ended.err
    texts = {"stdout": ended.out, "stderr": ended.err.encode()}
    texts |= {str(path.relative_to(folder)): content(path) for path in folder.rglob("*") if path.is_file()}
    for name, data in texts.items():
        assert named(data, known)[:3] == [], name
    assert not masked or any(b"***@" in data for data in texts.values())


@pytest.fixture(scope="module")
def known(small: Small) -> set[str]:
    found = small.addresses()
    assert len(found) > 900
    return found


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_parse(ending: str, small: Small, forks: Forks, tmp_path: Path, known: set[str]) -> None:
    clean(forks.run("parse", small.bounces, "--all", "--redact", "--jobs", "1", "--out", tmp_path / f"b.{ending}"), tmp_path, known)  # fmt: skip


def test_parse_to_the_screen_and_the_rejects(small: Small, forks: Forks, tmp_path: Path, known: set[str]) -> None:
    clean(forks.run("parse", small.bounces, "--redact", "--jobs", "1"), tmp_path, known)
    refused = forks.run("parse", small.bounces, "--redact", "--rejects", tmp_path / "rejects")
    assert (refused.code, "--redact cannot mask" in refused.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_classify_and_the_rules(forks: Forks, tmp_path: Path) -> None:
    who = "jane.roe@corp.example"
    lines = tmp_path / "lines.txt"
    lines.write_text(f"550 5.1.1 <{who}>: jane.roe is unknown here\n550 no odd words for {who} whatsoever\n" * 3)
    explain = ["rules", "explain", f"550 5.1.1 jane.roe: no such user {who}", "--recipient", who, "--redact"]
    for arguments in (
        ["classify", "--redact", "--recipient", who],
        ["classify", "--redact", "--recipient", who, "--json"],
        ["classify", "--redact", "--recipient", who, "--explain"],
        ["classify", "--redact", "--recipient", who, "--explain", "--json"],
    ):
        done = forks.run(*arguments, stdin=str(lines))
        assert (done.code, len(done.out.splitlines()) >= 6) == (0, True)
        assert b"jane" not in done.out + done.err.encode(), arguments
    done = forks.run(*explain)
    assert (done.code, b"jane" in done.out) == (0, False)
    done = forks.run("rules", "suggest", lines, "--redact", "--out", tmp_path / "own.toml")
    assert done.code == 0
    assert who.encode() not in done.out + (tmp_path / "own.toml").read_bytes()


def test_diagnose_with_what_it_says_beside(small: Small, forks: Forks, tmp_path: Path, known: set[str]) -> None:
    """Every file of the report is looked through in tests/report; here the screens, and the back-test."""
    arguments = ["diagnose", *small.inputs(), "--next", small.ahead, "--redact", "--backtest", "--jobs", "1"]
    clean(forks.run(*arguments, "--out", tmp_path), tmp_path, known)


def test_check(small: Small, forks: Forks, tmp_path: Path, known: set[str]) -> None:
    check = ["check", small.ahead, "--allow-reserved", "--redact", "--jobs", "1"]
    for out in (["--out", tmp_path / "c.csv"], ["--out", tmp_path / "c.xlsx"], []):
        clean(forks.run(*check, *out), tmp_path, known)
    head = (tmp_path / "c.csv").read_text().splitlines()[0].split(",")
    assert head[head.index("email") + 1] == "email_sha256"


def test_what_a_workspace_gives_out(
    small: Small, forks: Forks, workspace: Path, tmp_path: Path, known: set[str]
) -> None:
    again = ["ingest", "--workspace", workspace, *small.inputs(), "--redact", "--jobs", "1"]
    clean(forks.run("--log-level", "debug", *again), tmp_path, known, masked=False)
    clean(forks.run("workspace", "export", "--workspace", workspace, "--out", tmp_path / "tables", "--redact"), tmp_path, known)  # fmt: skip
    week = ["weekly", "--workspace", workspace, "--week", "2026-W09"]
    assert forks.run(*week, "--out", tmp_path / "weeks").code == 0
    # The index names earlier weeks in the words of their own pages.
    clean(forks.run(*week, "--out", tmp_path / "weeks", "--redact"), tmp_path, known)


def test_export_masks_or_says_why_not(diagnosed: Path, forks: Forks, tmp_path: Path, known: set[str]) -> None:
    for kind in ("ses", "salesforce", "postmark"):
        clean(forks.run("export", kind, diagnosed, "--out", tmp_path / kind, "--redact"), tmp_path, known)
    clean(forks.run("export", "grades", diagnosed, "--out", tmp_path / "grades", "--redact", "hash"), tmp_path, known)
    refused = forks.run("export", "google", diagnosed, "--redact")
    assert (refused.code, "holds hashes only" in refused.err) == (2, True)


def test_audit(forks: Forks, small: Small, tmp_path: Path, known: set[str]) -> None:
    """Nobody answers the look-ups; the bounces are named all the same."""
    audit = [
        "audit",
        "getnorthbeam.example",
        "--bounces",
        small.bounces,
        "--resolver",
        "127.0.0.1:9",
        "--timeout",
        "0.1",
    ]
    for more in ([], ["--json"]):
        clean(forks.run(*audit, "--redact", *more), tmp_path, known, masked=False)


def test_watch_and_its_log(small: Small, forks: Forks, tmp_path: Path, known: set[str]) -> None:
    watch = ["watch", "--spool", small.bounces, "--once", "--workspace"]
    quiet = forks.run(*watch, tmp_path / "one")
    assert (quiet.code, quiet.err, quiet.out) == (0, "", b"")
    told = forks.run("--log-level", "info", *watch, tmp_path / "two")
    assert "event=taken" in told.err
    assert named(told.err.encode(), known) == []
    verbose = forks.run(*watch, tmp_path / "three", "--verbose")
    assert named(verbose.err.encode(), known) != []
    masked = forks.run(*watch, tmp_path / "four", "--verbose", "--redact")
    assert "event=bounce" in masked.err
    assert named(masked.err.encode(), known) == []


@pytest.mark.parametrize("command", [["parse"], ["diagnose", "--log"], ["check"], ["ingest", "--workspace", "w", "--log"], ["audit", "x.example", "--bounces"]])  # fmt: skip
def test_errors(command: list[str], forks: Forks, tmp_path: Path) -> None:
    done = forks.run(*command, tmp_path / "jane.roe@corp.example.csv", "--redact", cwd=str(tmp_path))
    assert done.code == 2
    assert "***@corp.example.csv" in done.err
    assert "jane" not in done.err


def test_a_row_is_masked_as_a_frame_is() -> None:
    row = {"recipient": "jane@a.example", "diagnostic": "550 jane unknown", "reasons": ("bad",), "note": ["b@c.example"], "n": 3}  # fmt: skip
    assert redaction.masked_row(row) == {
        "recipient": "j***@a.example", "diagnostic": "550 *** unknown", "reasons": ("bad",), "note": ["***@c.example"], "n": 3,
    }  # fmt: skip


def test_every_command_that_names_people_has_the_option() -> None:
    def options(group: TyperGroup, before: str = "") -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for name, command in group.commands.items():
            if isinstance(command, TyperGroup):
                found |= options(command, f"{name} ")
            else:
                found[before + name] = {option for parameter in command.params for option in parameter.opts}
        return found

    commands = options(get_command(app))  # type: ignore[arg-type]
    without = {name for name, known in commands.items() if "--redact" not in known}
    # These print counts and rules of ours, or sign the addresses that they are given.
    counts = {"workspace info", "workspace compact", "workspace forget", "workspace retain"}
    rules = {"rules list", "rules show", "rules test"}
    assert {name for name in without if not name.startswith("verp ")} == counts | rules
