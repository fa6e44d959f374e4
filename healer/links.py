"""Where people look: the addresses that belong to a case."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from healer.contracts import Case, Event, GateRun

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


@dataclass(frozen=True)
class Remote:
    """A page outside JIRA that a ticket is linked to. `global_id` names its place, so what stands there is replaced by what is newer."""

    global_id: str
    url: str
    title: str


def links(case: Case, events: Iterable[Event], places: Places) -> Links:
    """Give a case's links."""
    started = [event.data.get("flow_run") for event in events if event.kind == RUN_STARTED]
    return Links(
        ticket=f"{places.jira_url}/browse/{case.id}",
        pull_request=case.pull_request.url if case.pull_request else None,
        gate_runs=tuple(dict.fromkeys(run.url for run in _runs(case))),
        prefect=f"{places.prefect_ui_url}/runs/flow-run/{started[-1]}" if started else None,
    )


def remote(case: Case, marker: str) -> tuple[Remote, ...]:
    """Give what the ticket is linked to: the pull request and the newest gate run, as far as there are such."""
    pull, run = case.pull_request, newest(case)
    found = [Remote(f"{marker}:{case.id}", pull.url, f"Pull request {pull.number}")] if pull else []
    found += [Remote(f"{marker}:{case.id}:gate", run.url, _told(case, run))] if run else []
    return tuple(found)


def newest(case: Case) -> GateRun | None:
    """Give the gate run that was dispatched last; None before there is one."""
    return max(_runs(case), key=lambda one: (one.dispatched_at, one.run_id), default=None)


def _told(case: Case, run: GateRun) -> str:
    """Name a gate run, with its verdict where it has one."""
    judged = [(attempt.run, attempt.verdict) for attempt in case.attempts]
    judged += [(case.diagnosis.run, case.diagnosis.verdict)] if case.diagnosis else []
    verdict = next((verdict for known, verdict in judged if known == run and verdict), None)
    return f"Gate run {run.run_id}: {run.mode.value}, {verdict.conclusion.value if verdict else 'no verdict yet'}"


def _runs(case: Case) -> list[GateRun]:
    """Give the case's gate runs in the order of dispatch; one may stand there twice."""
    diagnosis = [case.diagnosis.run] if case.diagnosis else []
    attempts = [attempt.run for attempt in case.attempts if attempt.run]
    return [*diagnosis, *attempts, *([case.awaiting] if case.awaiting else [])]
