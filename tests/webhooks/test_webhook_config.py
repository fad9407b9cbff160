"""The configuration: what it may say, and the sentence for everything else."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from webhook_process import write_config
from webhook_senders import PASSWORD, TOPIC, SendGridSender

from analyzer.errors import AnalyzerError, OutputError, UnreadableInputError
from analyzer.webhooks import Bounds, Config, Limits, listen, load_config
from analyzer.webhooks.service import bind, split_address

KEY = SendGridSender().public_key


def loaded(folder: Path, text: str, **environment: str) -> Config:
    return load_config(
        write_config(folder, textwrap.dedent(text), password=PASSWORD, empty="", two=f"{PASSWORD}\nold\n"), environment
    )


def test_an_endpoint_is_a_path_a_provider_and_where_its_secret_is_kept(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        """
        [endpoint."/mailgun/eu"]
        provider = "mailgun"
        secret_env = ["NEW", "OLD"]
        tolerance_seconds = 600
        limits = { body_bytes = 1000 }

        [endpoint."/sparkpost"]
        provider = "sparkpost"
        auth = "header"
        secret_file = "password"

        [limits]
        burst = 7

        [receiver]
        lag_seconds = 60
        """,
        NEW="the new signing key",
        OLD="the old signing key",
    )
    mailgun, sparkpost = config.endpoints
    assert (mailgun.path, mailgun.auth) == ("/mailgun/eu", "signature")
    assert mailgun.secrets == ("the new signing key", "the old signing key")
    assert (mailgun.tolerance_s, mailgun.limits) == (600.0, Limits(body_bytes=1000, burst=7))
    assert (sparkpost.auth, sparkpost.header) == ("header", "x-messagesystems-webhook-token")
    assert (sparkpost.secrets, sparkpost.limits.burst) == ((PASSWORD,), 7)
    assert config.bounds == Bounds(lag_seconds=60)
    assert PASSWORD not in repr(config)


REFUSED = {
    "": "names no endpoint",
    "[endpoint": "is no TOML",
    "[endpoints.x]": "has the unknown key 'endpoints'; the tables are endpoint, limits and receiver",
    'endpoint."/x" = 1': "is no table",
    '[endpoint."x"]\nprovider = "brevo"': "is no path; give one such as /sendgrid/main",
    '[endpoint."/metrics"]\nprovider = "brevo"': "is one of the receiver's own",
    '[endpoint."/x"]': "names no provider; the providers are azure, brevo",
    '[endpoint."/x"]\nprovider = "mailchimp"': "has no provider 'mailchimp'; the providers are",
    '[endpoint."/x"]\nprovider = 1': 'provider is no text; write provider = "…"',
    '[endpoint."/x"]\nprovider = "graph"': "graph sends a notice without the message",
    '[endpoint."/x"]\nprovider = "brevo"': "brevo needs a secret and none is named; add secret_env or secret_file",
    '[endpoint."/x"]\nprovider = "sendgrid"': "sendgrid needs a secret and none is named; add public_key",
    '[endpoint."/x"]\nprovider = "brevo"\nsecret = "s"': "secret stands in the file itself",
    '[endpoint."/x"]\nprovider = "brevo"\ntoken = "s"': "token stands in the file itself",
    '[endpoint."/x"]\nprovider = "brevo"\nsecrets_file = "s"': "has the unknown key 'secrets_file'; the keys are auth",
    '[endpoint."/x"]\nprovider = "brevo"\nsecret_env = "UNSET"': "the environment variable UNSET is not set",
    '[endpoint."/x"]\nprovider = "brevo"\nsecret_env = 3': "secret_env is no text or list of texts",
    '[endpoint."/x"]\nprovider = "brevo"\nsecret_file = "none"': "cannot be read: No such file or directory; write the",
    '[endpoint."/x"]\nprovider = "brevo"\nsecret_file = "."': "cannot be read: Is a directory; write the secret there",
    '[endpoint."/x"]\nprovider = "brevo"\nsecret_file = "a\\u0000b"': "cannot be read: is no text; write the secret",
    '[endpoint."/x"]\nprovider = "brevo"\nsecret_file = "two"': "holds more than one line; write the secret there",
    '[endpoint."/x"]\nprovider = "mailgun"\nsecret_env = "SHORT"': "copy the whole of it as the provider shows it",
    '[endpoint."/x"]\nprovider = "brevo"\nauth = "header"\nheader = "X Token:"': "'x token:' is no header's name",
    '[endpoint."/x/../y"]\nprovider = "brevo"': "is no path; give one such as /sendgrid/main",
    'limits = 1\n[endpoint."/x"]\nprovider = "brevo"': "is no table; write { name = number }",
    '[endpoint."/x"]\nprovider = "brevo"\nsecret_file = "empty"': "is empty",
    '[endpoint."/x"]\nprovider = "brevo"\nsecret_env = "SHORT"': "its secret has fewer than 12 characters",
    '[endpoint."/x"]\nprovider = "brevo"\nauth = "signature"': "brevo has no auth 'signature'; give one of basic, bearer",
    '[endpoint."/x"]\nprovider = "postmark"\nsecret_file = "password"': "basic auth needs a user",
    '[endpoint."/x"]\nprovider = "sendgrid"\npublic_key = "MFkw"': "its public_key is none",
    '[endpoint."/x"]\nprovider = "brevo"\npublic_key = "MFkw"': "has a public_key, which its provider does not sign with",
    '[endpoint."/x"]\nprovider = "resend"\nsecret_file = "password"': "its secret is none",
    '[endpoint."/x"]\nprovider = "ses"': "names no topic, and anybody can have SNS send to us",
    '[endpoint."/x"]\nprovider = "ses"\ntopics = ["bounces"]': "'bounces' is no topic's ARN",
    f'[endpoint."/x"]\nprovider = "ses"\nauth = "basic"\ntopics = ["{TOPIC}"]': "basic auth needs a secret",
    '[endpoint."/x"]\nprovider = "nylas"\nsecret_file = "password"\ntolerance_seconds = 9': "nylas signs no time",
    '[endpoint."/x"]\nprovider = "mailgun"\ntolerance_seconds = 0': "tolerance_seconds 0 is no number from 1",
    '[limits]\nbody = 1\n[endpoint."/x"]\nprovider = "brevo"': "has the unknown key 'body'; the keys are body_bytes",
    '[limits]\nburst = 1.5\n[endpoint."/x"]\nprovider = "brevo"': "burst 1.5 is no whole number over 0",
    '[receiver]\nlag_seconds = -1\n[endpoint."/x"]\nprovider = "brevo"': "lag_seconds -1 is no number over 0",
}


@pytest.mark.parametrize(("text", "sentence"), REFUSED.items())
def test_what_it_cannot_be_is_told_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UnreadableInputError, match=re.escape(sentence)) as told:
        loaded(tmp_path, text, SHORT="too short")
    assert str(tmp_path) in str(told.value)
    assert PASSWORD not in str(told.value)


def test_a_secret_that_others_may_read_is_refused_and_a_public_key_is_none(tmp_path: Path) -> None:
    text = '[endpoint."/x"]\nprovider = "{}"\nsecret_file = "key"\n'
    config = write_config(tmp_path, text.format("brevo"), key=PASSWORD)
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(UnreadableInputError, match=r"others may read the secret's file .*; run: chmod 600 "):
        load_config(config)
    (tmp_path / "key").write_text(f"-----BEGIN PUBLIC KEY-----\n{KEY}\n-----END PUBLIC KEY-----\n")
    config.write_text(text.format("sendgrid"))
    assert load_config(config).endpoints


def test_a_provider_that_cannot_be_received_is_not_offered(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError) as told:
        loaded(tmp_path, '[endpoint."/x"]\nprovider = "mailchimp"')
    assert "gmail" not in str(told.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="cannot be read: No such file"):
        load_config(tmp_path / "none.toml")


def test_every_example_of_the_document_is_one(tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text()
    examples = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert len(examples) >= 2
    whsec = "whsec_" + "QUJDREVGR0hJSktMTU5PUA=="
    for number, example in enumerate(examples):
        folder = tmp_path / str(number)
        folder.mkdir()
        names = re.findall(r'secret_env = "(\w+)"', example)
        for name in re.findall(r'secret_file = "([^"]+)"', example):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(PASSWORD)
            (folder / name).chmod(0o600)
        written = example.replace("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE…", KEY)
        environment = {name: whsec if "RESEND" in name else PASSWORD for name in names}
        config = load_config(write_config(folder, written), environment)
        assert config.endpoints


# --- before anything is listened on ----------------------------------------------------------------------------------------

OPEN = '[endpoint."/x"]\nprovider = "brevo"\nauth = "none"\n'
CHECKED = '[endpoint."/x"]\nprovider = "brevo"\nsecret_file = "password"\n'


def started(folder: Path, text: str, **options: object) -> int:
    config = write_config(folder, text, password=PASSWORD)
    given = {"address": "127.0.0.1:0", "workspace": folder / "workspace", **options}
    return listen(given.pop("address"), given.pop("workspace"), config=config, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:8025", "mail.example:8025"])
def test_an_endpoint_that_checks_nothing_is_for_the_loopback_alone(tmp_path: Path, address: str) -> None:
    with pytest.raises(UnreadableInputError, match=r"takes requests from anybody \(auth none\)"):
        started(tmp_path, OPEN, address=address)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"address": "nowhere"}, "is none; give one such as 127.0.0.1:8025"),
        ({"address": "127.0.0.1:99999"}, "is none"),
        ({"address": "192.0.2.1:0"}, "cannot be listened on"),
        ({"metrics": "192.0.2.1:0"}, "cannot be listened on"),
        ({"workspace": "s3://bucket/history"}, "holds no journal, which has to be on a local disk; add --journal"),
        ({"journal": "s3://bucket/journal"}, "is no folder on a local disk"),
        ({"tls": ("none.pem", "none.key")}, "is no certificate and key"),
        ({"rules": Path("/nowhere")}, "nowhere"),
    ],
)
def test_what_cannot_be_used_is_told_before(tmp_path: Path, options: dict[str, object], sentence: str) -> None:
    with pytest.raises(AnalyzerError, match=re.escape(sentence)):
        started(tmp_path, CHECKED, **options)


def test_a_workspace_or_journal_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnreadableInputError, match="is a file, no workspace"):
        started(tmp_path, CHECKED, workspace=tmp_path / "file")
    with pytest.raises(OutputError, match="the journal cannot be kept there"):
        started(tmp_path, CHECKED, journal=tmp_path / "file" / "journal")


def test_an_address_that_is_taken(tmp_path: Path) -> None:
    with bind("127.0.0.1:0") as taken, pytest.raises(UnreadableInputError, match="Address already in use"):
        started(tmp_path, CHECKED, address=f"127.0.0.1:{taken.getsockname()[1]}")


@pytest.mark.parametrize(
    ("address", "pair"),
    [
        ("8025", ("127.0.0.1", 8025)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:9", ("::1", 9)),
        ("a.example:1", ("a.example", 1)),
    ],
)
def test_addresses(address: str, pair: tuple[str, int]) -> None:
    assert split_address(address) == pair


def test_the_document_names_every_provider_reason_bound_and_metric() -> None:
    from dataclasses import fields

    from analyzer.webhooks.meters import Meters
    from analyzer.webhooks.providers import PROVIDERS
    from analyzer.webhooks.receiver import _STATUSES

    text = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text()
    wanted = [f"`{name}`" for name, one in PROVIDERS.items() if not one.not_here] + [f"`{name}`" for name in _STATUSES]
    wanted += [f"{one.name} = " for kind in (Limits, Bounds) for one in fields(kind)]
    for family in Meters().registry.collect():
        name = family.name + ("_total" if family.type == "counter" else "")
        wanted.append(f"`{name}`" if f"`{name}`" in text else "`…" + name.removeprefix("bounce_webhook"))
    missing = [one for one in wanted if one not in text and one.replace("_journal", "") not in text]
    assert missing == []


def test_a_port_in_use_is_told_in_one_sentence() -> None:
    with bind("127.0.0.1:0") as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UnreadableInputError) as told:
            bind(address)
    expected = f"address {address}: cannot be listened on: Address already in use; name another, such as 127.0.0.1:8025"
    assert str(told.value) == expected
