"""Valid inputs to begin from: what our own tests and the sample are made of, nobody else's mail."""
