"""One folder of a mailbox on a server, read without leaving a trace: EXAMINE and BODY.PEEK[], so no flag changes.

Sources: RFC 9051 and RFC 3501 (IMAP), RFC 2177 (IDLE), RFC 6851 (MOVE), RFC 4315 (UIDPLUS), RFC 6855 (UTF8=ACCEPT).
Messages are found by their place in the folder and known by their UID: a list of all UIDs in one answer (SEARCH) can
be longer than a line that any client takes. Errors: `ConnectionTroubleError` for what another try may cure, other
`UnreadableInputError`s for what a person must put right.
"""

from __future__ import annotations

import ssl
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analyzer.bounds import MIB, current
from analyzer.errors import UnreadableInputError
from analyzer.records import RawMessage
from analyzer.sources.imap_address import ImapAddress, imap_address
from analyzer.sources.imap_login import Access, Client, log_in, without_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from analyzer.bounds import Bounds, Exceeded
    from analyzer.sources.skips import Skip

_CONNECT_S, _ANSWER_S = 30.0, 60.0
#: How often a wait looks whether it is to end, in seconds.
_GLANCE_S = 0.5
#: Asked for at once: messages, and bytes by the sizes that the server gave.
_FETCH, _FETCH_BYTES = 100, 8 * MIB
#: Of a message over the limit, this much is read: the report stands before the returned original.
_HEAD_OF_GREAT = MIB
#: Taken on by a reading that is not `watch`.
_TRIES = 4
_PAGE = 500


class ConnectionTroubleError(UnreadableInputError):
    """The server cannot be reached, or the line broke."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A message in the folder; `size` in bytes as the server says, `arrived` by its clock."""

    uid: int
    size: int
    arrived: datetime | None


