"""A folder on a real Dovecot, followed: what comes is kept once and soon, and nothing in the mailbox changes."""

from __future__ import annotations

import io
import time
from email.message import EmailMessage
from pathlib import Path

import pytest
from bounce_mail import ANSWER, bounce, bounces, kept, wait_for
from servers.dovecot import PLAIN, USER, bouncing_postfix, cable, dovecot

import analyzer
from analyzer.api import ingest
from analyzer.bounds import Bounds
from analyzer.errors import AnalyzerError, UnreadableInputError
from analyzer.history import Workspace
from analyzer.sources.imap import Folder
from analyzer.sources.imap_address import ImapAddress, imap_address
from analyzer.watch import Watched, watch


def once(place: Path, watched: Watched, access, **options) -> str:
    """Take what is there; what was said."""
    stream = io.StringIO()
    watch(place, watched, access=access, once=True, stream=stream, **options)
    return stream.getvalue()


def test_what_comes_is_kept_within_seconds(server, access, place, following):
    server.deliver(bounces(range(5)), ".live")
    running = following(Watched(imap=server.url("live")), access=access)
    wait_for(place, 5)
    for number in (5, 6):
        time.sleep(0.7)
        server.deliver([bounce(number), ANSWER], ".live")
        assert wait_for(place, number + 1) < 10
    taken = running.stop()
    assert kept(place) == list(range(7))
    assert (taken.bounces, taken.new, taken.messages) == (7, 7, 9)
    assert "event=stopped" in running.said
    assert "lead" not in running.said, "no address at this level"
    assert USER not in running.said


def test_a_server_without_idle_is_asked_again_and_again(place, following, access):
    with dovecot(capability=PLAIN) as plain:
        own = type(access)(password_env=access.password_env, ca_file=plain.ca_file)
        plain.deliver([bounce(0)])
        following(Watched(imap=plain.url()), access=own)
        wait_for(place, 1)
        plain.deliver([bounce(1)])
        assert wait_for(place, 2) < 10
        # Nor can it move one message without touching others.
        with pytest.raises(UnreadableInputError, match="neither MOVE nor UIDPLUS"):
            watch(place / "other", Watched(imap=plain.url(), move_to="done"), access=own)


def test_messages_numbered_anew_are_read_anew_and_kept_once(server, access, place):
    server.deliver(bounces(range(6)), ".renumbered")
    once(place, Watched(imap=server.url("renumbered")), access)
    with server.client() as client:
        client.delete_folder("renumbered")
        time.sleep(1.1)  # Dovecot numbers folders by the second
        client.create_folder("renumbered")
    server.deliver(bounces([8, 1, 0, 7]), ".renumbered")
    said = once(place, Watched(imap=server.url("renumbered")), access)
    assert "event=renumbered" in said
    assert kept(place) == [0, 1, 2, 3, 4, 5, 7, 8]
    assert "renumbered" not in once(place, Watched(imap=server.url("renumbered")), access).split("source=")[0]


def test_a_line_that_breaks_again_and_again_loses_nothing(server, access, place, following):
    """300 messages over a line that is cut within each 100 KB, in the middle of whatever is sent."""
    server.deliver(bounces(range(300)), ".broken")
    with cable(server.port) as line:
        line.cut_after = 60_000
        running = following(Watched(imap=server.url("broken", port=line.port)), access=access)
        for number in range(3):
            wait_for(place, 60 * (number + 1))
            line.cut_after = 70_000
        wait_for(place, 300, 60)
        line.cut()
        server.deliver([bounce(300)], ".broken")
        wait_for(place, 301, 60)
        assert line.connections >= 3
        running.stop()
    assert kept(place) == list(range(301))
    assert "the connection failed" in running.said


def test_a_server_that_is_started_again(access, place, following):
    with dovecot() as own:
        reach = type(access)(password_env=access.password_env, ca_file=own.ca_file)
        own.deliver(bounces(range(3)))
        running = following(Watched(imap=own.url()), access=reach)
        wait_for(place, 3)
        own.stop()
        own.deliver(bounces(range(3, 5)))
        time.sleep(1)
        own.start()
        wait_for(place, 5)
        running.stop()
    assert kept(place) == list(range(5))
    assert "event=waiting" in running.said


