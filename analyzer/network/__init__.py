"""What talks to the network has in common: resolvers, whose an address is, one page over HTTPS, bounds on requests."""
