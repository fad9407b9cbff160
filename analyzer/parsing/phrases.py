"""The words by which mail software and mailboxes say what a mail is, by language; all in lower case, on one line.

Delivery reports of Postfix, Sendmail, Exim, qmail, Exchange, Microsoft 365, Gmail and Domino as they are translated;
automatic replies of Outlook, Gmail, Notes and the common help desks.
"""

from __future__ import annotations

#: How the subject of an automatic reply begins, behind any "Re:".
AUTOREPLY_SUBJECTS = (
    # English
    "automatic reply", "automatic response", "automated reply", "automated response", "auto reply", "auto-reply",
    "autoreply", "auto response", "auto-response", "autoresponse", "autoresponder", "auto:", "auto ", "auto-",
    "out of office", "out of the office", "out-of-office", "ooo:", "ooo ", "away from", "i am out", "i am away",
    "i am on leave", "i am currently", "on vacation", "vacation", "on leave", "on holiday",
    # German, Dutch, the Nordic languages
    "automatische antwort", "automatische beantwortung", "abwesend", "abwesenheit", "ich bin abwesend", "außer haus",
    "automatisch antwoord", "automatisch bericht", "automatische reactie", "afwezig", "niet aanwezig", "autosvar",
    "automatiskt svar", "automatisk svar", "frånvar", "fravær", "automaattinen vastaus", "poissa",
    # French, Spanish, Portuguese, Italian, Romanian
    "réponse automatique", "reponse automatique", "absence", "absent", "absente", "message d'absence",
    "respuesta automática", "respuesta automatica", "fuera de la oficina", "fuera de", "ausente", "ausencia",
    "resposta automática", "resposta automatica", "fora do escritório", "fora do", "ausência", "risposta automatica",
    "fuori sede", "fuori ufficio", "assenza", "assente", "răspuns automat",
    # Polish, Czech, Slovak, Hungarian, Turkish, Greek
    "odpowiedź automatyczna", "automatyczna odpowiedź", "autoodpowiedź", "poza biurem", "nieobecn",
    "automatická odpověď", "automatická odpoveď", "mimo kancelář", "automatikus válasz", "házon kívül",
    "otomatik yanıt", "otomatik cevap", "ofis dışında", "αυτόματη απάντηση",
    # Russian, Ukrainian
    "автоматический ответ", "автоответ", "авто-ответ", "отсутств", "вне офиса", "автоматична відповідь",
    # Japanese, Chinese, Korean
    "自動応答", "自動返信", "自動回答", "不在", "外出中", "自动回复", "自动答复", "自動回覆", "自動答覆", "自動回复",
    "外出", "자동 회신", "자동회신", "자동 응답", "자동응답", "자동 답장", "부재",
    # Hebrew, Arabic, Thai, Vietnamese, Indonesian
    "תשובה אוטומטית", "מענה אוטומטי", "מחוץ למשרד", "رد تلقائي", "الرد التلقائي", "خارج المكتب", "ตอบกลับอัตโนมัติ",
    "การตอบกลับอัตโนมัติ", "trả lời tự động", "tự động trả lời", "thư trả lời tự động", "balasan otomatis",
    # Bulgarian, Serbian, Croatian, Slovene, the Baltic languages, Catalan
    "автоматичен отговор", "аутоматски одговор", "automatski odgovor", "samodejni odgovor", "automatinis atsakymas",
    "automātiska atbilde", "automaatvastus", "resposta automàtica",
    # Help desks
    "ticket #", "[ticket", "ticket received", "ticket created", "we have received your", "we've received your",
    "we received your", "request received", "your request", "case #", "[case", "thank you for your",
    "thank you for contacting", "thanks for contacting", "thanks for your", "eingangsbestätigung", "ihre anfrage",
    "accusé de réception", "confirmación de recepción", "conferma di ricezione", "ontvangstbevestiging",
    "potwierdzenie otrzymania",
)  # fmt: skip

