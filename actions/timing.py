"""How long the parts of a gate run took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


class Stopwatch:
    """Starts when it is made; `timings` is milliseconds by part."""

    def __init__(self) -> None:
        self.started_at = datetime.now(UTC)
        self.timings: dict[str, int] = {}
        self._start = time.monotonic()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time the body as one part; what is done again adds to it."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.timings[name] = self.timings.get(name, 0) + round((time.monotonic() - begun) * 1000)

    def stop(self) -> datetime:
        """Record the total and give the time of the end."""
        self.timings["total"] = round((time.monotonic() - self._start) * 1000)
        return datetime.now(UTC)
