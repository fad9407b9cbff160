"""What a mail server says in its own language, under our subject and without a code: a failure, that it still tries, or
that the mail was delivered or read.
"""

from __future__ import annotations

import pytest
from messages import ORIGINAL, notice, person

from analyzer.parsing import read_message

FAILED = {
    "de": ("Ihre Nachricht wurde vom Empfängerserver abgelehnt.",
           "Zustellung an folgende Adressen ist fehlgeschlagen:"),
    "nl": ("Het bericht kan niet worden afgeleverd.", "De bezorging is mislukt.", "Uw e-mail is geweigerd."),
    "fr": ("Votre message n\u2019a pu être délivré :", "La remise a échoué.",
           "Nous n'avons pas pu livrer votre courriel."),
    "es": ("Su mensaje no ha podido ser entregado.", "Su correo fue rechazado.", "Error al entregar el mensaje."),
    "pt": ("Mensagem não pode ser entregue.", "Nao foi possivel entregar sua mensagem.", "Sua mensagem foi recusada."),
    "it": ("Il messaggio non può essere consegnato.", "Mancata consegna a:", "Il messaggio è stato respinto."),
    "pl": ("Twoja wiadomość nie dotarła do adresata.", "Wiadomosc nie zostala dostarczona.",
           "List nie został doręczony."),
    "cs": ("Zprávu nelze doručit.", "Doručení zprávy selhalo."),
    "hu": ("A kézbesítés nem sikerült a következő címzetteknek:",),
    "no": ("Levering til disse mottakerne eller gruppene mislyktes:",),
    "tr": ("Mesajınız alıcıya ulaştırılamadı.", "Mesajınız gönderilemedi.",
           "E-postanız sunucu tarafından reddedildi."),
    "ru": ("Ваше письмо не было доставлено адресату.", "Невозможно доставить сообщение.",
           "Письмо отклонено сервером."),
    "ja": ("お送りいただいたメールは配送できませんでした。", "宛先不明のため、メールをお返しします。",
           "送信に失敗しました。"),
    "zh": ("您的邮件被退回。", "您的郵件無法寄送給下列收件者:", "您发送的邮件被对方服务器拒收。"),
    "ko": ("메일 발송이 실패하였습니다.", "보내신 메일이 반송되었습니다.", "메일을 전달할 수 없습니다."),
    "en": ("The following recipients did NOT receive a copy of your message:", "Undelivered mail follows.",
           "Your message bounced."),
}  # fmt: skip
WAITS = {
    "de": ("Ihre Nachricht konnte bisher nicht zugestellt werden. Es werden weitere Zustellversuche unternommen.",),
    "nl": ("Uw bericht kon nog niet worden bezorgd. De server blijft het proberen.",),
    "fr": (
        "Votre message n'a pas pu être délivré depuis 4 heures. Le serveur continuera d'essayer pendant 5 jours.",
        "La remise a échoué pour l'instant. Nous continuerons à essayer, inutile de renvoyer le message.",
    ),
    "es": (
        "El mensaje todavía no se ha entregado. El servidor lo reintentará.",
        "No pudo ser entregado aún. Se seguirá intentando hasta el lunes; no hace falta que lo reenvíe.",
    ),
    "pt": (
        "Sua mensagem ainda não pôde ser entregue. O servidor continuará tentando por 5 dias.",
        "A entrega falhou por agora. O servidor continuará a tentar; não precisa reenviar.",
    ),
    "it": (
        "Il messaggio non ha potuto essere consegnato per 4 ore. Verranno effettuati altri tentativi.",
        "Consegna fallita per ora. Il server continuerà a tentare fino a lunedì.",
    ),
    "pl": ("Nie udało się jeszcze dostarczyć wiadomości. Próby będą kontynuowane.",),
    "tr": ("İletiniz henüz teslim edilemedi. Sunucu 5 gün boyunca denemeye devam edecek.",),
    "ru": (
        "Это только предупреждение: не удалось доставить в течение 4 часов.",
        "Письмо ещё не доставлено.",
        "Доставить письмо не удалось, сервер будет пытаться ещё три дня.",
    ),
    "ja": ("これは警告です。メールを再送する必要はありません。4時間配信できませんでした。",),
    "zh": (
        "邮件暂时无法送达，系统将在5天内重试。",
        "邮件投递失败，服务器会继续重试，无须重发。",
        "郵件未送達，系統將於三天內繼續投遞。",
    ),
    "ko": (
        "메일이 아직 전달되지 않았습니다. 서버가 계속 시도합니다.",
        "메일을 전달하지 못했습니다. 3일 동안 계속 재시도합니다.",
    ),
    "en": (
        "Your message could not be delivered for more than 4 hour(s).\nIt will be retried until it is 5 day(s) old.",
        "Your message has not been delivered yet. We will try again for 5 days.",
        "Your message is delayed: I will keep trying.\n\n192.0.2.1 failed after I sent the message.\nRemote host said: 451 4.3.0 later",
    ),
}
GIVEN_UP = (
    "El mensaje no pudo ser entregado. El servidor no seguirá intentando.",
    "A mensagem não pôde ser entregue. O servidor não continuará tentando.",
    "Письмо не было доставлено. Сервер больше не будет пытаться.",
    "邮件投递失败，系统不会继续重试。",
)
REASONS = {
    "de": ("Das Postfach des Empfängers ist voll.", "Die Übertragung Ihrer E-Mail ist gescheitert."),
    "nl": ("De mailbox van de ontvanger is vol.", "De externe server heeft uw bericht niet geaccepteerd."),
    "fr": ("Le destinataire est inconnu sur ce serveur.", "L'adresse indiquée n'existe pas."),
    "es": ("El buzón del destinatario está lleno.", "Su mensaje supera el tamaño permitido."),
    "pt": ("O endereço informado não existe.", "Desistimos da entrega após 5 dias."),
    "it": ("L'account del destinatario è disattivato.", "Il suo messaggio le viene restituito."),
    "pl": ("Odbiorca jest nieznany na tym serwerze.", "Nie znaleziono domeny odbiorcy."),
    "ru": ("Почтовый ящик получателя переполнен.", "Удалённый сервер не принял ваше сообщение."),
    "ja": ("受信者のメールボックスがいっぱいです。", "宛先のドメインが見つかりません。"),
    "zh": ("收件人的邮箱已满。", "對方伺服器未接受您的郵件。", "系统尝试5天后放弃投递。"),
    "ko": ("수신자가 이 서버에 존재하지 않습니다.", "스팸으로 판정되어 차단되었습니다."),
    "tr": ("Alıcının posta kutusu dolu.", "Belirtilen adres mevcut değil."),
    "en": ("The recipient's mailbox is full.", "The remote server did not accept your message."),
}
OF_OUR_OWN = (
    "Ihr Postfach ist voll.", "Ihr Kennwort ist ungültig.", "Votre boîte est pleine.", "Su contraseña no es válida.",
    "La sua casella è piena.", "Skrzynka jest zapełniona.", "Ваш ящик переполнен.", "パスワードが無効です。",
    "您的邮箱已满。",
    "메일함이 가득 찼습니다.", "Posta kutunuz dolu.", "Your mailbox is full.",
)  # fmt: skip
#: What our own server says of mail to us, and of those whom we do not want mail from.
OF_OTHERS_MAIL = (
    "Eine Nachricht von <x@bad.example> an Sie wurde blockiert, da sie als Spam eingestuft wurde.",
    "Die folgende E-Mail wurde gesperrt:\n\nAbsender: x@bad.example",
    "L'adresse x@bad.example a été bloquée à votre demande.",
    "La dirección x@bad.example fue bloqueada a petición suya.",
    "Un messaggio di <x@bad.example> per lei è stato bloccato come spam.",
    "O endereço x@bad.example foi bloqueado a seu pedido.",
    "Het adres x@bad.example is op uw verzoek geblokkeerd.",
    "Wiadomość od <x@bad.example> do Ciebie została zablokowana jako spam.",
    "Адрес x@bad.example заблокирован по вашей просьбе.",
    "x@bad.example からのメールは迷惑メールと判定され、ブロックされました。",
    "地址 x@bad.example 已按您的要求停用。",
    "x@bad.example 님이 보낸 메일은 스팸으로 차단되었습니다.",
    "<x@bad.example> adresinden size gelen ileti spam olarak engellendi.",
    "The invitation to b@private.example has expired. The e-mail address was not found in our team list.",
    "Your email forwarding to b@private.example has been disabled.",
)
DELIVERED = {
    "de": ("Ihre Nachricht wurde erfolgreich zugestellt.",
           "Ihre Nachricht wurde an die folgenden Empfänger übermittelt:",
           "Die Zustellung an diese Empfänger oder Gruppen ist abgeschlossen, eine Bestätigung gab es nicht:"),
    "nl": ("Uw bericht is bezorgd bij de volgende geadresseerden:", "Uw bericht is succesvol afgeleverd."),
    "fr": ("Votre message a été remis aux destinataires suivants :", "Votre message a bien été distribué."),
    "es": ("El mensaje se ha entregado a los siguientes destinatarios:", "Su mensaje fue entregado correctamente."),
    "pt": ("Sua mensagem foi entregue à seguinte lista, que foi expandida:", "Sua mensagem foi entregue com sucesso."),
    "it": ("Il messaggio è stato recapitato ai seguenti destinatari:",
           "Il messaggio è stato consegnato con successo."),
    "pl": ("Wiadomość została dostarczona do następujących adresatów:", "List został pomyślnie doręczony."),
    "ru": ("Ваше сообщение доставлено следующим получателям:", "Ваше письмо успешно доставлено."),
    "ja": ("メッセージは次の受信者に配信されました:", "これらの受信者またはグループへの配信は完了しました。"),
    "zh": ("您的邮件已送达以下收件人:", "您的郵件已成功投遞。"),
    "ko": ("메시지가 다음 받는 사람에게 배달되었습니다.", "메일이 성공적으로 전달되었습니다."),
    "tr": ("İletiniz şu alıcılara teslim edildi:", "Mesajınız başarıyla iletildi."),
    "en": ("Delivery to these recipients or groups is complete, but the destination sent no notification:",),
}  # fmt: skip
NOT_DELIVERED = (
    "Ihre Nachricht wurde nicht erfolgreich zugestellt. Der Empfänger ist unbekannt.",
    "Het bericht is niet met succes afgeleverd: het adres is onbekend.",
    "El mensaje no fue entregado a su destinatario.",
    "A mensagem não foi entregue com sucesso: o destinatário é desconhecido.",
    "Il messaggio non è stato consegnato con successo.",
    "Wiadomość nie została dostarczona.",
    "Письмо не было доставлено: получатель неизвестен.",
)
READ = (
    ("Gelesen: Kurze Frage", "wurde am Dienstag, 3. März 2026 09:00 gelesen."),
    ("Gelezen: Vraag", "is gelezen op dinsdag 3 maart 2026 09:00."),
    ("Lu : Question", "a été lu le mardi 3 mars 2026 09:00."),
    ("Leído: Pregunta", "fue leído el martes 3 de marzo de 2026 9:00."),
    ("Lida: Pergunta", "foi lida em terça-feira, 3 de março de 2026 09:00."),
    ("Letto: Domanda", "è stato letto il martedì 3 marzo 2026 09:00."),
    ("Przeczytano: Pytanie", "została przeczytana we wtorek 3 marca 2026 09:00."),
    ("Прочтено: Вопрос", "было прочитано вторник, 3 марта 2026 09:00."),
    ("開封済み: 質問", "は 2026年3月3日 9:00 に開封されました。"),
    ("已读: 问题", "已于 2026年3月3日 9:00 阅读。"),
    ("읽음: 질문", "을(를) 2026년 3월 3일 9:00에 읽었습니다."),
    ("Okundu: Soru", "3 Mart 2026 Salı 09:00 tarihinde okundu."),
    ("Not read: a question", "was deleted without being read on Tuesday, 3 March 2026 09:00."),
)
GMAIL_TRIES_ON = (
    "Gmail wird es noch 47 Stunden lang versuchen.", "Gmail va réessayer pendant 47 heures.",
    "Gmail volverá a intentarlo durante 47 horas más.", "O Gmail tentará novamente por mais 47 horas.",
    "Gmail riproverà per altre 47 ore.", "Gmail probeert het nog 47 uur.",
    "Gmail będzie ponawiać próby jeszcze przez 47 godzin.", "Gmail будет повторять попытки ещё 47 часов.",
    "Gmail は、あと 47 時間再試行します。", "Gmail 会在接下来的 47 小时内重试。",
    "Gmail에서 47시간 동안 다시 시도합니다.", "Gmail 47 saat daha yeniden deneyecek.",
)  # fmt: skip
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


