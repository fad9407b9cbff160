"""How to get in: a password from a file, the environment or the keyring, or a token that a command prints.

None of it ever comes from the command line or goes into an error, a log line or a file. Sources: RFC 4616 (PLAIN),
RFC 7628 (OAUTHBEARER), Google's "OAuth 2.0 Mechanism" for XOAUTH2, which Microsoft takes as well.
"""

from __future__ import annotations

import base64
import os
import re
import select
import shlex
import stat
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from analyzer.errors import UnreadableInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.sources.imap_address import ImapAddress

#: What the keyring keeps our passwords under.
KEYRING_SERVICE = "bounce-analyzer"
#: Where commands look that have no option for it, such as `parse`, and `watch` where its options are not given.
PASSWORD_ENV = "BOUNCE_ANALYZER_IMAP_PASSWORD"  # noqa: S105 (a name, no password)
PASSWORD_FILE_ENV = "BOUNCE_ANALYZER_IMAP_PASSWORD_FILE"  # noqa: S105
TOKEN_COMMAND_ENV = "BOUNCE_ANALYZER_IMAP_TOKEN_COMMAND"  # noqa: S105
CA_FILE_ENV = "BOUNCE_ANALYZER_IMAP_CA_FILE"
_TOKEN_PATIENCE_S = 60
_GREATEST_SECRET = 64 * 1024
_ADDRESS = re.compile(r"(?<![^\s<>()\[\]\"',;:])[^\s<>()\[\]\"',;:]+@[\w-]+(?:\.[\w-]+)+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")


class LoginRefusedError(UnreadableInputError):
    """The server does not let us in. `later`: it says itself that this may pass."""

    def __init__(self, where: str, problem: str, remedy: str = "", *, later: bool = False) -> None:
        self.later = later
        super().__init__(where, problem, remedy)


class NoSecretError(UnreadableInputError):
    """There is no password or token to log in with."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A password or an access token. It does not print."""

    kind: Literal["password", "token"]
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Access:
    """Where the secret of an account comes from, and which certificates are trusted.

    `password_env`: the name of an environment variable. `token_command`: run without a shell; the first line it prints
    is the token, asked for anew at each connection. `ca_file`: certificates (PEM) to trust in place of the system's.
    With nothing given: the environment's own names, then the keyring.
    """

    password_env: str = ""
    password_file: Path | None = None
    token_command: str = ""
    ca_file: Path | None = None

    @classmethod
    def from_environment(cls) -> Access:
        """What the environment names, for commands that have no options for it."""
        return cls().completed()

    def completed(self) -> Access:
        """Itself, or what the environment says where it says nothing."""
        ca_file = self.ca_file or _path(CA_FILE_ENV)
        if self.password_env or self.password_file or self.token_command:
            return Access(self.password_env, self.password_file, self.token_command, ca_file)
        env = PASSWORD_ENV if os.environ.get(PASSWORD_ENV) else ""
        return Access(env, _path(PASSWORD_FILE_ENV), os.environ.get(TOKEN_COMMAND_ENV, ""), ca_file)

    def secret(self, address: ImapAddress) -> Secret:
        """The password or token, fetched now; `NoSecretError` where there is none to be had."""
        if self.token_command:
            return Secret("token", _token(self.token_command))
        if self.password_file:
            return Secret("password", _from_file(self.password_file))
        if self.password_env:
            value = os.environ.get(self.password_env, "")
            if not value:
                raise NoSecretError(f"environment variable {self.password_env}", "is not set", "put the password there")
            return Secret("password", value)
        kept = _from_keyring(address.account)
        if not kept:
            raise NoSecretError(
                address.name,
                "there is no password for it",
                f"set {PASSWORD_FILE_ENV}, {PASSWORD_ENV} or {TOKEN_COMMAND_ENV} (watch has options for them), "
                f"or keep it with: keyring set {KEYRING_SERVICE} USER@{address.host}",
            )
        return Secret("password", kept)


#: IMAPClient, which brings no types.
Client: TypeAlias = Any


