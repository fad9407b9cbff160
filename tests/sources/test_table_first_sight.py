"""Tables as people and tools hand them in, read at first sight: words of many languages, values under odd headers, rows
that are no sends."""

from __future__ import annotations

import quopri
import zipfile
from typing import TYPE_CHECKING

import pytest

from analyzer.correlate import correlate, normalise_statuses
from analyzer.errors import UnreadableInputError
from analyzer.sources.tables import parse_times, read_table
from analyzer.sources.tables.header_words import readings

if TYPE_CHECKING:
    from pathlib import Path

#: header -> the field that its words make, "" for none
HEADERS: dict[str, str] = {
    "E-posta durumu": "email_status", "Gönderim tarihi": "sent_at", "Geri döndü mü": "bounced", "Hata mesajı": "bounce_reason",
    "メール状態": "email_status", "送信日時": "sent_at", "送信者": "sender", "バウンス": "bounced", "エラー内容": "bounce_reason",
    "キャンペーン名": "campaign", "退信原因": "bounce_reason", "邮箱验证": "email_status", "이메일 상태": "email_status", "발송일시": "sent_at",
    "Дата отправки": "sent_at", "Статус email": "email_status", "Причина отказа": "bounce_reason", "Отправитель": "sender",
    "Datum odeslání": "sent_at", "Odesláno": "sent_at", "Důvod odmítnutí": "", "Avsändare": "sender", "Lähettäjä": "sender",
    "DeBounce Result": "email_status", "ELV Result": "email_status", "Clearout Status": "email_status", "ZeroBounce": "email_status",
    "Last Contacted From": "sender", "Stage sent at": "step", "Last step completed at": "sent_at", "Mailing Country": "country",
    "Event date": "sent_at", "activityDate": "sent_at", "From Address (Envelope)": "sender", "Segmento": "industry", "LastDeliveryEvent": "state", "Statut d'envoi": "state", "電話": "", "备注": "",
}  # fmt: skip

#: A result of a verification in another language -> its status
RESULTS: dict[str, str] = {
    "geprüft": "verified", "geraten": "guessed", "vérifiée": "verified", "deviné": "guessed", "no válido": "invalid", "riesgoso": "risky",
    "geverifieerd": "verified", "gegokt": "guessed", "zweryfikowany": "verified", "nieprawidłowy": "invalid", "presunta": "guessed",
    "doğrulandı": "verified", "geçersiz": "invalid", "tahmin": "guessed", "確認済み": "verified", "推測": "guessed", "無効": "invalid", "不明": "unknown",
    "проверен": "verified", "недействительный": "invalid", "已验证": "verified", "无效": "invalid", "검증됨": "verified", "ogiltig": "invalid",
    "catch_all_not_safe": "catch_all", "nominative@pro": "verified", "ultra_sure": "verified", "не проверен": "unknown", "non verificato": "unknown",
}  # fmt: skip

#: A time in the writing of a language -> what it is
TIMES: dict[str, str] = {
    "13/03/2026 à 08h04": "2026-03-13T08:04:00", "13.03.2026 um 08:04 Uhr": "2026-03-13T08:04:00",
    "2026年3月13日 8:04": "2026-03-13T08:04:00", "2026年03月13日 08時04分11秒": "2026-03-13T08:04:11",
    "2026年3月13日(金) 午後4時05分": "2026-03-13T16:05:00", "2026년 3월 13일 오후 4:05": "2026-03-13T16:05:00",
    "2026年3月13日 下午12:05": "2026-03-13T12:05:00", "2026年3月13日": "2026-03-13T00:00:00",
}  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_in_another_language_is_read_by_its_words(header: str) -> None:
    found = readings(header)
    assert (found[0].field if found else "") == HEADERS[header]


def test_results_in_other_languages_have_their_status() -> None:
    import pandas as pd

    assert dict(zip(RESULTS, normalise_statuses(pd.Series(list(RESULTS))), strict=True)) == RESULTS


@pytest.mark.parametrize("text", TIMES)
def test_a_time_in_the_writing_of_a_language(text: str) -> None:
    import pandas as pd

    assert parse_times(pd.Series([text])).dt.strftime("%Y-%m-%dT%H:%M:%S").tolist() == [TIMES[text]]


