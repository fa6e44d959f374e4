"""Rules of the vault, on a real Redis."""

import time

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from healer.clients.vault import Vault
from healer.envelope import KeyRing
from healer.errors import Misconfigured

REF = "brightwater-main"


@pytest.fixture
async def vault(redis: Redis, ring: KeyRing) -> Vault:
    filled = Vault(redis, ring)
    await filled.put(REF, {"username": SecretStr("robot"), "password": SecretStr("pässwörd")})
    return filled


async def test_credential_opens_as_it_was_put(vault: Vault) -> None:
    """A credential's fields come back as secrets; an unknown ref has none; the latest put counts."""
    opened = await vault.open(REF)
    assert {name: value.get_secret_value() for name, value in opened.items()} == {
        "username": "robot",
        "password": "pässwörd",
    }
    assert "pässwörd" not in repr(opened)
    assert await vault.open("other") == {}
    await vault.put(REF, {"password": SecretStr("new-one")})
    assert list(await vault.open(REF)) == ["password"]


async def test_redis_holds_no_value(vault: Vault, redis: Redis) -> None:
    """What stands in Redis is sealed, and opens under its own ref only."""
    row = await redis.hgetall(f"healer:vault:{REF}")  # type: ignore[misc]
    assert "robot" not in str(row)
    await redis.hset("healer:vault:other", mapping=row)  # type: ignore[misc]
    with pytest.raises(Misconfigured):
        await vault.open("other")


async def test_list_shows_refs_and_never_values(vault: Vault) -> None:
    """The list names ref, key and age."""
    (stored,) = await vault.list()
    assert (stored.ref, stored.key_id) == (REF, "k1")
    assert abs(stored.put_at.timestamp() - time.time()) < 5
