"""The case ledger in Redis: cases, their event chains, deliveries, and which case awaits which run.

Every write is one script, so that a case, its event and the flow run that follows from it are on disk together or not at all.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast

from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import LockNotOwnedError, RedisError

from healer import turns
from healer.chain import EventData, link
from healer.clients import case_scripts, limits
from healer.clients.reception import DELIVERY_TTL_S, Outcome, Received, Reception
from healer.clients.store import check_durability, redis_errors
from healer.contracts import ENDED, Case, Delivery, Event, RunRequest
from healer.errors import Conflict, UpstreamError

_RUN_TTL_S: Final = 90 * 24 * 3600
_MOST_RELINKS: Final = 50
_MOST_AT_ONCE: Final = 2000
_OUTBOX: Final = "healer:outbox"
_CASES: Final = "healer:cases"

Alone = Literal["telling", "dispatching"]
"""What one run of a case does at a time: of two that look at once each would find nothing there yet, and do it."""


def _standing(case: Case) -> str:
    """Say whether a case counts as open, or waits for room."""
    return "in line" if turns.is_in_line(case) else "ended" if case.state in ENDED else "open"


def _case_key(case_id: str) -> str:
    return f"healer:case:{case_id}"


def _events_key(case_id: str) -> str:
    return f"healer:case:{case_id}:events"


class Cases:
    """The ledger. Times are UTC and its own, but for a delivery's."""

    def __init__(self, redis: Redis, most: limits.Limits = limits.USUAL) -> None:
        self._redis, self._reception = redis, Reception(redis, most)
        self._linking = asyncio.Lock()  # one at a time in this process: fewer lost races for the end of a chain
        self._append = redis.register_script(case_scripts.APPEND)
        self._hold = redis.register_script(case_scripts.HOLD)
        self._forget = redis.register_script(case_scripts.FORGET)
        self._release = redis.register_script(case_scripts.RELEASE)

    async def check_durability(self) -> None:
        """Refuse a Redis that forgets.

        Raises: Misconfigured (`redis_forgets`), UpstreamError.
        """
        await check_durability(self._redis)

    async def receive(self, delivery: Delivery, now: datetime, sender: str = "") -> Received:
        """Take a delivery, as `Reception.receive`; where it is attached to a case that is there, its chain says so.

        Raises: Rejected (409, `id_reused`) for an id that came with another body before, (429) over a limit; UpstreamError.
        """
        received = await self._reception.receive(delivery, now, sender)
        if received.outcome is Outcome.ATTACHED:
            await self.note(received.case.id, "attached", {"delivery": delivery.id})
        return received

    async def has_followed(self, event_id: str) -> bool:
        """Say whether GitHub's event of this delivery id was followed already.

        Raises: UpstreamError.
        """
        with redis_errors():
            return bool(await self._redis.exists(f"healer:github:{event_id}"))

    async def followed(self, event_id: str) -> None:
        """Remember that GitHub's event of this delivery id was followed, for 30 days.

        Raises: UpstreamError.
        """
        with redis_errors():
            await self._redis.set(f"healer:github:{event_id}", 1, ex=DELIVERY_TTL_S)

    async def get(self, case_id: str) -> Case | None:
        """Read a case.

        Raises: UpstreamError.
        """
        with redis_errors():
            text = await self._redis.get(_case_key(case_id))
        return Case.model_validate_json(text) if text else None

    async def list(self, limit: int = _MOST_AT_ONCE) -> tuple[Case, ...]:
        """Read the cases that were written last, newest first.

        Raises: UpstreamError.
        """
        with redis_errors():
            ids = cast("Sequence[str]", await self._redis.zrevrange(_CASES, 0, limit - 1))
            texts = await self._redis.mget([_case_key(case_id) for case_id in ids]) if ids else []
        return tuple(Case.model_validate_json(text) for text in texts if text)

    async def events(self, case_id: str) -> tuple[Event, ...]:
        """Read a case's chain from the start.

        Raises: UpstreamError.
        """
        with redis_errors():
            texts = await cast("Awaitable[Sequence[str]]", self._redis.lrange(_events_key(case_id), 0, -1))
        return tuple(Event.model_validate_json(text) for text in texts)

    async def chains(self, case_ids: Sequence[str]) -> tuple[tuple[Event, ...], ...]:
        """Read several cases' chains at once, in the order of their ids.

        Raises: UpstreamError.
        """
        async with self._redis.pipeline(transaction=False) as pipe:
            for case_id in case_ids:
                pipe.lrange(_events_key(case_id), 0, -1)
            with redis_errors():
                found = await pipe.execute()
        return tuple(tuple(Event.model_validate_json(text) for text in texts) for texts in found)

    async def case_of_run(self, run_id: int) -> Case | None:
        """Read the case that dispatched a workflow run.

        Raises: UpstreamError.
        """
        with redis_errors():
            case_id = cast("str | None", await self._redis.get(f"healer:run:{run_id}"))
        return await self.get(case_id) if case_id else None

    async def record(
        self, case: Case, kind: str, data: EventData, *, start: RunRequest | None = None, **changes: Any
    ) -> Case:
        """Write `changes` over the case as it was read, with an event, and with the flow run that follows (`start`), if any.

        Where the case awaits a run, that run is known as the case's from now on.

        Raises: Conflict (`case_changed`) where somebody else wrote the case since it was read; UpstreamError.
        """
        now = datetime.now(UTC)
        changed = Case.model_validate({**dict(case), **changes, "version": case.version + 1, "updated_at": now})
        await self._link(case.id, kind, data, start=start, read=case, write=changed)
        return changed

    async def note(
        self,
        case_id: str,
        kind: str,
        data: EventData,
        *,
        start: RunRequest | None = None,
        as_of: Case | Event | None = None,
    ) -> None:
        """Append an event and leave the case itself as it is.

        With `as_of` only where nobody wrote the case since it was read so; or, where that is an event, only where it is still the last.

        Raises: Conflict (`case_changed`) where that is not so, or where there is no such case; UpstreamError.
        """
        await self._link(case_id, kind, data, start=start, read=as_of)

    async def has_noted(self, case_id: str, kind: str, run_id: int, run_attempt: int) -> bool:
        """Say whether the chain holds an event of this kind about this run attempt.

        Raises: UpstreamError.
        """
        wanted = (kind, run_id, run_attempt)
        events = await self.events(case_id)
        return any((event.kind, event.data.get("run_id"), event.data.get("run_attempt")) == wanted for event in events)

    async def _link(
        self,
        case_id: str,
        kind: str,
        data: EventData,
        *,
        start: RunRequest | None = None,
        read: Case | Event | None = None,
        write: Case | None = None,
    ) -> None:
        """Append to the chain's end; where another event came between reading the end and writing, link to that one.

        Not so where `read` is an event: that must be the end.
        """
        at = write.updated_at if write else datetime.now(UTC)
        awaited = write.awaiting.run_id if write and write.awaiting else None
        run_key = f"healer:run:{awaited or 'none'}"
        keys = [_case_key(case_id), _events_key(case_id), _CASES, _OUTBOX, run_key, limits.OPEN, limits.LINE]
        end = read if isinstance(read, Event) else None
        case: list[str | int] = [
            read.version if isinstance(read, Case) else "",
            write.model_dump_json() if write else "",
        ]
        rest: list[str | float] = [
            at.timestamp(),
            case_id,
            start.model_dump_json() if start else "",
            _RUN_TTL_S if awaited else "",
            _standing(write) if write else "",
            limits.waiting(write.id, write.importer) if write else "",
        ]
        answer = "moved"
        async with self._linking:
            for _ in range(_MOST_RELINKS):
                event = link(end or await self._last_event(case_id), at, kind, data)
                with redis_errors():
                    answer = await self._append(keys=keys, args=[event.previous, event.model_dump_json(), *case, *rest])
                if answer != "moved" or end:
                    break
        if answer == "done":
            return
        raise Conflict(
            f"case {case_id} was written by somebody else, or is gone.",
            reason="case_changed",
            remedy="Read it again and decide again.",
        )

    async def _last_event(self, case_id: str) -> Event | None:
        with redis_errors():
            text = await cast("Awaitable[str | None]", self._redis.lindex(_events_key(case_id), -1))
        return Event.model_validate_json(text) if text else None

    async def forget(self, case: Case, last: Event) -> bool:
        """Delete a case, its chain and what it spent, where both are as they were read; gives whether they were.

        Raises: UpstreamError.
        """
        keys = [_case_key(case.id), _events_key(case.id), f"healer:spend:{case.id}", _CASES, limits.OPEN]
        with redis_errors():
            return bool(await self._forget(keys=keys, args=[case.version, last.hash, case.id]))

    async def hold(self, importer: str, owner: str, ttl_s: float) -> bool:
        """Take or extend the exclusive right to work on an importer; it expires by itself.

        Raises: UpstreamError.
        """
        with redis_errors():
            return bool(await self._hold(keys=[f"healer:hold:{importer}"], args=[owner, int(ttl_s * 1000)]))

    async def release(self, importer: str, owner: str) -> None:
        """Give the right back; another owner's is left alone.

        Raises: UpstreamError.
        """
        with redis_errors():
            await self._release(keys=[f"healer:hold:{importer}"], args=[owner])

    @asynccontextmanager
    async def alone(self, case_id: str, doing: Alone, ttl_s: float = 10, wait_s: float = 40) -> AsyncIterator[None]:
        """Be the only one that does this for a case, after whoever does it now; who has died is waited for until his time is up.

        Raises: UpstreamError; `case_busy` where others were always quicker.
        """
        lock = self._redis.lock(f"healer:{doing}:{case_id}", timeout=ttl_s, blocking_timeout=wait_s, sleep=0.05)
        with redis_errors():
            if not await lock.acquire():
                what = f"other runs of case {case_id} are {doing}."
                raise UpstreamError(what, service="redis", reason="case_busy", remedy="Try again in a minute.")
        living = asyncio.create_task(_kept(lock, ttl_s / 3))
        try:
            yield
        finally:
            living.cancel()
            with redis_errors(), suppress(LockNotOwnedError):
                await lock.release()


async def _kept(lock: Lock, every_s: float) -> None:
    """Keep a lock for as long as its owner lives, however long GitHub or JIRA takes."""
    while True:
        await asyncio.sleep(every_s)
        with suppress(RedisError, OSError):
            await lock.reacquire()
