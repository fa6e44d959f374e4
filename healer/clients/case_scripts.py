"""The scripts by which the case ledger writes: each one is whole, or nothing of it is."""

from typing import Final

# Without a version to compare and a case to write, only the event is appended.
APPEND: Final = """
local case = redis.call('GET', KEYS[1])
if not case then return 'missing' end
local previous, event, version, changed, at, id, request, run_ttl, standing, waiting = unpack(ARGV)
if version ~= '' and cjson.decode(case).version ~= tonumber(version) then return 'conflict' end
local last = redis.call('LINDEX', KEYS[2], -1)
if last and cjson.decode(last).hash ~= previous then return 'moved' end
redis.call('RPUSH', KEYS[2], event)
if changed ~= '' then
  redis.call('SET', KEYS[1], changed)
  redis.call('ZADD', KEYS[3], at, id)
  redis.call(standing == 'open' and 'SADD' or 'SREM', KEYS[6], id)
  if standing ~= 'in line' then redis.call('ZREM', KEYS[7], waiting) end
end
if request ~= '' then redis.call('XADD', KEYS[4], '*', 'request', request) end
if run_ttl ~= '' then redis.call('SET', KEYS[5], id, 'EX', run_ttl) end
return 'done'
"""

# Only as it was judged: a case or chain that was written since then stays.
FORGET: Final = """
local case, last = redis.call('GET', KEYS[1]), redis.call('LINDEX', KEYS[2], -1)
if not case or not last then return 0 end
if cjson.decode(case).version ~= tonumber(ARGV[1]) or cjson.decode(last).hash ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.call('ZREM', KEYS[4], ARGV[3])
redis.call('SREM', KEYS[5], ARGV[3])
return 1
"""

HOLD: Final = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""
