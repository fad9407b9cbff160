"""A folder on a mail server, followed by UID and UIDVALIDITY (RFC 9051 section 2.3.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources.imap import Folder
from analyzer.watch.sources import Step, nap

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from datetime import date

    from analyzer.sources.imap import Listed
    from analyzer.sources.imap_address import ImapAddress
    from analyzer.sources.imap_login import Access
    from analyzer.watch.sources import Skip, Stopped
    from analyzer.watch.state import State

_PAGE = 500
#: RFC 2177 wants IDLE renewed within 29 minutes. Sooner: a line that died in silence is found, and so is a message
#: whose announcement came in one packet with the server's "go ahead", where IMAPClient does not see it. Mail comes in
#: bursts, so the first wait after some is short.
_SHORT_IDLE_S, _IDLE_S = 15.0, 120.0


class FollowedMailbox:
    """`move_to`: where bounces and complaints go once they are kept; "" leaves everything as it is.
    `since`: messages that arrived before that day, by the server's clock, are passed over."""

    def __init__(
        self,
        address: ImapAddress,
        access: Access,
        state: State,
        *,
        move_to: str = "",
        since: date | None = None,
        renumbered: Callable[[], None],
    ) -> None:
        self.name = address.name
        self.unsettled = False
        self._address, self._access, self._state = address, access, state
        self._move_to, self._since, self._renumbered = move_to, since, renumbered
        self._folder: Folder | None = None
        self._news = False

    def open(self) -> None:
        """Connect, log in with a fresh secret, open the folder."""
        self.close()
        self._folder = Folder(self._address, self._access, write=bool(self._move_to))
        if self._move_to:
            self._folder.check_target(self._move_to)

    def read(self, skip: Skip) -> Iterator[Step]:
        """What came since; all of it where the server has numbered its messages anew."""
        folder = self._opened()
        folder.look()
        at = self._state.position()
        after = int(at.get("uid", 0))
        if at.get("validity", folder.validity) != folder.validity:
            self._renumbered()
            after = 0
        while listed := folder.listed(after, _PAGE):
            self._news = True
            for message in folder.fetched(filter(self._wanted, listed), skip):
                yield Step(message, int(message.source.rpartition("#")[2]))
            after = listed[-1].uid
            yield Step(None, after)

    def keep(self, steps: Sequence[Step], counted: Collection[str]) -> None:
        """Moves before it advances: a message is in the one folder or the other, and its rows are kept either way."""
        folder = self._opened()
        if self._move_to:
            moved = [step.mark for step in steps if step.message is not None and step.message.source in counted]
            if moved:
                folder.move(moved, self._move_to)
        self._state.advance({"validity": folder.validity, "uid": steps[-1].mark})

    def wait(self, seconds: float, stopped: Stopped) -> None:
        """By IDLE, where the server has it."""
        folder = self._opened()
        if folder.idles:
            folder.idle(_SHORT_IDLE_S if self._news else _IDLE_S, stopped)
        else:
            nap(seconds, stopped)
        self._news = False

    def close(self) -> None:
        """Log out."""
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.close()

    def _opened(self) -> Folder:
        if self._folder is None:
            raise RuntimeError("the folder is not open")
        return self._folder

    def _wanted(self, one: Listed) -> bool:
        return self._since is None or one.arrived is None or one.arrived.date() >= self._since
