"""A real Dovecot (Debian's dovecot-imapd) on the loopback, as root, in a folder of its own; and a Postfix that bounces.

One account, whose mail is a Maildir. It takes a password, and access tokens that a small introspection endpoint
(RFC 7662) of the test knows.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import imapclient
from servers.programs import free_port, listening, postfix, program, wait_until
from servers.scripted import self_signed

USER, PASSWORD = "jane@team.example", 'correct "horse" \\ bätt€ry'
#: A user whom Debian knows and who may own mail; Dovecot lets no root in.
_OWNER = "mail"
#: All that the mailbox server may say that it can, but IDLE, MOVE and UIDPLUS.
PLAIN = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE LITERAL+ NAMESPACE UNSELECT ESEARCH"


@dataclass
class Dovecot:
    """A server that is up. `maildir` is the account's INBOX; `tokens` are those that are good now."""

    folder: Path
    port: int
    plain_port: int
    ca_file: Path
    maildir: Path
    tokens: set[str]
    _running: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def url(self, folder: str = "INBOX", *, user: str = USER, port: int | None = None) -> str:
        return f"imaps://{user}@localhost:{port or self.port}/{folder}"

    def name(self, folder: str = "INBOX", *, port: int | None = None) -> str:
        """The same as records and log lines have it."""
        return f"imaps://localhost:{port or self.port}/{folder}"

    def client(self) -> imapclient.IMAPClient:
        """Somebody else who is logged in."""
        client = imapclient.IMAPClient("127.0.0.1", self.plain_port, ssl=False)
        client.plain_login(USER, PASSWORD)
        return client

    def deliver(self, messages: Sequence[bytes], folder: str = "") -> None:
        """Messages into the Maildir, as a delivery agent does it: written to `tmp`, moved to `new`."""
        home = self.maildir / folder if folder else self.maildir
        owner = shutil._get_uid(_OWNER)  # type: ignore[attr-defined]
        made = []
        for place in (home, *(home / part for part in ("tmp", "cur", "new"))):
            if not place.exists():
                place.mkdir()
                made.append(place)
        for data in messages:
            name = unique_name()
            (home / "tmp" / name).write_bytes(data)
            os.chown(home / "tmp" / name, owner, -1)
            (home / "tmp" / name).rename(home / "new" / name)
        for place in made:
            os.chown(place, owner, -1)

    def fill(self, mbox: Iterable[bytes]) -> None:
        """Very many into INBOX, where that is an mbox (`dovecot(mbox=True)`), which is gone sooner than 50,000 files."""
        with (self.folder / "home" / "inbox").open("ab") as file:
            for part in mbox:
                file.write(part)
        shutil.chown(self.folder / "home" / "inbox", _OWNER, _OWNER)

    def stop(self) -> None:
        """As a restart begins: every connection is cut."""
        assert self._running is not None
        group = self._running.pid
        self._running.terminate()
        try:
            self._running.wait(15)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()
        # Those that serve a connection may outlive their master.
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        self._running = None

    def start(self) -> None:
        log = (self.folder / "stderr.log").open("ab")
        self._running = subprocess.Popen(
            [program("dovecot", "dovecot-imapd"), "-F", "-c", self.folder / "dovecot.conf"],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        wait_until(
            lambda: listening("127.0.0.1", self.port) and listening("127.0.0.1", self.plain_port), "dovecot", self.said
        )

    def said(self) -> str:
        return "".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))


_count = 0


def unique_name() -> str:
    """A name as delivery agents make them (maildir(5))."""
    global _count
    _count += 1
    return f"{int(time.time())}.M{time.monotonic_ns() // 1000}P{os.getpid()}Q{_count}.localhost"


@contextmanager
def dovecot(*, capability: str = "", mbox: bool = False) -> Iterator[Dovecot]:
    """The server, until the end of the block. `capability`: all that it is to say that it can. `mbox`: keep mail so."""
    with ExitStack() as stack:
        # Dovecot's own users must get in, which pytest's folders do not let them.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dovecot-")))
        folder.chmod(0o755)
        tokens: set[str] = set()
        introspection = stack.enter_context(_introspection(tokens))
        certificate, _ = self_signed(folder, "localhost")
        maildir = folder / "home" / "Maildir"
        maildir.mkdir(parents=True)
        for part in ("tmp", "cur", "new"):
            (maildir / part).mkdir()
        for place in (maildir.parent, maildir, *maildir.iterdir()):
            shutil.chown(place, _OWNER, _OWNER)
        server = Dovecot(folder, free_port(), free_port(), certificate, maildir, tokens)
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
        (folder / "oauth2.conf").write_text(
            f"introspection_url = {introspection}?token=\nintrospection_mode = get\nusername_attribute = email\n"
            "active_attribute = active\nactive_value = true\n"
        )
        (folder / "dovecot.conf").write_text(_configuration(server, capability, mbox), encoding="utf-8")
        server.start()
        try:
            yield server
        finally:
            if server._running is not None:
                server.stop()


