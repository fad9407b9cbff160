"""Events of every feed: the examples that the tests of the feeds hold, each as a JSON value, and files of them."""

from __future__ import annotations

import json
import runpy
from functools import cache
from pathlib import Path
from typing import Any

from analyzer.sources.feeds.envelopes import events_in

_EXAMPLES = Path(__file__).resolve().parent.parent.parent / "tests" / "sources" / "feed_examples.py"


@cache
def _events() -> tuple[Any, ...]:
    return tuple(example.event for example in runpy.run_path(str(_EXAMPLES))["EXAMPLES"])


@cache
def of(reader: str) -> list[bytes]:
    """The examples that one reader takes, those in envelopes too; all of them where it takes none."""
    own = [
        json.dumps(event).encode()
        for event in _events()
        if any(taking is not None and taking.name == reader for taking, _ in events_in(event))
    ]
    return own or [json.dumps(event).encode() for event in _events()]


def files() -> list[bytes]:
    """Each event on its own, and arrays, lines and objects of several."""
    events = _events()
    several = [events[at : at + 3] for at in range(0, len(events), 6)]
    return [
        *(json.dumps(event).encode() for event in events),
        *(json.dumps(some).encode() for some in several),
        *("\n".join(map(json.dumps, some)).encode() for some in several),
        *(json.dumps({"events": some, "cursor": "x"}, indent=1).encode() for some in several),
    ]
