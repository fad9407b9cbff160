"""A diagnostic text for the rules: its replies (read in `analyzer.replies`), a masked form to match on, phase, times.

Rules never see an address or an IP address as it was written: a name such as "spamfilter-unknown.example" in one
must not decide why a mail failed.
"""

from __future__ import annotations

import re

import re2

from analyzer.replies import Diagnostic, Part, read, read_part

__all__ = [
    "PHASES",
    "Diagnostic",
    "Part",
    "host_in",
    "mask",
    "phase_of",
    "read",
    "read_part",
    "retry_after",
    "without_asides",
    "without_tail",
]

MASKED_ADDRESS = "_@_"
MASKED_IP = "0.0.0.0"  # noqa: S104  (a stand-in in a text, nothing is bound to it)
#: No word of a stand-in may be one that rules look for, such as "invalid".
MASKED_DOMAIN = "recipient.example"
MASKED_HOST = "host.example"
ASIDE = "https://aside.example/"

#: The end of a local part, read backwards from its "@", and the domain behind.
_LOCAL_BACKWARDS = re.compile(r"""[^\s<>"'(),;:\[\]/?@]+|"[^"]{1,64}\"""")
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)*|\[[\d.:a-fA-Fv]+\]")
_IPV4 = re.compile(r"[0-9][0-9]{0,2}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?!\d)(?<!127\.255\.255\.25[245])")
_IPV6 = re.compile(
    r"(?:(?<![\w:.])|(?<=IPv6:))(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}"
    r"|(?:[0-9a-f]{1,4}:){1,7}:(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?"
    r"|::(?:[0-9a-f]{1,4}:){0,6}[0-9a-f]{1,4})(?![\w:])",
    re.IGNORECASE,
)

_LINK = re.compile(r"""(?:https?://|\bwww\.)[^\s<>"'()\[\],;]+""", re.IGNORECASE)
#: A result of authentication that is no failure: it mostly stands there for the log.
_HARMLESS_RESULT = re.compile(
    r"\b(?:spf|dkim|dmarc|arc)\s?[=:]\s?(?:pass|none|neutral|softfail|permerror|temperror)\b", re.IGNORECASE
)
#: Where to turn to, which names what the receiver is there for and not what happened.
_COURTESY = re.compile(
    r"\b(?:if you (?:think|believe|feel|consider|are sure)|for (?:spam|abuse)[ -](?:reports?|complaints?)"
    r"|to report (?:spam|abuse))\b[^.;]{0,120}"
    # The seal of a scanner that found nothing.
    r"|\bno (?:virus(?:es)?|malware|threats?)(?: (?:was|were|has been|have been))? (?:found|detected)\b[^.;:]{0,60}",
    re.IGNORECASE,
)

_IN_REPLY = re.compile(r" ?\(in reply to [^()]{1,40}\)$")
#: The last sentence of many replies, whatever they are about.
_POINTER = re.compile(
    r"\b(?:please |for (?:more|further) (?:information|details|help),? )?"
    r"(?:see|visit|read|refer to|go to|check|consult)(?: also)? (?:our )?(?:\w+ )?(?:at |on )?"
    r"<?(?:https?://|www\.)[^\s>]{1,200}(?<!:)>?(?: [^;:]{0,60})?$",
    re.IGNORECASE,
)
# RE2, since `re` tries every way to begin at every letter of the line.
_PHASE = re2.compile(
    r"(?i)(?:(?:in (?:reply|response) to|after(?: pipelined)?|during|at|>>>|while (?:sending|talking|performing))"
    r"\s+(?:the\s+|end of\s+)*"
    r"(rcpt|recipient|mail from|mail\b|sender|data|message body|\.|helo|ehlo"
    r"|initial connection|connect(?:ion)?|banner|starttls))|end of (?:data|message)"
)
_PHASES = {
    "rcpt": "rcpt",
    "recipient": "rcpt",
    "mail from": "mail",
    "mail": "mail",
    "sender": "mail",
    "data": "data",
    "message body": "data",
    ".": "data",
    "helo": "helo",
    "ehlo": "helo",
    "initial connection": "connect",
    "connect": "connect",
    "connection": "connect",
    "banner": "connect",
    "starttls": "helo",
}
PHASES: frozenset[str] = frozenset(_PHASES.values())

