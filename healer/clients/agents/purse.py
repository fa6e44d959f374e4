"""What the sessions of one attempt have cost so far, and what is left of its ceiling."""

import time
from typing import Final

from healer.contracts import Ceiling, Spend

_COUNTED: Final = ("usd", "turns", "input_tokens", "cached_tokens", "output_tokens")
_LEAST_S: Final = 0.001


class Purse:
    """One attempt's. Its time runs from the beginning, whoever works."""

    def __init__(self, ceiling: Ceiling) -> None:
        self._ceiling, self._began, self.spent = ceiling, time.monotonic(), Spend()

    def add(self, spend: Spend) -> None:
        """Add what a session has cost."""
        sums = {name: getattr(self.spent, name) + getattr(spend, name) for name in _COUNTED}
        self.spent = Spend(seconds=round(self._age(), 3), **sums)

    @property
    def left(self) -> Ceiling:
        """Give what the next session may cost."""
        usd, seconds = self._ceiling.usd - self.spent.usd, self._ceiling.seconds - self._age()
        return Ceiling(usd=max(0.0, usd), seconds=max(_LEAST_S, seconds))

    def lasts(self, pause_s: float) -> bool:
        """Say whether something is left after a pause."""
        return self.spent.usd < self._ceiling.usd and self._age() + pause_s < self._ceiling.seconds

    def _age(self) -> float:
        return time.monotonic() - self._began
