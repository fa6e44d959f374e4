"""Limits of intake: how many deliveries, and how many cases they may open. Judged within the script that takes a delivery.

A repetition is never limited: it gets the first answer. What a limit refuses leaves nothing behind but, once per window, a notice.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from healer.contracts import Delivery
from healer.errors import Rejected

_LOG = logging.getLogger(__name__)
_MINUTE_S: Final = 60
_DAY_S: Final = 86_400
_OPEN_AGAIN_S: Final = 300
"""How long to wait for a case to end: nobody can say, and a gate run takes some minutes."""
OPEN: Final = "healer:cases:open"

# KEYS and ARGV begin with what `Limits.keys` and `Limits.args` give. A refusal is {'limited', reason, seconds, '1' where it is the first}.
SCRIPT: Final = f"""
local now = tonumber(ARGV[5])

local function refused(reason, notice, seconds)
  seconds = math.max(1, math.ceil(seconds))
  local first = redis.call('SET', notice, 1, 'NX', 'EX', seconds)
  return {{'limited', reason, seconds, first and 1 or 0}}
end

local function too_often()
  local taken = tonumber(redis.call('GET', KEYS[1]) or 0)
  if taken >= tonumber(ARGV[1]) then return refused('too_many_deliveries', KEYS[5], {_MINUTE_S} - now % {_MINUTE_S}) end
  redis.call('SET', KEYS[1], taken + 1, 'EX', {_MINUTE_S})
end

local function full_day(key, most, reason, notice)
  if redis.call('ZCOUNT', key, now - {_DAY_S}, '+inf') < tonumber(most) then return end
  local oldest = redis.call('ZRANGEBYSCORE', key, now - {_DAY_S}, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  return refused(reason, notice, (oldest or now) + {_DAY_S} - now)
end

local function too_many()
  if redis.call('SCARD', KEYS[2]) >= tonumber(ARGV[2]) then
    return refused('too_many_open_cases', KEYS[6], {_OPEN_AGAIN_S})
  end
  return full_day(KEYS[3], ARGV[3], 'too_many_importer_cases', KEYS[7]) or full_day(KEYS[4], ARGV[4], 'too_many_cases', KEYS[8])
end

local function count(case)
  redis.call('SADD', KEYS[2], case)
  for _, key in ipairs({{KEYS[3], KEYS[4]}}) do
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - {_DAY_S})
    redis.call('ZADD', key, now, case)
    redis.call('EXPIRE', key, {_DAY_S})
  end
end
"""

_WHAT: Final = {
    "too_many_deliveries": "this key has sent its deliveries of this minute.",
    "too_many_open_cases": "as many cases are open as may be at once.",
    "too_many_importer_cases": "this importer has had its cases of the last 24 hours.",
    "too_many_cases": "the cases of the last 24 hours are spent.",
}


@dataclass(frozen=True)
class Limits:
    """How much is taken; 0 takes nothing. A minute is the clock's; a day is the last 24 hours."""

    deliveries_per_key_minute: int = 300
    open_cases: int = 100
    cases_per_importer_day: int = 20
    cases_per_day: int = 200

    def keys(self, delivery: Delivery, sender: str, now: datetime) -> list[str]:
        """Give the counters of a delivery that `sender` signed, and the notices of their breaches."""
        minute = int(now.timestamp()) // _MINUTE_S
        counters = [f"healer:rate:{sender}:{minute}", OPEN, f"healer:opened:{delivery.importer}", "healer:opened"]
        notices = [f"deliveries:{sender}", "open", f"importer:{delivery.importer}", "day"]
        return counters + [f"healer:breach:{name}" for name in notices]

    def args(self, now: datetime) -> list[str | float]:
        """Give the numbers and the time."""
        most = [self.deliveries_per_key_minute, self.open_cases, self.cases_per_importer_day, self.cases_per_day]
        return [*most, now.timestamp()]


USUAL: Final = Limits()


def refusal(reason: str, wait_s: int, *, first: bool, delivery: Delivery) -> Rejected:
    """Put a refusal into words, and into the log where it is the first of its window."""
    if first:
        _LOG.warning(
            "a limit of intake is reached: %s", reason, extra={"reason": reason, "importer": delivery.importer}
        )
    return Rejected(
        _WHAT[reason],
        reason=reason,
        status=429,
        retry_after=wait_s,
        remedy="Send the same again later; nothing was stored.",
    )
