"""What a full disk, other programs' cookies and thousands of tiny files do to the page."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
import time

import pandas as pd
import pytest
from serve_client import multipart
from serve_files import campaign
from serve_server import PROGRAM, start
from servers.programs import aborted_after

from analyzer.api import ingest
from analyzer.cli.probing import usual_cache_made
from analyzer.cli.serve import serve
from analyzer.cli.workspace import forget
from analyzer.errors import AnalyzerError, OutputError
from analyzer.history import Workspace
from analyzer.serve import work
from analyzer.serve.jobs import JobFolder
from analyzer.serve.runner import Runner


@pytest.fixture
def own(tmp_path):
    running = start(tmp_path / "jobs")
    yield running
    running.stop()


@pytest.mark.parametrize(
    ("folder", "options", "says"),
    [
        ("jobs", ["--workspace", "nowhere"], "nowhere: holds no workspace; make one with bounce-analyzer ingest"),
        ("loop", [], "loop: is a file"),
        ("~nobody-of-that-name/jobs", [], "is in the home folder of nobody"),
    ],
)
def test_a_place_that_cannot_be_used_is_told_before_anybody_opens_the_page(folder, options, says, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    command = [*PROGRAM, "serve", "--port", "0", "--folder", folder, *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert says in done.stderr


def test_a_user_without_a_home_is_asked_for_a_folder(monkeypatch, tmp_path):
    """As containers have them: no HOME, and no line in the system's list of users."""
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    with pytest.raises(AnalyzerError, match=r"no home folder .* --folder"):
        serve()
    with pytest.raises(AnalyzerError, match=r"no home folder .* --cache"):
        usual_cache_made()
    ingest(tmp_path / "kept", leads=pd.DataFrame({"email": ["ann@corp.example", "bob@corp.example"]}))
    forget("ann@corp.example", str(tmp_path / "kept"))
    assert list(Workspace(tmp_path / "kept").leads()["email"]) == ["bob@corp.example"]


@pytest.mark.parametrize("other", ['x={"a":"b c"}', "theme=dark mode", '{"j": 1}', 'x="open', "a b=c"])
def test_cookies_of_other_programs_do_not_hide_ours(own, other):
    """Cookies know no ports: what another program on this machine set comes along."""
    client = own.client()
    assert client.form
    ours = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    answer = client.post("/ask/text", {"text": "550 5.1.1 No such user"}, Cookie=f"{other}; {ours}")
    assert answer.status == 200


@pytest.mark.parametrize("origin", ["http://[", "null", "http://127.0.0.1:1"])
def test_an_origin_that_is_none_is_refused(own, origin):
    assert own.client().post("/ask/text", {"text": "550"}, Origin=origin).status == 403


