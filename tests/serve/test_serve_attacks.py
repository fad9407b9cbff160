"""What a hostile page, network or file may try against the server, and what it gets."""

from __future__ import annotations

import http.client
import os
import re
import socket
import stat
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from serve_client import Client, multipart
from serve_files import HOSTILE, campaign, hostile_campaign, zip_bomb
from serve_server import PROGRAM, start
from starlette.testclient import TestClient

from analyzer.errors import AnalyzerError
from analyzer.serve.app import create_app
from analyzer.serve.settings import Settings, read_size, read_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serve_server import Server

TOKEN = "a-token-of-more-than-16-characters"
POSTS = (
    *("/jobs", "/check", "/jobs/sample", "/jobs/{job}/run", "/jobs/{job}/look", "/jobs/{job}/cancel"),
    *("/jobs/{job}/delete", "/ask/text", "/ask/address"),
)


@pytest.fixture
def job(finished: tuple[Client, str]) -> str:
    """The place of a campaign that is done."""
    return finished[1]


def attempts(client: Client, job: str, *, form: str | None, **headers: str) -> Iterator[tuple[str, int]]:
    """(path, status) of every way to change something."""
    for path in POSTS:
        where = path.format(job=job.rpartition("/")[2])
        if path in {"/jobs", "/check"}:
            yield path, client.upload(where, campaign(), form=form, **headers).status
        else:
            yield path, client.post(where, {"text": "x", "address": "a@b.example"}, form=form, **headers).status


def kept(server: Server) -> set[str]:
    return {path.name for path in server.folder.iterdir()}


# --- other sites ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
    ],
    ids=str,
)
def test_nothing_is_done_for_another_site(client, server, job, headers):
    before = kept(server)
    assert {path: status for path, status in attempts(client, job, form=None, **headers) if status != 403} == {}
    assert kept(server) == before


@pytest.mark.parametrize("form", ["", "0" * 64, "é\u202e"])
def test_nothing_is_done_without_the_forms_own_token(client, server, job, form):
    assert client.form  # a visitor with a cookie, but the form is somebody else's
    before = kept(server)
    assert {path: status for path, status in attempts(client, job, form=form) if status != 403} == {}
    assert kept(server) == before


def test_a_form_of_another_visitor_is_no_good(client, server, job):
    other = server.client()
    assert client.post(f"{job}/delete", form=other.form).status == 403
    assert client.post(f"{job}/delete", form=client.form, Cookie="x=1").status == 403


def test_a_forged_upload_writes_nothing_before_it_is_refused(client, server):
    client.form  # noqa: B018 - the visit
    body, kind = multipart({}, [("a.csv", b"x" * 3_000_000)])
    before = kept(server)
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.putrequest("POST", "/jobs")
    connection.putheader("Content-Type", kind)
    connection.putheader("Content-Length", str(len(body)))
    connection.putheader("Cookie", "; ".join(f"{name}={value}" for name, value in client.cookies.items()))
    connection.endheaders()
    connection.send(body[:1000])  # not even the whole of it is needed
    assert connection.getresponse().status == 403
    connection.close()
    assert kept(server) == before


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8025", "", "127.0.0.1.evil.example", "10.0.0.1", "[::2]"]
)
def test_a_name_that_is_not_ours_is_not_answered(client, host):
    """DNS rebinding: the attacker's own name, pointed at this machine."""
    assert client.get("/", Host=host or " ").status in {400, 421}


def test_another_site_may_link_here_but_load_nothing(client, job):
    follow = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert client.get("/", **follow).status == 200
    for dest, mode in (("iframe", "navigate"), ("script", "no-cors"), ("image", "no-cors"), ("empty", "cors")):
        asked = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": mode, "Sec_Fetch_Dest": dest}
        assert client.get(f"{job}/files/bounces.csv", **asked).status == 403, dest


def test_only_three_methods_are_answered(client):
    assert [client.ask(method, "/").status for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH")] == [405] * 5


def test_every_answer_forbids_framing_sniffing_and_keeping(client, job):
    for path in (
        "/",
        "/check",
        "/ask",
        job,
        f"{job}/state",
        "/static/serve.js",
        "/nothing",
        f"{job}/files/bounces.csv",
    ):
        headers = client.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers
    cookie = Client(client.url).get("/").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


# --- downloads --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../job.json",
        "..%2fjob.json",
        "%2e%2e/job.json",
        "job.json",
        "..%5cjob.json",
        "report.html%00",
        ".",
        "",
        "x/report.md",
    ],
)
def test_only_the_files_of_a_result_are_given(client, job, name):
    assert client.get(f"{job}/files/{name}").status == 404


