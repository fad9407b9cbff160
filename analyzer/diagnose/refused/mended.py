"""Which faults of ours are no longer there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analyzer.diagnose.thresholds import thresholds

if TYPE_CHECKING:
    from analyzer.diagnose.diagnosis import Fix


def mended(fixes: Sequence[Fix], leads: int) -> list[Fix]:
    """The faults of ours that are over, where less stands of others, and no more than the usual few; else none."""
    ours = [fix for fix in fixes if fix.side == "sender"]
    gone = [fix for fix in ours if fix.clear is not None]
    standing = sum(fix.bounces for fix in ours if fix.clear is None)
    few = standing <= thresholds().deliverability.block_line * leads
    return gone if few and standing < sum(fix.bounces for fix in gone) else []
