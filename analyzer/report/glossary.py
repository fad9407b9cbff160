"""Words of the trade and what they mean, and how a page offers the meaning where the word stands.

A word becomes a button (a span, since a button would tear the line) with its meaning behind it: shown on pointing, on
focus and on a tap, read out by a screen reader, left out of print. It works without script.
"""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup

from analyzer.report.words import clean

#: What each word means, in a sentence. The longest match wins, so "max quality" is not taken for "quality".
TERMS: Final[dict[str, str]] = {
    "SPF": "Sender Policy Framework: a DNS entry of your domain that lists the servers that may send for it.",
    "DKIM": "DomainKeys Identified Mail: a signature in each mail that shows which domain sent it, unchanged.",
    "DMARC": "A DNS entry of your domain that says what to do with mail that passes neither SPF nor DKIM for it.",
    "PTR": "The name that DNS gives for a server's address. Servers without one are often refused.",
    "TLS": "Encryption between two mail servers.",
    "MX": "The DNS entry that says which servers take mail for a domain.",
    "VERP": "A return address made for one recipient, so that a bounce tells by itself whom it is about.",
    "Message-ID": "The number that each mail carries in its header; a bounce often quotes it.",
    "From domain": "The domain behind the @ of the address that readers see as the sender.",
    "envelope sender": "The address that bounces go back to. Readers do not see it, receivers check it.",
    "greylisting": "A receiver turns unknown senders away once, and takes the mail when it comes again.",
    "block list": "A public list of servers or domains known for spam, which receivers ask before they take a mail.",
    "catch-all": "The domain takes mail for any name, so nobody can tell beforehand whether the mailbox exists.",
    "guessed addresses": "Addresses built from a pattern, such as first.last@, that nobody ever confirmed.",
    "verified addresses": "Addresses that a check confirmed before sending.",
    "max quality": "The platform's setting that leaves guessed addresses out.",
    "max quantity": "The platform's setting that sends to every lead, guessed addresses too.",
    "best mix": "The safest leads first, as many as stay within what you accept with a probability of 90 %.",
    "strict industries": "Banks, insurers, pharma, healthcare and the like: they block unknown senders by rule.",
    "open industries": "Those without such rules: their answers show how healthy your sending is.",
    "suspected forgeries": "Bounces that answer no mail of yours: somebody used your address, or made them up.",
    "hard bounces": "The address, its mailbox or its server failed.",
    "spam bounces": "The mail was refused for what it is, who sent it, or whom it reached.",
    "SHA-256": "A fingerprint of a file: the same file always gives the same one.",
    "p=none": "The mildest DMARC setting: failures are reported, nothing is refused.",
    "p=quarantine": "A DMARC setting: mail that fails goes to the spam folder.",
}

_WORDS: Final = re.compile(
    r"(?<![\w.@/-])("
    + "|".join(re.escape(str(Markup.escape(term))) for term in sorted(TERMS, key=len, reverse=True))
    + r")(?![\w@/-]|\.\w)",
    re.IGNORECASE,
)
_BY_NAME: Final = {str(Markup.escape(term)).casefold(): meaning for term, meaning in TERMS.items()}


class Explainer:
    """Explains the words of one page: each once in a scope, so that a list of steps is not all buttons."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()
        self._number = 0

    def __call__(self, text: object, scope: str = "") -> Markup:
        """The text, escaped, with the words that `scope` has not explained yet as buttons."""
        plain = str(Markup.escape(clean(text))).replace(" %", "\N{NO-BREAK SPACE}%")
        return Markup(_WORDS.sub(lambda found: self._button(found.group(), scope), plain))  # noqa: S704 - escaped above

    def _button(self, word: str, scope: str) -> str:
        name = word.casefold()
        if (scope, name) in self._known:
            return word
        self._known.add((scope, name))
        self._number += 1
        place = f"term{self._number}"
        return (
            f'<span class="term" role="button" tabindex="0" aria-describedby="{place}">{word}</span>'
            f'<span class="tip" role="tooltip" id="{place}">{Markup.escape(_BY_NAME[name])}</span>'
        )
