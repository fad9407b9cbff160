"""The campaign that is attacked; what its mails look like is in `attacked_campaign`."""

from attacked_campaign import campaign, diagnosed

__all__ = ["campaign", "diagnosed"]
