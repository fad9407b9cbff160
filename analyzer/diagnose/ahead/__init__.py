"""The list to be sent next: who can be written to, at what risk, and who goes, is verified or stays out."""
