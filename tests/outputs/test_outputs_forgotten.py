"""`workspace forget ADDRESS`: afterwards no byte of the workspace, its journal, rejects or caches tells the address."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
import os
import quopri
import sqlite3
import time
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from output_forks import Forks

from analyzer.check.records import MailboxFacts
from analyzer.check.store import Store
from analyzer.errors import AnalyzerError
from analyzer.history import Workspace
from analyzer.history.forgetting import forget
from analyzer.history.traces import traces_of
from analyzer.records import SENT_AT_ZONED
from analyzer.serve.jobs import hold
from analyzer.webhooks.journal import Journal, Position
from analyzer.webhooks.rejects import Rejects

WHO, OTHER = "ann.roe@corp.example", "joann.roe@corp.example"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"550 <{WHO}>: unknown", True),
        ("550 ANN.ROE@Corp.Example unknown", True),
        (f"{WHO}.", True),
        ("bounces+ann.roe=corp.example@us.example", True),
        ("https://x.example/?e=ann.roe%40corp.example&x=1", True),
        (r'{"to": "ann.roe\u0040corp.example"}', True),
        (f"550 <{OTHER}>: unknown", False),
        ("ann.roe@corp.example.net", False),
        ("ann.roe@corp", False),
    ],
)
def test_where_an_address_stands(text: str, names: bool) -> None:
    traces = traces_of(f" <{WHO.upper()}>")
    assert traces.in_text(text) is names
    assert traces.in_bytes(text.encode()) is names
    for encoded in (base64.encodebytes(text.encode()), base64.urlsafe_b64encode(b"x " + text.encode())):
        assert traces.in_bytes(b"id=/" + encoded) is names
    assert traces.in_bytes(quopri.encodestring(b" ".join([text.encode()] * 3))) is names


LETTERS, LABELS, MARKS = "jörg@müller.example", "jörg@xn--mller-kva.example", "jo\u0308rg@mu\u0308ller.example"


@pytest.mark.parametrize("asked", [LETTERS, LABELS, MARKS])
@pytest.mark.parametrize(
    "domain",
    ["müller.example", "MÜLLER.example", "mu\u0308ller.example", "xn--mller-kva.example", "XN--mller-kva.example"],
)
def test_where_an_internationalised_address_stands(asked: str, domain: str) -> None:
    traces = traces_of(asked)
    for text in (f"550 <jörg@{domain}>: unknown", f"550 <JÖRG@{domain}>: unknown"):
        assert traces.in_text(text)
        assert traces.in_bytes(text.encode())
        assert traces.in_bytes(json.dumps({"to": text}).encode()), "JSON may escape letters"
        assert traces.in_bytes(base64.b64encode(text.lower().encode()))
    assert not traces.in_text(f"550 <björg@{domain}>: unknown")


def test_both_spellings_of_a_domain_are_forgotten(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    space.add_leads(pd.DataFrame({"email": [LETTERS, "jörg@muller.example"]}))
    space.add_bounces(pd.concat([rows(LABELS, 0), rows(LETTERS, 1), rows(MARKS, 2)], ignore_index=True))
    assert space.forget(LABELS) == 13
    assert space.leads()["email"].tolist() == ["jörg@muller.example"]
    assert space.bounces().empty


def test_what_a_killed_writer_left_is_forgotten_too(tmp_path: Path) -> None:
    """It wrote its file and came to no commit: no version knows of it, so no version's end removes it."""
    space = Workspace(tmp_path)
    space.add_leads(pd.DataFrame({"email": [WHO, OTHER]}))
    (written,) = (tmp_path / "leads").glob("*.parquet")
    for name, hours in (("dead", 7), ("under-way", 0)):
        copy = written.with_name(f"part-{name}.parquet")
        copy.write_bytes(written.read_bytes())
        os.utime(copy, (time.time() - 3600 * hours,) * 2)
    assert space.forget(WHO) == 1
    left = {path.name for path in (tmp_path / "leads").glob("*.parquet")}
    assert "part-dead.parquet" not in left
    assert "part-under-way.parquet" in left, "another writer may be about to commit it"
    os.utime(tmp_path / "leads" / "part-under-way.parquet", (time.time() - 8 * 24 * 3600,) * 2)
    assert space.compact()["leads"] == 1
    assert space.leads()["email"].tolist() == [OTHER]


def rows(who: str, number: int) -> pd.DataFrame:
    link = base64.b64encode(f"u={who}".encode()).decode()
    return pd.DataFrame(
        {
            "kind": "bounce",
            "received_at": "2026-03-03T10:00:00Z",
            "source": [f"{who}.eml#0", "mbox#1", "mbox#2", "mbox#3"],
            "recipient": ["", who, "", ""],
            "sender": ["", "", f"bounces+{who.replace('@', '=')}@us.example", ""],
            "diagnostic": ["550 no", f"550 <{who}> no", "550 no", f"see https://x.example/{link}"],
            "label": "hard",
            "fault": "address",
            "reason": "user_unknown",
            "record_id": [f"r{number}.{n}" for n in range(4)],
        }
    )


