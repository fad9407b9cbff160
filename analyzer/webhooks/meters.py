"""What the receiver counts, for Prometheus. Nothing in it names a person: paths, reasons, kinds and labels only."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
_LONG = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
_PREFIX = "bounce_webhook"


class Meters:
    """One set for each receiver, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"{_PREFIX}_{name}", text, labels, registry=self.registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"{_PREFIX}_{name}", text, registry=self.registry)

        def seconds(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"{_PREFIX}_{name}_seconds", text, buckets=buckets, registry=self.registry)

        self.received = counter("received", "Requests to an endpoint.", "endpoint")
        self.verified = counter("verified", "Requests that showed who they are.", "endpoint")
        self.refused = counter("refused", "Requests that were not taken.", "endpoint", "reason")
        self.replies = counter("replies", "Handshakes, tests and empty requests: answered, not kept.", "endpoint")
        self.bytes = counter("received_bytes", "Bytes of bodies, as they came.", "endpoint")
        self.kept = counter("kept", "Requests that lie in the journal.", "endpoint")
        self.events = counter("events", "Events taken from the journal.", "endpoint", "kind")
        self.bounces = counter("bounces", "Bounces and complaints, by what they say.", "endpoint", "label")
        self.rejected = counter("rejected", "Entries that went to the folder of rejects.", "endpoint", "reason")
        self.commits = counter("commits", "Commits to the workspace.")
        self.failures = counter("commit_failures", "Commits that failed and are tried again.")
        self.lag_seconds = gauge("journal_lag_seconds", "Age of the oldest request that is not in the workspace.")
        self.lag_bytes = gauge("journal_lag_bytes", "Bytes that are not in the workspace.")
        self.request_seconds = seconds("request", "From the head of a request to its answer.", _SHORT)
        self.sync_seconds = seconds("journal_sync", "One write to the journal, synced.", _SHORT)
        self.commit_seconds = seconds("commit", "One batch, from the journal to the checkpoint.", _LONG)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
