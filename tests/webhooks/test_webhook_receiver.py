"""The receiver as a process on the loopback: kept before it answers, counted once, and bounded in every direction."""

from __future__ import annotations

import gzip
import json
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import webhook_senders as senders
from servers.programs import of_ours
from webhook_process import Receiver, bounces_in, raw, receiver, write_config
from webhook_senders import PASSWORD, TOPIC, USER, WHSEC, Request, SendGridSender, SnsSender

SENDGRID = SendGridSender()
SNS = SnsSender()
CONFIG = f"""
[endpoint."/sendgrid/main"]
provider = "sendgrid"
public_key = "{SENDGRID.public_key}"

[endpoint."/ses/main"]
provider = "ses"
topics = ["{TOPIC}"]

[endpoint."/mailgun/eu"]
provider = "mailgun"
secret_file = "password"

[endpoint."/resend"]
provider = "resend"
secret_file = "whsec"

[endpoint."/postmark"]
provider = "postmark"
user = "{USER}"
secret_file = "password"

[endpoint."/sparkpost"]
provider = "sparkpost"
user = "{USER}"
secret_file = "password"

[endpoint."/mailjet"]
provider = "mailjet"
user = "{USER}"
secret_file = "password"

[endpoint."/brevo"]
provider = "brevo"
secret_file = "password"

[endpoint."/nylas"]
provider = "nylas"
secret_file = "password"

[endpoint."/small"]
provider = "brevo"
secret_file = "password"
limits = {{ body_bytes = 20000, requests_per_second = 2, burst = 4, body_seconds = 1, nesting = 8 }}

[receiver]
connections = 40
in_flight = 8
head_seconds = 1.5
"""


def configured(folder: Path, text: str = CONFIG) -> Path:
    return write_config(folder, text, password=PASSWORD, whsec=WHSEC)


def options(folder: Path) -> dict[str, Any]:
    (folder / "sns.pem").write_bytes(SNS.pem)
    return {"pem": str(folder / "sns.pem")}


def wait_for(ready: Callable[[], bool], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, "it does not come to that"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Receiver, Path]]:
    """One receiver for all tests that leave it running, each with numbers of its own."""
    folder = tmp_path_factory.mktemp("shared")
    with receiver(folder / "workspace", configured(folder), **options(folder)) as running:
        yield running, folder / "workspace"
        assert running.stop() == 0
        assert "Traceback" not in running.said


def rows_with(workspace: Path, *numbers: int) -> list[str]:
    frame = bounces_in(workspace)
    wanted = [f"lead{number}@corp{number % 40}.example" for number in numbers]
    return sorted(frame.loc[frame["recipient"].isin(wanted), "recipient"])


# --- what is kept --------------------------------------------------------------------------------------------------------


def test_every_providers_bounce_comes_into_the_workspace_once(shared: tuple[Receiver, Path]) -> None:
    running, workspace = shared
    now = time.time()
    requests = {
        "/sendgrid/main": SENDGRID.request([senders.sendgrid_event(101)], now),
        "/ses/main": SNS.request(senders.ses_event(102), now),
        "/mailgun/eu": senders.mailgun_request(senders.mailgun_event(103), now),
        "/resend": senders.svix_request(senders.resend_event(104), now),
        "/postmark": senders.basic_request(senders.postmark_event(105)),
        "/sparkpost": senders.basic_request([senders.sparkpost_event(106)]),
        "/mailjet": senders.basic_request([senders.mailjet_event(107)]),
        "/brevo": senders.bearer_request(senders.brevo_event(108)),
    }
    for _ in range(2):
        assert {path: running.post(path, request)[0] for path, request in requests.items()} == dict.fromkeys(
            requests, 200
        )
    wait_for(lambda: len(rows_with(workspace, *range(101, 109))) == 8)
    wait_for(lambda: running.metrics()["journal_lag_bytes",] == 0)
    assert rows_with(workspace, *range(101, 109)) == [f"lead{n}@corp{n % 40}.example" for n in range(101, 109)]
    frame = bounces_in(workspace)
    assert set(frame.loc[frame["recipient"].str.startswith("lead10"), "label"]) == {"hard"}


