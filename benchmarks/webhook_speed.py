"""How many events a CPU second takes, from the socket to the workspace, beside an endpoint that only reads the body.

Both run in a process of their own under the same uvicorn and get the same requests over the loopback, in the same run.
Printed for single events and for batches, as SendGrid sends them: events for each CPU second of (1) a bare Starlette
endpoint, (2) the receiver up to its 200: signature, JSON, journal, sync, (3) the receiver with the workspace as well;
and how many times the CPU of (1) each takes. Nothing is asserted.
`python benchmarks/webhook_speed.py [--requests 1500] [--batches 150]`
"""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "webhooks"))

import webhook_senders as senders
from webhook_process import Receiver, bounces_in, write_config

_BARE = """
import socket, sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

async def read(request):
    await request.body()
    return Response(status_code=200)

listening = socket.create_server(("127.0.0.1", 0), backlog=256)
print(listening.getsockname()[1], flush=True)
app = Starlette(routes=[Route("/sendgrid", read, methods=["POST"])])
uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", http="h11")).run([listening])
"""
_CONNECTIONS = 8


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def post_all(port: int, requests: list[senders.Request]) -> None:
    """Every request, over connections that are kept open."""

    def post(mine: list[senders.Request]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for one in mine:
            connection.request("POST", "/sendgrid", one.body, one.headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status

    threads = [threading.Thread(target=post, args=(requests[at::_CONNECTIONS],)) for at in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def bare(requests: list[senders.Request]) -> float:
    """CPU seconds of the endpoint that only reads."""
    with subprocess.Popen([sys.executable, "-c", _BARE], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        port = int(running.stdout.readline())
        post_all(port, requests[:50])
        before = cpu_seconds(running.pid)
        post_all(port, requests[50:])
        used = cpu_seconds(running.pid) - before
        running.terminate()
    return used


def received(requests: list[senders.Request], public_key: str, events: int, *, take: bool) -> float:
    """CPU seconds of the receiver, with the taker or with one that sleeps."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        config = write_config(
            place,
            f'[endpoint."/sendgrid"]\nprovider = "sendgrid"\npublic_key = "{public_key}"\n'
            "limits = { requests_per_second = 1e6, burst = 1000000 }\n",
        )
        pace = {"every_s": 5.0, "events": 10_000} if take else {"every_s": 9e9, "events": 10**9, "drain_s": 0}
        running = Receiver(place / "workspace", config, pace=pace)
        try:
            post_all(running.port, requests[:50])
            while take and running.metrics()["journal_lag_bytes",]:
                time.sleep(0.1)
            time.sleep(0 if take else 5)
            before = cpu_seconds(running.pid)
            post_all(running.port, requests[50:])
            while take and running.metrics()["journal_lag_bytes",]:
                time.sleep(0.5)
            used = cpu_seconds(running.pid) - before
        finally:
            running.kill()
        assert not take or len(bounces_in(place / "workspace")) == events
    return used


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1500, help="requests of one event")
    parser.add_argument("--batches", type=int, default=150, help="requests of 100 events")
    given = parser.parse_args()
    sender = senders.SendGridSender()
    print(f"{'a request of':>14} {'':>22} {'events/CPU s':>13} {'requests/CPU s':>15} {'x bare':>7}")
    for size, count in ((1, given.requests), (100, given.batches)):
        count += 50
        events = [[senders.sendgrid_event(size * at + n) for n in range(size)] for at in range(count)]
        requests = [sender.request(batch, time.time()) for batch in events]
        alone = bare(requests)
        kept = received(requests, sender.public_key, size * count, take=False)
        taken = received(requests, sender.public_key, size * count, take=True)
        for what, used in (("bare Starlette", alone), ("up to the 200", kept), ("to the workspace", taken)):
            done = count - 50
            print(
                f"{size:>8} events {what:>22} {done * size / used:13,.0f} {done / used:15,.0f} {used / alone:7.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
