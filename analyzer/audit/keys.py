"""A key that a domain publishes for its signatures: whether receivers can verify with it (RFC 6376 section 3.6.1)."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.audit.records import CheckState

#: RFC 8301 section 3.2: verifiers refuse keys of less than 1024 bits; signers should use 2048.
MIN_DKIM_BITS, GOOD_DKIM_BITS = 1024, 2048
_ED25519_BYTES = 32
_TAG = re.compile(r"(?<!\w)([a-zA-Z]\w*)\s*=\s*([^;]*)")


def tags_of(record: str) -> dict[str, str]:
    """The tags of a record in DKIM's way of writing, which DMARC took over; of names that stand twice the last."""
    return {name.lower(): value.strip() for name, value in _TAG.findall(record)}


def judged(records: Sequence[str]) -> tuple[CheckState, str]:
    """What the TXT records at a selector's name are worth, and a sentence's part that says so."""
    # RFC 6376 section 3.6.1: of another version it is discarded.
    keys = [tags for tags in map(tags_of, records) if "p" in tags and tags.get("v", "DKIM1") == "DKIM1"]
    if not keys:
        return "fault", "is no DKIM key"
    if len(keys) > 1:
        # RFC 6376 section 3.6.2.2: which of them is taken is not said.
        return "fault", f"holds {len(keys)} keys, and which one counts is left to chance"
    (tags,) = keys
    if refused := _not_for_mail(tags):
        return "fault", refused
    state, says = _of_kind(re.sub(r"\s", "", tags["p"]), tags.get("k", "rsa").lower())
    if state == "ok" and "y" in _listed(tags, "t"):
        says += "; it says that it is only being tried out (t=y), so that mail may count as not signed"
    return state, says


def _not_for_mail(tags: dict[str, str]) -> str:
    """What keeps receivers from using the key for any mail that is signed today, "" for nothing."""
    services, hashes = _listed(tags, "s"), _listed(tags, "h")
    if services and not services & {"*", "email"}:
        return f"the key is not for mail (s={tags['s']}), so receivers pass over it"
    if hashes and "sha256" not in hashes:
        # RFC 8301 section 3.1: nothing else may be signed or verified with.
        return f"the key takes no signature with SHA-256 (h={tags['h']}), and receivers take no other"
    return ""


def _listed(tags: dict[str, str], name: str) -> set[str]:
    """The values of a tag that holds several, between colons."""
    return {value.strip().lower() for value in tags.get(name, "").split(":")} - {""}


def _of_kind(key: str, kind: str) -> tuple[CheckState, str]:
    if not key:
        return "fault", "the key is revoked (p= is empty)"
    if kind == "ed25519":
        # RFC 8463 section 4.2: the bare key, of 32 bytes.
        if len(_decoded(key)) != _ED25519_BYTES:
            return "fault", "the key is damaged; publish it again, whole"
        return "ok", "an Ed25519 key"
    if kind != "rsa":
        return "fault", f"a key of the kind {kind}, which receivers do not know"
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        public = load_der_public_key(_decoded(key))
    except (ValueError, UnsupportedAlgorithm):
        return "fault", "the key is damaged; publish it again, whole"
    if not isinstance(public, RSAPublicKey):
        return "fault", "is not an RSA key, though it says so"
    if public.key_size < MIN_DKIM_BITS:
        return "fault", f"a key of {public.key_size} bits, which receivers refuse"
    weak = "" if public.key_size >= GOOD_DKIM_BITS else f"; {GOOD_DKIM_BITS} are advised"
    return "ok", f"an RSA key of {public.key_size} bits{weak}"


def _decoded(key: str) -> bytes:
    """Base64 as bytes, b"" for what is none; some publish it without the padding."""
    try:
        return base64.b64decode(key.rstrip("=") + "=" * (-len(key.rstrip("=")) % 4), validate=True)
    except ValueError:
        return b""