def test_an_event_alone_and_the_same_in_a_batch_are_one_bounce(shared: tuple[Receiver, Path]) -> None:
    running, workspace = shared
    alone = SENDGRID.request([senders.sendgrid_event(200)], time.time())
    batch = SENDGRID.request([senders.sendgrid_event(n) for n in (201, 200, 202)], time.time())
    assert [running.post("/sendgrid/main", one)[0] for one in (alone, batch, batch, alone)] == [200] * 4
    wait_for(lambda: len(rows_with(workspace, 200, 201, 202)) == 3)
    wait_for(lambda: running.metrics()["journal_lag_bytes",] == 0)
    assert len(rows_with(workspace, 200, 201, 202)) == 3


def test_a_batch_of_a_thousand_events(shared: tuple[Receiver, Path]) -> None:
    running, workspace = shared
    numbers = range(10_000, 11_000)
    request = SENDGRID.request([senders.sendgrid_event(n) for n in numbers], time.time())
    assert running.post("/sendgrid/main", request)[0] == 200
    wait_for(lambda: len(rows_with(workspace, *numbers)) == 1000)


def test_a_gzip_body_is_read_as_what_it_holds(shared: tuple[Receiver, Path]) -> None:
    running, workspace = shared
    assert running.post("/brevo", senders.bearer_request(senders.brevo_event(300)).packed())[0] == 200
    wait_for(lambda: len(rows_with(workspace, 300)) == 1)


def test_one_odd_value_does_not_cost_the_events_beside_it(shared: tuple[Receiver, Path]) -> None:
    running, workspace = shared
    odd = json.dumps([senders.sendgrid_event(n) for n in (310, 311, 312)])
    for number, value in enumerate((r'"\ud800"', "NaN", "9" * 60, '"\t\x00"', '"\udcff"')):
        body = odd.replace('"ev311"', value).replace("lead310", f"lead31{number}0").encode("utf-8", "surrogateescape")
        request = senders.bearer_request(None)
        strange = body[:-1] + b', {"unknown": ' + value.encode("utf-8", "surrogateescape") + b"}]"
        assert running.post("/brevo", replace(request, body=strange))[0] == 200
    wait_for(lambda: "lead312@corp32.example" in rows_with(workspace, 311, 312))
    wait_for(lambda: running.metrics()["journal_lag_bytes",] == 0)
    assert sum(bounces_in(workspace)["recipient"].str.match(r"lead31\d0@")) == 5


def test_what_was_answered_with_200_is_there_after_a_kill_at_once(tmp_path: Path) -> None:
    workspace, config = tmp_path / "workspace", configured(tmp_path)
    never = {**options(tmp_path), "pace": {"every_s": 3600, "events": 10**9}}
    with receiver(workspace, config, **never) as running:
        # The taker has looked once, and will not again.
        assert running.post("/brevo", senders.bearer_request(senders.brevo_event(1)))[0] == 200
        running.kill()
    with receiver(workspace, config, **never) as running:
        assert running.stop() == 0
    assert rows_with(workspace, 1) == ["lead1@corp1.example"]
    assert len(bounces_in(workspace)) == 1


