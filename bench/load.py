"""The load generator, a process of its own: `python -m bench.load`, the plan as JSON on standard input, the result on output.

Closed: each connection sends the next request as soon as it has its answer; that finds the peak. Open: requests are due at
fixed times, and a latency counts from when its request was due, so that a stalled server cannot hide what waits behind it.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bench import requests
from bench.wire import Connection


@dataclass(frozen=True)
class Plan:
    """What to send to 127.0.0.1:`port`. `rate` (a second) 0 is closed; `bad_rate` adds bad requests beside the signed ones.

    `over` is what the signature is over: `message` (Standard Webhooks), or the `body` alone, as the peer wants it.
    """

    port: int
    key: str
    seconds: float
    first: int
    rate: float = 0
    connections: int = 64
    bad_rate: float = 0
    seed: int = 0
    most: int = 30_000
    over: Literal["message", "body"] = "message"


@dataclass
class Result:
    """Latencies (ms) of signed deliveries that were accepted, how many answers had each status, and the rate of accepted ones."""

    latencies_ms: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    bad_statuses: dict[int, int] = field(default_factory=dict)
    rate: float = 0.0


class Lane:
    """Requests over a pool of connections, and what became of them."""

    def __init__(self, port: int, connections: int) -> None:
        self._free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        self._all = [Connection("127.0.0.1", port) for _ in range(connections)]
        for connection in self._all:
            self._free.put_nowait(connection)
        self.latencies_ms: list[float] = []
        self.statuses: Counter[int] = Counter()

    async def send(self, request: bytes, due: float) -> None:
        """Send one request that was due at `due`."""
        connection = await self._free.get()
        status = await connection.ask(request)
        self._free.put_nowait(connection)
        self.statuses[status] += 1
        if status == 202:  # noqa: PLR2004 - accepted
            self.latencies_ms.append((time.perf_counter() - due) * 1000)

    async def closed(self, waiting: list[bytes], until: float) -> None:
        """Send on every connection as fast as it answers."""

        async def follow() -> None:
            while waiting and (now := time.perf_counter()) < until:
                await self.send(waiting.pop(), now)

        await asyncio.gather(*(follow() for _ in self._all))

    async def open(self, queue: Sequence[bytes], rate: float) -> None:
        """Send each when it is due."""
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, request in enumerate(queue):
                due = began + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(self.send(request, due))

    def close(self) -> None:
        """End the connections."""
        for connection in self._all:
            connection.close()


async def run(plan: Plan) -> Result:
    """Send what the plan says."""
    good, bad = Lane(plan.port, plan.connections), Lane(plan.port, plan.connections)
    count = int(plan.rate * plan.seconds) or plan.most
    queue = requests.SIGNED[plan.over](plan.key, plan.first, count)
    junk = requests.bad(plan.key, plan.seed, int(plan.bad_rate * plan.seconds))
    began = time.perf_counter()
    if plan.rate:
        await asyncio.gather(good.open(queue, plan.rate), bad.open(junk, plan.bad_rate or 1))
    else:
        await good.closed(queue, began + plan.seconds)
    took = time.perf_counter() - began
    for lane in (good, bad):
        lane.close()
    return Result(good.latencies_ms, dict(good.statuses), dict(bad.statuses), len(good.latencies_ms) / took)


def main() -> None:
    """Read the plan, tell the result."""
    fields: dict[str, Any] = json.load(sys.stdin)
    json.dump(asdict(asyncio.run(run(Plan(**fields)))), sys.stdout)


if __name__ == "__main__":
    main()
