"""The mails that a log has spoken of and not yet done with, in bounded memory.

A server tells of one mail on many lines that share its queue id. What it told is kept until it says that the mail is
gone, until there are too many, or until the log is so much later that no queue would still hold it.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING, NamedTuple

from analyzer.sources.logs.outcomes import Mail

if TYPE_CHECKING:
    from analyzer.sources.logs.entries import Entry

#: Mails and deferrals that are kept; a server with more in its queue has stopped delivering.
MOST_MAILS = 100_000
MOST_WAITING = 100_000
#: Postfix, Exim and Sendmail give up after four or five days; nobody configures three weeks.
LONGEST_DAYS = 21
#: Of a deferral's line this much is kept until it is settled, for a hundred thousand of them: the code and the reason
#: stand in front, and no server answers with more (RFC 5321 4.5.3.1.5: 512 octets a line of a reply).
_KEPT_TEXT = 4096


class Attempt(NamedTuple):
    """The last try for a recipient (as the line spells it): its line, with the line's time."""

    entry: Entry
    at: str
    recipient: str


class Queued:
    """One mail: what was told of it, and the recipients whose last try was put off, by address in lower case."""

    __slots__ = ("key", "message_id", "notification_of", "opened", "recipients", "sender", "subject", "waiting")

    def __init__(self, key: bytes, opened: str) -> None:
        self.key, self.opened = key, opened
        self.message_id = self.subject = self.notification_of = ""
        self.sender: str | None = None
        self.recipients: tuple[str, ...] = ()
        self.waiting: dict[str, Attempt] = {}

    def mail(self) -> Mail:
        """What goes with each of its outcomes; a notification names the mail that it is about."""
        return Mail(self.notification_of or self.message_id, self.sender, self.subject)


class Queues:
    """The mails by server and queue id. Recipients that waited as their mail was pushed out are handed over once."""

    def __init__(self, most_mails: int = 0, most_waiting: int = 0) -> None:
        self._mails: dict[bytes, Queued] = {}
        self._most_mails, self._most_waiting = most_mails or MOST_MAILS, most_waiting or MOST_WAITING
        self._with_waiting: dict[bytes, Queued] = {}
        self._waiting = 0
        self._day = ""
        self._pushed_out: list[tuple[Queued, Attempt]] = []

    def __len__(self) -> int:
        return len(self._mails)

    def get(self, key: bytes) -> Queued | None:
        """The mail, if anything was told of it."""
        return self._mails.get(key)

    def opened(self, key: bytes, at: str) -> Queued:
        """The mail, from now on at least; `at` is the time of the line that speaks of it."""
        if at[:10] > self._day:
            self._day = at[:10]
            self._push_out_old()
        queued = self._mails.get(key)
        if queued is None:
            if len(self._mails) >= self._most_mails:
                # Many at a time: to look for the first of a dictionary costs what was deleted in front of it.
                for old in list(islice(self._mails, max(1, self._most_mails // 100))):
                    self.gone(old)
            queued = self._mails[key] = Queued(key, at)
        return queued

    def anew(self, key: bytes, at: str) -> Queued:
        """The mail that now comes in under this id: servers use short ids again."""
        self.gone(key)
        return self.opened(key, at)

    def wait(self, queued: Queued, recipient: str, entry: Entry, at: str) -> None:
        """The recipient's last try was put off."""
        if queued.waiting.pop(recipient.lower(), None) is None:
            self._waiting += 1
        if len(entry.text) > _KEPT_TEXT:
            entry = entry._replace(text=entry.text[:_KEPT_TEXT])
        queued.waiting[recipient.lower()] = Attempt(entry, at, recipient)
        self._with_waiting.setdefault(queued.key, queued)
        if self._waiting > self._most_waiting:
            for old in list(islice(self._with_waiting.values(), max(1, self._most_waiting // 100))):
                self._hand_over(old)

    def settle(self, queued: Queued, recipient: str) -> Attempt | None:
        """The recipient waits no longer; its last try that was put off."""
        attempt = queued.waiting.pop(recipient.lower(), None)
        if attempt is not None:
            self._waiting -= 1
            if not queued.waiting:
                self._with_waiting.pop(queued.key, None)
        return attempt

    def settle_all(self, queued: Queued) -> list[Attempt]:
        """None of its recipients waits any longer; the last try of each."""
        attempts = list(queued.waiting.values())
        self._waiting -= len(attempts)
        queued.waiting.clear()
        self._with_waiting.pop(queued.key, None)
        return attempts

    def gone(self, key: bytes) -> None:
        """The server has removed the mail. Recipients that still wait are handed over."""
        queued = self._mails.pop(key, None)
        if queued is not None and queued.waiting:
            self._hand_over(queued)

    def handed_over(self) -> list[tuple[Queued, Attempt]]:
        """The last try of every recipient that waited as its mail was pushed out, since this was asked last."""
        if not self._pushed_out:
            return []
        pushed_out, self._pushed_out = self._pushed_out, []
        return pushed_out

    def left(self) -> list[tuple[Queued, Attempt]]:
        """The same for all mails that are left, in the order in which they came in."""
        for key in list(self._mails):
            self.gone(key)
        return self.handed_over()

    def _hand_over(self, queued: Queued) -> None:
        self._pushed_out += [(queued, attempt) for attempt in self.settle_all(queued)]

    def _push_out_old(self) -> None:
        try:
            oldest = (date.fromisoformat(self._day) - timedelta(days=LONGEST_DAYS)).isoformat()
        except (ValueError, OverflowError):
            return
        for key in list(takewhile(lambda key: self._mails[key].opened[:10] < oldest, self._mails)):
            self.gone(key)
