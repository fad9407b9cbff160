"""Any notice in prose: the addresses it is about, and what it says of each. Behind the readers that know more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.parsing.addresses import find_addresses, from_header, is_robot
from analyzer.parsing.kinds import is_bounce_like
from analyzer.parsing.message import Message
from analyzer.parsing.original import find_original
from analyzer.parsing.prose import about, statements
from analyzer.parsing.quotes import has_reply
from analyzer.records import Failure

#: Sendmail and Domino give the reason in the subject; other servers put our own subject there.
_SUBJECT_REASON = re.compile(
    r"\s*(?:returned mail|delivery failure)\s*:\s*(?!see transcript)(\S.{1,300})", re.IGNORECASE
)
#: Others give the reply there and nowhere else: "Mail delivery failed: 550 5.1.1 User unknown".
_SUBJECT_REPLY = re.compile(r"[^:]{4,60}: ([45]\d\d[ -][45]\.\d{1,3}\.\d{1,3} .{1,300})")


class Notice:
    """A bounce of no known server."""

    name = "notice"

    def recognises(self, message: Message) -> bool:
        """A machine's mail about a mail that it could not deliver."""
        return is_bounce_like(message)

    def failures(self, message: Message) -> Iterator[Failure]:
        """By `X-Failed-Recipients` where the server names them, else by the text's own grammar, else by the subject."""
        named = find_addresses(message.get("x-failed-recipients"))
        for address in named:
            said = about(address, message)
            # A notice may have no text at all.
            says = said.says or (message.heading() if address in message.heading() else "")
            yield Failure(recipient=address, diagnostic=_explained(says, message), remote_mta=said.host)
        if named:
            return
        original = find_original(message)
        # Where bounces go to is often an address made for one mail, and the text names whom that was from.
        own = from_header(message.get("to")), from_header(message.get("from")), original.sender
        ours = frozenset(address.lower() for address in own if address)
        in_subject = [a for a in find_addresses(message.heading()) if a.lower() not in ours and not is_robot(a)]
        known = frozenset(a.lower() for a in original.recipients or in_subject) - ours
        told = statements(message, ignore=ours, known=known, failed_only=True)
        for said in told:
            yield Failure(recipient=said.address, diagnostic=_explained(said.says, message), remote_mta=said.host)
        if told or original.recipients:
            return
        for address in in_subject:
            said = about(address, message)
            yield Failure(recipient=address, diagnostic=f"{message.heading()}: {said.says}", remote_mta=said.host)


def _explained(words: str, message: Message) -> str:
    """The words, with what the subject adds to a text that gives no reply: "Returned mail: User unknown"."""
    reason = _SUBJECT_REPLY.match(message.heading()) or _SUBJECT_REASON.match(message.heading())
    if reason is None or has_reply(words) or reason.group(1).lower() in words.lower():
        return words
    return f"{reason.group(1)}: {words}" if words else reason.group(1)
