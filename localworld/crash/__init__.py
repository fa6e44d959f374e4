"""The crash matrix: every step of a healing, struck by every fault, and what must hold afterwards all the same."""
