"""Frames in, diagnosis out: rates, the effect of guessing, the forecast, whose side refusals are, fixes and drivers.

Knows nothing of files and screens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.diagnose.ahead.suppression_list import suppression
    from analyzer.diagnose.campaign import SEED, TOLERANCE, assess, diagnose, next_send

__all__ = ["SEED", "TOLERANCE", "assess", "diagnose", "next_send", "suppression"]


def __getattr__(name: str) -> Any:
    """Loads the statistics only when they are used: `diagnosis`, the shape of the result, is needed without them."""
    if name == "suppression":
        from analyzer.diagnose.ahead.suppression_list import suppression

        return suppression
    if name in __all__:
        from analyzer.diagnose import campaign

        return getattr(campaign, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
