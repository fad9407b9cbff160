"""Who wrote a notice that has no Reporting-MTA field: the host it names itself by, else the one it was sent from."""

from __future__ import annotations

import re

from analyzer.parsing.marks import TEXT
from analyzer.parsing.message import Message

_HOST = r"(?P<host>(?:[\w-]+\.)+[\w-]*\w)"
#: A mark that every such text has, the words that each begins with, and what stands behind them, in lower case.
_NAMED = tuple(
    # What must not stand before the words comes behind them, since `re` looks for plain ones quickly.
    (TEXT.add(mark), re.compile((rf"{words}(?<!\w{words})" if words else "") + behind.replace("HOST", _HOST)))
    for mark, words, behind in (
        # A field in the text, or of Amazon SES's JSON.
        ("reporting", "reporting", r"-?mta\"?\s*:\s*\"?<?(?:\w+;\s*)?HOST"),
        # Postfix, qmail, dma, James, Haraka, amavis.
        ("mail system", "mail system", r" (?:at|on)(?: host)? HOST"),
        ("program", "program", r"(?: amavis(?:d-new)?)? at(?: host)?\sHOST"),
        ("agent", "mail agent v", r"\S{1,40} at HOST"),
        ("mail server", "mail server", r" (?:at|on) HOST"),
        ("mailer-daemon at", "mailer-daemon at", r" HOST"),
        # Exchange; the words before the host differ by language, the address in the next line does not.
        (
            r"[:：][ \t]*[\pL\pN_][\pL\pN_-]*\.[^\s:@]*(?:[ ]*\n){2,3}[ \t]*[^@\s]{1,64}@",
            "",
            r"[:：][ \t]*HOST(?:[ ]*\n){2,3}[ \t]*[^\s@]{1,64}@",
        ),
        # Microsoft 365: the server that wrote the notice.
        (r"\.prod\.outlook\.com", "", r"[:：]\s*(?P<host>(?:[\w-]+\.)+prod\.outlook\.com)"),
    )
)
_SEARCHED = 6000


def reporting_host(message: Message) -> str:
    """The reporting host, lower case; empty where neither the text nor the sender tells it."""
    text = message.plain_text()[:_SEARCHED].lower()
    marks = message.marks()
    for mark, pattern in _NAMED:
        if mark in marks:
            named = pattern.search(text)
            if named:
                return named.group("host")
    return message.sender().rpartition("@")[2].strip("[]").lower()