@pytest.mark.parametrize("place", ["..", "../..", "0" * 31, "G" * 32, "0" * 32, "%2e%2e", "." * 32])
def test_only_jobs_are_opened(client, place):
    assert client.get(f"/jobs/{place}").status == 404
    assert client.get(f"/jobs/{place}/files/job.json").status == 404


def test_links_are_not_followed(client, server, job, tmp_path):
    (tmp_path / "secret").write_text("secret")
    out = server.folder / job.rpartition("/")[2] / "out"
    mine = out / "report.md"
    aside = mine.rename(tmp_path / "report.md")
    mine.symlink_to(tmp_path / "secret")
    assert client.get(f"{job}/files/report.md").status == 404
    mine.unlink()
    os.mkfifo(mine)
    assert client.get(f"{job}/files/report.md").status == 404
    mine.unlink()
    aside.rename(mine)
    assert client.get(f"{job}/files/report.md").status == 200
    fake = server.folder / ("ab" * 16)
    fake.symlink_to(out.parent)
    assert client.get(f"/jobs/{fake.name}").status == 404
    fake.unlink()


# --- uploads ----------------------------------------------------------------------------------------------------------


def test_too_much_is_refused_and_nothing_stays(client, server):
    before = kept(server)
    answer = client.upload("/jobs", {"big.csv": bytes(21 * 1024 * 1024)})
    assert answer.status == 413
    assert "larger than 20 MB in all" in answer.text
    assert kept(server) == before


def test_too_much_is_refused_though_its_size_is_not_said(client, server):
    before = kept(server)
    body, kind = multipart({"form": client.form}, [("big.csv", bytes(22 * 1024 * 1024))])
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    pieces = (body[at : at + 65536] for at in range(0, len(body), 65536))
    headers = {"Content-Type": kind, "Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}
    connection.request("POST", "/jobs", pieces, headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()
    assert kept(server) == before


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data; name=a", "multipart/form-data; boundary=x"),
        (b"nothing of the kind", "multipart/form-data; boundary=x"),
        (b"--x--\r\n", "multipart/form-data; boundary=" + "x" * 400),
        (b"--x--\r\n", "multipart/form-data"),
        (b"form=1", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (
            b"--x\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(999)) + b"\r\n\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\nA: " + b"b" * 99_999 + b"\r\n\r\n--x--", "multipart/form-data; boundary=x"),
    ],
    ids=str,
)
def test_broken_uploads_are_refused(client, server, body, kind):
    client.form  # noqa: B018 - the visit
    before = kept(server)
    answer = client.ask("POST", "/jobs", body, Content_Type=kind[:500])
    assert answer.status in {400, 403, 415}
    assert "<h1>Not done</h1>" in answer.text
    assert kept(server) == before


def test_forms_have_bounds(client):
    fields = {f"field{number}": "x" for number in range(60)}
    assert client.upload("/jobs", campaign(), fields).status == 400
    assert client.upload("/jobs", campaign(), {"long": "x" * 70_000}).status == 413
    assert client.post("/ask/text", {"text": "x" * 1_100_000}).status == 413
    assert client.post("/ask/text", {"text": "x" * 30_000}).status == 413
    assert client.post("/ask/text", {f"f{number}": "x" for number in range(4000)}).status == 400


def test_a_sender_who_goes_away_leaves_nothing(client, server):
    before = kept(server)
    body, kind = multipart({"form": client.form}, [("a.csv", b"x" * 500_000)])
    parts = urlsplit(server.url)
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    head = f"POST /jobs HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {kind}\r\nCookie: {cookies}\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as gone:
        gone.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:100_000])
        until = time.monotonic() + 10
        while kept(server) == before:
            assert time.monotonic() < until
            time.sleep(0.01)
    while kept(server) != before:
        assert time.monotonic() < until + 10
        time.sleep(0.02)


def test_names_and_cells_of_strangers_are_text(client, server):
    place = client.upload("/jobs", hostile_campaign()).place
    client.wait(place, "ready")
    stored = sorted(path.name for path in (server.folder / place.rpartition("/")[2] / "in").iterdir())
    assert stored == ["upload-0001.mbox", "upload-0002.csv"]
    pages = client.get(place).text + client.get("/").text
    pages += client.post("/ask/text", {"text": f"550 User unknown {HOSTILE}", "host": f'"{HOSTILE}'}).text
    pages += client.post("/ask/address", {"address": f"{HOSTILE}@x", "source": ""}).text
    assert HOSTILE not in pages
    assert "&lt;script&gt;" in pages
    assert "<img src=x" not in pages
    assert "\u202e" not in pages
    assert "<b>" not in re.sub(r"<b( class=\"outside\")?>[^<]*</b>", "", pages)
    client.post(f"{place}/delete")


