"""How each provider shows that a request is its own: a file a scheme, all behind `Scheme`."""

from __future__ import annotations

from analyzer.webhooks.signatures.scheme import REFUSALS, Delivery, Reply, Scheme

__all__ = ["REFUSALS", "Delivery", "Reply", "Scheme"]
