"""What the store keeps: answers in their time, files for their owner alone, and a run that survives its process."""

from __future__ import annotations

import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from servers.asking import GREYLISTED, UNKNOWN, ask
from servers.clocks import FakeClock
from servers.killing import kill_and_resume
from servers.scripted import Script

from analyzer.check.records import DomainFacts, MailboxFacts, MailboxState
from analyzer.check.store import LASTS_S, PutOff, Store
from analyzer.errors import OutputError, UnreadableInputError

DAY = 86400.0
NOW = 1_800_000_000.0
ANNA = MailboxFacts(
    "anna@known.example", "accepted", "250", "2.1.5 Ok", "mx.known.example", "", 7, "2027-01-15T08:00:00+00:00"
)


@pytest.mark.parametrize(
    ("state", "days"),
    [("accepted", 30), ("unknown_user", 90), ("catch_all", 14), ("temporary", 1), ("policy", 1), ("no_answer", 1)],
)
def test_answers_hold_for_their_time(tmp_path: Path, state: MailboxState, days: float) -> None:
    path = tmp_path / "cache.sqlite"
    kept = replace(ANNA, state=state)
    with Store(path) as store:
        store.save_mailbox(kept, NOW)
    with Store(path) as store:
        assert store.mailbox(ANNA.address, NOW + days * DAY - 1) == kept
        assert store.mailbox(ANNA.address, NOW + days * DAY + 1) is None
        store.forget_stale(NOW + days * DAY + 1)
        assert store.mailbox(ANNA.address, NOW) is None


def test_every_state_has_its_time() -> None:
    with Store() as store:
        for number, state in enumerate(LASTS_S):
            store.save_mailbox(replace(ANNA, address=f"a{number}@known.example", state=state), NOW)


def test_domains_and_catch_all_hold_for_their_time() -> None:
    with Store() as store:
        facts = DomainFacts("known.example", "mx", ("mx1.known.example", "mx2.known.example"), "google", "", True, "x")
        store.save_domains([facts], NOW, 3600)
        assert store.domain("known.example", NOW + 3599) == facts
        assert store.domain("known.example", NOW + 3601) is None
        assert store.catch_all("known.example", NOW) is None
        store.save_catch_all("known.example", True, NOW)
        assert store.catch_all("known.example", NOW + 13 * DAY) is True
        assert store.catch_all("known.example", NOW + 15 * DAY) is None


def test_a_resumed_run_keeps_what_it_found_however_long_it_lay(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    with Store(path) as store:
        assert store.resume("list", NOW) is False
        store.save_mailbox(replace(ANNA, state="temporary"), NOW + 10)
    with Store(path) as store:
        assert store.mailbox(ANNA.address, NOW + 5 * DAY) is None
        assert store.resume("list", NOW + 5 * DAY) is True
        assert store.mailbox(ANNA.address, NOW + 5 * DAY) is not None
        store.finish("list", NOW + 5 * DAY)
        assert store.mailbox(ANNA.address, NOW + 5 * DAY) is None
        assert store.resume("list", NOW + 5 * DAY) is False
        assert store.resume("another list", NOW + 5 * DAY) is False


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    with Store(path) as store:
        store.save_mailbox(ANNA, NOW)
        files = list(tmp_path.iterdir())
        assert len(files) >= 2
        assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}


def test_files_that_are_no_cache_are_named(tmp_path: Path) -> None:
    text = tmp_path / "leads.csv"
    text.write_text("email\n" + "anna@known.example\n" * 100)
    with pytest.raises(UnreadableInputError, match=r"leads\.csv: is no cache"):
        Store(text)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE something (x)")
    before = [(one.read_bytes(), one.chmod(0o640)) for one in (text, other)]
    with pytest.raises(UnreadableInputError, match="not a cache of this version"):
        Store(other)
    with pytest.raises(UnreadableInputError, match=r"leads\.csv: is no cache"):
        Store(text)
    # What is somebody else's stays as it was, its mode too.
    assert [(one.read_bytes(), None) for one in (text, other)] == before
    assert {stat.S_IMODE(one.stat().st_mode) for one in (text, other)} == {0o640}
    with pytest.raises(OutputError, match="cannot be opened"):
        Store(tmp_path / "nowhere" / "cache.sqlite")


def test_nobody_is_asked_again_while_the_answer_holds() -> None:
    clock, store = FakeClock(), Store()
    script = Script(rcpt={"anna": "250 Ok", "ben": UNKNOWN, "*": UNKNOWN})
    targets = ["anna@known.example", "ben@known.example"]
    first, _ = ask(script, targets, clock=clock, store=store)
    second, server = ask(script, targets, clock=clock, store=store)
    assert first == second
    assert server.told == []
    clock.now += 31 * DAY
    _, server = ask(script, targets, clock=clock, store=store)
    # An unknown user stays unknown for longer.
    assert server.asked() == ["anna", "*"]


def test_catch_all_is_kept_for_the_domain() -> None:
    clock, store = FakeClock(), Store()
    script = Script(rcpt={"anna": "250 Ok", "ben": "250 Ok", "*": "250 Ok"})
    ask(script, ["anna@known.example"], clock=clock, store=store)
    answers, server = ask(script, ["ben@known.example"], clock=clock, store=store)
    assert (answers["ben@known.example"].state, server.told) == ("catch_all", [])


def test_a_retry_that_waited_when_the_run_ended_comes_in_its_time() -> None:
    clock, store = FakeClock(), Store()
    began = clock.now
    waiting = PutOff(replace(ANNA, state="temporary", text=GREYLISTED), 2, began + 900)
    store.save_put_off(waiting)
    answers, server = ask(Script(rcpt={"anna": GREYLISTED}), ["anna@known.example"], clock=clock, store=store)
    assert answers["anna@known.example"].state == "temporary"
    # The second of three retries was pending: two more questions, at 900 s and an hour later.
    assert server.asked() == ["anna", "anna"]
    assert 900 + 3600 <= clock.now - began < 900 + 3700


def test_an_accepted_address_that_waited_for_the_random_one_is_not_asked_again() -> None:
    clock, store = FakeClock(), Store()
    store.save_put_off(PutOff(ANNA, 0, clock.now))
    answers, server = ask(
        Script(rcpt={"anna": "250 Ok", "*": UNKNOWN}), ["anna@known.example"], clock=clock, store=store
    )
    assert answers["anna@known.example"] == ANNA
    assert server.asked() == ["*"]


def test_three_thousand_addresses_survive_a_kill(tmp_path: Path) -> None:
    account = kill_and_resume(tmp_path, 3000, in_flight=20)
    assert 1500 <= account.answered_before_the_kill < 3000
    assert (account.missing, account.repeated, account.wrong) == (0, 0, [])
    assert len(account.asked_twice) <= account.in_flight
