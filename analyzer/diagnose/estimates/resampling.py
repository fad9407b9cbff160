"""Resampling of whole recipient domains: what one company's server does to forty leads is one observation, not forty.

The bootstrap draws domains with Poisson(1) weights. Domains with the same counts are interchangeable, and a sum of m
such weights is Poisson(m), so a million domains shrink to the few thousand different ones before anything is drawn.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from analyzer.diagnose.arrays import Codes, Flags, Reals, grouped

_BATCH = 2_000_000
#: Above this many different clusters, the bootstrap draws random groups of them.
_KINDS = 5_000
#: Unmarked clusters of a size from which on marked ones of that size have something to be compared with.
_COMPARABLE = 5


def bootstrap_totals(
    cluster: Codes,
    column: Codes,
    amount: Codes,
    *,
    columns: int,
    draws: int,
    seed: int,
) -> Reals:
    """Column totals, (draws, columns), over resampled clusters.

    The table of counts comes as triples: `amount` counted in `column` (0 … columns - 1) within `cluster`.
    """
    kinds, multiplicity = _distinct_clusters(cluster, column, amount, columns)
    rng = np.random.default_rng(seed)
    totals = np.empty((draws, columns))
    step = max(1, _BATCH // max(len(multiplicity), 1))
    for start in range(0, draws, step):
        stop = min(start + step, draws)
        weights = rng.poisson(multiplicity, size=(stop - start, len(multiplicity)))
        totals[start:stop] = (kinds.T @ weights.T).T
    return totals


def _distinct_clusters(cluster: Codes, column: Codes, amount: Codes, columns: int) -> tuple[csr_matrix, Codes]:
    """The different rows of the cluster × column table, and how many clusters have each."""
    names, index = grouped(cluster)
    table, mark = _marked(index, column, amount, len(names), columns)
    _, example, multiplicity = np.unique(mark, return_index=True, return_counts=True)
    if len(multiplicity) <= _KINDS:
        return table[example], multiplicity
    # Random groups of equal numbers of clusters keep the variance of every ratio of totals, which is what is compared.
    # They are dealt out by what the clusters hold: which of them came first must not show.
    dealt = np.empty(len(names), dtype=np.int64)
    dealt[np.argsort(mark, kind="stable")] = np.random.default_rng(1).permutation(len(names)) % _KINDS
    table, mark = _marked(dealt[index], column, amount, _KINDS, columns)
    _, example, multiplicity = np.unique(mark, return_index=True, return_counts=True)
    return table[example], multiplicity


def _marked(index: Codes, column: Codes, amount: Codes, clusters: int, columns: int) -> tuple[csr_matrix, Codes]:
    """The cluster × column table, and a number for each row that tells different rows apart."""
    table = csr_matrix((amount, (index, column)), shape=(clusters, columns), dtype=np.int64)
    # A random linear form tells rows apart: two different rows agree with a chance of about 2^-64.
    form = np.random.default_rng(0).integers(1, 2**63, size=columns, dtype=np.uint64)
    entries = table.tocoo()
    mark = np.zeros(clusters, dtype=np.uint64)
    np.add.at(mark, entries.row, entries.data.astype(np.uint64) * form[entries.col])
    return table, mark


def permutation_p(size: Codes, hits: Codes, marked: Flags, *, draws: int, seed: int) -> float | None:
    """One-sided p: how often would marked clusters hold as many hits if the mark were dealt out at random?

    One entry per cluster; marks are dealt out among clusters of about the same size only (same power of two), so that
    a bank with forty leads is compared with other large companies. Exact under exchangeability, whatever the
    correlation within a cluster. None when most hits of marked clusters have no unmarked ones of their size beside
    them: there is nothing to deal out then.
    """
    rng = np.random.default_rng(seed)
    observed = int(hits[marked].sum())
    drawn = np.zeros(draws, dtype=np.int64)
    bins = np.floor(np.log2(np.maximum(size, 1))).astype(np.int64)
    comparable = 0
    for each in np.unique(bins):
        inside = bins == each
        values, kind = np.unique(hits[inside], return_inverse=True)
        taken = rng.multivariate_hypergeometric(
            np.bincount(kind), int(marked[inside].sum()), size=draws, method="marginals"
        )
        drawn += taken @ values
        if (~marked[inside]).sum() >= _COMPARABLE:
            comparable += int(hits[inside & marked].sum())
    if 2 * comparable < observed:
        return None
    return float((1 + (drawn >= observed).sum()) / (1 + draws))
