"""The command: what it prints, writes and returns, offline and against servers on the loopback."""

from __future__ import annotations

import asyncio
import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from servers.mail_world import WORLD, World, mail_world
from servers.programs import started

import analyzer
from analyzer.errors import AnalyzerError

LEADS = (
    "Email,Company,Email Status,Verified At\n"
    "ann@example.org,=HYPERLINK(),Verified,2026-03-01\n"
    "info@@gmail,Brix,Verified,2026-03-01\n"
    ",Cask,,\n"
    "bob@example.org,Dorn,Guessed,\n"
)


def run(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "analyzer", "check", *map(str, arguments)],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("limits", "code", "told"), [((), 0, []), (("--fail-on", "verify_again:5%"), 1, ["6,000 leads"])]
)
def test_nothing_is_told_of_a_part_that_somebody_read(
    tmp_path: Path, limits: tuple[str, ...], code: int, told: list[str]
) -> None:
    """`check --json | head -1`: what was graded until the pipe closed is not the list."""
    many = tmp_path / "many.csv"
    many.write_text("email\n" + "".join(f"kim{n}@company{n}.example\n" for n in range(6_000)))
    command = [sys.executable, "-m", "analyzer", "check", str(many), "--json", "--allow-reserved", *limits]
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert json.loads(running.stdout.readline())["email"] == "kim0@company0.example"
        running.stdout.close()
        lines = running.stderr.read().splitlines()
    assert running.returncode == code
    assert [line[:11] for line in lines[:1]] == told


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_text(LEADS)
    return path


SAMPLE = ("--allow-reserved", "--as-of", "2026-03-20")


def test_a_person_sees_every_row_of_a_short_list_and_a_summary(leads: Path) -> None:
    done = run(leads, *SAMPLE)
    assert done.returncode == 0
    assert done.stderr == ""
    for text in ("several_at_signs", "info@gmail.com?", "blank_line", "4 leads checked", "send", "What to do:"):
        assert text in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet", "jsonl", "-"])
