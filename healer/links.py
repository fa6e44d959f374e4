"""Where people look: the addresses that belong to a case."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from healer.contracts import Case, Event

RUN_STARTED: Final = "run_started"
"""Kind of the event that tells which flow run took over; `flow_run` in its data is Prefect's id."""


@dataclass(frozen=True)
class Places:
    """Base addresses of JIRA and of Prefect's UI, without trailing slash."""

    jira_url: str
    prefect_ui_url: str


@dataclass(frozen=True)
class Links:
    """What belongs to a case. `gate_runs` are in the order of dispatch; `prefect` is the latest flow run."""

    ticket: str
    pull_request: str | None
    gate_runs: tuple[str, ...]
    prefect: str | None


def links(case: Case, events: Iterable[Event], places: Places) -> Links:
    """Give a case's links."""
    runs = [case.diagnosis.run] if case.diagnosis else []
    runs += [attempt.run for attempt in case.attempts if attempt.run]
    runs += [case.awaiting] if case.awaiting else []
    started = [event.data.get("flow_run") for event in events if event.kind == RUN_STARTED]
    return Links(
        ticket=f"{places.jira_url}/browse/{case.id}",
        pull_request=case.pull_request.url if case.pull_request else None,
        gate_runs=tuple(dict.fromkeys(run.url for run in runs)),
        prefect=f"{places.prefect_ui_url}/runs/flow-run/{started[-1]}" if started else None,
    )