def test_a_bomb_is_not_unpacked(client, server):
    place = client.upload("/jobs", {"mails.zip": zip_bomb(), "sent.csv": campaign()["sent.csv"]}).place
    client.wait(place, "ready")
    assert "mails.zip" in client.get(place).text
    folder = server.folder / place.rpartition("/")[2]
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 4_000_000
    client.post(f"{place}/delete")


# --- tokens -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def locked(tmp_path_factory) -> Iterator[Server]:
    """A server that asks for a token, reachable from everywhere this machine is."""
    running = start(tmp_path_factory.mktemp("locked") / "jobs", "--host", "0.0.0.0", token=TOKEN)
    running.url = running.url.replace("0.0.0.0", "127.0.0.1")
    yield running
    running.stop()


def test_without_the_token_nothing_is_shown(locked):
    client = locked.client()
    for path in ("/", "/check", "/ask", f"/jobs/{'0' * 32}", f"/jobs/{'0' * 32}/files/report.html"):
        assert client.get(path).status == 401
        assert client.get(path, Accept="text/html").place == "/login"
    assert client.upload("/jobs", campaign()).status == 401
    for name in ("report.css", "serve.css", "serve.js"):
        assert client.get(f"/static/{name}").status == 200
    assert client.get("/static/..%2fapp.py").status == 404


def test_the_token_opens_and_logging_out_closes(locked):
    client = locked.client()
    assert client.post("/login", {"token": TOKEN}, form="0").status == 403
    assert client.post("/login", {"token": TOKEN + "x"}).status == 401
    answer = client.post("/login", {"token": TOKEN})
    assert (answer.status, answer.place) == (303, "/")
    assert TOKEN not in answer.headers["set-cookie"]
    assert client.get("/").status == 200
    # A login belongs to its visitor.
    name = next(name for name in client.cookies if "login" in name)
    thief = Client(client.url, cookies={name: client.cookies[name]})
    assert thief.get("/").status == 401
    client.post("/logout")
    assert client.get("/").status == 401


def test_programs_give_the_token_with_the_request(locked):
    client = locked.client(Authorization=f"Bearer {TOKEN}")
    place = client.upload("/jobs", campaign(), form="").place
    assert client.wait(place, "ready")
    assert client.post(f"{place}/delete", form="").status == 303
    assert client.post("/jobs/sample", form="", Origin="https://evil.example").status == 403
    assert locked.client(Authorization=f"Bearer {TOKEN}x").get("/").status == 401
    assert locked.client(Authorization="Basic Ojo=").get("/").status == 401


def test_names_are_checked_on_a_server_for_everybody_too(locked):
    client = locked.client(Authorization=f"Bearer {TOKEN}")
    assert client.get("/", Host="evil.example").status == 421
    assert client.get("/", Host="192.168.1.5:8025").status == 200  # a number cannot be pointed elsewhere


def test_guessing_is_slowed_and_then_stopped(tmp_path):
    settings = Settings(tmp_path / "jobs", token=TOKEN, hosts=frozenset({"testserver"}))
    with TestClient(create_app(settings)) as client:
        wrong = [client.get("/", headers={"Authorization": f"Bearer {number}"}).status_code for number in range(12)]
        assert wrong == [401] * 12
        assert client.get("/", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 401  # nobody, for a minute
        form = re.search(r'name="form" value="(\w+)"', client.get("/login").text)
        assert form
        assert client.post("/login", data={"form": form[1], "token": TOKEN}).status_code == 429


def said(*options: str, **environment: str) -> tuple[int, str]:
    """What the command says that does not start."""
    kept = {name: value for name, value in os.environ.items() if name != "BOUNCE_ANALYZER_TOKEN"}
    command = [*PROGRAM, "serve", "--port", "0", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**kept, **environment})
    return done.returncode, done.stderr


def test_a_server_for_others_needs_a_token(tmp_path):
    folder = str(tmp_path / "jobs")
    code, error = said("--host", "0.0.0.0", "--folder", folder)
    assert (code, error.count("\n")) == (2, 1)
    assert "needs a token; set BOUNCE_ANALYZER_TOKEN or give --token-file" in error
    code, error = said("--host", "0.0.0.0", "--folder", folder, BOUNCE_ANALYZER_TOKEN="short")
    assert (code, "shorter than 16 characters" in error) == (2, True)
    assert not (tmp_path / "jobs").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", "127.0.0.1.example.com"])
