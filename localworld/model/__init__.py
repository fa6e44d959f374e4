"""A model behind the Messages API that says what a script tells it to: for tests, and for a demo without a key."""