class Folder:
    """A folder, open. `validity` and `exists` (how many messages) are as of the last `look`."""

    def __init__(
        self,
        address: ImapAddress,
        access: Access,
        *,
        write: bool = False,
        bounds: Bounds | None = None,
        exceeded: Exceeded | None = None,
    ):
        """Connects, logs in and opens the folder: for reading only, but where messages are to be moved (`write`)."""
        self.address, self._write = address, write
        self._limit, self._exceeded = (bounds or current()).message_bytes, exceeded
        secret = access.secret(address)
        self._client = _connected(address, access)
        self._client.normalise_times = False
        _bound(self._client, 2 * (self._limit + _HEAD_OF_GREAT))
        self._broken = False
        #: A UID and its place in the folder.
        self._last = (0, 0)
        self.validity = self.exists = 0
        try:
            with self._trouble():
                log_in(self._client, address, secret)
                self._accept_utf8()
            self.look()
        except BaseException:
            self.close()
            raise

    def look(self) -> None:
        """Open the folder anew, and so see what has come and what has gone."""
        client = self._client
        with self._trouble():
            try:
                answer = client.select_folder(self.address.folder, readonly=not self._write)
            except client.AbortError:
                raise
            except client.Error as error:
                if _passes(error):
                    raise
                raise UnreadableInputError(self.address.name, f"cannot be opened: {_line(error)}") from None
        self.exists = int(answer.get(b"EXISTS", 0))
        validity = int(answer.get(b"UIDVALIDITY", 0))
        if validity != self.validity:
            self.validity, self._last = validity, (0, 0)

    def listed(self, after: int, count: int) -> list[Listed]:
        """The next `count` messages with a UID above `after`, in the order of their UIDs."""
        with self._trouble():
            begin = self._place_after(after)
            if begin > self.exists:
                return []
            end = min(begin + count - 1, self.exists)
            found = self._at(range(begin, end + 1), "UID", "RFC822.SIZE", "INTERNALDATE")
        listed = [
            Listed(one[b"UID"], _size(one.get(b"RFC822.SIZE")), one.get(b"INTERNALDATE"))
            for one in found.values()
            if one.get(b"UID", 0) > after
        ]
        listed.sort(key=lambda one: one.uid)
        if listed:
            self._last = (listed[-1].uid, end)
        return listed

    def fetched(self, listed: Iterable[Listed], skip: Callable[[str, str], None]) -> Iterator[RawMessage]:
        """The messages, but those that are gone by now; `skip(source, why)` for what the server withholds."""
        for chunk in self._chunks(listed):
            great = chunk[0].size > self._limit
            what = f"BODY.PEEK[]<0.{_HEAD_OF_GREAT}>" if great else "BODY.PEEK[]"
            if great:
                name = f"{self.address.name}#{chunk[0].uid}"
                if self._exceeded is not None:
                    self._exceeded.add(("message_bytes",), name)
                else:
                    skip(name, f"is over {self._limit / MIB:,.0f} MiB: only its first MiB is read")
            with self._trouble():
                bodies = self._bodies([one.uid for one in chunk], what, skip)
            for one in chunk:
                body = bodies.pop(one.uid, None)
                if body is not None:
                    yield RawMessage(f"{self.address.name}#{one.uid}", body)

    @property
    def idles(self) -> bool:
        """Whether the server tells by itself of what comes in."""
        return bool(self._client.has_capability("IDLE"))

    def idle(self, seconds: float, stopped: Callable[[], bool]) -> None:
        """Wait until a message comes, at most `seconds` (RFC 2177: under 29 minutes); less where the line should be
        tried again."""
        until = time.monotonic() + seconds
        with self._trouble():
            self._client.idle()
            while (left := until - time.monotonic()) > 0 and not stopped():
                asked, began = min(_GLANCE_S, left), time.monotonic()
                news = self._client.idle_check(timeout=asked)
                if any(len(one) > 1 and one[1] == b"EXISTS" for one in news):
                    break
                if not news and time.monotonic() - began < asked / 2:
                    break  # the other side hung up; IMAPClient gives an empty answer at once
            self._client.idle_done()

    def move(self, uids: Sequence[int], target: str) -> None:
        """Move messages to another folder of the account, and see who stands where now: those behind them moved up."""
        client, validity = self._client, self.validity
        with self._trouble():
            for start in range(0, len(uids), _FETCH):
                some = list(uids[start : start + _FETCH])
                if client.has_capability("MOVE"):
                    client.move(some, target)
                else:
                    client.copy(some, target)
                    client.add_flags(some, [b"\\Deleted"], silent=True)
                    client.uid_expunge(some)
        self.look()
        if self.validity != validity:
            raise ConnectionTroubleError(self.address.name, "the server numbered its messages anew")

    def check_target(self, target: str) -> None:
        """Make the folder that messages are to be moved to; an error where the server cannot move one alone."""
        client = self._client
        if not (client.has_capability("MOVE") or client.has_capability("UIDPLUS")):
            problem = "the server can move no message without touching others (it has neither MOVE nor UIDPLUS)"
            raise UnreadableInputError(self.address.name, problem, "leave out --move-to")
        with self._trouble():
            if not client.folder_exists(target):
                try:
                    client.create_folder(target)
                except client.AbortError:
                    raise
                except client.Error as error:
                    problem = f"its folder {target!r} cannot be made: {_line(error)}"
                    raise UnreadableInputError(self.address.name, problem, "make it yourself") from None

    def close(self) -> None:
        """Log out; on a broken line, where nobody may answer, only hang up."""
        with suppress(Exception):  # a dead line fails in many ways, and nothing is left to do on it
            if self._broken:
                self._client.shutdown()
            else:
                self._client.logout()

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            with trouble(self.address):
                yield
        except ConnectionTroubleError:
            self._broken = True
            raise

    def _accept_utf8(self) -> None:
        """Messages beyond ASCII (RFC 6532) come as they are only to those who say that they take them."""
        client = self._client
        if client.has_capability("ENABLE") and (
            client.has_capability("UTF8=ACCEPT") or client.has_capability("UTF8=ONLY")
        ):
            enabled = client.enable("UTF8=ACCEPT")
            if b"UTF8=ACCEPT" in [one.upper() for one in enabled]:
                # Names of folders are plain UTF-8 from here on, and imaplib has to be told.
                client._imap._mode_utf8()
                client.folder_encode = False

    def _place_after(self, uid: int) -> int:
        """The place (from 1) of the first message with a UID above `uid`; one past the end where there is none."""
        if uid == 0 or not self.exists:
            return 1
        last_uid, place = self._last
        if uid == last_uid and place <= self.exists and self._uid_at(place) == uid:
            return place + 1
        if self._uid_at(self.exists) <= uid:
            return self.exists + 1
        low, high = 1, self.exists
        while low < high:
            middle = (low + high) // 2
            if self._uid_at(middle) > uid:
                high = middle
            else:
                low = middle + 1
        return low

    def _uid_at(self, place: int) -> int:
        found = self._at([place], "UID").get(place, {})
        if b"UID" not in found:
            raise ConnectionTroubleError(self.address.name, "messages went while we were reading")
        return int(found[b"UID"])

    def _at(self, places: Iterable[int], *what: str) -> dict[int, dict[bytes, Any]]:
        """FETCH by place in the folder instead of by UID."""
        self._client.use_uid = False
        try:
            found: dict[int, dict[bytes, Any]] = self._client.fetch(list(places), what)
        finally:
            self._client.use_uid = True
        return found

    def _chunks(self, listed: Iterable[Listed]) -> Iterator[list[Listed]]:
        """Groups to ask for at once; a message over the limit is alone."""
        chunk: list[Listed] = []
        size = 0
        for one in listed:
            great = one.size > self._limit
            if chunk and (great or len(chunk) >= _FETCH or size + one.size > _FETCH_BYTES):
                yield chunk
                chunk, size = [], 0
            chunk.append(one)
            size += one.size
            if great:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk

    def _bodies(self, uids: list[int], what: str, skip: Callable[[str, str], None]) -> dict[int, bytes]:
        client = self._client
        try:
            found = client.fetch(uids, [what])
        except client.AbortError:
            raise
        except client.Error as error:
            if _passes(error):
                raise
            if len(uids) == 1:
                skip(f"{self.address.name}#{uids[0]}", f"is not given out by the server: {_line(error)}")
                return {}
            # One message that the server cannot bring up spoils the answer for all.
            return {uid: body for one in uids for uid, body in self._bodies([one], what, skip).items()}
        bodies = {}
        for uid, parts in found.items():
            for name, value in parts.items():
                if name.startswith(b"BODY[]") and isinstance(value, bytes):
                    bodies[uid] = value
                elif name.startswith(b"BODY[]") and uid in uids:
                    # Some servers answer so for what their store has lost or holds back.
                    skip(f"{self.address.name}#{uid}", "is not given out by the server: it answered NIL")
        return bodies


