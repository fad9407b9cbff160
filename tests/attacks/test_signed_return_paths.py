"""Signed return paths: what they prove, and what a stranger makes of them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from attacked_campaign import dsn, figures, suppressed
from hypothesis import given
from hypothesis import strategies as st

from analyzer import api
from analyzer.errors import AnalyzerError, UnreadableInputError
from analyzer.history import Workspace
from analyzer.verp import Keys, keys_from, new_key, recipient_digest, sign, sign_header, signed_part, unsigned, verify
from analyzer.watch import Watched, watch

KEYS = Keys((b"0123456789abcdef0123456789abcdef",))
OLD = Keys((b"fedcba9876543210fedcba9876543210",))
DAY = date(2026, 3, 2)


def _sign(recipient: str, keys: Keys = KEYS, **more: object) -> str:
    return sign(recipient, keys, domain="outreach.example", campaign="Q1", day=DAY, **more)  # type: ignore[arg-type]


# --- the address ---------------------------------------------------------------------------------------------------


@given(
    st.from_regex(r"[a-z0-9.+_=~-]{1,40}@[a-z0-9]([a-z0-9.-]{0,30}[a-z0-9])?", fullmatch=True),
    st.text(max_size=20),
    st.sampled_from(["b", "bounces", "a.longer_prefix-18"]),
)
def test_every_address_fits_and_verifies_in_any_case(recipient, campaign, prefix):
    address = sign(recipient, KEYS, domain="outreach.example", prefix=prefix, campaign=campaign, day=DAY)
    local = address.rpartition("@")[0]
    assert len(local) <= 64 and address.isascii() and " " not in address
    for written in (address, address.upper(), f"<{address}>", local.partition("+")[2]):
        found = verify(written, KEYS)
        assert found.valid and found.signed is not None
        assert found.signed.named == recipient or found.signed.names == "digest"
        assert found.signed.of_campaign(campaign) and found.signed.day == DAY


def test_an_address_reads_as_other_senders_write_theirs():
    address = _sign("jane.roe@example.com")
    assert address.startswith("bounces+jane.roe=example.com-r")
    assert unsigned(address) == "bounces+jane.roe=example.com@outreach.example"


@pytest.mark.parametrize("recipient", ['"jane roe"@example.com', '"jane@roe"@example.com', "jörg@müller.example"])
def test_an_address_that_cannot_stand_in_another_stands_there_as_a_digest(recipient):
    signed = verify(_sign(recipient), KEYS).signed
    assert signed is not None and (signed.names, signed.named) == ("digest", recipient_digest(recipient))


@pytest.mark.parametrize("place", range(8, 60, 3))
def test_one_changed_sign_is_no_signature_of_ours(place):
    address = _sign("jane.roe@example.com")
    local = address.rpartition("@")[0]
    at = min(place, len(local) - 1)
    other = "b" if local[at] != "b" else "c"
    assert not verify(f"{local[:at]}{other}{local[at + 1 :]}@outreach.example", KEYS).valid


def test_keys_change_and_old_mail_still_comes_back():
    address = _sign("jane@example.com", OLD)
    assert verify(address, KEYS).why == "bad_signature"
    assert verify(address, Keys((*KEYS.secrets, *OLD.secrets))).valid


@pytest.mark.parametrize(
    ("on", "why"), [("2026-03-02", ""), ("2026-04-01", ""), ("2026-04-02", "expired"), ("2026-02-01", "expired")]
)
def test_a_signature_expires_where_it_is_asked_to(on, why):
    assert verify(_sign("jane@example.com"), KEYS, on=date.fromisoformat(on), max_age_days=30).why == why


@pytest.mark.parametrize(
    "text", ["", "@", "bounces@x.example", "bounces+jane=example.com@x.example", "a" * 100_000, "-r" * 5000]
)
def test_what_has_no_signature_says_so(text):
    assert verify(text, KEYS).why == "unsigned"
    assert signed_part(text) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipient": "nobody"},
        {"recipient": "a\nb@x.example"},
        {"prefix": "a+b"},
        {"domain": "a b"},
        {"lead_id": "a b"},
    ],
)
def test_what_cannot_stand_in_an_address_is_refused(wrong):
    given_ = {"recipient": "jane@example.com", "domain": "outreach.example"} | wrong
    with pytest.raises(AnalyzerError, match=r"give|use"):
        sign(given_.pop("recipient"), KEYS, **given_)


# --- the keys ------------------------------------------------------------------------------------------------------


def _key_file(folder: Path, *keys: str, mode: int = 0o600) -> Path:
    path = folder / "verp.keys"
    path.write_text("# the newest first\n" + "".join(f"{key}\n" for key in keys))
    path.chmod(mode)
    return path


def test_keys_come_from_a_file_or_the_environment_and_are_never_shown(tmp_path, monkeypatch):
    key = new_key()
    found = keys_from(_key_file(tmp_path, key, "o" * 40))
    assert found is not None and len(found.secrets) == 2
    assert key not in repr(found)
    assert keys_from() is None
    monkeypatch.setenv("BOUNCE_ANALYZER_VERP_KEY", key)
    assert keys_from() == Keys((key.encode(),))


@pytest.mark.parametrize(
    ("keys", "mode", "says"),
    [(["short"], 0o600, "fewer than 32"), ([], 0o600, "holds no key"), (["k" * 40], 0o644, "chmod 600")],
)
def test_a_key_file_that_is_no_secret_is_refused(tmp_path, keys, mode, says):
    with pytest.raises(UnreadableInputError, match=says) as caught:
        keys_from(_key_file(tmp_path, *keys, mode=mode))
    assert "short" not in str(caught.value)


# --- what it proves ------------------------------------------------------------------------------------------------


def test_a_signature_proves_the_mail_where_nothing_else_does(campaign, diagnosed):
    """From a host nobody knows, forwarded to an address nobody knows, with no Message-ID."""
    lead = campaign.email(300)
    long = campaign.leads[301] | {"email": "christopher.montgomery@a-company-with-a-long-name.example"}
    campaign.leads[301], campaign.log[301]["recipient"] = long, long["email"]
    paths = [_sign(lead), _sign(long["email"]), _sign(campaign.email(302), lead_id="L302")]
    mails = [dsn("me@forward.example", host="mx.far.example", delivered_to=path, returned=False) for path in paths]
    mails.append(
        dsn(
            "me@forward.example",
            host="mx.far.example",
            headers=f"X-Bounce-Token: {sign_header(campaign.email(303), KEYS, day=DAY)}\n",
        )
    )
    run, out = diagnosed(campaign, mails, verp_keys=KEYS)
    assert run.diagnosis.matching.suspected_forged == 0
    assert {lead, long["email"], campaign.email(302), campaign.email(303)} <= suppressed(out)
    assert run.diagnosis.matching.by_method.verp == 3
    assert run.diagnosis.matching.by_method.header == 1


def test_a_wrong_signature_is_named_whatever_else_is_right(campaign, diagnosed):
    quiet, quiet_out = diagnosed(campaign, verp_keys=KEYS)
    mails = [
        dsn(campaign.email(n), delivered_to=_sign(campaign.email(n), OLD), message_id=campaign.message_id(n))
        for n in range(300, 330)
    ]
    run, out = diagnosed(campaign, mails, verp_keys=KEYS)
    assert run.diagnosis.matching.forged_reasons == {"bad_signature": 30}
    assert figures(run) == figures(quiet)
    assert suppressed(out) == suppressed(quiet_out)


def test_a_replayed_return_path_strikes_off_only_whom_it_was_signed_for(campaign, diagnosed):
    signed_for, victim = campaign.email(0), campaign.email(400)
    mail = dsn(victim, host="mx.company400.example", delivered_to=_sign(signed_for), original=victim, written_to=victim)
    run, out = diagnosed(campaign, [mail], verp_keys=KEYS)
    assert victim not in suppressed(out)
    assert run.diagnosis.totals.hard.count == 15


# --- the command ---------------------------------------------------------------------------------------------------


def _run(*arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "analyzer", "verp", *arguments],
        input=given, capture_output=True, text=True, env={**os.environ, **environment},
    )  # fmt: skip


def test_the_command_signs_and_verifies(tmp_path):
    key = _run("key").stdout.strip()
    path = _key_file(tmp_path, key)
    signed = _run("sign", "--verp-key-file", str(path), "--domain", "outreach.example", "jane@example.com")
    recipient, address = signed.stdout.strip().split("\t")
    assert recipient == "jane@example.com"
    good = _run("verify", "--verp-key-file", str(path), given=f"{address}\n")
    assert (good.returncode, good.stdout.split("\t")[1].strip()) == (0, "valid")
    bad = _run("verify", address, "bounces@outreach.example", BOUNCE_ANALYZER_VERP_KEY=new_key())
    assert bad.returncode == 1
    assert "wrong signature" in bad.stdout and "not signed" in bad.stdout
    none = _run("sign", "--domain", "outreach.example", "jane@example.com")
    assert none.returncode == 2 and "--verp-key-file" in none.stderr
    assert key not in signed.stdout + good.stdout + bad.stdout


# --- into a workspace ------------------------------------------------------------------------------------------------


@pytest.fixture
def taken_in(campaign, tmp_path):
    """A spool with a bounce that is rightly signed, one that is wrongly signed and one that is not."""
    mails = [dsn(campaign.email(n), delivered_to=path, message_id=campaign.message_id(n)) for n, path in
             ((300, _sign(campaign.email(300))), (301, _sign(campaign.email(301), OLD)), (302, ""))]  # fmt: skip
    spool = tmp_path / "spool.mbox"
    spool.write_text("".join(f"From MAILER-DAEMON Mon Mar  2 09:11:21 2026\n{mail}\n" for mail in mails))
    return spool


@pytest.mark.parametrize("way", ["ingest", "watch"])
def test_a_wrong_signature_is_kept_apart_as_it_comes(way, campaign, taken_in, tmp_path):
    place, said = Workspace(tmp_path / "workspace"), io.StringIO()
    for again in range(2):
        if way == "ingest":
            run = api.ingest(place.place, bounces=[taken_in], verp_keys=KEYS)
            assert run.warnings == (
                "Bounces with a wrong signature in their return path: 1; kept apart, counted nowhere.",
            )
        else:
            state = tmp_path / f"state{again}"
            watch(place.place, Watched(spool=taken_in), once=True, state=state, stream=said, verp_keys=KEYS)
            assert "event=suspected_forged" in said.getvalue() and "bounces=1" in said.getvalue()
            assert "@" not in said.getvalue()
        assert set(place.bounces()["recipient"]) == {campaign.email(300), campaign.email(302)}
        assert list(place.suspected()["recipient"]) == [campaign.email(301)]
    assert place.forget(campaign.email(301)) == 1
    assert place.suspected().empty


def test_without_keys_nothing_is_judged_as_it_comes(taken_in, tmp_path):
    api.ingest(tmp_path / "workspace", bounces=[taken_in])
    place = Workspace(tmp_path / "workspace")
    assert (len(place.bounces()), len(place.suspected())) == (3, 0)


def test_bounces_that_a_wrong_key_put_aside_come_back_with_the_right_one(campaign, taken_in, tmp_path):
    place = Workspace(tmp_path / "workspace")
    wrong = Keys((b"neither of the two is this one..",))
    api.ingest(place.place, bounces=[taken_in], verp_keys=wrong)
    assert (len(place.bounces()), len(place.suspected())) == (1, 2)
    run = api.ingest(place.place, verp_keys=wrong)
    assert run.warnings == ("Bounces that were kept apart for a wrong signature: 2; rightly signed by these keys: 0.",)
    # The mail itself is not needed any more.
    keys = _key_file(tmp_path, KEYS.secrets[0].decode())
    ended = subprocess.run(
        [sys.executable, "-m", "analyzer", "ingest", "--workspace", place.place, "--verp-key-file", str(keys)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ended.stderr == (
        "Bounces that were kept apart for a wrong signature: 2; rightly signed by these keys: 1, "
        "which count from now on.\n"
    )
    assert set(place.bounces()["recipient"]) == {campaign.email(300), campaign.email(302)}
    assert list(place.suspected()["recipient"]) == [campaign.email(301)]
    # As if the mail had been judged by that key from the beginning.
    other = Workspace(tmp_path / "other")
    api.ingest(other.place, bounces=[taken_in], verp_keys=KEYS)
    assert place.bounces().equals(other.bounces()) and place.suspected().equals(other.suspected())
    # Ended between the two halves of a move, it goes on, and nothing stands twice.
    place.add_suspected(place.bounces())
    assert api.ingest(place.place, verp_keys=KEYS).warnings[0].startswith("Bounces that were kept apart")
    assert (len(place.bounces()), len(place.suspected())) == (2, 1)
