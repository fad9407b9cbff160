"""What strangers, broken servers and odd files do to a watch: each ends in a sentence, or holds up nothing else."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time

import pytest
from bounce_mail import COMMAND, as_mbox, bounce, kept
from odd_imap import OddImap, odd_imap

from analyzer.errors import UnreadableInputError
from analyzer.sources.imap_address import imap_address
from analyzer.sources.imap_login import Access, LoginRefusedError, NoSecretError, Secret, without_addresses
from analyzer.watch import Watched, watch


@pytest.fixture
def maildir(tmp_path):
    for part in ("new", "cur", "tmp"):
        (tmp_path / "Maildir" / part).mkdir(parents=True)
    return tmp_path / "Maildir"


@pytest.fixture
def own(monkeypatch) -> Access:
    monkeypatch.setenv("TEAM_PASSWORD", "geheim-1")
    return Access("TEAM_PASSWORD")


def taken_once(place, watched: Watched, **options) -> str:
    said = io.StringIO()
    watch(place, watched, once=True, stream=said, **options)
    return said.getvalue()


def test_a_pipe_and_a_device_among_the_messages_hold_nothing_up(maildir, place):
    (maildir / "new" / "1").write_bytes(bounce(1))
    os.mkfifo(maildir / "new" / "2")
    (maildir / "new" / "3").symlink_to("/dev/zero")
    (maildir / "new" / "4").mkdir()
    (maildir / "new" / "5").write_bytes(bounce(5))
    said = taken_once(place, Watched(maildir=maildir))
    assert kept(place) == [1, 5]
    assert said.count("it is no file") == 3


def test_a_name_that_is_no_utf8_is_kept_once(maildir, place):
    (maildir / "new" / os.fsdecode(b"1.\xff\xfe")).write_bytes(bounce(1))
    (maildir / "new" / "2").write_bytes(bounce(2))
    taken_once(place, Watched(maildir=maildir))
    assert kept(place) == [1, 2]
    assert "messages=0" in taken_once(place, Watched(maildir=maildir))


def test_a_spool_that_is_a_pipe_is_refused_at_once(tmp_path, place):
    os.mkfifo(tmp_path / "pipe")
    done = subprocess.run(
        [*COMMAND, "watch", "--workspace", str(place), "--spool", str(tmp_path / "pipe")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.endswith("pipe: is no file; name the spool file itself\n")


def test_a_table_is_no_spool(tmp_path, place):
    (tmp_path / "log.csv").write_text("recipient,sent_at\na@firm.example,2026-03-03\n")
    with pytest.raises(UnreadableInputError, match="is no mbox"):
        taken_once(place, Watched(spool=tmp_path / "log.csv"))


def test_a_spool_whose_first_line_is_on_its_way(tmp_path, place):
    spool = tmp_path / "spool"
    for there in (b"", b"\nFro", as_mbox([bounce(1)])):
        spool.write_bytes(there)
        os.utime(spool, (time.time() - 60,) * 2)
        taken_once(place, Watched(spool=spool))
    assert kept(place) == [1]


class Announcing(OddImap):
    """Announces a body of any length, or sizes that are none."""

    length, size = "", "100"

    def _fetched(self, say, by_uid, numbers, what):
        if "BODY" in what and self.length:
            say("* 1 FETCH (UID 1 BODY[] {" + self.length + "}")
            say(b"x" * 100)
            raise OSError
        if "RFC822.SIZE" in what:
            say(f"* 1 FETCH (UID 1 RFC822.SIZE {self.size})")
            return True
        return super()._fetched(say, by_uid, numbers, what)


@pytest.mark.parametrize("length", ["30000000000", "99999999999999999999999"])
def test_a_length_that_no_memory_holds_is_a_broken_line(length, own):
    from analyzer.sources.imap import ConnectionTroubleError, Folder

    server = Announcing("INBOX", {1: bounce(1)})
    server.length = length
    with running(server):
        folder = Folder(imap_address(f"imap://jane@127.0.0.1:{server.port}/INBOX"), own)
        with pytest.raises(ConnectionTroubleError, match=r"announced [0-9,]+ bytes"):
            list(folder.fetched(folder.listed(0, 10), lambda *_: None))


@pytest.mark.parametrize("size", ["NIL", "abc", '"7"'])
def test_a_size_that_is_none(size, place, own):
    server = Announcing("INBOX", {1: bounce(1)})
    server.size = size
    with running(server):
        taken_once(place, Watched(imap=f"imap://jane@127.0.0.1:{server.port}/INBOX"), access=own)
    assert kept(place) == [1]


def running(server: OddImap):
    import threading
    from contextlib import closing

    threading.Thread(target=server.serve, daemon=True).start()
    return closing(server)


def test_a_server_that_repeats_what_it_was_told_tells_no_log(own):
    class Refusing:
        """What IMAPClient is to `log_in`."""

        class Error(Exception):
            pass

        class AbortError(Error):
            pass

        def capabilities(self):
            return (b"AUTH=PLAIN",)

        def sasl_login(self, _, answer):
            import base64

            sent = base64.b64encode(answer(b"")).decode()
            raise self.Error(f"[AUTHENTICATIONFAILED] jane@corp.example (bob@corp.example): no {sent} / geheim-1 here")

    from analyzer.sources.imap_login import log_in

    address = imap_address("imaps://jane@corp.example@imap.example.com/INBOX")
    with pytest.raises(LoginRefusedError) as error:
        log_in(Refusing(), address, Secret("password", "geheim-1"))
    assert str(error.value).endswith("does not let us in: [AUTHENTICATIONFAILED] … (…): no … / … here")


def test_addresses_that_a_server_says_are_left_out():
    assert without_addresses("no mailbox jane.doe@corp.example, try 4.7.0") == "no mailbox …, try 4.7.0"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("yes", "its first line is no token|did not end"),
        ("echo Please run gcloud auth login", "its first line is no token; have it print"),
        ("sh -c 'head -c 100000 /dev/zero | tr \"\\0\" x'", "its first line is no token"),
        ("sh -c 'sleep 60 & exec sleep 60'", "did not end within 1 s; run it by hand"),
        ("sh -c 'exec >&-; sleep 60'", "did not end within 1 s"),
    ],
)
def test_a_token_command_is_bounded_in_time_and_bytes(command, says, monkeypatch):
    monkeypatch.setattr("analyzer.sources.imap_login._TOKEN_PATIENCE_S", 1)
    began = time.monotonic()
    with pytest.raises(NoSecretError, match=says):
        Access(token_command=command).secret(imap_address("imaps://jane@imap.example.com/INBOX"))
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("url", ["imaps://jane:hunter2", "imaps://jane:hunter2/INBOX", "imaps://jane:2hunter2"])
def test_a_password_where_the_host_was_forgotten_is_not_repeated(url):
    with pytest.raises(UnreadableInputError) as error:
        imap_address(url)
    assert not re.search("hunter", str(error.value))


def test_a_message_is_skipped_and_counted_on(own, place):
    """The server gives one message less than it lists: those around it are there."""
    with odd_imap("INBOX", {1: bounce(1), 2: None, 3: bounce(3)}) as server:
        said = taken_once(place, Watched(imap=f"imap://jane@127.0.0.1:{server.port}/INBOX"), access=own)
    assert kept(place) == [1, 3]
    assert "geheim" not in said
    assert sys.executable not in said
