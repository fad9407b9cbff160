"""What a reader found of one recipient, made uniform: one line, its codes, and the host that said it.

The reply itself is read in `analyzer.replies` (RFC 5321 4.2.1, RFC 3463, RFC 3464 2.3.6); here stand the words that
servers put round one for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from analyzer.parsing.message import shown
from analyzer.records import Failure
from analyzer.replies import read

_HOST = r"(?P<host>(?:[\w-]+\.)+[^\W\d][\w-]*+|(?:\d{1,3}\.){3}\d{1,3}|\[?[0-9a-f]*:[0-9a-f:.]+\]?)"
#: The ways in which servers name the host that refused, in lower case: what every such text holds, where to look, and
#: the words in full. `re` would take long to find the place itself; where a host comes first ("") it has to.
_SAID_BY = tuple(
    (mark, start, re.compile(pattern.replace("HOST", _HOST)))
    for mark, start, pattern in (
        # Sendmail; its kin without the dots.
        ("talking to", "while talking to", r"\bwhile talking to[ ]+HOST"),
        # Postfix, Exim, Courier; GMX and IONOS; "SMTP:RCPT host 192.0.2.1: 550 …".
        ("host", "host", r"(?<!\bat )(?<!\bon )\bhost:?[ ]+HOST\.?(?= ?[\[(:,]| sa(?:id|ys)\b| reason\b| \d)"),
        # Postfix.
        ("connect to", "connect to", r"\bconnect to[ ]+HOST\["),
        # qmail; the address stands alone before what it did.
        ("does not like", "", r"(?:^|\s)HOST does not like\b"),
        ("failed after", "", r"(?:^|\s)HOST failed after\b"),
        ("giving up on", "giving up on", r"\bgiving up on[ ]+HOST"),
        ("connected to", "connected to", r"\bconnected to[ ]+HOST"),
        # dma.
        ("did not like our", "", r"(?:^|\s)HOST(?: \[[^\]\s]*\])? did not like our\b"),
        # Gmail.
        ("recipient domain", "recipient domain", r"\brecipient domain \S{1,255} by[ ]+HOST"),
        # Exchange 2010, and Microsoft 365 in any language: the host, then the quoted reply.
        (" #", "", r"(?:^|\s)HOST\s+#(?:<|[45]\d\d)"),
        ("remote server returned", "", r"(?:^|\s)HOST\s+remote server returned"),
        ("remote server", "remote server", r"\bremote server:?[ ]+\(?HOST(?![\w.]{0,255}[ ]returned)"),
        ("server at", "server at", r"\bserver at[ ]+HOST[ ]+\([^)\s]*\)[ ]+returned"),
        # MailFoundry; an anonymous one.
        ("failed with", "server", r"\bserver[ ]+HOST(?:\[[^\]\s]*\])? failed with"),
        ("rejected", "server", r"\bserver[ ]+<?HOST>? rejected"),
        # KumoMTA, MailMarshal, SurfControl.
        (" addr(", "mx(", r"\bmx\(HOST\) addr\("),
        ("remote-mta", "remote-mta:", r"\bremote-mta:\s+(?:dns;\s*)?<?HOST"),
        ("], ", "[", r"\[HOST\], [45]\d\d "),
    )
)
_ZOHO = re.compile(r"ERROR_CODE :(\d{3}), ERROR_CODE :[\s,]*")
#: A status that says no more than its class, or that the reporting server made up for what another one had said.
_SAYS_NOTHING = re.compile(r"[245]\.0\.0|5\.5\.0|5\.\d\.35\d|[45]\.4\.3\d\d|5\.0\.\d+")
_ANY_STATUS = re.compile(r"[45]\.\d{1,3}\.\d{1,3}$")
_PLAIN_REPLY = re.compile(r"([45]\d\d) (?:([245]\.\d{1,3}\.\d{1,3}) )?[^\d#(\[]")
_ANOTHER_CODE = re.compile(r"[245](?:\d\d[ -]|\.\d\.\d)")
#: How much of a text is searched for a host.
_SEARCHED = 3000


def host_in(text: str) -> str:
    """The host that the text says refused, lower case; empty where it names none."""
    text = text[:_SEARCHED].lower()
    for mark, start, pattern in _SAID_BY:
        if mark in text:
            found = _match_from(start, pattern, text) if start else pattern.search(text)
            if found:
                return found["host"].strip("[].")
    return ""


def _match_from(start: str, pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    at = text.find(start)
    while at >= 0:
        found = pattern.match(text, at)
        if found:
            return found
        at = text.find(start, at + 1)
    return None


def finish(failures: Iterable[Failure]) -> list[Failure]:
    """Each recipient once, with a diagnostic on one line and whatever of status, reply and host it tells.

    Of several for one recipient the first holds, or the first with a reply.
    """
    done: dict[tuple[str, str], Failure] = {}
    for failure in failures:
        key = (failure.recipient.lower(), failure.original_recipient.lower())
        known = done.get(key)
        if known is None or not known.reply:
            finished = _finish(failure)
            if known is None or finished.reply:
                done[key] = finished
    return list(done.values())


def _finish(failure: Failure) -> Failure:
    text = failure.diagnostic
    if not text.isprintable() or text[-1:] == " ":
        # What was decoded last, or cut off, may end in a blank or hold line breaks.
        text = shown(text).strip()
    # Sendmail's, between the address and what it says of it.
    text = text.removeprefix("... ")
    plain = _PLAIN_REPLY.match(text)
    if plain and not _ANOTHER_CODE.search(text, plain.end()):
        # Nearly every report: one reply, with its codes in front.
        return _with_codes(failure, plain.group(2) or "", plain.group(1), text)
    if "ERROR_CODE" in text:
        text = _ZOHO.sub(r"\1 ", text)
    words = read(text)
    said = words.inner or words.whole
    return _with_codes(failure, said.status or words.whole.status, said.reply or words.whole.reply, words.whole.line)


def _with_codes(failure: Failure, status: str, reply: str, line: str) -> Failure:
    """The failure with the status of the reply, where its own says nothing, and the host that the text names."""
    own = failure.status
    if (not own or _SAYS_NOTHING.fullmatch(own)) and _ANY_STATUS.match(status):
        own = status
    return Failure(
        failure.recipient,
        failure.original_recipient,
        failure.action,
        own,
        failure.reply or reply,
        line,
        failure.remote_mta or host_in(failure.diagnostic),
        failure.provider_class,
    )
