"""Starts flow runs from a preloaded process: milliseconds instead of the seconds that Python and Prefect take to load.

It rests on two names that Prefect does not promise: `prefect.runner._starter_engine.run_process`, the function by which a runner
starts a child and which its module says may be replaced, and `Runner._get_and_submit_flow_runs`, one look for due runs. `is_possible`
tests both, and the preloaded process itself; where one is missing, the stock runner does the work.
"""

import asyncio
import inspect
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from typing import Any, Final

import anyio
from anyio.abc import TaskStatus
from prefect.runner import Runner, _starter_engine

from flows import child

_FORK: Final = get_context("forkserver")
_PRELOADED: Final = [
    "flows.heal", "flows.publish", "flows.reconcile", "flows.sweep", "flows.fleet", "flows.digest", "flows.command", "flows.child",
    "healer.clients.agents.relocate", "prefect._internal.observers",
    "prefect.flow_engine", "prefect.task_engine", "prefect.events.clients", "prefect.concurrency.asyncio",
    "prefect.utilities.visualization", "anyio._backends._asyncio", "encodings.idna", "rich._emoji_codes",
    "flows.rehearsal",
]  # fmt: skip
"""What a flow run would import, and work out, otherwise. None of it may start a thread or open a connection."""
_DEPLOYMENT: Final = "PREFECT__DEPLOYMENT_NAME"
_ENTRYPOINT: Final = "PREFECT__FLOW_ENTRYPOINT"
_START: Final = "run_process"
_TAKEN: Final = {"command", "task_status", "task_status_handler"}
_PROBE_S: Final = 60


def is_possible() -> bool:
    """Preload, and say whether flow runs can be started warm with this version of Prefect on this system."""
    start, look = getattr(_starter_engine, _START, None), getattr(Runner, "_get_and_submit_flow_runs", None)
    if start is None or not set(inspect.signature(start).parameters) >= _TAKEN or not inspect.iscoroutinefunction(look):
        return False
    _FORK.set_forkserver_preload(_PRELOADED)
    try:
        probe = _FORK.Process(target=int)
        probe.start()
        probe.join(_PROBE_S)
    except OSError:
        return False
    return probe.exitcode == 0


def install(entrypoints: Mapping[str, str], on_exit: Callable[[], None]) -> None:
    """Make this process's runner start its children from the preloaded one. `on_exit` is called after each child's end.

    `entrypoints` maps a deployment's name to its flow, so that a child need not ask the server for what it has loaded already.
    """

    async def run_forked(
        command: object,  # noqa: ARG001 - the child is always the engine
        *,
        env: dict[str, str],
        task_status: TaskStatus[Any],
        task_status_handler: Callable[[ForkServerProcess], Any],
        **_: object,
    ) -> None:
        known = entrypoints.get(env.get(_DEPLOYMENT, ""))
        whole = {**env, _ENTRYPOINT: known} if known else env
        process = _FORK.Process(target=child.execute, args=(whole,))
        await anyio.to_thread.run_sync(process.start)
        task_status.started(task_status_handler(process))
        await anyio.to_thread.run_sync(process.join)
        asyncio.get_running_loop().call_later(_SLOT_FREED_S, on_exit)

    setattr(_starter_engine, _START, run_forked)


_SLOT_FREED_S: Final = 0.2
"""The runner frees a run's slot moments after its process has ended."""


async def look(runner: Runner) -> bool:
    """Have the runner look for due flow runs now, if it could take one: the answer costs the server more the more are due.

    Gives whether all that were due have been taken: a slot is still free.
    """
    if runner.has_slots_available():
        await runner._get_and_submit_flow_runs()  # type: ignore[no-untyped-call] # noqa: SLF001 - see above
    return runner.has_slots_available()
