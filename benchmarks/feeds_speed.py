"""How many events a second each feed's reader reads, beside reading the same lines with `orjson.loads` alone.

Figures for each feed: the reading (JSON to report), the whole way to a judged row, and both as multiples of the time
that `orjson.loads` takes for the same lines in the same run. Figures are printed, nothing is asserted.
`python benchmarks/feeds_speed.py [--events 20000]`
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from pathlib import Path

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "sources"))

from feed_examples import EXAMPLES

from analyzer.bounces import rows_of
from analyzer.classify import default_classifier
from analyzer.sources import feeds

#: The plain bounce of each feed, in the order of the table.
FEEDS = (
    "ses", "ses sns", "sendgrid", "mailgun", "postmark", "sparkpost", "mailjet", "brevo", "resend", "azure",
    "smartlead", "instantly", "reachinbox", "nylas", "unipile", "emailengine",
)  # fmt: skip


def lines(event: object, count: int) -> bytes:
    """`count` events, a line each, with a recipient of its own in each."""
    line = json.dumps(event)
    return "\n".join(line.replace("kim@", f"kim{number}@") for number in range(count)).encode()


def seconds(work: object) -> float:
    """CPU seconds, the best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work()  # type: ignore[operator]
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    count = parser.parse_args().events
    classifier = default_classifier()
    events = {example.name: example.event for example in EXAMPLES}

    def read(data: bytes) -> list[object]:
        stream = io.BytesIO(data)
        return list(feeds.items("x", stream.read(65536), stream.read, print))

    print(f"{'feed':12} {'bytes':>6} {'events/s read':>14} {'x orjson':>9} {'events/s judged':>16} {'x orjson':>9}")
    for name in FEEDS:
        data = lines(events[name], count)
        found = read(data)
        assert len(found) == count
        alone = seconds(lambda data=data: [orjson.loads(line) for line in data.split(b"\n")])
        reading = seconds(lambda data=data: read(data))
        judging = seconds(lambda found=found: [rows_of(item, classifier) for item in found])
        print(
            f"{name:12} {len(data) // count:6,} {count / reading:14,.0f} {reading / alone:9.1f} "
            f"{count / (reading + judging):16,.0f} {(reading + judging) / alone:9.1f}"
        )


if __name__ == "__main__":
    main()