#: What a challenge asks for, in the subject or the text.
CHALLENGES = (
    "please confirm that you sent", "please verify that you sent", "please confirm your e-mail",
    "please confirm your email", "please confirm your message", "please confirm your identity",
    "please verify your e-mail", "please verify your email", "please verify your message",
    "please verify your identity", "challenge-response", "challenge response", "challenge/response",
    "spamblocker challenge",
    "confirm your email to", "confirm your e-mail to", "confirm your message to", "sender verification required",
    "is held until you confirm", "is being held because the address", "held pending your confirmation",
    "list of approved senders", "allowed senders list", "only from senders i have approved", "boxbe", "spamarrest",
    "spam arrest", "awaits moderator approval", "being held until the list moderator", "waiting to be approved",
    "waiting for approval", "awaiting approval", "pending approval", "message approval pending", "awaiting moderation",
    "your email requires verification", "requires that you verify that you", "to have your address added to",
    # German, French, Spanish, Portuguese, Italian
    "dass sie kein spammer sind", "dass sie ein mensch sind", "confirme su mensaje", "confirme que es humano",
    "confirma que es usted humano", "confermi il suo messaggio", "conferma il tuo messaggio",
    "bestätigen sie bitte durch", "bitte bestätigen sie ihre e-mail an",
    "demande d'authentification", "mailinblack", "confirmer l'envoi de votre", "confirmer que vous êtes",
    "confirme el envío", "confirmar el envío de su", "confirme o envio", "confirmar o envio",
    "confirmação de mensagem",
)  # fmt: skip

#: What the subject of a bounce says, outside English.
BOUNCE_SUBJECTS = (
    # German, Dutch, the Nordic languages
    "unzustellbar", "nicht zustellbar", "nicht zugestellt", "zustellung", "rückläufer", "onbestelba", "niet bezorgd",
    "niet verzonden", "bezorging", "niet afgeleverd", "olevererbart", "kan inte lev", "inte att leverera",
    "inte levereras", "kunne ikke lev", "kan ikke lev", "uleverbar", "ikke leveret", "ikke levert", "ei voitu",
    "ei voi toimittaa", "ei voida toimittaa", "toimitus epäonnistui", "toimittaminen epäonnistui",
    # French, Spanish, Portuguese, Italian
    "non remis", "non distribué", "non délivré", "non livré", "échec de", "impossible de remettre",
    "remise impossible", "remise différée", "no se puede entregar", "no se pudo entregar", "no entregado",
    "no se ha podido entregar", "entrega retrasada", "devuelto", "não entregue", "não é possível entregar",
    "não foi possível entregar", "não pôde", "falha na entrega", "falha ao entregar", "devolvid", "entrega atrasada",
    "non recapitabile", "mancato recapito",
    "mancata consegna", "non consegnato", "recapito non riuscito", "recapito in ritardo", "impossibile recapitare",
    # Polish, Czech, Hungarian, Romanian, Greek, Turkish
    "nelivrabil", "nu a putut fi livrat", "αποτυχία παράδοσης", "δεν παραδόθηκε", "παράδοση απέτυχε",
    "δυνατή η παράδοση", "αδύνατη η παράδοση",
    "nelze doručit", "nie je možné doručiť",
    "niedoręcz", "niedostarcz", "nie można dostarczyć", "nie dostarczono", "opóźnione dostarczenie", "nedoruč",
    "kézbesít", "teslim edilemedi", "teslim edilmedi", "letilemedi", "letilemeyen", "teslim gecikti",
    # Bulgarian, Serbian, Croatian, Slovene, the Baltic languages
    "недоставим", "не може да бъде достав", "neisporuč", "nije isporuč", "nije moguće isporuč", "ni mogoče dostaviti",
    "nedostavljiv", "nepristatyt", "nepavyko pristatyti", "nav piegādā", "neizdevās piegādāt", "ei saa edastada",
    # Hebrew, Arabic, Thai, Vietnamese, Indonesian
    "לא ניתן למס", "לא נמסר", "تعذر التسليم", "تعذر تسليم", "غير قابل للتسليم", "ไม่สามารถส่ง", "ส่งไม่สำเร็จ",
    "không gửi được",
    "không thể gửi", "không thể phát", "tidak dapat dikirim", "tidak terkirim", "gagal dikirim",
    # Russian, Ukrainian
    "не доставлен", "недоставлен", "не удается доставить", "не удалось доставить", "ошибка доставки",
    "ошибки доставки", "возвращ", "не может быть доставлен", "доставка задерживается", "не доставлено",
    # Japanese
    "配信不能", "配信できません", "配信できなかった", "配信エラー", "配信遅延", "配信に失敗", "送信できません",
    "送信エラー", "送信失敗", "メールエラー", "不達", "エラー通知", "返送",
    # Chinese
    "退信", "退件", "未送达", "未送達", "未传递", "未傳遞", "无法投递", "无法送达", "无法传递", "无法发送",
    "無法投遞", "無法送達", "無法傳遞", "無法傳送", "投递失败", "投遞失敗", "递送失败", "遞送失敗", "传递失败",
    "未能投递", "延迟送达", "傳遞延遲",
    # Korean
    "배달되지", "배달할 수 없", "배달 실패", "배달 지연", "반송", "전송 실패", "전송되지", "전송하지 못", "발송되지",
    "발송 실패", "배달하지 못", "전송에 실패", "발송에 실패", "배달에 실패", "전달되지 못", "전달하지 못",
    # Of hosters and webmail services, by the same languages
    "fehler beim senden", "nachricht abgelehnt", "mail abgelehnt", "zurückgewiesen", "courrier retourné",
    "message rejeté", "message refusé", "échec d'envoi", "error de entrega", "fallo en la entrega", "fallo de entrega",
    "entrega fallida", "mensaje rechazado", "falha de entrega", "erro na entrega", "erro de entrega",
    "mensagem rejeitada", "mensagem recusada", "non recapitato", "consegna fallita", "errore di consegna",
    "recapito fallito", "messaggio rifiutato", "messaggio respinto", "bericht geweigerd", "aflevering mislukt",
    "verzending mislukt", "zwrot poczty", "zwrot wiadomości", "błąd dost", "nie została d", "nie zostala d",
    "wiadomość odrzucona", "возврат письма", "возврат почты", "письмо отклонено", "сообщение отклонено",
    "teslim edilemeyen", "teslim hatası", "teslimat hatası", "gönderilemedi", "letilmeyen", "配送エラー", "配送でき",
    "配送不能", "配達不能", "届きませんでした", "宛先不明", "邮件退回", "郵件退回", "发送失败", "發送失敗", "傳送失敗",
    "寄送失敗", "전송실패", "발송실패", "배달실패", "수신 실패", "전달 실패",
)  # fmt: skip

