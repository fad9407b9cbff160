"""Leads of the next list whom `check` holds back for their address alone: disposable domains, mailboxes that nobody
reads, addresses that the list itself says must not be written to.

The findings and their gates are those of `rules/check.toml`; nothing leaves the machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.diagnose.arrays import Flags, Texts
from analyzer.diagnose.leads.contacts import Dimension, dimension

if TYPE_CHECKING:
    from analyzer.check.records import Grade


def unsuitable(given: pd.DataFrame, email: Dimension, domains: Texts) -> tuple[Texts, Texts]:
    """By lead of a list, the finding for which it is out, and the one for which it is verified first; "" for none.

    given: `email_status_original`, where the list has it; domains: of each value of `email`.
    """
    from analyzer.check.named import of_status

    code = _by_address(email.values, domains)[email.codes]
    said = dimension(given, "email_status_original")
    told = np.array([next((found for found, _ in of_status(text)), "") for text in said.values], dtype=object)
    code = np.where(code == "", told[said.codes], code)
    return _with_gate(code, "do_not_send"), _with_gate(code, "verify_again")


def _with_gate(code: Texts, gate: Grade) -> Texts:
    from analyzer.check.facts import findings

    return np.where(_among(code, [name for name, each in findings().items() if each.gate == gate]), code, "")


def _by_address(addresses: list[str], domains: Texts) -> Texts:
    """The first finding with a gate of each address."""
    from analyzer.addresses.disposable import is_disposable
    from analyzer.addresses.reading import read_address
    from analyzer.addresses.typos import Typos
    from analyzer.check.facts import findings
    from analyzer.check.named import of_name

    place, names = pd.factorize(domains)
    # Who wrote gmial.com meant another, whoever caught that domain.
    typos = Typos()
    bad = np.array([is_disposable(name) and not typos.listed(name) for name in names], dtype=np.bool_)
    found = np.where(bad[place], "disposable", "").astype(object)
    gated = {name for name, each in findings().items() if each.gate}
    for row in np.flatnonzero(~bad[place] & _named_oddly(addresses)):
        address = read_address(addresses[row])
        if address.local:
            found[row] = next((code for code, _ in of_name(address) if code in gated), "")
    return found


def _named_oddly(addresses: list[str]) -> Flags:
    """Whose local part is, but for its separators, one of the words that are nobody's name."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from analyzer.addresses.words import words

    known = words()
    local = pc.replace_substring_regex(pa.array(addresses, pa.large_string()), pattern=r"@[^@]*$", replacement="")
    bare = pc.replace_substring_regex(pc.utf8_lower(local), pattern=r"\+.*$|[._\-]+", replacement="")
    odd = known.no_reply | known.abuse_desk | known.placeholder | known.sample_name
    return np.asarray(pc.is_in(bare, value_set=pa.array(sorted(odd), bare.type)).to_numpy(zero_copy_only=False))


def _among(texts: Texts, wanted: list[str]) -> Flags:
    return np.asarray(pd.Index(texts, dtype=object).isin(wanted), dtype=np.bool_)
