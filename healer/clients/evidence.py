"""Evidence in Redis, sealed: gate reports, and of each importer the last-good trace and what is remembered of its bills. Receipts too."""

import os
import time
from collections.abc import AsyncIterator, Callable
from typing import Final, cast

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from healer.backfill import Backfill
from healer.clients.fetches import Fetches
from healer.clients.rewrap import Rewrapped
from healer.clients.store import redis_errors
from healer.contracts import Contract, GateReport, History, Trace
from healer.envelope import SALT_BYTES, KeyRing, claims
from healer.errors import Misconfigured
from healer.history import Hasher, key_label
from healer.impact import Report

_DAY_S: Final = 24 * 3600
_IMPACT: Final = "healer:impact"


_REPLACE: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
"""


def _report_key(run_id: int | str, run_attempt: int | str) -> str:
    return f"healer:report:{run_id}:{run_attempt}"


def _good_key(importer: str) -> str:
    return f"healer:good:{importer}"


def _history_key(importer: str) -> str:
    return f"healer:history:{importer}"


class Evidence:
    """What gates saw. A sealed text opens only under the key that it was stored at.

    Reports and last-good traces, which hold pages, are kept for so many days: in Redis, and in the seal itself. `now` is Unix time.
    """

    def __init__(
        self,
        redis: Redis,
        ring: KeyRing,
        report_days: int = 30,
        good_days: int = 400,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._redis, self._ring, self._now = redis, ring, now
        self._report_ttl_s, self._good_ttl_s = report_days * _DAY_S, good_days * _DAY_S
        self._fetches = Fetches(redis)
        self._replace = redis.register_script(_REPLACE)

    def _sealed(self, key: str, text: str, ttl_s: int = 0) -> str:
        expires_at = int(self._now()) + ttl_s if ttl_s else 0
        return self._ring.seal(text.encode("utf-8"), key, os.urandom(SALT_BYTES), expires_at)

    async def _opened(self, key: str) -> bytes | None:
        with redis_errors():
            sealed = cast("str | None", await self._redis.get(key))
        return self._ring.open(sealed, key, self._now()).plaintext if sealed else None

    async def keep_report(self, report: GateReport) -> bool:
        """Store a report under its run and attempt; the first one stays. Gives whether this was the first.

        Raises: UpstreamError.
        """
        key = _report_key(report.run_id, report.run_attempt)
        sealed = self._sealed(key, report.model_dump_json(), self._report_ttl_s)
        with redis_errors():
            return bool(await self._redis.set(key, sealed, nx=True, ex=self._report_ttl_s))

    async def report(self, run_id: int, run_attempt: int) -> GateReport | None:
        """Read the report of a run attempt, None where there is none (any more).

        Raises: UpstreamError; Misconfigured (`unsealable`).
        """
        text = await self._opened(_report_key(run_id, run_attempt))
        return GateReport.model_validate_json(text) if text else None

    async def keep_good(self, report: GateReport) -> None:
        """Store what a believed green fetch saw: the importer's last-good trace, what to remember of its bills, and when it was.

        Raises: UpstreamError.
        """
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as rows:
                if report.trace:
                    self._put(rows, _good_key(report.importer), report.trace, self._good_ttl_s)
                if report.history:
                    self._put(rows, _history_key(report.importer), report.history)
                await rows.execute()
        if report.bills:
            await self._fetches.good(report.importer, report.finished_at, report.bills, "gate")

    def _put(self, rows: Pipeline, key: str, value: Contract, ttl_s: int = 0) -> None:
        rows.set(key, self._sealed(key, value.model_dump_json(), ttl_s), ex=ttl_s or None)

    async def good_trace(self, importer: str) -> Trace | None:
        """Read the importer's last-good trace, None where no gate was green yet.

        Raises: UpstreamError; Misconfigured (`unsealable`).
        """
        text = await self._opened(_good_key(importer))
        return Trace.model_validate_json(text) if text else None

    async def keep_receipt(self, case: str, receipt: str) -> None:
        """Store the newest receipt of a case. It is not sealed: it is made to be shown.

        Raises: UpstreamError.
        """
        with redis_errors():
            await self._redis.set(f"healer:receipt:{case}", receipt)

    async def receipt(self, case: str) -> str | None:
        """Read a case's receipt, None where none was written yet.

        Raises: UpstreamError.
        """
        with redis_errors():
            return cast("str | None", await self._redis.get(f"healer:receipt:{case}"))

    async def keep_impact(self, report: Report) -> None:
        """Store the newest impact report. It is not sealed: it holds figures.

        Raises: UpstreamError.
        """
        with redis_errors():
            await self._redis.set(_IMPACT, report.model_dump_json())

    async def impact(self) -> Report | None:
        """Read the newest impact report, None where none was written yet.

        Raises: UpstreamError.
        """
        with redis_errors():
            text = cast("str | None", await self._redis.get(_IMPACT))
        return Report.model_validate_json(text) if text else None

    def hasher(self, importer: str) -> Hasher:
        """Give what hashes the importer's values as its gate runs do."""
        return Hasher(self._ring.derive(key_label(importer)))

    async def keep_backfill(self, backfill: Backfill) -> None:
        """Store what was missed until a case's end. It is not sealed: it is made to be shown.

        Raises: UpstreamError.
        """
        with redis_errors():
            await self._redis.set(f"healer:backfill:{backfill.case}", backfill.model_dump_json())

    async def backfill(self, case: str) -> Backfill | None:
        """Read what was missed until a case's end, None where nothing was listed yet.

        Raises: UpstreamError.
        """
        with redis_errors():
            text = cast("str | None", await self._redis.get(f"healer:backfill:{case}"))
        return Backfill.model_validate_json(text) if text else None

    async def history(self, importer: str) -> History | None:
        """Read what is remembered of the importer's bills, None where no gate was green yet.

        Raises: UpstreamError; Misconfigured (`unsealable`).
        """
        text = await self._opened(_history_key(importer))
        return History.model_validate_json(text) if text else None

    async def rewrap(self) -> AsyncIterator[tuple[str, Rewrapped]]:
        """Seal every report, trace and history anew under the writing key, each in one step; tell what became of each, by Redis key.

        Raises: UpstreamError.
        """
        for pattern in (_report_key("*", "*"), _good_key("*"), _history_key("*")):
            with redis_errors():
                keys = sorted({key async for key in self._redis.scan_iter(match=pattern)})
            for key in keys:
                yield key, await self._rewrapped(key)

    async def _rewrapped(self, key: str) -> Rewrapped:
        while True:
            with redis_errors():
                sealed = cast("str | None", await self._redis.get(key))
            if sealed is None:
                return Rewrapped.GONE
            try:
                outcome, renewed = self._anew(key, sealed, self._now())
            except Misconfigured:
                return Rewrapped.UNREADABLE
            with redis_errors():
                if outcome is not Rewrapped.RENEWED or await self._replace(keys=[key], args=[sealed, renewed]):
                    return outcome

    def _anew(self, key: str, sealed: str, now: float) -> tuple[Rewrapped, str]:
        if claims(sealed).has_expired(now):
            return Rewrapped.GONE, ""
        if self._ring.is_current(sealed):
            return Rewrapped.CURRENT, sealed
        return Rewrapped.RENEWED, self._ring.reseal(sealed, key, os.urandom(SALT_BYTES), now)