#: How the text of a bounce opens, outside English.
BOUNCE_OPENINGS = (
    # amavis, in English: a rare sentence is found more quickly here than by the pattern for the others.
    "was considered unsolicited",
    "nicht zugestellt", "konnte nicht an", "fehler bei der nachrichtenzustellung", "niet bezorgd",
    "niet worden bezorgd", "kon niet worden", "niet afgeleverd", "bezorgen bij de volgende", "kunne ikke leveres",
    "kan ikke leveres", "blev ikke leveret", "ble ikke levert", "inte att leverera", "kunde inte levereras",
    "mottagare misslyckades", "grupper misslyckades", "leverans misslyckades", "leveransen misslyckades",
    "modtagere mislykkedes", "grupper mislykkedes",
    "leveringen mislykkedes", "levering mislykkedes", "mottakere mislyktes", "leveringen mislyktes",
    "levering mislyktes", "ei voitu toimittaa",
    "toimitus seuraaville", "nu a putut fi livrat", "nepodařilo doručit", "nepodarilo doručiť", "nebyla doručena",
    "nem sikerült kézbesíteni", "nem kézbesíthető", "kézbesítése nem sikerült", "δυνατή η παράδοση",
    "ομάδες απέτυχε", "η παράδοση απέτυχε", "не може да бъде достав", "nije isporuč", "nije moguće isporuč",
    "ni mogoče dostaviti", "nepavyko pristatyti", "neizdevās piegādāt", "لم يتم تسليم", "تعذر تسليم", "לא נמסרה",
    "לא ניתן למסור", "ไม่สามารถส่ง", "không thể gửi", "không gửi được", "tidak dapat dikirim", "gagal dikirim",
    "n'a pas pu",
    "n'a pas été", "échec de la remise", "n'est pas parvenu", "no se pudo entregar", "no se ha entregado",
    "não foi entregue", "não pôde", "falha na entrega", "não foi possível entregar",
    "falha ao entregar",
    "no fue posible entregar", "no ha sido entregado", "no fue entregado", "impossible de délivrer",
    "impossible de livrer", "impossible de distribuer", "impossibile consegnare", "impossibile recapitare",
    "non è stato possibile",
    "non è stato recapitato", "non è stato consegnato", "non ha potuto essere", "recapito non riuscito",
    "nie została dostarczona", "nie mogła zostać", "nie powiodło się", "teslim edilemedi", "iletilemedi",
    "не может быть доставлен", "не удалось", "не может быть отправлено", "送信でき", "届きません",
    "配信でき", "配信されませんでした", "配信に失敗", "無法傳", "无法传", "无法投递", "無法投遞", "无法送达",
    "無法送達", "传递到以下收件人", "未能递送", "未能送达", "未能投递", "배달하지 못", "배달할 수 없", "전송되지",
    "전송에 실패", "발송에 실패", "배달에 실패", "전달되지 못", "전달하지 못",
    # In further words, of German, Dutch and the Nordic languages
    "fehlgeschlagen", "nicht ausgeliefert", "nicht übermittelt", "nicht versendet werden", "nicht gesendet werden",
    "nicht abgeliefert", "zurückgewiesen", "wurde abgelehnt", "server abgelehnt", "unzustellbar", "nicht zustellbar",
    "konnte nicht erreicht", "konnten nicht erreicht", "den empfänger nicht", "ein fehler aufgetreten",
    "kan niet worden afgeleverd", "kan niet worden bezorgd", "mislukt", "geweigerd", "kon de ontvanger niet",
    "onbestelbaar", "avvisades", "kunde inte skickas", "gruppene mislyktes", "toimitus epäonnistui",
    "ei voida toimittaa",
    # French, Spanish, Portuguese, Italian, Romanian
    "n'a pu être", "n'ont pu être", "n'ont pas pu", "n'avons pas pu", "n'avons pu", "a échoué",
    "impossible de remettre", "impossible de transmettre", "impossible d'envoyer", "a été rejeté", "a été refusé",
    "non remis", "non distribué", "non délivré", "erreur lors de l'envoi", "erreur lors de la remise",
    "no ha podido ser", "no ha podido entregar", "no han podido ser", "no hemos podido", "no se ha podido entregar",
    "no se ha podido enviar", "no pudo entregar", "no pudo enviar", "no pudo ser", "no se entregó",
    "no podemos entregar", "no ha sido posible", "error al entregar", "error al enviar", "ha fallado",
    "entrega fallida", "fue rechazado", "ha sido rechazado", "fue devuelto", "ha sido devuelto", "imposible entregar",
    "não pode ser entregue", "não puderam ser", "não conseguimos entregar", "nao foi possivel", "nao foi entregue",
    "nao pode ser entregue", "erro ao entregar", "erro ao enviar", "erro na entrega", "falha de entrega", "falhou",
    "foi rejeitad", "foi recusad", "foi devolvid", "non può essere consegn", "non può essere recapit",
    "non possono essere consegn", "non è riuscit", "non è possibile consegnare", "non è possibile recapitare",
    "è stato rifiutato", "è stato respinto", "errore nella consegna", "errore di consegna", "consegna fallita",
    "mancata consegna", "mancato recapito", "recapito fallito", "nu a fost livrat",
    # Polish, Czech, Slovak, Hungarian, Turkish
    "nie można dostarczyć", "nie można doręczyć", "nie udało się dostarczyć", "nie udało się doręczyć",
    "nie udało się jeszcze", "nie udało się wysłać", "nie dotarł", "nie mogliśmy dostarczyć", "nie został doręczon",
    "nie została doręczon", "nie został dostarczon", "nie zostala", "nie mogla zostac", "nie mozna dostarczyc",
    "nie udalo sie dostarczyc", "została odrzucona", "było niemożliwe", "błąd podczas dostarczania", "nelze doručit",
    "nebylo možné doručit", "doručení zprávy selhalo", "byla odmítnuta", "nie je možné doručiť",
    "kézbesítés nem sikerült",
    "kézbesítés sikertelen", "kézbesítése sikertelen", "ulaştırılamadı", "gönderilemedi", "ulaşmadı", "ulaşamadı",
    "teslim edilemiyor", "iletilemiyor", "teslim başarısız", "teslimat başarısız", "tarafından reddedildi",
    "geri döndü", "geri çevrildi",
    # Russian
    "не доставлен", "недоставлен", "не был доставлен", "не была доставлен", "не было доставлен", "не были доставлен",
    "не могут быть доставлен", "доставка невозможна", "доставка письма невозможна", "невозможно доставить",
    "ошибка доставки", "ошибка при доставке", "отклонен", "не смогли доставить", "не получилось доставить",
    "не удаётся доставить", "не удается доставить", "возвращено отправителю",
    # Japanese
    "配送でき", "配送されませんでした", "配送に失敗", "配達でき", "配達されませんでした", "配達に失敗", "送達でき",
    "送信に失敗", "送れませんでした", "届けることができ", "お届けでき", "届いていません", "宛先不明", "宛先が見つかり",
    "お返しします", "受信を拒否", "受信拒否",
    # Chinese
    "退回", "退信", "拒收", "无法将", "无法发送", "无法递送", "未送达", "未能发送", "发送失败", "投递失败",
    "投递不成功", "無法將", "無法寄", "無法發送", "無法遞送", "未送達", "未能傳送", "傳送失敗", "寄送失敗", "發送失敗",
    "投遞失敗",
    # Korean
    "전송하지 못", "전송할 수 없", "전송이 실패", "전송 실패", "발송하지 못", "발송할 수 없", "발송이 실패",
    "발송 실패", "발송되지", "배달되지", "배달이 실패", "배달 실패", "전달되지 않", "전달할 수 없", "보낼 수 없",
    "반송되", "반송합", "수신거부", "수신 거부",
)  # fmt: skip

