"""Signed return paths (VERP): made when a mail is sent, verified when it bounces; nobody else can make such a bounce.

    bounces+jane.roe=example.com-r7q2mzk4a5tq3l6wkd2hx7en@mail.example

Behind the prefix stands whom the mail was for, then 24 signs: how the recipient is named (1), the day (3), the campaign
(4) and a signature (16: HMAC-SHA-256 of all the others, truncated to 80 bits; RFC 2104 section 5 asks for at least
that). All of them survive a server that writes local parts in lower case, and the local part keeps within the 64 octets
of RFC 5321, 4.5.3.1.1: a recipient that is too long stands there as a digest.
"""

from analyzer.verp.keys import KEY_ENV, KEY_FILE_ENV, Keys, keys_from, new_key
from analyzer.verp.token import Signed, Verdict, recipient_digest, sign, sign_header, signed_part, unsigned, verify

__all__ = [
    "KEY_ENV",
    "KEY_FILE_ENV",
    "Keys",
    "Signed",
    "Verdict",
    "keys_from",
    "new_key",
    "recipient_digest",
    "sign",
    "sign_header",
    "signed_part",
    "unsigned",
    "verify",
]