def workspace(place: Path) -> Workspace:
    """One where the two stand in every table, in many ways."""
    space = Workspace(place)
    for number, who in enumerate((WHO, OTHER)):
        space.add_bounces(rows(who, number))
        space.add_leads(pd.DataFrame({"email": [who], "lead_id": ["7"], "company": ["Corp"]}))
        space.add_leads(pd.DataFrame({"email": [f"boss{number}@corp.example"], "title": [f"asks {who}"]}))
        log = {"recipient": [who, "x@corp.example"], "sent_at": pd.to_datetime(["2026-03-02T09:00:00Z"] * 2)}
        space.add_sends(
            pd.DataFrame({**log, "lead_id": ["7", who], "message_id": [f"<1.{number}@a>", f"<2.{number}@a>"]})
        )
        space.add_run("bounces", f"/mail/{who}.mbox", "", 4, "1")
    space.add_decision(command="diagnose", recommendation="max_quality", leads=2, emails=2, tolerance=0.05)
    space.compact()
    return space


def told(place: Path, who: str) -> list[Path]:
    """Files in which an address stands, tables unpacked."""
    found, traces = [], traces_of(who)
    for path in place.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if path.suffix == ".parquet":
                data += pq.read_table(path).to_pandas().to_csv().encode()
            if traces.in_bytes(data) or who.encode() in data.lower().replace(b"jo" + WHO.encode(), b""):
                found.append(path)
    return found


def body(*who: str) -> bytes:
    return json.dumps([{"event": "bounce", "email": one} for one in who]).encode()


def journal(folder: Path) -> None:
    """Requests that were taken and others that wait, in several segments."""
    made = Journal(folder, segment_bytes=200)

    async def write() -> None:
        for one in (body(WHO), body(OTHER), body(WHO, OTHER), body(OTHER)):
            await made.append("/sendgrid", one)

    asyncio.run(write())
    entries = list(made.entries(Position(0, 0)))
    made.advance(entries[0].end, 1, None)
    made.close()


