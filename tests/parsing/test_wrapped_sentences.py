"""Replies in free text, wrapped in the middle of a sentence without an indent: the words that decide stand below."""

from __future__ import annotations

import pytest
from messages import notice

from analyzer.parsing import read_message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "Not delivered to kim@lumen.example:\n\n550 5.7.1 Refused by the\npolicy of the owner: no mail\nfrom outside\n",
            "550 5.7.1 Refused by the policy of the owner: no mail from outside",
        ),
        (
            "Delivery to kim@lumen.example failed: 550 5.7.1 Refused by\nSpamhaus ZEN, which lists the host: write to us\n",
            "550 5.7.1 Refused by Spamhaus ZEN, which lists the host: write to us",
        ),
        (
            "Not delivered:\n  kim@lumen.example\n\nAnswer: 550 5.7.1 Not taken, as\nthe mailbox was closed\nfor good: no account\n",
            "550 5.7.1 Not taken, as the mailbox was closed for good: no account",
        ),
        (
            'Mail to <kim@lumen.example> failed. The server said:\n"554 5.7.1 Refused, since\n\nthe host is on a blocklist."\n',
            "554 5.7.1 Refused, since the host is on a blocklist.",
        ),
        (
            "Mail to kim@lumen.example failed\n\n<<< 550 5.7.1 Refused, the address of the\nhost is on a blocklist\n>>> QUIT\n",
            "550 5.7.1 Refused, the address of the host is on a blocklist",
        ),
        (
            "Failed:\n\nkim@lumen.example: 550 5.1.1 The mailbox of\nkim@lumen.example is over quota\n",
            "550 5.1.1 The mailbox of kim@lumen.example is over quota",
        ),
    ],
)
def test_a_sentence_goes_on_in_the_next_line(text: str, says: str) -> None:
    (failure,) = read_message(notice(text)).failures
    assert failure.diagnostic == says


@pytest.mark.parametrize(
    "text",
    [
        "kim@lumen.example\nReason: 550 5.1.1 no such user\nReporting host: mx.sender.example\n",
        "recipient: kim@lumen.example\nerror: 550 5.1.1 no such user\nqueue id: 4F1cT2\n",
        "kim@lumen.example\nReason: 550 5.1.1 no such user\n\nplease do not answer to this mail\n",
        "Mail to kim@lumen.example failed\n\n<<< 550 5.1.1 no such user\nPlease ask your administrator\n",
    ],
)
def test_what_follows_a_whole_sentence_is_another_thing(text: str) -> None:
    (failure,) = read_message(notice(text)).failures
    assert failure.diagnostic == "550 5.1.1 no such user"
