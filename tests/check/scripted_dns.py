"""A name server on the loopback that answers as it is told, for what a well-behaved one never does."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

#: (name without the last dot, record type) -> records as text, a response code, or None for silence.
Script = Callable[[str, str], "list[str] | dns.rcode.Rcode | None"]
TTL = 300


class ScriptedDns:
    """`address` as `--resolver` wants it; `asked` counts (name, type); `most_at_once` is how many waited at the same time."""

    def __init__(self, script: Script, delay_s: float = 0.0) -> None:
        self._script, self._delay_s = script, delay_s
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.asked: Counter[tuple[str, str]] = Counter()
        self.most_at_once = self._waiting = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                data, client = self._socket.recvfrom(4096)
            except OSError:
                return
            with self._lock:
                self._waiting += 1
                self.most_at_once = max(self.most_at_once, self._waiting)
            if self._delay_s:
                threading.Timer(self._delay_s, self._answer, (data, client)).start()
            else:
                self._answer(data, client)

    def _answer(self, data: bytes, client: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        kind = question.rdtype.name
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked[name, kind] += 1
        said = self._script(name, kind)
        with self._lock:
            self._waiting -= 1
        if said is None:
            return
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if isinstance(said, dns.rcode.Rcode):
            reply.set_rcode(said)
        elif said:
            reply.answer.append(dns.rrset.from_text(question.name, TTL, "IN", kind, *said))
        try:
            self._socket.sendto(reply.to_wire(), client)
        except OSError:
            return


@contextmanager
def scripted_dns(script: Script, delay_s: float = 0.0) -> Iterator[ScriptedDns]:
    server = ScriptedDns(script, delay_s)
    try:
        yield server
    finally:
        server.close()
