"""What sort of mail this is, told from its headers and its opening words.

RFC 3834 (automatic responses), RFC 8098 (read receipts), and the habits of servers that follow neither. A bounce is
written by a machine to the envelope sender: without a sign of that, a mail is never one, whatever it quotes.
"""

from __future__ import annotations

import re

from analyzer.parsing.addresses import from_header, is_robot
from analyzer.parsing.message import Message
from analyzer.parsing.copies import own_words

_AUTO_SUBJECT = re.compile(
    r"""(?ix)
    ^(?:\s*(?:re|aw|sv|fwd?|antw)\s*:)* \s*
    (?:\[?auto(?:matic|mated|matisk|matique|matische|mática|matica)?[ -]?(?:reply|response|répons\w+|antwor[td]\w*|svar|risposta|respuesta|resposta)
      |auto[ :-]|out[ ]of[ ](?:the[ ])?office|ooo\b|away[ ]from|i[ ]am[ ](?:currently[ ])?(?:out|away|on[ ]leave)|on[ ]vacation|vacation
      |abwesen|abwezig|réponse[ ]automatique|absence|absent|absen[cz]a|respuesta[ ]autom|resposta[ ]autom|risposta[ ]automatica
      |fuera[ ]de|fuori[ ]sede|fora[ ]do|automaattinen|automatický|odpowiedź[ ]auto|автоответ|автоматический|自動応答|自動返信|不在|自动回复|自動回覆|부재
      |ticket[ ]\#|\[ticket|we[ ](?:have[ ])?received[ ]your|thank[ ]you[ ]for[ ](?:your|contacting)|eingangsbestätigung|otomatik[ ]yan)"""
)
_CHALLENGE = re.compile(
    r"(?i)please (?:confirm|verify) (?:that you sent|your (?:e-?mail|message|identity))|challenge.?response|confirm your (?:e-?mail|message) (?:to|by)"
    r"|sender verification required|your message (?:is|was) (?:being )?held (?:until|pending) (?:you )?confirm|\bTMDA\b|boxbe|spamarrest"
)
_BOUNCE_SUBJECT = re.compile(
    r"""(?ix)
    undeliver|not[ ]delivered|undelivered|returned[ ](?:mail|e-?mail|message|to[ ]sender)|delivery[ ](?:status|fail|notif|problem|error|report|incomplete|has[ ]failed)
    |(?:e?mail|message)[ ](?:delivery|system)[ ](?:fail|error|problem|notif|status)|fail(?:ure|ed)[ ](?:notice|delivery|mail)|mail[ ](?:failure|error|undeliver|could[ ]not|delivery)
    |could[ ]not[ ]be[ ]deliver|cannot[ ]be[ ]deliver|can't[ ]be[ ]deliver|non[ -]?(?:delivery|remis|livr)|\bndr\b|\bdsn\b|bounce|rejected|unzustellbar|unzustell|nicht[ ]zugestellt
    |zustellung|rückläufer|non[ ]remis|échec|impossible[ ]de[ ]remettre|remise[ ]impossible|no[ ]se[ ]puede[ ]entregar|no[ ]entregado|devuelto|devolvid|não[ ](?:é|foi|pôde)
    |mancato[ ]recapito|mancata[ ]consegna|non[ ]recapitabile|onbestelbaar|niet[ ](?:bezorgd|verzonden)|nie(?:doręcz|[ ]można)|olevererbart|kan[ ]inte[ ]lev|ei[ ]voitu
    |не[ ]доставлен|недоставлен|ошибк[аи][ ]доставк|возвращ|не[ ]может[ ]быть[ ]доставлен|配信|送信でき|送信エラー|メールエラー|不達|エラー通知|返送|退信|退件|无法(?:投递|送达|发送)|無法(?:投遞|傳遞|傳送)|未能(?:投|送)|投递失败|遞送失敗
    |배달|반송|전송[ ]실패|iletilemedi|teslim[ ]edilemedi|nedoruč|kézbesít|problem[ ]delivering|recipient[ ]unknown|user[ ]unknown|unknown[ ]user|address[ ]not[ ]found|message[ ]blocked|warning:[ ]could[ ]not"""
)
_BOUNCE_OPENING = re.compile(
    r"""(?ix)
    (?:could|can|was|were|did|has|have)[ ]?(?:not|n't|not[ ]yet)[ ](?:be[ ]|been[ ]|yet[ ]been[ ])?(?:deliver|reach|sent|relayed|accept)
    |(?:un|in)able[ ]to[ ](?:be[ ])?(?:deliver|relay|send)|deliver\w*[ ](?:(?:to[ ]the[ ]following|of|has|your)[ ]\w*[ ]?){0,4}(?:fail|error|problem)|fail(?:ed|ure)[ ](?:to[ ]deliver|permanently)
    |wasn't[ ]able[ ]to[ ]deliver|not[ ]delivered|undeliverable|returned[ ]to[ ](?:you|the[ ]sender)|permanent(?:[ ]fatal)?[ ]error|delivery[ ]problems|rejected|failure[ ]reasons
    |nicht[ ]zugestellt|n'a[ ]pas[ ]pu|no[ ]se[ ]pudo[ ]entregar|non[ ]è[ ]stato[ ]possibile|не[ ]может[ ]быть[ ]доставлен|не[ ]удалось|送信でき|届きません|配信でき|无法|無法|não[ ]pôde|niet[ ](?:worden[ ])?(?:afgeleverd|bezorgd)"""
)
_DELAYED = re.compile(
    r"""(?ix)
    warning[ ]message[ ]only|do[ ]not[ ]need[ ]to[ ]re-?send|you[ ]do[ ]not[ ]need[ ]to|no[ ]action[ ]is[ ]required[ ]on[ ]your[ ]part|(?:has|have|is|was)[ ](?:been[ ])?delayed|will[ ](?:continue|keep|be)[ ](?:to[ ])?(?:try|retr)
    |not[ ]yet[ ]been[ ]delivered|delivery[ ](?:attempts[ ]will[ ]continue|will[ ]be[ ](?:attempted|retried)|to[ ]the[ ]following[ ]recipients?[ ]has[ ]been[ ]delayed|status[ ]notification[ ]\(delay\))
    |still[ ](?:being[ ])?(?:retry|trying|in[ ]the[ ]queue)|wird[ ]weiterhin[ ]versuch|verzögert|zugestellt[ ]werden[ ]noch|temporary[ ]problem[ ]delivering"""
)
_GAVE_UP = re.compile(
    r"(?i)giv(?:en|ing) up|gave up|permanent|expired|(?:could|cannot|can't|was|were)(?: not|n't)? (?:be )?delivered (?:for|within|after)|will not (?:be )?(?:retr|try)|no further|too long|failed"
)
_DELIVERED = re.compile(
    r"(?i)(?:was|were|has been|have been) (?:successfully )?(?:delivered|relayed) (?:to|successfully)|successful(?:ly)? (?:mail )?deliver|delivery status notification \(success\)|return receipt"
)


