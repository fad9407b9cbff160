"""A receiver that is killed again and again while providers send, and what its workspace holds in the end.

The receiver is forked from a server that has loaded everything, so that a kill falls into its work and not into its
imports. Senders try each request again until it is answered with 200, and some of them once more after that.
"""

from __future__ import annotations

import http.client
import random
import signal
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import webhook_senders as senders
from webhook_forks import forks
from webhook_process import bounces_in, send, write_config
from webhook_senders import PASSWORD, TOPIC, USER, SendGridSender, SnsSender

_PACE = {"every_s": 0.05, "events": 50, "turn_s": 0.3, "drain_s": 120}


@dataclass
class Account:
    """What came of it. `left`: kills that left requests in the journal; `amid`: kills between a commit and its checkpoint.
    `twice`: requests that were sent again."""

    kills: int
    acknowledged: int
    requests: int
    twice: int
    left: int
    amid: int
    committed: int
    stored: Counter[str] = field(default_factory=Counter)
    expected: set[str] = field(default_factory=set)
    exit_code: int = 0
    rejects: int = 0

    @property
    def missing(self) -> int:
        """Records that were acknowledged and are not there."""
        return len(self.expected - self.stored.keys())

    @property
    def repeated(self) -> int:
        """Records that are there more than once."""
        return sum(times > 1 for times in self.stored.values())

    @property
    def strange(self) -> int:
        """Records that nobody sent."""
        return len(self.stored.keys() - self.expected)


class _Senders:
    """Four providers, a thread each."""

    def __init__(self, port: int, sns: SnsSender, sendgrid: SendGridSender, seed: int, pause_s: float) -> None:
        self._port, self._sns, self._sendgrid, self._pause_s = port, sns, sendgrid, pause_s
        self._number, self._lock = 0, threading.Lock()
        self.ending = threading.Event()
        self.acknowledged: set[str] = set()
        self.requests = self.twice = 0
        makers = (self._from_sendgrid, self._from_ses, self._from_mailgun, self._from_postmark)
        self.threads = [
            threading.Thread(target=self._send_on, args=(maker, random.Random(seed + at)), daemon=True)
            for at, maker in enumerate(makers)
        ]

    def _numbers(self, count: int) -> list[int]:
        with self._lock:
            self._number += count
            return list(range(self._number - count, self._number))

    def _from_sendgrid(self, chance: random.Random) -> tuple[str, senders.Request, list[int]]:
        numbers = self._numbers(chance.choice((1, 3, 25)))
        return "/sendgrid", self._sendgrid.request([senders.sendgrid_event(n) for n in numbers], time.time()), numbers

    def _from_ses(self, chance: random.Random) -> tuple[str, senders.Request, list[int]]:
        numbers = self._numbers(1)
        return "/ses", self._sns.request(senders.ses_event(numbers[0]), time.time()), numbers

    def _from_mailgun(self, chance: random.Random) -> tuple[str, senders.Request, list[int]]:
        numbers = self._numbers(1)
        token = chance.randbytes(25).hex()
        return "/mailgun", senders.mailgun_request(senders.mailgun_event(numbers[0]), time.time(), token=token), numbers

    def _from_postmark(self, chance: random.Random) -> tuple[str, senders.Request, list[int]]:
        numbers = self._numbers(1)
        return "/postmark", senders.basic_request(senders.postmark_event(numbers[0])), numbers

    def _send_on(self, make: Any, chance: random.Random) -> None:
        while not self.ending.is_set():
            path, request, numbers = make(chance)
            attempts = 1
            while not self._sent(path, request):
                attempts += 1
                time.sleep(0.01)
            again = chance.random() < 0.1 and self._sent(path, request)
            with self._lock:
                self.acknowledged |= {f"lead{number}@corp{number % 40}.example" for number in numbers}
                self.requests += 1
                self.twice += attempts > 1 or again
            time.sleep(self._pause_s)

    def _sent(self, path: str, request: senders.Request) -> bool:
        try:
            return send(self._port, path, request)[0] == 200
        except (OSError, http.client.HTTPException):
            return False


