"""Any notice in prose: the addresses it is about, and what it says of each. Behind the readers that know more."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.parsing.addresses import find_addresses, from_header
from analyzer.parsing.kinds import is_bounce_like
from analyzer.parsing.message import Message
from analyzer.parsing.original import find_original
from analyzer.parsing.prose import about, statements
from analyzer.records import Failure


class Notice:
    """A bounce of no known server."""

    name = "notice"

    def recognises(self, message: Message) -> bool:
        """A machine's mail about a mail that it could not deliver."""
        return is_bounce_like(message)

    def failures(self, message: Message) -> Iterator[Failure]:
        """By `X-Failed-Recipients` where the server names them, else by the text's own grammar."""
        text = message.plain_text()
        named = find_addresses(message.get("x-failed-recipients"))
        for address in named:
            said = about(address, text)
            yield Failure(recipient=address, diagnostic=said.says, remote_mta=said.host)
        if named:
            return
        ours = frozenset(a.lower() for a in (from_header(message.get("to")), from_header(message.get("from"))) if a)
        known = frozenset(a.lower() for a in find_original(message).recipients)
        for said in statements(text, ignore=ours, known=known):
            yield Failure(recipient=said.address, diagnostic=said.says, remote_mta=said.host)
