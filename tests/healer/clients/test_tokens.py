"""Rules of API tokens, on a real Redis."""

from redis.asyncio import Redis

from healer.clients.tokens import Holder, Scope, Tokens
from healer.redact import Redactor


async def allowed(tokens: Tokens, text: str) -> frozenset[Scope]:
    """Give what a token allows."""
    holder = await tokens.holder(text)
    return holder.scopes if holder else frozenset()


async def test_token_has_its_scopes_until_it_is_revoked(redis: Redis) -> None:
    """A token allows its scopes until its name is revoked; other names stay."""
    tokens = Tokens(redis)
    mine, theirs = await tokens.create("me", [Scope.READ]), await tokens.create("they", [Scope.READ, Scope.OPERATE])
    assert await allowed(tokens, mine.get_secret_value()) == {Scope.READ}
    assert await allowed(tokens, theirs.get_secret_value()) == {Scope.READ, Scope.OPERATE}
    assert await tokens.revoke("me") == 1
    assert await tokens.revoke("me") == 0
    assert await tokens.holder(mine.get_secret_value()) is None
    assert await allowed(tokens, theirs.get_secret_value())


async def test_holders_are_listed_without_their_tokens(redis: Redis) -> None:
    """A line per token, by name and age; nothing in it opens anything."""
    tokens = Tokens(redis)
    assert await tokens.list() == ()
    given = [await tokens.create(name, [scope]) for name, scope in (("z", Scope.READ), ("a", Scope.OPERATE))]
    held = await tokens.list()
    assert [(holder.name, holder.scopes) for holder in held] == [("a", {Scope.OPERATE}), ("z", {Scope.READ})]
    assert all(
        isinstance(holder, Holder) and token.get_secret_value() not in repr(held) for holder in held for token in given
    )


async def test_unknown_tokens_have_no_scope(redis: Redis) -> None:
    """What is no token of ours allows nothing."""
    for text in ("", "x", "healer_", "healer_" + "a" * 43, "healer_" + "a" * 999, "healer_\ud800"):
        assert await Tokens(redis).holder(text) is None


async def test_redis_holds_no_token(redis: Redis) -> None:
    """Only a hash of the token is kept, and its form is one that redaction knows."""
    token = (await Tokens(redis).create("me", [Scope.READ])).get_secret_value()
    keys = await redis.keys("*")
    assert token not in str(keys) + str(await redis.mget(keys))
    assert Redactor().text(token) == "***"
