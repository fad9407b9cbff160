"""Who runs the receiving side of each send: what bounces of the same domain showed, else a consumer domain's owner."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyzer.sources.tables.encoded import asked_once, either, places_in, spread, texts


def add_providers(sends: pd.DataFrame, bounces: pd.DataFrame) -> pd.DataFrame:
    """The sends with `provider` ("" unknown): of the send's own bounce, else of most bounces at its domain, else known.

    bounces: `send_id` (-1 unmatched), `provider`.
    """
    from analyzer.classify.providers import known

    told = bounces[(bounces["send_id"] >= 0) & (bounces["provider"] != "")]
    at = texts(sends["recipient_domain"].iloc[told["send_id"].to_numpy(dtype=np.int64)])
    majority = shown_by_most(at, told["provider"])
    consumer = {domain: one.name for one in known().values() for domain in one.domains}
    of_domain = consumer | majority
    domains = pd.Series(list(of_domain), dtype="str")
    # Domains that are not there have the place -1, which is the last.
    names = pd.Series([*of_domain.values(), ""], dtype="str")
    provider = asked_once(
        sends["recipient_domain"], lambda asked: pd.Series(names.array.take(places_in(asked, domains)), asked.index)
    )
    own = told.drop_duplicates("send_id", keep="last")
    place = np.zeros(len(sends), dtype=np.int64)
    place[own["send_id"].to_numpy(dtype=np.int64)] = np.arange(1, len(own) + 1)
    of_send = spread(pd.Series(["", *own["provider"]], dtype="str"), place, provider)
    with_provider = sends.copy(deep=False)
    with_provider["provider"] = either(of_send, place > 0, provider)
    return with_provider


def shown_by_most(domains: pd.Series, providers: pd.Series) -> dict[str, str]:
    """For each domain, the provider that most of its bounces showed; one row of both columns a bounce."""
    seen = pd.DataFrame({"domain": domains.to_numpy(), "provider": providers.to_numpy()})
    counts = seen.groupby(["domain", "provider"]).size().rename("bounces").reset_index()
    ranked = counts.sort_values(["bounces", "provider"], ascending=[False, True], kind="stable")
    return {
        str(name): str(one) for name, one in ranked.drop_duplicates("domain").set_index("domain")["provider"].items()
    }
