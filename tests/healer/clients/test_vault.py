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
from healer.errors import Misconfigured, Rejected
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
    """The list names ref, scheme, key, age and the number of the value; so does a look at one ref."""
    (stored,) = await vault.list()
    assert (stored.ref, stored.scheme, stored.key_id, stored.counter) == (REF, "wego1", "k1", 1)
    assert await vault.find(REF) == stored
    assert await vault.find("other") is None
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
    (stored,) = await named.list()
    assert (stored.scheme, stored.key_id) == ("fernet", "")


async def test_rotation_gives_a_new_value_of_the_same_credential(vault: Vault, redis: Redis) -> None:
    """A rotation takes new values of the same fields and counts on; the value before it does not open any more."""
    old = await redis.hget(f"healer:vault:{REF}", "sealed")  # type: ignore[misc]
    assert await vault.rotate(REF, {"username": SecretStr("robot"), "password": SecretStr("new-one")}) == 2
    assert (await vault.open(REF))["password"].get_secret_value() == "new-one"
    await redis.hset(f"healer:vault:{REF}", "sealed", old)  # type: ignore[misc]
    with pytest.raises(Misconfigured, match="unsealable"):
        await vault.open(REF)


async def test_rotation_of_what_is_not_there_is_refused(vault: Vault) -> None:
    """A ref that has no value, other fields, and the value that stands there already are refused; nothing changes."""
    with pytest.raises(Rejected, match="credential_missing"):
        await vault.rotate("other", {"password": SecretStr("new-one")})
    same = await vault.open(REF)
    for fields in ({"password": SecretStr("new-one")}, same):
        with pytest.raises(Rejected, match="bad_credential") as refused:
            await vault.rotate(REF, fields)
        assert "new-one" not in str(refused.value)
    assert (await vault.open(REF), (await vault.list())[0].counter) == (same, 1)


async def test_credential_expires(vault: Vault, redis: Redis) -> None:
    """A credential opens until its time and not after; the seal that had no such time does not open any more."""
    old = await redis.hget(f"healer:vault:{REF}", "sealed")  # type: ignore[misc]
    await vault.expire(REF, int(time.time()) + 3600)
    (stored,) = await vault.list()
    assert stored.expires_at is not None
    assert list(await vault.open(REF)) == ["username", "password"]
    await redis.hset(f"healer:vault:{REF}", "sealed", old)  # type: ignore[misc]
    with pytest.raises(Misconfigured, match="unsealable"):
        await vault.open(REF)
    await vault.put(REF, {"password": SecretStr("new-one")})
    await vault.expire(REF, int(time.time()))
    assert await vault.open(REF) == {}
    assert [ref async for ref, _ in vault.everything()] == []
    with pytest.raises(Rejected, match="credential_missing"):
        await vault.rotate(REF, {"password": SecretStr("newer")})


async def test_credential_is_taken_away_at_once(vault: Vault, redis: Redis) -> None:
    """Expired without a time, a value is gone from Redis; its number counts on when a new one is put."""
    await vault.expire(REF)
    assert set(await redis.hkeys(f"healer:vault:{REF}")) == {"counter", "put_at"}  # type: ignore[misc]
    assert (await vault.open(REF), await vault.list()) == ({}, ())
    with pytest.raises(Rejected, match="credential_missing"):
        await vault.expire(REF)
    await vault.put(REF, {"password": SecretStr("new-one")})
    assert (await vault.list())[0].counter == 3


async def test_value_of_another_scheme_is_kept_once_it_opens(redis: Redis, ring: KeyRing) -> None:
    """`adopt` keeps what its decryptor opens, as it is; anything else changes nothing."""
    key = base64.urlsafe_b64encode(bytes(32)).decode()
    vault = Vault(redis, ring, {"fernet": make([SecretStr(key)])})
    token = Fernet(key).encrypt(b'{"pin": "4711-0815"}').decode()
    assert list(await vault.adopt("harbor-main", f"fernet.{token}")) == ["pin"]
    for other in (f"fernet.{token[:-4]}", f"other.{token}", token):
        with pytest.raises(Misconfigured, match="unsealable"):
            await vault.adopt("harbor-main", other)
    assert list(await vault.open("harbor-main")) == ["pin"]
