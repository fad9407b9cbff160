"""A notice that names nobody: "Message could not be delivered to mobile", and behind it the mail that it is about.

Behind every other reader, the wrapped report's too: what such a notice has attached may be another server's bounce.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.parsing.addresses import from_header, is_robot, same
from analyzer.parsing.kinds import is_bounce_like, tells_of_failure
from analyzer.parsing.message import Message
from analyzer.parsing.original import find_original
from analyzer.parsing.prose import about
from analyzer.records import Failure


class ReturnedMail:
    """The only recipient of the mail that came back, where the notice's own words name none."""

    name = "returned"

    def recognises(self, message: Message) -> bool:
        """A machine's notice that tells of a failure and returns a mail to one recipient, none of ours."""
        if not is_bounce_like(message) or not tells_of_failure(message):
            return False
        recipients = find_original(message).recipients
        if len(recipients) != 1 or is_robot(recipients[0]):
            return False
        # A filter's word on what somebody wrote to us is in the same form.
        return not same(_domain(recipients[0]), _domain(from_header(message.get("to"))))

    def failures(self, message: Message) -> Iterator[Failure]:
        """That recipient, with what the notice says."""
        for address in find_original(message).recipients[:1]:
            said = about(address, message)
            yield Failure(recipient=said.address, diagnostic=said.says, remote_mta=said.host)


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
