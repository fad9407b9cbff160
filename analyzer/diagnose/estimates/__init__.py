"""Rates, how sure they are, and what they let expect: the statistics that every verdict rests on."""