def log_in(client: Client, address: ImapAddress, secret: Secret) -> None:
    """Authenticate by the best way that the server offers; `LoginRefusedError` where it refuses."""
    offered = {capability.decode("ascii", "replace").upper() for capability in client.capabilities()}
    said: list[bytes] = []
    try:
        if secret.kind == "token":
            _with_token(client, address, secret.value, offered, said)
        elif "AUTH=PLAIN" in offered:
            client.sasl_login("PLAIN", lambda _: f"\0{address.user}\0{secret.value}".encode())
        elif "LOGINDISABLED" in offered:
            raise LoginRefusedError(address.name, "takes no passwords", "give --token-command")
        elif not (address.user + secret.value).isascii():
            raise LoginRefusedError(address.name, "takes no letters beyond ASCII in a user's name or password")
        else:
            client.login(_quoted(address.user), secret.value)
    except client.AbortError:
        raise
    except client.Error as error:
        says = _told(str(error), address, secret)
        detail = f" ({_told(said[-1].decode('utf-8', 'replace'), address, secret)[:200]})" if said else ""
        later = any(f"[{code}]" in says.upper() for code in ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"))
        raise LoginRefusedError(address.name, f"does not let us in: {says[:300]}{detail}", later=later) from None


def without_addresses(text: str) -> str:
    """What a server said, as it may stand in a log: some repeat the user, whose name is mostly an address."""
    return _ADDRESS.sub("…", text)


def _told(text: str, address: ImapAddress, secret: Secret) -> str:
    """What a server said to a login, in a line, without what we sent it, plain or in base64."""
    text = text.replace(secret.value, "…")
    user = re.escape(address.user)
    text = re.sub(rf"(?<![\w.@-]){user}(?![\w@-])", "…", text, flags=re.IGNORECASE)
    return " ".join(without_addresses(_BASE64.sub(_unless_ours(address, secret), text)).split())


def _unless_ours(address: ImapAddress, secret: Secret) -> Callable[[re.Match[str]], str]:
    def shown(found: re.Match[str]) -> str:
        try:
            plain = base64.b64decode(found[0] + "=" * (-len(found[0]) % 4))
        except ValueError:
            return found[0]
        ours = (secret.value.encode("utf-8", "surrogateescape"), address.user.encode())
        return "…" if any(one in plain for one in ours) else found[0]

    return shown


def _with_token(client: Client, address: ImapAddress, token: str, offered: set[str], said: list[bytes]) -> None:
    if "AUTH=XOAUTH2" in offered:
        client.sasl_login("XOAUTH2", _answers(f"user={address.user}\1auth=Bearer {token}\1\1", b"", said))
    elif "AUTH=OAUTHBEARER" in offered:
        user = address.user.replace("=", "=3D").replace(",", "=2C")
        client.sasl_login("OAUTHBEARER", _answers(f"n,a={user},\1auth=Bearer {token}\1\1", b"\1", said))
    else:
        raise LoginRefusedError(address.name, "takes no access tokens", "give a password")


def _answers(first: str, then: bytes, said: list[bytes]) -> Callable[[bytes], bytes]:
    """The token once; what the server says against it is kept, and answered as each mechanism wants it."""
    asked = iter([first.encode()])

    def answer(challenge: bytes) -> bytes:
        if challenge:
            said.append(challenge)
        return next(asked, then)

    return answer


def _quoted(user: str) -> str:
    # imaplib quotes the password and leaves the name as it is.
    return '"' + user.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _token(command: str) -> str:
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words:
        raise NoSecretError("token command", "is none", "give a program and its arguments")
    name = Path(words[0]).name
    try:
        returned, said = _run(words)
    except subprocess.TimeoutExpired:
        problem = f"did not end within {_TOKEN_PATIENCE_S} s"
        raise NoSecretError(f"token command {name}", problem, "run it by hand to see why") from None
    except OSError as error:
        raise NoSecretError(f"token command {name}", f"cannot be run: {error.strerror}", "check its path") from None
    if returned:
        # What it printed may hold the secret, so it is not repeated.
        raise NoSecretError(f"token command {name}", f"ended with {returned}", "run it by hand to see why")
    token = said.split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    # RFC 6750 section 2.1: a token has no blanks, unlike a sentence that says what went wrong.
    if not token or not token.isprintable() or " " in token or len(said) > _GREATEST_SECRET:
        raise NoSecretError(
            f"token command {name}", "its first line is no token", "have it print the access token and nothing else"
        )
    return token


def _run(words: list[str]) -> tuple[int, bytes]:
    """How a command ended, and what it printed: no more than a little over the bound, however much there is."""
    until = time.monotonic() + _TOKEN_PATIENCE_S
    process = subprocess.Popen(  # noqa: S603 (the user's own command, run without a shell)
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    said = b""
    # Not `with`, and not to the end of the pipe in any case: something that it started may hold it for ever.
    try:
        while len(said) <= _GREATEST_SECRET:
            if not select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
                raise subprocess.TimeoutExpired(words, _TOKEN_PATIENCE_S)
            piece = os.read(process.stdout.fileno(), _GREATEST_SECRET)
            if not piece:
                return process.wait(max(0.0, until - time.monotonic())), said
            said += piece
        return 0, said
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            # systemd's own store of credentials shows its access list as rights of the group.
            kept = os.environ.get("CREDENTIALS_DIRECTORY")
            if stat.S_ISREG(mode) and mode & 0o077 and not (kept and path.resolve().is_relative_to(kept)):
                raise NoSecretError(str(path), "others may read this password", f"run: chmod 600 {path}")
            text = file.read(_GREATEST_SECRET)
    except OSError as error:
        raise NoSecretError(str(path), f"cannot be read: {error.strerror}", "check the path") from None
    password = text.split(b"\n", 1)[0].rstrip(b"\r").decode("utf-8", "surrogateescape")
    if not password or not password.isprintable():
        raise NoSecretError(str(path), "its first line is no password", "write the password there, and no more")
    return password


def _from_keyring(account: str) -> str:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(KEYRING_SERVICE, account) or ""
    except (KeyringError, RuntimeError):  # no keyring on this machine, or a locked one
        return ""


def _path(name: str) -> Path | None:
    value = os.environ.get(name, "")
    return Path(value) if value else None
