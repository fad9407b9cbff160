"""What became of one recipient, as every reader of a log tells it: an event with a report of one failure or more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from analyzer.parsing.addresses import same
from analyzer.records import Event, Failure, Kind, Original, Report
from analyzer.replies import read

if TYPE_CHECKING:
    from analyzer.sources.logs.entries import Entry
    from analyzer.sources.logs.times import Clock
    from analyzer.sources.skips import Skip

#: A status that says no more than its class: the reply's own one says more.
_SAYS_NOTHING = re.compile(r"(?:[245]\.0\.0)?")
#: rsyslog writes control characters so, the line breaks of a reply among them.
_ESCAPED = re.compile(r"#0(?:11|12|15)")
#: Local parts under which servers send what is nobody's mail.
_OWN_SENDERS = ("double-bounce@", "mailer-daemon@")


class Mail(NamedTuple):
    """What a log told of a mail before its outcome. `sender` is the envelope's: "" for none, None where unknown."""

    message_id: str = ""
    sender: str | None = None
    subject: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def is_notification(self) -> bool:
        """Whether it is a bounce or a probe of the server itself: what becomes of it is no outcome of a campaign."""
        return self.sender is not None and (not self.sender or self.sender.lower().startswith(_OWN_SENDERS))


class Log:
    """One log while it is read: where its lines stand, what time they bear, and where to tell of damage."""

    def __init__(self, source: str, clock: Clock, skip: Skip) -> None:
        self.source, self._clock, self._skip = source, clock, skip

    def at(self, entry: Entry) -> str:
        """The line's time, ISO 8601 in UTC."""
        return self._clock.read(entry.stamp)

    def time(self, text: str) -> str:
        """A time that stands in a field, ISO 8601 in UTC."""
        return self._clock.read(text.encode())

    def damaged(self, number: int, why: str, bound: str = "") -> None:
        """Tell of a line that cannot be read; `bound` names the bound that it exceeds, if that is why."""
        where = f"{self.source}#{number}"
        self._skip(where, why, bound=bound) if bound else self._skip(where, why)

    def event(
        self,
        number: int,
        kind: Kind,
        name: str,
        failures: tuple[Failure, ...],
        *,
        at: str = "",
        mail: Mail | None = None,
        host: bytes = b"",
    ) -> Event:
        """The outcome told on line `number`: `name` is the reader, `host` the server that wrote it."""
        mail = mail or _NOTHING
        sender = mail.sender or ""
        return Event(
            f"{self.source}#{number}",
            Report(
                kind="other" if mail.is_notification else kind,
                format=name,
                failures=failures,
                received_at=at,
                subject=mail.subject,
                # The envelope's sender is where the server's own notice of this goes, whatever it encodes.
                delivered_to=sender if kind in {"bounce", "delayed"} else "",
                reporting_mta=host.decode("utf-8", "replace").lower(),
                original=Original(
                    message_id=mail.message_id, sender=sender, subject=mail.subject, headers=dict(mail.headers)
                ),
            ),
        )


_NOTHING = Mail()


def text_of(data: bytes) -> str:
    """Words of a log as text on one line: UTF-8, else Windows-1252, without NULs."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if "\0" in text:
        text = text.replace("\0", "")
    if "#0" in text:
        text = _ESCAPED.sub(" ", text)
    return " ".join(text.split())


def failed(
    recipient: str,
    says: str,
    *,
    action: str = "failed",
    original_recipient: str = "",
    status: str = "",
    reply: str = "",
    remote_mta: str = "",
    provider_class: str = "",
) -> Failure:
    """A recipient that was not reached, with the codes that the words `says` tell beside those given."""
    words = read(says)
    said = words.inner or words.whole
    if _SAYS_NOTHING.fullmatch(status):
        status = said.status or words.whole.status or status
    return Failure(
        recipient=recipient,
        original_recipient="" if same(original_recipient, recipient) else original_recipient,
        action=action,
        status=status,
        reply=reply or said.reply or words.whole.reply,
        diagnostic=words.whole.line,
        remote_mta=remote_mta,
        provider_class=provider_class,
    )


def complained(recipient: str, feedback: str, *, provider_class: str = "") -> Failure:
    """A recipient who complained, in the words that stand for it in a mailed feedback report (RFC 5965)."""
    return Failure(recipient, diagnostic=f"feedback report: {feedback or 'abuse'}", provider_class=provider_class)


def complaint_kind(feedback: str) -> Kind:
    """`not-spam` (RFC 6430) takes a complaint back; all else is one."""
    return "other" if feedback == "not-spam" else "complaint"


def reached(
    recipient: str,
    says: str,
    *,
    action: str = "delivered",
    original_recipient: str = "",
    status: str = "",
    remote_mta: str = "",
) -> Failure:
    """A recipient that was reached; there are many, so nothing is looked for in the words but the code in front."""
    return Failure(
        recipient=recipient,
        original_recipient="" if same(original_recipient, recipient) else original_recipient,
        action=action,
        status=status,
        reply=says[:3] if says[:3].isdigit() and not says[3:4].isalnum() else "",
        diagnostic=says,
        remote_mta=remote_mta,
    )


def message_id_of(text: str) -> str:
    """A Message-ID in the brackets that headers have it in (RFC 5322 3.6.4); "" for anything else."""
    bare = text.strip().strip("<>").strip()
    return f"<{bare}>" if bare and bare not in {"-", "(null)"} else ""


def host_of(name: str) -> str:
    """A host's name in lower case, without the dot that ends a full one."""
    return name.strip().rstrip(".").strip("[]").lower()
