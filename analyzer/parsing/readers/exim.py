"""Exim's notices (and their kin at GMX, IONOS and mail.ru): `DELIVER_FAIL` texts of Exim's src/deliver.c.

An address stands alone on a line, what happened to it is indented below. `X-Failed-Recipients` names all of them, or
after a redirection the ones before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.parsing.addresses import find_addresses, is_address, same, tidy
from analyzer.parsing.copies import own_words
from analyzer.parsing.message import Message, one_line
from analyzer.parsing.prose import about
from analyzer.parsing.quotes import introduced_words
from analyzer.records import Failure

_MARK = "message was created automatically by mail delivery software"
#: The first Exim 4 has the host no deeper than the address.
_ADDRESS_LINE = re.compile(r"^ {2}(?! |host \S+ \[)(\S.*)$", re.MULTILINE)
_GENERATED = re.compile(r"\((?:generated from|ultimately generated from) (\S[^\s@]*@\S+?)\)")
_HOST = re.compile(r"\bhost (\S+)(?: \[[\d.:a-fA-F]+\])?")
#: How far above an address the words that introduce it may end.
_BEFORE = 80
_MALFORMED = re.compile(r"<([^<>\s][^<>\s@]*@[^<>\s]+)>: ")


class Exim:
    """`This message was created automatically by mail delivery software.`"""

    name = "exim"

    def recognises(self, message: Message) -> bool:
        """By its opening sentence, or by the subject of its syntax-error notice."""
        if message.subject().startswith("mail failure - malformed recipient"):
            return True
        by_machine = "auto-submitted" in message.fields or "x-failed-recipients" in message.fields
        return by_machine and _MARK in message.plain_text()[:2000]

    def failures(self, message: Message) -> Iterator[Failure]:
        """A failure for each address line; for `X-Failed-Recipients` where the text names a pipe or a file."""
        words = own_words(message)
        named = find_addresses(message.get("x-failed-recipients"))
        heads = list(_ADDRESS_LINE.finditer(words))
        found = False
        for index, head in enumerate(heads):
            if words[max(0, head.start() - _BEFORE) : head.start()].rstrip().endswith("sent by"):
                # Whose mail it was, where a redirection has bounces sent to somebody else.
                continue
            block = words[head.end() : heads[index + 1].start() if index + 1 < len(heads) else len(words)]
            failure = _failure(head.group(1), _first_paragraph(block), named)
            if failure is not None:
                found = True
                yield failure
        if not found:
            for address in named:
                said = about(address, message)
                yield Failure(recipient=address, diagnostic=said.says, remote_mta=said.host)


def _failure(head: str, block: str, named: list[str]) -> Failure | None:
    malformed = _MALFORMED.search(head)
    says = introduced_words(one_line(_GENERATED.sub("", block))) or one_line(head)
    host = _HOST.search(block)
    address = malformed.group(1) if malformed else tidy(head.split(None, 1)[0].rstrip(":").strip("\"'"))
    if malformed:
        says = one_line(head)
    generated = _GENERATED.search(block)
    if not is_address(address):
        # A local part of this host, a pipe or a file: the address it came from is the one that failed.
        address = generated.group(1) if generated else named[0] if len(named) == 1 else ""
        generated = None
        says = f"{one_line(head)} {says}" if address and says not in head else says
    if not address:
        return None
    original = generated.group(1) if generated and not same(generated.group(1), address) else ""
    return Failure(
        recipient=address,
        original_recipient=original,
        diagnostic=says,
        remote_mta=host.group(1).lower() if host else "",
    )


def _first_paragraph(block: str) -> str:
    lines: list[str] = []
    for line in block.strip("\n").split("\n"):
        # A gateway that wraps long lines leaves the rest of one without an indent.
        if not line.strip() or line.startswith("-"):
            break
        lines.append(line)
    return "\n".join(lines)
