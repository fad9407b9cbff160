"""The workspace: the same thing twice changes nothing, writers do not lose each other's rows, and what is forgotten is gone."""

from __future__ import annotations

import json
import multiprocessing
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from servers.programs import of_ours, started

import analyzer
from analyzer.api import ingest, run_diagnosis, run_weekly
from analyzer.cli import main
from analyzer.errors import AnalyzerError
from analyzer.history import Workspace
from analyzer.history.tables import LEADS, SENDS
from analyzer.sources.tables.platforms import EXTRAS

DAY = "2026-03-02T09:00:00Z"


def log(count: int, *, start: int = 0, ids: bool = True, at: str = DAY) -> pd.DataFrame:
    names = [f"lead{number}@corp{number % 40}.example" for number in range(start, start + count)]
    frame = pd.DataFrame({"recipient": names, "sent_at": pd.to_datetime([at] * count), "campaign": "Q1", "step": "1"})
    frame["message_id"] = [f"<m{number}@out.example>" for number in range(start, start + count)] if ids else ""
    return frame


def bounces(count: int, *, start: int = 0, text: str = "550 5.1.1 user unknown") -> pd.DataFrame:
    numbers = range(start, start + count)
    return pd.DataFrame(
        {
            "kind": "bounce",
            "received_at": "2026-03-03T10:00:00Z",
            "recipient": [f"lead{number}@corp{number % 40}.example" for number in numbers],
            "diagnostic": text,
            "label": "hard",
            "fault": "address",
            "reason": "user_unknown",
            "record_id": [f"r{number}" for number in numbers],
            "original_message_id": [f"<m{number}@out.example>" for number in numbers],
            "transient": False,
            "confidence": 0.97,
            "retry_after_s": None,
        }
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "space"


def test_the_same_twice_changes_nothing(place):
    space = Workspace(place)
    first = [space.add_sends(log(50)), space.add_bounces(bounces(5))]
    again = [space.add_sends(log(50)), space.add_bounces(bounces(5))]
    assert [(done.added, done.updated) for done in first] == [(50, 0), (5, 0)]
    assert [(done.added, done.updated, done.known) for done in again] == [(0, 0, 50), (0, 0, 5)]
    assert (len(space.sends()), len(space.bounces())) == (50, 5)


def test_mails_that_look_alike_are_still_as_many(place):
    """Two mails to one lead in one minute, without Message-IDs, are two; the same log again adds none."""
    twice = pd.concat([log(10, ids=False), log(10, ids=False)])
    space = Workspace(place)
    assert space.add_sends(twice).added == 20
    assert space.add_sends(twice).added == 0


def test_what_is_read_back_is_what_went_in(place):
    space = Workspace(place)
    space.add_sends(log(3))
    space.add_bounces(bounces(3))
    sends, back = space.sends(), space.bounces()
    assert sends["recipient"].tolist() == log(3)["recipient"].tolist() or set(sends["recipient"]) == set(
        log(3)["recipient"]
    )
    assert (sends["sent_at"] == pd.Timestamp(DAY)).all()
    assert back["confidence"].tolist() == [0.97] * 3
    assert back["transient"].tolist() == [False] * 3
    assert back["retry_after_s"].isna().all()
    assert list(back.columns) == list(analyzer.BOUNCE_COLUMNS)


def test_later_news_of_the_same_mail_is_taken(place):
    space = Workspace(place)
    space.add_sends(log(4))
    space.add_bounces(bounces(2, text=""))
    later = log(4).assign(bounced=["TRUE", "", "", ""])
    assert space.add_sends(later).updated == 1
    assert space.add_bounces(bounces(2)).updated == 2
    assert space.sends()["bounced"].tolist().count("TRUE") == 1
    assert set(space.bounces()["diagnostic"]) == {"550 5.1.1 user unknown"}
    # An emptier reading of it takes nothing away.
    assert space.add_bounces(bounces(2, text="")).updated == 0


def test_the_newest_reading_of_a_lead_counts(place):
    space = Workspace(place)
    lead = pd.DataFrame({"email": ["Jane@Corp.example"], "email_status": ["guessed"], "industry": ["Banking"]})
    space.add_leads(lead, seen_at=pd.Timestamp("2026-03-01", tz="UTC"))
    assert space.add_leads(lead, seen_at=pd.Timestamp("2026-03-02", tz="UTC")).known == 1
    newer = lead.assign(email=["jane@corp.example"], email_status=["verified"])
    assert space.add_leads(newer, seen_at=pd.Timestamp("2026-03-03", tz="UTC")).updated == 1
    assert space.add_leads(lead, seen_at=pd.Timestamp("2026-02-01", tz="UTC")).known == 1
    assert space.leads()["email_status"].tolist() == ["verified"]


def test_only_the_weeks_asked_for(place):
    space = Workspace(place)
    for number, at in enumerate(["2025-12-29T09:00:00Z", "2026-03-02T09:00:00Z", "2026-03-09T09:00:00Z"]):
        space.add_sends(log(10 * (number + 1), start=100 * number, at=at))
    space.add_sends(log(5, start=900).assign(sent_at=pd.NaT))
    assert [len(space.sends(since=since)) for since in ("2026-W10", "2026-W11")] == [55, 35]
    assert len(space.sends(since="2026-W01", until="2026-W01")) == 10
    sends = next(table for table in space.info() if table.table == "sends")
    assert (sends.rows, sends.first, sends.last) == (65, "2026-W01", "2026-W11")


def test_forgotten_is_gone_from_every_file(place):
    space = Workspace(place)
    who = "lead3@corp3.example"
    space.add_sends(log(20))
    space.add_bounces(bounces(5, text=f"550 5.1.1 <{who}> user unknown"))
    space.add_leads(pd.DataFrame({"email": [who, "other@corp.example"], "industry": "Retail"}))
    # One send, one lead, and all five bounces, whose text names the address.
    assert space.forget("Lead3@CORP3.example") == 7
    assert (len(space.sends()), len(space.leads()), len(space.bounces())) == (19, 1, 0)
    for path in place.rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            if path.suffix == ".parquet":
                text = pd.read_parquet(path).to_csv().encode()
            assert who.encode() not in text.lower(), path
    assert space.forget(who) == 0


def test_old_weeks_are_dropped_and_the_rest_stays(place):
    space = Workspace(place)
    space.add_sends(log(10, at="2020-01-06T09:00:00Z"))
    recent = pd.Timestamp.now(tz="UTC").isoformat()
    space.add_sends(log(7, start=50, at=recent))
    assert space.retain(30) == 10
    assert len(space.sends()) == 7
    assert space.compact().keys() >= {"sends"}
    assert len(space.sends()) == 7


def _write(place: str, writer: int) -> None:
    space = Workspace(place)
    for turn in range(4):
        space.add_sends(log(20, start=1000 * writer + 20 * turn))
        space.add_sends(log(10, start=90_000))


def test_writers_at_once_lose_nothing_and_readers_see_whole_versions(place):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(str(place), number)) for number in range(3)]
    for writer in writers:
        writer.start()
    sizes = []
    until = time.monotonic() + 120
    while any(writer.is_alive() for writer in writers) and time.monotonic() < until:
        sizes.append(len(Workspace(place).sends()))
        time.sleep(0.05)
    for writer in writers:
        writer.kill()
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert len(Workspace(place).sends()) == 3 * 80 + 10
    # Every commit adds 20 or 10 rows: a reader that saw half of one would see another number.
    assert all(size % 10 == 0 for size in sizes), sizes


