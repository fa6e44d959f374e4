"""Measurements: each writes its figures, with machine, versions and seed, to `bench/results`."""