def test_nothing_is_marked_moved_or_deleted(server, access, place):
    server.deliver([*bounces(range(4)), ANSWER], ".untouched")
    with server.client() as client:
        client.select_folder("untouched")
        client.add_flags([2], [b"\\Flagged"])
        client.close_folder()
    once(place, Watched(imap=server.url("untouched")), access)
    with server.client() as client:
        client.select_folder("untouched", readonly=True)
        found = client.fetch(client.search(), ["FLAGS"])
    flags = {uid: tuple(flag for flag in one[b"FLAGS"] if flag != b"\\Recent") for uid, one in found.items()}
    assert flags == {1: (), 2: (b"\\Flagged",), 3: (), 4: (), 5: ()}


@pytest.mark.parametrize("move", ["MOVE", ""])
def test_bounces_are_moved_when_asked_for_and_answers_stay(access, place, move):
    with dovecot(capability=f"{PLAIN} UIDPLUS {move}") as own:
        reach = type(access)(password_env=access.password_env, ca_file=own.ca_file)
        own.deliver([bounce(0), ANSWER, bounce(1), bounce(2)])
        with own.client() as client:
            client.select_folder("INBOX")
            client.add_flags([2], [b"\\Deleted"])  # somebody else's business
            client.unselect_folder()
        once(place, Watched(imap=own.url(), move_to="Erledigt/Zurück"), reach)
        with own.client() as client:
            client.select_folder("INBOX", readonly=True)
            assert client.search() == [2]
            client.select_folder("Erledigt/Zurück", readonly=True)
            moved = client.fetch(client.search(), ["FLAGS"])
        assert len(moved) == 3
        assert not any(b"\\Seen" in one[b"FLAGS"] for one in moved.values())
        own.deliver([bounce(3)])
        once(place, Watched(imap=own.url(), move_to="Erledigt/Zurück"), reach)
    assert kept(place) == [0, 1, 2, 3]


@pytest.mark.parametrize("move", ["MOVE", ""])
def test_moving_a_first_part_loses_nobody_behind_it(access, place, monkeypatch, move):
    """Each move shifts those that are still to be listed to other places, which is no trouble of the line."""
    monkeypatch.setattr("analyzer.watch.following._BATCH", 3)
    monkeypatch.setattr("analyzer.watch.mailbox._PAGE", 3)
    with dovecot(capability=f"{PLAIN} UIDPLUS {move}") as own:
        reach = type(access)(password_env=access.password_env, ca_file=own.ca_file)
        own.deliver([*bounces(range(8)), ANSWER, *bounces(range(8, 20))])
        said = once(place, Watched(imap=own.url(), move_to="done"), reach)
        with own.client() as client:
            client.select_folder("INBOX", readonly=True)
            assert client.search() == [9], "the answer alone stays"
    assert kept(place) == list(range(20))
    assert "event=waiting" not in said


def test_what_came_before_a_day_is_passed_over(server, access, place):
    from datetime import date, datetime

    with server.client() as client:
        client.create_folder("since")
        for number in range(3):
            client.append("since", bounce(number), msg_time=datetime(2026, 3, 1 + number, 12))
    once(place, Watched(imap=server.url("since"), since=date(2026, 3, 2)), access)
    assert kept(place) == [1, 2]


@pytest.mark.parametrize(
    ("folder", "written"),
    [("Zurück & Co", "Zur%C3%BCck%20%26%20Co"), ("été/100 %", "été/100%20%25"), ('a"b\\c', "a%22b%5Cc")],
)
def test_any_name_of_a_folder(server, access, place, folder, written):
    with server.client() as client:
        if not client.folder_exists(folder):
            client.create_folder(folder)
        client.append(folder, bounce(1))
    once(place, Watched(imap=server.url(written)), access)
    assert kept(place) == [1]
    assert Workspace(place).bounces()["source"].str.endswith("#1").all()


