"""The main path without a browser: upload, look, put right, run, read, download, ask, delete."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from serve_files import SAMPLE, SAMPLES, bounce, campaign, mailbox
from serve_server import start

if TYPE_CHECKING:
    from pathlib import Path


def selected(page: str, name: str) -> str:
    """The option that a page has chosen."""
    found = re.search(rf'<select[^>]* name="{re.escape(name)}".*?</select>', page, re.DOTALL)
    assert found, name
    chosen = re.search(r'value="([^"]*)" selected', found[0])
    return chosen[1] if chosen else ""


def test_files_are_told_apart_and_their_columns_shown(finished):
    client = type(finished[0])(finished[0].url)
    other = client.upload("/jobs", {name: (SAMPLE / name).read_bytes() for name in SAMPLES}).place
    client.wait(other, "ready")
    page = client.get(other).text
    assert [selected(page, f"role.{number}") for number in range(4)] == ["bounces", "log", "leads", "next"]
    assert [selected(page, f"field.1.{number}") for number in range(3)] == ["recipient", "sent_at", "campaign"]
    assert selected(page, "field.2.2") == "email_status"
    assert "ursula.tammsen@ingwen-bank-group.example" in page
    assert "user unknown" in page  # a bounce of the mailbox, judged
    client.post(f"{other}/delete")


def test_every_download_is_what_diagnose_writes(finished, tmp_path):
    client, place = finished
    given = tmp_path / "given"
    given.mkdir()
    for name in SAMPLES:
        (given / name).write_bytes((SAMPLE / name).read_bytes())
    command = [sys.executable, "-m", "analyzer", "diagnose", "--bounces", "bounces.mbox", "--log", "log.csv"]
    command += ["--leads", "leads.csv", "--next", "next_leads.csv", "--out", "out"]
    subprocess.run(command, cwd=given, check=True, capture_output=True, timeout=120)
    written = sorted(path.name for path in (given / "out").iterdir())
    page = client.get(place).text
    assert sorted(set(re.findall(rf"{place}/files/([\w.]+)", page))) == written
    for name in written:
        answer = client.get(f"{place}/files/{name}")
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert answer.body == (given / "out" / name).read_bytes(), name


def test_the_verdict_stands_on_top_and_the_report_in_a_frame_that_can_ask_for_nothing(finished):
    client, place = finished
    page = client.get(place).text
    assert page.index("Switch the next sequence to max quality") < page.index("<iframe")
    assert f'<iframe src="{place}/report" title="Bounce report" sandbox="allow-scripts">' in page
    report = client.get(f"{place}/report")
    policy = report.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'")
    assert "connect-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert report.body == client.get(f"{place}/files/report.html").body


def test_an_address_of_the_campaign(finished):
    client, place = finished
    job = place.rpartition("/")[2]
    page = client.post("/ask/address", {"address": "BWelkner@quomoor-labs.example", "source": job}).text
    assert "Do not write to it again. The mailbox does not exist." in page
    assert "does not exist. Please try double-checking" in page
    assert "Do not send" in page
    page = client.post("/ask/address", {"address": "nobody@nowhere.test", "source": job}).text
    assert "Nothing is known of it here." in page
    page = client.post("/ask/address", {"address": "ursula.tammsen@ingwen-bank-group.example", "source": job}).text
    assert "none came back" in page


def test_a_text_is_explained_with_its_rule_and_words(client):
    page = client.post("/ask/text", {"text": "550 5.1.1 <a@b.example>: User unknown in virtual table"}).text
    assert "Hard bounce: user unknown" in page
    assert re.search(r"<mark>[Uu]ser unknown[^<]*</mark>", page)
    assert "<code>" in page
    assert "No, not unchanged" in page
    page = client.post("/ask/text", {"text": "hm", "status": "5.1.10", "host": "x.mail.protection.outlook.com"}).text
    assert "its codes alone" in page
    assert "microsoft" in page
    assert client.post("/ask/text", {"text": " "}).status == 400


def test_a_list_is_checked_with_the_bounces_of_a_campaign(finished):
    client, place = finished
    listed = b"email,name\nbwelkner@quomoor-labs.example,B\nnew@fresh-firm.com,N\nnot an address,X\n"
    fields = {"policy": "permissive", "history": place.rpartition("/")[2], "allow_reserved": "yes"}
    check = client.upload("/check", {"list.csv": listed}, fields).place
    client.wait(check, "ready")
    assert selected(client.get(check).text, "field.0.0") == "recipient"
    client.post(f"{check}/run", {"policy": "permissive", "allow_reserved": "yes"})
    client.wait(check, "done")
    page = client.get(check).text
    assert "The address is on the suppression list." in page
    rows = client.get(f"{check}/files/checked.csv").text.splitlines()
    assert [row.split(",")[1] for row in rows[1:]] == ["do_not_send", "send", "do_not_send"]
    assert client.get(f"{check}/files/checked.xlsx").body.startswith(b"PK\x03\x04")
    client.post(f"{check}/delete")


def test_a_column_that_nobody_knows_is_named_on_the_page(client):
    files = campaign()
    files["sent.csv"] = files["sent.csv"].replace(b"recipient,", b"Zielperson,").replace(b"@", b" at ")
    files["sent.csv"] += b"lead1@firm1.test,2026-03-03T08:00:00Z,Spring\n" * 3
    place = client.upload("/jobs", files).place
    client.wait(place, "ready")
    page = client.get(place).text
    assert "has no column of email addresses" in page
    assert "--map" not in page
    client.post(f"{place}/run", {"role.1": "log", "field.1.0": "recipient", "field.1.2": ""})
    client.wait(place, "done")
    log = next(
        one for one in json.loads(client.get(f"{place}/files/diagnosis.json").body)["inputs"] if one["kind"] == "log"
    )
    assert (log["path"], log["rows"]) == ("sent.csv", 3)
    page = client.get(place).text
    assert "Zielperson = recipient" in page
    assert "not used: campaign" in page
    client.post(f"{place}/delete")


def test_a_mistake_is_a_sentence_and_the_files_stay(client):
    place = client.upload("/jobs", {"back.mbox": campaign()["back.mbox"]}).place
    client.wait(place, "ready")
    client.post(f"{place}/run")
    client.wait(place, "failed")
    page = client.get(place).text
    assert "No file is the campaign log" in page
    assert "Start again" in page
    for share in ("many", "0", "100", "nan", "-1"):
        assert client.post(f"{place}/run", {"tolerance": share}).status == 400
    client.post(f"{place}/delete")
    assert client.get(place).status == 404


def test_files_that_are_nothing_are_named(client):
    place = client.upload("/jobs", {"photo.jpg": b"\xff\xd8\xff\xe0" + bytes(3000), "empty.csv": b""}).place
    client.wait(place, "ready")
    page = client.get(place).text
    assert "photo.jpg: is binary data, no table" in page
    assert "empty.csv: is empty" in page
    client.post(f"{place}/delete")


def test_many_mails_are_one_source(client, server):
    files = {f"{number}.eml": bounce(f"lead{number}@firm{number % 7}.test").encode() for number in range(14)}
    place = client.upload("/jobs", files | {"sent.csv": campaign()["sent.csv"]}).place
    client.wait(place, "ready")
    assert "And 11 files more" in client.get(place).text
    client.post(f"{place}/run")
    client.wait(place, "done")
    diagnosis = json.loads(client.get(f"{place}/files/diagnosis.json").body)
    assert diagnosis["inputs"][0]["path"] == "14 files of bounces"
    assert diagnosis["totals"]["hard"]["count"] == 14
    assert "\r\n7.eml," in client.get(f"{place}/files/bounces.csv").text
    client.post(f"{place}/delete")


def test_nothing_of_a_job_can_be_read_by_others(finished, server):
    for path in [server.folder, *server.folder.rglob("*")]:
        assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path


def test_a_cancelled_job_ends_with_all_its_processes(client, server):
    files = campaign(2000, 3)
    files["back.mbox"] = mailbox(*(bounce(f"lead{number % 2000}@firm{number % 7}.test") for number in range(4_000)))
    place = client.upload("/jobs", files).place
    client.wait(place, "ready")
    client.post(f"{place}/run")
    folder = server.folder / place.rpartition("/")[2]
    until = time.monotonic() + 30
    while "message" not in (state := client.wait(place, "working"))["line"]:
        assert time.monotonic() < until, state
    assert state["done"] > 0
    group = int((folder / "lock").read_text())
    answer = client.post(f"{place}/cancel")
    assert answer.place == place, answer.text
    assert client.wait(place, "cancelled")
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
    assert "You ended it." in client.get(place).text
    assert not list((folder / "out").iterdir())
    assert "Start again" in client.get(place).text
    client.post(f"{place}/delete")
    assert not folder.exists()


def test_jobs_outlive_the_server_and_a_dead_one_is_told(tmp_path):
    first = start(tmp_path / "jobs")
    client = first.client()
    files = campaign(2000, 3)
    files["back.mbox"] = mailbox(*(bounce(f"lead{number % 2000}@firm{number % 7}.test") for number in range(4_000)))
    place = client.upload("/jobs", files).place
    client.wait(place, "ready")
    client.post(f"{place}/run")
    client.wait(place, "working")
    first.stop(signal.SIGKILL)
    lock = tmp_path / "jobs" / place.rpartition("/")[2] / "lock"
    until = time.monotonic() + 10
    while not lock.exists() or not lock.read_text():
        assert time.monotonic() < until
        time.sleep(0.02)
    second = start(tmp_path / "jobs")
    try:
        client = second.client()
        # Its process was not the server's to take along.
        assert client.wait(place, "working", "done")
        os.killpg(int(lock.read_text()), signal.SIGKILL)
        client.wait(place, "interrupted")
        page = client.get(place).text
        assert "Your files are still here." in page
        assert "Start again" in page
    finally:
        second.stop()


def test_a_server_that_ends_takes_its_jobs_along(tmp_path):
    running = start(tmp_path / "jobs")
    client = running.client()
    files = campaign(2000, 3)
    files["back.mbox"] = mailbox(*(bounce(f"lead{number % 2000}@firm{number % 7}.test") for number in range(4_000)))
    place = client.upload("/jobs", files).place
    client.wait(place, "ready")
    client.post(f"{place}/run")
    while not client.wait(place, "working")["done"]:
        time.sleep(0.02)
    group = int((tmp_path / "jobs" / place.rpartition("/")[2] / "lock").read_text())
    running.stop(signal.SIGINT)
    assert running.process.returncode == 0
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_old_jobs_go_by_themselves(tmp_path):
    running = start(tmp_path / "jobs")
    client = running.client()
    place = client.upload("/jobs", campaign()).place
    client.wait(place, "ready")
    running.stop()
    running = start(tmp_path / "jobs", "--keep", "0")
    try:
        folder = tmp_path / "jobs" / place.rpartition("/")[2]
        until = time.monotonic() + 10
        while folder.exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        assert running.client().get(place).status == 404
    finally:
        running.stop()


def test_a_workspace_named_at_the_start_can_be_used_and_no_other(tmp_path: Path):
    import analyzer.api

    for name, data in campaign().items():
        (tmp_path / name).write_bytes(data)
    history = tmp_path / "history"
    # Nobody wrote to that lead: a stranger's word, which the check of a list does not take.
    (tmp_path / "forged.mbox").write_bytes(
        mailbox(bounce("kim@firm9.test").replace("mx.example.net", "mx.stranger.example"))
    )
    analyzer.api.ingest(
        history,
        bounces=[tmp_path / "back.mbox", tmp_path / "forged.mbox"],
        log=tmp_path / "sent.csv",
        leads=tmp_path / "leads.csv",
    )
    running = start(tmp_path / "jobs", "--workspace", str(history))
    try:
        client = running.client()
        assert client.upload("/jobs", {}, {"workspace": str(tmp_path)}).status == 400
        place = client.upload("/jobs", {}, {"workspace": str(history)}).place
        client.wait(place, "ready")
        client.post(f"{place}/run", {"since": "2026-W01"})
        client.wait(place, "done")
        assert "4 bad addresses" in client.get(place).text
        page = client.post("/ask/address", {"address": "lead1@firm1.test", "source": str(history)}).text
        assert "Do not e-mail. The mailbox does not exist." in page
        assert client.post("/ask/address", {"address": "lead1@firm1.test", "source": str(tmp_path)}).status == 404
        fields = {"policy": "permissive", "history": str(history), "allow_reserved": "yes"}
        check = client.upload("/check", {"list.csv": b"email\nkim@firm9.test\nlead1@firm1.test\n"}, fields).place
        client.wait(check, "ready")
        client.post(f"{check}/run", {"policy": "permissive", "allow_reserved": "yes"})
        client.wait(check, "done")
        rows = client.get(f"{check}/files/checked.csv").text.splitlines()
        assert [row.split(",")[1] for row in rows[1:]] == ["send", "do_not_send"]
    finally:
        running.stop()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_impatient_person_ends_it_in_good_order_too(tmp_path, number):
    """A second Ctrl-C while it ends, which takes a tenth of a second at least."""
    own = start(tmp_path / "jobs")
    own.process.send_signal(number)
    time.sleep(0.05)
    own.process.send_signal(number)
    _, said = own.process.communicate(timeout=30)
    assert "Traceback" not in said
    assert said.count("\n") <= 1
    assert own.process.returncode in {0, 128 + number}