def messages(
    source: str, skip: Skip, bounds: Bounds, access: Access | None = None, exceeded: Exceeded | None = None
) -> Iterator[RawMessage]:
    """Every message of a folder, named by its address; a line that breaks is taken up again where it was."""
    address, after, validity, tries = imap_address(source), 0, 0, _TRIES
    while True:
        folder: Folder | None = None
        try:
            folder = Folder(address, access or Access.from_environment(), bounds=bounds, exceeded=exceeded)
            if validity not in (0, folder.validity):
                raise UnreadableInputError(address.name, "the server numbered its messages anew", "read it again")
            validity = folder.validity
            while listed := folder.listed(after, _PAGE):
                for message in folder.fetched(listed, skip):
                    yield message
                    after, tries = int(message.source.rpartition("#")[2]), _TRIES
                after = listed[-1].uid
        except ConnectionTroubleError:
            tries -= 1
            if not tries:
                raise
            time.sleep(_TRIES - tries)
        else:
            return
        finally:
            if folder is not None:
                folder.close()


@contextmanager
def trouble(address: ImapAddress) -> Iterator[None]:
    """What goes wrong on the line, as errors for people."""
    import imaplib

    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise UnreadableInputError(
            address.name,
            f"its certificate cannot be trusted: {error.verify_message or error}",
            "check the host's name, or give the certificate of its authority with --ca-file",
        ) from None
    except (OSError, imaplib.IMAP4.error, EOFError, ValueError, IndexError) as error:  # the latter: no IMAP at all
        says = error.strerror if isinstance(error, OSError) and error.strerror else _line(error)
        remedy = "check the host, the port and that the server is up"
        raise ConnectionTroubleError(address.name, f"the connection failed: {says}", remedy) from None


def _connected(address: ImapAddress, access: Access) -> Client:
    """A client that is connected and, but on the loopback, encrypted; not logged in yet."""
    import imapclient

    try:
        context = ssl.create_default_context(cafile=str(access.ca_file) if access.ca_file else None)
    except (OSError, ssl.SSLError):
        raise UnreadableInputError(str(access.ca_file), "holds no certificate", "give a PEM file") from None
    timeout = imapclient.SocketTimeout(_CONNECT_S, _ANSWER_S)
    with trouble(address):
        client = imapclient.IMAPClient(
            address.host, address.port, ssl=address.tls, ssl_context=context, timeout=timeout
        )
        if address.tls or address.on_loopback:
            return client
        if not client.has_capability("STARTTLS"):
            client.shutdown()
            raise UnreadableInputError(
                address.name, "the server encrypts nothing on this port (no STARTTLS)", "write imaps://"
            )
        client.starttls(context)
        return client


def _size(said: object) -> int:
    """A size as the server gave it; 0 for what is no number."""
    return said if isinstance(said, int) else 0


def _bound(client: Client, most: int) -> None:
    """Take no answer whose announced length is over `most` bytes: imaplib makes room for all of it at once."""
    connection = client._imap
    read = connection.read

    def bounded(size: int) -> bytes:
        if size > most:
            raise connection.abort(f"the server announced {size:,} bytes in one answer")
        got: bytes = read(size)
        return got

    connection.read = bounded


def _passes(error: Exception) -> bool:
    """Whether the server's answer says that it may be another one later (RFC 5530)."""
    says = str(error).upper()
    return any(f"[{code}]" in says for code in ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "EXPUNGEISSUED"))


def _line(error: Exception) -> str:
    return without_addresses(" ".join(str(error).split()))[:300] or type(error).__name__