_REPLY_HOST = re.compile(r"\b(?:host|server|relay):?\s+['<\[]?([a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.IGNORECASE)

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
#: A time, and what announces one: a verb of trying again, or a state and how long it lasts.
_TIME = re.compile(
    r"(?P<number>[0-9][0-9]{0,5})(?:\s*(?:more\s+)?(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?)\b|:(\d\d):(\d\d)(?![\d:]))",
    re.IGNORECASE,
)
_UNTIL = re.compile(
    r"""(?: \b(?:again|try|retry|retrying|resend|back|later|wait)\b [^.;]{0,40}
          | \b(?:gr[ea]y-?listed|deferred|delayed|blocked|limited|suspended|available)\b
            [^.;]{0,30} \b(?:for|in|another)\s+(?:the\ next\s+)? )
        (?<![\d:.]) $""",
    re.IGNORECASE | re.VERBOSE,
)
_UNTIL_LENGTH = 64
_MAX_RETRY_S = 7 * 86400


def mask(line: str, domain: str = "", host: str = "") -> str:
    """The line without what must never decide: addresses, IP addresses, the recipient's domain, an unknown host."""
    if "@" in line:
        line = _without_addresses(line)
    if line.count(".") > 2:
        line = _IPV4.sub(MASKED_IP, line)
    if "::" in line or line.count(":") > 6:
        line = _IPV6.sub(MASKED_IP, line)
    if host:
        line = _without_name(line, host, MASKED_HOST)
    if domain:
        line = _without_name(line, domain, MASKED_DOMAIN, only_whole=True)
    return line


def without_asides(line: str) -> str:
    """The line with a stand-in for each link, each result of SPF, DKIM or DMARC that is no failure, and each word on
    where to turn to: what they name is not what the reply says."""
    if "://" in line or "www." in line:
        line = _LINK.sub(ASIDE, line)
    if "=" in line or ":" in line:
        line = _HARMLESS_RESULT.sub(ASIDE, line)
    return _COURTESY.sub(ASIDE, line)


def without_tail(line: str) -> str:
    """The line without Postfix's own words on what the reply was to, and without a last sentence that only says where
    more stands: both follow replies of every kind."""
    if line.endswith(")"):
        line = _IN_REPLY.sub("", line)
    return _POINTER.sub("", line) if "://" in line or "www." in line else line


def is_masked(words: str) -> bool:
    """Whether a stand-in is among the words of a masked line."""
    return "_@_" in words or "0.0.0.0" in words or ".example" in words  # noqa: S104


def _without_name(line: str, name: str, stand_in: str, *, only_whole: bool = False) -> str:
    """The line with a stand-in for a name in lower case, however it is written there.

    With `only_whole` not where it is a part of a longer word. Plain searching: each name is looked for once, and to
    compile an expression for it would take longer than all the rest.
    """
    lowered = line.lower()
    at = lowered.find(name)
    if at < 0:
        return line
    if len(lowered) != len(line):
        # The capital dotted I becomes two characters.
        line = lowered
    pieces: list[str] = []
    start = 0
    while at >= 0:
        end = at + len(name)
        if only_whole and (_in_word(line[at - 1 : at]) or _in_word(line[end : end + 1])):
            at = lowered.find(name, at + 1)
            continue
        pieces += line[start:at], stand_in
        start = end
        at = lowered.find(name, end)
    return "".join(pieces) + line[start:]


def _in_word(character: str) -> bool:
    return character.isalnum() or character in {"_", "-"}


def _without_addresses(line: str) -> str:
    left, *rest = line.split("@")
    pieces: list[str] = []
    for right in rest:
        local, domain = _LOCAL_BACKWARDS.match(left[::-1]), _DOMAIN.match(right)
        if local and domain:
            pieces += left[: len(left) - local.end()], MASKED_ADDRESS
            left = right[domain.end() :]
        else:
            pieces += left, "@"
            left = right
    return "".join(pieces) + left


def phase_of(line: str) -> str:
    """The SMTP phase that the line names (`connect`, `helo`, `mail`, `rcpt`, `data`), or ""."""
    found = _PHASE.search(line.encode("utf-8", "replace"))
    if not found:
        return ""
    return _PHASES[found[1].decode().lower()] if found[1] else "data"


def host_in(line: str) -> str:
    """The host whose reply a wrapper quotes ("host mx.example.com[192.0.2.1] said: …"), lower case, or ""."""
    found = _REPLY_HOST.findall(line)
    return found[-1].lower() if found else ""


def retry_after(line: str) -> int | None:
    """Seconds after which the text asks to try again, at most a week; None when it names no time."""
    for time in _TIME.finditer(line):
        if not _UNTIL.search(line[max(0, time.start() - _UNTIL_LENGTH) : time.start()]):
            continue
        number, unit, minutes, seconds = int(time[1]), *time.groups()[1:]
        total = number * _UNIT_SECONDS[unit[0].lower()] if unit else number * 3600 + int(minutes) * 60 + int(seconds)
        if 0 < total <= _MAX_RETRY_S:
            return total
    return None
