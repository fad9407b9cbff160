"""Whether the values of a column can be what its header seems to say: a column "Sent" may hold times, marks or counts.

Asked where only words or values tell what a column is; the words lie in `rules/flags.toml` and `rules/statuses.toml`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from analyzer import knowledge

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

#: Yes, no, or how often.
MARK = re.compile(
    r"true|false|yes|no|y|n|x|ja|nein|nee|nej|oui|non|s[íiì]|sim|n[ãa]o|tak|nie|evet|hayır|да|нет|так|ні|ano|ne|igen|nem|kyllä|ei|はい|いいえ|是|否|예|네|아니오|아니요|sent|\d{1,4}(?:\.0)?|[✓✔☑✅√🗸✗✘☐❌✖⨯]\ufe0f?",
    re.IGNORECASE,
)
# Words of flags.toml that say yes and no of anything, and not of mail.
_BARE = frozenset({"true", "false", "yes", "no", "0", "1", "y", "n", "x", "hard", "soft"})
_REPLY = re.compile(r"(?:^|[\s:;,(#])[245]\d\d[\s-]|\b[245]\.\d{1,3}\.\d{1,3}\b")
_REFUSAL = re.compile(r"(?:^|[\s:;,(#])[45]\d\d[\s-]|\b[45]\.\d{1,2}\.\d{1,3}\b")
#: An address of a computer has four numbers, a version no reply code before it.
_ENHANCED = re.compile(r"(?:^|[\s:;,(#-])[45]\.\d{1,2}\.\d{1,3}(?![\d.])")
_WORD = re.compile(r"[A-Za-z]{3}")
_TAKEN = frozenset({"250", "251", "252", "200", "ok", "okq", "sen", "del"})
_ADDRESS = re.compile(r"[^\s@,;<>]{1,64}@[^\s@,;<>]{1,250}\.[^\s@,;<>]{2,}")
_BEFORE_REASON = re.compile(r"([^:;(\n]{2,30}?)\s*(?::|;|\(| [-–—] )")
_NUMBER = re.compile(r"[-+]?[\d.,]+\s?%?")
_PROBED = re.compile(r"valid|verif|deliverable|catchall|acceptall|okforall|deadserver")
_PARTS = re.compile(r"[^\W_]+")
#: What a word for a status may be said of.
_OF_WHAT = frozenset({"email", "mail", "address", "domain", "mailbox", "server", "result", "status", "pro"})
_WORST_FIRST = ("invalid", "catch_all", "risky", "guessed", "unknown")
_SIGNS = dict.fromkeys("✓✔☑✅√🗸", "yes") | dict.fromkeys("✗✘☐❌✖⨯", "no")
_ENOUGH = 0.8
_LONGEST_NAME = 120
#: What is longer is no word, whatever it begins with: a cell may hold a mail.
_LONGEST_WORD = 1000
_LONGEST_STEP = 40
_MOST_TIMES = 200
_MOST_REPLIES, _LONGEST_REPLY = 300, 500
#: What a delivery column says that tells what became of a mail; "no" and the like could be of anything.
_TELLING = ("yes", "maybe", "complaint", "not_sent", "sent")


def fits(field: str, values: Sequence[str]) -> bool:
    """Whether a column of these values (a sample without blanks) can be the field; a column without any can."""
    check = _CHECKS.get(field)
    return not values or check is None or check(values)


def are_marks(values: Sequence[str]) -> bool:
    """Whether the values say yes and no, or how often."""
    return bool(values) and all(map(MARK.fullmatch, values))


def are_times(values: Sequence[str]) -> bool:
    """Whether the values are times."""
    import pandas as pd

    from analyzer.sources.tables.times import read_times

    different = list(dict.fromkeys(values))[:_MOST_TIMES]
    found = read_times(pd.Series(different, dtype="str")).values.notna()
    return bool(found.mean() >= _ENOUGH) if different else False


def hold_addresses(values: Sequence[str]) -> bool:
    """Whether most values hold an address."""
    filled = [value for value in values if value]
    return bool(filled) and sum("@" in value and "." in value.rpartition("@")[2] for value in filled) * 2 > len(filled)


def is_address(text: str) -> bool:
    """Whether a cell holds an address, and not a handle or a field's name such as @timestamp."""
    return "@" in text and _ADDRESS.search(text) is not None