def test_a_stop_takes_in_what_was_accepted_and_exits_with_0(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    with receiver(workspace, configured(tmp_path), **options(tmp_path), pace={"every_s": 3600}) as running:
        for number in range(20):
            assert running.post("/brevo", senders.bearer_request(senders.brevo_event(number)))[0] == 200
        assert running.stop() == 0
    assert len(bounces_in(workspace)) == 20
    # What is in the workspace is nowhere else.
    assert {path.name for path in (workspace / "journal").iterdir()} == {"lock", "checkpoint.json"}


def test_the_journal_is_for_its_owner_alone_and_empties(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    pace = {"every_s": 0.1, "turn_s": 0.1}
    with receiver(workspace, configured(tmp_path), **options(tmp_path), pace=pace) as running:
        assert running.post("/brevo", senders.bearer_request(senders.brevo_event(1)))[0] == 200
        journal = workspace / "journal"
        for path in [journal, *journal.iterdir()]:
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
        wait_for(lambda: sum(path.stat().st_size for path in journal.glob("*.journal")) == 0)
        assert running.stop() == 0


def test_two_receivers_do_not_share_a_journal(tmp_path: Path) -> None:
    config = configured(tmp_path)
    with receiver(tmp_path / "workspace", config, **options(tmp_path)) as running:
        again = subprocess.run(
            [sys.executable, Path(__file__).with_name("webhook_process.py"), tmp_path / "workspace", config, "{}"],
            capture_output=True,
            text=True,
            timeout=60,
            env=of_ours(),
        )
        assert again.returncode != 0
        assert "another receiver uses this journal" in again.stderr
        assert running.stop() == 0


# --- what is not taken ---------------------------------------------------------------------------------------------------


def test_what_is_not_verified_is_counted_and_not_stored(shared: tuple[Receiver, Path]) -> None:
    running, workspace = shared
    before = running.metrics()
    forged = SendGridSender().request([senders.sendgrid_event(400)], time.time())
    assert running.post("/sendgrid/main", forged)[0] == 403
    assert running.post("/sendgrid/main", Request(forged.body))[0] == 401
    status, headers, _ = running.post("/postmark", Request(b"{}"))
    assert (status, headers["www-authenticate"]) == (401, 'Basic realm="webhooks"')
    after = running.metrics()
    for key in (("/sendgrid/main", "signature_wrong"), ("/sendgrid/main", "signature_missing")):
        assert after["refused_total", *key] == before.get(("refused_total", *key), 0) + 1
    assert after["verified_total", "/sendgrid/main"] == before.get(("verified_total", "/sendgrid/main"), 0)
    for path in (workspace / "journal").rglob("*"):
        assert not path.is_file() or b"lead400@" not in path.read_bytes()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        (b"", 400),
        (b"[" * 9 + b"]" * 9, 400),
        (b"[" * 8 + b"]" * 8, 200),
        (b'{"a":' * 500 + b"1" + b"}" * 500, 400),
        (b"[" * 5000, 400),
        (b"[]", 200),
        (b"{}", 200),
    ],
)
def test_bodies_that_are_no_news(shared: tuple[Receiver, Path], body: bytes, status: int) -> None:
    # The bucket of /small would be empty soon.
    running, _ = shared
    time.sleep(0.55)
    assert running.post("/small", replace(senders.bearer_request(None), body=body))[0] == status


