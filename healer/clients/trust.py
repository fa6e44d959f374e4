"""How far each importer may be trusted: its cases' chains, and what people have said, from Redis; `healer.autonomy` decides.

What people said is a list a importer, the newest first, so that nobody's word is overwritten.
"""

from collections import defaultdict
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, cast

from pydantic import ValidationError
from redis.asyncio import Redis

from healer import autonomy
from healer.autonomy import Earned, Outcome, Word
from healer.clients.cases import Cases
from healer.clients.store import redis_errors
from healer.contracts import Autonomy, Case, Importer, ImporterName

_KEPT: Final = 100
_UNREADABLE: Final = Word(
    level=Autonomy.OBSERVE,
    held=True,
    by="the healer",
    reason="its record cannot be read.",
    at=datetime.min.replace(tzinfo=UTC),
)


def _key(importer: ImporterName) -> str:
    return f"healer:autonomy:{importer}"


class Trust:
    """Reads what importers have earned, and keeps what people say about it. Every method raises UpstreamError."""

    def __init__(self, redis: Redis, cases: Cases) -> None:
        self._redis, self._cases = redis, cases

    async def of(self, importer: Importer, now: datetime) -> Earned:
        """Give an importer's level at `now` (UTC)."""
        return (await self.of_all([importer], await self._cases.list(), now))[importer.name]

    async def of_all(
        self, importers: Iterable[Importer], cases: Sequence[Case], now: datetime
    ) -> Mapping[ImporterName, Earned]:
        """Give the level of each importer at `now` (UTC); `cases` are all that there are."""
        wanted = {one.name: one for one in importers}
        told = await self._told([case for case in cases if case.importer in wanted and _came_far(case)])
        said = await self._said(list(wanted))
        return {name: autonomy.earned(one, told[name], said[name], now) for name, one in wanted.items()}

    async def _told(self, cases: Sequence[Case]) -> Mapping[ImporterName, list[Outcome]]:
        told = defaultdict[ImporterName, list[Outcome]](list)
        chains = await self._cases.chains([case.id for case in cases])
        for case, events in zip(cases, chains, strict=True):
            told[case.importer] += autonomy.outcomes(case.id, events)
        return told

    async def _said(self, names: Sequence[ImporterName]) -> Mapping[ImporterName, Word | None]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.lindex(_key(name), 0)
            with redis_errors():
                texts = await pipe.execute()
        return {name: _word(text) for name, text in zip(names, texts, strict=True)}

    async def say(self, importer: ImporterName, word: Word) -> None:
        """Keep what a person says; it holds from the answer on."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.lpush(_key(importer), word.model_dump_json())
            pipe.ltrim(_key(importer), 0, _KEPT - 1)
            with redis_errors():
                await pipe.execute()

    async def said(self, importer: ImporterName) -> tuple[Word, ...]:
        """Give what people have said about an importer, the newest first."""
        with redis_errors():
            texts = await cast("Awaitable[list[str]]", self._redis.lrange(_key(importer), 0, -1))
        return tuple(word for word in map(_word, texts) if word)


def _came_far(case: Case) -> bool:
    """Say whether the case may have had a pull request at some time; a retry after a merge forgets the old one."""
    return case.pull_request is not None or case.first > 0


def _word(text: str | None) -> Word | None:
    """Read what was said; what cannot be read lets the healer do nothing."""
    try:
        return Word.model_validate_json(text) if text else None
    except ValidationError:
        return _UNREADABLE
