"""Small formats of AOL and of phone gateways, which answer without the marks of a bounce."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.parsing.addresses import find_addresses, is_address
from analyzer.parsing.copies import own_words
from analyzer.parsing.kinds import is_a_persons
from analyzer.parsing.marks import TEXT
from analyzer.parsing.message import Message, one_line
from analyzer.records import Failure

_HAS_MOBILE = TEXT.add("could not be delivered to mobile")


class AolPreference:
    """AOL's answer for members who take no mail from us, or none with attachments: their names without the domain."""

    name = "aol"

    _SENTENCE = "could not be delivered because they are not accepting mail"
    _NAME = re.compile(r"^[ \t]+(\w[\w.-]{0,63}(?:@\S{1,255})?)[ \t]*$", re.MULTILINE)

    def recognises(self, message: Message) -> bool:
        """By its sentence."""
        opening = own_words(message)[:600]
        # The sentence is wrapped anywhere; one word of it tells most notices apart without putting lines together.
        return "accepting" in opening and self._SENTENCE in one_line(opening)

    def failures(self, message: Message) -> Iterator[Failure]:
        """The names below the sentence, at the domain that wrote."""
        sentence, colon, names = own_words(message)[:10_000].partition(":\n")
        domain = message.sender().rpartition("@")[2].lower()
        for name in self._NAME.findall(names) if colon else ():
            address = name if "@" in name else f"{name}@{domain}"
            if is_address(address):
                yield Failure(recipient=address, diagnostic=one_line(sentence))


class JamesGateway:
    """Apache James at phone gateways: "Error message below", then the message's own envelope."""

    name = "james"

    _ENVELOPE = re.compile(r"^[ \t]*RCPT TO:\s*(\S+@\S+)", re.MULTILINE)
    _HEADING = "Error message below:"
    _BLANK_LINE = re.compile(r"\n[ \t]*\n")

    def recognises(self, message: Message) -> bool:
        """By its two headings."""
        text = message.plain_text()[:4000]
        return self._HEADING in text and self._ENVELOPE.search(text) is not None

    def failures(self, message: Message) -> Iterator[Failure]:
        """The recipients of the envelope it shows."""
        text = message.plain_text()[:4000]
        error = self._BLANK_LINE.split(text.partition(self._HEADING)[2].lstrip(), maxsplit=1)[0]
        for address in dict.fromkeys(self._ENVELOPE.findall(text)):
            if is_address(address):
                yield Failure(recipient=address, diagnostic=one_line(error or text))


class MobileGateway:
    """Verizon's and others' picture-message gateways: the reason, then the headers of the message under a heading."""

    name = "mms"

    _NOTICE = re.compile(r"could not be delivered to mobile", re.IGNORECASE)
    _TO = re.compile(r"^(?:To|RCPT TO):\s*(\S.*)", re.MULTILINE)
    _ERROR = re.compile(r"^Error:\s*(\S.*)", re.MULTILINE)

    def recognises(self, message: Message) -> bool:
        """By its first sentence."""
        told = _HAS_MOBILE in message.marks() and self._NOTICE.search(message.plain_text()[:500])
        return bool(told) and not is_a_persons(message)

    def failures(self, message: Message) -> Iterator[Failure]:
        """The addressee of the message it quotes."""
        text = message.plain_text()
        error = self._ERROR.search(text)
        says = f"{error.group(1)}: could not be delivered to mobile" if error else text[:500]
        for to in self._TO.findall(text):
            for address in find_addresses(to):
                yield Failure(recipient=address, diagnostic=one_line(says))