def test_everything_goes_and_the_others_stay(tmp_path: Path, forks: Forks) -> None:
    place = tmp_path / "space"
    space = workspace(place)
    journal(place / "journal")
    Rejects(place / "journal" / "rejects").keep(Position(1, 0), "/sendgrid", "unreadable", body(WHO))
    Rejects(place / "journal" / "rejects").keep(Position(1, 9), "/sendgrid", "unreadable", body(OTHER))
    aside, cache = tmp_path / "rejects", tmp_path / "cache" / "bounce-analyzer" / "check.sqlite"
    aside.mkdir()
    cache.parent.mkdir(parents=True)
    for number, who in enumerate((WHO, OTHER)):
        (aside / f"0000{number}-odd.eml").write_bytes(b"\n".join((b"To: x", b"", base64.encodebytes(who.encode()))))
    listing = [{"source": f"m#{n}", "why": "odd", "file": f"0000{n}-odd.eml"} for n in (0, 1)]
    (aside / "rejects.jsonl").write_text("".join(json.dumps(one) + "\n" for one in listing))
    with Store(cache) as store:
        for who in (WHO, OTHER):
            store.save_mailbox(MailboxFacts(who, "accepted", checked_at="2026-03-03T10:00:00Z"), 1e9)
    assert told(tmp_path, WHO)
    before = {name: len(getattr(space, name)()) for name in ("sends", "leads", "bounces", "runs", "decisions")}
    done = forks.run(
        "workspace", "forget", WHO, "--workspace", place, "--rejects", aside,
        environment={"XDG_CACHE_HOME": str(tmp_path / "cache"), "XDG_STATE_HOME": str(tmp_path / "state")},
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert done.out.decode().splitlines() == [
        "9 rows removed", "1 waiting request removed", "2 rejected messages removed", "1 answer of a mail server removed",
    ]  # fmt: skip
    assert told(tmp_path, WHO) == []
    after = {name: len(getattr(space, name)()) for name in before}
    assert after == {"sends": 2, "leads": 2, "bounces": 4, "runs": 1, "decisions": 1}
    assert [path.name for path in aside.iterdir() if path.suffix == ".eml"] == ["00001-odd.eml"]
    assert len((aside / "rejects.jsonl").read_text().splitlines()) == 1
    left = Journal(place / "journal")
    assert [json.loads(entry.body or b"") for entry in left.entries(left.taken)] == [json.loads(body(OTHER))] * 2
    left.close()
    with sqlite3.connect(cache) as database:
        assert database.execute("SELECT address FROM mailbox").fetchall() == [(OTHER,)]


def served(folder: Path, name: str, **files: bytes) -> Path:
    """A job of `serve` with files that were uploaded, as if its work were done."""
    job = folder / name
    for part in ("in", "out"):
        (job / part).mkdir(parents=True)
    (job / "job.json").write_text(json.dumps({"id": name, "kind": "diagnose", "created": 0, "files": []}))
    for stored, data in files.items():
        (job / "in" / stored).write_bytes(data)
    return job


def packed(who: str) -> dict[str, bytes]:
    """An upload of every kind that names somebody."""
    frame = pd.DataFrame({"email": [who, "x@corp.example"], "n": [1, 2]})
    book, parquet, nested, archive = io.BytesIO(), io.BytesIO(), io.BytesIO(), io.BytesIO()
    frame.to_excel(book, index=False)
    frame.to_parquet(parquet)
    inside = {"list": [[who]], "record": [{"email": who}], "bytes": [b"\xff " + who.encode()]}
    pd.DataFrame(inside).to_parquet(nested, compression="gzip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.csv", frame.to_csv())
    return {"csv": frame.to_csv().encode(), "gz": gzip.compress(frame.to_csv().encode()), "zip": archive.getvalue(),
            "xlsx": book.getvalue(), "parquet": parquet.getvalue(), "nested": nested.getvalue(),
            "utf16": frame.to_csv().encode("utf-16"), "mail": b"To: x\n\n" + base64.encodebytes(who.encode())}  # fmt: skip


def test_jobs_of_serve_that_name_it_go_as_a_whole(tmp_path: Path, forks: Forks) -> None:
    space, folder = workspace(tmp_path / "space"), tmp_path / "state" / "bounce-analyzer" / "serve"
    for who, first in ((WHO, "a"), (OTHER, "b")):
        for number, (kind, data) in enumerate(packed(who).items()):
            served(folder, f"{first}{number:031x}", **{kind: data})
    done = forks.run(
        "workspace", "forget", WHO, "--workspace", space.place, environment={"XDG_STATE_HOME": str(tmp_path / "state")}
    )
    assert (done.code, done.err) == (0, "")
    assert "8 jobs of serve removed" in done.out.decode()
    assert {path.name[0] for path in folder.iterdir()} == {"b"}
    assert len(list(folder.iterdir())) == 8


def test_jobs_that_are_at_work_or_cannot_be_searched_are_told(tmp_path: Path) -> None:
    space, folder = workspace(tmp_path / "space"), tmp_path / "serve"
    working = hold(served(folder, "a" * 32, csv=WHO.encode()) / "lock")
    served(folder, "b" * 32, zip=packed(OTHER)["zip"][:60])
    with zipfile.ZipFile(outer := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("inner.zip", packed(WHO)["zip"])
    served(folder, "c" * 32, zip=outer.getvalue())
    done = forget(space, WHO, served=[folder])
    working.close()
    assert done.jobs == 0
    assert "jobs at work in" in done.held and "cannot be searched: 2; delete them on their pages" in done.held
    assert forget(space, WHO, served=[folder]).jobs == 1


def test_rejects_that_are_packed_or_wide_are_searched(tmp_path: Path) -> None:
    space, aside = workspace(tmp_path / "space"), tmp_path / "rejects"
    aside.mkdir()
    for number, who in enumerate((WHO, OTHER)):
        (aside / f"{number}-packed.eml").write_bytes(gzip.compress(who.encode()))
        (aside / f"{number}-wide.eml").write_bytes(f"To: {who}\n\n".encode("utf-16"))
        (aside / f"{number}-cut.eml").write_bytes(gzip.compress(who.encode())[:9])
    assert forget(space, WHO, rejects=[aside]).rejects == 2
    assert {path.name for path in aside.iterdir()} == {"0-cut.eml", "1-cut.eml", "1-packed.eml", "1-wide.eml"}


@pytest.mark.parametrize("option", ["--journal", "--rejects", "--cache", "--served"])
def test_a_place_that_is_not_there_is_told(tmp_path: Path, forks: Forks, option: str) -> None:
    space = workspace(tmp_path / "space")
    done = forks.run("workspace", "forget", WHO, "--workspace", space.place, option, tmp_path / "mistyped")
    assert done.code == 2
    assert option in done.err and "mistyped" in done.err
    assert told(tmp_path, WHO)


def test_a_workspace_of_an_older_version_forgets_and_is_exported_too(tmp_path: Path) -> None:
    """Its table of mails has fewer columns, and nothing was taken into it since."""
    space = workspace(tmp_path / "new")
    older = pa.table(space.sends().assign(key=["a", "b", "c", "d"], week="2026-W10")).drop_columns(SENT_AT_ZONED)
    unsaid = {"delta.dataSkippingStatsColumns": "key"}
    write_deltalake(str(tmp_path / "old" / "sends"), older, partition_by=["week"], configuration=unsaid)
    (path,) = Workspace(tmp_path / "old").export(tmp_path / "out")
    assert pq.read_table(path)[SENT_AT_ZONED].to_pylist() == [""] * 4
    assert Workspace(tmp_path / "old").forget(WHO) == 2
    assert told(tmp_path / "old", WHO) == []


def test_a_receiver_at_work_is_named_and_nothing_is_claimed(tmp_path: Path) -> None:
    space = workspace(tmp_path / "space")
    at_work = Journal(tmp_path / "space" / "journal")
    try:
        done = forget(space, WHO)
    finally:
        at_work.close()
    assert "a receiver is at work" in done.held
    assert done.rows == 9


def test_what_is_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnalyzerError, match="is no address"):
        forget(workspace(tmp_path / "space"), "ann")