def test_a_folder_as_a_source(server, access, place, monkeypatch):
    server.deliver([*bounces(range(30)), ANSWER], ".source")
    monkeypatch.setenv("BOUNCE_ANALYZER_IMAP_PASSWORD", access.secret(imap_address(server.url())).value)
    monkeypatch.setenv("BOUNCE_ANALYZER_IMAP_CA_FILE", str(server.ca_file))
    rows = analyzer.parse(server.url("source"))
    assert sorted(rows["recipient"]) == sorted(f"lead{number}@corp.example" for number in range(30))
    assert set(rows["reason"]) == {"user_unknown"}
    assert rows["source"].str.fullmatch(r"imaps://localhost:\d+/source#\d+").all()
    ingest(place, bounces=[server.url("source")])
    assert kept(place) == list(range(30))
    # The same failures by another way are the same failures.
    assert "new=0" in once(place, Watched(imap=server.url("source")), access)
    with pytest.raises(UnreadableInputError, match=r"imaps://localhost:\d+/nowhere: cannot be opened"):
        analyzer.parse(server.url("nowhere"))


def test_a_folder_as_a_source_over_a_line_that_breaks(server, access, monkeypatch):
    server.deliver(bounces(range(100)), ".source2")
    monkeypatch.setenv("BOUNCE_ANALYZER_IMAP_PASSWORD", access.secret(imap_address(server.url())).value)
    monkeypatch.setenv("BOUNCE_ANALYZER_IMAP_CA_FILE", str(server.ca_file))
    with cable(server.port) as line:
        line.cut_after = 40_000
        rows = analyzer.parse(server.url("source2", port=line.port))
        assert line.connections == 2
    assert len(rows) == rows["recipient"].nunique() == 100


def test_of_a_great_message_the_head_is_read(server, access):
    great = bounce(1) + b"x" * 3_000_000
    server.deliver([bounce(0), great, bounce(2)], ".great")
    folder = Folder(imap_address(server.url("great")), access, bounds=Bounds(message_bytes=100_000))
    try:
        sizes = [len(message.data) for message in folder.fetched(folder.listed(0, 10), lambda *_: None)]
    finally:
        folder.close()
    assert sorted(sizes)[1] < 3_000 < sorted(sizes)[2] == 1 << 20


def test_messages_that_vanish_between_two_looks(server, access):
    server.deliver(bounces(range(20)), ".vanish")
    folder = Folder(imap_address(server.url("vanish")), access)
    try:
        first = folder.listed(0, 10)
        with server.client() as client:
            client.select_folder("vanish")
            client.delete_messages([1, 2, 3, 12])
            client.expunge()
        assert len(list(folder.fetched(first, lambda *_: None))) in (7, 10)
        folder.look()
        assert [one.uid for one in folder.listed(first[-1].uid, 100)] == [11, *range(13, 21)]
        assert folder.listed(20, 10) == []
        assert [one.uid for one in folder.listed(14, 3)] == [15, 16, 17]
    finally:
        folder.close()


def test_only_one_follows_a_source(server, access, place, following):
    server.deliver([bounce(0)], ".alone")
    following(Watched(imap=server.url("alone")), access=access)
    wait_for(place, 1)
    with pytest.raises(AnalyzerError, match="another watch follows this source already"):
        once(place, Watched(imap=server.url("alone")), access)


def test_a_bounce_that_a_real_postfix_made(server, access, place, following):
    """Our mail is refused by the receiving host, our Postfix says so to our mailbox, and the watch finds it there."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = USER, "nobody@corp.example", "A question"
    message["Message-ID"] = "<real-1@team.example>"
    message.set_content("Hello")
    running = following(Watched(imap=server.url()), access=access)
    with bouncing_postfix(server.maildir) as mta:
        mta.send(message)
        wait_for(place, 1)
    running.stop()
    (row,) = Workspace(place).bounces().to_dict("records")
    assert row["recipient"] == "nobody@corp.example"
    assert (row["label"], row["reason"], row["status"]) == ("hard", "user_unknown", "5.1.1")
    assert row["original_message_id"] == "<real-1@team.example>"
    assert row["source"].startswith("imaps://localhost:")


def test_starttls_where_the_wire_is_not_our_own(server, access, place, monkeypatch):
    monkeypatch.setattr(ImapAddress, "on_loopback", False)
    server.deliver([bounce(0)], ".starttls")
    url = f"imap://{USER}@localhost:{server.plain_port}/starttls"
    once(place, Watched(imap=url), access)
    assert kept(place) == [0]
    with pytest.raises(UnreadableInputError, match="certificate cannot be trusted"):
        once(place, Watched(imap=url), type(access)(password_env="TEAM_PASSWORD"))