def tell_delivery(values: Sequence[str]) -> bool:
    """Whether the values are words for what became of a mail."""
    words = [first_word(value) for value in values]
    return _share(words, delivery_words() | flag_words("doubtful")) >= _ENOUGH and _share(words, _telling()) > 0


def tell_bounces(values: Sequence[str]) -> bool:
    """Whether any of the words says that a mail bounced."""
    bounces = (flag_words("yes") | flag_words("maybe")) - _BARE
    return _share([first_word(value) for value in values], bounces) > 0


def first_word(value: str) -> str:
    """What stands before the reason in "BOUNCED: 550 5.1.1 User unknown" and "Failed (mailbox full)", where that says
    what became of a mail; else the value."""
    head = _BEFORE_REASON.match(value)
    known = delivery_words()
    return head[1] if head and normalised(value) not in known and normalised(head[1]) in known else value


def are_yes_or_no(values: Sequence[str]) -> bool:
    """Whether the values say yes and no, both, and nothing else."""
    said = {normalised(value) for value in values}
    yes, no = said & flag_words("yes"), said & flag_words("no")
    return bool(yes and no) and said == yes | no and are_marks(values)


def _is_refusal(value: str) -> bool:
    """Whether a code has a word behind it: "550 5.1.1 No such user", and no telephone number."""
    code = _REFUSAL.search(value)
    return code is not None and _WORD.search(value, code.end()) is not None


def hold_replies(values: Sequence[str]) -> bool:
    """Whether the values are replies of mail servers, one or more of them a refusal."""
    values = list(dict.fromkeys(value[:_LONGEST_REPLY] for value in values))[:_MOST_REPLIES]
    refused = sum(map(_is_refusal, values))
    taken = sum(normalised(value)[:3] in _TAKEN for value in values)
    return refused > 0 and refused + taken >= len(values) * _ENOUGH


def is_plain_refusal(value: str) -> bool:
    """Whether a text has an enhanced status code of a refusal and words behind it: "550 5.1.1 No such user"."""
    code = _ENHANCED.search(value[:_LONGEST_REPLY])
    return code is not None and _WORD.search(value, code.end()) is not None


def tell_verification(values: Sequence[str]) -> bool:
    """Whether the values are words for what a probe found of an address."""
    filled = [value for value in values if value]
    return bool(filled) and sum(map(bool, map(_status_of, filled))) >= len(filled) * _ENOUGH


def tell_outcomes_of_probes(values: Sequence[str]) -> bool:
    """Whether the values can be nothing but what probes found, whatever their header: two of them or more, and words
    that are said of nothing else."""
    different = {normalised(value) for value in values if value}
    return len(different) > 1 and any(map(_PROBED.search, different)) and tell_verification(values)


def _share(values: Sequence[str], words: Container[str]) -> float:
    keys = [normalised(value) for value in values if value]
    return sum(key in words for key in keys) / max(len(keys), 1)


def normalised(text: str) -> str:
    """A word without case, blanks and punctuation; the sign of a check mark is the word that it stands for."""
    return _normalised(text[:_LONGEST_WORD])


@lru_cache(maxsize=8192)
def _normalised(text: str) -> str:
    # Feeds and logs repeat few words, row by row.
    folded = unicodedata.normalize("NFKC", text).casefold()
    letters = "".join(character for character in folded if character.isalnum())
    return letters or _SIGNS.get(folded.strip(" \ufe0f"), "")


def _are_flags(values: Sequence[str]) -> bool:
    """Yes and no, counts, times, words of delivery, or the replies themselves."""
    rest = [value for value in values if not MARK.fullmatch(value) and not _REPLY.search(value)]
    rest = [value for value in rest if normalised(value) not in delivery_words()]
    return len(rest) <= len(values) * (1 - _ENOUGH) or are_times(rest)


