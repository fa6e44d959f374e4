"""The connection to Redis that the ledger, the outbox, the evidence, the vault and the tokens share."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from pydantic import SecretStr
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from healer.errors import Misconfigured, UpstreamError

_CONNECTIONS = 40
_DURABILITY = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


def connect(url: SecretStr) -> Redis:
    """Give a client that connects on first use. Callers wait for a free connection; values are text; answers have RESP 2 shapes.

    Raises: Misconfigured (`redis_url`).
    """
    try:
        pool = BlockingConnectionPool.from_url(
            url.get_secret_value(),
            max_connections=_CONNECTIONS,
            timeout=5,
            decode_responses=True,
            protocol=2,
            socket_timeout=5,
            socket_connect_timeout=2,
        )
    except ValueError:  # its text quotes what it cannot read, which may be a part of the password
        what, remedy = "HEALER_REDIS_URL is no address of a Redis.", "Write reserved characters of the password as %XX."
        raise Misconfigured(what, reason="redis_url", remedy=remedy) from None
    return Redis.from_pool(pool)


@contextmanager
def redis_errors() -> Iterator[None]:
    """Turn redis-py's exceptions into ours. Their text may hold the address with its password and does not travel.

    Raises: UpstreamError (`redis_unavailable`).
    """
    try:
        yield
    except (RedisError, OSError) as error:
        raise UpstreamError(
            f"Redis did not take the command ({type(error).__name__}).",
            service="redis",
            reason="redis_unavailable",
            remedy="Nothing was acknowledged; try again when Redis answers.",
        ) from None


async def check_durability(redis: Redis) -> None:
    """Refuse a Redis that forgets (SPEC, "Redis"): acknowledged work must survive a crash of the machine.

    Raises: Misconfigured (`redis_forgets`), UpstreamError.
    """
    with redis_errors():
        wrong = [
            f"{name} must be {value}"
            for name, value in _DURABILITY.items()
            if (await redis.config_get(name)).get(name) != value
        ]
    if wrong:
        raise Misconfigured(
            f"this Redis would forget acknowledged work: {', '.join(wrong)}.",
            reason="redis_forgets",
            remedy="Set it in redis.conf and start again.",
        )


async def tells(redis: Redis) -> tuple[datetime, str]:
    """Ask for its time (UTC) and its version.

    Raises: UpstreamError.
    """
    with redis_errors():
        seconds, microseconds = await redis.time()
        version = (await redis.info("server"))["redis_version"]
    return datetime.fromtimestamp(int(seconds) + int(microseconds) / 1e6, UTC), str(version)
