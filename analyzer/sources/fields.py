"""Values out of a provider's JSON: any type may stand anywhere, so each function takes anything and gives its own type.

Times: ISO 8601, RFC 5322 and epochs from seconds to nanoseconds become ISO 8601 in UTC, as in the columns of `records`.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from analyzer.addresses.key import address_key
from analyzer.bounds import Gauge
from analyzer.parsing.addresses import find_addresses, from_header, is_address, same
from analyzer.parsing.dates import to_utc
from analyzer.records import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from analyzer.records import Kind

_Sized = TypeVar("_Sized", list[Any], str)

#: A reply has a few hundred characters: only longer texts are held against the bound. A header line has at most 998
#: (RFC 5322 2.1.1): what is longer is no id and no address, whatever its end.
_USUAL, _LONGEST_HEADER = 8_000, 998
#: What the event that is read now is held against; it remembers which bounds were exceeded.
gauge: ContextVar[Gauge] = ContextVar("gauge", default=Gauge())  # noqa: B039 - who reads events sets their own
_ANGLE = re.compile(r"<([^<>]*)>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
#: No event writes its time so, and 1:21 PM is not 01:21.
_HALF_DAY = re.compile(r"\d\s?[AaPp]\.?[Mm]\b")
_NUMBER = re.compile(r"\d{9,19}(?:\.\d{1,9})?")
#: The size from which an epoch is one of milli-, micro- or nanoseconds.
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
_MTA_TYPE = re.compile(r"^\s*[A-Za-z-]{2,12}\s*;\s*")
_ACTIONS: dict[str, str] = {"bounce": "failed", "complaint": "failed", "delayed": "delayed", "delivered": "delivered"}


def up_to(values: _Sized, bound: str = "recipients_per_report") -> _Sized:
    """What the bound leaves of a list, or of a text; that it left something out is noted."""
    held = gauge.get()
    most = getattr(held.bounds, bound)
    if len(values) <= most:
        return values
    held.note(bound)
    return values[:most]


def text(value: Any, longest: int = 0) -> str:
    """A text or a number as text, without blanks round it; "" for anything else. It can always be encoded.

    `longest` is for what has a form, such as an id or a time; words are held against the bound of a line.
    """
    if value.__class__ is str:
        found: str = value
        if len(value) > (longest or _USUAL):
            found = value[:longest] if longest else up_to(value, "line_bytes")
        found = found.strip()
        return found if found.isascii() else found.encode("utf-8", "replace").decode()
    if value.__class__ is int:
        return str(value) if -(10**30) < value < 10**30 else ""
    if value.__class__ is float and abs(value) < 1e300:
        return str(int(value)) if value.is_integer() and abs(value) < 1e18 else str(value)
    return ""


def line(value: Any, longest: int = 0) -> str:
    """The same on one line."""
    if value.__class__ is str and len(value) <= (longest or _USUAL) and value.isascii() and value.isprintable():
        return value.strip()
    found = text(value, longest)
    return found if found.isprintable() else " ".join(_CONTROL.sub(" ", found).split())


def table(value: Any) -> dict[str, Any]:
    """An object, {} for anything else."""
    return value if value.__class__ is dict else {}


def listed(value: Any) -> list[Any]:
    """A list as it is, a lone value as a list of one, [] for nothing."""
    if value.__class__ is list:
        return value
    return [] if value is None or value == "" else [value]


def recipient(value: Any) -> str:
    """The address a mail was sent to, malformed ones included; of an object its address, of a list the first."""
    value = _address_of(value)
    found = line(value, 400)
    if "<" in found and (angle := _ANGLE.search(found)):
        found = angle[1].strip()
    if found[:7].lower() == "mailto:":
        found = found[7:]
    return found if "@" in found and len(found) <= 320 else ""


def named_in(to: Any, said: str) -> list[str]:
    """Of those a mail went to the ones that failed, where the event does not say: a lone one, else those that the words
    name. [""] where nothing tells: to call all of them failed would strike off whom the mail reached.
    """
    everyone = [one for one in map(recipient, up_to(listed(to))) if one]
    if len(everyone) > 1:
        told = {address_key(one) for one in find_addresses(said)}
        everyone = [one for one in everyone if address_key(one) in told]
    return everyone or [""]


def address(value: Any) -> str:
    """The first whole address in a `From`-like value; "" where there is none."""
    found = line(_address_of(value), _LONGEST_HEADER)
    found = from_header(found) if "@" in found else ""
    return found if is_address(found) else ""


def addresses(value: Any) -> tuple[str, ...]:
    """Every address in a `To`-like value, in order, each once."""
    found: dict[str, None] = {}
    for one in up_to(listed(value)):
        for each in find_addresses(line(_address_of(one), _LONGEST_HEADER)):
            found.setdefault(each)
    return tuple(found)


def _address_of(value: Any) -> Any:
    """What stands for the address in `{"email": …}`, `{"emailAddress": {"address": …}}` or a list of such."""
    for _ in range(4):
        if value.__class__ is list:
            value = value[0] if value else ""
        elif value.__class__ is dict:
            value = next((value[key] for key in ("email", "address", "emailAddress", "identifier") if key in value), "")
        else:
            break
    return value


def message_id(value: Any) -> str:
    """A Message-ID in its angle brackets; "" for a provider's own id, which is no part of a mail."""
    found = line(value, _LONGEST_HEADER)
    if angle := _ANGLE.search(found):
        found = angle[1].strip()
    found = "".join(found.split()).strip("<>")
    return f"<{found}>" if "@" in found.strip("@") else ""