def test_without_any_word_of_bounces_there_is_no_all_clear(tmp_path: Path) -> None:
    """A workspace into which only a log was taken, which does not say what bounced."""
    log = tmp_path / "log.csv"
    log.write_text("recipient,sent_at\n" + "".join(f"p{n}@d{n}.example,2026-03-02T09:00:00Z\n" for n in range(300)))
    ingest(tmp_path / "kept", log=log)
    from_files = run_diagnosis(log=log).diagnosis
    kept = run_diagnosis(workspace=tmp_path / "kept").diagnosis
    assert kept.data_quality.recommendation == from_files.data_quality.recommendation == "insufficient_evidence"
    assert kept.deliverability.side == from_files.deliverability.side == "undetermined"
    (tmp_path / "kept" / "watch").mkdir()
    assert run_diagnosis(workspace=tmp_path / "kept").diagnosis.deliverability.side == "none"


def test_a_week_in_which_nothing_bounced_is_taken_in(tmp_path: Path) -> None:
    """An empty mbox or Maildir is what such a week leaves; anything else without a message is a mistake."""
    (tmp_path / "bounces.mbox").touch()
    for name in ("new", "cur", "tmp"):
        (tmp_path / "Maildir" / name).mkdir(parents=True)
    (tmp_path / "folder").mkdir()
    place = tmp_path / "kept"
    done = ingest(place, log=log(20), bounces=[tmp_path / "bounces.mbox", tmp_path / "Maildir"])
    assert len(Workspace(place).sends()) == 20
    assert [line for line in done.warnings if "is empty, so that none came from there" in line] == [
        f"Bounces: {tmp_path / name} is empty, so that none came from there." for name in ("bounces.mbox", "Maildir")
    ]
    with pytest.raises(AnalyzerError, match="holds no message"):
        ingest(place, log=log(20, start=20), bounces=tmp_path / "folder")
    assert len(Workspace(place).sends()) == 20


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bounces.mbox", b""),
        ("bounces.csv", b"email,bounce_reason,bounced_at\n"),
        ("bounces.csv", "email;bounce_reason;bounced_at\r\n".encode("utf-16")),
    ],
)
def test_that_nothing_came_back_can_be_said(tmp_path: Path, name: str, content: bytes) -> None:
    """An export of no bounces is a row of names, and an empty mailbox is an empty mailbox."""
    (tmp_path / name).write_bytes(content)
    found = run_diagnosis(log=log(300), bounces=tmp_path / name).diagnosis
    assert found.deliverability.side == "none"
    assert found.totals.address.count == 0
    assert f"Bounces: {tmp_path / name} is empty, so that none came from there." in found.warnings


