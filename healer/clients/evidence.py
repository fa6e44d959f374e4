"""Evidence in Redis: gate reports and the last-good trace of each importer, sealed; and the receipts of cases."""

import os
import time
from typing import Final, cast

from redis.asyncio import Redis

from healer.clients.store import redis_errors
from healer.contracts import GateReport, Trace
from healer.envelope import SALT_BYTES, KeyRing

REPORT_TTL_S: Final = 30 * 24 * 3600


def _report_key(run_id: int, run_attempt: int) -> str:
    return f"healer:report:{run_id}:{run_attempt}"


class Evidence:
    """What gates saw. A sealed text opens only under the key that it was stored at."""

    def __init__(self, redis: Redis, ring: KeyRing, report_ttl_s: int = REPORT_TTL_S) -> None:
        self._redis, self._ring, self._report_ttl_s = redis, ring, report_ttl_s

    def _sealed(self, key: str, text: str, ttl_s: int = 0) -> str:
        expires_at = int(time.time()) + ttl_s if ttl_s else 0
        return self._ring.seal(text.encode("utf-8"), key, os.urandom(SALT_BYTES), expires_at)

    async def _opened(self, key: str) -> bytes | None:
        with redis_errors():
            sealed = cast("str | None", await self._redis.get(key))
        return self._ring.open(sealed, key, time.time()).plaintext if sealed else None

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

    async def keep_good_trace(self, trace: Trace) -> None:
        """Store what a green fetch saw as the importer's last-good trace.

        Raises: UpstreamError.
        """
        key = f"healer:good:{trace.importer}"
        with redis_errors():
            await self._redis.set(key, self._sealed(key, trace.model_dump_json()))

    async def good_trace(self, importer: str) -> Trace | None:
        """Read the importer's last-good trace, None where no gate was green yet.

        Raises: UpstreamError; Misconfigured (`unsealable`).
        """
        text = await self._opened(f"healer:good:{importer}")
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
