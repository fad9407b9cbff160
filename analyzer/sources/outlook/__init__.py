"""Mails as Outlook saves them (`.msg`), each made the Internet message that it stands for."""

from analyzer.sources.outlook.compound import DamagedError
from analyzer.sources.outlook.mail import NotMailError, message_of

__all__ = ["DamagedError", "NotMailError", "message_of"]
