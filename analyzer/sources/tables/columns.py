"""The columns of a table under canonical names: blanks, codes, times and verification marks brought into one form."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from analyzer.bounds import current, shown
from analyzer.formulas import GUARD
from analyzer.readable import counted
from analyzer.records import LEAD_COLUMNS, SEND_COLUMNS, SENT_AT_ZONED
from analyzer.sources.tables.cells import Cells, cell_text
from analyzer.sources.tables.clocks import joined
from analyzer.sources.tables.happenings import without_second_sends
from analyzer.sources.tables.header_words import writes_day_first
from analyzer.sources.tables.hints import tell_by_hints
from analyzer.sources.tables.named import CARRIED, PREFIX
from analyzer.sources.tables.platforms import EXTRAS, normalise_header
from analyzer.sources.tables.plausible import are_times, first_word, flag_words, is_plain_refusal, normalised
from analyzer.sources.tables.times import DATE, Order, order_of, read_times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    import numpy as np
    import pandas as pd

    from analyzer.sources.tables.headers import Headers

#: What `was_sent` says of a row whose time could not be read.
UNREAD = "at a time that was not read"
#: The columns that hold times.
TIMES = ("sent_at", "verified_at")
#: The hints that `correlate` reads; the others are used up here.
_KEPT_HINTS = (
    *("state", "event", "was_sent", "spam_blocked", "complained", "opted_out", "provider"),
    *EXTRAS,
)
_SAMPLE = 2000
#: The local time of a zone that nobody named may be so far ahead of UTC.
_ZONES = timedelta(hours=14)
#: Seconds since 1970 have as many figures or more.
_FIGURES_OF_EPOCH = 10
# What exports write where they have nothing; "NA" is left alone, it is Namibia.
_BLANKS = ("nan", "null", "none", "n/a", "#n/a", "-", "--", "—", "undefined", "(blank)", "(empty)", "nil", "nat")
# The longest of them; `_odd` looks at all texts that are no longer.
_LONGEST_BLANK = max(len(blank.encode()) for blank in _BLANKS) + 1
# Excel's guard against reading a text as a number or a formula: ="00123".
_GUARDED = r'^="(.*)"$'


@dataclass(slots=True)
class Canonical:
    """`frame` as in `Table`, but with the rows that have no address; `zoned` and `orders` as there.

    fields: its first columns, those that are under canonical names.
    """

    frame: pd.DataFrame
    fields: tuple[str, ...] = ()
    zoned: bool = False
    orders: dict[str, Order] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def cells_of(frame: pd.DataFrame) -> Cells:
    """A frame as the cells of a file that holds the same."""
    import pandas as pd

    columns = {f"c{place}": _text(frame.iloc[:, place]).array for place in range(frame.shape[1])}
    return Cells([str(name).strip() for name in frame.columns], pd.DataFrame(columns, index=range(len(frame))))


def _text(column: pd.Series) -> pd.Series:
    import pandas as pd

    if column.dtype.kind in "Mb" or isinstance(column.dtype, (pd.StringDtype, pd.DatetimeTZDtype)):
        return column.astype("str").fillna("")
    return column.map(cell_text, na_action="ignore").astype("str").fillna("")


def without_empty_columns(cells: Cells) -> Cells:
    """Columns with neither header nor values go, and those without a header get a name."""
    kept = [
        place
        for place, header in enumerate(cells.headers)
        if header or (place < cells.frame.shape[1] and (cells.frame.iloc[:, place].str.strip() != "").any())
    ]
    names = [" ".join(cells.headers[place].lstrip("\ufeff").split()) or f"column {place + 1}" for place in kept]
    return Cells(names, cells.frame.iloc[:, kept], cells.notes)


def sample(frame: pd.DataFrame, place: int) -> list[str]:
    """The first values of a column that are not blank, nor a word for that."""
    column = frame.iloc[:, place]
    for part in (column.head(10 * _SAMPLE), column):
        values = part.str.strip()
        values = values[values != ""]
        found = [str(value) for value in values[~values.str.lower().isin(_BLANKS)].head(_SAMPLE)]
        if found:
            return found
    return []


def canonical(
    cells: Cells,
    headers: Headers,
    kind: str,
    order: Order,
    zone: tzinfo | None,
    *,
    large: bool = False,
    keep: Mapping[str, str] | None = None,
) -> Canonical:
    """The columns under canonical names, in their order, then the others under their own names.

    order, zone: what a person said of dates and times that leave it open; a zone in a header goes before it. large:
    whether columns whose texts repeat are to be encoded. keep: normalised headers of columns to be kept as they are
    under PREFIX and the name given, unless they are fields that are kept anyway.
    """
    import pandas as pd

    from analyzer.sources.tables.encoded import constant, encoded, over_distinct, texts

    made = Canonical(pd.DataFrame())
    fields = headers.fields

    def column_of(name: str, place: int) -> pd.Series:
        column = cells.frame.iloc[:, place]
        column = over_distinct(encoded(column) if large and name not in TIMES else column, tidy)
        words = headers.platform.values.get(name) if headers.platform else None
        column = over_distinct(column, partial(_in_words, words=words)) if words else column
        if name in {"lead_id", "step"}:
            column = over_distinct(column, _whole_numbers)
        return _with_others(name, column, [cells.frame.iloc[:, other] for other in headers.also.get(name, ())])

    # Of a large table, most of the time goes to looking up its texts, which leaves Python's lock alone.
    with ThreadPoolExecutor(os.cpu_count() if large else 1) as pool:
        columns = dict(zip(fields, pool.map(column_of, fields, fields.values()), strict=True))
    for name, place in fields.items():
        columns[name] = _within_line(columns[name], cells.headers[place], made)
    if headers.noted:
        columns["bounce_reason"] = over_distinct(
            columns["bounce_reason"], lambda said: said.where(said.map(is_plain_refusal), "").astype("str")
        )
    _part_reasons(columns)
    without_second_sends(columns)
    tell_by_hints(columns, large=large)
    if headers.clock is not None:
        columns["sent_at"] = joined(columns["sent_at"], tidy(cells.frame.iloc[:, headers.clock]))
    if "sent_at" in columns and "was_sent" not in columns:
        written = texts(columns["sent_at"]) != ""
    for name in TIMES:
        if name in columns:
            columns[name] = _times(name, columns[name], cells, headers, order, zone, made)
    if "sent_at" in columns and "was_sent" not in columns and (unread := written & columns["sent_at"].isna()).any():
        # A time that cannot be read says all the same that a mail went out.
        columns["was_sent"] = unread.map({True: UNREAD, False: ""}).astype("str")
    index = cells.frame.index
    blank = constant("", index) if large else pd.Series("", index=index, dtype="str")
    address = "email" if kind == "leads" else "recipient"
    columns[address] = columns.pop("recipient", blank)
    wanted = LEAD_COLUMNS if kind == "leads" else SEND_COLUMNS
    never = pd.Series(pd.NaT, index=cells.frame.index, dtype="datetime64[ns, UTC]")
    ordered = {name: columns.pop(name, never if name in TIMES else blank) for name in wanted}
    ordered |= {name: columns[name] for name in (*SEND_COLUMNS, *LEAD_COLUMNS, *_KEPT_HINTS) if name in columns}
    used = {place: name for name, place in fields.items()}
    taken = {*fields.values(), *(place for places in headers.also.values() for place in places)}
    taken |= {headers.clock} if headers.clock is not None else set()
    if kind == "log" and SENT_AT_ZONED in cells.headers:
        # A workspace's own mails, which hold every time in UTC.
        place = cells.headers.index(SENT_AT_ZONED)
        if place not in taken:
            column = cells.frame.iloc[:, place]
            ordered[SENT_AT_ZONED] = over_distinct(encoded(column) if large else column, tidy)
            taken.add(place)
    for place, header in enumerate(cells.headers):
        name = PREFIX + (keep or {}).get(normalise_header(header), "")
        if name != PREFIX and name not in ordered and used.get(place) not in CARRIED:
            column = cells.frame.iloc[:, place]
            ordered[name] = over_distinct(encoded(column) if large else column, tidy)
    made.fields = tuple(ordered)
    if kind == "log" and "sent_at" not in fields and not headers.platform:
        made.warnings += _told_of_dates(cells, taken)
    copies: Counter[str] = Counter()
    for place, header in enumerate(cells.headers):
        if place in taken:
            continue
        name = header
        # A column "state" that holds Ohio must not pass for the field of that name.
        while name in ordered or name in _KEPT_HINTS:
            copies[header] += 1
            name = f"{header} ({copies[header] + 1})"
        ordered[name] = cells.frame.iloc[:, place]
    twice = sorted(header for header, count in Counter(cells.headers).items() if count > 1)
    if twice:
        chosen = [header for header in twice if any(cells.headers[place] == header for place in taken)]
        how = "the first column of each that holds anything was taken" if chosen else "none of them is used"
        made.warnings.append(f"headers used twice: {', '.join(twice[:5])}; {how}")
    made.frame = pd.DataFrame(ordered)
    return made


def _within_line(column: pd.Series, header: str, made: Canonical) -> pd.Series:
    """The column with no text over `line_bytes`: a mail pasted into a cell is no reason that anybody reads."""
    from analyzer.sources.tables.encoded import over_distinct

    most = current().line_bytes
    count = int(over_distinct(column, lambda texts: texts.str.len() > most).sum())
    if not count:
        return column
    made.warnings.append(f"{header}: {counted(count, 'cell')} over line_bytes ({shown(most)}) cut there")
    return over_distinct(column, lambda texts: texts.str.slice(stop=most))


def _part_reasons(columns: dict[str, pd.Series]) -> None:
    """A state with its reason behind it ("BOUNCED: 550 5.1.1 User unknown") becomes both; what says in a column of
    reasons that a mail was sent or delivered is none. `columns` (by field) are changed in place."""
    from analyzer.sources.tables.encoded import over_distinct, texts

    if "bounce_reason" in columns:
        taken = flag_words("sent")
        columns["bounce_reason"] = over_distinct(
            columns["bounce_reason"], lambda said: said.mask(said.map(normalised).isin(taken), "")
        )
    name = "event" if "event" in columns else "state"
    if name not in columns:
        return
    whole = columns[name]
    columns[name] = over_distinct(whole, lambda said: said.map(first_word).astype("str"))
    if "bounce_reason" in columns or not bool((texts(whole) != texts(columns[name])).any()):
        return
    bounced = flag_words("yes") | flag_words("maybe")
    columns["bounce_reason"] = over_distinct(
        whole, lambda said: said.map(partial(_reason_behind, bounced)).astype("str")
    )


def _reason_behind(bounced: frozenset[str], value: str) -> str:
    word = first_word(value)
    return value[len(word) :].strip(" :;()-–—") if word != value and normalised(word) in bounced else ""


def _with_others(name: str, column: pd.Series, others: Sequence[pd.Series]) -> pd.Series:
    """A column, and where it says nothing what the others say: those of the other kinds of bounces."""
    if not others:
        return column
    from analyzer.sources.tables.encoded import texts

    told = texts(column)
    for other in map(tidy, others):
        silent = told == "" if name != "bounced" else told.map(normalised).isin(flag_words("no") | {""})
        told = told.mask(silent & (other != ""), other)
    return told


def _times(
    name: str, column: pd.Series, cells: Cells, headers: Headers, order: Order, zone: tzinfo | None, made: Canonical
) -> pd.Series:
    import pandas as pd

    place = headers.fields[name]
    if name == "sent_at" and headers.clock is not None:
        zone = headers.zones.get(headers.clock, zone)
    zone = headers.zones.get(place, zone)
    times = read_times(column, order=order, zone=zone)
    if times.order in {"month first, assumed", "both"}:
        proven = _proven_elsewhere(cells, place) if times.order != "both" else ""
        if proven:
            times = read_times(column, order=proven, zone=zone)
    header = cells.headers[place]
    if times.order == "month first, assumed" and writes_day_first(header):
        times = read_times(column, order="day first", zone=zone)
        made.warnings.append(
            f"{header}: nothing tells day from month in dates such as {_example(column)!r}; read with the day first, "
            "as the header's language writes it (if the month comes first, say --dates month-first)"
        )
        # What another table proves goes before.
        made.orders[header] = "month first, assumed"
        times = replace(times, order="")
    if times.order:
        made.orders[header] = times.order
    if name == "sent_at":
        made.zoned = times.zoned
    if times.unread:
        unread = int((times.values.isna() & column.notna() & (column.astype("str").str.strip() != "")).sum())
        such = ", ".join(map(repr, times.unread))
        made.warnings.append(f"{name}: {unread:,} of {len(column):,} not read as times, for example {such}")
    ahead = times.values > (now := pd.Timestamp.now(tz="UTC")) + _ZONES
    if ahead.any():
        made.warnings.append(
            f"{name}: {int(ahead.sum()):,} of {len(column):,} in the future (today is {now:%Y-%m-%d}), the latest on "
            f"{times.values.max():%Y-%m-%d}; they are kept as they are"
        )
    if times.order == "month first, assumed":
        made.warnings.append(
            f"{header}: nothing tells day from month in dates such as {_example(column)!r}; read with the month first "
            "(if the day comes first, say --dates day-first)"
        )
    if times.order == "both":
        made.warnings.append(
            f"{header}: some dates have the day first, some the month; those that can be read both ways may be wrong "
            "(say --dates day-first or --dates month-first)"
        )
    if name == "sent_at" and headers.stand_ins and times.values.isna().any():
        return _with_stand_ins(times.values, cells, headers, order, zone, made)
    return times.values


def _with_stand_ins(
    sent: pd.Series, cells: Cells, headers: Headers, order: Order, zone: tzinfo | None, made: Canonical
) -> pd.Series:
    """The times of sending, those that are missing from the first other column of the row that holds one."""
    sent, total = sent.copy(), len(sent)
    for place in headers.stand_ins:
        blank = sent.isna()
        if not blank.any():
            break
        told = read_times(tidy(cells.frame.iloc[:, place][blank]), order=order, zone=headers.zones.get(place, zone))
        found = told.values[told.values.notna()]
        if len(found):
            sent.loc[found.index] = found
            own, other = cells.headers[headers.fields["sent_at"]], cells.headers[place]
            made.warnings.append(
                f"{own} is blank in {len(found):,} of {total:,} rows; there {other} stands in as the time of sending"
            )
    return sent


def _told_of_dates(cells: Cells, taken: set[int]) -> list[str]:
    """The first unused column of dates, in a log where none is known to say when a mail was sent."""
    for place, header in enumerate(cells.headers[:200]):
        values = [] if place in taken or not header.isprintable() else sample(cells.frame, place)
        if values and (all(DATE.match(value) for value in values) or _are_late_times(values)):
            return [f'nothing says when a mail was sent; if {header!r} does, say --map "{header}=sent_at"']
    return []


def _are_late_times(values: list[str]) -> bool:
    """Whether the values are times in any writing; small numbers, which a spreadsheet may mean as days, are none."""
    return not any(value.isdigit() and len(value) < _FIGURES_OF_EPOCH for value in values) and are_times(values[:20])


def _proven_elsewhere(cells: Cells, place: int) -> Order:
    """The order that the other columns of dates prove: one export writes all its dates alike."""
    found = {order_of(sample(cells.frame, other)) for other in range(min(len(cells.headers), 200)) if other != place}
    found -= {""}
    return found.pop() if len(found) == 1 else ""


def _example(column: pd.Series) -> str:
    numeric = column[column.str.match(r"\d{1,2}\s*[/-]\s*\d{1,2}\s*[/-]")]
    return str(numeric.iloc[0])[:20] if len(numeric) else ""


def tidy(column: pd.Series) -> pd.Series:
    """Text without blanks around it, spreadsheets' guards, and the words that stand for nothing."""
    odd = _odd(column)
    if odd is None or odd.all():
        return _tidy(column)
    if not odd.any():
        return column
    mended = column.copy()
    mended[odd] = _tidy(column[odd])
    return mended


