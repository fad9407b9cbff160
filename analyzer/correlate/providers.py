"""Who runs the receiving side of each send: what bounces of the same domain showed, else a consumer domain's owner."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyzer.sources.tables.encoded import either, spread, texts


def add_providers(sends: pd.DataFrame, bounces: pd.DataFrame) -> pd.DataFrame:
    """The sends with `provider` ("" unknown): of the send's own bounce, else of most bounces at its domain, else known.

    bounces: `send_id` (-1 unmatched), `provider`.
    """
    from analyzer.classify.providers import known

    codes, names = pd.factorize(sends["recipient_domain"])
    told = bounces[(bounces["send_id"] >= 0) & (bounces["provider"] != "")]
    at = texts(sends["recipient_domain"].iloc[told["send_id"].to_numpy(dtype=np.int64)])
    majority = shown_by_most(at, told["provider"])
    consumer = {domain: one.name for one in known().values() for domain in one.domains}
    of_domain = pd.Series([majority.get(name) or consumer.get(name, "") for name in names], dtype="str")
    provider = spread(of_domain, codes, sends["recipient_domain"])
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
