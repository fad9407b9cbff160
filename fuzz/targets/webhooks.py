"""Requests of strangers to the webhook receiver, and its file of endpoints."""

from __future__ import annotations

import tempfile
from pathlib import Path

from analyzer.errors import UnreadableInputError
from analyzer.sources.feeds import events
from analyzer.webhooks.config import load_config
from analyzer.webhooks.decoding import coded, decoded
from analyzer.webhooks.signatures import REFUSALS, Delivery
from fuzz.rows import hold, rows_from
from fuzz.seeds import webhooks as seeds
from fuzz.target import Target

#: Providers whose signature is of the whole body: nothing but what was signed may be taken.
_WHOLE = frozenset({"sendgrid", "resend", "nylas", "emailengine"})


def requests(data: bytes) -> None:
    """A request as text, the provider on its first line: refused for a known reason, or it is the provider's own.

    A signature fits the bytes that it was made for and no other.
    """
    provider, headers, body = seeds.parsed(data)
    scheme = seeds.schemes()[provider]
    delivery = Delivery(headers, seeds.QUERY if headers.get("x-query") else {}, body, body)
    refused = scheme.refuses_head(delivery.headers, delivery.query) or scheme.refuses(delivery, seeds.NOW)
    hold(refused == "" or refused in REFUSALS, "a refusal is a known one", refused)
    try:
        value = decoded(body)
    except ValueError:
        return
    rows_from(events(value, "webhook:/x"))
    decoded(coded(value))
    if refused:
        return
    if provider in _WHOLE:
        hold(body in seeds.signed_bodies()[provider], "a signature fits no other body", provider, body)
    scheme.reply(delivery, value)
    hold(isinstance(scheme.signed(delivery, value), bytes), "what is kept are bytes")


def configuration(data: bytes) -> None:
    """A file of endpoints: taken, or refused by an error of one line that names it and shows no secret."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        place = Path(folder) / "hooks.toml"
        place.write_bytes(data)
        try:
            config = load_config(place, seeds.ENVIRONMENT)
        except UnreadableInputError as error:
            hold(
                "hooks.toml" in str(error) and "\n" not in str(error), "an error names its file on one line", str(error)
            )
            hold(seeds.SECRET not in str(error), "an error shows no secret", str(error))
            return
        hold(bool(config.endpoints), "a configuration has an endpoint")
        hold(seeds.SECRET not in repr(config), "a configuration shows no secret")


TARGETS = (
    Target("webhook-requests", requests, seeds.requests),
    Target("webhook-config", configuration, lambda: list(seeds.CONFIGURATIONS)),
)
