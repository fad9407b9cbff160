"""A reply means what it means, whoever hands it on: the words around it are the same behind every refusal."""

from __future__ import annotations

import re

import pytest

from analyzer.classify import classify, default_classifier

#: How relays, clients and providers quote a reply.
WRAPPERS = {
    "Postfix": "host mx.relay.example[192.0.2.44] said: {}",
    "Exim": "SMTP error from remote mail server: host mx.relay.example [192.0.2.44]: {}",
    "qmail": "192.0.2.44 does not like recipient.\nRemote host said: {}\nGiving up on 192.0.2.44.",
    "Exchange": "Remote Server returned '{}'",
    "Microsoft 365": "550 5.0.350 Remote server returned an error -> {}",
    ".NET": "Mailbox unavailable. The server response was: {}",
    "a delivery report": "smtp; {}",
    "a log": '"{}"',
}
_OPENS_WITH_CODE = re.compile(r"[45]\d\d[ -](?!\d\d\d)")
_QUOTES_ANOTHER = re.compile(r"said|returned|->|response was|in reply to")


def replies():
    """Examples of rules for any server that are one reply and nothing beside it."""
    for rule in default_classifier().rules:
        if rule.providers or rule.phases:
            continue
        for example in rule.examples:
            alone = not (example.host or example.status or example.reply)
            if alone and _OPENS_WITH_CODE.match(example.text) and not _QUOTES_ANOTHER.search(example.text):
                yield example.text


@pytest.mark.parametrize("wrapper", WRAPPERS.values(), ids=WRAPPERS.keys())
def test_the_words_around_a_reply_change_nothing(wrapper: str) -> None:
    texts = list(replies())
    assert len(texts) > 1000
    changed = {
        text: (alone, wrapped)
        for text in texts
        if (alone := classify(text).reason) != (wrapped := classify(wrapper.format(text)).reason)
    }
    assert not changed


@pytest.mark.parametrize(
    "change", [str.upper, str.lower, lambda text: text.replace(" ", "  ")], ids=["capitals", "small letters", "blanks"]
)
def test_neither_do_capitals_nor_blanks(change) -> None:
    assert not {text for text in replies() if classify(text).reason != classify(change(text)).reason}
