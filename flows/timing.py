"""Tells how long runs and their steps took, as spans of their case's trace (`healer.spans`)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from prefect.runtime import flow_run, task_run

from healer.clients.telemetry import Telemetry
from healer.spans import ROOT, Fact, Span


@dataclass
class Timed:
    """What is under way; `well` is what its span will say."""

    case: str
    key: str
    well: bool = True


@contextmanager
def span(
    telemetry: Telemetry, timed: Timed, name: str, parent: str = ROOT, facts: Mapping[str, Fact] | None = None
) -> Iterator[None]:
    """Time the body, and tell it whatever its end."""
    begun = datetime.now(UTC)
    try:
        yield
    except BaseException:
        timed.well = False
        raise
    finally:
        ended = datetime.now(UTC)
        telemetry.tell(Span(timed.case, name, timed.key, begun, ended, parent, timed.well, facts or {}))


def run(case: str) -> Timed:
    """Name the flow run that this is; one that is executed again is another span."""
    return Timed(case, f"run:{flow_run.id}:{flow_run.run_count}")


def step(case: str) -> Timed:
    """Name the task run that this is; each try is a span."""
    return Timed(case, f"step:{task_run.id}:{task_run.run_count}")
