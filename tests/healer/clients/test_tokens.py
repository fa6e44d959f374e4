"""Rules of API tokens, on a real Redis."""

from redis.asyncio import Redis

from healer.clients.tokens import Scope, Tokens
from healer.redact import Redactor


async def test_token_has_its_scopes_until_it_is_revoked(redis: Redis) -> None:
    """A token allows its scopes until its name is revoked; other names stay."""
    tokens = Tokens(redis)
    mine, theirs = await tokens.create("me", [Scope.READ]), await tokens.create("they", [Scope.READ, Scope.OPERATE])
    assert await tokens.scopes(mine.get_secret_value()) == {Scope.READ}
    assert await tokens.scopes(theirs.get_secret_value()) == {Scope.READ, Scope.OPERATE}
    assert await tokens.revoke("me") == 1
    assert await tokens.revoke("me") == 0
    assert await tokens.scopes(mine.get_secret_value()) == frozenset()
    assert await tokens.scopes(theirs.get_secret_value())


async def test_unknown_tokens_have_no_scope(redis: Redis) -> None:
    """What is no token of ours allows nothing."""
    for text in ("", "x", "healer_", "healer_" + "a" * 43, "healer_" + "a" * 999, "healer_\ud800"):
        assert await Tokens(redis).scopes(text) == frozenset()


async def test_redis_holds_no_token(redis: Redis) -> None:
    """Only a hash of the token is kept, and its form is one that redaction knows."""
    token = (await Tokens(redis).create("me", [Scope.READ])).get_secret_value()
    keys = await redis.keys("*")
    assert token not in str(keys) + str(await redis.mget(keys))
    assert Redactor().text(token) == "***"