def test_what_is_not_this_machine_needs_a_token(tmp_path, host):
    with pytest.raises(AnalyzerError, match="needs a token"):
        Settings(tmp_path, host=host).checked()
    assert Settings(tmp_path, host=host, token=TOKEN).checked()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_this_machine_needs_none(tmp_path, host):
    assert Settings(tmp_path, host=host).checked()


def test_a_token_file_is_for_its_owner_alone(tmp_path):
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o644)
    with pytest.raises(AnalyzerError, match="may be read by others; run chmod 600"):
        read_token(file)
    file.chmod(0o600)
    assert read_token(file) == TOKEN
    file.write_text("")
    with pytest.raises(AnalyzerError, match="is empty"):
        read_token(file)


def test_sizes_are_read_as_people_write_them():
    assert [read_size(text) for text in ("2GB", "1.5 MiB", "10k", "7")] == [2 * 1024**3, 1572864, 10240, 7]
    with pytest.raises(AnalyzerError, match="is no size"):
        read_size("much")


# --- folders, time, room ----------------------------------------------------------------------------------------------


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("mine")
    code, error = said("--folder", str(tmp_path / "letters"))
    assert (code, "holds other things" in error) == (2, True)
    assert stat.S_IMODE((tmp_path / "letters").stat().st_mode) & 0o055


def test_two_servers_do_not_share_a_folder(server):
    code, error = said("--folder", str(server.folder))
    assert (code, "is used by another serve" in error) == (2, True)


def test_silent_connections_are_closed(tmp_path, monkeypatch):
    """Slowloris: heads that never end must not keep everybody else out."""
    import asyncio

    import uvicorn

    from analyzer.network.http_bounds import bounded

    app = create_app(Settings(tmp_path / "jobs", patience_s=0.4))
    config = uvicorn.Config(app, port=0, http=bounded(0.3), ws="none", log_level="warning")
    running = uvicorn.Server(config)
    monkeypatch.setattr(running, "capture_signals", __import__("contextlib").nullcontext)
    thread = threading.Thread(target=asyncio.run, args=(running.serve(),), daemon=True)
    thread.start()
    try:
        until = time.monotonic() + 10
        while not running.started:
            assert time.monotonic() < until
            time.sleep(0.02)
        place = running.servers[0].sockets[0].getsockname()
        with socket.create_connection(place, timeout=10) as silent, socket.create_connection(place, timeout=10) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
            assert silent.recv(100) == b""
            assert slow.recv(100) == b""
        client = Client(f"http://127.0.0.1:{place[1]}")
        body, kind = multipart({"form": client.form}, [("a.csv", b"x" * 100_000)])
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        with socket.create_connection(place, timeout=10) as stuck:
            head = f"POST /jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nCookie: {cookies}\r\n"
            stuck.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:50_000])
            assert stuck.recv(100).startswith(b"HTTP/1.1 408 ")
    finally:
        running.should_exit = True
        thread.join(20)
    assert [path.name for path in (tmp_path / "jobs").iterdir() if not path.name.startswith(".")] == []
    assert not list((tmp_path / "jobs").glob(".incoming-*"))


def test_jobs_wait_their_turn_and_a_full_queue_says_so(tmp_path):
    settings = Settings(tmp_path / "jobs", hosts=frozenset({"testserver"}), waiting=3)
    app = create_app(settings)
    with TestClient(app, follow_redirects=False) as client:
        form = re.search(r'name="form" value="(\w+)"', client.get("/").text)
        assert form
        answers = [client.post("/jobs/sample", data={"form": form[1]}) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [303] * 5 + [429]
        assert "Too many jobs are waiting." in answers[-1].text
        states = [client.get(f"{answer.headers['location']}/state").json()["status"] for answer in answers[:5]]
        assert states[2:] == ["waiting"] * 3
        client.post(f"{answers[4].headers['location']}/cancel", data={"form": form[1]})
        assert client.get(f"{answers[4].headers['location']}/state").json()["status"] == "cancelled"
    assert not list(Path(tmp_path / "jobs").glob("*/out/*"))


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    from analyzer.serve import uploads

    monkeypatch.setattr(uploads, "_has_room", lambda folder, size: False)
    with TestClient(create_app(Settings(tmp_path / "jobs", hosts=frozenset({"testserver"})))) as client:
        form = re.search(r'name="form" value="(\w+)"', client.get("/").text)
        assert form
        answer = client.post("/jobs", data={"form": form[1]}, files={"files": ("a.csv", b"x")})
        assert answer.status_code == 507
        assert "The disk has no room" in answer.text