def _table(tmp_path: Path, text: str, name: str = "table.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


#: Logs of two mails, of which the second bounced and no other.
LOGS: dict[str, str] = {
    "delivered, yes and no": "Email,Sent at,Delivered\na@x.example,2026-03-02,Yes\nb@x.example,2026-03-02,No\n",
    "zugestellt, ja und nein": "E-Mail;Gesendet am;Zugestellt\na@x.example;02.03.2026;ja\nb@x.example;02.03.2026;nein\n",
    "a state with its reason": "Email,MergeStatus\na@x.example,SENT\nb@x.example,BOUNCED: 550 5.1.1 User unknown\n",
    "a result with its reason": "To,Date,Delivery result\na@x.example,2026-03-02,Delivered\nb@x.example,2026-03-02,Failed: 550 5.1.1 User unknown\n",
    "words of mails and probes": "Email,Date sent,Result\na@x.example,2026-03-02,OK\nb@x.example,2026-03-02,Bounced\n",
    "an email status of mails": "Email,Sent at,Email Status,Verification Status\na@x.example,2026-03-02,Sent,Valid\nb@x.example,2026-03-02,Bounced,Valid\n",
    "mail that came in": "to,date_sent,direction,bounced\na@x.example,2026-03-02,outgoing,no\nb@x.example,2026-03-02,outgoing,yes\nme@own.example,2026-03-03,incoming,no\n",
    "mail that came in, marked": "to,date sent,Is Incoming,bounced\na@x.example,2026-03-02,0,no\nb@x.example,2026-03-02,0,yes\nme@own.example,2026-03-03,1,no\n",
    "a type of happening": "email,date,type\na@x.example,2026-03-02,SENT\nb@x.example,2026-03-02,SENT\nb@x.example,2026-03-02,BOUNCE\na@x.example,2026-03-03,OPEN\n",
    "a name and an address": "Recipient,Recipient Email,Sent,Bounced\na,a@x.example,2026-03-02,\nb,b@x.example,2026-03-02,yes\n",
    "a state under any header": "E-mail,Sent on,How it went\na@x.example,2026-03-02,Delivered\nb@x.example,2026-03-02,Bounced\n",
    "Ukrainian": "Електронна пошта;Надіслано;Повернуто\na@x.example;02.03.2026 10:00;ні\nb@x.example;02.03.2026 10:00;так\n",
    "Turkish": "E-posta;Gönderim tarihi;Geri döndü mü\na@x.example;02.03.2026 10:00;Hayır\nb@x.example;02.03.2026 10:00;Evet\n",
    "Japanese": "メールアドレス,送信日時,バウンス\na@x.example,2026年3月2日 10:00,いいえ\nb@x.example,2026年3月2日 10:00,はい\n",
    "Russian": "Почта;Дата отправки;Статус отправки\na@x.example;02.03.2026 10:00;Доставлено\nb@x.example;02.03.2026 10:00;Отказ\n",
}


@pytest.mark.parametrize("kind", LOGS)
def test_who_bounced_is_told_at_first_sight(tmp_path: Path, kind: str) -> None:
    found = correlate([], read_table(_table(tmp_path, LOGS[kind]))).sends
    assert dict(zip(found["recipient"], found["label"] != "", strict=True)) == {
        "a@x.example": False,
        "b@x.example": True,
    }


def test_the_reason_behind_a_state_is_kept(tmp_path: Path) -> None:
    found = correlate([], read_table(_table(tmp_path, LOGS["a state with its reason"]))).sends
    assert found["reason"].tolist() == ["", "user_unknown"]


@pytest.mark.parametrize(
    "text",
    [
        "Email,Sent at,Delivered,Status\na@x.example,2026-03-02,Yes,opened\nb@x.example,2026-03-02,No,sent\n",
        "Email,Sent at,Delivered\na@x.example,2026-03-02,3\nb@x.example,2026-03-02,0\nc@x.example,2026-03-02,2\n",
        "Email,Sent at,Delivered\na@x.example,2026-03-02,No\nb@x.example,2026-03-02,No\n",
    ],
)
def test_delivered_tells_nothing_beside_a_state_as_a_count_or_where_it_never_says_yes(
    tmp_path: Path, text: str
) -> None:
    found = correlate([], read_table(_table(tmp_path, text))).sends
    assert (found["label"] == "").all()


#: Happenings of mails, and how many mails they are.
HAPPENINGS: dict[str, tuple[str, int]] = {
    "one mail": ("a@x.example,<1>,processed\na@x.example,<1>,delivered\na@x.example,<1>,open\n", 1),
    "two mails to one lead": (
        "a@x.example,<1>,sent\na@x.example,<1>,delivered\na@x.example,<2>,sent\na@x.example,<2>,bounce\n",
        2,
    ),
    "a delivery alone": ("a@x.example,<1>,delivered\nb@x.example,<2>,sent\nb@x.example,<2>,delivered\n", 2),
    "no ids": (
        "a@x.example,,Send Email\na@x.example,,Email Delivered\nb@x.example,,Send Email\nb@x.example,,Email Bounced\n",
        2,
    ),
}


@pytest.mark.parametrize("kind", HAPPENINGS)
def test_a_mail_that_was_sent_and_delivered_is_one_mail(tmp_path: Path, kind: str) -> None:
    rows, mails = HAPPENINGS[kind]
    dated = "".join(f"2026-03-02 10:{place:02},{row}\n" for place, row in enumerate(rows.splitlines()))
    found = correlate([], read_table(_table(tmp_path, f"date,email,message id,event\n{dated}"))).sends
    assert len(found) == mails
    assert (found["label"] != "").sum() == rows.lower().count("bounce")


def test_mail_that_came_in_is_told(tmp_path: Path) -> None:
    table = read_table(_table(tmp_path, LOGS["mail that came in"]))
    assert "table.csv: rows of mail that came in left out: 1" in table.warnings
    only = _table(tmp_path, "to,date_sent,direction\nme@own.example,2026-03-03,incoming\n")
    assert any("every row is of mail that came in" in warning for warning in read_table(only).warnings)


#: Lists whose verification stands under a header that says nothing of one: (text, their statuses)
LISTS: dict[str, tuple[str, list[str]]] = {
    "a check": ("E-mail,Email check\na@x.example,Deliverable\nb@x.example,Accept all\n", ["verified", "catch_all"]),
    "a certainty": ("email,Certainty 1\na@x.example,ultra_sure\nb@x.example,undeliverable\n", ["verified", "invalid"]),
    "a qualification": ("email,email_qualification\na@x.example,nominative@pro\nb@x.example,catch_all@pro\nc@x.example,invalid\n",
                        ["verified", "catch_all", "invalid"]),
    "of the telephone": ("Email,Phone check\na@x.example,valid\nb@x.example,invalid\n", ["unknown", "unknown"]),
    "of a private mail": ("Work email,Personal email status\na@x.example,valid\nb@x.example,invalid\n", ["unknown", "unknown"]),
    "a rating": ("Email,Lead rating\na@x.example,good\nb@x.example,bad\n", ["unknown", "unknown"]),
    "two that may be it": ("Email,Probe A,Probe B\na@x.example,valid,invalid\nb@x.example,invalid,valid\n", ["unknown", "unknown"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", LISTS)
def test_a_verification_is_told_by_what_it_holds(tmp_path: Path, kind: str) -> None:
    text, statuses = LISTS[kind]
    table = read_table(_table(tmp_path, text), "leads")
    assert normalise_statuses(table.frame["email_status"], table.platform).tolist() == statuses


def test_a_day_under_the_name_of_a_verification(tmp_path: Path) -> None:
    text = "Email,Result,Validated On\na@x.example,valid,Mar 2 2026\nb@x.example,invalid,Mar 3 2026\n"
    table = read_table(_table(tmp_path, text), "leads")
    assert table.frame["verified_at"].dt.strftime("%Y-%m-%d").tolist() == ["2026-03-02", "2026-03-03"]


#: A code page that a guess by letters takes for another -> a list in it
PAGES: dict[str, str] = {
    "cp1250": "E-mail;Společnost;Země;Kampaň;Odesílatel\na@x.example;Novák;Česko;jaro;já@x.example\n",
    "cp1251": "Почта;Компания;Страна;Должность\na@x.example;Ромашка;Россия;Директор\n",
    "cp1254": "E-posta;Şirket;Ülke;Gönderim tarihi\na@x.example;Yılmaz;Türkiye;02.03.2026\n",
    "cp1252": "Empfänger;Unternehmen;Länder;geprüft am\na@x.example;Müller;Österreich;02.03.2026\n",
}


@pytest.mark.parametrize("page", PAGES)
def test_the_words_of_a_table_tell_its_code_page(tmp_path: Path, page: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(PAGES[page].encode(page))
    assert f"list.csv: not UTF-8; read as {page}" in read_table(path, "leads").warnings


def test_each_recipient_of_a_mail_has_its_own_state(tmp_path: Path) -> None:
    text = (
        "origin_timestamp_utc,sender_address,recipient_status\n"
        '2026-03-02T09:11:21Z,me@own.example,"a@x.example##Receive, Send;b@x.example##Receive, Fail"\n'
    )
    found = correlate([], read_table(_table(tmp_path, text))).sends
    assert dict(zip(found["recipient"], found["label"], strict=True)) == {"a@x.example": "", "b@x.example": "unknown"}


def test_a_log_of_a_workflow_program_is_read_below_its_envelope(tmp_path: Path) -> None:
    text = '[{"json":{"to":"a@x.example","sentAt":"2026-03-02T09:11:21Z","result":{"messageId":"<m1@own.example>"}},"pairedItem":{"item":0}}]'
    table = read_table(_table(tmp_path, text, "items.json"))
    assert table.frame[["recipient", "message_id"]].to_numpy().tolist() == [["a@x.example", "<m1@own.example>"]]


def _archive(*pages: str, mark: str = "X-Document-Type: Workbook\r\n") -> str:
    start = f'MIME-Version: 1.0\r\n{mark}Content-Type: multipart/related; boundary="----=_NextPart_1"\r\n\r\n'
    start += "This document is a Single File Web Page, also known as a Web Archive file.\r\n\r\n"
    parts = "".join(
        "------=_NextPart_1\r\nContent-Location: file:///C:/A/B.htm\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        f'Content-Type: text/html; charset="utf-8"\r\n\r\n{quopri.encodestring(page.encode()).decode()}\r\n\r\n'
        for page in pages
    )
    return f"{start}{parts}------=_NextPart_1--\r\n"


def test_a_workbook_saved_as_a_single_file_web_page(tmp_path: Path) -> None:
    rows = [
        ["E-mail", "Sent date", "Bounced"],
        ["jürgen@x.example", "2026-03-02", "No"],
        ["b@x.example", "2026-03-02", "Yes"],
    ]
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    page = f"<html><body><table>{body}</table></body></html>"
    frame = "<html><frameset rows='*,39'><frame src='B_files/sheet001.htm'></frameset></html>"
    table = read_table(_table(tmp_path, _archive(frame, page), "book.xls"))
    assert table.frame["recipient"].tolist() == ["jürgen@x.example", "b@x.example"]
    assert table.frame["bounced"].tolist() == ["No", "Yes"]


#: What people hand in for a table -> (the parts of an archive, or a text; what is said of it)
NO_TABLES: dict[str, tuple[tuple[str, ...] | str, str]] = {
    "a.docx": (
        ("[Content_Types].xml", "word/document.xml"),
        "is a Word document, no table; save its table as CSV or XLSX",
    ),
    "b.docx": (("word/document.xml",), "is a Word document, no table; save its table as CSV or XLSX"),
    "a.numbers": (
        ("Index/Document.iwa", "preview.jpg"),
        "is a document of Apple Numbers or Pages, no table; save its table",
    ),
    "a.csv": (
        "From: a@x.example\nTo: b@x.example\nSubject: Hello\n\nHow are you\n",
        "is mail, no table; bounces go with --bounces",
    ),
}


@pytest.mark.parametrize("name", NO_TABLES)
def test_what_is_no_table_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    content, said = NO_TABLES[name]
    path = tmp_path / name
    if isinstance(content, str):
        path.write_text(content)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for part in content:
                archive.writestr(part, "<x/>")
    with pytest.raises(UnreadableInputError, match=f"{name}: {said}"):
        read_table(path)


def test_a_path_that_leads_nowhere_is_to_be_checked(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match=r"cannot be read: No such file or directory; check the path"):
        read_table(tmp_path / "missing.csv")


def test_a_saved_page_without_a_table_and_mail_say_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="saved web page"):
        read_table(_table(tmp_path, _archive("<html><p>Sign in</p></html>"), "book.xls"))
    mail = 'Received: from a by b; Mon, 2 Mar 2026 09:11:21 +0000\r\nFrom: a@x.example\r\nSubject: Hello\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\n\r\n<table>\r\n--b--\r\n'
    with pytest.raises(UnreadableInputError, match="is mail, no table"):
        read_table(_table(tmp_path, mail, "mail.xls"))
