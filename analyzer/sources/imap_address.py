"""The address of one folder on a mail server, as a person writes it: `imaps://user@host:port/FOLDER`.

Source: RFC 5092 (IMAP URL scheme), of which this is the part that names a mailbox; user and folder are percent-encoded
UTF-8, and the last `@` ends the user, so that `imaps://jane@corp.example@host/INBOX` needs no encoding.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from analyzer.errors import UnreadableInputError

_SCHEMES = ("imaps://", "imap://")
_PORTS = {"imaps": 993, "imap": 143}
_SHAPE = "write it as imaps://user@host/FOLDER"


@dataclass(frozen=True, slots=True)
class ImapAddress:
    """A folder on a server. `tls`: encrypted from the first byte; else STARTTLS, which only the loopback may lack."""

    host: str
    port: int
    user: str
    folder: str
    tls: bool

    @property
    def name(self) -> str:
        """The folder's name for a record's `source` and for log lines: without the user, and nothing secret."""
        scheme = "imaps" if self.tls else "imap"
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[scheme] else f":{self.port}"
        return f"{scheme}://{host}{port}/{quote(self.folder, safe='/')}"

    @property
    def account(self) -> str:
        """`user@host`: what the keyring knows the password by."""
        return f"{self.user}@{self.host}"

    @property
    def on_loopback(self) -> bool:
        """Whether nobody is between us and the server."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def is_imap(source: str) -> bool:
    """Whether a source is meant as a folder on a server."""
    return source.lower().startswith(_SCHEMES)


def imap_address(text: str) -> ImapAddress:
    """The parts of an address; `UnreadableInputError` for what is none, or carries a password. Never repeats a user."""
    # Where the host was forgotten, a password may stand where its port would.
    shown = text.rpartition("@")[2] if "@" in text else re.sub(r"(://[^/:]*:)[^/]*", r"\1…", text)
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in shown)
    if not is_imap(text):
        raise UnreadableInputError(shown, "is no address of a mailbox", _SHAPE)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UnreadableInputError(shown, "has a host or port that is none", _SHAPE) from None
    user, colon, _ = parts.netloc.rpartition("@")[0].partition(":")
    if colon:
        raise UnreadableInputError(
            shown,
            "a password does not belong in an address, where everyone who lists processes can read it",
            "leave it out, and give --password-file, --password-env or --token-command, or keep it in the keyring",
        )
    user, folder = unquote(user), unquote(parts.path.removeprefix("/")) or "INBOX"
    if not host:
        raise UnreadableInputError(shown, "names no host", _SHAPE)
    if not user:
        raise UnreadableInputError(shown, "names no user", _SHAPE)
    if parts.query or parts.fragment or ";" in parts.path:
        raise UnreadableInputError(shown, "has more than a folder's name", "write ?, # and ; in it as %3F, %23 and %3B")
    if not (user.isprintable() and folder.isprintable()):
        raise UnreadableInputError(shown, "has letters that no name has", _SHAPE)
    if folder.upper() == "INBOX":
        folder = "INBOX"
    return ImapAddress(host, port or _PORTS[parts.scheme], user, folder, parts.scheme == "imaps")