#: A server that keeps trying says so.
DELAYS = (
    "wird weiterhin versucht", "noch nicht zugestellt", "verzögert", "a été retardée", "n'a pas encore été remis",
    "remise différée", "se ha retrasado", "aún no se ha entregado", "seguirá intentando", "está atrasada",
    "ainda não foi entregue", "è in ritardo", "non è ancora stato", "is vertraagd", "nog niet bezorgd",
    "jest opóźnione", "nie została jeszcze dostarczona", "teslim gecikti", "задерживается",
    "пока не доставлено", "попытки доставки будут", "遅延しています", "まだ配信されていません", "引き続き配信",
    "已延迟", "尚未送达", "将继续尝试", "已延遲", "尚未送達", "將繼續嘗試", "지연되었습니다", "아직 배달되지",
    # Of those that count their attempts or say that they only warn
    "bisher nicht zugestellt", "noch nicht ausgeliefert", "es werden weitere zustellversuche", "wird weiter versucht",
    "nur eine warnung", "n'a pas encore pu", "est retardée", "continuera d'essayer", "de nouvelles tentatives seront",
    "simple avertissement", "todavía no se ha entregado", "aún no ha podido", "aún no se ha podido", "lo reintentará",
    "es solo una advertencia", "es sólo una advertencia", "ainda não pôde", "continuará tentando", "foi adiada",
    "é apenas um aviso", "verranno effettuati altri tentativi", "continuerà a provare", "è solo un avviso",
    "kon nog niet", "nog niet afgeleverd", "blijft het proberen", "alleen een waarschuwing", "jeszcze dostarczyć",
    "próby będą", "tylko ostrzeżenie", "только предупреждение", "еще не доставлен", "ещё не доставлен",
    "продолжит попытки", "попытки доставки продолжаются", "henüz teslim edil", "denemeye devam edecek",
    "teslimi gecikti", "yalnızca bir uyarı", "配信が遅れて", "遅延しており", "再送する必要はありません",
    "再試行します", "延迟送达", "延遲送達", "尚未投递", "无需重新发送", "天内重试", "天內重試", "배달이 지연",
    "아직 전달되지", "아직 전송되지", "다시 보낼 필요가 없", "계속 시도합니다",
    # Gmail's "will retry for 47 more hours"
    "stunden lang versuchen", "stunden weiter versuchen", "va réessayer", "volverá a intentarlo", "tentará novamente",
    "riproverà per", "probeert het nog", "ponawiać próby", "повторять попытки", "小时内重试", "小時內重試",
    "동안 다시 시도합니다", "yeniden deneyecek",
    # A promise to go on, and that nothing has to be sent again, in further words
    "weitere versuche", "weitere zustellversuche", "nouveaux essais", "de nouvelles tentatives", "attend encore",
    "nuevos intentos", "novas tentativas", "nuovi tentativi", "nieuwe pogingen", "kolejne próby",
    "следующие попытки", "новые попытки",
    "nächster versuch", "nächster zustellversuch", "prochaine tentative", "prochain essai", "próximo intento",
    "próxima tentativa", "prossimo tentativo", "volgende poging", "następna próba", "kolejna próba",
    "следующая попытка", "sonraki deneme", "下次尝试", "下次重试", "下次投递", "下次嘗試", "下次重試", "下次投遞",
    "다음 시도",
    "versuchen es weiter", "versucht es weiter", "müssen die nachricht nicht erneut senden", "nicht erneut zu senden",
    "continuera à essayer", "continuera ses tentatives", "continuerons à essayer", "inutile de le renvoyer",
    "inutile de renvoyer", "pas nécessaire de le renvoyer", "pas nécessaire de renvoyer", "seguirá intent",
    "seguiremos intent", "continuará intent", "todavía no ha podido", "todavía no se ha podido",
    "no es necesario que lo reenvíe", "no es necesario reenviar", "no hace falta que lo reenvíe",
    "continuará a tentar", "continuaremos tentando", "continuaremos a tentar", "não é necessário reenviar",
    "não precisa reenviar", "continuerà a tentare", "continuerà a riprovare", "non è necessario inviarlo di nuovo",
    "non occorre inviarlo di nuovo", "non è necessario rinviar", "hoeft het bericht niet opnieuw",
    "hoeft uw bericht niet opnieuw", "fortsätter att försöka", "fortsätter försöka", "fortsætter med at forsøge",
    "fortsetter å prøve", "nie musisz wysyłać", "nie trzeba wysyłać", "будет пытаться", "будут продолжены",
    "отправлять повторно не нужно", "повторно отправлять не", "denemeye devam ed", "yeniden göndermeniz gerekm",
    "再試行を続け", "再送を続け", "配送を試み続け", "送信し直す必要はありません", "内继续尝试", "内继续重试",
    "内继续投递", "将继续重试", "会继续重试", "会继续尝试", "将继续投递", "会继续投递", "无需重发", "无须重发",
    "不需要重新发送", "不必重新发送", "內繼續嘗試", "內繼續重試", "內繼續投遞", "將繼續重試", "會繼續重試",
    "會繼續嘗試", "無需重發", "無須重發", "不需要重新傳送", "不必重新傳送", "계속 시도할", "계속 재시도",
    "재전송할 필요", "다시 보내실 필요",
)  # fmt: skip

