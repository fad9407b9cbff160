"""What travels between the stages of the pre-send check: facts about a domain, about a mailbox, and the graded lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Grade: TypeAlias = Literal["send", "verify_again", "do_not_send"]
GRADES: tuple[Grade, ...] = ("send", "verify_again", "do_not_send")

#: What DNS says of a domain. `nxdomain`, `null_mx` (RFC 7505) and `no_mail` (neither MX nor address) are final;
#: `servfail` and `timeout` say nothing about it.
DomainState: TypeAlias = Literal["mx", "implicit_mx", "null_mx", "no_mail", "nxdomain", "servfail", "timeout"]

#: What a RCPT probe says of a mailbox. `opaque`: its provider answers every address alike; `policy`: we were refused,
#: not the address; `temporary` covers greylisting and every other 4xx; `no_answer`: no host could be reached.
MailboxState: TypeAlias = Literal[
    "accepted", "unknown_user", "disabled", "full", "catch_all", "temporary", "policy", "opaque", "no_answer"
]


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """What DNS says of one domain (A-labels, lower case). `mx`: hosts by preference, best first; the domain itself for
    an implicit MX. `provider`: who runs the receiving side, "" unknown; `gateway`: the filter in front, "" none.
    """

    domain: str
    state: DomainState
    mx: tuple[str, ...] = ()
    provider: str = ""
    gateway: str = ""
    parked: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MailboxFacts:
    """What the receiving host said to RCPT TO, and what it means. `reason` is one of our reasons ("" where accepted);
    `retry_after_s` is when to ask again, None where asking again tells nothing new. `checked_at`: ISO 8601 UTC.
    """

    address: str
    state: MailboxState
    reply: str = ""
    text: str = ""
    host: str = ""
    reason: str = ""
    retry_after_s: int | None = None
    checked_at: str = ""

    @property
    def said(self) -> str:
        """The reply as it was given, the code in front: `550 5.1.1 No such user`."""
        return self.text if self.text.startswith(self.reply) else f"{self.reply} {self.text}".strip()