def _configuration(server: Dovecot, capability: str, mbox: bool) -> str:
    folder = server.folder
    location = f"mbox:{folder}/home/mail:INBOX={folder}/home/inbox" if mbox else f"maildir:{server.maildir}"
    return f"""
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
first_valid_uid = 1
mail_location = {location}
maildir_very_dirty_syncs = no
mail_max_userip_connections = 100
{f"imap_capability = {capability}" if capability else ""}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={_OWNER} gid={_OWNER} home={folder}/home
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    port = {server.plain_port}
  }}
  inet_listener imaps {{
    port = {server.port}
    ssl = yes
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@contextmanager
def _introspection(tokens: set[str]) -> Iterator[str]:
    """Says of a token whether it is good, and whose."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = parse_qs(urlsplit(self.path).query).get("token", [""])[0]
            good = token in tokens
            body = json.dumps({"active": good, **({"email": USER} if good else {})}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/introspect"
    finally:
        server.shutdown()
        server.server_close()


class Cable:
    """A line to a server that can be cut: every connection through it is reset, and new ones are refused or taken."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: set[socket.socket] = set()
        self.connections = 0
        #: Of bytes from the server, all connections together, after which the line is cut; none where None.
        self.cut_after: int | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset every connection."""
        for end in list(self._open):
            _reset(end)

    def close(self) -> None:
        _reset(self._listener)
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            self.connections += 1
            self._open |= {near, far}
            threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while data := source.recv(65536):
                if counted and self.cut_after is not None:
                    self.cut_after -= len(data)
                    if self.cut_after < 0:
                        self.cut_after = None
                        self.cut()
                        return
                target.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, target):
                self._open.discard(end)
                _reset(end)


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def cable(port: int) -> Iterator[Cable]:
    """A line to `port`, until the end of the block."""
    line = Cable(port)
    try:
        yield line
    finally:
        line.close()


@dataclass(frozen=True)
class BouncingPostfix:
    """A Postfix that delivers team.example into a Maildir, and whose mail to corp.example is refused: 550 5.1.1."""

    port: int
    log: Path

    def send(self, message: Message) -> None:
        import smtplib

        with smtplib.SMTP("127.0.0.1", self.port) as smtp:
            smtp.send_message(message, from_addr=USER, to_addrs=[message["To"]])


@contextmanager
def bouncing_postfix(maildir: Path) -> Iterator[BouncingPostfix]:
    """The server, until the end of the block. Needs root, and Debian's postfix."""
    with tempfile.TemporaryDirectory(prefix="bouncing-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        owner = shutil._get_uid(_OWNER)  # type: ignore[attr-defined]
        (folder / "refused").write_text("corp.example 550 5.1.1 No such mailbox here\n")
        # The system's own mailbox delivery writes Maildirs where the path ends in a slash.
        (folder / "mailboxes").write_text(f"{USER} {maildir.relative_to(maildir.parent)}/\n")
        main = {
            "myhostname": "out.team.example",
            "mynetworks": "127.0.0.0/8",
            "virtual_mailbox_domains": "team.example",
            "virtual_mailbox_base": str(maildir.parent),
            "virtual_mailbox_maps": f"texthash:{folder / 'mailboxes'}",
            "virtual_minimum_uid": "1",
            "virtual_uid_maps": f"static:{owner}",
            "virtual_gid_maps": f"static:{owner}",
            "transport_maps": f"inline:{{corp.example=smtp:[127.0.0.9]:{port}}}",
            "smtp_host_lookup": "native",
            "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
        }
        refusing = {
            "myhostname": "mx.corp.example",
            "smtpd_recipient_restrictions": f"check_recipient_access texthash:{folder / 'refused'}, reject",
        }
        services = [
            "qmgr unix n - n 300 1 qmgr",
            "smtp unix - - n - - smtp",
            "virtual unix - n n - - virtual",
            "bounce unix - - n - 0 bounce",
            "defer unix - - n - 0 bounce",
            "trace unix - - n - 0 bounce",
            "error unix - - n - - error",
            "retry unix - - n - - error",
            "proxymap unix - - n - - proxymap",
        ]
        with postfix(folder, port, main, {"127.0.0.1": {}, "127.0.0.9": refusing}, "127.0.0.1", services):
            yield BouncingPostfix(port, folder / "postfix.log")
