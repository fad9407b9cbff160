"""The parts that readers share: replies on one line, the host in a text, the tables of phrases, guessed charsets."""

from __future__ import annotations

import pytest
from messages import notice

from analyzer.knowledge import data_folder, load_toml
from analyzer.parsing import phrases, read_message
from analyzer.parsing.addresses import find_addresses
from analyzer.parsing.charsets import guess_charset
from analyzer.parsing.decoding import decode_text, decode_words
from analyzer.parsing.diagnostics import finish, host_in
from analyzer.parsing.quotes import balanced, deciding_words
from analyzer.records import Failure
from analyzer.replies import read


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("550-5.7.1 Mail 550 5.7.1 refused", "550 5.7.1 Mail refused"),
        ("550-5.7.1 one\n550-5.7.1 two\n550 5.7.1 three", "550 5.7.1 one two three"),
        ("554-refused here 554 by rule 7", "554 refused here by rule 7"),
        ("smtp; 550 no such user", "550 no such user"),
        ("552 5.2.2 over 500 messages", "552 5.2.2 over 500 messages"),
    ],
)
def test_a_reply_of_several_lines_is_one_line_with_its_code_once(text, line):
    assert read(text).whole.line == line


@pytest.mark.parametrize(
    ("status", "diagnostic", "expected"),
    [
        ("5.0.0", "550 5.1.1 nobody", ("5.1.1", "550")),
        ("", "550 5.1.1 nobody", ("5.1.1", "550")),
        ("", "英文信息：550 nobody of that name", ("", "550")),
        ("5.0.350", "550 5.0.350 Remote server returned an error -> 554 5.2.2 full", ("5.2.2", "554")),
        (
            "4.4.7",
            "554 4.4.7 Message expired: unable to deliver in 840 minutes.<421 4.7.0 slow down>",
            ("4.4.7", "421"),
        ),
        # A status that says something is the server's own word, whatever the text names.
        ("5.2.1", "550 5.1.1 nobody", ("5.2.1", "550")),
        ("5.0.0", "250 2.1.5 fine", ("5.0.0", "250")),
        ("5.0.0", "no words of a server", ("5.0.0", "")),
    ],
)
def test_status_and_reply_come_from_the_innermost_reply(status, diagnostic, expected):
    (failure,) = finish([Failure("kim@lumen.example", status=status, diagnostic=diagnostic)])
    assert (failure.status, failure.reply) == expected


@pytest.mark.parametrize(
    ("text", "reply", "status", "words"),
    [
        # .NET's own text for a code says nothing of what the server meant by it.
        ("Mailbox unavailable. The server response was: 5.7.1 Unable to relay", "", "5.7.1", "5.7.1 Unable to relay"),
        ("Mailbox unavailable. The server response was: 550 5.7.1 Spam", "550", "5.7.1", "550 5.7.1 Spam"),
        ("Transaction failed. The server response was: greylisted", "", "", "greylisted"),
        # qmail's log, which some panels quote, has an underline for each blank.
        (
            "192.0.2.9_does_not_like_recipient./Remote_host_said:_550_5.1.1_nobody/Giving_up_on_192.0.2.9./",
            "550",
            "5.1.1",
            "550 5.1.1 nobody",
        ),
    ],
)
def test_what_a_wrapper_of_its_own_kind_quotes(text, reply, status, words):
    inner = read(text).inner
    assert inner is not None
    assert (inner.reply, inner.status, inner.line) == (reply, status, words)


def test_a_label_behind_angles_is_no_command_of_a_session():
    text = "Your message to <kim@lumen.example> was not delivered.\n\n   >>> Cause: the host said: 552 Score of 8 is too high\n"
    (failure,) = read_message(notice(text)).failures
    assert (failure.reply, failure.diagnostic) == ("552", "552 Score of 8 is too high")


def test_the_number_in_the_address_of_a_page_is_no_reply():
    text = "Refused by a list of the recipient - https://help.gateway.example/DOC-1369#550 [x9Kq.uk12]"
    assert deciding_words(text) == text


def test_a_recipient_named_twice_is_one_failure():
    twice = [Failure("kim@lumen.example", diagnostic="550 first"), Failure("KIM@lumen.example", diagnostic="550 again")]
    assert [f.diagnostic for f in finish(twice)] == ["550 first"]