@pytest.fixture(autouse=True)
def usual_permissions():
    """A step of a job makes its files private for the whole of its process, which here is the tests'."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


def test_thousands_of_tiny_files_need_few_descriptors(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        own = start(tmp_path / "jobs")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    client = own.client()
    body, kind = multipart({"form": client.form}, [(f"{number}.eml", b"x") for number in range(2_000)])
    try:
        answer = client.ask("POST", "/jobs", body, Content_Type=kind)
        assert answer.status == 303
        assert len(list((own.folder / answer.place.rpartition("/")[2] / "in").iterdir())) == 2_000
        client.post(f"{answer.place}/delete")
    finally:
        own.stop()


def test_a_job_that_was_started_again_outlives_the_cancelling_before(tmp_path, monkeypatch):
    """Ending a process takes seconds, in which somebody may start the job again from another page."""
    jobs = JobFolder(tmp_path / "jobs")
    job = jobs.accept(jobs.incoming(), "check", (), {})
    holds = (
        "import sys, time; from pathlib import Path; from analyzer.serve.jobs import hold; "
        f"kept = hold(Path({str(jobs.path(job.id) / 'lock')!r})); print(flush=True); time.sleep(60)"
    )

    start_process = subprocess.Popen

    def process(*_: object, **__: object) -> subprocess.Popen[bytes]:
        started = start_process([sys.executable, "-c", holds], start_new_session=True, stdout=subprocess.PIPE)
        processes.append(started)
        return started

    processes: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr("analyzer.serve.runner.subprocess.Popen", process)
    runner = Runner(jobs, running=1, waiting=1)
    runner.submit(job)
    monkeypatch.undo()
    (first,) = processes
    with aborted_after(60, first.pid):
        first.stdout.readline()
    end = runner.cancel(job)
    first.kill()
    first.wait()
    again = process()
    with aborted_after(60, again.pid):
        again.stdout.readline()
    try:
        end()
        assert again.poll() is None
        runner.cancel(job)()
        assert again.wait(10) < 0, "one of an earlier server is ended all the same"
    finally:
        again.kill()
        again.wait()
        first.stdout.close()
        again.stdout.close()
        jobs.close()


def test_on_a_full_disk_a_job_can_still_be_deleted(tmp_path, monkeypatch):
    from starlette.testclient import TestClient

    from analyzer.serve.app import create_app
    from analyzer.serve.settings import Settings

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with TestClient(create_app(Settings(tmp_path / "jobs")), base_url="http://127.0.0.1:8025") as client:
        form = client.get("/").text.partition('name="form" value="')[2].partition('"')[0]
        files = [("files", (name, data)) for name, data in campaign(20, 2).items()]
        place = client.post("/jobs", data={"form": form}, files=files, follow_redirects=False).headers["location"]
        monkeypatch.setattr("analyzer.serve.jobs.write_json", full)
        answer = client.post("/jobs/sample", data={"form": form}, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()["error"]) == (
            507,
            "The disk is full. Make room on it, or delete earlier jobs, and try again.",
        )
        client.post(f"{place}/delete", data={"form": form})
        assert client.get(place).status_code == 404


@pytest.mark.parametrize("way", ["at once", "as an error of ours"])
def test_a_run_that_fills_the_disk_says_so_and_leaves_no_half_result(tmp_path, monkeypatch, way):
    jobs = JobFolder(tmp_path / "jobs")
    job = jobs.accept(jobs.incoming(), "diagnose", (), {})
    place = jobs.path(job.id)

    def step(place, *_):
        (place / "out" / ".writing-1").mkdir()
        (place / "out" / ".writing-1" / "report.xlsx").write_bytes(b"x" * 1000)
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            if way == "at once":
                raise
            raise OutputError(f"{place}/report.xlsx", f"cannot be written: {error}") from None

    monkeypatch.setattr(work, "_step", step)
    monkeypatch.setattr(work, "_be_modest", lambda: None)
    monkeypatch.setattr(work, "_keep_together", lambda _: None)
    monkeypatch.setattr("sys.argv", ["work", str(place)])
    assert work.main() == 1
    said = json.loads((place / "state.json").read_text())
    assert said["error"] == "The disk is full. Make room on it, or delete earlier jobs, and start again."
    assert list((place / "out").iterdir()) == []
    jobs.close()
    shutil.rmtree(tmp_path / "jobs")


def run_of(client, place: str) -> dict:
    client.wait(place, "ready")
    assert client.post(f"{place}/run", {"tolerance": "5"}).status == 303
    while (state := json.loads(client.get(f"{place}/state").body))["status"] in {"waiting", "working"}:
        time.sleep(0.05)
    return state


def test_without_bounces_there_is_no_all_clear(own):
    """The only mail could not be read, and a person went on: "nothing came back" would be a lie."""
    client = own.client()
    outlook = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)
    place = client.upload("/jobs", {"back.msg": outlook, "sent.csv": campaign()["sent.csv"]}).place
    client.wait(place, "ready")
    assert "back.msg: is a mail of Outlook that is cut off or damaged; save it once more." in client.get(place).text
    state = run_of(client, place)
    assert state["status"] == "failed"
    assert state["error"].startswith("No file holds bounces: add what came back")


def test_a_log_that_tells_what_bounced_needs_no_mails(own):
    client = own.client()
    rows = "".join(f"a{n}@firm.test,2026-03-03T08:00:00Z,{'550 5.1.1 User unknown' * (n < 3)}\n" for n in range(60))
    place = client.upload("/jobs", {"sent.csv": f"recipient,sent_at,bounce reason\n{rows}".encode()}).place
    assert run_of(client, place)["status"] == "done"


def test_mails_in_the_box_for_lists_are_told(own):
    client = own.client()
    place = client.upload("/check", {"back.mbox": campaign()["back.mbox"]}).place
    client.wait(place, "ready")
    assert "This is mail, and no list of leads: give it on the page “Campaign”." in client.get(place).text