def _odd(column: pd.Series) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | None:
    """Which texts `_tidy` may change, told from their length and their first and last byte; None for few."""
    import numpy as np
    import pyarrow as pa

    if len(column) < _SAMPLE:
        return None
    texts = pa.array(column, type=pa.large_string(), from_pandas=True)
    odd = []
    for chunk in texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]:
        if chunk.null_count:
            return None
        _, places, data = chunk.buffers()
        ends = np.frombuffer(places, dtype=np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
        letters = np.frombuffer(data or b"", dtype=np.uint8)
        short = np.diff(ends) <= _LONGEST_BLANK
        edge = np.zeros(len(chunk), dtype=bool)
        for place in (ends[:-1][~short], ends[1:][~short] - 1):
            byte = letters[place]
            edge[~short] |= (byte <= ord(" ")) | (byte == ord("=")) | (byte == ord("'")) | (byte >= 0x7F)
        odd.append(short | edge)
    return np.concatenate(odd) if odd else None


def _whole_numbers(ids: pd.Series) -> pd.Series:
    """Ids that went through a column of floating point numbers, without their ".0"."""
    if not ids.str.contains(".0", regex=False).any():
        return ids
    return ids.str.replace(r"^(\d+)\.0+$", r"\1", regex=True)


def _in_words(column: pd.Series, words: dict[str, str]) -> pd.Series:
    """A platform's codes as the words that they stand for."""
    return column.str.lower().map(words).fillna(column).astype("str")


def _tidy(column: pd.Series) -> pd.Series:
    text = column.str.strip()
    if bool(text.str.startswith("=").any()):
        text = text.str.replace(_GUARDED, r"\1", regex=True)
    if bool(text.str.startswith("'").any()):
        text = text.str.replace(GUARD.pattern, "", n=1, regex=True)
    return text.mask(text.str.lower().isin(_BLANKS), "")


def with_addresses(frame: pd.DataFrame, address: str, warnings: list[str], *, every: bool = False) -> pd.DataFrame:
    """Only the rows that hold an address: blank lines and totals go, and are told. With `every` only blank lines do."""
    from analyzer.sources.tables.encoded import over_distinct

    has = over_distinct(frame[address], lambda texts: texts.str.contains("@", regex=False))
    if len(frame) and has.all():
        return frame.reset_index(drop=True)
    lost, kept = frame[~has], has.to_numpy(dtype=bool).copy()
    if len(lost):
        texts = [name for name in lost.columns if name not in TIMES]
        blank = (lost[texts] == "").all(axis=1)
        if blank.any():
            warnings.append(f"blank rows left out: {int(blank.sum())}")
        if not blank.all():
            example = next((value for value in lost[~blank].iloc[0] if isinstance(value, str) and value), "")
            which = "rows without an address" if every else "rows without an address left out"
            warnings.append(f"{which}: {int((~blank).sum())}, for example {example[:40]!r}")
        if every:
            kept[~kept] = ~blank.to_numpy(dtype=bool)
    if not has.any():
        warnings.append("no row holds an address")
    return frame[kept].reset_index(drop=True)