#: How a mail server says that it has delivered, outside English; where a word of denial can stand before such words,
#: it makes them say the opposite (`DENIALS`).
SUCCESSES = (
    # German, Dutch
    "erfolgreich zugestellt", "erfolgreich ausgeliefert", "erfolgreich übermittelt", "wurde zugestellt",
    "wurde ausgeliefert", "empfänger übermittelt", "gruppen übermittelt", "verteilerliste zugestellt",
    "empfänger zugestellt", "zustellung an diese empfänger oder gruppen ist abgeschlossen", "is bezorgd bij",
    "is afgeleverd", "werd afgeleverd", "succesvol bezorgd", "succesvol afgeleverd", "met succes afgeleverd",
    "met succes bezorgd", "bezorging bij deze geadresseerden of groepen is voltooid",
    # French, Spanish, Portuguese, Italian
    "a été remis à", "a été remis aux", "a bien été remis", "a été distribué", "a bien été distribué",
    "a été délivré", "a bien été délivré", "a été livré", "remis avec succès", "distribué avec succès",
    "délivré avec succès", "remise à ces destinataires ou groupes est terminée", "se ha entregado a", "se entregó a",
    "se ha entregado correctamente", "fue entregado a", "ha sido entregado a", "entregado correctamente",
    "entregado con éxito", "entregado satisfactoriamente", "se completó la entrega", "se ha completado la entrega",
    "foi entregue a", "foi entregue à", "entregue com sucesso",
    "entrega para estes destinatários ou grupos foi concluída",
    "è stato recapitato", "è stato consegnato", "recapitato correttamente", "consegnato con successo",
    "recapito a questi destinatari o gruppi è stato completato",
    # Polish, Czech, Turkish
    "została dostarczona", "został dostarczony", "zostało dostarczone", "została doręczona", "pomyślnie dostarczon",
    "pomyślnie doręczon", "adresatów lub grup zostało zakończone", "byla doručena", "úspěšně doručen",
    "teslim edildi", "teslim edilmiştir", "başarıyla ulaştırıldı", "başarıyla iletildi", "gruplara teslim tamamlandı",
    # Russian
    "сообщение доставлено", "письмо доставлено", "успешно доставлен", "было доставлено", "доставка завершена",
    "доставка этим получателям или группам завершена",
    # Japanese, Chinese, Korean
    "配信されました", "配信しました", "配信いたしました", "配送されました", "配送しました", "配達されました",
    "配信済み",
    "に配信され、", "グループへの配信は完了しました", "已送达", "已送達", "已成功投递", "已成功投遞", "成功送达",
    "成功送達", "成功投递",
    "成功投遞", "传递已完成", "傳遞已完成", "已传递到", "已傳遞到", "已傳遞給", "배달되었습니다", "전달되었습니다",
    "전송되었습니다", "배달되었으며", "배달은 완료되었", "배달이 완료되었",
)  # fmt: skip

