"""The floor of a flow run: one that does nothing, executed by our own runner."""

from prefect import flow


@flow(name="empty", persist_result=False)
def empty() -> None:
    """Do nothing."""
