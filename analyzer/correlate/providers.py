"""Who runs the receiving side of each send: what bounces of the same domain showed, else a consumer domain's owner."""

from __future__ import annotations

import pandas as pd


def add_providers(sends: pd.DataFrame, bounces: pd.DataFrame) -> pd.DataFrame:
    """The sends with `provider` ("" unknown): of the send's own bounce, else of most bounces at its domain, else known.

    bounces: `send_id` (-1 unmatched), `provider`.
    """
    from analyzer.classify.providers import provider_of

    codes, names = pd.factorize(sends["recipient_domain"])
    told = bounces[(bounces["send_id"] >= 0) & (bounces["provider"] != "")]
    at = told["send_id"].map(sends["recipient_domain"])
    seen = pd.DataFrame({"domain": at, "provider": told["provider"]})
    counts = seen.groupby(["domain", "provider"]).size().rename("bounces").reset_index()
    ranked = counts.sort_values(["bounces", "provider"], ascending=[False, True], kind="stable")
    majority = ranked.drop_duplicates("domain").set_index("domain")["provider"].to_dict()
    of_domain = pd.Series([majority.get(name) or provider_of(recipient_domain=name) for name in names], dtype="str")
    provider = pd.Series(of_domain.array.take(codes), index=sends.index)
    own = told.drop_duplicates("send_id", keep="last").set_index("send_id")["provider"]
    provider.loc[own.index] = own
    with_provider = sends.copy(deep=False)
    with_provider["provider"] = provider
    return with_provider