@pytest.mark.parametrize(("name", "content"), [("bounces.csv", b""), ("bounces.eml", b""), ("leads.csv", b"email\n")])
def test_an_export_that_failed_is_no_word_that_nothing_came_back(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AnalyzerError, match=r"is empty|has no mail header"):
        run_diagnosis(log=log(300), bounces=tmp_path / name)


def test_four_writers_and_two_readers_for_a_while():
    program = Path(__file__).parents[2] / "benchmarks" / "many_writers.py"
    done = subprocess.run([sys.executable, program, "--seconds", "20"], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert "nothing was lost, doubled or half seen" in done.stdout
    assert ": 0 takings-in" not in done.stdout


_VICTIM = """
import sys
sys.path[:0] = [{tests!r}]
from test_workspace import log, bounces
from analyzer.history import Workspace
print("ready", flush=True)
for start in range(0, 2000, 50):
    space = Workspace({place!r})
    space.add_sends(log(50, start=start))
    space.add_bounces(bounces(5, start=start))
"""


def test_killed_at_any_moment_it_can_be_read_and_gone_on_with(place):
    chance = random.Random(7)
    code = _VICTIM.format(tests=str(Path(__file__).parent), place=str(place))
    for _ in range(8):
        with started([sys.executable, "-c", code], stdout=subprocess.PIPE, env=of_ours()) as victim:
            assert victim.stdout and victim.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0.0, 0.4))
            victim.send_signal(signal.SIGKILL)
        space = Workspace(place)
        assert len(space.sends()) % 50 == 0
        assert len(space.bounces()) % 5 == 0
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=120, env=of_ours())
    assert done.returncode == 0
    space = Workspace(place)
    assert (len(space.sends()), space.sends()["message_id"].nunique()) == (2000, 2000)
    assert sorted(space.bounces()["record_id"]) == sorted(
        f"r{start + n}" for start in range(0, 2000, 50) for n in range(5)
    )


def test_the_sample_campaign_has_one_diagnosis_from_files_and_from_history(place):
    from analyzer.knowledge import data_folder

    sample = data_folder("sample_data")
    files = {
        "bounces": [sample / "bounces.mbox", sample / "bounces"],
        "log": sample / "log.csv",
        "leads": sample / "leads.csv",
    }
    for _ in range(2):
        ingest(place, **files)
    direct, kept = run_diagnosis(**files).diagnosis, run_diagnosis(workspace=place).diagnosis
    assert kept.totals == direct.totals
    assert kept.breakdown == direct.breakdown
    assert kept.data_quality.recommendation == direct.data_quality.recommendation
    assert kept.matching.matched == direct.matching.matched
    again = run_diagnosis(workspace=place)
    assert again.diagnosis == kept
    assert {one.path for one in kept.inputs} == {str(place)}
    assert again.mappings == (), "nobody has to look at names of columns that are our own"
    later = run_diagnosis(workspace=place, since="2026-W10").diagnosis
    assert 0 < later.totals.emails_sent < direct.totals.emails_sent
    assert run_diagnosis(workspace=place, since="2026-03-02").diagnosis == later, "the Monday of that week"
    since = run_diagnosis(workspace=place, since="2026-03-04").diagnosis
    sent = Workspace(place).sends(since="2026-W10")["sent_at"]
    assert since.totals.emails_sent == (sent >= pd.Timestamp("2026-03-04", tz="UTC")).sum() < len(sent)