def kill_again_and_again(folder: Path, kills: int, seed: int, longest_s: float = 1.0, pause_s: float = 0.02) -> Account:
    """Kill the receiver `kills` times, each at a random moment of its first `longest_s` seconds."""
    chance = random.Random(seed)
    sns, sendgrid = SnsSender(), SendGridSender()
    (folder / "sns.pem").write_bytes(sns.pem)
    config = write_config(
        folder,
        f'[endpoint."/sendgrid"]\nprovider = "sendgrid"\npublic_key = "{sendgrid.public_key}"\n'
        f'[endpoint."/ses"]\nprovider = "ses"\ntopics = ["{TOPIC}"]\n'
        '[endpoint."/mailgun"]\nprovider = "mailgun"\nsecret_file = "password"\n'
        f'[endpoint."/postmark"]\nprovider = "postmark"\nuser = "{USER}"\nsecret_file = "password"\n',
        password=PASSWORD,
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    workspace = folder / "workspace"
    options = {"address": f"127.0.0.1:{port}", "pem": str(folder / "sns.pem"), "pace": _PACE}
    sending = _Senders(port, sns, sendgrid, seed, pause_s)
    log = folder / "receivers.log"
    running = forks().start(workspace, config, options, log)
    _wait_for(port)
    for thread in sending.threads:
        thread.start()
    left = amid = 0
    for number in range(kills):
        taken = b""
        if number % 3:
            # From before its first request to amid its commits.
            time.sleep(chance.uniform(0.0, longest_s))
        else:
            taken = _committed(workspace)
        forks().end(running, signal.SIGKILL)
        left += _left(workspace / "journal")
        amid += taken != b"" and _checkpoint(workspace) == taken
        running = forks().start(workspace, config, options, log)
        if chance.random() < 0.8:
            _wait_for(port)
    sending.ending.set()
    for thread in sending.threads:
        thread.join(60)
    _wait_for(port)
    exit_code = forks().end(running, signal.SIGTERM)
    stored = Counter(bounces_in(workspace)["recipient"])
    rejects = workspace / "journal" / "rejects"
    return Account(
        kills=kills,
        acknowledged=len(sending.acknowledged),
        requests=sending.requests,
        twice=sending.twice,
        left=left,
        amid=amid,
        committed=len(list((workspace / "bounces" / "_delta_log").glob("*.json"))),
        stored=stored,
        expected=sending.acknowledged,
        exit_code=exit_code,
        rejects=len(list(rejects.iterdir())) if rejects.exists() else 0,
    )


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise RuntimeError("the receiver does not come up")


def _checkpoint(workspace: Path) -> bytes:
    path = workspace / "journal" / "checkpoint.json"
    return path.read_bytes() if path.exists() else b"none"


def _committed(workspace: Path) -> bytes:
    """Wait for the next commit; the checkpoint before it."""
    log = workspace / "bounces" / "_delta_log"

    def versions() -> int:
        return sum(1 for _ in log.glob("*.json")) if log.exists() else 0

    until = time.monotonic() + 10
    before, taken = versions(), _checkpoint(workspace)
    while versions() == before and time.monotonic() < until:
        time.sleep(0.001)
        taken = _checkpoint(workspace) if versions() == before else taken
    return taken


def _left(journal: Path) -> bool:
    """Whether a kill left what is not taken in, by the checkpoint."""
    try:
        taken = orjson.loads((journal / "checkpoint.json").read_bytes())
    except OSError:
        taken = {"segment": 0, "offset": 0}
    sizes = {int(path.stem): path.stat().st_size for path in journal.glob("*.journal")}
    return any(
        size > (taken["offset"] if number == taken["segment"] else 0)
        for number, size in sizes.items()
        if number >= taken["segment"]
    )
