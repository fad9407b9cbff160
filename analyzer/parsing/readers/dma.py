"""DragonFly Mail Agent: the notice of `bounce()` in its mail.c, a sentence with the address and the reason below."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.parsing.kinds import is_a_persons
from analyzer.parsing.message import Message, one_line
from analyzer.records import Failure

_OPENING = "There was an error delivering your mail"
#: On one line each, unless a gateway on the way wraps them.
_NOTICE = re.compile(
    _OPENING + r"\s+to\s+<([^<>\n]+)>\.\n(.*?)\n(?:Original message|Message headers) follow", re.DOTALL
)
_REFUSED = re.compile(r"^(\S+)(?:\s\[[\d.:a-fA-F]+\])?\sdid\snot\slike\sour\s[A-Za-z\s]{1,20}:\s*")


class DragonFly:
    """`This is the DragonFly Mail Agent …`"""

    name = "dma"

    def recognises(self, message: Message) -> bool:
        """By its opening sentence."""
        return "This is the DragonFly Mail Agent" in message.plain_text()[:200] and not is_a_persons(message)

    def failures(self, message: Message) -> Iterator[Failure]:
        """One failure: every recipient gets a mail of its own."""
        text = message.plain_text()[:20_000]
        notice = _NOTICE.match(text, max(text.find(_OPENING), 0))
        if notice is None:
            return
        reason = notice.group(2).strip("\n")
        refused = _REFUSED.match(reason)
        yield Failure(
            recipient=notice.group(1),
            diagnostic=one_line(reason[refused.end() :] if refused else reason),
            remote_mta=refused.group(1).lower() if refused else "",
        )
