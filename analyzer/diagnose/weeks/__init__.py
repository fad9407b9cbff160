"""One week against the weeks before it: alarms, what is new, worse or fixed."""
