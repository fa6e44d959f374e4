"""One flow run's view of its case: read it, record on it, end it.

Every step reads the case, acts only where the case stands before that step, and records. So a run that was killed is run again
with the same end, a stop is obeyed at the next step, and a duplicate run finds nothing to do.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Annotated, Any, Concatenate, Final, ParamSpec, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State as FlowState
from prefect.client.schemas.objects import TaskRun
from prefect.runtime import flow_run
from prefect.tasks import Task
from pydantic import Field

import prompts
from flows import happenings, timing
from flows.hearing import prove_uncommanded
from flows.pausing import prove_unpaused
from healer import autonomy, best, importers, logs, turns
from healer.autonomy import Earned
from healer.breakdown import may_pass
from healer.contracts import Case, Importer, Reason, RunRequest, State
from healer.errors import Conflict, Rejected
from healer.publish import Addresses
from healer.settings import FlowSettings, load
from healer.wiring import FlowParts, flow_parts

HOLD_S: Final = 6 * 3600
"""How long an importer stays held without a sign of life: longer than a queue of gate runs takes."""
_PAUSES_S: Final = [0.5, 3, 10]

Number = Annotated[int, Field(ge=0)]
Fact = str | int | float | bool | None
P = ParamSpec("P")
T = TypeVar("T")


class Story:
    """A case and what acts on it, within one flow run. `number` is the number of the dispatch that this run may make."""

    def __init__(self, parts: FlowParts, case_id: str, number: int) -> None:
        self.parts, self.case_id, self.number = parts, case_id, number
        self.run = timing.run(case_id)

    @property
    def addresses(self) -> Addresses:
        """Where people find the case."""
        settings = self.parts.settings
        return Addresses(
            case=f"{settings.public_url}/v1/cases/{self.case_id}",
            ticket=f"{settings.jira_url}/browse/{self.case_id}",
            prefect=f"{settings.prefect_ui_url}/v2/runs?flow-run-search={self.case_id}",
        )

    async def case(self) -> Case:
        """Read the case as it stands.

        Raises: Rejected (`case_missing`), UpstreamError.
        """
        case = await self.parts.cases.get(self.case_id)
        if case is None:
            raise Rejected(f"there is no case {self.case_id}.", reason="case_missing", status=404)
        return case

    async def confirm(self, case: Case) -> None:
        """Read the case again, right before something is done that the world sees: a stop or a pause that came meanwhile wins.

        Raises: Conflict where the case is no longer as it was read, is paused, or a comment tells it to stop (`held`); UpstreamError.
        """
        await prove_unpaused(case)
        await prove_uncommanded(self.parts, case)
        if (await self.case()).version != case.version:
            raise Conflict(f"case {case.id} was written by somebody else.", reason="case_changed")

    async def most_attempts(self) -> int:
        """Give the number of attempts that the case may have: the usual one, and what people have allowed beyond it.

        Raises: UpstreamError.
        """
        return self.parts.settings.max_attempts + turns.extra_attempts(await self.parts.cases.events(self.case_id))

    async def importer(self, name: str) -> Importer | None:
        """Read the importer's entry from the base branch, never from a branch of an agent.

        Raises: Misconfigured (`registry`), UpstreamError.
        """
        return (await registry(self.parts)).get(name)

    async def trusted(self, case: Case, importer: Importer) -> Earned:
        """Give how far the healer may go with this case by itself, and why.

        Raises: UpstreamError.
        """
        found = await self.parts.trust.of(importer, datetime.now(UTC))
        return autonomy.of_case(found, await self.parts.cases.events(case.id))

    async def record(
        self,
        case: Case,
        kind: str,
        data: Mapping[str, Fact] | None = None,
        *,
        start: RunRequest | None = None,
        **changes: Any,
    ) -> Case:
        """Write an event and changes over the case as it was read. Free text loses its secrets here.

        Raises: Conflict, UpstreamError.
        """
        if "reason_text" in changes:
            changes["reason_text"] = self.parts.redactor.text(changes["reason_text"])
        recorded = await self.parts.cases.record(case, kind, dict(data or {}), start=start, **changes)
        happenings.tell(recorded, kind, dict(data or {}))
        return recorded

    async def end(
        self,
        case: Case,
        state: State,
        reason: Reason | None = None,
        text: str = "",
        *,
        facts: Mapping[str, Fact] | None = None,
        **changes: Any,
    ) -> Case:
        """Record how the case ends. From now on no report and no lease is expected."""
        data = {**({"reason": reason.value} if reason else {}), **(facts or {})}
        if state is State.NEEDS_ENGINEER:
            data |= best.facts(case.model_copy(update=changes))
        ending: dict[str, Any] = {"state": state, "reason": reason, "reason_text": text, "awaiting": None, **changes}
        return await self.record(case, state.value, data, **ending)

    def again(self) -> RunRequest:
        """Give the request for the heal run that follows this one."""
        return RunRequest(flow="heal", case=self.case_id, attempt=self.number + 1)


async def registry(parts: FlowParts) -> importers.Registry:
    """Read all importers from the base branch.

    Raises: Misconfigured (`registry`), UpstreamError.
    """
    return importers.parse(await call(parts.github.read_file, importers.PATH, parts.settings.base_branch))


async def call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a client that blocks without blocking the run's own heartbeat."""
    return await asyncio.to_thread(function, *args, **kwargs)


def in_seconds(seconds: float) -> datetime:
    """Give the time that is so far away, UTC."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _may_pass(_task: Task[..., Any], _run: TaskRun, state: FlowState[Any]) -> bool:
    return isinstance(state.data, BaseException) and may_pass(state.data)


_STEP: Final[dict[str, Any]] = {
    "retries": len(_PAUSES_S),
    "retry_delay_seconds": _PAUSES_S,
    "retry_condition_fn": _may_pass,
    # The case is the memory of a step; Prefect's results would be a second one, with texts in it.
    "cache_policy": NO_CACHE,
    "persist_result": False,
}


def step(
    name: str,
) -> Callable[[Callable[Concatenate[Story, P], Awaitable[T]]], Callable[Concatenate[Story, P], Coroutine[Any, Any, T]]]:
    """Make a function of the story a task: what may pass by itself is tried again, nothing is kept beside the case, each try is a span."""

    def made(
        function: Callable[Concatenate[Story, P], Awaitable[T]],
    ) -> Callable[Concatenate[Story, P], Coroutine[Any, Any, T]]:
        @wraps(function)
        async def timed(story: Story, *args: P.args, **kwargs: P.kwargs) -> T:
            with timing.span(story.parts.telemetry, timing.step(story.case_id), name, story.run.key):
                return await function(story, *args, **kwargs)

        made_task: Callable[Concatenate[Story, P], Coroutine[Any, Any, T]] = task(name=name, **_STEP)(timed)  # type: ignore[assignment] # a task is called like its function
        return made_task

    return made


@asynccontextmanager
async def opened(case_id: str, number: int) -> AsyncIterator[Story]:
    """Build the parts inside the run, one set per process, and close them at its end."""
    parts = flow_parts(load(FlowSettings), prompts.write)
    logs.install(parts.redactor, level="WARNING")
    story = Story(parts, case_id, number)
    facts: dict[str, str | int] = {"healer.number": number, "prefect.flow_run": str(flow_run.id)}
    try:
        with timing.span(parts.telemetry, story.run, str(flow_run.flow_name), facts=facts):
            yield story
    finally:
        await parts.close()
