"""Limits of intake: how many deliveries, and how many cases they may open. Judged within the script that takes a delivery.

A repetition is never limited: it gets the first answer. What a limit refuses leaves nothing behind but, once per window, a notice;
where limits queue, the case that is over one of cases waits in the line until there is room.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from healer.contracts import Delivery
from healer.errors import Rejected

_LOG = logging.getLogger(__name__)
_MINUTE_S: Final = 60
_DAY_S: Final = 86_400
_OPEN_AGAIN_S: Final = 300
"""How long to wait for a case to end: nobody can say, and a gate run takes some minutes."""
OPEN: Final = "healer:cases:open"
_OPENED: Final = "healer:opened"

LINE: Final = "healer:line"
"""Cases that wait for room, in order; a member is what `waiting` gives."""
BREACHES: Final = "healer:breaches"
"""How often each limit was reached."""

# KEYS and ARGV begin with what `Limits.keys` and `Limits.args` give. What is `full` is {reason, notice
# (false where nothing is breached), seconds}.
SCRIPT: Final = f"""
local now = tonumber(ARGV[5])

local function is_first(full)
  if not full[2] then return 0 end
  local first = redis.call('SET', full[2], 1, 'NX', 'EX', full[3])
  if first then redis.call('HINCRBY', KEYS[10], full[1], 1) end
  return first and 1 or 0
end

local function too_often()
  local taken = tonumber(redis.call('GET', KEYS[1]) or 0)
  if taken >= tonumber(ARGV[1]) then
    return {{'too_many_deliveries', KEYS[5], math.max(1, math.ceil({_MINUTE_S} - now % {_MINUTE_S}))}}
  end
  redis.call('SET', KEYS[1], taken + 1, 'EX', {_MINUTE_S})
end

local function of_day(key)
  return redis.call('ZCOUNT', key, now - {_DAY_S}, '+inf')
end

local function full_day(key, most, reason, notice)
  if of_day(key) < tonumber(most) then return end
  local oldest = redis.call('ZRANGEBYSCORE', key, now - {_DAY_S}, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  return {{reason, notice, math.max(1, math.ceil((oldest or now) + {_DAY_S} - now))}}
end

local function too_many()
  if redis.call('SCARD', KEYS[2]) >= tonumber(ARGV[2]) then return {{'too_many_open_cases', KEYS[6], {_OPEN_AGAIN_S}}} end
  return full_day(KEYS[4], ARGV[4], 'too_many_cases', KEYS[8]) or full_day(KEYS[3], ARGV[3], 'too_many_importer_cases', KEYS[7])
end

-- Room that is free belongs to the line; only who waits for its importer alone lets others pass.
local function behind()
  local seen = {{}}
  for _, waiting in ipairs(redis.call('ZRANGE', KEYS[9], 0, -1)) do
    local importer = string.match(waiting, ' (.*)$')
    if not seen[importer] and of_day('{_OPENED}:' .. importer) < tonumber(ARGV[3]) then
      return {{'others_wait', false, {_OPEN_AGAIN_S}}}
    end
    seen[importer] = true
  end
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
KEYS: Final = 10
ARGS: Final = 5
"""How many keys and arguments come before a script's own."""

_WHAT: Final = {
    "too_many_deliveries": "this key has sent its deliveries of this minute.",
    "too_many_open_cases": "as many cases are open as may be at once.",
    "too_many_importer_cases": "this importer has had its cases of the last 24 hours.",
    "too_many_cases": "the cases of the last 24 hours are spent.",
    "others_wait": "others wait in the line for the room that is free.",
}


@dataclass(frozen=True)
class Limits:
    """How much is taken; 0 takes nothing. A minute is the clock's; a day is the last 24 hours.

    `mode` says what becomes of a delivery over a limit of cases: it is refused, or its case waits in the line.
    """

    deliveries_per_key_minute: int = 300
    open_cases: int = 100
    cases_per_importer_day: int = 20
    cases_per_day: int = 200
    mode: Literal["refuse", "queue"] = "refuse"

    def keys(self, importer: str, sender: str, now: datetime) -> list[str]:
        """Give the counters for a delivery about `importer` that `sender` signed, the notices of their breaches, and the line."""
        minute = int(now.timestamp()) // _MINUTE_S
        counters = [f"healer:rate:{sender}:{minute}", OPEN, f"{_OPENED}:{importer}", _OPENED]
        notices = [f"healer:breach:{name}" for name in (f"deliveries:{sender}", "open", f"importer:{importer}", "day")]
        return [*counters, *notices, LINE, BREACHES]

    def args(self, now: datetime) -> list[str | float]:
        """Give the numbers and the time."""
        most = [self.deliveries_per_key_minute, self.open_cases, self.cases_per_importer_day, self.cases_per_day]
        return [*most, now.timestamp()]


USUAL: Final = Limits()


def waiting(case_id: str, importer: str) -> str:
    """Give the member of the line that stands for a case."""
    return f"{case_id} {importer}"


def tell(reason: str, delivery: Delivery) -> None:
    """Tell the log that a limit is reached; for the first delivery of its window."""
    _LOG.warning("a limit of intake is reached: %s", reason, extra={"reason": reason, "importer": delivery.importer})


def refusal(reason: str, wait_s: int) -> Rejected:
    """Put a refusal into words."""
    return Rejected(
        _WHAT[reason],
        reason=reason,
        status=429,
        retry_after=wait_s,
        remedy="Send the same again later; nothing was stored.",
    )
