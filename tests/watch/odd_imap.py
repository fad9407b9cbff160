"""An IMAP server that does what Dovecot does not, and others do: one folder, one session at a time, plain text.

It speaks UTF-8 once that is enabled (RFC 6855), tells of a message before its "go ahead" to IDLE, withholds a message,
or lists far more messages than one line of an answer may hold.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

_CAPABILITIES = "IMAP4rev1 AUTH=PLAIN ENABLE UTF8=ACCEPT IDLE"


class OddImap:
    """`messages` by UID; None for one that the server cannot bring up, b"NIL" for one that it answers with that.

    `told`: every command, without its tag.
    """

    def __init__(self, folder: str, messages: Mapping[int, bytes | None], *, early: bool = False) -> None:
        self.folder, self.messages, self.early = folder, dict(messages), early
        self.told: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with suppress(OSError), connection, connection.makefile("rwb") as lines:
                    self._session(lines)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _session(self, lines) -> None:
        def say(text: str | bytes) -> None:
            lines.write((text.encode() if isinstance(text, str) else text) + b"\r\n")
            lines.flush()

        say(f"* OK [CAPABILITY {_CAPABILITIES}] ready")
        utf8 = False
        while line := lines.readline():
            tag, _, command = line.decode("utf-8").rstrip("\r\n").partition(" ")
            self.told.append(command)
            verb = command.upper()
            if verb.startswith("CAPABILITY"):
                say(f"* CAPABILITY {_CAPABILITIES}")
            elif verb.startswith("AUTHENTICATE"):
                say("+ ")
                lines.readline()
            elif verb.startswith("ENABLE"):
                utf8 = True
                say("* ENABLED UTF8=ACCEPT")
            elif verb.startswith("EXAMINE"):
                if not utf8 or command != f'EXAMINE "{self.folder}"':
                    say(f"{tag} NO no such folder")
                    continue
                say(f"* {len(self.messages)} EXISTS")
                say("* OK [UIDVALIDITY 7] valid")
            elif match := re.match(r"(UID )?FETCH ([\d,]+) \((.*)\)", command):
                if not self._fetched(say, match[1] is not None, match[2], match[3]):
                    say(f"{tag} NO it cannot be brought up")
                    continue
            elif verb == "IDLE":
                if self.early:
                    self.early = False
                    self.messages[max(self.messages) + 1] = self.messages[min(self.messages)]
                    say(f"* {len(self.messages)} EXISTS")
                say("+ idling")
                lines.readline()
            elif verb == "LOGOUT":
                say("* BYE")
            say(f"{tag} OK done")

    def _fetched(self, say, by_uid: bool, numbers: str, what: str) -> bool:
        places = dict(enumerate(sorted(self.messages), 1))
        for place, uid in places.items():
            if str(uid if by_uid else place) not in numbers.split(","):
                continue
            body = self.messages[uid]
            if "BODY.PEEK[]" in what:
                if body is None:
                    return False
                if body == b"NIL":
                    say(b"* %d FETCH (UID %d BODY[] NIL)" % (place, uid))
                    continue
                say(b"* %d FETCH (UID %d BODY[] {%d}\r\n%b)" % (place, uid, len(body), body))
            else:
                arrived = '"03-Mar-2026 10:00:00 +0000"'
                say(f"* {place} FETCH (UID {uid} RFC822.SIZE {len(body or b'')} INTERNALDATE {arrived})")
        return True


@contextmanager
def odd_imap(folder: str, messages: Mapping[int, bytes | None], *, early: bool = False) -> Iterator[OddImap]:
    """The server, until the end of the block."""
    server = OddImap(folder, messages, early=early)
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield server
    finally:
        server.close()
