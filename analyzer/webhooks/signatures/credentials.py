"""Credentials that go with every request: basic auth, a bearer token, a header or a parameter of the address.

Sources: RFC 7617, RFC 6750. For providers that sign nothing, their documents name these: Postmark ("Webhooks
overview": basic auth in the URL, custom headers), SparkPost ("Webhooks": auth_type basic and oauth2, and the older
X-MessageSystems-Webhook-Token), Mailjet ("Event API": basic auth in the URL), Brevo ("Webhooks": token as bearer,
basic, custom headers), Azure Event Grid ("Webhook event delivery": query parameter, delivery properties), Unipile
(headers of one's own).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.webhooks.signatures.scheme import Delivery, WholeBody, same, same_header

if TYPE_CHECKING:
    from collections.abc import Mapping


class _ByHead(WholeBody):
    """What is judged by the head alone."""

    def refuses_head(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        raise NotImplementedError

    def refuses(self, delivery: Delivery, now: float) -> str:
        return self.refuses_head(delivery.headers, delivery.query)


@dataclass(frozen=True, slots=True)
class Basic(_ByHead):
    """`Authorization: Basic`: one user, any of the passwords."""

    user: str
    passwords: tuple[str, ...]

    def refuses_head(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """By the decoded pair."""
        kind, _, coded = headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic" or not coded:
            return "credentials_missing"
        try:
            pair = base64.b64decode(coded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return "credentials_wrong"
        return "" if same(pair, (f"{self.user}:{one}" for one in self.passwords)) else "credentials_wrong"


@dataclass(frozen=True, slots=True)
class Bearer(_ByHead):
    """`Authorization: Bearer`: any of the tokens."""

    tokens: tuple[str, ...]

    def refuses_head(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """By the token."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            return "credentials_missing"
        return "" if same_header(token.strip(), self.tokens) else "credentials_wrong"


@dataclass(frozen=True, slots=True)
class Header(_ByHead):
    """A header that holds one of the secrets; its name in lower case."""

    name: str
    secrets: tuple[str, ...]

    def refuses_head(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """By its value."""
        if self.name not in headers:
            return "credentials_missing"
        return "" if same_header(headers[self.name].strip(), self.secrets) else "credentials_wrong"


@dataclass(frozen=True, slots=True)
class Parameter(_ByHead):
    """A parameter of the address, for senders that can set nothing else: proxies write addresses into their logs."""

    name: str
    secrets: tuple[str, ...]

    def refuses_head(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """By its value."""
        if self.name not in query:
            return "credentials_missing"
        return "" if same(query[self.name], self.secrets) else "credentials_wrong"


class Nothing(_ByHead):
    """No check at all: for a test on the loopback."""

    def refuses_head(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """Never."""
        return ""
