"""Who was written to: one row per lead, and what is known of each before a rate is counted."""
