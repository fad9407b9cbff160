"""flufl.bounce behind our own readers: it finds the address in layouts that no reader here knows."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.bounds import Gauge
from analyzer.parsing.addresses import is_address
from analyzer.parsing.message import Message
from analyzer.parsing.prose import about
from analyzer.records import Failure


def _beginning(data: bytes, gauge: Gauge) -> bytes:
    """As much of the message as the detectors see: they try some fifty patterns at every line."""
    bytes_most, lines_most = gauge.bounds.fallback_bytes, gauge.bounds.fallback_lines
    if len(data) > bytes_most:
        gauge.note("fallback_bytes")
        data = data[:bytes_most]
    if data.count(b"\n") > lines_most:
        gauge.note("fallback_lines")
        data = b"\n".join(data.split(b"\n", lines_most)[:-1])
    return data


def failures(message: Message, data: bytes) -> Iterator[Failure]:
    """Permanent failures as flufl.bounce sees them, each with what the text says of it."""
    # Imported late: `email` and the detectors cost more than a whole run over messages that we know ourselves.
    import email
    import logging
    from email import policy

    from flufl.bounce import scan_message

    data = _beginning(data, message.gauge)
    if data.lower().count(b"multipart/") > 2 * message.gauge.bounds.mime_depth:
        # The library's parser looks through all the multiparts that are open at every line.
        message.gauge.note("mime_depth")
        return
    # It reports every fault of a detector to the log, which is standard error where nobody has set one up.
    logging.getLogger("flufl.bounce").disabled = True
    try:
        found = scan_message(email.message_from_bytes(data, policy=policy.compat32))
    except Exception:  # noqa: BLE001 - its detectors fail in many ways on broken mail, and none may stop a run
        return
    for raw in sorted(found):
        address = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        if is_address(address):
            said = about(address, message)
            yield Failure(recipient=address, diagnostic=said.says, remote_mta=said.host)
