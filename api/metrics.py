"""Counters of one gateway process, and what Redis counts for all, in Prometheus' form.

Labels come from fixed sets, never from what was sent.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from healer.budget import OF_A_CASE, Account, Ledger


class Shared(Collector):
    """What gateway and flows count together in Redis, as it was read for one answer."""

    def __init__(self, breaches: Mapping[str, int], accounts: Mapping[Ledger, Account], line: int) -> None:
        self._breaches, self._accounts, self._line = breaches, accounts, line

    def collect(self) -> Iterator[Metric]:
        """Give the breaches of limits, how the ledgers of day and month stand, and how many cases wait."""
        breaches = CounterMetricFamily("healer_breaches", "Limits that were reached.", labels=["limit"])
        spent = GaugeMetricFamily("healer_spent", "Spent or reserved (US dollars, minutes).", labels=["ledger"])
        limits = GaugeMetricFamily("healer_spend_limit", "What may be spent (US dollars, minutes).", labels=["ledger"])
        for name, count in self._breaches.items():
            breaches.add_metric([name], count)
        for ledger, account in self._accounts.items():
            if ledger not in OF_A_CASE:
                spent.add_metric([ledger.value], account.spent)
                limits.add_metric([ledger.value], account.limit)
        yield from (breaches, spent, limits)
        yield GaugeMetricFamily("healer_line", "Cases that wait for room.", self._line)


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

    def text(self, shared: Shared) -> bytes:
        """Give the exposition text: this process' counters, and what is counted together."""
        together = CollectorRegistry()
        together.register(shared)
        return generate_latest(self.registry) + generate_latest(together)
