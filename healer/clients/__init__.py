"""One door each to one outside system. Clients do; they never decide and never read the environment."""