def test_every_kind_of_output_holds_the_same(leads: Path, tmp_path: Path, ending: str) -> None:
    out = "-" if ending == "-" else str(tmp_path / f"checked.{ending}")
    done = run(leads, *SAMPLE, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "4 leads checked" in done.stderr
    if ending == "csv":
        with Path(out).open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert rows[1]["reasons"] == "several_at_signs"
        assert rows[0]["Company"] == "'=HYPERLINK()"
    elif ending == "xlsx":
        sheet = openpyxl.load_workbook(out).active
        cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
        rows = [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]
        assert sheet.cell(2, cells[0].index("Company") + 1).data_type == "s"
        assert rows[0]["Company"] == "=HYPERLINK()"
    elif ending == "parquet":
        rows = pd.read_parquet(out).to_dict("records")
        assert list(rows[1]["reasons"]) == ["several_at_signs"]
    else:
        text = done.stdout if ending == "-" else Path(out).read_text()
        rows = [json.loads(line) for line in text.splitlines()]
        assert rows[1]["reasons"] == ["several_at_signs"]
    assert [row["grade"] for row in rows] == ["send", "do_not_send", "do_not_send", "verify_again"]
    assert [str(row["score"]) for row in rows] == ["92", "0", "0", "70"]
    assert [row["Email Status"] or "" for row in rows] == ["Verified", "Verified", "", "Guessed"]


def test_columns_can_be_chosen(leads: Path) -> None:
    done = run(leads, *SAMPLE, "--json", "--columns", "grade,email,own")
    assert list(json.loads(done.stdout.splitlines()[0])) == ["grade", "email", "Company", "Email Status", "Verified At"]


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        *(("50%", 0), ("49%", 1), ("2", 0), ("1", 1), ("do_not_send", 1), ("verify_again:75%", 0)),
        *(("verify_again:74%", 1), ("verify_again", 1), ("0.5", 0), ("0.49", 1), ("verify_again:0.74", 1)),
    ],
)
def test_a_pipeline_can_be_made_to_fail(leads: Path, limit: str, code: int) -> None:
    done = run(leads, *SAMPLE, "--fail-on", limit)
    assert done.returncode == code
    assert (f"--fail-on {limit}" in done.stderr) == bool(code)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.csv"], "nowhere.csv: cannot be read"),
        (["LEADS", "--smtp"], "--helo and --mail-from"),
        (["LEADS", "--smtp", "--helo", "probe.example.org"], "--mail-from"),
        (["LEADS", "--smtp", "--helo", "probe", "--mail-from", "me@example.org"], "no full host name"),
        (["LEADS", "--policy", "bold"], "strict, balanced, permissive"),
        (["LEADS", "--columns", "email,colour"], "colour"),
        (["LEADS", "--out", "checked.doc"], "'.doc'"),
        (["LEADS", "--json", "--out", "checked.csv"], "one of them"),
        (["LEADS", "--fail-on", "many"], "--fail-on many"),
        (["LEADS", "--fail-on", "500%"], "--fail-on 500%: is no limit"),
        (["LEADS", "--resolver", "192.0.2.1"], "DNS"),
        (["LEADS", "--dns", "--resolver", "nonsense:port"], "--resolver"),
        (["LEADS", "--as-of", "yesterday"], "--as-of yesterday"),
        (["LEADS", "--map", "Company"], "COLUMN=FIELD"),
        (["LEADS", "--suppress", "nowhere.txt"], "nowhere.txt"),
        (["LEADS", "--history", "nowhere.mbox"], "nowhere.mbox"),
        (["LEADS", "--resume"], "--resume"),
        (["LEADS", "--force"], "--force is about asking mail servers"),
        (["LEADS", "--smtp-port", "2525"], "--smtp-port is about asking mail servers"),
        (["LEADS", "--log", "LEADS"], "without the bounces"),
        (["LEADS", "--against", "LEADS"], "is no table of ours"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(leads: Path, arguments: list[str], told: str) -> None:
    done = run(*(leads if argument == "LEADS" else argument for argument in arguments))
    assert done.returncode == 2
    assert done.stdout == ""
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_earlier_grades_are_held_against_what_then_bounced(leads: Path, tmp_path: Path) -> None:
    checked, bounces = tmp_path / "checked.csv", tmp_path / "bounces.csv"
    assert run(leads, *SAMPLE, "--out", checked).returncode == 0
    bounces.write_text(
        "recipient,kind,label,fault,reason\nbob@example.org,bounce,hard,address,user_unknown\n", encoding="utf-8"
    )
    done = run(checked, "--against", bounces, "--json")
    assert done.returncode == 0, done.stderr
    matrix = {row["grade"]: row for row in json.loads(done.stdout)["matrix"]}
    assert [matrix[grade]["address"] for grade in ("send", "verify_again")] == [0, 1]
    assert "verify again" in run(checked, "--against", bounces, "--by", "Company").stdout
    assert run(checked, "--against", bounces, "--dns").returncode == 2


def test_the_standard_input_is_a_list(leads: Path) -> None:
    done = run("-", "--json", "--allow-reserved", given="ann@example.org\ngarbage\n")
    assert [json.loads(line)["grade"] for line in done.stdout.splitlines()] == ["verify_again", "do_not_send"]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with mail_world() as servers:
        yield servers


def probing(world: World, tmp_path: Path) -> list[str]:
    return [
        *("--smtp", "--force", "--helo", "probe.example.org", "--mail-from", "postmaster@example.org"),
        *("--resolver", world.resolver, "--smtp-port", str(world.port), "--allow-private"),
        *("--provider-rate", "6000", "--no-wait", "--cache", str(tmp_path / "cache.sqlite")),
    ]


def test_the_mailboxes_of_the_loopback_are_graded_by_what_is_true(world: World, tmp_path: Path) -> None:
    path = tmp_path / "leads.txt"
    path.write_text("\n".join(case.address for case in WORLD) + "\n", encoding="utf-8")
    done = run(path, "--json", *probing(world, tmp_path))
    assert done.returncode == 0, done.stderr
    rows = {row["email"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert list(rows) == [case.address for case in WORLD]
    for case in WORLD:
        grade = rows[case.address]["grade"]
        if case.takes_mail == "no":
            assert grade != "send", case
        else:
            # Greylisting is not waited for here: it is neither a yes nor a no.
            assert grade != "do_not_send", case
        if case.grade and "greylisting" not in case.truth:
            assert grade == case.grade, case
    # What is known is not asked again: the log of the servers stays as it is.
    asked = world.log.read_text().count("connect from")
    again = run(path, "--json", *probing(world, tmp_path))
    assert again.stdout == done.stdout
    assert world.log.read_text().count("connect from") == asked


def test_a_check_runs_where_an_event_loop_already_does(world: World) -> None:
    async def notebook() -> list[str]:
        return list(analyzer.check(["a@known.example"], dns=True, resolver=world.resolver)["domain_state"])

    assert asyncio.run(notebook()) == ["mx"]


def test_domains_alone_are_looked_up_through_the_resolver(world: World, tmp_path: Path) -> None:
    done = run(
        "-",
        "--dns",
        "--resolver",
        world.resolver,
        "--allow-private",
        "--json",
        given="a@null.example\na@nowhere.example\na@known.example\n",
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["domain_state"] for row in rows] == ["null_mx", "nxdomain", "mx"]
    assert [row["reasons"][0] for row in rows] == ["null_mx", "domain_not_found", "not_verified"]


def test_a_list_is_never_written_over(leads: Path) -> None:
    done = run(leads, *SAMPLE, "--out", leads)
    assert (done.returncode, leads.read_text()) == (2, LEADS)
    assert "write to another file" in done.stderr


@pytest.mark.parametrize("option", ["--suppress", "--banned", "--disposable"])
def test_nor_is_a_list_of_ones_own(leads: Path, option: str) -> None:
    own = leads.with_name("own.csv")
    own.write_text("domain\nbanned.example\n")
    done = run(leads, option, own, "--out", own)
    assert (done.returncode, "read by this very run" in done.stderr) == (2, True)
    assert own.read_text() == "domain\nbanned.example\n"


def test_a_comparison_without_bounces_is_refused(leads: Path) -> None:
    done = run(leads, "--by", "Company")
    assert done.returncode == 2
    assert "--against" in done.stderr


def test_a_cell_of_thousands_of_characters_does_not_fill_the_screen() -> None:
    done = run("-", given=f"{'a' * 10_000}@example.org\n")
    assert done.returncode == 0
    assert "address_too_long" in done.stdout
    assert len(done.stdout) < 2_000


def test_numbers_of_one_are_told_in_the_singular() -> None:
    done = run("-", *SAMPLE, given="email,status\n ann@example.org,verified\nbob@gmail.con,verified\n")
    for text in ("1 cell was cleaned", "1 suggestion of", "stands in", "fewer than one (2.0 %) is expected"):
        assert text in done.stdout


@pytest.fixture
def own_rule(tmp_path: Path) -> Path:
    """A folder of a rule that takes a refusal as spam for an unknown user."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "own.toml").write_text(
        "[[rule]]\nid = 'own/rope'\npattern = 'velvet rope'\nreason = 'user_unknown'\nwhy = 'w'\n"
        "examples = ['550 velvet rope']\nnear_misses = ['550 rope']\n"
    )
    return folder


@pytest.fixture
def roped(tmp_path: Path) -> Path:
    """A bounce of kim@lumen.org that the rule is about."""
    path = tmp_path / "bounce.eml"
    path.write_text(
        "From: MAILER-DAEMON@mx.lumen.org\nTo: ava@us.example\nSubject: Undelivered Mail Returned to Sender\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.lumen.org\n\n"
        "Final-Recipient: rfc822; kim@lumen.org\nAction: failed\nDiagnostic-Code: smtp; 550 5.7.1 spam message rejected: velvet rope\n\n--b--\n"
    )
    return path


def test_the_history_is_judged_by_own_rules_too(own_rule: Path, roped: Path) -> None:
    asked = ("-", *SAMPLE, "--json", "--history", roped)
    lead = "email,status\nkim@lumen.org,verified\n"
    grades = [json.loads(run(*asked, *more, given=lead).stdout)["grade"] for more in ((), ("--rules", own_rule))]
    assert grades[0] != grades[1] == "do_not_send"


def test_what_then_bounced_is_judged_by_own_rules_too(own_rule: Path, roped: Path, tmp_path: Path) -> None:
    """Messages as well as the texts of a log."""
    checked, log = tmp_path / "checked.csv", tmp_path / "log.csv"
    checked.write_text("email,grade\nkim@lumen.org,send\nlee@lumen.org,send\n")
    log.write_text(
        "email,sent at,bounced,bounce reason\nkim@lumen.org,,,\nlee@lumen.org,,yes,550 5.7.1 spam message: velvet rope\n"
    )
    told = [
        json.loads(run(checked, "--against", roped, "--log", log, "--json", *more).stdout)["matrix"][0]
        for more in ((), ("--rules", own_rule))
    ]
    assert [row["grade"] for row in told] == ["send", "send"]
    assert [(row["address"], row["spam"]) for row in told] == [(0, 2), (2, 0)]


def test_a_workspace_says_what_a_file_of_bounces_and_the_log_say(tmp_path):
    from analyzer.api import ingest

    sample = Path(__file__).parents[2] / "sample_data"
    sources = {"bounces": [sample / "bounces.mbox"], "log": sample / "log.csv", "leads": sample / "leads.csv"}
    ingest(tmp_path / "space", **sources)
    told = analyzer.check(
        sample / "next_leads.csv",
        history=sources["bounces"],
        history_log=[sources["log"]],
        history_leads=[sources["leads"]],
        allow_reserved=True,
        as_of=date(2026, 3, 31),
    )
    kept = analyzer.check(
        sample / "next_leads.csv", workspace=tmp_path / "space", allow_reserved=True, as_of=date(2026, 3, 31)
    )
    pd.testing.assert_frame_equal(told, kept)
    alone = analyzer.check(sample / "next_leads.csv", allow_reserved=True, as_of=date(2026, 3, 31))
    assert (kept["score"] != alone["score"]).any()


def test_a_workspace_that_holds_nothing_is_an_error(tmp_path):
    with pytest.raises(AnalyzerError, match="holds no history; take files in with bounce-analyzer ingest"):
        analyzer.check(["jane@corp.example"], workspace=tmp_path / "nowhere")
