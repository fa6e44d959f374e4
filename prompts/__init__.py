"""The prose that agents read."""