def _are_reasons(values: Sequence[str]) -> bool:
    """Replies of servers, or words; times, marks and numbers are none."""
    flags = delivery_words() | _BARE
    words = [value for value in values if any(map(str.isalpha, value)) and normalised(value) not in flags]
    return len(words) >= len(values) * _ENOUGH and not are_times(values[:20])


def _are_names(values: Sequence[str]) -> bool:
    """Names of companies, countries, campaigns: words, and no addresses, marks or times."""
    odd = sum("@" in value or len(value) > _LONGEST_NAME or bool(_NUMBER.fullmatch(value)) for value in values)
    return odd <= len(values) * (1 - _ENOUGH) and not are_marks(values) and not are_times(values[:20])


def are_steps(values: Sequence[str]) -> bool:
    """Numbers of steps or their names, of which a sequence has few."""
    if any("@" in value or len(value) > _LONGEST_STEP for value in values) or are_times(values[:20]):
        return False
    few = Counter(values)
    numbered = sum(any(map(str.isdigit, value)) for value in few)
    return numbered * 2 >= len(few) and len(few) <= 60


_CATCH_ALL = frozenset({"catchall", "notcatchall", "acceptall", "notacceptall", "unknown"})
_CHECKS: dict[str, Any] = {
    "recipient": hold_addresses,
    "sender": hold_addresses,
    "sent_at": are_times,
    "verified_at": are_times,
    "bounced": _are_flags,
    "bounce_reason": _are_reasons,
    "email_status": tell_verification,
    "state": tell_delivery,
    "campaign": _are_names,
    "company": _are_names,
    "industry": _are_names,
    "country": _are_names,
    "title": _are_names,
    "step": are_steps,
    "catch_all": lambda values: (
        sum(bool(MARK.fullmatch(value)) or normalised(value) in _CATCH_ALL for value in values) >= len(values) * _ENOUGH
    ),
    "complained": lambda values: are_marks(values) or are_times(values),
    "opted_out": lambda values: are_marks(values) or are_times(values),
}


@cache
def delivery_words() -> frozenset[str]:
    """The words that mark a column as telling of delivery (`state`), and say what became of a mail."""
    return frozenset(word for meaning, words in _flags().items() if meaning != "doubtful" for word in words) - _BARE


def flag_words(meaning: str) -> frozenset[str]:
    """The words of one list of flags.toml."""
    return _flags()[meaning]


@cache
def _telling() -> frozenset[str]:
    return frozenset(word for meaning in _TELLING for word in flag_words(meaning)) - _BARE


@cache
def _flags() -> dict[str, frozenset[str]]:
    table: dict[str, list[str]] = knowledge.load_toml(knowledge.data_folder("rules") / "flags.toml")
    return {meaning: frozenset(map(normalised, words)) for meaning, words in table.items()}


@cache
def verification_words() -> dict[str, str]:
    """The words that mark a column as telling of a verification (`email_status`), and the status that each means."""
    statuses: dict[str, dict[str, list[str]]] = knowledge.load_toml(knowledge.data_folder("rules") / "statuses.toml")
    return {normalised(word): status for status, words in statuses["any"].items() for word in words}


def status_in_words(text: str, known: Mapping[str, str]) -> str:
    """What several words say of an address together ("Accept-all domain", "failed_no_mailbox"), by `known`, the status
    of each (normalised) word; "" where one of them is a stranger.

    Words that do not agree make a status that nobody is sent to by mistake: "valid (role)" is risky.
    """
    words = [normalised(word) for word in _PARTS.findall(text[:_LONGEST_NAME])]
    found, at = set(), 0
    while at < len(words):
        end = next((end for end in range(len(words), at, -1) if "".join(words[at:end]) in known), 0)
        if end:
            found.add(known["".join(words[at:end])])
        elif words[at] not in _OF_WHAT:
            return ""
        at = end or at + 1
    return next(iter(found)) if len(found) == 1 else next((status for status in _WORST_FIRST if status in found), "")


@lru_cache(maxsize=8192)
def _status_of(value: str) -> str:
    return verification_words().get(normalised(value)) or status_in_words(value, verification_words())
