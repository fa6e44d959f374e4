"""Rules of the vault, on a real Redis."""

import asyncio
import base64
import time

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from redis.asyncio import Redis

from healer.clients.vault import Vault
from healer.envelope import KeyRing
from healer.errors import Misconfigured
from healer.fernet import make

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
    assert stored.put_at is not None
    assert abs(stored.put_at.timestamp() - time.time()) < 5


async def test_replaced_value_does_not_come_back(vault: Vault, redis: Redis) -> None:
    """A sealed value that a later put has replaced is refused, also where somebody writes it back."""
    old = await redis.hget(f"healer:vault:{REF}", "sealed")  # type: ignore[misc]
    await vault.put(REF, {"password": SecretStr("new-one")})
    await redis.hset(f"healer:vault:{REF}", "sealed", old)  # type: ignore[misc]
    with pytest.raises(Misconfigured, match="unsealable"):
        await vault.open(REF)


async def test_puts_at_once_leave_one_whole_value(vault: Vault) -> None:
    """Of several puts at the same time one counts, whole."""
    await asyncio.gather(*(vault.put(REF, {"password": SecretStr(f"value-{n}")}) for n in range(5)))
    assert (await vault.open(REF))["password"].get_secret_value() in {f"value-{n}" for n in range(5)}


async def test_everything_is_opened_for_a_search(vault: Vault, redis: Redis) -> None:
    """Each credential is given once with its fields; one that does not open ends the search."""
    await vault.put("harbor-main", {"pin": SecretStr("4711-0815")})
    assert [(ref, list(fields)) async for ref, fields in vault.everything()] == [
        (REF, ["username", "password"]),
        ("harbor-main", ["pin"]),
    ]
    await redis.hset("healer:vault:a-broken-one", "sealed", "wego1.AAAA")  # type: ignore[misc]
    with pytest.raises(Misconfigured, match="unsealable"):
        [ref async for ref, _ in vault.everything()]


async def test_value_of_another_scheme_opens_where_its_decryptor_is_named(redis: Redis, ring: KeyRing) -> None:
    """A value `fernet.TOKEN` opens in a vault that was given that decryptor, and in no other."""
    key = base64.urlsafe_b64encode(bytes(32)).decode()
    token = Fernet(key).encrypt(b'{"pin": "4711-0815"}').decode()
    await redis.hset("healer:vault:harbor-main", "sealed", f"fernet.{token}")  # type: ignore[misc]
    named = Vault(redis, ring, {"fernet": make([SecretStr(key)])})
    assert (await named.open("harbor-main"))["pin"].get_secret_value() == "4711-0815"
    with pytest.raises(Misconfigured, match="unsealable"):
        await Vault(redis, ring).open("harbor-main")
