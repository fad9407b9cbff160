"""Who runs the receiving side of each send: what the files say, else what bounces of its domain showed, else whose
consumer domain it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.correlate.addresses import domains
from analyzer.sources.tables.encoded import asked_once, either, over_distinct, places_in, spread, texts

if TYPE_CHECKING:
    from collections.abc import Mapping


#: A column whose rows of one domain agree less often than this is about something else: the mailbox that sends, maybe.
_AGREES = 0.9


def add_providers(sends: pd.DataFrame, bounces: pd.DataFrame, listed: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The sends with `provider` ("" unknown): of their domain as `listed`, else of the send's own bounce, else of most
    bounces at its domain, else known.

    bounces: `send_id` (-1 unmatched), `provider`. What is listed goes before what bounced: a provider that only bounces
    tell of would have none but leads that bounced.
    """
    from analyzer.classify.providers import known

    consumer = {domain: one.name for one in known().values() for domain in one.domains}
    listed = {domain: name for domain, name in (listed or {}).items() if domain not in consumer}
    told = bounces[(bounces["send_id"] >= 0) & (bounces["provider"] != "")]
    at = texts(sends["recipient_domain"].iloc[told["send_id"].to_numpy(dtype=np.int64)])
    if listed:
        unlisted = ~at.isin(list(listed)).to_numpy()
        told, at = told[unlisted], at[unlisted]
    majority = shown_by_most(at, told["provider"])
    of_domain = consumer | majority | listed
    places = pd.Series(list(of_domain), dtype="str")
    # Domains that are not there have the place -1, which is the last.
    names = pd.Series([*of_domain.values(), ""], dtype="str")
    provider = asked_once(
        sends["recipient_domain"],
        lambda asked: pd.Series(names.array.take(places_in(asked, places)), asked.index),
    )
    own = told.drop_duplicates("send_id", keep="last")
    place = np.zeros(len(sends), dtype=np.int64)
    place[own["send_id"].to_numpy(dtype=np.int64)] = np.arange(1, len(own) + 1)
    of_send = spread(pd.Series(["", *own["provider"]], dtype="str"), place, provider)
    with_provider = sends.copy(deep=False)
    with_provider["provider"] = either(of_send, place > 0, provider)
    return with_provider


def listed_providers(providers: pd.Series, keys: pd.Series, what: str) -> tuple[dict[str, str], list[str]]:
    """The provider of each domain by a column that names it, or its MX host, row by row; and what to warn of.

    keys: the rows' addresses as they are compared; what: which table it is, in the user's words.
    """
    from analyzer.classify.providers import named

    names = texts(over_distinct(providers, lambda found: found.map(named).astype("str")))
    told = (names != "").to_numpy()
    if not told.any():
        return {}, []
    names = names[told]
    at = domains(texts(keys)[told])
    found = shown_by_most(at, names)
    shared = at.duplicated(keep=False)
    agrees = float((at.map(found) == names)[shared].mean()) if shared.any() else 1.0
    if agrees < _AGREES:
        return {}, [
            f"The {what} names several receiving providers for one domain ({1 - agrees:.0%} of the rows "
            "differ from most of their domain): the column was not used for that."
        ]
    return found, []


def shown_by_most(domains: pd.Series, providers: pd.Series) -> dict[str, str]:
    """For each domain, the provider that most of its bounces showed; one row of both columns a bounce."""
    seen = pd.DataFrame({"domain": domains.to_numpy(), "provider": providers.to_numpy()})
    counts = seen.groupby(["domain", "provider"]).size().rename("bounces").reset_index()
    ranked = counts.sort_values(["bounces", "provider"], ascending=[False, True], kind="stable")
    return {
        str(name): str(one) for name, one in ranked.drop_duplicates("domain").set_index("domain")["provider"].items()
    }
