"""Following a mailbox into a workspace: a folder on a mail server, a Maildir, or a spool file.

`watch` is the whole of the command, but for its signals.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from analyzer.logbook import Log
from analyzer.watch.following import PAUSE_S, Following, Taken

if TYPE_CHECKING:
    from datetime import date

    from analyzer.sources.imap_login import Access
    from analyzer.verp.keys import Keys
    from analyzer.watch.sources import Followed
    from analyzer.watch.state import State

__all__ = ["Taken", "Watched", "watch"]

#: How often a source is looked at that does not tell of news itself, in seconds.
_EVERY_SERVER_S, _EVERY_FILE_S = 60.0, 5.0


@dataclass(frozen=True, slots=True)
class Watched:
    """What is followed: one of `imap` (an address such as imaps://user@host/FOLDER), `maildir` and `spool`.

    `move_to`: a folder of the account for what was a bounce or complaint. `since`: messages that arrived before that
    day are passed over (not for a spool).
    """

    imap: str = ""
    maildir: Path | None = None
    spool: Path | None = None
    move_to: str = ""
    since: date | None = None


def watch(
    workspace: str | Path,
    watched: Watched,
    *,
    access: Access | None = None,
    once: bool = False,
    every_s: float | None = None,
    state: Path | None = None,
    rules: Path | None = None,
    stop: threading.Event | None = None,
    verbose: bool = False,
    stream: TextIO | None = None,
    pause_s: float = PAUSE_S,
    verp_keys: Keys | None = None,
) -> Taken:
    """Take in the bounces and complaints of a mailbox as they come, until `stop` is set; with `once`, those there are.

    Every record is kept once, and a message counts as taken only when its records are in the workspace. `every_s`: how
    often to look where the source does not tell by itself; `pause_s`: how long others may gather after a commit;
    `verp_keys`: bounces with a signature in their return path that none of them made go to the table `suspected`;
    `state`: a folder for how far it came, "watch" in the workspace unless given. What it does goes to the log
    (`analyzer.logbook`), or to `stream`, with `verbose` a line for each bounce with its address.
    `AnalyzerError` for what a person must put right, where it shows at the start.
    """
    from analyzer.classify import classifier_of
    from analyzer.history import Workspace
    from analyzer.watch.state import State, state_folder

    store = Workspace(workspace)
    kind, identity, name = _identity(watched)
    level = "debug" if verbose else "info"
    log = Log("watch", source=name) if stream is None else Log.to(stream, "watch", level=level, source=name)
    # One folder of states may serve several workspaces.
    whose = f"|{store.place}" if state else ""
    kept = State(state_folder(store.place, state), f"{kind}|{identity}{whose}")
    try:
        source = _followed(watched, kept, log, access)
        following = Following(
            source, store, classifier_of(rules), log, pause_s=0.0 if once else pause_s, keys=verp_keys
        )
        every_s = every_s or (_EVERY_SERVER_S if watched.imap else _EVERY_FILE_S)
        taken = following.run((stop or threading.Event()).is_set, every_s=every_s, once=once)
    finally:
        kept.close()
    log.info("stopped", messages=taken.messages, bounces=taken.bounces, new=taken.new)
    return taken


def _identity(watched: Watched) -> tuple[str, str, str]:
    """What kind of source, what tells it from others, and its name for people."""
    from analyzer.sources.imap_address import imap_address

    if watched.imap:
        address = imap_address(watched.imap)
        return "imap", f"{address.user}|{address.name}", address.name
    path = watched.maildir or watched.spool
    assert path is not None
    return ("maildir" if watched.maildir else "spool"), os.path.realpath(path), str(path)


def _followed(watched: Watched, state: State, log: Log, access: Access | None) -> Followed:
    if watched.imap:
        from analyzer.sources.imap_address import imap_address
        from analyzer.sources.imap_login import Access
        from analyzer.watch.mailbox import FollowedMailbox

        return FollowedMailbox(
            imap_address(watched.imap),
            access or Access.from_environment(),
            state,
            move_to=watched.move_to,
            since=watched.since,
            renumbered=lambda: log.info("renumbered", then="the whole folder is read again"),
        )
    if watched.maildir:
        from analyzer.watch.maildir import FollowedMaildir

        return FollowedMaildir(watched.maildir, state, since=watched.since)
    from analyzer.watch.spool import FollowedSpool

    assert watched.spool is not None
    return FollowedSpool(
        watched.spool,
        state,
        rotated=lambda found: _rotated(log, found),
    )


def _rotated(log: Log, found: bool) -> None:
    if found:
        log.info("rotated", rest="read")
    else:
        log.warning("rotated", rest="not found beside it")
