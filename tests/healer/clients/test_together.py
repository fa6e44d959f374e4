"""Rules of the script that many callers share, on a real Redis."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from healer.clients.together import Together

COUNT = """
if ARGV[1] == 'fail' then return redis.error_reply('no') end
return redis.call('INCRBY', KEYS[1], ARGV[1])
"""


@pytest.fixture
def count(redis: Redis) -> Together:
    return Together(redis, COUNT)


async def test_each_call_is_run_once_and_answered_by_itself(count: Together) -> None:
    """Many calls at once are each run once, in order, and each gets its own answer."""
    answers = await asyncio.gather(*(count(["n"], [1]) for _ in range(250)))
    assert answers == list(range(1, 251))


async def test_a_call_that_fails_takes_no_other_with_it(count: Together) -> None:
    """An error of one call is raised there; its neighbours are answered."""
    answers = await asyncio.gather(count(["n"], [1]), count(["n"], ["fail"]), count(["n"], [1]), return_exceptions=True)
    assert (answers[0], answers[2]) == (1, 2)
    assert isinstance(answers[1], ResponseError)


async def test_redis_may_forget_the_script(count: Together, redis: Redis) -> None:
    """After Redis has lost its scripts, as by a restart, calls are run as before."""
    await count(["n"], [1])
    await redis.script_flush()
    assert await asyncio.gather(*(count(["n"], [1]) for _ in range(3))) == [2, 3, 4]


async def test_a_caller_that_goes_away_disturbs_nobody(count: Together) -> None:
    """Where a caller gives up, the others get their answers."""
    leaving, staying = (asyncio.create_task(count(["n"], [1])) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying in (1, 2)
    assert await count(["n"], [0]) == await staying


async def test_a_redis_that_is_away_is_told_to_every_caller() -> None:
    """Where Redis does not answer, each caller gets the error, and none waits for ever."""
    async with Redis(port=1, socket_connect_timeout=0.2, retry=None) as nobody:
        count = Together(nobody, COUNT)
        answers = await asyncio.gather(*(count(["n"], [1]) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(answer, RedisError | OSError) for answer in answers)
