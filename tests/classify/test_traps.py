"""The traps: replies whose words or codes mislead, over the shipped rules. Each must be decided by a rule, by its meaning.

A case says the label and every reason that would be right; of the block list and of a later try only where it matters.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from analyzer.classify import classify

GOOGLE = "aspmx.l.google.com"
MICROSOFT = "example-com.mail.protection.outlook.com"
SES = "email-smtp.us-east-1.amazonaws.com"


@dataclass(frozen=True)
class Trap:
    """A text with its right answer; None for what the case says nothing about."""

    text: str
    label: str
    reasons: str
    transient: bool | None = None
    blocklist: str | None = None
    beside: dict[str, str] = field(default_factory=dict)


TRAPS = {
    "about the sender, though it reads as if about the recipient": [
        Trap("550 Callout verification of your return path failed: 550 5.1.1 no such user", "spam", "sender_rejected"),
        Trap(
            "550-Verification failed for <anna@sales.example> 550-The mail server answered: 550 No such user here 550 Sender verify failed",
            "spam",
            "sender_rejected",
        ),
        Trap(
            "450 4.1.8 <anna@sales.example>: Sender address rejected: Domain not found",
            "spam",
            "sender_rejected",
            transient=True,
        ),
        Trap(
            "553 5.1.8 Domain of sender address anna@sales.example does not exist",
            "spam",
            "sender_rejected",
            transient=False,
        ),
        Trap("501 5.1.8 Sender domain does not resolve: sales.example", "spam", "sender_rejected"),
        Trap("550 5.7.27 Sender address has null MX", "spam", "sender_rejected"),
        Trap(
            "550 5.1.0 <anna@sales.example>: Sender address rejected: User unknown in virtual mailbox table",
            "spam",
            "sender_rejected",
        ),
        Trap(
            "550 5.1.7 <anna@sales.example>: Sender address rejected: undeliverable address: host mx.sales.example[192.0.2.8] said: 550 5.1.1 User unknown (in reply to RCPT TO command)",
            "spam",
            "sender_rejected",
        ),
        Trap(
            "554 5.1.8 Sender address rejected: the sender's mailbox is full, so it could not get a reply",
            "spam",
            "sender_rejected",
        ),
        Trap("550 Unable to verify the sender: remote host says mailbox unavailable", "spam", "sender_rejected"),
        Trap(
            "450 4.1.7 <anna@sales.example>: Sender address rejected: unverified address: mailbox does not exist",
            "spam",
            "sender_rejected",
        ),
        Trap(
            "550 5.1.1 <tom@buyer.example>: Recipient address rejected: undeliverable address: host mx.buyer.example[192.0.2.9] said: 550 5.1.1 User unknown (in reply to RCPT TO command)",
            "hard",
            "user_unknown",
            transient=False,
        ),
        Trap("556 5.1.10 Recipient address has null MX", "hard", "no_mail_server", transient=False),
        Trap("550 We called back your return path and were told: 550 5.1.1 unknown user", "spam", "sender_rejected"),
        Trap("550 Sender callout failed, the return address does not accept mail", "spam", "sender_rejected"),
        Trap("550 5.1.8 Envelope sender domain has no MX record and no address", "spam", "sender_rejected"),
        Trap("554 5.7.1 The sender's domain sales.example does not exist in DNS", "spam", "sender_rejected"),
        Trap("550 Invalid sender: user not known", "spam", "sender_rejected"),
        Trap("550 MAIL FROM domain sales.example unknown", "spam", "sender_rejected"),
        Trap("553 sorry, your envelope sender's domain must exist (#5.7.1)", "spam", "sender_rejected"),
    ],
    "an unknown recipient under a policy status": [
        Trap("550 5.7.1 No such user here", "hard", "user_unknown", transient=False),
        Trap(
            "550 5.7.1 <tom@buyer.example>: Recipient address rejected: user tom@buyer.example does not exist",
            "hard",
            "user_unknown",
            transient=False,
        ),
        Trap(
            "550 5.4.1 Recipient address rejected: Access denied. [AM6EUR05FT012.example]",
            "hard",
            "user_unknown",
            transient=False,
            beside={"host": MICROSOFT},
        ),
        Trap("554 5.7.1 Unknown recipient, the mailbox does not exist", "hard", "user_unknown", transient=False),
        Trap("550 5.7.0 Invalid mailbox: tom", "hard", "user_unknown"),
        Trap("450 4.7.1 User unknown in local recipient table", "hard", "user_unknown", transient=False),
        Trap("550 5.7.1 The recipient account is disabled", "hard", "mailbox_disabled", transient=False),
        Trap("550 5.7.1 This mailbox is no longer active", "hard", "mailbox_disabled", transient=False),
        Trap("550 5.7.1 <tom@buyer.example> mailbox is full", "hard", "mailbox_full"),
    ],
    "5.1.1 that is no unknown user": [
        Trap(
            "550 5.1.1 Too many messages from your host within the last hour, sending rate exceeded",
            "spam",
            "rate_limited",
        ),
        Trap("550 5.1.1 The mailbox of the user is over its quota", "hard", "mailbox_full"),
        Trap(
            "550 5.1.1 <tom@buyer.example> only accepts mail from people on their contact list",
            "spam",
            "recipient_restricted",
        ),
        Trap("550 5.1.1 Message refused as spam by the content scanner", "spam", "spam_content"),
        Trap("550 5.1.1 Greylisted, please try again in 10 minutes", "spam", "greylisted", transient=True),
        Trap("550 5.1.1 Connection rate limit exceeded", "spam", "rate_limited too_many_connections"),
        Trap("550 5.1.1 Message too large for this recipient", "hard", "message_too_large"),
        Trap("550 5.1.1 Recipient has blocked your address", "spam", "policy recipient_restricted sender_rejected"),
        Trap(
            "550 5.1.1 Your IP 192.0.2.1 is listed at zen.spamhaus.org",
            "spam",
            "ip_blocklisted",
            blocklist="Spamhaus ZEN",
        ),
        Trap("550 5.1.1 Relaying denied for this domain", "hard", "relay_denied"),
        Trap("550 5.1.1 SPF check failed for sales.example", "spam", "auth_failure"),
    ],
    "552 that is no quota, and one that is": [
        Trap(
            "552 5.2.3 Message size exceeds the fixed maximum of 10485760 bytes",
            "hard",
            "message_too_large",
            transient=False,
        ),
        Trap(
            "552 5.7.0 This message was blocked because its content presents a potential security issue",
            "spam",
            "virus",
            beside={"host": GOOGLE},
        ),
        Trap("552 Rejected: attachments of type .exe are not allowed here", "spam", "virus policy"),
        Trap("552 5.7.1 Spam message rejected", "spam", "spam_content"),
        Trap("552 5.2.2 Mailbox full", "hard", "mailbox_full"),
        Trap(
            "552 Too many recipients in this message, limit is 50",
            "spam",
            "rate_limited protocol_error policy sender_account",
        ),
        Trap("552 5.2.0 Sender is on our block list", "spam", "sender_rejected ip_blocklisted domain_blocklisted"),
        Trap("552 Message contains a virus", "spam", "virus"),
        Trap("552 5.7.1 virus found in attachment invoice.zip", "spam", "virus"),
    ],
    "mailbox unavailable for another reason": [
        Trap(
            "550 Requested action not taken: mailbox unavailable. The message was refused by local policy",
            "spam",
            "policy",
        ),
        Trap(
            "550 5.7.1 Requested action not taken: mailbox unavailable, your IP 192.0.2.3 is blacklisted",
            "spam",
            "ip_blocklisted",
        ),
        Trap("550 Mailbox unavailable: your message looks like spam", "spam", "spam_content"),
        Trap("550 mailbox unavailable, sender not on the allow list of the recipient", "spam", "recipient_restricted"),
        Trap("550 Mailbox unavailable because of reverse DNS of your host is missing", "spam", "ptr_missing"),
        Trap("550 5.7.1 mailbox unavailable: DMARC check failed", "spam", "auth_failure"),
        Trap("450 Mailbox unavailable, greylisting active, retry later", "spam", "greylisted", transient=True),
    ],
    "names that read like reasons": [
        Trap(
            "550 5.1.1 <spam@blocked.example>: Recipient address rejected: User unknown",
            "hard",
            "user_unknown",
            transient=False,
            beside={"recipient": "spam@blocked.example"},
        ),
        Trap(
            "550 <full.mailbox@quota-exceeded.example> no such user",
            "hard",
            "user_unknown",
            transient=False,
            beside={"recipient": "full.mailbox@quota-exceeded.example"},
        ),
        Trap(
            "554 5.7.1 <user.unknown@nosuchuser.example>: Relay access denied",
            "hard",
            "relay_denied",
            transient=False,
            beside={"recipient": "user.unknown@nosuchuser.example"},
        ),
        Trap(
            "452 4.2.2 <blacklist@spamhaus-fans.example> mailbox is full",
            "hard",
            "mailbox_full",
            transient=True,
            beside={"recipient": "blacklist@spamhaus-fans.example"},
        ),
        Trap(
            "550 5.7.1 <unknown@greylist.example>: message rejected as spam",
            "spam",
            "spam_content",
            beside={"recipient": "unknown@greylist.example"},
        ),
        Trap(
            "Host or domain name not found. Name service error for name=spam-blocked.example type=MX: Host not found",
            "hard",
            "domain_not_found",
            transient=False,
            beside={"recipient": "tom@spam-blocked.example"},
        ),
        Trap(
            "connect to mx.spamhaus-blocked.example[192.0.2.5]:25: Connection timed out",
            "hard",
            "network_error",
            transient=True,
            beside={"host": "mx.spamhaus-blocked.example", "recipient": "tom@spamhaus-blocked.example"},
        ),
        Trap(
            "host mx.unknown-user.example[192.0.2.6] said: 554 5.7.1 Your message was identified as spam (in reply to end of DATA command)",
            "spam",
            "spam_content",
            beside={"host": "mx.unknown-user.example"},
        ),
        Trap(
            "550 5.1.1 <tom@full.example> unknown user",
            "hard",
            "user_unknown",
            transient=False,
            beside={"recipient": "tom@full.example"},
        ),
        Trap(
            "550 5.1.1 <greylisted@ratelimit.example>: user unknown",
            "hard",
            "user_unknown",
            transient=False,
            beside={"recipient": "greylisted@ratelimit.example"},
        ),
        Trap(
            "550 5.7.1 <virus@dkim-fail.example>: Relaying denied",
            "hard",
            "relay_denied",
            transient=False,
            beside={"recipient": "virus@dkim-fail.example"},
        ),
        Trap(
            "550 5.1.2 <tom@no-such-host.example>: message was considered spam",
            "spam",
            "spam_content",
            beside={"recipient": "tom@no-such-host.example"},
        ),
        Trap(
            "554 delivery error: dd This user doesn't have a quota-exceeded.example account (tom@quota-exceeded.example) [0]",
            "hard",
            "user_unknown",
            transient=False,
            beside={"recipient": "tom@quota-exceeded.example"},
        ),
        Trap(
            "550 no mailbox here by the name of user.unknown, spam.blocked.example",
            "hard",
            "user_unknown",
            transient=False,
            beside={"recipient": "user.unknown@spam.blocked.example"},
        ),
        Trap(
            "452 4.2.2 The mailbox tom at full-spam.example has run out of space",
            "hard",
            "mailbox_full",
            transient=True,
            beside={"recipient": "tom@full-spam.example"},
        ),
    ],
    "addresses, dates and versions that look like codes": [
        Trap("550 Blocked: 5.1.1.5 is in our blacklist", "spam", "ip_blocklisted"),
        Trap("550 Access denied, your IP 5.2.2.1 has a poor reputation", "spam", "ip_reputation"),
        Trap("554 IP 4.7.1.2 is listed at bl.spamcop.net", "spam", "ip_blocklisted", blocklist="SpamCop"),
        Trap("554 Message rejected as spam on 5.1.1 2026 at 5:50", "spam", "spam_content"),
        Trap("550 No such user (server version 5.7.1)", "hard", "user_unknown", transient=False),
        Trap("connect to mx.buyer.example[5.1.1.20]:25: Connection refused", "hard", "network_error", transient=True),
        Trap("550 mail from 5.5.0.1 refused, see spamhaus.org/sbl", "spam", "ip_blocklisted", blocklist="Spamhaus SBL"),
        Trap("550 Client host 5.2.2.10 rejected: cannot find your reverse hostname", "spam", "ptr_missing"),
        Trap(
            "421 4.7.0 5.1.1.200 deferred, too many messages, try again in 30 minutes",
            "spam",
            "rate_limited",
            transient=True,
        ),
        Trap("554 5.7.1 [4.2.2.1] message content rejected as spam", "spam", "spam_content"),
        Trap("550 User unknown (2026-05-21 05:50:11, ref 5.7.1-4.2.2)", "hard", "user_unknown", transient=False),
    ],
    "a block list whose lookup failed": [
        Trap(
            "550 5.7.1 refused: dnsbl answered 127.255.255.254 (zen.spamhaus.org)",
            "spam",
            "ip_blocklisted",
            blocklist="",
        ),
        Trap(
            "451 4.7.1 Could not query zen.spamhaus.org for your address, try later",
            "hard",
            "server_error",
            transient=True,
            blocklist="",
        ),
        Trap(
            "550 5.7.1 Client blocked using zen.spamhaus.org; Error: open resolver; see https://www.spamhaus.org/returnc/pub/198.51.100.1",
            "spam",
            "ip_blocklisted",
            blocklist="",
        ),
        Trap(
            "554 5.7.1 blocked using multi.uribl.com; query refused, your resolver asks too much",
            "spam",
            "ip_blocklisted url_blocklisted domain_blocklisted",
            blocklist="",
        ),
        Trap(
            "450 4.3.2 DNSBL lookup timed out for bl.spamcop.net, please retry",
            "hard",
            "server_error",
            transient=True,
            blocklist="",
        ),
    ],
    "5xx that lifts by itself": [
        Trap(
            "550 5.7.1 Too many messages from your address, please slow down and try again later",
            "spam",
            "rate_limited",
            transient=True,
        ),
        Trap("554 5.7.1 Greylisted, come back in 5 minutes", "spam", "greylisted", transient=True),
        Trap(
            "550 5.7.1 Your IP is temporarily blocked for excessive connections, retry in 1 hour",
            "spam",
            "rate_limited too_many_connections ip_reputation ip_blocklisted",
            transient=True,
        ),
        Trap(
            "554 5.4.7 Message expired in the queue, connection to the host timed out all the time",
            "hard",
            "expired network_error",
            transient=True,
        ),
        Trap(
            "550 5.3.2 System is down for maintenance, please try later",
            "hard",
            "server_error not_accepting_mail",
            transient=True,
        ),
        Trap(
            "421 4.7.0 Try again later, closing connection: too many connections from your IP",
            "spam",
            "too_many_connections",
            transient=True,
        ),
        Trap(
            "550 5.2.1 The user you are trying to contact is receiving mail too quickly, please resend later",
            "spam",
            "rate_limited",
            transient=True,
            beside={"host": GOOGLE},
        ),
        Trap(
            "550 5.5.1 Too many bad commands, try again in 10 minutes",
            "spam",
            "protocol_error rate_limited too_many_connections",
            transient=True,
        ),
        Trap(
            "554 5.7.1 Temporarily refused, your host is new to us; retry in 300 seconds",
            "spam",
            "greylisted ip_reputation",
            transient=True,
        ),
        Trap("550 Temporary local problem, please try later", "hard", "server_error", transient=True),
        Trap("554 5.3.0 Temporary server failure, come back later", "hard", "server_error", transient=True),
    ],
    "the limits of our own account": [
        Trap("550 5.4.5 Daily user sending limit exceeded", "spam", "sender_account", beside={"host": GOOGLE}),
        Trap(
            "554 5.7.8 Your account has been suspended for sending spam, contact your provider",
            "spam",
            "sender_account",
        ),
        Trap(
            "554 Message rejected: Email address is not verified. The following identities failed the check: anna@sales.example",
            "spam",
            "sender_account",
        ),
        Trap(
            "550 5.7.705 Access denied, tenant has exceeded threshold",
            "spam",
            "sender_account",
            beside={"host": MICROSOFT},
        ),
        Trap("550 5.1.8 Access denied, bad outbound sender", "spam", "sender_account", beside={"host": MICROSOFT}),
        Trap(
            "550 Your domain sales.example has exceeded the max emails per hour (300/300) allowed. Message discarded.",
            "spam",
            "sender_account",
        ),
        Trap("550 5.7.60 SMTP; Client does not have permissions to send as this sender", "spam", "sender_account"),
        Trap("550 5.4.6 Your account has reached its daily sending quota", "spam", "sender_account"),
        Trap("550 5.7.1 Your account is not permitted to send as anna@sales.example", "spam", "sender_account"),
        Trap("454 Throttling failure: maximum sending rate exceeded", "spam", "sender_account", beside={"host": SES}),
        Trap("454 Throttling failure: daily message quota exceeded", "spam", "sender_account", beside={"host": SES}),
        Trap("535 5.7.8 Username and password not accepted", "spam", "sender_account"),
        Trap("451 4.4.2 Daily sending quota for user anna exceeded", "spam", "sender_account"),
    ],
    "a wrapper round a reply that says something else": [
        Trap(
            "550 5.1.1 Delivery to tom@buyer.example failed: host mx.buyer.example[192.0.2.7] said: 451 4.7.1 Greylisting in action, please come back later",
            "spam",
            "greylisted",
            transient=True,
        ),
        Trap(
            "5.0.0 permanent failure: host mx.buyer.example said: 550 5.7.1 Message rejected due to your DMARC policy",
            "spam",
            "auth_failure",
        ),
        Trap(
            "4.4.7 Message expired, last answer from mx.buyer.example: 452 4.2.2 Mailbox full",
            "hard",
            "mailbox_full",
            transient=True,
        ),
        Trap(
            "550 5.4.300 Message expired -> 421 4.7.0 Your IP has been rate limited",
            "spam",
            "rate_limited",
            transient=True,
        ),
        Trap(
            "554 5.0.0 Mail refused as spam? No: host mx.buyer.example[192.0.2.7] said: 550 5.1.1 No such user here (in reply to RCPT TO command)",
            "hard",
            "user_unknown",
            transient=False,
        ),
        Trap(
            "Your message could not be delivered, user unknown may be the cause. The response was: 550 5.7.26 This mail is unauthenticated, SPF and DKIM did not pass",
            "spam",
            "auth_failure",
            beside={"host": GOOGLE},
        ),
        Trap(
            "The user unknown notice was suppressed; host mx.buyer.example said: 554 5.7.1 Blocked for spam (in reply to end of DATA command)",
            "spam",
            "spam_content ip_reputation",
        ),
        Trap(
            "550 5.7.1 spam? remote server replied: 550 5.2.1 mailbox disabled for this recipient",
            "hard",
            "mailbox_disabled",
            transient=False,
        ),
        Trap(
            "Delivery expired (message too old). host mx.buyer.example said: 450 4.2.0 Greylisted for 300 seconds",
            "spam",
            "greylisted",
            transient=True,
        ),
        Trap(
            "smtp; 550 5.0.350 Remote server returned an error -> 552 5.3.4 Message too big for system",
            "hard",
            "message_too_large",
        ),
        Trap(
            "smtp; 550 5.0.350 Remote server returned an error -> 550 5.7.1 client 192.0.2.1 blocked using bl.spamcop.net",
            "spam",
            "ip_blocklisted",
            blocklist="SpamCop",
        ),
    ],
    "block lists by name": [
        Trap(
            "554 5.7.1 Client host [192.0.2.1] blocked using sbl.spamhaus.org; https://www.spamhaus.org/sbl/query/SBL1",
            "spam",
            "ip_blocklisted",
            blocklist="Spamhaus SBL",
        ),
        Trap(
            "550 Blocked, 192.0.2.1 is listed by xbl.spamhaus.org", "spam", "ip_blocklisted", blocklist="Spamhaus XBL"
        ),
        Trap(
            "554 5.7.1 Sender address blocked using dbl.spamhaus.org; https://www.spamhaus.org/query/domain/sales.example",
            "spam",
            "domain_blocklisted",
            blocklist="Spamhaus DBL",
        ),
        Trap(
            "554 5.7.1 Sender domain sales.example is listed in zrd.spamhaus.org",
            "spam",
            "domain_blocklisted",
            blocklist="Spamhaus ZRD",
        ),
        Trap(
            "550 Mail from 192.0.2.1 refused, see https://www.spamcop.net/bl.shtml?192.0.2.1",
            "spam",
            "ip_blocklisted",
            blocklist="SpamCop",
        ),
        Trap(
            "554 5.7.1 192.0.2.1 blocked using b.barracudacentral.org", "spam", "ip_blocklisted", blocklist="Barracuda"
        ),
        Trap(
            "554 Connection refused: 192.0.2.1 is listed at dnsbl-1.uceprotect.net",
            "spam",
            "ip_blocklisted",
            blocklist="UCEPROTECT L1",
        ),
        Trap("554 192.0.2.1 is listed in UCEPROTECT Level 3", "spam", "ip_blocklisted", blocklist="UCEPROTECT L3"),
        Trap(
            "554 5.7.1 Client host [192.0.2.1] blocked using combined.mail.abusix.zone",
            "spam",
            "ip_blocklisted",
            blocklist="Abusix",
        ),
        Trap(
            "550 192.0.2.1 rejected by Cloudmark CSI, request a reset at https://csi.cloudmark.com/reset-request/",
            "spam",
            "ip_blocklisted ip_reputation",
            blocklist="Cloudmark",
        ),
        Trap(
            "550 5.7.1 Client 192.0.2.1 blocked using sip.invaluement.com",
            "spam",
            "ip_blocklisted",
            blocklist="Invaluement",
        ),
        Trap(
            "554 5.7.1 A link in the message is listed in multi.surbl.org", "spam", "url_blocklisted", blocklist="SURBL"
        ),
        Trap(
            "550 Message contains a URL listed by URIBL black: http://sales.example",
            "spam",
            "url_blocklisted",
            blocklist="URIBL",
        ),
        Trap(
            "550 Client 192.0.2.1 is blacklisted in hostkarma.junkemailfilter.com",
            "spam",
            "ip_blocklisted",
            blocklist="Hostkarma",
        ),
        Trap(
            "554 5.7.1 192.0.2.1 is listed at dnsbl-2.uceprotect.net as a spamming network",
            "spam",
            "ip_blocklisted",
            blocklist="UCEPROTECT L2",
        ),
        Trap("554 Message body holds a link blacklisted by surbl", "spam", "url_blocklisted", blocklist="SURBL"),
        Trap("550 5.7.1 Sending IP found in the SpamCop Blocking List", "spam", "ip_blocklisted", blocklist="SpamCop"),
        Trap(
            "554 Your IP is on the Barracuda Reputation Block List",
            "spam",
            "ip_blocklisted ip_reputation",
            blocklist="Barracuda",
        ),
        Trap("550 192.0.2.1 is listed on the Passive Spam Block List PSBL", "spam", "ip_blocklisted", blocklist="PSBL"),
        Trap("550 5.7.1 IP 192.0.2.1 is in the Abusix blocklist", "spam", "ip_blocklisted", blocklist="Abusix"),
        Trap(
            "554 5.7.1 Client host [192.0.2.1] blocked using css.spamhaus.org",
            "spam",
            "ip_blocklisted",
            blocklist="Spamhaus CSS",
        ),
        Trap(
            "554 5.7.1 Client host [192.0.2.1] blocked using hostkarma.junkemailfilter.com=127.0.0.2",
            "spam",
            "ip_blocklisted",
            blocklist="Hostkarma",
        ),
    ],
    "a list that is asked, a list that lists, and words in between": [
        Trap(
            "550 192.0.2.1 is on the Spamhaus CSS list, delist first",
            "spam",
            "ip_blocklisted",
            blocklist="Spamhaus CSS",
        ),
        Trap(
            "550 192.0.2.1 is in the Spamhaus PBL, use your provider's relay",
            "spam",
            "ip_blocklisted",
            blocklist="Spamhaus PBL",
        ),
        Trap(
            "550 5.7.1 Service refused; 192.0.2.1 listed in psbl.surriel.com",
            "spam",
            "ip_blocklisted",
            blocklist="PSBL",
        ),
        Trap("554 rejected: found in ivmSIP by Invaluement", "spam", "ip_blocklisted", blocklist="Invaluement"),
        Trap(
            "550 5.7.1 http://sales.example is in dbl.spamhaus.org",
            "spam",
            "domain_blocklisted url_blocklisted",
            blocklist="Spamhaus DBL",
        ),
        Trap(
            "550 5.7.1 Domain sales.example is in the Spamhaus DBL",
            "spam",
            "domain_blocklisted",
            blocklist="Spamhaus DBL",
        ),
        Trap(
            "554 RBL check failed: 192.0.2.1 is listed at zen.spamhaus.org",
            "spam",
            "ip_blocklisted",
            blocklist="Spamhaus ZEN",
        ),
        Trap(
            "451 Lookup at b.barracudacentral.org failed temporarily",
            "hard",
            "server_error",
            transient=True,
            blocklist="",
        ),
        Trap(
            "451 4.7.1 RBL check against zen.spamhaus.org temporarily unavailable",
            "hard",
            "server_error",
            transient=True,
            blocklist="",
        ),
        Trap("451 DNS error while checking spamcop blacklist", "hard", "server_error", transient=True, blocklist=""),
        Trap("550 Your email was blocked: sender IP 192.0.2.1", "spam", "ip_blocklisted"),
    ],
    "our own address and domain, in the words of a recipient": [
        Trap("550 5.7.27 Your sender domain publishes a null MX and cannot receive replies", "spam", "sender_rejected"),
        Trap(
            "550 We called back your sender address and its server said: 550 5.1.1 unknown user",
            "spam",
            "sender_rejected",
        ),
        Trap("550 5.7.1 sender mailbox does not exist: anna@sales.example", "spam", "sender_rejected"),
        Trap("550 Reverse path <anna@sales.example> rejected: no such mailbox", "spam", "sender_rejected"),
        Trap("550 5.1.8 The MX of the sender's domain sales.example points nowhere", "spam", "sender_rejected"),
        Trap("550 Refused. Your reverse DNS entry contains your IP", "spam", "ptr_missing"),
    ],
    "the recipient, in the words of a filter": [
        Trap("550 5.7.1 Recipient unknown, message blocked", "hard", "user_unknown", transient=False),
        Trap("554 5.7.1 Spam filter: recipient does not exist", "hard", "user_unknown", transient=False),
        Trap(
            "550 The account has been suspended for sending spam",
            "hard",
            "mailbox_disabled user_unknown",
            transient=False,
        ),
        Trap(
            "550 5.1.1 tom@buyer.example prefers not to receive mail from senders outside the organisation",
            "spam",
            "recipient_restricted",
        ),
        Trap("550 Mail to this group is limited to members of the organization", "spam", "recipient_restricted"),
        Trap("554 Transaction failed: Reject due to policy restrictions", "spam", "policy"),
        Trap(
            "554 Transaction failed. Reject due to policy restrictions. See https://postmaster.gmx.net/en/case?c=hi&i=ip",
            "spam",
            "spam_content",
        ),
    ],
    "a limit, a pause and a broken line that are no more than that": [
        Trap("550 Rate limit reached, resend after 15 minutes", "spam", "rate_limited", transient=True),
        Trap("552 message size limit exceeded", "hard", "message_too_large"),
        Trap("452 4.2.1 message rate limit exceeded", "spam", "rate_limited", transient=True),
        Trap("551 User not local; please try <tom@new.buyer.example>", "hard", "moved", transient=False),
        Trap("450 4.7.1 please try again slower", "hard", "server_error", transient=True),
        Trap("451 please try again later", "hard", "server_error", transient=True),
        Trap("451 read error from mx.buyer.example", "hard", "network_error", transient=True),
        Trap("host mx.buyer.example[192.0.2.9] refused to talk to me: 421 4.3.2 too busy", "hard", "server_error"),
        Trap("550 Nowhere to deliver mail to for domain buyer.example", "hard", "no_mail_server", transient=False),
    ],
    "a prefix, a name or a code before the words that say why": [
        Trap(
            "550 5.7.520 Message blocked because it contains content identified as spam. AS(4810)",
            "spam",
            "spam_content",
            beside={"host": MICROSOFT},
        ),
        Trap(
            "550 5.7.520 Access denied, Your organization does not allow external forwarding. AS(7555)",
            "spam",
            "policy",
            beside={"host": MICROSOFT},
        ),
        Trap("554 5.7.1 Email cannot be delivered. Reason: No such user", "hard", "user_unknown"),
        Trap(
            "554 5.7.1 Email cannot be delivered. Reason: sending IP listed in Spamhaus ZEN",
            "spam",
            "ip_blocklisted",
            blocklist="Spamhaus ZEN",
        ),
        Trap("554 5.7.1 Email cannot be delivered. Reason: Email flagged as Spam.", "spam", "spam_content"),
        Trap("550 SpamExperts: Sender IP 192.0.2.44 is blocked due to spam", "spam", "ip_blocklisted"),
    ],
    "a person who does not know us, and one whom nobody knows": [
        Trap("550 5.7.1 I don't talk to people I don't know.", "spam", "recipient_restricted policy"),
        Trap(
            "Your message to <tom@buyer.example> was automatically rejected: I don't know this sender",
            "spam",
            "recipient_restricted policy",
        ),
        Trap("550 tom? I don't know anybody called that", "hard", "user_unknown"),
        Trap("The address anna@sales.example is not a member of this mailing list", "spam", "recipient_restricted"),
        Trap("550 5.7.1 This person no longer works here", "hard", "moved"),
        Trap("550 5.1.1 Der Mitarbeiter hat unser Unternehmen verlassen", "hard", "moved"),
        Trap("550 该员工已离职", "hard", "moved"),
        Trap("550 Pracownik nie pracuje już w firmie", "hard", "moved"),
    ],
    "restricted recipients, and words of courtesy": [
        Trap("550 This domain's null MX says that it takes no mail", "hard", "no_mail_server", transient=False),
        Trap("550 5.1.1 Unknown user; to stop spam we do not say more", "hard", "user_unknown", transient=False),
        Trap(
            "550 No such user. If you think this is an error, see our blacklist policy",
            "hard",
            "user_unknown",
            transient=False,
        ),
        Trap(
            "550 5.7.1 Rejected: the recipient's mailbox is protected, only approved senders may write",
            "spam",
            "recipient_restricted",
        ),
        Trap(
            "550 5.7.133 Sender not authenticated for group", "spam", "recipient_restricted", beside={"host": MICROSOFT}
        ),
    ],
}


@pytest.mark.parametrize(
    "trap", [pytest.param(trap, id=f"{group}: {trap.text[:60]}") for group, traps in TRAPS.items() for trap in traps]
)
def test_the_meaning_decides(trap: Trap) -> None:
    verdict = classify(trap.text, **trap.beside)
    assert verdict.label == trap.label
    assert verdict.reason in trap.reasons.split()
    assert verdict.decided_by.startswith("rule:")
    if trap.transient is not None:
        assert verdict.transient is trap.transient
    if trap.blocklist is not None:
        assert verdict.blocklist == trap.blocklist


def test_there_are_enough_of_each_kind() -> None:
    assert min(map(len, TRAPS.values())) >= 4
    assert sum(map(len, TRAPS.values())) >= 60
