"""Rules of reading Redis for the leak audit."""

import base64

import pytest
import redis
from pydantic import SecretStr

from healer.audit import Search, examine
from healer.clients.sinks.store import StoreSink
from healer.envelope import KeyRing

SECRET = 'p&ß "<9a>/+=='


def found(url):
    return examine("Redis", StoreSink(SecretStr(url)).pieces(), Search([SECRET]))


@pytest.fixture
def store(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        yield client


def test_every_type_of_key_is_searched(store, redis_url):
    """Strings, hashes, lists, sets, sorted sets and streams are searched, members and names, also where bytes are no text."""
    encoded = base64.b64encode(SECRET.encode())
    store.set("healer:string", b"\xff" + encoded)
    store.hset("healer:hash", mapping={"clean": "x", encoded: "1"})
    store.rpush("healer:list", "x", encoded)
    store.sadd("healer:set", encoded)
    store.zadd("healer:zset", {encoded: 1})
    store.xadd("healer:stream", {"run": b'{"hint": "p&\\u00df \\"<9a>/+=="}'})
    store.set("healer:clean", "nothing")
    finding = found(redis_url)
    assert set(finding.places) == {f"healer:{kind}" for kind in ("string", "hash", "list", "set", "zset", "stream")}
    assert finding.pieces == 7


def test_sealed_values_are_no_hits(store, redis_url):
    """What is sealed lies there as ciphertext, in which nothing is found."""
    sealed = KeyRing({"k1": b"k" * 32}).seal(SECRET.encode(), "healer:vault:x", b"s" * 32)
    store.hset("healer:vault:x", mapping={"sealed": sealed})
    assert found(redis_url).hits == 0


def test_a_key_that_is_not_ours_is_left_alone(store, redis_url):
    """Only keys with our prefix are read."""
    store.set("theirs", SECRET)
    assert found(redis_url).pieces == 0


def test_a_silent_redis_is_unread():
    """A Redis that does not answer is unread, not clean."""
    assert "Redis" in found("redis://127.0.0.1:1/0").unread
