"""What sort of mail this is, told from its headers and its opening words.

RFC 3834 (automatic responses), RFC 8098 (read receipts), and the habits of servers that follow neither. A bounce is
written by a machine to the envelope sender: without a sign of that, a mail is never one, whatever it quotes.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from analyzer.knowledge import data_folder, load_toml
from analyzer.parsing.addresses import find_addresses, from_header, is_robot, related, same
from analyzer.parsing.copies import own_words
from analyzer.parsing.marks import OPENING, any_of, re2_pattern
from analyzer.parsing.message import Message, one_line
from analyzer.parsing.original import find_original
from analyzer.parsing.phrases import (
    AUTOREPLY_SUBJECTS,
    BOUNCE_OPENINGS,
    BOUNCE_SUBJECTS,
    CHALLENGES,
    DELAYS,
    DENIALS,
    RECEIPT_SUBJECTS,
    RECEIPTS,
    SUCCESSES,
)
from analyzer.parsing.quotes import DESCRIPTION, has_reply

#: English has too many ways for a table; every text is in lower case and on one line here.
_BOUNCE_SUBJECT = re.compile(
    r"""(?x)
    undeliver|un-deliver|not[ ]delivered|not[ ]deliverable|returned[ ](?:mail|e-?mail|message|to[ ]sender)|returning[ ](?:(?:your[ ])?(?:mail|e-?mail|message)[ ])?to[ ]
    |delivery[ ](?:status|fail|notif|problem|error|report|incomplete|delayed|has[ ](?:been[ ])?(?:fail|delayed))
    |(?:e?mail|message)[ ](?:delivery|system)[ ](?:fail|error|problem|notif|status)|fail(?:ure|ed)[ ](?:notice|delivery|mail)
    |mail[ ](?:failure|error|undeliver|could[ ]not|delivery)|(?:could[ ]not|cannot|can't|couldn't)[ ]be[ ]deliver
    |non[ -]?(?:delivery|remis|livr)|\bnd[rn]\b|\bdsn\b|\bbounced\b|bounce[ ](?:message|notif)|rejected|message[ ](?:not[ ])?blocked
    |problem[ ]delivering|recipient[ ]unknown|user[ ]unknown|unknown[ ]user|address[ ]not[ ]found|message[ ]blocked
    |error[ ](?:sending|delivering)|warning:[ ]could[ ]not|delayed[ ]mail|delivery[ ]delayed"""
)
_BOUNCE_OPENING = re.compile(
    r"""(?x)
    (?:could|can|was|were|did|has|have)[ ]?(?:not|n't|not[ ]yet)[ ](?:be[ ]|been[ ]|yet[ ]been[ ])?(?:deliver|reach|sent|relayed|accept)
    |(?:un|in)able[ ]to[ ](?:be[ ])?(?:deliver|relay|send)|deliver[a-z]{0,8}[ ](?:(?:to[ ]the[ ]following|of|has|your)[ ]\w*[ ]?){0,4}(?:fail|error|problem)
    |fail(?:ed|ure)[ ](?:to[ ]deliver|permanently)|(?:wasn't|not)[ ]able[ ]to[ ]deliver|not[ ]delivered|undeliverable
    |returned[ ]to[ ](?:you|the[ ]sender)|(?:mails?|messages?)\b[^.;:!?]{0,60}[ ](?:has|have)[ ]been[ ]returned|not[ ]a[ ]valid[ ](?:user|recipient|mailbox|address)
    |no[ ]valid[ ]recipients?|failed[ ]recipients?\b|requested[ ](?:mail[ ])?action[ ](?:not[ ]taken|aborted)
    |permanent(?:[ ]fatal|[ ]delivery)?[ ]error|delivery[ ](?:problems|errors)|rejected|failure[ ]reasons
    |undelivered|\bbounced\b|(?:was|were|been)[ ]refused|not[ ]receive[ ](?:a[ ]copy|your|this)|no[ ]longer[ ]accepts
    |no[ ]such[ ](?:user|recipient|mailbox|address)|(?:could[ ]not|couldn't)[ ]be[ ]found|error[ ]occurred[ ]while[ ](?:sending|deliver)
    |(?:your[ ](?:e-?mail|message)|delivery)[^;:!?]{0,60}[ ](?:was|has[ ]been)[ ](?:blocked|stopped)|trouble[ ]delivering|problem[ ]with[ ]the[ ]e-?mail"""
)
_DELAYED = re.compile(
    r"""(?x)
    warning[ ]message[ ]only|this[ ]is[ ]a[ ]warning[ ]only|do[ ]not[ ]need[ ]to[ ]re-?send|you[ ]do[ ]not[ ]need[ ]to
    |no[ ]action[ ]is[ ]required[ ]on[ ]your[ ]part|(?:has|have|is|was)[ ](?:been[ ])?delayed|delivery[ ]is[ ]delayed
    |will[ ](?:continue|keep|be)[ ](?:to[ ])?(?:try|retr)|will[ ]be[ ](?:tried|attempted)[ ]again
    |(?:stays?|remains?)[ ](?:queued|in[ ](?:the|our)[ ]queue)|not[ ]yet[ ]been[ ]delivered|(?:hasn't|has[ ]not)[ ]been[ ]delivered[ ]yet
    |delivery[ ](?:attempts[ ]will[ ]continue|will[ ](?:continue[ ]to[ ])?be[ ](?:attempted|retried))|notification[ ]\(delay\)
    |next[ ](?:delivery[ ])?(?:attempt|try|retry)[ ](?:is|in|at|will|follows)|still[ ](?:being[ ])?(?:retr|tr(?:ying|ied)|in[ ](?:the|our)[ ]queue)|just[ ]a[ ]warning|temporary[ ]problem[ ]delivering"""
)
_STRONG_DELAY = re.compile(
    r"warning message only|this is a warning only|\(delay\)|do not need to re-?send|delivery attempts will continue"
    r"|no action is required|still being retried|will be retried until"
)
_GAVE_UP = re.compile(
    r"giv(?:en|ing) up|gave up|permanent|expired|(?:could|cannot|can't|was|were)(?: not|n't)? (?:be )?delivered (?:for|within|after)"
    # qmail says of an attempt that it "failed after I sent the message".
    r"|will not (?:be )?(?:retr|try)|no further|too long|failed(?! after i )"
)
_DELIVERED = re.compile(
    r"(?:was|were|has been|have been) (?:successfully )?(?:delivered|relayed) (?:to|successfully)|\bsuccessful(?:ly)? (?:mail )?deliver"
    r"|delivery status notification \(success\)|return receipt|to these recipients or groups is complete"
)
#: After all: whatever went wrong before is over.
_DELIVERED_NOW = re.compile(
    r"\b(?:has|have) (?:now|since|finally|meanwhile|in the meantime) been (?:successfully )?delivered"
    r"|\b(?:was|were) (?:then|finally|eventually|later) (?:successfully )?delivered|\bdelivered after all\b"
    r"|\b(?:inzwischen|mittlerweile|doch noch|nun) (?:erfolgreich )?zugestellt|\balsnog (?:bezorgd|afgeleverd)"
    r"|(?:depuis|finalement) été (?:remis|distribué|délivré)|finalmente (?:entregad|consegnat|recapitat)"
)
_DELIVERED_ABROAD = re.compile("|".join(map(re.escape, SUCCESSES)))
_DELAYED_ABROAD = re.compile("|".join(map(re.escape, DELAYS)))
#: Right before a promise to go on, what makes it one to stop.
_NO_MORE = re.compile(r"(?:\b(?:no(?: se)?|não|nao|non|nicht|niet|nie|не|inte|ikke)|不|不再|不会再|不會再) ?$")
#: A denial, and no more than the words of one sentence behind it.
_DENIED = re.compile(rf"(?:\b(?:{'|'.join(DENIALS)})\b|\bn')[^.:!?]{{0,80}}$")
#: Where sentences end, in either script; the point of a name or a number is followed by no blank.
_SENTENCE_END = re.compile(r"[.!?] |[。！？]")
_OF_MAIL = re.compile(
    r"mail|message|nachricht|bericht|messag|mensaje|mensag|wiadomo|ileti|posta|письм|сообщ|メール|邮件|郵件|信|메일|메시지"
)
_OF_GOODS = re.compile(
    r"parcel|package|shipment|courier|paket|colis|paquete|pacco|przesyłk|kargo|посылк|荷物|包裹|택배"
)
#: Abbreviations with which somebody answers a mail, and with which they pass one on.
_ANSWERS = "re|aw|sv|antw(?:ort)?|reply|rif|res|r|réf?|rép|odp|ynt|yanıt|vá|atb|bls|απ|σχετ|回复|答复|回覆"
_FORWARDS = "fwd?|wg|weitergeleitet|weiterleitung|tr|rv|enc|i|vb|vl|vs|pd|i̇?lt|továbbítás|πρθ|doorst|转发|轉寄"
_ANSWER_MARK = re.compile(rf"\s*(?:{_ANSWERS}|{_FORWARDS})(?:\s*\[\d+\])?\s*[:：]")
_FORWARD_MARK = re.compile(rf"\s*(?:{_FORWARDS})(?:\s*\[\d+\])?\s*[:：]")

#: Outlook's head of the mail that is answered; its next line says when that was sent.
_QUOTES_BELOW = re.compile(
    r"^[ \t*_]{0,8}(?:from|von|de|da|van|fra|från|od|от|发件人|寄件者|差出人|보낸 사람)[ *]{0,3}[:：][^\n]{1,300}\n{1,2}[ \t*]{0,8}"
    r"(?:sent|gesendet|envoyé|enviado|inviato|verzonden|sendt|skickat|wysłano|odesláno|отправлено|date|datum|发送时间|寄件日期|送信日時|보낸 날짜)"
    r"[ *]{0,3}[:：]",
    re.IGNORECASE | re.MULTILINE,
)
#: What a tracker of issues or tickets puts in front: "[Jira] (OPS-77) Undeliverable mails", "[#1234] …".
_TRACKED = re.compile(r"[^:]{0,40}?[\[(](?:[a-z][a-z0-9]{1,9}-|#)\d{1,9}[\])]")

#: A filter's list of what it keeps for us, sent in the postmaster's name: it says of others' mail what bounces say of ours.
_DIGEST = re.compile(
    r"(?:quarantine|spam|junk|user)[ -](?:e?mail[ ])?(?:summary|digest|report)|\bdigest\b|quarantine notification"
    r"|(?:messages?|e-?mails?) (?:on hold|held|in (?:your )?(?:spam )?quarantine)|(?:held|quarantined) (?:messages?|e-?mails?)"
    r"|\d new messages|quarantänebericht|spam-?bericht|quarantaine|\bqueue (?:report|status|summary)\b"
    r"|\bmail (?:server )?statistics\b|\b(?:mail|daily|weekly|monthly) (?:summary|report)\b"
)
#: What a mail server reports to its own postmaster about others' mail: Exim's frozen messages, amavis's findings, and
#: the sessions of those who wrote to Postfix (where somebody of ours did, `PostfixSession` says so).
_OPERATORS = re.compile(
    r"^message \S{1,40} (?:has been )?frozen\b|\bsmtp server: errors from\b|\b(?:virus|infected|banned|spam|spammy|bad-header|unchecked)\b[^\n]{0,200}"
    r"\bin mail (?:from\b(?! you\b)|to you\b)"
)
#: A list manager's word that its mail to *us* bounces (mlmmj, ezmlm, Mailman, web groups).
_MAIL_TO_US = re.compile(
    r"\b(?:messages?|posts?|(?:e-?)?mails?) (?:sent )?to you\b[^.;!?]{0,80}\b(?:bounc|could not|couldn't|fail|return)"
    r"|\b(?:messages?|(?:e-?)?mails?) (?:from \S{1,80} )?to you (?:was|were|has been|have been) (?:reject|refus|block|stopp)"
    r"|your (?:list )?(?:membership|subscription)\b[^;!?]{0,160}\b(?:disabled|suspended|removed|cancell?ed)\b[^;!?]{0,160}\bbounc"
    r"|\bbounc\w{0,3} (?:messages? )?(?:from|of) your (?:e-?mail )?(?:address|account)\b"
    r"|\byour (?:e-?mail )?(?:address|account) (?:is|was|has been|seems to be) bouncing"
    r"|\b(?:messages?|(?:e-?)?mails?) (?:sent |addressed )?to you from\b|\bincoming (?:messages?|(?:e-?)?mails?)\b"
)
#: What has become of a mail that is neither back nor lost.
_STILL_HERE = re.compile(
    r"\b(?:was delivered|were delivered|(?:has|have) been delivered|held|on hold|waits?|waiting|released?|quarantin\w{0,3}|(?:in|into) quarantäne)\b"
)
#: What has not happened yet: "you will be notified if the message is rejected", "from April it will be rejected".
_ONLY_IF = re.compile(
    r"\b(?:will|would|may|might) be $|"
    r"\b(?:(?:notified|notify you|informed|inform you|told|tell you|let you know) (?:if|when|in case|should)"
    r"|may still receive notifications of)\b[^.;!?]{0,60}$"
)
#: A reply that refuses (RFC 5321 4.2), and no size or sum of 500.
_REFUSAL = re.compile(r"(?<![\d.])5(?:0[1-5]|[2457]\d|3[0-5])[ -](?:5\.\d{1,3}\.\d|#?5\.\d|<|[^\W\d_]{3})")
#: What a bounce says in its own words and a list of what is kept for us does not.
_OF_OURS = re.compile(
    r"your (?:e-?mail|message|mail)\b[^;!?]{0,80}\b(?:rejected|blocked|refused|returned|not|n't|fail)|(?:could|can|was|were)(?: not|n't) (?:be )?deliver"
    r"|(?:un|in)able to deliver|able to deliver your|permanent (?:fatal|delivery) error"
)
#: Names of senders that only report on mail.
_REPORTERS = (
    "mailer-daemon", "mailer daemon", "mailerdaemon", "mail delivery", "mail deliver system", "mail system", "postmaster",
    "post_master", "post master", "mail administrator", "system administrator", "microsoftexchange", "mail server", "mail router",
    "delivery subsystem", "delivery system", "content-filter", "mdaemon", "mail gateway", "mail service", "antivirus gateway",
)  # fmt: skip
#: Names of senders that may be a machine of any sort.
_MACHINES = (
    "bounce",
    "no-reply",
    "noreply",
    "auto-notify",
    "complaints@",
    "mail@",
    "administrator",
    "sysadmin",
    "daemon",
)
#: Services that do nothing else than to ask.
_CHALLENGERS = ("@boxbe.com", "@spamarrest.com")
_AUTOREPLY_HEADERS = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-ms-exchange-inbox-rules-loop", "x-zendesk-ticket",
)  # fmt: skip
#: What Exchange and Gmail add where a rule of a mailbox passes a mail on.
_FORWARD_HEADERS = (
    "x-ms-exchange-inbox-rules-loop",
    "x-ms-exchange-forwardingloop",
    "x-forwarded-to",
    "x-forwarded-for",
)
_LIST_HEADERS = ("list-id", "list-unsubscribe", "list-post")
_PERSONAL_HEADERS = ("in-reply-to", "user-agent", "x-mailer", *_LIST_HEADERS)

#: What each of these tables and patterns needs, looked for in one pass over the subject and the opening words.
_MAY_SAY_BOUNCE = OPENING.add(re2_pattern(_BOUNCE_OPENING))
_MAY_SAY_BOUNCE_ABROAD = OPENING.add(any_of(BOUNCE_OPENINGS))
_MAY_BE_CHALLENGE = OPENING.add(any_of(CHALLENGES))
_SAYS_DELAY = OPENING.add(any_of(DELAYS))
_MAY_SAY_DELAY = OPENING.add(re2_pattern(_DELAYED))
_MAY_SAY_DELIVERED = OPENING.add(f"{re2_pattern(_DELIVERED)}|{re2_pattern(_DELIVERED_NOW)}|{any_of(SUCCESSES)}")

_OPENING = 2000


def _opening(message: Message) -> str:
    """The first of the server's own words, in lower case on one line."""
    if message.opening is None:
        words = own_words(message)[: 2 * _OPENING]
        if is_answer(message) or not from_reporter(message):
            # What somebody answers to is another's word, a bounce's perhaps.
            quote = _QUOTES_BELOW.search(words)
            words = words[: quote.start()] if quote else words
            words = "\n".join(line for line in words.split("\n") if not line.startswith(">"))
        message.opening = one_line(words).lower().replace("\u2019", "'")[:_OPENING]
    return message.opening


def _spoken(message: Message) -> frozenset[int]:
    """Which marks of `marks.OPENING` stand in the subject and the opening words."""
    if message.spoken is None:
        message.spoken = OPENING.found(f"{message.subject()} {_opening(message)}")
    return message.spoken


def _holds(text: str, phrases: tuple[str, ...]) -> bool:
    return any(phrase in text for phrase in phrases)


@lru_cache(maxsize=4096)
def _subject_says(subject: str) -> bool:
    return bool(_BOUNCE_SUBJECT.search(subject)) or _holds(subject, BOUNCE_SUBJECTS)


@lru_cache(maxsize=4096)
def _is_operators(subject: str) -> bool:
    return bool(_OPERATORS.search(subject))


@lru_cache(maxsize=4096)
def _is_digests(subject: str) -> bool:
    return bool(_DIGEST.search(subject))


def _says_failed(text: str) -> bool:
    """Whether words of a failure stand there that are no promise to tell of one."""
    return any(not _ONLY_IF.search(text[max(m.start() - 100, 0) : m.start()]) for m in _BOUNCE_OPENING.finditer(text))


def _opening_says(message: Message) -> bool:
    spoken, opening = _spoken(message), _opening(message)
    return (_MAY_SAY_BOUNCE in spoken and _says_failed(opening)) or (
        _MAY_SAY_BOUNCE_ABROAD in spoken and _holds(opening, BOUNCE_OPENINGS)
    )


def from_reporter(message: Message) -> bool:
    """Whether a mail server sent it: to the envelope sender, in nobody's name, or in its own."""
    address = message.sender()
    if address and is_robot(address):
        return True
    if (
        message.get("return-path") in {"<>", "<MAILER-DAEMON>", "MAILER-DAEMON"}
        or "x-failed-recipients" in message.fields
    ):
        return True
    return not address or _holds(message.words("from").lower(), _REPORTERS)


def _from_machine(message: Message) -> bool:
    return from_reporter(message) or _holds(message.words("from").lower(), _MACHINES)


def _in_a_persons_name(message: Message) -> bool:
    """Whether the sender is neither a server nor any other machine, from the null sender though it may be."""
    name = message.words("from").lower()
    return not is_robot(message.sender()) and not _holds(name, _REPORTERS) and not _holds(name, _MACHINES)


def is_answer(message: Message) -> bool:
    """Whether the subject is that of a mail which this one answers or passes on: it says nothing of this one."""
    return _ANSWER_MARK.match(message.subject()) is not None


def is_reply(message: Message) -> bool:
    """Whether the subject is that of a mail which this one answers, and does not only pass on."""
    return is_answer(message) and _FORWARD_MARK.match(message.subject()) is None


def is_forward(message: Message) -> bool:
    """Whether the subject says that this one passes another mail on."""
    return _FORWARD_MARK.match(message.subject()) is not None


def is_from_a_list(message: Message) -> bool:
    """Whether a mailing list has sent it, by its headers (RFC 2919, RFC 2369)."""
    return any(name in message.fields for name in _LIST_HEADERS)


def is_mail_systems(message: Message) -> bool:
    """Whether it says that a mail server wrote it, by the name or the address that it is from."""
    return is_robot(message.sender()) or _holds(message.words("from").lower(), _REPORTERS)


def is_passed_on_to_us(message: Message) -> bool:
    """Whether somebody of our own company, or a rule of a mailbox, sent on what came to them; no answer is that."""
    if is_mail_systems(message) or is_reply(message) or is_from_a_list(message):
        return False
    by_a_rule = any(name in message.fields for name in _FORWARD_HEADERS)
    by_a_rule = by_a_rule or message.get("auto-submitted").lower().startswith("auto-generated")
    return by_a_rule or related(_domain(message.sender()), _domain(from_header(message.get("to"))))


def is_a_persons(message: Message) -> bool:
    """Whether somebody answered or forwarded: such a mail may carry all of a bounce and is none."""
    return not _from_machine(message) and (is_answer(message) or _written_by_person(message))


def is_autoreply(message: Message) -> bool:
    """An automatic answer of a person's mailbox or a help desk (RFC 3834), by its headers or its subject."""
    fields = message.fields
    if any(name in fields for name in _AUTOREPLY_HEADERS):
        return True
    subject = message.subject()
    if _is_an_autoreplys(subject):
        # Some servers answer under our own subject.
        return not (is_robot(message.sender()) and _opening_says(message))
    if "oof" in message.get("x-auto-response-suppress").lower().split():
        return not _subject_says(subject)
    if message.get("precedence").lower() in {"auto_reply", "auto-reply"}:
        return not _subject_says(subject)
    automatic = message.get("auto-submitted").lower()
    if not automatic.startswith("auto-"):
        return False
    # From the null sender, as RFC 3834 wants it: who has left the company says that too, and whom to write to instead.
    in_a_persons = automatic.startswith("auto-replied") and _in_a_persons_name(message)
    in_a_persons = in_a_persons and not has_reply(_opening(message))
    if _subject_says(subject):
        return in_a_persons and not _opening_says(message)
    return in_a_persons or not from_reporter(message)


def is_null_answer(message: Message) -> bool:
    """Whether a machine answered for a person, without saying so: "Re:" in a person's name, from the null sender.

    Programs such as qmail-autoresponder send so; asked of what is no bounce.
    """
    return (
        message.get("return-path") == "<>"
        and bool(message.sender())
        and not is_robot(message.sender())
        and is_answer(message)
    )


@lru_cache(maxsize=4096)
def _is_an_autoreplys(subject: str) -> bool:
    at = 0
    while mark := _ANSWER_MARK.match(subject, at):
        at = mark.end()
    topic = subject[at:]
    return topic.lstrip(" [").startswith(AUTOREPLY_SUBJECTS) or topic.lstrip().startswith(AUTOREPLY_SUBJECTS)


def is_challenge(message: Message) -> bool:
    """A question back to the sender before the mail is let through; not a bounce of one, which shows its subject."""
    if message.sender().lower().endswith(_CHALLENGERS):
        return True
    if _MAY_BE_CHALLENGE not in _spoken(message):
        return False
    subject = message.subject()
    asks = _holds(subject, CHALLENGES) or _holds(_opening(message), CHALLENGES)
    return asks and not (_subject_says(subject) and _opening_says(message))


def is_bounce_like(message: Message) -> bool:
    """Whether a machine wrote this about a mail that it could not deliver."""
    if message.bounce_like is None:
        message.bounce_like = _is_bounce_like(message)
    return message.bounce_like


def is_about_mail_to_us(message: Message) -> bool:
    """Whether a list manager says that its own mail to us came back: nobody whom we wrote to has failed."""
    return _MAIL_TO_US.search(_opening(message)) is not None


def _is_bounce_like(message: Message) -> bool:
    if "x-failed-recipients" in message.fields:
        return True
    subject = message.subject()
    if _is_operators(subject) or is_about_mail_to_us(message):
        return False
    if _is_digests(subject) and not _subject_says(subject):
        # Where a server answers under our own subject, a "weekly digest" may be ours.
        if not from_reporter(message) or any(name in message.fields for name in _LIST_HEADERS):
            return False
        told = _opening(message)
        return has_reply(told) and _OF_OURS.search(told) is not None and _opening_says(message)
    if from_reporter(message):
        if is_answer(message) and _in_a_persons_name(message) and not has_reply(_opening(message)):
            # A mailbox's answer: who is away says too that nobody reads or gets our mail.
            return False
        # Under "Re:" the subject is that of our mail, or of a bounce that a postmaster was asked about.
        says = (_subject_says(subject) and not is_answer(message)) or _opening_says(message) or is_delay(message)
        return says or _brings_it_back(message)
    if is_answer(message) or _written_by_person(message) or not _subject_says(subject):
        return False
    if _TRACKED.match(subject) or _is_our_own_machines(message):
        return False
    # Nothing but the subject speaks for it so far: shops, parcel services and monitors write such subjects too.
    opening = _opening(message)
    both = f"{subject} {opening}"
    named = find_addresses(opening)
    others = _others(named, message)
    if has_reply(opening):
        # Invoices have numbers, too.
        return (bool(others) or not named) and ("deliver" in both or _OF_MAIL.search(both) is not None)
    ours = from_header(message.get("to")).lower()
    return (
        any(address.lower() != ours for address in named)
        and _opening_says(message)
        and bool(_OF_MAIL.search(both))
        and not _OF_GOODS.search(both)
    )


def _is_our_own_machines(message: Message) -> bool:
    """Whether it is from an address of our own domain that takes answers: a monitor, and no mail system's bounce."""
    ours = _domain(from_header(message.get("to")))
    came_from = _domain(from_header(message.get("return-path")))
    return related(came_from, ours) and related(_domain(message.sender()), ours)


def _others(addresses: list[str], message: Message) -> list[str]:
    """Those that are at no domain of ours."""
    ours = _domain(from_header(message.get("to")))
    return [address for address in addresses if not same(_domain(address), ours)]


def _domain(address: str) -> str:
    return address.lower().rpartition("@")[2]


def _brings_it_back(message: Message) -> bool:
    """Whether a server, in words that no table here has, gives a reply about somebody or returns what they were sent."""
    if message.get("return-path") != "<>" or not is_robot(message.sender()) or is_answer(message):
        return False
    opening = _opening(message)
    # A server shows its postmaster the session of somebody who writes to us.
    told = [one for one in _others(find_addresses(opening), message) if f"from:<{one}" not in opening]
    if not told:
        return False
    returned = {address.lower() for address in find_original(message).recipients}
    return _REFUSAL.search(opening) is not None or not returned.isdisjoint(told) or _says_why(opening, told, message)


def _says_why(text: str, addresses: list[str], message: Message) -> bool:
    """Whether a sentence gives a reason for which nobody gets a mail: "the recipient's mailbox is full"."""
    alone = _stands_alone(addresses, message)
    return any(
        (_holds(sentence, recipients) or (alone and _holds(sentence, things))) and _holds(sentence, predicates)
        for sentence in _SENTENCE_END.split(text)
        for recipients, things, predicates in _reasons()
    )


@cache
def _reasons() -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Of each language: words for those whom a mail was for, for the things of a mail, and for what is said of them."""
    table = load_toml(data_folder("rules") / "notices.toml")
    return tuple(tuple(tuple(row[name]) for name in ("recipients", "things", "says")) for row in table.values())


def _stands_alone(addresses: list[str], message: Message) -> bool:
    """Whether one of these addresses has a line of its own, or one "To:": in a sentence it may be anybody's."""
    lines = own_words(message)[: 2 * _OPENING].lower().split("\n")
    alone = {_TO.sub("", line).strip(_AROUND_ADDRESS) for line in lines if "@" in line}
    return not alone.isdisjoint(addresses)


_TO = re.compile(r"^[ \t]*(?:to|an|à|para|aan|do|кому|宛先|收件人|收件者|받는 사람|kime)[ \t]*[:：]")
_AROUND_ADDRESS = " \t<>[]()\"'*\u2022:;,.-"


def is_from_the_mailbox(message: Message) -> bool:
    """Whether the envelope is from a mailbox in whose server's name the mail speaks: its own program wrote it."""
    if "in-reply-to" in message.fields:
        # A postmaster's own answer is from a mailbox, too.
        return False
    writer = from_header(message.get("return-path"))
    beside = related(_domain(writer), _domain(message.sender()))
    return beside and is_robot(message.sender()) and not is_robot(writer) and not _is_our_own_machines(message)


def may_tell_of_failure(message: Message) -> bool:
    """Whether somebody else's mail system wrote to the envelope sender about an address, for all these tables know.

    Asked of what is no bounce by its words: whether it gives a reason is for those to say who know reasons. Our own
    system speaks in such words of mail to us.
    """
    null = message.get("return-path") == "<>" or is_from_the_mailbox(message)
    if not null or not is_mail_systems(message) or is_answer(message):
        return False
    if related(_domain(message.sender()), _domain(from_header(message.get("to")))):
        return False
    subject = message.subject()
    if _is_operators(subject) or _is_digests(subject) or is_about_mail_to_us(message):
        return False
    return not (
        any(name in message.fields for name in _LIST_HEADERS)
        or is_delay(message)
        or is_success(message)
        or _STILL_HERE.search(_opening(message))
    )


def names_nobody_but(addresses: frozenset[str], message: Message) -> bool:
    """Whether the opening words name one of these (in lower case), and of others only us and machines."""
    named = {one.lower() for one in _others(find_addresses(_opening(message)), message) if not is_robot(one)}
    return bool(named) and named <= addresses


def _written_by_person(message: Message) -> bool:
    return any(name in message.fields for name in _PERSONAL_HEADERS)


def is_delay(message: Message) -> bool:
    """A notice that the server keeps trying (no recipient has failed yet)."""
    spoken = _spoken(message)
    if _SAYS_DELAY not in spoken and _MAY_SAY_DELAY not in spoken:
        return False
    words = f"{message.subject()} {_opening(message)}"
    if any(not _NO_MORE.search(words[max(m.start() - 12, 0) : m.start()]) for m in _DELAYED_ABROAD.finditer(words)):
        return True
    rest, found = _DELAYED.subn(" ", words)
    return bool(found) and (not _GAVE_UP.search(rest) or bool(_STRONG_DELAY.search(words)))


def is_success(message: Message) -> bool:
    """A notice that the mail was delivered, and to nobody that it was not."""
    if _MAY_SAY_DELIVERED not in _spoken(message):
        return False
    told = f"{message.subject()} {_opening(message)[:1000]}"
    return _DELIVERED_NOW.search(told) is not None or (_says_delivered(told) and not tells_of_failure(message))


def _says_delivered(text: str) -> bool:
    if _DELIVERED.search(text):
        return True
    return any(not _DENIED.search(text[max(m.start() - 100, 0) : m.start()]) for m in _DELIVERED_ABROAD.finditer(text))


def is_read_receipt(message: Message) -> bool:
    """A read receipt in words alone, without the notification of RFC 8098."""
    return (
        message.subject().startswith(RECEIPT_SUBJECTS)
        and not any(name in message.fields for name in _LIST_HEADERS)
        and _holds(_opening(message), RECEIPTS)
    )


def is_receipt(message: Message) -> bool:
    """A mail server's notice that a mail was delivered, asked of what names nobody who failed."""
    if not from_reporter(message) or not is_success(message):
        return False
    return "@" in _opening(message) or _OF_MAIL.search(_opening(message)) is not None


def tells_of_failure(message: Message) -> bool:
    """Whether the opening words tell of a failure anywhere but in our own subject, where they show it."""
    if not _opening_says(message):
        return False
    lines = own_words(message)[: 2 * _OPENING].splitlines()
    told = one_line(" ".join(line for line in lines if not DESCRIPTION.match(line))).lower().replace("\u2019", "'")
    return _says_failed(told) or _holds(told, BOUNCE_OPENINGS)
