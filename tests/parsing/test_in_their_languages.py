"""What a mail server says in its own language, under our subject and without a code: a failure, or that it still tries."""

from __future__ import annotations

import pytest
from messages import ORIGINAL, notice

from analyzer.parsing import read_message

FAILED = {
    "de": ("Ihre Nachricht wurde vom Empfängerserver abgelehnt.", "Zustellung an folgende Adressen ist fehlgeschlagen:"),
    "nl": ("Het bericht kan niet worden afgeleverd.", "De bezorging is mislukt.", "Uw e-mail is geweigerd."),
    "fr": ("Votre message n\u2019a pu être délivré :", "La remise a échoué.", "Nous n'avons pas pu livrer votre courriel."),
    "es": ("Su mensaje no ha podido ser entregado.", "Su correo fue rechazado.", "Error al entregar el mensaje."),
    "pt": ("Mensagem não pode ser entregue.", "Nao foi possivel entregar sua mensagem.", "Sua mensagem foi recusada."),
    "it": ("Il messaggio non può essere consegnato.", "Mancata consegna a:", "Il messaggio è stato respinto."),
    "pl": ("Twoja wiadomość nie dotarła do adresata.", "Wiadomosc nie zostala dostarczona.", "List nie został doręczony."),
    "cs": ("Zprávu nelze doručit.", "Doručení zprávy selhalo."),
    "hu": ("A kézbesítés nem sikerült a következő címzetteknek:",),
    "no": ("Levering til disse mottakerne eller gruppene mislyktes:",),
    "tr": ("Mesajınız alıcıya ulaştırılamadı.", "Mesajınız gönderilemedi.", "E-postanız sunucu tarafından reddedildi."),
    "ru": ("Ваше письмо не было доставлено адресату.", "Невозможно доставить сообщение.", "Письмо отклонено сервером."),
    "ja": ("お送りいただいたメールは配送できませんでした。", "宛先不明のため、メールをお返しします。", "送信に失敗しました。"),
    "zh": ("您的邮件被退回。", "您的郵件無法寄送給下列收件者:", "您发送的邮件被对方服务器拒收。"),
    "ko": ("메일 발송이 실패하였습니다.", "보내신 메일이 반송되었습니다.", "메일을 전달할 수 없습니다."),
    "en": ("The following recipients did NOT receive a copy of your message:", "Undelivered mail follows.", "Your message bounced."),
}  # fmt: skip
WAITS = {
    "de": ("Ihre Nachricht konnte bisher nicht zugestellt werden. Es werden weitere Zustellversuche unternommen.",),
    "nl": ("Uw bericht kon nog niet worden bezorgd. De server blijft het proberen.",),
    "fr": ("Votre message n'a pas pu être délivré depuis 4 heures. Le serveur continuera d'essayer pendant 5 jours.",),
    "es": ("El mensaje todavía no se ha entregado. El servidor lo reintentará.",),
    "pt": ("Sua mensagem ainda não pôde ser entregue. O servidor continuará tentando por 5 dias.",),
    "it": ("Il messaggio non ha potuto essere consegnato per 4 ore. Verranno effettuati altri tentativi.",),
    "pl": ("Nie udało się jeszcze dostarczyć wiadomości. Próby będą kontynuowane.",),
    "tr": ("İletiniz henüz teslim edilemedi. Sunucu 5 gün boyunca denemeye devam edecek.",),
    "ru": ("Это только предупреждение: не удалось доставить в течение 4 часов.", "Письмо ещё не доставлено."),
    "ja": ("これは警告です。メールを再送する必要はありません。4時間配信できませんでした。",),
    "zh": ("邮件暂时无法送达，系统将在5天内重试。",),
    "ko": ("메일이 아직 전달되지 않았습니다. 서버가 계속 시도합니다.",),
    "en": (
        "Your message could not be delivered for more than 4 hour(s).\nIt will be retried until it is 5 day(s) old.",
        "Your message has not been delivered yet. We will try again for 5 days.",
        "Your message is delayed: I will keep trying.\n\n192.0.2.1 failed after I sent the message.\nRemote host said: 451 4.3.0 later",
    ),
}
SUBJECTS = (
    "Nachricht abgelehnt", "Échec d'envoi", "Entrega fallida", "Erro na entrega", "Consegna fallita",
    "Aflevering mislukt", "Zwrot poczty", "Возврат письма", "Teslimat hatası", "İletilmeyen posta", "メール配送エラー",
    "郵件傳送失敗", "발송실패 안내",
)  # fmt: skip


def _told(sentence: str) -> bytes:
    return notice(f"{sentence}\n\n<kim@lumen.example>\n", subject="a question about your warehouse")


@pytest.mark.parametrize("sentence", [one for told in FAILED.values() for one in told])
def test_a_failure(sentence):
    report = read_message(_told(sentence))
    assert (report.kind, [failure.recipient for failure in report.failures]) == ("bounce", ["kim@lumen.example"])


@pytest.mark.parametrize("sentence", [one for told in WAITS.values() for one in told])
def test_a_delay(sentence):
    assert read_message(_told(sentence)).kind == "delayed"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_failure_by_its_subject(subject):
    assert read_message(notice("<kim@lumen.example>\n", subject=subject)).kind == "bounce"


@pytest.mark.parametrize(
    "text",
    [
        "Prejemnik ne sprejema sporočil.\n\n<kim@lumen.example>: 550 5.1.1 Prejemnik ne obstaja\n",
        f"Prejemnik ne sprejema sporočil.\n\n  kim@lumen.example\n\n{ORIGINAL.format(to='kim@lumen.example')}",
    ],
    ids=["reply", "returned"],
)
def test_a_language_of_which_no_word_is_known(text):
    report = read_message(notice(text, subject="a question about your warehouse"))
    assert (report.kind, [failure.recipient for failure in report.failures]) == ("bounce", ["kim@lumen.example"])


def test_a_full_disk_is_no_reply():
    told = notice("Kapaciteta: 500 MB, zasedeno 498 MB. Pomoč: help@arbor.example", subject="Opozorilo")
    assert read_message(told).kind == "other"
