"""Executes flow runs in one process, for the stories whose rule is not about processes: one start of Python and Prefect for all of them.

What comes by standard input, one JSON object a line: `{"environment": {...}}` is what the next runs find, `{"run": ID}` is executed as
`python -m prefect.engine` does it, beside what is at work already, `{"flush": WORD}` is answered by a line with the word once all that runs
have logged is at the server, as the end of a process sees to. Once the deployments are made, a line says so.
"""

import asyncio
import json
import os
import sys
from collections import defaultdict
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.flow_engine import run_flow_async
from prefect.flows import load_flow_from_entrypoint
from prefect.logging.handlers import APILogHandler
from prefect.runner import Runner

from flows import authorities, deployments, pools
from flows.runner import DEPLOYMENTS
from healer.programs import replace_environment

READY = "hand ready"


def say(line: str) -> None:
    """Answer whoever asks."""
    print(line, flush=True)  # noqa: T201 - this is how it answers


async def deployed(client: PrefectClient) -> dict[UUID, Flow]:
    """Make the deployments as our runner does; give the flow of each."""
    runner, defined = Runner(name="hand"), await asyncio.to_thread(deployments.read, DEPLOYMENTS)
    await pools.make(client, {one.work_pool_name for one in defined if one.work_pool_name})
    return {await runner.aadd_deployment(one): load_flow_from_entrypoint(str(one.entrypoint)) for one in defined}


async def execute(client: PrefectClient, flows: dict[UUID, Flow], run_id: str, turn: asyncio.Lock) -> None:
    """Execute a run that is due; one that has been executed, or is at work, is left alone."""
    async with turn:
        run = await client.read_flow_run(UUID(run_id))
        if run.state and run.state.is_scheduled() and run.deployment_id:
            flow = flows[run.deployment_id]
            await run_flow_async(flow, flow_run=run, parameters=run.parameters, return_type="state")


async def main() -> None:
    """Do what is asked until nobody asks any more."""
    authorities.share()
    turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
    async with get_client() as client, asyncio.TaskGroup() as group:
        flows = await deployed(client)
        say(READY)
        while line := await asyncio.to_thread(sys.stdin.readline):
            asked = json.loads(line)
            if "environment" in asked:
                replace_environment({**asked["environment"], "PREFECT_API_URL": os.environ["PREFECT_API_URL"]})
            elif "flush" in asked:
                await APILogHandler.aflush()
                say(asked["flush"])
            else:
                group.create_task(execute(client, flows, asked["run"], turns[asked["run"]]))


if __name__ == "__main__":
    asyncio.run(main())