#: Words before "delivered" in its sentence that say that it was not, or not yet.
DENIALS = (
    "nicht", "kein", "sobald", "wenn", "falls", "niet", "geen", "zodra", "indien", "pas", "dès", "lorsque", "si",
    "no", "cuando", "não", "nao", "quando", "se", "non", "nie", "nebyl", "kiedy", "gdy", "jeśli", "не", "если",
    "когда",
)  # fmt: skip

#: How the subject of a read receipt without a notification of RFC 8098 begins, or of one that says that nobody read it.
RECEIPT_SUBJECTS = (
    "read:", "not read:", "deleted:", "read receipt", "return receipt", "gelesen:", "ungelesen:", "nicht gelesen:",
    "gelöscht:", "lesebestätigung", "lu :", "lu:", "non lu :", "non lu:", "accusé de lecture",
    "confirmation de lecture",
    "leído:", "no leído:", "confirmación de lectura", "acuse de lectura", "lida:", "lido:", "não lida:", "não lido:",
    "confirmação de leitura", "recibo de leitura", "letto:", "da leggere:", "non letto:", "conferma di lettura",
    "ricevuta di lettura", "gelezen:", "niet gelezen:", "ongelezen:", "leesbevestiging", "przeczytano:",
    "nie przeczytano:", "nieprzeczytane:", "potwierdzenie przeczytania", "potwierdzenie odczytu", "прочтено:",
    "прочитано:", "не прочтено:", "не прочитано:", "уведомление о прочтении", "отчет о прочтении", "開封済み:",
    "開封済み：", "未開封:", "開封確認", "既読:", "已读:", "已读：", "未读:", "已读回执", "已讀:", "已讀：", "未讀:",
    "讀取回條",
    "읽음:", "읽지 않음:", "읽음 확인", "수신확인", "okundu:", "okunmadı:", "okundu bilgisi",
)  # fmt: skip

