"""An SMTP reply as diagnostics carry it: one line, the codes it opens with, and the innermost reply that it quotes.

Sources: RFC 5321 4.2.1 (multi-line replies), RFC 3463 2 (enhanced status codes), RFC 3464 2.3.6 (Diagnostic-Code).
Parsing fills a failure's codes from here, classify decides on the same reading.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

#: An enhanced status code has a subject of 0 to 7, so dates and most version numbers cannot pass for one.
_STATUS = r"[245]\.[0-7]\.\d{1,3}"

# Patterns that are searched for begin with a set of characters, which `re` skips to quickly; what must stand before is
# looked at afterwards, where there is something to look at.
_TYPE_PREFIX = re.compile(
    r"(?:(?:smtp|lmtp|x-[a-z0-9-]+|dns|unknown)\s*;\s*)*(?:[\"'\[(<]+(?=[2-6]\d\d\b))?", re.IGNORECASE
)
_GIVING_UP = re.compile(r"[ /]{0,3}\b[Gg]iving up on \S{1,80}$")
#: Something said, beside codes.
_WORD = re.compile(r"[^\W\d_]{3}")
_LEADING_CODES = re.compile(
    rf"(?:(?P<reply>[2-6]\d\d)(?=[^\d.,:/]|[:,.-]?(?:\s|$)|[245]\.\d)[\s:,\])-]*)?"
    rf"(?:[(\[<]?\s?\#?\s?(?P<status>{_STATUS})(?!\d|\.\d))?"
)
#: The first line of a reply of several lines.
_CONTINUED = re.compile(rf"[45]\d\d-(?:\#?(?P<status>{_STATUS})[\s:]+|(?=[^\d\s]))")
_OPENS = frozenset(" :;'\"<([=>")
#: .NET's SmtpException: what stands before is its own text for the code, whatever the server said.
_DOT_NET = "server response was: "
#: A code, and behind it the words of a reply: a count ("500 messages", "450 per hour") is none.
_CODE = re.compile(
    rf"""[45]\d\d(?: $ | -(?: (?!\d) | {_STATUS}\b ) | \x20 (?: \#?(?P<status>{_STATUS})\b
         | (?! \d | /\s | (?:e?-?mails|messages|recipients|connections|[kmg]?i?b|bytes?|seconds?|minutes?|hours?
                           |days?|times|per)\b ) ) )""",
    re.IGNORECASE | re.VERBOSE,
)
#: What stands before the reply that a wrapper quotes: words that say so, a quote, a bracket, an arrow, a colon. A quote
#: opens behind a blank or directly before the code; `"x" 550` closes one.
_HANDS_OVER = re.compile(
    r"""(?: \b(?:said|says|responded|response|returned|replied|reply|answered|answer|error|was|with|to\ me|smtp|command
               |from\ \S{1,30}|said\ (?:dot|data|helo|ehlo|mail\ from|rcpt\ to)) (?:\s*[;=])?
            (?:\s*[<(\[] | \s['"] | ['"]$)?
          | -> (?:\s*['"])? | [:：] (?:\s?['"<(\[])? | [<\[(=] | (?<![^\s<\[(=])['"] | ['"]$ ) \s* $""",
    re.IGNORECASE | re.VERBOSE,
)
_HANDS_OVER_LENGTH = 48
_FURTHER_CODE = re.compile(r"[45]\d\d(?:[ -]|$)")
#: A code and a status beside each other are a quoted reply behind any of these.
_BEFORE_PAIR = frozenset(":;,.>])：；，。")
#: Behind one of these a repeated code opens a quoted reply; elsewhere it is a further line of the same.
_NO_MARKER = r"(?<![:;'\"<(=])(?<!->)"
#: Replies of several lines in one text, each with codes of its own: more than any quotes.
_MOST_REPLIES = 50
_CODE_PAIR = re.compile(rf"[45]\d\d {_STATUS} $")
#: A code and a status beside each other are codes wherever they stand.
_PAIR = re.compile(rf"[45]\d\d[ -]\(?#?({_STATUS})(?!\d|\.\d)")
_NOT_BEFORE_CODE = frozenset("._:/@=-")
#: A code that a log or a panel names instead of beginning with it: "(SMTP Error Code 550)".
_NAMED_CODE = re.compile(r"\bcode[ :=#(]{1,3}([45]\d\d)(?!\d|\.\d)", re.IGNORECASE)
_NAMES_A_REPLY = re.compile(r"\b(?:smtp|error|reply|response|status|return|server)[ -]$", re.IGNORECASE)
#: A status on its own: never a part of an IP address, a path, a host name or a version.
_LONE_STATUS = re.compile(rf"{_STATUS}(?![\w/@-]|\.\w)")
_VERSION_BEFORE = re.compile(r"(?:[\w./@-]|\b(?:version|release|postfix|exim|sendmail|exchange) )$", re.IGNORECASE)

#: The reply that such a wrapper quotes was given to a probe of *our* address, so it does not speak of the recipient.
_SENDER_PROBE = re.compile(
    r"sender (?:address |verif)|call(?:ed |ing |[ -]?)(?:out|back)|unverified sender|verify(?:ing)? (?:the )?sender",
    re.I,
)
_RECIPIENT_PROBE = re.compile(r"recipient (?:address |verif)", re.I)


class Part(NamedTuple):
    """A piece of a diagnostic with the codes that it opens with or names: the whole line, or the reply it quotes."""

    line: str
    reply: str
    status: str
    #: False when the status was found somewhere in the words, where it may be a coincidence.
    leads: bool


class Diagnostic(NamedTuple):
    """A text on one line; `inner` is the innermost reply that it quotes (None: none), `wrapper` the words before it."""

    whole: Part
    inner: Part | None
    wrapper: str


@lru_cache(256)
def read(text: str) -> Diagnostic:
    """Normalise a diagnostic text of any number of lines, and find the innermost reply in it."""
    line = " ".join(text.split())
    if "_host_said:" in line:
        # qmail's log, which some panels quote in their bounces, has an underline for each blank.
        line = line.replace("_", " ")
    if "\\" in line and ("\\n" in line or "\\r" in line):
        line = " ".join(line.replace("\\r", " ").replace("\\n", " ").split())
    if not line[:1].isdigit():
        line = _without_prefix(line)
    if "iving up on " in line:
        # qmail, behind what the host said: the same words after every refusal.
        line = _GIVING_UP.sub("", line)
    if _DOT_NET in line:
        at = line.rindex(_DOT_NET) + len(_DOT_NET)
        if line[at:]:
            said, inner, wrapper = _read_line(_behind(line, at))
            whole = said if _WORD.search(said.line) else read_part(line[:at] + said.line)
            return Diagnostic(whole, inner or said, line[:at] + wrapper)
    return _read_line(line)


def _read_line(line: str) -> Diagnostic:
    """A diagnostic on one line, which no prefix opens."""
    if line[3:4] == " " and not _FURTHER_CODE.search(line, 4):
        # Nearly every reply: one code in front, and none behind it that opens another line or a quoted reply.
        return Diagnostic(read_part(line), None, "")
    line = join_lines(line)
    at = _quoted_reply_at(line)
    if not at:
        return Diagnostic(read_part(line), None, "")
    inner = read_part(_behind(line, at))
    return Diagnostic(read_part(line[:at] + inner.line), inner, line[:at])


def _behind(line: str, at: int) -> str:
    """What stands from `at` on, without the end of a quote that begins before it."""
    quote = line[-1]
    if quote not in "\"'" or (quote != line[at - 1] and (f" {quote}" not in line[:at] or f" {quote}" in line[at:])):
        return line[at:]
    return line[at:-1].rstrip()


def _without_prefix(line: str) -> str:
    """The line without the type before it, and without the quotes around it."""
    prefix = _TYPE_PREFIX.match(line)
    if not prefix or not prefix.end():
        return line
    quoted = line[prefix.end() - 1] in "\"'" and line[-1] == line[prefix.end() - 1]
    return line[prefix.end() : -1].rstrip() if quoted else line[prefix.end() :]


def read_part(line: str) -> Part:
    """A reply with its own codes."""
    codes = _LEADING_CODES.match(line)
    reply, status = (codes["reply"] or "", codes["status"]) if codes else ("", None)
    if status:
        return Part(line, reply, status, True)
    if not reply:
        for pair in _PAIR.finditer(line):
            before = line[pair.start() - 1] if pair.start() else " "
            if not (before.isalnum() or before in _NOT_BEFORE_CODE):
                return Part(line, pair[0][:3], pair[1], True)
        for named in _NAMED_CODE.finditer(line):
            if _NAMES_A_REPLY.search(line[max(0, named.start() - 12) : named.start()]):
                reply = named[1]
                break
    for lone in _LONE_STATUS.finditer(line):
        if not _VERSION_BEFORE.search(line[max(0, lone.start() - 12) : lone.start()]):
            return Part(line, reply, lone[0], False)
    return Part(line, reply, "", False)


def join_lines(line: str) -> str:
    """`550-5.1.1 one 550 5.1.1 two` as `550 5.1.1 one two` (RFC 5321 4.2.1 repeats the code on every line).

    Some servers leave the hyphens out; then only a code with its status is taken for a repetition.
    """
    joined: list[str] = []
    opened: set[tuple[str, str]] = set()
    start = done = 0
    while (found := _CONTINUED.search(line, start)) and len(opened) < _MOST_REPLIES:
        start = found.start() + 3
        if found.start() and line[found.start() - 1] not in _OPENS:
            continue
        reply, status = found[0][:3], found["status"] or ""
        joined += line[done : found.start()], f"{reply} {status} " if status else f"{reply} "
        start = done = found.end()
        if (reply, status) not in opened:
            # The rest without the further lines of this reply; a second one with the same codes has lost them as well.
            opened.add((reply, status))
            line, start, done = _repeated(reply, status).sub(" ", line[done:]).strip(), 0, 0
    line = "".join(joined) + line[done:]
    head = line[:10]
    if line.find(head, 10) > 0 and _CODE_PAIR.match(head):
        line = re.sub(rf"{_NO_MARKER} {re.escape(head)}", " ", line)
    # Of lines that hold nothing but their codes, the blank behind the last is left.
    return line.rstrip()


@lru_cache(256)
def _repeated(reply: str, status: str) -> re.Pattern[str]:
    """The code, or the codes of several empty lines, that open a further line of the same reply."""
    after = rf"{re.escape(status)}:?(?= |$)" if status else "(?!)"
    return re.compile(rf"(?:(?:^| ){reply}-(?:{after})?|{_NO_MARKER} {reply}(?: {after}|(?= |$)))+ ?")


def _quoted_reply_at(line: str) -> int:
    """Where the innermost quoted reply begins; 0 when the line quotes none."""
    at = 0
    for code in _CODE.finditer(line, 4):
        before = line[max(0, code.start() - _HANDS_OVER_LENGTH) : code.start()]
        if before[-1].isalnum():
            continue
        if (code["status"] and before.rstrip()[-1:] in _BEFORE_PAIR) or _HANDS_OVER.search(before):
            at = code.start()
    if at and _SENDER_PROBE.search(line, 0, at) and not _RECIPIENT_PROBE.search(line, 0, at):
        return 0
    return at
