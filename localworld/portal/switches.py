"""The switches of one utility: which version of its site is up, and what is wrong with it today."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any

_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
_SLOWEST_MS = 600_000


class SwitchError(Exception):
    """A switch that does not exist, or a value that it does not take."""


@dataclass(frozen=True)
class Switches:
    """How the site behaves. `month` (`YYYY-MM`) is the month of the newest bill; None is the portal's own."""

    version: str = "v1"
    down: bool = False
    maintenance: bool = False
    captcha: bool = False
    mfa: bool = False
    refuse_login: bool = False
    slow_ms: int = 0
    no_new_bill: bool = False
    month: str | None = None

    def thrown(self, changes: Any, versions: frozenset[str]) -> "Switches":
        """Give the switches after `changes`.

        Raises: SwitchError naming the member that is wrong.
        """
        if not isinstance(changes, Mapping):
            raise SwitchError("the body must be a JSON object of switches")
        for name, value in changes.items():
            if not _fits(name, value, versions):
                raise SwitchError(f"no such switch or value: {name}")
        return replace(self, **changes)

    def as_json(self) -> dict[str, Any]:
        """Give all switches as they stand."""
        return asdict(self)


_BOOLEANS = frozenset(field.name for field in fields(Switches) if field.default is False)


def _fits(name: str, value: object, versions: frozenset[str]) -> bool:
    if name in _BOOLEANS:
        return isinstance(value, bool)
    if name == "version":
        return value in versions
    if name == "slow_ms":
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _SLOWEST_MS
    return name == "month" and (value is None or bool(isinstance(value, str) and _MONTH.fullmatch(value)))


def month_of(text: str) -> date:
    """Give the first day of a month `YYYY-MM`.

    Raises: SwitchError when it is none.
    """
    if not _MONTH.fullmatch(text):
        raise SwitchError("a month is written YYYY-MM")
    return date.fromisoformat(f"{text}-01")
