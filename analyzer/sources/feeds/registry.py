"""The readers, in the order in which they are asked."""

from __future__ import annotations

from analyzer.sources.feeds.azure import Azure
from analyzer.sources.feeds.brevo import Brevo
from analyzer.sources.feeds.elasticemail import ElasticEmail
from analyzer.sources.feeds.emailengine import EmailEngine
from analyzer.sources.feeds.gmail import Gmail
from analyzer.sources.feeds.graph import Graph
from analyzer.sources.feeds.hubspot import HubSpot
from analyzer.sources.feeds.instantly import Instantly
from analyzer.sources.feeds.lemlist import Lemlist
from analyzer.sources.feeds.mailerq import MailerQ
from analyzer.sources.feeds.mailersend import MailerSend
from analyzer.sources.feeds.mailgun import Mailgun
from analyzer.sources.feeds.mailjet import Mailjet
from analyzer.sources.feeds.mailtrap import Mailtrap
from analyzer.sources.feeds.mandrill import Mandrill
from analyzer.sources.feeds.nylas import Nylas
from analyzer.sources.feeds.outreach import Outreach
from analyzer.sources.feeds.postal import Postal
from analyzer.sources.feeds.postmark import Postmark
from analyzer.sources.feeds.reachinbox import ReachInbox
from analyzer.sources.feeds.reader import JsonObject, Reader
from analyzer.sources.feeds.resend import Resend
from analyzer.sources.feeds.sendgrid import SendGrid
from analyzer.sources.feeds.ses import Ses
from analyzer.sources.feeds.smartlead import Smartlead
from analyzer.sources.feeds.smtp2go import Smtp2Go
from analyzer.sources.feeds.sparkpost import SparkPost
from analyzer.sources.feeds.unipile import Unipile
from analyzer.sources.feeds.zeptomail import ZeptoMail

#: Nearly all know their events by keys that no other feed has. The order matters for those that share `event` and
#: `email`: SendGrid lets senders add keys of any name, so it is asked first, by its ids; Mailjet's ids are of one
#: spelling; Brevo, which has no key that every event carries, takes what is left.
READERS: tuple[Reader, ...] = (
    # Keys of their own.
    Azure(),
    Ses(),
    SendGrid(),
    Mailgun(),
    Postmark(),
    SparkPost(),
    Mandrill(),
    Mailjet(),
    # `event` and `email_id` are SMTP2GO's, `event` and a stream Mailtrap's.
    Smtp2Go(),
    Mailtrap(),
    Postal(),
    ElasticEmail(),
    MailerSend(),
    MailerQ(),
    ZeptoMail(),
    HubSpot(),
    Brevo(),
    Resend(),
    # Platforms and mailboxes: looser marks, so behind those whose senders may add keys.
    Smartlead(),
    Instantly(),
    ReachInbox(),
    Nylas(),
    EmailEngine(),
    Unipile(),
    Lemlist(),
    Outreach(),
    # Messages: a subject and a body are nobody's own.
    Gmail(),
    Graph(),
)


def reader_of(event: JsonObject) -> Reader | None:
    """The first reader that knows the object; None for one that no reader does, our own rows among them."""
    if "label" in event and "record_id" in event:
        return None
    for reader in READERS:
        if reader.recognises(event):
            return reader
    return None
