"""A large campaign is worked on in another form than a small one, and to the same end: small worlds go both ways."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.correlate import Correlated, correlate
from analyzer.correlate.message_ids import find_ids, fronts, message_keys
from analyzer.diagnose.leads.contacts import contacts, pairs
from analyzer.errors import AnalyzerError
from analyzer.sources import tables
from analyzer.sources.tables import columns, encoded, read_tables
from analyzer.sources.tables.encoded import holds_encoded, is_encoded

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESSES = (
    *("ann@alpha.example", "Bob@Alpha.example", "carol@BETA.example", "dave@gamma.example"),
    *("Eve Roe <eve@alpha.example>", "mailto:fay@beta.example?subject=x", " gus@gamma.example ", '"h h"@beta.example'),
    *("ivo@gamma.example, jim@gamma.example", "köln@münchen.example", "kim@alpha.example.", "<lea@beta.example>"),
    *(
        "o'neil@alpha.example",
        "no address",
        "",
        "total",
        "mia@[192.0.2.1]",
        "ann@alpha.example\u00a0",
        "nan",
        "=ned@beta.example",
    ),
)
IDS = (
    *("<0100019-abcdef1@mail.ours.example>", "<0100019-abcdef2@mail.ours.example>", "0100019-abcdef3", "", ""),
    *("<ID with blank@mail.ours.example>", "ÜBER@mail.ours.example", "<a@b@other.example>", "n/a", "<short>"),
)
LEAD_IDS = ("L1", "l2", "7.0", "0012", "", "-", "lead-9")
WORDS = (
    "",
    "yes",
    "no",
    "bounced",
    "complaint",
    "blocked",
    "2",
    "550 5.1.1 No such user",
    "not contacted",
    "sent",
    "??",
)
TIMES = ("2026-03-02T09:00:00Z", "2026-03-04T09:00:00Z", "2026-03-30T10:00:00Z", "", "2026-01-01T00:00:00Z")
REASONS = (
    ("hard", "address", "user_unknown"),
    ("spam", "content", "spam_content"),
    ("unknown", "unknown", "unspecified"),
)
SEND: dict[str, tuple[str, ...]] = {
    "recipient": ADDRESSES,
    "sent_at": TIMES,
    "campaign": ("Spring", "autumn", "", " Spring"),
    "step": ("1", "2", "10", "2.0"),
    "sender": ("Rep@Ours.example", "rep@ours.example", "Rep's mailbox", ""),
    "message_id": IDS,
    "lead_id": LEAD_IDS,
    "bounced": WORDS,
    "bounce_reason": ("", "550 5.7.1 refused as spam", "yes", "no"),
    "state": WORDS,
    "email_status": ("valid", "guessed", "", "(bounced)", "odd word"),
    "industry": ("Banking", "Computer Software", "", "Zebras", "Banking; Software"),
    "company": ("Alpha", ""),
    "notes": ("x", ""),
}
LEAD: dict[str, tuple[str, ...]] = {
    "email": ADDRESSES,
    "lead_id": LEAD_IDS,
    "email_status": ("valid", "invalid", "catch-all", "", "who knows"),
    "catch_all": ("true", "false", ""),
    "industry": ("Banking", "retail", ""),
    "country": ("DE", "NA", ""),
    "verified_at": ("2026-01-02", "2026-02-03", ""),
}


def _table(kinds: dict[str, tuple[str, ...]], needed: str, size: int) -> st.SearchStrategy[pd.DataFrame]:
    others = sorted(set(kinds) - {needed})
    return st.sets(st.sampled_from(others)).flatmap(
        lambda chosen: st.lists(
            st.fixed_dictionaries({name: st.sampled_from(kinds[name]) for name in kinds if name in chosen | {needed}}),
            min_size=4,
            max_size=size,
        ).map(lambda rows: pd.DataFrame(rows, dtype="str"))
    )


BOUNCE = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(("bounce", "bounce", "complaint", "autoreply")),
        "received_at": st.sampled_from(TIMES),
        "recipient": st.sampled_from(ADDRESSES),
        "original_recipient": st.sampled_from(("", "", *ADDRESSES[:4])),
        "original_message_id": st.sampled_from((*IDS, "<unheard-of-1@mail.ours.example>", "abcdef3@x.example")),
        "provider": st.sampled_from(("", "google", "microsoft")),
        "diagnostic": st.sampled_from(("", "550 No such user")),
        "verdict": st.sampled_from(REASONS),
        "record_id": st.sampled_from(("", "r1", "r2", "r3", "r4")),
        "delivered_to": st.sampled_from(
            ("", "b+l1@ours.example", "b-ann=alpha.example@ours.example", "b+x@ours.example")
        ),
        "original_headers": st.sampled_from(
            ("", json.dumps({"X-Lead-Id": "0012"}), json.dumps({"To": "ann@alpha.example"}), "{")
        ),
    }
)


@pytest.fixture(autouse=True)
def _small_is_large() -> Iterator[None]:
    """Tables of a few rows are taken as large ones are, wherever they are asked to be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "MANY_ROWS", 0)
        patch.setattr(columns, "_SAMPLE", 0)
        patch.setattr(encoded, "_repeats", lambda column: len(column) % 3 != 1)
        yield