def moment(value: Any) -> str:
    """A time as `2026-03-02T09:11:21Z`; without a zone it is taken as UTC; "" for what is no time."""
    if value.__class__ is str:
        value = value.strip()[:60]
        if _HALF_DAY.search(value):
            return ""
        if _NUMBER.fullmatch(value):
            return _epoch(float(value))
        try:
            found = datetime.fromisoformat(value.removesuffix(" UTC").removesuffix(" GMT"))
            if found.tzinfo is not None and found.tzinfo is not UTC:
                found = found.astimezone(UTC)
        except (ValueError, OverflowError):
            return to_utc(value)
        return f"{found.isoformat()[:19]}Z" if found.year >= 1000 else ""
    return _epoch(float(value)) if value.__class__ in (int, float) and abs(value) < 1e20 else ""


def _epoch(number: float) -> str:
    number /= next((unit for least, unit in _UNITS if number >= least), 1.0)
    if not 1e8 < number < 3e11:
        return ""
    try:
        return f"{datetime.fromtimestamp(number, UTC).isoformat()[:19]}Z"
    except (ValueError, OverflowError, OSError):
        return ""


def host(value: Any) -> str:
    """The host of an MTA's name: `dsn; a8-95.mta.example` as `a8-95.mta.example`."""
    found = _MTA_TYPE.sub("", line(value, 300))
    return found.split(" ", 1)[0].strip("[]<>.,()").lower() if found else ""


def status(value: Any) -> str:
    """An enhanced status code (RFC 3463), "" for anything else: some feeds put a reply code there, or a word."""
    found = text(value, 40)
    return found if _STATUS.fullmatch(found) else ""


_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_REPLY = re.compile(r"[245]\d\d")


def reply(value: Any) -> str:
    """An SMTP reply code, "" for anything else."""
    found = text(value, 40)
    return found if _REPLY.fullmatch(found) else ""


def provider_class(feed: str, *parts: Any) -> str:
    """The provider's own class of a failure, its steps parted by a slash: `ses:Permanent/General`."""
    steps = [step for step in (line(part, 80) for part in parts) if step]
    return f"{feed}:{'/'.join(steps)}" if steps else ""


def failure(
    kind: Kind,
    to: str,
    classed: str,
    said: str = "",
    *,
    code: str = "",
    reply_code: str = "",
    mta: str = "",
    original: str = "",
) -> Failure:
    """One recipient of an event; the action goes with its kind."""
    return Failure(
        recipient=to,
        original_recipient="" if same(original, to) else original,
        action=_ACTIONS.get(kind, ""),
        status=code,
        reply=reply_code,
        diagnostic=said,
        remote_mta=mta,
        provider_class=classed,
    )