def _run(monkeypatch, capsys, *arguments: object) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["bounce-analyzer", *map(str, arguments)])
    with pytest.raises(SystemExit) as done:
        main()
    said = capsys.readouterr()
    return int(done.value.code or 0), said.out, said.err


def test_the_commands(place, tmp_path, monkeypatch, capsys):
    table = tmp_path / "log.csv"
    log(12).to_csv(table, index=False)
    code, said, _ = _run(monkeypatch, capsys, "ingest", "--workspace", place, "--log", table)
    assert (code, said) == (0, "sends: 12 read, 12 new, 0 changed\n")
    assert "12 read, 0 new" in _run(monkeypatch, capsys, "ingest", "--workspace", place, "--log", table)[1]
    assert "sends: 12 rows" in _run(monkeypatch, capsys, "workspace", "info", "--workspace", place)[1]
    told = json.loads(_run(monkeypatch, capsys, "workspace", "info", "--workspace", place, "--json")[1])
    assert {one["table"]: one["rows"] for one in told["tables"]} == {"sends": 12, "runs": 2}
    assert (
        _run(monkeypatch, capsys, "workspace", "forget", "lead1@corp1.example", "--workspace", place)[1]
        == "1 row removed\n"
    )
    out = tmp_path / "out"
    assert _run(monkeypatch, capsys, "workspace", "export", "--out", out, "--workspace", place)[0] == 0
    assert len(pd.read_parquet(out / "sends.parquet")) == 11
    code, _, told_off = _run(monkeypatch, capsys, "diagnose", "--workspace", tmp_path / "nowhere")
    assert (code, told_off.count("\n"), "holds no sends" in told_off) == (2, 1, True)
    assert _run(monkeypatch, capsys, "workspace", "info", "--workspace", tmp_path / "nowhere")[0] == 2
    assert _run(monkeypatch, capsys, "ingest", "--workspace", place)[0] == 2


@pytest.mark.parametrize("label", ["2026-10", "W10", "2026-W60", "2026-W10' OR 1=1", "20260304"])
def test_what_is_no_day_and_no_week(place, label):
    Workspace(place).add_sends(log(1))
    with pytest.raises(AnalyzerError, match=r"--since .*: is neither a day nor an ISO week"):
        run_diagnosis(workspace=place, since=label)


def test_a_file_is_no_workspace(tmp_path):
    there = tmp_path / "file"
    there.write_text("x")
    with pytest.raises(AnalyzerError, match="is a file, no workspace"):
        Workspace(there)