def test_what_no_reader_knows_goes_to_the_rejects_and_holds_up_nothing(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    with receiver(workspace, configured(tmp_path), **options(tmp_path)) as running:
        strange = [{"nobody": "knows this"}, senders.sendgrid_event(1), 17]
        assert running.post("/sendgrid/main", SENDGRID.request(strange, time.time()))[0] == 200
        assert running.post("/brevo", senders.bearer_request({"a": [1, 2]}))[0] == 200
        assert running.post("/brevo", senders.bearer_request(senders.brevo_event(2)))[0] == 200
        wait_for(lambda: len(rows_with(workspace, 1, 2)) == 2 if (workspace / "bounces").exists() else False)
        metrics = running.metrics()
        assert metrics["rejected_total", "/sendgrid/main", "unknown"] == 1
        assert metrics["rejected_total", "/brevo", "unknown"] == 1
        assert running.get("/healthz")[0] == 200
        assert running.stop() == 0
    rejects = sorted((workspace / "journal" / "rejects").iterdir())
    assert [json.loads(path.read_text())["events"] for path in rejects] == [
        [{"nobody": "knows this"}, 17],
        [{"a": [1, 2]}],
    ]


def test_a_body_over_the_bound_is_refused_whether_it_says_so_or_not(shared: tuple[Receiver, Path]) -> None:
    running, _ = shared
    time.sleep(2.1)
    large = senders.bearer_request({"x": "y" * 30_000})
    assert running.post("/small", large)[0] == 413
    head = f"POST /small HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {PASSWORD}\r\n"
    with raw(running.port) as said:
        said.sendall(f"{head}Content-Length: {10**12}\r\n\r\n".encode())
        assert b" 413 " in said.recv(4096)
    with raw(running.port) as said:
        said.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        answer = b""
        try:
            for _ in range(10):
                said.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            answer = said.recv(4096)
        except ConnectionError:
            answer = answer or b" 413 "
        assert b" 413 " in answer


def test_a_gzip_bomb_is_not_unpacked(shared: tuple[Receiver, Path]) -> None:
    running, _ = shared
    bomb = gzip.compress(b"[" + b" " * 150_000_000 + b"]", 6)
    assert len(bomb) < 400_000
    headers = {"content-encoding": "gzip", **senders.bearer_request(None).headers}
    before = peak_memory(running)
    assert running.post("/brevo", Request(bomb, headers))[0] == 413
    assert peak_memory(running) - before < 60_000_000
    for body in (b"no gzip", gzip.compress(b"{}")[:-4], gzip.compress(b"{}") + b"more"):
        assert running.post("/brevo", Request(body, headers))[0] == 415
    assert running.post("/brevo", Request(b"{}", {**headers, "content-encoding": "br"}))[0] == 415


def peak_memory(running: Receiver) -> int:
    status = Path(f"/proc/{running.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def test_a_rate_over_the_bound_is_asked_to_come_later(shared: tuple[Receiver, Path]) -> None:
    running, _ = shared
    time.sleep(2.1)
    answers = [running.post("/small", senders.bearer_request({})) for _ in range(12)]
    assert [status for status, _, _ in answers[:4]] == [200] * 4
    limited = [headers for status, headers, _ in answers if status == 429]
    assert limited
    assert all(int(headers["retry-after"]) >= 1 for headers in limited)
    assert running.post("/brevo", senders.bearer_request({}))[0] == 200


def test_slow_senders_are_cut_off_and_others_are_served_meanwhile(shared: tuple[Receiver, Path]) -> None:
    running, _ = shared
    time.sleep(2.1)
    slow_heads = [raw(running.port) for _ in range(10)]
    slow_bodies = [raw(running.port) for _ in range(3)]
    head = f"POST /small HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {PASSWORD}\r\nContent-Length: 100\r\n\r\n"
    for one in slow_heads:
        one.sendall(b"POST /brevo HTTP/1.1\r\nHost: x\r\n")
    for one in slow_bodies:
        one.sendall(head.encode())
    began = time.monotonic()
    while time.monotonic() - began < 4.0:
        # A byte now and then keeps nobody's connection open.
        for number, one in enumerate(slow_heads + slow_bodies):
            try:
                one.sendall(f"X-{number}: y\r\n".encode() if one in slow_heads else b"x")
            except OSError:
                continue
        assert running.post("/brevo", senders.bearer_request({}))[0] == 200
        time.sleep(0.25)
    for one in slow_heads:
        assert ended(one) in (b"", b"reset")
    for one in slow_bodies:
        answer = ended(one)
        assert answer == b"reset" or b" 408 " in answer
    assert running.metrics()["refused_total", "/small", "too_slow"] >= 3


def ended(one: socket.socket) -> bytes:
    """What came before the end; the end has to come."""
    one.settimeout(5)
    with one:
        try:
            return one.recv(4096)
        except ConnectionError:
            return b"reset"


def test_requests_at_once_are_bounded(shared: tuple[Receiver, Path]) -> None:
    running, _ = shared
    head = f"POST /brevo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {PASSWORD}\r\nContent-Length: 9\r\n\r\n"
    held = [raw(running.port) for _ in range(8)]
    for one in held:
        one.sendall(head.encode())
    time.sleep(0.3)
    status, headers, _ = running.post("/brevo", senders.bearer_request({}))
    assert (status, headers["retry-after"]) == (503, "1")
    for one in held:
        one.close()
    wait_for(lambda: running.post("/brevo", senders.bearer_request({}))[0] == 200)
    assert running.metrics()["refused_total", "/brevo", "disconnected"] >= 8


def test_connections_that_only_wait_are_bounded(shared: tuple[Receiver, Path]) -> None:
    running, _ = shared
    held = [raw(running.port) for _ in range(80)]
    time.sleep(0.3)
    pid = running.pid
    sockets = [path for path in Path(f"/proc/{pid}/fd").iterdir() if "socket" in linked(path)]
    assert len(sockets) < 60
    for one in held:
        one.close()
    wait_for(lambda: running.get("/healthz")[0] == 200)


def linked(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_and_paths_are_nothing(shared: tuple[Receiver, Path], method: str) -> None:
    running, _ = shared
    for path, status in (("/brevo", b"405"), ("/brevo/", b"404"), ("/other", b"404"), ("/", b"404")):
        with raw(running.port) as said:
            said.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert said.recv(4096).split()[1] == status


def test_nylas_is_told_that_somebody_is_there(shared: tuple[Receiver, Path]) -> None:
    running, _ = shared
    assert running.get("/nylas?challenge=bc609b38-c81f") == (200, "bc609b38-c81f")
    assert running.get("/nylas?challenge=%3Cscript%3E")[0] == 405
    assert running.get("/brevo?challenge=abc")[0] == 405


def test_what_was_added_to_a_signed_message_is_not_kept(shared: tuple[Receiver, Path]) -> None:
    running, workspace = shared
    genuine = json.loads(SNS.request(senders.ses_event(320), time.time()).body)
    for added in (
        senders.ses_event(321),
        {"Records": [senders.ses_event(322)]},
        {"event-data": senders.mailgun_event(323)},
    ):
        assert running.post("/ses/main", Request(json.dumps(genuine | added).encode()))[0] == 200
    wait_for(lambda: rows_with(workspace, 320) != [])
    wait_for(lambda: running.metrics()["journal_lag_bytes",] == 0)
    assert rows_with(workspace, 320, 321, 322, 323) == ["lead320@corp0.example"]


def test_a_subscription_is_confirmed_over_the_wire(shared: tuple[Receiver, Path]) -> None:
    running, _ = shared
    assert running.post("/ses/main", SNS.confirmation(time.time()))[0] == 200
    assert f"/ses/main: the subscription to {TOPIC} is confirmed" in running.said


# --- what is told --------------------------------------------------------------------------------------------------------


def test_the_metrics_tell_what_happened_and_name_nobody(tmp_path: Path) -> None:
    with receiver(tmp_path / "workspace", configured(tmp_path), **options(tmp_path), metrics="127.0.0.1:0") as running:
        events = [senders.sendgrid_event(n) for n in range(3)] + [
            {**senders.sendgrid_event(9), "event": "open"},
            {**senders.sendgrid_event(10), "event": "spamreport"},
        ]
        request = SENDGRID.request(events, time.time())
        assert running.post("/sendgrid/main", request)[0] == 200
        assert running.post("/sendgrid/main", Request(b"[]"))[0] == 401
        wait_for(lambda: running.metrics().get(("commits_total",), 0) == 1)
        wait_for(lambda: running.metrics()["journal_lag_bytes",] == 0)
        metrics = running.metrics()
        told = {key: value for key, value in metrics.items() if "/sendgrid/main" in key and "created" not in key[0]}
        assert told == {
            ("received_total", "/sendgrid/main"): 2,
            ("verified_total", "/sendgrid/main"): 1,
            ("kept_total", "/sendgrid/main"): 1,
            ("refused_total", "/sendgrid/main", "signature_missing"): 1,
            ("received_bytes_total", "/sendgrid/main"): len(request.body),
            ("events_total", "/sendgrid/main", "bounce"): 3,
            ("events_total", "/sendgrid/main", "other"): 1,
            ("events_total", "/sendgrid/main", "complaint"): 1,
            ("bounces_total", "/sendgrid/main", "hard"): 3,
            ("bounces_total", "/sendgrid/main", "spam"): 1,
        }
        assert metrics["journal_lag_seconds",] == 0
        assert metrics["request_seconds_count",] == 2
        text = running.get("/metrics")[1]
        assert "@" not in text
        assert "lead" not in text
        status, health = running.get("/healthz")
        assert (status, json.loads(health)["status"]) == (200, "ok")
        # With an address of their own they are nowhere else.
        with raw(running.port) as said:
            said.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b" 404 " in said.recv(4096)
        assert running.stop() == 0


def test_a_workspace_that_cannot_be_written_fails_the_health_and_loses_nothing(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    config = configured(tmp_path, CONFIG + "lag_seconds = 0.5\n")
    pace = {"every_s": 0.1, "drain_s": 0.5}
    with receiver(workspace, config, **options(tmp_path), no_table=True, pace=pace) as running:
        assert running.post("/brevo", senders.bearer_request(senders.brevo_event(1)))[0] == 200
        wait_for(lambda: running.get("/healthz")[0] == 503)
        assert "behind" in running.get("/healthz")[1]
        wait_for(lambda: running.metrics()["commit_failures_total",] >= 1)
        assert running.stop() == 0
        assert "which the next start takes in" in running.said
    with receiver(workspace, config, **options(tmp_path)) as running:
        assert running.stop() == 0
    assert len(bounces_in(workspace)) == 1


def test_a_full_journal_sends_the_senders_away_until_there_is_room(tmp_path: Path) -> None:
    config = configured(tmp_path, CONFIG + "journal_bytes = 300\n")
    pace = {"every_s": 0.1, "drain_s": 0.2}
    with receiver(tmp_path / "workspace", config, **options(tmp_path), no_table=True, pace=pace) as running:
        answers = [running.post("/brevo", senders.bearer_request(senders.brevo_event(n))) for n in range(5)]
        assert answers[0][0] == 200
        assert answers[-1][0] == 503
        assert int(answers[-1][1]["retry-after"]) > 0
        assert "the journal is full" in running.get("/healthz")[1]


def test_over_tls(tmp_path: Path) -> None:
    import http.client
    import ssl

    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", chain], check=True, capture_output=True)
    tls = [str(chain), str(key)]
    with receiver(tmp_path / "workspace", configured(tmp_path), **options(tmp_path), tls=tls) as running:
        trusting = ssl.create_default_context(cafile=str(chain))
        connection = http.client.HTTPSConnection("127.0.0.1", running.port, timeout=10, context=trusting)
        request = senders.bearer_request(senders.brevo_event(1))
        connection.request("POST", "/brevo", request.body, request.headers)
        assert connection.getresponse().status == 200
        connection.close()
        assert running.stop() == 0


def test_a_path_with_a_line_end_behind_it_is_nobodys(shared: tuple[Receiver, Path]) -> None:
    running, _ = shared
    assert running.post("/brevo%0A", senders.bearer_request(senders.brevo_event(1)))[0] == 404
    assert "Exception" not in running.said


def test_a_stranger_cannot_use_up_the_rate_of_a_provider_that_signs(tmp_path: Path) -> None:
    text = '[endpoint."/mailgun"]\nprovider = "mailgun"\nsecret_file = "password"\n'
    config = configured(tmp_path, text + "limits = { requests_per_second = 0.001, burst = 2 }\n")
    now = time.time()
    with receiver(tmp_path / "workspace", config, **options(tmp_path)) as running:
        forged = senders.mailgun_request(senders.mailgun_event(1), now, key="some other signing key")
        assert [running.post("/mailgun", forged)[0] for _ in range(5)] == [403] * 5
        genuine = senders.mailgun_request(senders.mailgun_event(1), now)
        assert [running.post("/mailgun", genuine)[0] for _ in range(3)] == [200, 200, 429]
        # Once, however often: the operator may have the wrong key.
        assert running.said.count("is its secret or public key the provider's?") == 1


def test_a_workspace_that_is_moved_away_is_told_as_soon_as_it_costs_a_request(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    with receiver(workspace, configured(tmp_path), **options(tmp_path)) as running:
        workspace.rename(tmp_path / "away")
        assert running.post("/brevo", senders.bearer_request(senders.brevo_event(1)))[0] == 503
        assert running.get("/healthz")[0] == 503
        assert "the journal cannot be written" in running.said
        (tmp_path / "away").rename(workspace)
        assert running.post("/brevo", senders.bearer_request(senders.brevo_event(1)))[0] == 200
        assert running.stop() == 0
    assert rows_with(workspace, 1) == ["lead1@corp1.example"]


def test_handshakes_that_never_come_are_dropped(tmp_path: Path) -> None:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost"
    subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=True)
    tls = [str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")]
    with receiver(tmp_path / "workspace", configured(tmp_path), tls=tls, **options(tmp_path)) as running:
        silent = raw(running.port)
        began = time.monotonic()
        assert silent.recv(1) == b""
        assert time.monotonic() - began < 15
        silent.close()