def test_of_two_failures_of_one_recipient_the_one_with_a_reply_holds():
    silent = Failure("kim@lumen.example", diagnostic="could not be delivered", status="5.0.0")
    told = Failure("Kim@lumen.example", diagnostic="550 5.1.1 no such user")
    assert [one.status for one in finish([silent, told, silent])] == ["5.1.1"]
    assert [one.diagnostic for one in finish([told, silent])] == ["550 5.1.1 no such user"]


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("host mx1.lumen.example[192.0.2.9] said: 550 no", "mx1.lumen.example"),
        ("... while talking to mx1.lumen.example.: >>> DATA", "mx1.lumen.example"),
        ("connect to mx1.lumen.example[192.0.2.9]:25: Connection timed out", "mx1.lumen.example"),
        ("192.0.2.9 does not like recipient. Remote host said: 550 no", "192.0.2.9"),
        ("mx1.lumen.example [192.0.2.9] did not like our RCPT TO: 550 no", "mx1.lumen.example"),
        ("by the recipient domain lumen.example by mx1.lumen.example. [192.0.2.9]", "mx1.lumen.example"),
        ("mx1.lumen.example #550 5.1.1 nobody ##", "mx1.lumen.example"),
        ("Connected to 2001:db8::9 but greeting failed", "2001:db8::9"),
        # The reporting host is not the one that refused, and a status is no host.
        ("This is the mail system at host mx.sender.example.", ""),
        ("550 5.7.350 Remote server returned message detected as spam", ""),
        ("the address kim@lumen.example #550 nobody", ""),
        ("no host here", ""),
    ],
)
def test_the_host_that_refused(text, host):
    assert host_in(text) == host


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "host mx1.lumen.example said: 550 5.1.1 nobody (in reply to RCPT TO command)",
            "550 5.1.1 nobody (in reply to RCPT TO command)",
        ),
        ("Remote Server returned '550 5.4.300 expired -> 451 4.7.1 busy'", "550 5.4.300 expired -> 451 4.7.1 busy"),
        ("It responded as follows: [550 5.1.1 nobody]", "550 5.1.1 nobody"),
        ("The server said: 554 blocked [reference 47]", "554 blocked [reference 47]"),
        ("mx1.lumen.example #<mx1.lumen.example #5.7.1 smtp;554 5.7.1 refused> #SMTP#", "554 5.7.1 refused"),
        ("Nachricht: 550 5.1.1 unbekannt", "550 5.1.1 unbekannt"),
        ("The mailbox is full.", "The mailbox is full."),
    ],
)
def test_the_deciding_words(text, words):
    assert deciding_words(text) == words


@pytest.mark.parametrize(
    ("text", "kept"),
    [("a (b)", "a (b)"), ("a b)", "a b"), ("a [b]]", "a [b]"), ('say "no"', 'say "no"'), ('no"', "no")],
)
def test_only_what_was_opened_before_is_taken_off(text, kept):
    assert balanced(text) == kept


@pytest.mark.parametrize(
    "table",
    ["AUTOREPLY_SUBJECTS", "CHALLENGES", "BOUNCE_SUBJECTS", "BOUNCE_OPENINGS", "DELAYS"],
)
def test_phrases_are_in_the_form_they_are_compared_in(table):
    words = getattr(phrases, table)
    assert [w for w in words if w != w.lower() or "  " in w or "\u2019" in w] == []
    assert len(set(words)) == len(words)


def test_words_of_reasons_are_in_the_form_they_are_compared_in():
    table = load_toml(data_folder("rules") / "notices.toml")
    assert {language for language, row in table.items() if row.keys() != {"recipients", "things", "says"}} == set()
    for row in table.values():
        for words in row.values():
            assert [w for w in words if w != w.lower() or "  " in w or "\u2019" in w] == []
            assert words
            assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<kim.o'neil@lumen.example>: nobody", ["kim.o'neil@lumen.example"]),
        ("<d'angelo@lumen.example>", ["d'angelo@lumen.example"]),
        ("     d'angelo@lumen.example", ["d'angelo@lumen.example"]),
        ("addressed to 'kim@lumen.example', failed", ["kim@lumen.example"]),
        ("l'adresse d'anna@lumen.example est inconnue", ["anna@lumen.example"]),
        ("kim@lumen.exampleに配信できません", ["kim@lumen.example"]),
        ("kim@lumen.example에 전송되지 않았습니다", ["kim@lumen.example"]),
        ("（kim@lumen.example）、", ["kim@lumen.example"]),
        ("山田@例え.example", ["山田@例え.example"]),
        ("사용자@예시.한국", ["사용자@예시.한국"]),
        ("<kim@lumen.example>, kim+tag@lumen.example.", ["kim@lumen.example", "kim+tag@lumen.example"]),
    ],
)
def test_addresses_in_prose_of_any_script(text, found):
    assert find_addresses(text) == found


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("宛先のメールアドレスが見つかりませんでした。", "cp932"),
        ("宛先のメールアドレスが見つかりませんでした。", "euc_jp"),
        ("收件人的邮箱地址不存在，请检查后重新发送邮件", "gb18030"),
        ("收件人的信箱位址不存在，請檢查後重新傳送郵件", "big5hkscs"),
        ("받는 사람의 메일 주소를 찾을 수 없습니다", "cp949"),
        ("Почтовый ящик получателя не найден", "koi8_r"),
        ("Почтовый ящик получателя не найден", "cp1251"),
    ],
)
def test_charsets_that_nobody_declared(text, charset):
    assert guess_charset(text.encode(charset)) == charset
    assert decode_text(text.encode(charset), "us-ascii") == text


@pytest.mark.parametrize(
    ("data", "charset"),
    [("Der Empfänger wurde nicht gefunden. Größe überschritten, zurück an Absender", "cp1252"), ("Destinataire refusé à l'arrivée, désolé", "iso-8859-1"), ("Użytkownik został usunięty, skrzynka zamknięta", "iso-8859-2")],
)  # fmt: skip
def test_latin_text_stays_latin(data, charset):
    assert decode_text(data.encode(charset), charset) == data


def test_encoded_words_of_broken_mail():
    assert decode_words("=?iso-2022-jp?B?GyRCR1s/LhsoQg==?= =?utf-8?Q?=C3=A9?=") == "配信é"
    assert decode_words("=?no-such?B?4pyT?= =?utf-8?Q?=ZZ?=") == "✓=ZZ"
