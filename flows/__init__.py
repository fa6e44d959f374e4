"""The flows: the only room that knows Prefect."""
