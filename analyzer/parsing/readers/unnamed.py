"""A notice that says why a mail came back and gives nobody's address: "User unknown.", "wim (Mailbox is full.)".

Whom it was to stands in the return address made for them (VERP), or in the mail that came back; else nobody is named,
and the bounce still says of which mail it is by its Message-ID. Asked of what no reader could read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.parsing.addresses import find_addresses, from_header, from_verp, is_robot, related, same
from analyzer.parsing.copies import own_words
from analyzer.parsing.kinds import is_bounce_like, is_from_the_mailbox
from analyzer.parsing.message import Message
from analyzer.parsing.original import find_original
from analyzer.parsing.prose import about
from analyzer.records import Failure

_DELIVERED_TO = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "to")
#: A name with no domain at the head of a list, with what is said of it behind: "bobby99: The mailbox is full".
_NAMED = re.compile(r":[ \t]*\n\s*<?(?P<name>[A-Za-z][\w.-]{1,63})>?(?: ?:| +\()[ \t]*[^\W\d_]")
#: The sender's own mailbox, of which its provider writes in the same words.
_OUR_MAILBOX = re.compile(
    r"\b(?:your|ihre?[ms]?|votre|su|tu|sua|seu|il (?:suo|tuo)|uw|je|twoja|ваш\w{0,2})"
    r" (?:\w+ )?(?:mail ?box|inbox|account|quota|postfach|konto|boîte|compte|buzón|cuenta|caixa|casella|postvak"
    r"|skrzynka|ящик)"
    r"|あなたのメールボックス|您的邮箱|您的信箱",
    re.IGNORECASE,
)


class Unnamed:
    """`User unknown.`, and nothing else."""

    name = "unnamed"

    def recognises(self, message: Message) -> bool:
        """A notice of a failure in which there is no address but ours."""
        return is_bounce_like(message) and _names_nobody(message)

    def failures(self, message: Message) -> Iterator[Failure]:
        """Whom the mail was to, "" where nothing tells, with all that the notice says."""
        said = about("", message)
        yield Failure(recipient=_recipient(message), diagnostic=said.says or message.heading(), remote_mta=said.host)


def is_about_one(message: Message) -> bool:
    """Whether the return address or the returned mail tells whom a notice is about in which nobody is named."""
    return _names_nobody(message) and bool(_recipient(message))


def _names_nobody(message: Message) -> bool:
    """Whether no address but ours is in it, and it does not speak of our own mailbox."""
    words = f"{message.heading()}\n{own_words(message)}"
    ours = from_header(message.get("to"))
    named = any(not is_robot(one) and not same(one, ours) for one in find_addresses(words))
    return not named and not _OUR_MAILBOX.search(words)


def _recipient(message: Message) -> str:
    for name in _DELIVERED_TO:
        if address := from_verp(from_header(message.get(name))):
            return address
    ours = from_header(message.get("to"))
    host = message.sender().rpartition("@")[2].lower()
    returned = [one for one in find_original(message).recipients if not same(one, ours) and not is_robot(one)]
    of_host = [one for one in returned if related(one.rpartition("@")[2].lower(), host)]
    for found in (returned, of_host):
        if len(found) == 1:
            return found[0]
    if returned:
        return ""
    if named := _NAMED.search(own_words(message)) if host else None:
        return f"{named['name']}@{host}"
    return from_header(message.get("return-path")) if is_from_the_mailbox(message) else ""
