"""Which words of a notice are the deciding reply: the SMTP dialogue it shows, else the reply that it quotes.

RFC 5321 section 4.2 for the replies; the sentences that servers put before one are a table below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from analyzer.parsing.message import one_line

# The digit comes first in these, since `re` looks for one quickly; what must not stand before it comes behind.
_REPLY = re.compile(r"[45](?<![\d./].)(?:\d\d(?:[ -]|$)(?!\d\d\d)|\.\d{1,3}\.\d{1,3}(?![\d.]))")
_SMTP_REPLY = re.compile(r"[45](?<![\d./].)\d\d[ :-][^\W\d_<\[('\"#]?")
#: A line that is a reply whose three digits the relay has left out: "-- 5.4.1 Recipient address rejected".
_OPENS_WITH_STATUS = re.compile(
    r"^[ \t]{0,40}(?:[>*•-]{1,2}[ \t])?(?P<reply>[45]\.\d{1,3}\.\d{1,3}:? (?:- )?[^\W\d_]{2})", re.MULTILINE
)
_WORDS = re.compile(r"[^\W\d_]{2,}")
#: A line of a session as Sendmail, MDaemon and InterScan mark the other side's.
_HEARD = re.compile(r"^[ \t]*(?:[^\n<>]{0,40}<--|<<<|Received >>>)[ \t]*([2-5]\d\d(?=[ -]|$).*|)$")
_SPOKEN = re.compile(r"^[ \t]*(?:[^\n<>]{0,40}-->|>>>(?![ \t]*[^\W\d_]{3,20}:[ \t])|Sent <<<)")
#: Before what the network or a local program said, Courier has the other side's mark too.
_HEARD_WORDS = re.compile(r"^[ \t]*<<<[ \t]+(?=[^\W\d_])")
#: The answer to DATA where no recipient was taken before (RFC 5321 3.3).
_CONSEQUENCE = re.compile(
    r"(?:503|554)[ -](?:5\.[05]\.\d )?(?:error:? )?"
    r"(?:no valid recip|need rcpt|valid rcpt|no recipients|rcpt first|need recip)",
    re.IGNORECASE,
)
_SESSION_MARKS = ("<<<", ">>>", "<--", "-->")
#: A title or a rule: no server says anything in one.
RULE = re.compile(r"^[ \t|]*[-=*_#]{3,}[^@\d]{0,60}$")
_LABEL = re.compile(r"^([ \t]*)(?!Warning|Error:)[^\W\d_][^:：\n@<>\[]{1,40}[:：](?=\s|[45]\d\d)")
#: A line that no sentence ends with: the next one goes on with it, however the two are wrapped.
_UNFINISHED = re.compile(
    r"(?:,|(?:^|\s)(?:the|an?|of|by|to|for|from|with|in|on|at|as|is|was|are|were|has|have|been|be|not|your|our|its|this"
    r"|that|which|who|and|or|since|because|due|der|die|das|den|dem|des|eine?[nmrs]?|vo[nm]|zu[rm]?|mit|für|auf|bei|weil"
    r"|und|oder|ist|wurde|nicht|les?|la|du|de|une?|par|pour|dans|sur|et|ou|que|est|el|los|las|del|por|para|con|una?"
    r"|il|gli|della|per|di|che|het|een|van|voor|door|met|op))[ \t]*$",
    re.IGNORECASE,
)
#: A label of several words in small letters, which may as well go on with a sentence: "for good: account closed".
_SMALL_WORDS = re.compile(r"[ \t]*(?=[^\W\d_]+ )(.)")
#: A line of our own message's description: what its subject says is no server's word.
DESCRIPTION = re.compile(
    r"^[\s*•·\-–|]*(?:From|Subject|Sent|Date|Cc|Message-id|Betreff|Objet|Asunto|件名)\s*[:：]", re.IGNORECASE
)
#: Words that servers put before the reply which they quote: the last of them before a reply opens it.
_SAYING = (
    r"the error that the other server returned was",
    r"the response(?: from the remote server)? was",
    r"remote host said",
    r"(?<=\S) said",
    r"remote server (?:returned|said)",
    r"did not like our [A-Z ]{2,20}",
    r"failed with",
    r"\breturned",
    r"it responded as follows",
    r"server message",
    r"error message(?: below)?",
    r"reported error",
    r"la réponse était",
    r"die antwort lautete?",
    r"risposta era",
    r"respuesta fue",
    r"ответ сервера",
    r"(?:following )?reason",
    r"\bwas",
    r"diagnostic[- ]code",
    r"the server responded",
    r"\],",
)
_CODE = re.compile(r"[45]\d\d[ :-]")
_INTRODUCTION = re.compile(rf"(?:{'|'.join(_SAYING)})(?: *:)?(?: *[\"'\[(<])?(?: *smtp;)? *$", re.IGNORECASE)
#: What may stand between an introduction and the reply, and how each introduction ends.
_BEHIND_SAYING = " :\"'[(<"
_LAST_SAID = (
    "was", "said", "returned", "with", "follows", "message", "below", "error", "lautet", "lautete", "era", "fue",
    "сервера", "reason", "code", "responded", "],",
)  # fmt: skip
#: A colon right before a reply code with its status introduces it, and Exchange's hash before any.
_MARK = re.compile(r"(?:[:：]|\bsmtp;)\s*[\"'\[(<]?$")
_STATUS = re.compile(r"[45]\d\d[ -][245]\.\d{1,3}\.\d")
#: The longest introduction, with what may stand behind it.
_BEFORE = 64
#: What a person may skip at the end: Exchange's marks, qmail's farewell.
_PADDING = re.compile(r"(?:> #SMTP#|##|\bGiving up on [^\s]{1,255})$", re.IGNORECASE)
_PAIRS = (("(", ")"), ("[", "]"), ("<", ">"), ('"', '"'), ("'", "'"))

_MOST_CHARACTERS = 2000

#: How much a passage is worth: words, a status somewhere, a quoted reply, the session itself.
WORDS, STATUS, REPLY, DIALOGUE = range(4)


@dataclass(frozen=True, slots=True)
class Passage:
    """The deciding words of a block, and how much they are worth."""

    words: str
    worth: int


def clip(text: str) -> str:
    """Text on one line, no longer than any diagnostic needs to be."""
    return one_line(text[: 4 * _MOST_CHARACTERS])[:_MOST_CHARACTERS]


def has_reply(text: str) -> bool:
    """Whether an SMTP reply or an enhanced status code stands in the text."""
    return bool(_REPLY.search(text))


def passage(lines: list[str]) -> Passage:
    """The words of a block that decide: the refusal in a session, else the last quoted reply, else all of it."""
    whole = "\n".join(lines)
    if any(mark in whole for mark in _SESSION_MARKS):
        refusal = _refusal(lines)
        if refusal:
            return Passage(clip(refusal), DIALOGUE)
        lines = [_HEARD_WORDS.sub("", line) for line in lines if not (_HEARD.match(line) or _SPOKEN.match(line))]
        whole = "\n".join(lines)
    if _SMTP_REPLY.search(whole):
        quoted = [item for item in _items(lines) if _quotes(item)]
        if quoted:
            return Passage(deciding_words(clip(quoted[-1])), REPLY)
    text = clip("\n".join(line for line in lines if not (RULE.match(line) or DESCRIPTION.match(line))))
    if not _REPLY.search(text):
        return Passage(deciding_words(text), WORDS)
    for item in reversed(_items(lines)):
        opened = _OPENS_WITH_STATUS.search(item)
        # Where the line above ends in "550", the reply is only folded there.
        if opened and not item[: opened.start()].rstrip()[-3:].isdigit():
            return Passage(clip(item[opened.start("reply") :]), STATUS)
    return Passage(deciding_words(text), STATUS)


def _quotes(item: str) -> bool:
    """Whether a passage holds a reply code and words with it: "Status code: 550 5.1.1" says nothing."""
    found = _SMTP_REPLY.search(item)
    return found is not None and _WORDS.search(item, found.start()) is not None


def _refusal(lines: list[str]) -> str:
    """The first reply of class 4 or 5 that the other side gave, with all its lines; what only follows from one last."""
    return _first_refusal(lines, but=_CONSEQUENCE) or _first_refusal(lines)


def is_unfinished(line: str) -> bool:
    """Whether the line stops in a sentence: "the sending address is on our", "refused, since"."""
    return _UNFINISHED.search(line) is not None


def _first_refusal(lines: list[str], but: re.Pattern[str] | None = None) -> str:
    taken: list[str] = []
    ended = False
    for line in lines:
        heard = _HEARD.match(line)
        if heard is None:
            # A long line of a reply is folded, or wrapped without an indent.
            folded = not ended and line[:1] in {" ", "\t"} and line.strip()
            wrapped = taken and line[:1].isalpha() and is_unfinished(taken[-1])
            if taken and (folded or wrapped) and not _SPOKEN.match(line):
                taken.append(line)
            elif taken:
                break
            continue
        if ended:
            break
        words = heard.group(1)
        if taken:
            if words[:3] != taken[0][:3]:
                break
            taken.append(words)
        elif words[:1] in {"4", "5"} and not (but and but.match(words)):
            taken.append(words)
        ended = bool(taken) and words[3:4] != "-"
    return " ".join(taken)


def whole_reply(text: str, first_line: str) -> str:
    """The reply that begins with this line, as the session in the text shows it; the line itself where none does."""
    lines, heard = _heard(text)
    number = heard.get(first_line)
    return first_line if number is None else clip(_refusal(lines[number : number + _LONGEST_REPLY]))


#: Lines of one reply, more than any server gives.
_LONGEST_REPLY = 200


# A report may list thousands of recipients, each with the first line of a reply: the text is read once for all of them.
@lru_cache(maxsize=1)
def _heard(text: str) -> tuple[list[str], dict[str, int]]:
    """The lines of a text, and at which of them a reply begins with which line."""
    lines = text.split("\n")
    found: dict[str, int] = {}
    for number, line in enumerate(lines):
        heard = _HEARD.match(line)
        if heard:
            found.setdefault(heard.group(1).strip(), number)
    return lines, found


def _items(lines: list[str]) -> list[str]:
    """A block cut where another thing begins: at blank lines, rules, and labels no deeper than the first line.

    A sentence that such a line only wraps is not cut.
    """
    items: list[list[str]] = [[]]
    indent = 0
    ruled = False
    for line in lines:
        if not line.strip() or RULE.match(line):
            ruled = bool(line.strip()) or (ruled and not items[-1])
            items.append([])
            continue
        before = next((item for item in reversed(items) if item), [])
        if not items[-1] and before and not ruled and line.lstrip()[:1].islower() and is_unfinished(before[-1]):
            # HTML that became text may have a blank line between any two.
            before.append(line)
            continue
        label = _LABEL.match(line)
        if items[-1] and label and len(label.group(1)) <= indent and not _goes_on(items[-1], line):
            items.append([])
        if not items[-1]:
            indent = len(line) - len(line.lstrip())
        items[-1].append(line)
    return ["\n".join(item) for item in items if item]


def _goes_on(item: list[str], line: str) -> bool:
    """Whether what looks like a label goes on with the sentence above it."""
    if is_unfinished(item[-1]):
        return True
    small = _SMALL_WORDS.match(line)
    # Where the first line has a label in small letters too, it is their list.
    return small is not None and small[1].islower() and not (_LABEL.match(item[0]) and item[0].lstrip()[:1].islower())


def deciding_words(text: str) -> str:
    """The quoted reply where the text introduces one, else the text as it is."""
    start = _introduced_at(text, marked=True)
    if text.endswith("#") or "giving up on" in text.lower():
        text = _PADDING.sub("", text)
    text = text.rstrip()
    return balanced(text[start:]) if start else text


def introduced_words(text: str) -> str:
    """As `deciding_words`, but only behind a sentence that says a reply follows: the SMTP command before it stays."""
    start = _introduced_at(text, marked=False)
    return balanced(text[start:]) if start else text


def _introduced_at(text: str, *, marked: bool) -> int:
    """Where the last introduced reply begins; 0 where none is."""
    for code in reversed(list(_CODE.finditer(text))):
        start = code.start()
        behind_hash = start > 0 and text[start - 1] == "#"
        end = start - behind_hash
        before = text[max(0, end - _BEFORE) : end]
        # Exchange's; in the address of a page ("…/DOC-1369#550 [abc]") it is none.
        hashed = behind_hash and not before[-1:].isalnum()
        labelled = marked and not behind_hash and _STATUS.match(text, start) and _MARK.search(before)
        if labelled or (marked and hashed) or (_may_introduce(before) and _INTRODUCTION.search(before)):
            return start if hashed else end
    return 0


def _may_introduce(before: str) -> bool:
    """Whether the words end as an introduction does; most do not, and searching for one takes long."""
    words = before.rstrip(_BEHIND_SAYING)
    if words[-5:].lower() == "smtp;":
        words = words[:-5].rstrip(_BEHIND_SAYING)
    words = words.lower()
    return words.endswith(_LAST_SAID) or " like our " in words


def balanced(text: str) -> str:
    """Text without the bracket or quote at its end that was opened before it."""
    text = text.rstrip()
    for opening, closing in _PAIRS:
        if text.endswith(closing):
            odd = text.count(closing) % 2 if opening == closing else text.count(closing) > text.count(opening)
            if odd:
                return text[:-1].rstrip()
    return text
