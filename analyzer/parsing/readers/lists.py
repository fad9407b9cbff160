"""List managers that refuse a post (Mailman, mlmmj, fml, ezmlm, LISTSERV, Sympa): the recipient that failed is a list.

Mailman's `refuse`, `reject` and `nonmember` texts, mlmmj's `deny-post`, fml's `You are not member`. A post that is
held for its moderator has not failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.parsing.addresses import from_header, tidy
from analyzer.parsing.copies import own_words
from analyzer.parsing.kinds import is_about_mail_to_us
from analyzer.parsing.message import Message, one_line
from analyzer.parsing.phrases import REFUSED
from analyzer.records import Failure

_ADDRESS = r"<?([^\s<>\"'@]{1,64}@[^\s<>\"'@]{1,255})>?"
#: The sentence of each that names the list, or that needs the headers to name it.
_NAMING = re.compile(
    rf"(?:\b(?:are|is) not (?:a )?(?:member|subscriber) of (?:this|the) (?:mailing list|ML|list)"
    rf"|\b(?:are|is) not (?:a )?member of|Duplicated Message-ID in|このメーリングリスト) {_ADDRESS}"
    rf"|Your request to the {_ADDRESS} mailing list .{{0,400}}? (?:been )?rejected"
    rf"|program managing the {_ADDRESS} mailing list\..{{0,400}}?"
    r"(?:unable to be delivered|not (?:be )?(?:allowed|delivered|accepted)|denied|rejected)",
    re.IGNORECASE,
)
_NAMELESS = re.compile(
    r"not allowed to post to this mailing list|your message has been automatically rejected"
    # ezmlm's `mod-reject` and `mod-timeout`.
    r"|the list moderators for the list \S{1,80} have failed to act on your post"
    r"|your message \(enclosed\) was not accepted by the moderator"
    # LISTSERV, whose subject names the list.
    r"|You are not (?:authorized|allowed) to send mail to the \S{1,80} list\b"
    # Mailman 2 and Sympa give the list by its name alone.
    r"|Your message for list '[^']{1,80}'[^.]{0,80} (?:was|has been) rejected"
    r"|Your request to the .{1,80} mailing list .{0,400}? has been rejected by the list moderator",
    re.IGNORECASE,
)
#: mlmmj's `deny-post` in its other languages, by the subject; what awaits a moderator has another one.
_MLMMJ_DENIES = (
    "denied", "denegáu", "není možné", "abgewiesen", "hylättiin", "refusé", "απορρίφθηκε", "negato", "recusada",
    "odmietnutie", "被拒绝",
)  # fmt: skip
#: What a list calls the mail that it refuses; a subscription is refused in the same words.
_POSTS = (
    "nachricht", "beitrag", "bericht", "message", "mensaje", "mensagem", "messaggio", "wiadomoś", "сообщение",
    "письмо",
    "投稿", "メッセージ", "邮件", "郵件", "메시지", "메일", "leti",
)  # fmt: skip
_ROLE = re.compile(r"[-+](?:owner|bounces|admin|request|help)(?=@)", re.IGNORECASE)
#: A program's own address, which no list's name is in.
_PROGRAM = re.compile(r"(?:listserv|sympa|majordomo|ecartis|fml)@", re.IGNORECASE)
#: Sympa's, in its languages: "for list 'team'", "pour la liste 'team'".
_SYMPAS = re.compile(r"\blist[aeiu]?\s+['\"«‘„]\s?([^'\"»’“\s@]{1,80})", re.IGNORECASE)
#: Without quotes, where the subject has the same name behind the same word.
_BARE_SYMPAS = re.compile(r"\blist[aeiu]?\s+([\w.+-]{2,80})", re.IGNORECASE)
_GIVEN_REASON = re.compile(r"reason for rejecting your request:", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")


class MailingList:
    """`You are not allowed to post to this mailing list …`"""

    name = "mailing-list"

    def recognises(self, message: Message) -> bool:
        """By its sentence, from the list's own address."""
        sender = from_header(message.get("from"))
        # fml may write in the name of its program, or of a maintainer.
        by_fml = message.get("x-mlserver").lower().startswith("fml")
        if not by_fml and not _ROLE.search(sender) and not _PROGRAM.match(sender):
            return False
        # Their sentences are wrapped anywhere.
        text = one_line(own_words(message)[:1000])
        if _NAMING.search(text) or _NAMELESS.search(text):
            return not is_about_mail_to_us(message)
        return _is_mlmmjs_refusal(message, text) or _refuses_abroad(message)

    def failures(self, message: Message) -> Iterator[Failure]:
        """The list."""
        text = own_words(message)[:2000]
        naming = _NAMING.search(one_line(text[:1000]))
        named = tidy(next((group for group in naming.groups() if group), "")) if naming else ""
        posted = named or from_header(message.get("x-beenthere")) or _named_by_program(message, text)
        given = _GIVEN_REASON.search(text)
        reason = _BLANK_LINE.split(text[given.end() :].strip(), maxsplit=1)[0].strip('"') if given else ""
        if reason.lower().startswith("no reason given"):
            reason = ""
        says = reason or f"{message.heading()}: {text[:600]}"
        if posted:
            yield Failure(recipient=posted, diagnostic=one_line(says))


def _is_mlmmjs_refusal(message: Message, text: str) -> bool:
    """mlmmj names itself in the first sentence, whatever language the list speaks."""
    return "mlmmj" in text[:200].lower() and any(word in message.subject() for word in _MLMMJ_DENIES)


def _refuses_abroad(message: Message) -> bool:
    """Mailman in another language: the first paragraph that names the list says that a post to it was refused."""
    sender, text = message.sender(), own_words(message)[:1000]
    posted = _ROLE.sub("", sender).lower()
    if _PROGRAM.match(sender):
        naming = next((one for one in _BLANK_LINE.split(text.lower()) if _sympas_list(one, message)), "")
    elif posted == sender.lower():
        return False
    else:
        naming = next((one for one in _BLANK_LINE.split(text.lower()) if posted in one), "")
    told = one_line(naming)
    return any(word in told for word in REFUSED) and any(word in told for word in _POSTS)


def _named_by_program(message: Message, text: str) -> str:
    """The list's address where its text does not give it: of its own sender, or of a program for many lists."""
    sender = from_header(message.get("from"))
    if not _PROGRAM.match(sender):
        return _ROLE.sub("", sender)
    in_subject = from_header(message.subject())
    named = _sympas_list(text, message)
    return in_subject or (f"{named}@{sender.rpartition('@')[2]}" if named else "")


def _sympas_list(text: str, message: Message) -> str:
    """The name of the list that Sympa speaks of."""
    if quoted := _SYMPAS.search(text):
        return quoted.group(1)
    bare = _BARE_SYMPAS.search(text)
    named = {name.lower() for name in _BARE_SYMPAS.findall(message.subject())}
    return bare.group(1) if bare and bare.group(1).lower() in named else ""
