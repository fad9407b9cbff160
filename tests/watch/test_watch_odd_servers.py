"""What other servers do that Dovecot does not: UTF-8 as it is, messages that cannot be had, news out of turn."""

from __future__ import annotations

import io
import time

import pytest
from bounce_mail import bounce, kept, wait_for
from odd_imap import odd_imap

from analyzer.sources.imap_login import Access
from analyzer.watch import Watched, watch


@pytest.fixture
def own(monkeypatch) -> Access:
    monkeypatch.setenv("TEAM_PASSWORD", "pässword")
    return Access("TEAM_PASSWORD")


def test_a_server_that_speaks_utf8(place, own):
    """Messages to addresses beyond ASCII come unharmed, and the folder's name is plain UTF-8."""
    mail = bounce(1).decode().replace("lead1@", "jörg1@").encode()
    with odd_imap("Zurück", {4: mail}) as server:
        url = f"imap://jane@127.0.0.1:{server.port}/Zur%C3%BCck"
        watch(place, Watched(imap=url), access=own, once=True, stream=io.StringIO())
        assert "ENABLE UTF8=ACCEPT" in server.told
        assert not any(command.startswith(("STORE", "SELECT", "COPY", "UID STORE")) for command in server.told)
    from analyzer.history import Workspace

    assert Workspace(place).bounces()["recipient"].tolist() == ["jörg1@corp.example"]


@pytest.mark.parametrize("withheld", [None, b"NIL"])
def test_a_message_that_the_server_withholds_holds_no_other_up(place, own, withheld):
    said = io.StringIO()
    with odd_imap("INBOX", {2: bounce(2), 30: withheld, 500: bounce(5), 4_294_967_295: bounce(9)}) as server:
        url = f"imap://jane@127.0.0.1:{server.port}/INBOX"
        watch(place, Watched(imap=url), access=own, once=True, stream=said)
    assert kept(place) == [2, 5, 9]
    assert "event=skipped" in said.getvalue()
    assert "INBOX#30" in said.getvalue()


def test_news_before_the_go_ahead(place, own, following):
    """IMAPClient takes that for an error: the line is taken up again, and the message is there."""
    with odd_imap("INBOX", {1: bounce(1)}, early=True) as server:
        url = f"imap://jane@127.0.0.1:{server.port}/INBOX"
        running = following(Watched(imap=url), access=own)
        wait_for(place, 1)
        began = time.monotonic()
        while running.said.count("event=taken") < 2 and time.monotonic() - began < 20:
            time.sleep(0.1)
        assert running.stop().messages == 2


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"* BYE too many\r\n", b"\xff" * 100])
def test_what_is_no_mail_server(place, own, greeting):
    import socket
    import threading

    from analyzer.sources.imap import ConnectionTroubleError, Folder
    from analyzer.sources.imap_address import imap_address

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)

        threading.Thread(target=greet, daemon=True).start()
        port = listener.getsockname()[1]
        with pytest.raises(ConnectionTroubleError, match="the connection failed"):
            Folder(imap_address(f"imap://jane@127.0.0.1:{port}/x"), own)
