"""The outbox in Redis: flow runs that are owed, in order, until Prefect has taken them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from healer.clients.store import redis_errors
from healer.contracts import CaseId, RunRequest

_STREAM: Final = "healer:outbox"
_DEAD: Final = "healer:outbox:dead"
_GROUP: Final = "dispatch"
_NUDGE: Final = "healer:nudge"
ABANDONED_MS: Final = 5_000
"""After this long without an answer a dispatcher counts as dead, and another takes over what it held. One that only waits for
Prefect loses nothing by it: a run that two dispatchers start is one run, by its key."""

_BURY: Final = """
redis.call('XADD', KEYS[2], '*', 'request', ARGV[3], 'reason', ARGV[4])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
return 1
"""

_DONE: Final = """
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
return 1
"""


_REDRIVE: Final = """
local letter = redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1])[1]
if not letter then return 0 end
redis.call('XADD', KEYS[1], '*', 'request', letter[2][2])
redis.call('XDEL', KEYS[2], ARGV[1])
return 1
"""


@dataclass(frozen=True)
class Entry:
    """One owed flow run; `request` is None where the entry cannot be read."""

    id: str
    text: str
    request: RunRequest | None


@dataclass(frozen=True)
class Letter:
    """One buried flow run: what it was to start (None where that cannot be read), why and when it was buried."""

    id: str
    request: RunRequest | None
    reason: str
    buried_at: datetime


def _letter(entry_id: str, fields: dict[str, str]) -> Letter:
    buried_at = datetime.fromtimestamp(int(entry_id.partition("-")[0]) / 1000, UTC)
    return Letter(entry_id, _entry(entry_id, fields).request, fields.get("reason", ""), buried_at)


def _entry(entry_id: str, fields: dict[str, str]) -> Entry:
    text = fields.get("request", "")
    try:
        request = RunRequest.model_validate_json(text)
    except ValidationError:
        request = None
    return Entry(entry_id, text, request)


class Outbox:
    """One dispatcher's view of the stream. `consumer` is unique to the process."""

    def __init__(self, redis: Redis, consumer: str) -> None:
        self._redis, self._consumer = redis, consumer
        self._bury = redis.register_script(_BURY)
        self._done = redis.register_script(_DONE)
        self._redrive = redis.register_script(_REDRIVE)

    async def prepare(self) -> None:
        """Make stream and consumer group, where they are not there yet; entries from before count.

        Raises: UpstreamError.
        """
        with redis_errors():
            try:
                await self._redis.xgroup_create(_STREAM, _GROUP, id="0", mkstream=True)
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    async def next(self, wait_ms: int) -> Entry | None:
        """Take the next entry: first one that a dead dispatcher left behind, else a new one, waiting at most `wait_ms`.

        Raises: UpstreamError.
        """
        with redis_errors():
            _, left_behind, *_ = await self._redis.xautoclaim(
                _STREAM, _GROUP, self._consumer, ABANDONED_MS, "0-0", count=1
            )
            if left_behind:
                return _entry(*left_behind[0])
            answer: Any = await self._redis.xreadgroup(_GROUP, self._consumer, {_STREAM: ">"}, count=1, block=wait_ms)
        return _entry(*answer[0][1][0]) if answer else None

    async def ack(self, entry: Entry) -> None:
        """Strike an entry: Prefect has the run.

        Raises: UpstreamError.
        """
        with redis_errors():
            await self._done(keys=[_STREAM], args=[_GROUP, entry.id])

    async def bury(self, entry: Entry, reason: str) -> None:
        """Move an entry that can never be started to the dead letters, with the reason.

        Raises: UpstreamError.
        """
        with redis_errors():
            await self._bury(keys=[_STREAM, _DEAD], args=[_GROUP, entry.id, entry.text, reason])

    async def owed(self) -> int:
        """Count the flow runs that Prefect has not taken yet.

        Raises: UpstreamError.
        """
        with redis_errors():
            return int(await self._redis.xlen(_STREAM))

    async def cases(self) -> frozenset[CaseId]:
        """Name the cases of which a flow run is owed.

        Raises: UpstreamError.
        """
        with redis_errors():
            entries: Any = await self._redis.xrange(_STREAM)
        owed = (_entry(entry_id, fields).request for entry_id, fields in entries)
        return frozenset(request.case for request in owed if request)

    async def dead(self) -> tuple[Letter, ...]:
        """Read the dead letters, oldest first.

        Raises: UpstreamError.
        """
        with redis_errors():
            letters: Any = await self._redis.xrange(_DEAD)
        return tuple(_letter(*letter) for letter in letters)

    async def redrive(self, letter_id: str) -> bool:
        """Owe a buried flow run again, at the end of the line; False where there is no such letter.

        Raises: UpstreamError.
        """
        with redis_errors():
            return bool(await self._redrive(keys=[_STREAM, _DEAD], args=[letter_id]))

    async def nudge(self, key: str) -> None:
        """Tell waiting runners that a flow run was created.

        Raises: UpstreamError.
        """
        with redis_errors():
            await self._redis.publish(_NUDGE, key)
