"""Readers of the formats that carry no machine-readable report, in the order in which they are asked.

A reader recognises one mail server by marks that no other has, so their order matters only where one format is a
dialect of another; the general one, which reads any notice by its grammar, comes last.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from analyzer.parsing.message import Message
from analyzer.parsing.readers.dma import DragonFly
from analyzer.parsing.readers.embedded import Embedded
from analyzer.parsing.readers.exim import Exim
from analyzer.parsing.readers.feedback import JunkMailReport, UnsubscribeMail
from analyzer.parsing.readers.gateways import AolPreference, JamesGateway, MobileGateway
from analyzer.parsing.readers.lists import MailingList
from analyzer.parsing.readers.notice import Notice
from analyzer.parsing.readers.returned import ReturnedMail
from analyzer.parsing.readers.session import PostfixSession
from analyzer.parsing.readers.sns import SnsNotification
from analyzer.parsing.readers.stopped import StoppedMail
from analyzer.parsing.readers.unnamed import Unnamed
from analyzer.parsing.readers.wrapped import ForwardedBounces, WrappedReport
from analyzer.records import Failure


class Reader(Protocol):
    """One mail server's way of writing a bounce."""

    name: str

    def recognises(self, message: Message) -> bool:
        """Whether this server wrote the message: by its headers and fixed phrases, cheaply."""
        ...

    def failures(self, message: Message) -> Iterator[Failure]:
        """A failure for each recipient the message is about; none where it cannot be read after all."""
        ...


#: Complaints in disguise: asked before anything else is ruled out, since they come from people's addresses.
FEEDBACK_READERS: tuple[Reader, ...] = (JunkMailReport(), UnsubscribeMail())

#: Asked before automatic replies are ruled out: a mailbox's rule marks what it sends on as one.
FORWARD_READER: Reader = ForwardedBounces()

#: Asked before automatic replies are ruled out, and again in its turn.
LIST_READER: Reader = MailingList()

#: Any notice, by its grammar; asked again of what no word calls a bounce.
NOTICE_READER: Reader = Notice()

#: A notice that names nobody; asked last, and a bounce only where what it says is a reason.
UNNAMED_READER: Reader = Unnamed()

READERS: tuple[Reader, ...] = (
    # By sender or subject alone: cheapest, and never ambiguous.
    SnsNotification(),
    PostfixSession(),
    # Servers with fixed sentences of their own.
    DragonFly(),
    # Fields in the text are the server's own words, so they go before its prose, Exim's too.
    Embedded(),
    Exim(),
    AolPreference(),
    JamesGateway(),
    MobileGateway(),
    LIST_READER,
    NOTICE_READER,
    # What a notice that names nobody has attached.
    WrappedReport(),
    # What a notice that names nobody returns.
    ReturnedMail(),
    # Filters that answer in their own name.
    StoppedMail(),
)