def _world(
    rows: list[dict[str, Any]], logs: list[pd.DataFrame], leads: pd.DataFrame | None, *, large: bool
) -> Correlated:
    sources: list[tuple[Any, Any]] = [(log, "log") for log in logs]
    sources += [(leads, "leads")] if leads is not None else []
    read = read_tables(sources, large=large)
    lists = read[len(logs) :]
    return correlate(rows, read[: len(logs)], lists or None, lists or None)


def _assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    assert list(one.columns) == list(other.columns)
    for name in one.columns:
        left, right = (frame[name].astype("str") if is_encoded(frame[name]) else frame[name] for frame in (one, other))
        pd.testing.assert_series_equal(left, right, check_index_type=False)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(_table(SEND, "recipient", 14), min_size=1, max_size=2),
    st.none() | _table(LEAD, "email", 10),
    st.lists(BOUNCE, max_size=8),
)
def test_a_large_campaign_gives_what_a_small_one_does(
    logs: list[pd.DataFrame], leads: pd.DataFrame | None, bounces: list[dict[str, Any]]
) -> None:
    rows = [{**row, **dict(zip(("label", "fault", "reason"), row["verdict"], strict=True))} for row in bounces]
    try:
        careful = _world(rows, logs, leads, large=False)
    except AnalyzerError as error:
        with pytest.raises(type(error)):
            _world(rows, logs, leads, large=True)
        return
    quick = _world(rows, logs, leads, large=True)
    for name in ("sends", "bounces", "leads", "next_leads"):
        if getattr(careful, name) is not None:
            _assert_same(getattr(quick, name), getattr(careful, name))
    assert (quick.matching, quick.warnings, quick.have) == (careful.matching, careful.warnings, careful.have)
    told, expected = contacts(quick), contacts(careful)
    assert {name: (list(at.codes), at.values) for name, at in told.at.items()} == {
        name: (list(at.codes), at.values) for name, at in expected.at.items()
    }
    pd.testing.assert_frame_equal(told.leads, expected.leads)


def test_a_large_log_is_held_in_numbers_and_without_what_nobody_reads() -> None:
    log = pd.DataFrame({"recipient": ["a@x.example", "b@x.example"] * 6, "notes": ["n"] * 12, "step": ["1"] * 12})
    (table,) = read_tables([(log, "log")], large=True)
    assert "notes" not in table.frame.columns
    assert all(is_encoded(table.frame[name]) for name in ("recipient", "step", "campaign"))
    assert not holds_encoded(read_tables([(log, "log")])[0].frame)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=60))
def test_pairs_come_once_each_in_the_order_of_their_first_row(rows: list[tuple[int, int]]) -> None:
    groups, lead = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    found = pairs(groups, lead, 6)
    expected = rows if len(rows) == 6 else list(dict.fromkeys(rows))
    assert list(zip(*(column.tolist() for column in found), strict=True)) == expected


@settings(deadline=None)
@given(st.lists(st.text(alphabet="aBß@<> \tİ.", max_size=8), min_size=1))
def test_message_ids_are_spelt_the_same_in_bulk(ids: list[str]) -> None:
    column = pd.Series(ids, dtype="str")
    one_by_one = [message_keys(pd.Series([text], dtype="str")).iloc[0] for text in ids]
    assert message_keys(column).tolist() == one_by_one
    assert fronts(column).tolist() == [text.partition("@")[0] for text in ids]
    rows, known = find_ids(column, one_by_one[:1], (), {key.rpartition("@")[2] for key in one_by_one})
    assert rows.tolist() == [key == one_by_one[0] for key in one_by_one]
    assert known == {key.rpartition("@")[2] for key in one_by_one} - {""}


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from((*ADDRESSES, *WORDS, "\x1fa@b.example", "\u2003x", '="007"', "NAN", "—", "(Blank)")), min_size=1
    )
)
def test_the_quick_look_at_a_column_finds_all_that_is_to_be_tidied(texts: list[str]) -> None:
    column = pd.Series([*texts, "plain text that stays as it is"], dtype="str")
    assert columns.tidy(column).tolist() == columns._tidy(column).tolist()
