"""The verdict on the data, with its reasons: what is at fault, how sure that is, and what is missing to tell."""
