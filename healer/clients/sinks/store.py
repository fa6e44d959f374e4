"""What Redis keeps under our prefix: every key of every type, with its name. Sealed values hold nothing that could be found."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from pydantic import SecretStr
from redis import Redis

from healer.audit import Piece, of_json
from healer.clients.store import redis_errors

_OURS: Final = "healer:*"
_WAIT_S: Final = 10


class StoreSink:
    """One Redis, read byte by byte: a leaked value need not be UTF-8."""

    def __init__(self, url: SecretStr) -> None:
        self._url = url

    def pieces(self) -> Iterator[Piece]:
        """Give a piece a key.

        Raises: UpstreamError.
        """
        address = self._url.get_secret_value()
        with redis_errors(), Redis.from_url(address, socket_timeout=_WAIT_S, socket_connect_timeout=_WAIT_S) as redis:
            for key in redis.scan_iter(match=_OURS, count=1000):
                yield Piece(key.decode("utf-8", "replace"), b"\n".join([key, *_flat(_value(redis, key))]))


def _value(redis: Redis, key: bytes) -> Any:
    read: dict[bytes, Callable[[], Any]] = {
        b"string": lambda: redis.get(key),
        b"hash": lambda: redis.hgetall(key),
        b"list": lambda: redis.lrange(key, 0, -1),
        b"set": lambda: redis.smembers(key),
        b"zset": lambda: redis.zrange(key, 0, -1),
        b"stream": lambda: redis.xrange(key),
        b"none": lambda: None,  # expired since it was listed
    }
    return read[cast("bytes", redis.type(key))]()


def _without_escapes(value: bytes) -> Iterator[bytes]:
    try:
        yield of_json("", json.loads(value)).data
    except (ValueError, RecursionError):
        return


def _flat(value: object) -> Iterator[bytes]:
    """Give every text of a value; of one that is JSON, without the escapes of JSON's writing too."""
    match value:
        case bytes():
            yield value
            yield from _without_escapes(value)
        case dict():
            for name, held in value.items():
                yield from _flat(name)
                yield from _flat(held)
        case list() | tuple() | set():
            for held in value:
                yield from _flat(held)
        case _:
            return
