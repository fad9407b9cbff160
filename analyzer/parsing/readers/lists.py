"""List managers that refuse a post (Mailman, mlmmj, fml): the list's address is the recipient that failed.

Mailman's `refuse`, `reject` and `nonmember` texts, mlmmj's `deny-post`, fml's `You are not member`. A post that is
held for its moderator has not failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.parsing.addresses import from_header
from analyzer.parsing.copies import own_words
from analyzer.parsing.message import Message, one_line
from analyzer.records import Failure

_ADDRESS = r"<?([^\s<>\"'@]{1,64}@[^\s<>\"'@]{1,255})>?"
#: The sentence of each that names the list, or that needs the headers to name it.
_NAMING = re.compile(
    rf"(?:\bare not a (?:member|subscriber) of this mailing list|Duplicated Message-ID in) {_ADDRESS}"
    rf"|Your request to the {_ADDRESS} mailing list\s[\s\S]{{0,400}}?\s(?:been )?rejected"
    rf"|program\s+managing\s+the\s+{_ADDRESS}\s+mailing\s+list\.[\s\S]{{0,400}}?"
    r"(?:unable\s+to\s+be\s+delivered|not\s+(?:be\s+)?(?:allowed|delivered|accepted)|denied|rejected)",
    re.IGNORECASE,
)
_NAMELESS = re.compile(
    r"not allowed to post to this mailing list|your message has\s+been\s+automatically rejected"
    # Mailman 2 gives the list by its name alone.
    r"|Your request to the [^\n]{1,80} mailing list\s[\s\S]{0,400}?\shas been rejected by the list moderator",
    re.IGNORECASE,
)
#: mlmmj's `deny-post` in its other languages, by the subject; what awaits a moderator has another one.
_MLMMJ_DENIES = (
    "denied", "denegáu", "není možné", "abgewiesen", "hylättiin", "refusé", "απορρίφθηκε", "negato", "recusada",
    "odmietnutie", "被拒绝",
)  # fmt: skip
_ROLE = re.compile(r"[-+](?:owner|bounces|admin|request)(?=@)", re.IGNORECASE)
_GIVEN_REASON = re.compile(r"reason for rejecting your request:", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")


class MailingList:
    """`You are not allowed to post to this mailing list …`"""

    name = "mailing-list"

    def recognises(self, message: Message) -> bool:
        """By its sentence, from the list's own address."""
        if not _ROLE.search(from_header(message.get("from"))):
            return False
        text = own_words(message)[:1000]
        return bool(_NAMING.search(text) or _NAMELESS.search(text)) or _is_mlmmjs_refusal(message, text)

    def failures(self, message: Message) -> Iterator[Failure]:
        """The list."""
        text = own_words(message)[:2000]
        naming = _NAMING.search(text)
        named = next((group for group in naming.groups() if group), "") if naming else ""
        posted = named or from_header(message.get("x-beenthere")) or _ROLE.sub("", from_header(message.get("from")))
        given = _GIVEN_REASON.search(text)
        reason = _BLANK_LINE.split(text[given.end() :].strip(), maxsplit=1)[0].strip('"') if given else ""
        says = reason or f"{message.heading()}: {text[:600]}"
        if posted:
            yield Failure(recipient=posted, diagnostic=one_line(says))


def _is_mlmmjs_refusal(message: Message, text: str) -> bool:
    """mlmmj names itself in the first sentence, whatever language the list speaks."""
    return "mlmmj" in text[:200].lower() and any(word in message.subject() for word in _MLMMJ_DENIES)
