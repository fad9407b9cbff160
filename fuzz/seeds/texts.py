"""Texts of all sorts: diagnostics, addresses, dates, markup, and a rule with every key."""
# ruff: noqa: E501

from __future__ import annotations

from functools import cache

from analyzer.classify import default_classifier

ADDRESSES = (
    b"kim@lumen.example", b"<kim@lumen.example>", b"Kim Roe <kim@lumen.example>", b'"Roe, Kim" <kim@lumen.example>, a@b.example', b"rfc822; kim@lumen.example",
    b"rfc822;<kim@lumen.example> (a comment)", b"utf-8; k\\x{FC}m@lumen.example", b"mailto:kim@lumen.example", b'"kim roe"@lumen.example', b"kim@[192.0.2.1]",
    b"smtp:kim@lumen.example;bounced", "kïm@lümen.example".encode(), "宛先：kim@lumen.exampleへ".encode(), b"kim (at) lumen (dot) example", b" kim@lumen,example ",
    b"kim@gmial.com", b"KIM@LUMEN.EXAMPLE.", b"kim.roe+tag@mail.lumen.co.uk", b"utf-8-addr-xtext; kim+2Broe@lumen.example", "\u200bkim＠lumen.example".encode(),
)  # fmt: skip
DATES = (
    b"Thu, 29 Apr 2010 23:34:45 +0900", b"Tue, 3 Mar 2026 09:30:00 +0100 (CET)", b"3 Mar 26 09:30 EST", b"Mon, 02-Mar-2026 9.11.21 GMT",
    b"by mx.example with SMTP; Tue, 3 Mar 2026 08:30:01 -0000", b"Tue, 31 Dec 9999 23:59:60 -1200", b"1 Jan 0000 00:00:00 +9999", b"2026-03-02T09:11:21Z",
)  # fmt: skip
ENCODED = (
    "Ihre Nachricht konnte nicht zugestellt werden: Empfänger unbekannt".encode("cp1252"),
    "宛先のユーザーが見つかりません <kim@lumen.example> ユーザー不明".encode("iso2022_jp"),
    "Почтовый ящик переполнен, сообщение не доставлено".encode("koi8_r"),
    "收件人不存在，邮件被退回".encode("gb18030"),
    "받는 사람을 찾을 수 없습니다".encode("cp949"),
    b"SWhyZSBOYWNocmljaHQ=\n",
    b"=FC=20=\nber 550 5.1.1",
)  # fmt: skip
MARKUP = (
    b"<html><head><style>p {color: red}</style></head><body><p>Your message to <b>kim@lumen.example</b> couldn't be delivered.</p></body></html>",
    b"<table><tr><td>550</td><td>5.1.1</td></tr></table><!-- hidden --><script>var a = '<p>';</script><br/>End &amp; &lt;kim@lumen.example&gt; &#8217;",
    b"<div>one<div>two<ul><li>three</li></ul></div>&#x110000;&nbsp;&notanentity;<a href='mailto:kim@lumen.example'>write</a",
)  # fmt: skip
WRAPPED = (
    b"550 5.1.1 <kim@lumen.example>: Recipient address rejected: User unknown", b"550-5.1.1 one\r\n550-5.1.1 two\r\n550 5.1.1 three",
    b"host mx.lumen.example[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)", b"smtp; 421 4.7.0 Try again later, closing connection. (a1) - gsmtp",
    b"SMTP error from remote mail server after RCPT TO:<kim@lumen.example>: host mx.lumen.example [192.0.2.1]: 550 no such user",
    b"mx1 #<#5.1.1 smtp;550 5.1.1 RESOLVER.ADR.RecipNotFound; not found> #SMTP#", b"452 4.2.2 mailbox full; retry in 15 minutes", b"5.7.1 blocked using zen.spamhaus.org",
    b"Remote server returned '550 5.4.1 Recipient address rejected: Access denied. [AM1PEPF0001.eurprd05.prod.outlook.com]'", b"451 greylisted, try again in 00:05:00",
)  # fmt: skip
RULE = b"""\
[[rule]]
id          = "fuzz/every-key"
patterns    = ['no such (?:user|mailbox) here', 'unknown \\w{1,20}$']
provider    = ["microsoft"]
status      = ["5.4.1", "5.1."]
reply       = ["550", "5"]
phase       = ["rcpt"]
reason      = "user_unknown"
transient   = false
confidence  = 0.93
why         = "Nobody of that name is there."
source      = "RFC 5321 4.2.3"
examples    = ["550 5.4.1 no such user here", {text = "unknown kim", status = "5.1.1", reply = "550", host = "mx.lumen.example", recipient = "a@b.example"}]
near_misses = ["550 5.4.1 Relay access denied"]
"""


@cache
def replies() -> list[bytes]:
    """Replies in wrappers, and the texts that rules prove themselves with, every twentieth."""
    examples = [example.text.encode() for rule in default_classifier().rules for example in rule.examples]
    return [*WRAPPED, *examples[::20]]


@cache
def diagnostics() -> list[bytes]:
    """The same with a status, a reply code, a host and a recipient behind some."""
    beside = (
        b"",
        b"\x1f5.1.1\x1f550\x1fmx.lumen.example\x1fkim@lumen.example",
        b"\x1f\x1f\x1faspmx.l.google.com\x1fa@gmail.com",
    )
    return [text + beside[number % 3] for number, text in enumerate(replies())]
