"""The gateway: the only room that knows FastAPI."""