def test_what_was_advised_is_kept_once(place, monkeypatch, capsys):
    from analyzer.knowledge import data_folder

    sample = data_folder("sample_data")
    ingest(place, bounces=sample / "bounces.mbox", log=sample / "log.csv", leads=sample / "leads.csv")
    for command in ("diagnose", "diagnose", "weekly"):
        monkeypatch.setattr(sys, "argv", ["bounce-analyzer", command, "--workspace", str(place)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
    capsys.readouterr()
    kept = Workspace(place).decisions()
    assert sorted(kept["command"]) == ["diagnose", "weekly"]
    told = kept[kept["command"] == "diagnose"].iloc[0]
    diagnosis = run_diagnosis(workspace=place).diagnosis
    assert told["recommendation"] == diagnosis.data_quality.recommendation
    assert told["address_rate"] == diagnosis.totals.address.rate
    assert (told["first_week"], told["last_week"]) == ("2026-W08", "2026-W11")


@pytest.mark.parametrize("name", ["a%20b", "100%25", "of %C3%BCber"])
def test_a_folder_that_reads_as_a_url_is_refused_in_words(tmp_path, name):
    """The engine of the tables would look for "a b", where it finds nothing, or somebody else's."""
    (tmp_path / name).mkdir()
    with pytest.raises(AnalyzerError, match=r"has %\w\w in its path, .*; choose a folder without"):
        Workspace(tmp_path / name).add_sends(log(1))
    assert not list((tmp_path / name).iterdir())


@pytest.mark.parametrize("name", ["50%", "a b", "müller", "it's", "what?", "[1]", "#2"])
def test_a_folder_of_any_other_name_is_a_workspace(tmp_path, name):
    from analyzer.history.files import TableFiles

    Workspace(tmp_path / name).add_sends(log(3))
    assert len(Workspace(tmp_path / name).sends()) == 3
    with TableFiles(tmp_path / name) as files:
        assert files.rows(f"SELECT count(*) AS rows FROM {files.relation('sends')}")["rows"].tolist() == [3]


def test_a_workspace_that_cannot_be_made_is_told_without_numbers(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(AnalyzerError, match=r"/taken/space: cannot be made: Not a directory; name a folder"):
        Workspace(tmp_path / "taken" / "space").add_sends(log(1))


def test_list_sources_and_templates_are_kept(place):
    leads = pd.DataFrame({"email": ["a@one.example"], "source": ["Conference list"]})
    run = ingest(place, leads=leads, log=log(2).assign(template="Short", list_source="Webinar"))
    assert not any("not keep" in line for line in run.warnings)
    assert Workspace(place).leads()["list_source"].tolist() == ["Conference list"]
    kept = Workspace(place).sends()
    assert (set(kept["template"]), set(kept["list_source"])) == ({"Short"}, {"Webinar"})


def older_than_sources(place: Path, kept: Workspace, at: Path) -> Workspace:
    """The same history as a version wrote it that knew of no list source and no template."""
    for kind, frame in ((SENDS, kept.sends()), (LEADS, kept.leads())):
        rows = pa.Table.from_pandas(kept_rows(place, kind.name), preserve_index=False)
        assert rows.num_rows == len(frame)
        parts = ["week"] if kind.partitioned else None
        write_deltalake(str(at / kind.name), rows.drop_columns([*EXTRAS]), partition_by=parts)
    return Workspace(at)


def kept_rows(place: Path, name: str) -> pd.DataFrame:
    return DeltaTable(str(place / name)).to_pandas()


def test_a_workspace_of_a_version_without_list_sources_is_read_and_goes_on(place, tmp_path):
    people = pd.DataFrame({"email": log(4)["recipient"], "source": "Old list"})
    ingest(place, leads=people, log=log(4))
    older = older_than_sources(place, Workspace(place), tmp_path / "older")
    assert set(older.leads()["list_source"]) == {""} == set(older.sends()["template"])
    assert run_weekly(tmp_path / "older", week="2026-W10").week.sends == 4
    more = pd.DataFrame({"email": log(2, start=4)["recipient"], "source": "Fair"})
    ingest(tmp_path / "older", leads=more, log=log(2, start=4).assign(template="Short"))
    assert sorted(older.leads()["list_source"]) == ["", "", "", "", "Fair", "Fair"]
    assert sorted(older.sends()["template"]) == ["", "", "", "", "Short", "Short"]
    assert run_weekly(tmp_path / "older", week="2026-W10").week.sends == 6
    # The old list, taken in again, fills what is blank, and no mail counts twice.
    ingest(tmp_path / "older", leads=people, log=log(4).assign(template="Long"))
    assert sorted(older.leads()["list_source"]) == ["Fair", "Fair", *["Old list"] * 4]
    assert sorted(older.sends()["template"]) == [*["Long"] * 4, "Short", "Short"]


def test_what_was_learnt_of_a_list_source_reaches_the_check_of_the_next_list(place):
    """As `diagnose` of the same files does: a source whose leads are bad is bad in the next list too."""
    rows = log(1200)
    rows["recipient"] = [f"jane@corp{number}.example" for number in range(len(rows))]
    people = pd.DataFrame({"email": rows["recipient"], "email_status": "verified"})
    people["source"] = ["Fair" if number % 4 == 0 else "Webinar" for number in range(len(rows))]
    bad = [number for number in range(0, 1200, 4) if number % 20 == 0] + [101, 503]
    back = pd.concat([bounces(1, start=number) for number in bad])
    back["recipient"] = [rows["recipient"][number] for number in bad]
    ingest(place, leads=people, log=rows, bounces=back)
    ahead = pd.DataFrame({"email": ["x@newfirm.com", "y@otherfirm.com"], "email_status": "verified"})
    told = analyzer.check(ahead.assign(source=["Fair", "Webinar"]), workspace=place)["bounce_chance"].tolist()
    assert told[0] > 5 * told[1], told
