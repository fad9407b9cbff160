"""SparkPost, now Bird: webhook batches and the Events API.

Sources: SparkPost docs, "Webhook event reference", "Bounce classification codes".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources import fields
from analyzer.sources.feeds.about_one import told_of_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.records import Kind
    from analyzer.sources.feeds.reader import JsonObject, Told

_KINDS: dict[str, Kind] = {
    "bounce": "bounce",
    "out_of_band": "bounce",
    "policy_rejection": "bounce",
    "generation_rejection": "bounce",
    "delay": "delayed",
    "delivery": "delivered",
    "spam_complaint": "complaint",
}
#: Answers to a mail that SparkPost files under bounces: automatic reply, subscription, its end, challenge.
_ANSWERS: dict[str, Kind] = {"60": "autoreply", "80": "other", "90": "other", "100": "challenge"}
_TYPES = frozenset(
    {
        *_KINDS, "injection", "sms_status", "generation_failure", "link_unsubscribe", "list_unsubscribe", "open",
        "click", "initial_open", "amp_open", "amp_initial_open", "amp_click", "relay_injection", "relay_delivery",
        "relay_rejection", "relay_tempfail", "relay_permfail", "ab_test_completed", "ingest_success", "ingest_error",
    }
)  # fmt: skip
_IDS = ("event_id", "transmission_id", "bounce_class", "subaccount_id", "rcpt_meta")


class SparkPost:
    """SparkPost by Bird."""

    name = "sparkpost"

    def recognises(self, event: JsonObject) -> bool:
        """The webhook by its `msys`, an event of the API by its type and ids."""
        if "msys" in event:
            return event["msys"].__class__ is dict
        kind = event.get("type")
        return kind.__class__ is str and kind in _TYPES and any(key in event for key in _IDS)

    def read(self, event: JsonObject) -> Iterator[Told]:
        """One report about one recipient; an empty `msys` is the test that a webhook is set up with."""
        if "msys" in event:
            parts = [part for part in event["msys"].values() if part.__class__ is dict]
            for part in parts or [{"type": "test"}]:
                yield self._told(part)
        else:
            yield self._told(event)

    def _told(self, event: JsonObject) -> Told:
        name = fields.text(event.get("type"), 40)
        number = fields.text(event.get("bounce_class"), 10)
        kind = _KINDS.get(name, "other")
        if kind == "bounce":
            kind = _ANSWERS.get(number, kind)
        said = fields.line(event.get("raw_reason")) or fields.line(event.get("reason"))
        return told_of_one(
            self.name,
            kind,
            fields.first(event.get("rcpt_to"), event.get("raw_rcpt_to")),
            fields.provider_class(self.name, number or name),
            said if kind != "delivered" else "",
            reply=event.get("error_code"),
            # Of opens and clicks it is the reader's own address.
            mta=event.get("ip_address") if kind != "other" else "",
            at=event.get("timestamp"),
            subject=event.get("subject"),
            sender=fields.address(event.get("friendly_from")) or event.get("msg_from"),
            sent_at=event.get("injection_time"),
            feedback=event.get("fbtype"),
            marks=[
                *fields.table(event.get("rcpt_meta")).items(),
                ("campaign_id", event.get("campaign_id")),
                ("tag", event.get("rcpt_tags")),
                ("x-transmission-id", event.get("transmission_id")),
                ("x-message-id", event.get("message_id")),
                ("template_id", event.get("template_id")),
            ],
        )