def _from_machine(message: Message) -> bool:
    sender = from_header(message.get("from"))
    if sender and is_robot(sender):
        return True
    if (
        message.get("return-path") in {"<>", "<MAILER-DAEMON>", "MAILER-DAEMON"}
        or "x-failed-recipients" in message.fields
    ):
        return True
    words = message.words("from").lower()
    return not sender or any(word in words for word in _MACHINE_NAMES)


_MACHINE_NAMES = (
    "mailer-daemon",
    "mailer daemon",
    "mail delivery",
    "mail system",
    "postmaster",
    "mail administrator",
    "system administrator",
    "microsoftexchange",
    "mail server",
    "mail router",
    "delivery subsystem",
    "delivery system",
    "bounce",
    "content-filter",
    "auto-notify",
    "complaints@",
    "no-reply",
    "noreply",
    "mdaemon",
    "mail@",
    "administrator",
    "mail gateway",
)


def is_a_persons(message: Message) -> bool:
    """Whether somebody answered or forwarded: such a mail may carry all of a bounce and is none."""
    return not _from_machine(message) and bool(
        _ANSWER_SUBJECT.match(message.words("subject")) or _written_by_person(message)
    )


def is_autoreply(message: Message) -> bool:
    """An automatic answer of a person's mailbox or a help desk (RFC 3834), by its headers or its subject."""
    fields = message.fields
    auto = message.get("auto-submitted").lower()
    if any(
        name in fields
        for name in (
            "x-autoreply",
            "x-autorespond",
            "x-autoresponder",
            "x-auto-reply",
            "x-ms-exchange-inbox-rules-loop",
        )
    ):
        return True
    if (
        message.get("precedence").lower() in {"auto_reply", "auto-reply"}
        or "oof" in message.get("x-auto-response-suppress").lower().split()
    ):
        return not _BOUNCE_SUBJECT.search(message.words("subject"))
    subject = message.words("subject")
    if _AUTO_SUBJECT.search(subject):
        return True
    return auto.startswith("auto-replied") and not _from_machine(message)


def is_challenge(message: Message) -> bool:
    """A question back to the sender before the mail is let through."""
    return bool(_CHALLENGE.search(message.words("subject")) or _CHALLENGE.search(message.plain_text()[:2000]))


def is_bounce_like(message: Message) -> bool:
    """Whether a machine wrote this about a mail that it could not deliver."""
    subject = message.words("subject")
    subject_says = bool(_BOUNCE_SUBJECT.search(subject))
    if _ANSWER_SUBJECT.match(subject) and not _from_machine(message):
        return False
    if "x-failed-recipients" in message.fields:
        return True
    if not (_from_machine(message) or (subject_says and not _written_by_person(message))):
        return False
    return subject_says or bool(_BOUNCE_OPENING.search(own_words(message.plain_text())[:4000]))


_ANSWER_SUBJECT = re.compile(r"(?i)\s*(?:re|aw|sv|antw|fwd?|wg)\s*:")


def _written_by_person(message: Message) -> bool:
    return any(
        name in message.fields for name in ("in-reply-to", "user-agent", "x-mailer", "list-id", "list-unsubscribe")
    )


def is_delay(message: Message) -> bool:
    """A notice that the server keeps trying (no recipient has failed yet)."""
    subject, words = message.words("subject"), own_words(message.plain_text())[:4000]
    if not (_DELAYED.search(subject) or _DELAYED.search(words)):
        return False
    return not _GAVE_UP.search(_DELAYED.sub(" ", words)) or bool(_STRONG_DELAY.search(subject + "\n" + words))


_STRONG_DELAY = re.compile(
    r"(?i)warning message only|\(delay\)|do not need to re-?send|delivery attempts will continue|no action is required"
)


def is_success(message: Message) -> bool:
    """A notice that the mail was delivered."""
    return bool(_DELIVERED.search(message.words("subject") + "\n" + own_words(message.plain_text())[:1000]))
