"""Counters of one gateway process, in Prometheus' form. Labels come from fixed sets, never from what was sent."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, generate_latest


class Metrics:
    """Counters on a registry of their own, so that two applications in one process do not meet."""

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry()
        self.deliveries = Counter("healer_deliveries", "Accepted deliveries.", ["outcome"], registry=self.registry)
        self.github = Counter(
            "healer_github_events", "Signed GitHub events.", ["event", "outcome"], registry=self.registry
        )
        self.leases = Counter("healer_leases", "Granted leases.", registry=self.registry)
        self.reports = Counter("healer_reports", "Accepted gate reports.", ["outcome"], registry=self.registry)
        self.commands = Counter("healer_commands", "Obeyed commands of people.", ["command"], registry=self.registry)
        self.started = Counter("healer_runs_started", "Flow runs handed to Prefect.", ["flow"], registry=self.registry)
        self.refusals = Counter("healer_refusals", "Refused requests.", ["reason"], registry=self.registry)

    def text(self) -> bytes:
        """Give the exposition text."""
        return generate_latest(self.registry)
