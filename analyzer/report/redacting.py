"""A report without addresses: what `--redact` hands to every writer instead of what was found.

Addresses become `j***@example.com`, those inside a text `***@example.com`, also where they stand in a return address,
in a Message-ID or encoded in a link, and so does the lead's name alone in the text of its own bounce. Lists that are of
no use without addresses get their SHA-256 beside the masked one, to be matched by a system that knows the address. A
digest hides an address from a reader, not from somebody who tries likely ones. Domains, companies and people's names
stay.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from analyzer.redaction import hashed, redacted, without_addresses

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analyzer.correlate import Correlated
    from analyzer.diagnose.diagnosis import Diagnosis

Anything = TypeVar("Anything")

#: Columns that hold one address and nothing else.
_ADDRESSES: Final = ("email", "recipient", "original_recipient", "delivered_to", "sender")
#: Columns whose own words cannot hold an address.
_WORDS: Final = frozenset(
    (
        *("kind", "received_at", "provider", "provider_class", "action", "status", "reply", "label", "fault", "reason"),
        *("transient", "confidence", "decided_by", "blocklist", "retry_after_s", "format", "record_id", "send_id"),
        *("match_method", "suspected_forged", "duplicate_of", "date", "decision", "probability", "email_status"),
        *("industry_group", "verified_at"),
    )
)
_ADDRESS: Final = re.compile(r"[^\s@<>]+@[^\s@<>]+")
_ADDRESS_BYTES: Final = re.compile(rb"[\w.+-]@[\w-]+\.\w")
_QUOTED: Final = re.compile(r'"[^"@]{1,64}"@(?=\w)')
_ENCODED: Final = re.compile(r"[\w.+'=-]+(%40|=40|\+40|&#0*64;|&#[xX]0*40;|\(at\)|\[at\])(?=\w)")
#: A dotted name, "at" and a domain: an address as some servers and people spell it. A single word before "at" is not.
_SPELT: Final = re.compile(r"\b\w+(?:[._+-]\w+)+( at )(?=[\w-]+(?:\.[\w-]+)+)", re.IGNORECASE)
#: What base64, plain or made for links (RFC 4648), is written in; shorter than the shortest address is none.
_BASE64: Final = re.compile(r"(?<![\w+/-])[\w+/-]{12,}(?:={1,2}|(?:%3[Dd]){1,2})?")
_SIGNS: Final = ("@", "40", "#64;", "(at)", "[at]")
_SHORTEST_NAME: Final = 3


def text(value: str, owners: Sequence[str] = ()) -> str:
    """A text without the local part of any address in it, nor the names of `owners`, the addresses it is about."""
    found = value
    if any(sign in found for sign in _SIGNS):
        found = _ENCODED.sub(r"***\1", _QUOTED.sub("***@", found))
        found = without_addresses(found)
    if " at " in found.casefold():
        found = _SPELT.sub(r"***\1", found)
    found = _BASE64.sub(_decoded, found)
    low = found.casefold()
    for own in owners:
        local = own.rpartition("@")[0].casefold()
        if len(local) >= _SHORTEST_NAME and local in low:
            found = without_addresses(found, own)
    return found


def _decoded(found: re.Match[str]) -> str:
    """The token as it is, or "***" where an address comes out of it."""
    token = found[0].partition("=")[0].partition("%")[0].replace("-", "+").replace("_", "/")
    # A link's path may lead up to it.
    for start in (0, *(place + 1 for place, sign in enumerate(found[0]) if sign == "/")):
        part = token[start:]
        try:
            plain = base64.b64decode(part + "=" * (-len(part) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
        if _ADDRESS_BYTES.search(plain):
            return found[0][:start] + "***"
    return found[0]


def address(value: str) -> str:
    """One address, masked; "***" for what is none."""
    return (redacted(value.strip(), "mask") or "***") if value else ""


def diagnosis(found: Diagnosis) -> Diagnosis:
    """The same diagnosis without addresses; mailboxes that look the same when masked are numbered."""
    names: dict[tuple[str, str], str] = {}
    for dimension, rows in found.breakdown.items():
        taken: dict[str, int] = {}
        for row in rows:
            masked = _masked(row.value)
            taken[masked] = taken.get(masked, 0) + 1
            again = f" ({taken[masked]})" if taken[masked] > 1 and masked != row.value else ""
            names[dimension, row.value] = masked + again
    made = _walked(found)
    return replace(
        made,
        breakdown={
            dimension: [replace(row, value=names[dimension, row.value]) for row in rows]
            for dimension, rows in found.breakdown.items()
        },
        drivers=[
            replace(row, value=names.get((row.dimension, row.value), _masked(row.value))) for row in found.drivers
        ],
        options={**made.options, "redact": True},
    )


def bounces_of(correlated: Correlated) -> Correlated:
    """The same with masked bounces and replies in the log; what no output shows of sends and leads is left as it is."""
    sends = correlated.sends
    if "diagnostic" in sends:
        said = sends["diagnostic"].fillna("") != ""
        masked = frame(sends.loc[said, [name for name in ("recipient", "sender", "diagnostic") if name in sends]])
        sends = sends.assign(diagnostic=sends["diagnostic"].where(~said, masked["diagnostic"].reindex(sends.index)))
    return replace(correlated, bounces=frame(correlated.bounces), sends=sends)


def listed(found: pd.DataFrame) -> pd.DataFrame:
    """A list of leads with masked addresses and, beside them, `email_sha256`: of the address in lower case."""
    made = frame(found)
    if "email" in found:
        digests = ["" if not value else hashed(value) for value in _texts(found["email"])]
        made.insert(list(made.columns).index("email") + 1, "email_sha256", digests)
    return made


def frame(found: pd.DataFrame) -> pd.DataFrame:
    """A copy of a table with every address masked, whole columns of them and inside texts."""
    made = found.copy()
    present = [name for name in _ADDRESSES if name in found]
    owners = list(zip(*(_texts(found[name]) for name in present), strict=True)) or [()] * len(found)
    for name in found.columns:
        if name in _WORDS or not _is_text(found[name]):
            continue
        values = _texts(found[name])
        if name in _ADDRESSES:
            made[name] = [address(value) for value in values]
        else:
            made[name] = [text(value, own) if value else value for value, own in zip(values, owners, strict=True)]
    return made


def _texts(column: pd.Series[Any]) -> list[str]:
    return [str(value) for value in column.astype(object).where(column.notna(), "")]


def _is_text(column: pd.Series[Any]) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column))


def _masked(value: str) -> str:
    return address(value) if _ADDRESS.fullmatch(value) else text(value)


def _walked(value: Anything) -> Anything:
    """The same shape with every text masked."""
    found: Any = value
    if isinstance(found, str):
        made: Any = _masked(found)
    elif is_dataclass(found) and not isinstance(found, type):
        made = replace(found, **{field.name: _walked(getattr(found, field.name)) for field in fields(found)})
    elif isinstance(found, dict):
        made = {_walked(key): _walked(item) for key, item in found.items()}
    elif isinstance(found, (list, tuple)):
        made = type(found)(_walked(item) for item in found)
    else:
        made = found
    return made  # type: ignore[no-any-return]