@pytest.mark.parametrize("sentence", [one for told in REASONS.values() for one in told])
def test_a_failure_of_which_only_the_reason_is_told(sentence):
    report = read_message(_told(sentence))
    assert (report.kind, [failure.recipient for failure in report.failures]) == ("bounce", ["kim@lumen.example"])


@pytest.mark.parametrize("sentence", OF_OUR_OWN)
def test_what_a_server_says_of_our_own_mailbox(sentence):
    told = notice(f"{sentence}\n\nsupport@arbor.example\n", sender="postmaster@outreach.example", subject="Notice")
    assert read_message(told).kind == "other"


@pytest.mark.parametrize("text", OF_OTHERS_MAIL)
def test_what_our_server_says_of_mail_to_us(text):
    assert read_message(notice(f"{text}\n", sender="postmaster@outreach.example", subject="Notice")).kind == "other"


def test_a_reason_with_whom_the_mail_was_to_in_a_labelled_line():
    text = "Your message:\n  From: ava@outreach.example\n  To: kim@lumen.example\n\nhas been blocked by our gateway.\n"
    report = read_message(notice(text, subject="A possible spam message"))
    assert (report.kind, [failure.recipient for failure in report.failures]) == ("bounce", ["kim@lumen.example"])


@pytest.mark.parametrize("sentence", [one for told in DELIVERED.values() for one in told])
def test_a_delivery(sentence):
    assert read_message(_told(sentence)).kind == "delivered"


@pytest.mark.parametrize("sentence", NOT_DELIVERED)
def test_the_denial_of_a_delivery(sentence):
    assert read_message(_told(sentence)).kind == "bounce"


@pytest.mark.parametrize(("subject", "sentence"), READ)
@pytest.mark.parametrize("asked", [notice, person])
def test_a_read_receipt_in_words(subject, sentence, asked):
    assert read_message(asked(f"Kim Roe\n\n{sentence}\n", subject=subject)).kind == "mdn"


def test_a_newsletter_about_what_was_read_is_no_receipt():
    headers = "List-Unsubscribe: <https://shop.example/u>\n"
    assert (
        read_message(person("It has been read by 5,000.\n", subject="Read: our guide", headers=headers)).kind == "other"
    )


@pytest.mark.parametrize("sentence", [*(one for told in WAITS.values() for one in told), *GMAIL_TRIES_ON])
def test_a_delay(sentence):
    assert read_message(_told(sentence)).kind == "delayed"


@pytest.mark.parametrize("sentence", GIVEN_UP)
def test_a_server_that_will_not_go_on(sentence):
    assert read_message(_told(sentence)).kind == "bounce"


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
