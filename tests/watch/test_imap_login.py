"""How a mailbox is named and got into; what is secret stays out of command lines, errors, lines and files."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import keyring
import keyring.backend
import pytest
from bounce_mail import bounce, kept, wait_for
from servers.dovecot import PASSWORD, USER, cable

from analyzer.errors import AnalyzerError, UnreadableInputError
from analyzer.sources.imap_address import imap_address
from analyzer.sources.imap_login import Access, LoginRefusedError
from analyzer.watch import Watched, watch


@pytest.mark.parametrize(
    ("url", "user", "host", "port", "folder", "name"),
    [
        ("imaps://jane@mx.example/INBOX", "jane", "mx.example", 993, "INBOX", "imaps://mx.example/INBOX"),
        ("imaps://jane@mx.example", "jane", "mx.example", 993, "INBOX", "imaps://mx.example/INBOX"),
        ("IMAPS://jane@MX.example/inbox", "jane", "mx.example", 993, "INBOX", "imaps://mx.example/INBOX"),
        ("imaps://jane@corp.example@mx.example/a/b", "jane@corp.example", "mx.example", 993, "a/b", "imaps://mx.example/a/b"),
        ("imaps://jane%40corp.example@mx.example/%C3%A9", "jane@corp.example", "mx.example", 993, "é", "imaps://mx.example/%C3%A9"),
        ("imap://jane@127.0.0.1:1143/x%20y", "jane", "127.0.0.1", 1143, "x y", "imap://127.0.0.1:1143/x%20y"),
        ("imaps://jane@[::1]:1993/x", "jane", "::1", 1993, "x", "imaps://[::1]:1993/x"),
    ],
)  # fmt: skip
def test_an_address(url, user, host, port, folder, name):
    address = imap_address(url)
    assert (address.user, address.host, address.port, address.folder, address.name) == (user, host, port, folder, name)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("imaps://jane:geheim@mx.example/INBOX", "a password does not belong in an address"),
        ("imaps://jane@corp.example:geheim@mx.example/INBOX", "a password does not belong in an address"),
        ("imaps://mx.example/INBOX", "names no user"),
        ("imaps://jane@/INBOX", "names no host"),
        ("imaps://jane@mx.example:x/INBOX", "host or port that is none"),
        ("imaps://jane@mx.example/INBOX;UIDVALIDITY=1", "more than a folder's name"),
        ("imaps://jane@mx.example/INBOX?x", "more than a folder's name"),
        ("imaps://jane@mx.example/a%0D%0Ab", "letters that no name has"),
        ("https://mx.example/", "no address of a mailbox"),
    ],
)
def test_what_is_no_address(url, says):
    with pytest.raises(UnreadableInputError, match=says) as error:
        imap_address(url)
    assert "geheim" not in str(error.value)
    assert "jane" not in str(error.value)


def once(place: Path, server, access: Access, folder: str = "login") -> str:
    stream = io.StringIO()
    watch(place, Watched(imap=server.url(folder)), access=access, once=True, stream=stream)
    return stream.getvalue()


@pytest.fixture
def mail(server):
    with server.client() as client:
        if not client.folder_exists("login"):
            client.create_folder("login")
            client.append("login", bounce(1))
    return server


def test_a_password_from_a_file(mail, place, tmp_path):
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\nnot this\n", encoding="utf-8")
    secret.chmod(0o640)
    access = Access(password_file=secret, ca_file=mail.ca_file)
    with pytest.raises(AnalyzerError, match=r"others may read this password; run: chmod 600"):
        once(place, mail, access)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
        assert access.secret(imap_address(mail.url())).value == PASSWORD
    secret.chmod(0o600)
    said = once(place, mail, access)
    assert kept(place) == [1]
    everything = said.encode() + b"".join(path.read_bytes() for path in place.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in everything
    assert USER not in said


def test_a_password_from_the_keyring(mail, place, monkeypatch):
    before = keyring.get_keyring()

    class Kept(keyring.backend.KeyringBackend):
        priority = 1

        def get_password(self, service, username):
            known = {("bounce-analyzer", f"{USER}@localhost"): PASSWORD}
            return known.get((service, username))

        def set_password(self, service, username, password):
            raise NotImplementedError

    keyring.set_keyring(Kept())
    try:
        once(place, mail, Access(ca_file=mail.ca_file))
    finally:
        keyring.set_keyring(before)
    assert kept(place) == [1]


def test_no_password_anywhere(mail, place):
    with pytest.raises(AnalyzerError, match="there is no password for it; set BOUNCE_ANALYZER_IMAP_PASSWORD_FILE"):
        once(place, mail, Access(ca_file=mail.ca_file))
    with pytest.raises(AnalyzerError, match="environment variable NOWHERE: is not set"):
        once(place, mail, Access(password_env="NOWHERE", ca_file=mail.ca_file))


def test_a_wrong_password_ends_it_at_once(mail, place, monkeypatch):
    """No account is locked by trying it again and again."""
    monkeypatch.setenv("TEAM_PASSWORD", "wrong-geheim")
    with pytest.raises(LoginRefusedError, match="does not let us in") as error:
        watch(place, Watched(imap=mail.url("login")), access=Access("TEAM_PASSWORD", ca_file=mail.ca_file))
    assert "geheim" not in str(error.value)


def printing(folder: Path, token: Path) -> str:
    """A token command that needs no shell."""
    return f"{sys.executable} -c \"print(open('{token}').read())\""


def test_a_token_is_asked_for_anew_at_each_connection(mail, place, tmp_path, following):
    token = tmp_path / "token"
    token.write_text("ya29.first")
    mail.tokens.clear()
    mail.tokens.add("ya29.first")
    with mail.client() as client:
        client.create_folder("token")
        client.append("token", bounce(1))
    access = Access(token_command=printing(tmp_path, token), ca_file=mail.ca_file)
    with cable(mail.port) as line:
        running = following(Watched(imap=mail.url("token", port=line.port)), access=access)
        wait_for(place, 1)
        # The first one runs out, and the line breaks.
        mail.tokens.clear()
        mail.tokens.add("ya29.second")
        token.write_text("ya29.second\n")
        mail.deliver([bounce(2)], ".token")
        line.cut()
        wait_for(place, 2)
        running.stop()
    assert "ya29" not in running.said


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("false", "token command false: ended with 1"),
        ("true", "its first line is no token"),
        ("/no/such/program --x", "token command program: cannot be run"),
        ('"', "token command: is none"),
        ("echo ya29.wrong", "does not let us in"),
    ],
)
def test_tokens_that_are_none(mail, place, command, says):
    with pytest.raises(AnalyzerError, match=says) as error:
        once(place, mail, Access(token_command=command, ca_file=mail.ca_file))
    assert "ya29" not in str(error.value)


def test_a_certificate_that_nobody_vouches_for(mail, place, monkeypatch):
    monkeypatch.setenv("TEAM_PASSWORD", PASSWORD)
    with pytest.raises(UnreadableInputError, match="its certificate cannot be trusted"):
        once(place, mail, Access("TEAM_PASSWORD"))
    with pytest.raises(UnreadableInputError, match="holds no certificate"):
        once(place, mail, Access("TEAM_PASSWORD", ca_file=Path(__file__)))


def test_what_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("BOUNCE_ANALYZER_IMAP_PASSWORD", "geheim")
    monkeypatch.setenv("BOUNCE_ANALYZER_IMAP_CA_FILE", str(tmp_path))
    access = Access.from_environment()
    assert (access.password_env, access.ca_file) == ("BOUNCE_ANALYZER_IMAP_PASSWORD", tmp_path)
    assert "geheim" not in repr(access.secret(imap_address("imaps://a@b/c")))
    # What is given outranks it.
    assert Access(token_command="x").completed() == Access(token_command="x", ca_file=tmp_path)