def marks(pairs: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """What a sender attached to a mail (arguments, metadata, tags) as headers: names in lower case, values on one line.

    Of an object every value under its own name, of a list every value, numbered from the second on; an object that is
    written as a JSON text counts as one.
    """
    found: dict[str, str] = {}
    _collect(found, pairs, 0, gauge.get())
    return found


def _collect(found: dict[str, str], pairs: Iterable[tuple[str, Any]], depth: int, held: Gauge) -> None:
    for name, value in pairs:
        if len(found) >= held.bounds.header_count:
            held.note("header_count")
            return
        if value.__class__ is dict:
            if depth < 3:
                _collect(found, value.items(), depth + 1, held)
        elif value.__class__ is list:
            if depth < 3:
                _collect(found, _numbered(name, value), depth + 1, held)
        else:
            said = line(value, _LONGEST_HEADER)
            key = line(name, 120).lower()
            if said and key:
                found.setdefault(key, said)
                if said[0] == "{" and said[-1] == "}" and depth < 3:
                    _collect(found, written_object(said).items(), depth + 1, held)


def _numbered(name: str, values: list[Any]) -> Iterable[tuple[str, Any]]:
    for number, value in enumerate(values, 1):
        inner = table(value)
        if "value" in inner and "name" in inner:
            yield text(inner["name"]), inner["value"]
        else:
            yield (name if number == 1 else f"{name}-{number}"), value


def written_object(value: Any) -> dict[str, Any]:
    """An object that is written as a JSON text inside JSON; {} for anything else."""
    if value.__class__ is not str:
        return {}
    try:
        return table(orjson.loads(value))
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return {}


def written_list(value: Any) -> list[Any]:
    """The same of a list; [] for anything else."""
    try:
        found = orjson.loads(value)
    except (orjson.JSONDecodeError, UnicodeEncodeError, TypeError):
        return []
    return found if found.__class__ is list else []


def names_and_values(value: Any) -> list[tuple[str, str]]:
    """Header fields as `[{"name": …, "value": …}]`, `[["name", "value"]]` or an object hold them."""
    if value.__class__ is dict:
        value = list(value.items())
    found: list[tuple[str, str]] = []
    for one in listed(value):
        if one.__class__ is dict:
            name, said = one.get("name"), one.get("value")
        elif one.__class__ in (list, tuple) and len(one) == 2:
            name, said = one
        else:
            continue
        key = line(name, 120)
        found += [(key, told) for each in listed(said) if key and (told := line(each))]
    return found


#: Headers beside `X-…` that tell which of our mails this was.
_TELLING = frozenset(
    {"to", "feedback-id", "list-unsubscribe", "list-id", "in-reply-to", "references", "x-original-message-id"}
)


def telling(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Of a mail's own header fields those by which it can be told, by lower-case name; the first of each."""
    found: dict[str, str] = {}
    for name, value in fields:
        key = name.lower()
        if key in _TELLING or (
            key.startswith("x-") and not key.startswith(("x-ses-", "x-received", "x-ms-", "x-spam"))
        ):
            found.setdefault(key, value[:_LONGEST_HEADER])
    return found


def first(*values: Any) -> Any:
    """The first value that says something."""
    return next((value for value in values if value not in (None, "", [], {})), None)


def first_text(*values: Any) -> str:
    """The first of the values that is a text with something in it."""
    return next((value for value in values if value.__class__ is str and value.strip()), "")


def by_name(fields: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Header fields by lower-case name; of a repeated one the first."""
    found: dict[str, str] = {}
    for name, value in fields:
        found.setdefault(name.lower(), value)
    return found


def complaint(kind_of_feedback: Any) -> str:
    """The words that stand for a complaint, as those of a mailed feedback report (RFC 5965) do."""
    return f"feedback report: {line(kind_of_feedback, 40).lower() or 'abuse'}"