#: What such a receipt says of the mail.
RECEIPTS = (
    "was read", "was displayed", "has been read", "has been displayed", "without being read", "was opened",
    "was seen by",
    "gelesen", "angezeigt", "geöffnet", "a été lu", "été affiché", "sans avoir été lu", "sans être lu", "fue leído",
    "ha leído", "ha sido leído", "sido mostrado", "sin leer", "sin haber sido leído", "foi lida", "foi lido",
    "foi exibida", "sem ser lid", "è stato letto", "stato visualizzato", "senza essere", "is gelezen",
    "is weergegeven",
    "zonder te zijn gelezen", "przeczytan", "wyświetlon", "прочитано", "прочтено", "прочитан", "開封",
    "表示されました",
    "既読", "阅读", "已读", "查看", "閱讀", "讀取", "읽었", "읽지 않", "열람", "표시되었", "okundu", "okunmadan",
    "görüntülendi",
)  # fmt: skip

#: How a list or a filter says that it has refused a mail, outside English.
REFUSED = (
    "abgelehnt", "abgewiesen", "zurückgewiesen", "geweigerd", "afgewezen", "rejeté", "refusé", "rechazad", "rejeitad",
    "recusad", "rifiutat", "respint", "odrzucon", "odmítnut", "zamítnut", "elutasít", "отклонен", "отклонён",
    "reddedildi",
    "avvisa", "avvist", "hylätty", "拒否", "拒绝", "拒絕", "거부", "거절",
)  # fmt: skip
