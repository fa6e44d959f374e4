"""Where deliveries are received: one script knows them again, judges the limits, and opens, queues or attaches."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from redis.asyncio import Redis

from healer.chain import link
from healer.clients import limits
from healer.clients.store import redis_errors
from healer.clients.together import Together
from healer.contracts import Case, Delivery, Reason, RunRequest, State
from healer.errors import Rejected

DELIVERY_TTL_S: Final = 30 * 24 * 3600
"""How long ids of deliveries and of GitHub's events are remembered."""
_QUEUED: Final = {
    "state": State.QUEUED,
    "reason": Reason.OVER_LIMIT,
    "reason_text": "As many cases are open, or were opened in the last 24 hours, as may be; this one waits in the line.",
}

_RECEIVE: Final = f"""{limits.SCRIPT}
local delivery, case_key, events, cases, outbox = unpack(KEYS, {limits.KEYS + 1})
local body, kept, opened, event, id, request, queued, waits, member = unpack(ARGV, {limits.ARGS + 1})
local known = redis.call('GET', delivery)
if known and known ~= body then return {{'reused'}} end
local case = redis.call('GET', case_key)
local place = (redis.call('ZRANK', KEYS[9], member) or -1) + 1
if known and case then return {{'repeated', case, place}} end
local full = not case and (too_many() or behind())
local refused = full and queued == '' and full or too_often()
if refused then return {{'limited', refused[1], refused[3], is_first(refused)}} end
redis.call('SET', delivery, body, 'EX', kept)
if case then return {{'attached', case, place}} end
redis.call('SET', case_key, full and queued or opened)
redis.call('RPUSH', events, event)
redis.call('ZADD', cases, now, id)
redis.call('XADD', outbox, '*', 'request', request)
if not full then
  count(id)
  return {{'opened', false, 0}}
end
redis.call('RPUSH', events, waits)
local last = redis.call('ZREVRANGE', KEYS[9], 0, 0, 'WITHSCORES')[2]
redis.call('ZADD', KEYS[9], (last or 0) + 1, member)
return {{'queued', full[1], redis.call('ZCARD', KEYS[9]), is_first(full)}}
"""


class Outcome(StrEnum):
    """What became of a delivery."""

    OPENED = "opened"
    QUEUED = "queued"
    ATTACHED = "attached"
    REPEATED = "repeated"


@dataclass(frozen=True)
class Received:
    """The case that a delivery belongs to, as it stands; `place` is its place in the line, from 1, where it waits there."""

    case: Case
    outcome: Outcome
    place: int | None = None


class Reception:
    """Receives what was verified."""

    def __init__(self, redis: Redis, most: limits.Limits) -> None:
        self._limits, self._receive = most, Together(redis, _RECEIVE)

    async def receive(self, delivery: Delivery, now: datetime, sender: str) -> Received:
        """Open or queue the case of a ticket and ask for its first flow run, or attach the delivery to the case that is there.

        `sender` names the key that signed, for its limit.

        Raises: Rejected (409, `id_reused`) for an id that came with another body before, (429) over a limit; UpstreamError.
        """
        opened = Case(id=delivery.ticket, importer=delivery.importer, opened_at=now, updated_at=now)
        queued = opened.model_copy(update=_QUEUED) if self._limits.mode == "queue" else None
        with redis_errors():
            answer = await self._receive(*self._call(delivery, now, sender, opened, queued))
        return self._understood(answer, delivery, opened, queued)

    @staticmethod
    def _understood(answer: Any, delivery: Delivery, opened: Case, queued: Case | None) -> Received:
        match answer:
            case ["reused"]:
                what = "this delivery id came before with another body; the first one counts."
                raise Rejected(what, reason="id_reused", status=409)
            case ["limited", reason, seconds, first]:
                _tell(reason, first, delivery)
                raise limits.refusal(reason, seconds)
            case ["queued", reason, place, first]:
                _tell(reason, first, delivery)
                return Received(queued or opened, Outcome.QUEUED, place)
            case _:
                outcome, text, place = answer
                case = Case.model_validate_json(text) if text else opened
                return Received(case, Outcome(outcome), place or None)

    def _call(
        self, delivery: Delivery, now: datetime, sender: str, opened: Case, queued: Case | None
    ) -> tuple[list[str], list[str | float]]:
        """Give the script's keys and arguments."""
        own = (f"healer:delivery:{delivery.id}", f"healer:case:{opened.id}", f"healer:case:{opened.id}:events")
        keys = [*self._limits.keys(delivery.importer, sender, now), *own, "healer:cases", "healer:outbox"]
        event = link(None, now, "received", {"delivery": delivery.id, "importer": delivery.importer})
        args: list[str | float] = [delivery.body_sha256, DELIVERY_TTL_S, opened.model_dump_json()]
        args += [event.model_dump_json(), opened.id, RunRequest(flow="heal", case=opened.id).model_dump_json()]
        if queued:
            waits = link(event, now, State.QUEUED.value, {"why": Reason.OVER_LIMIT.value})
            args += [queued.model_dump_json(), waits.model_dump_json()]
        else:
            args += ["", ""]
        return keys, [*self._limits.args(now), *args, limits.waiting(opened.id, opened.importer)]


def _tell(reason: Any, first: Any, delivery: Delivery) -> None:
    if first:
        limits.tell(reason, delivery)
