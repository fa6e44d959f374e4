"""Trying again, a bounded number of times."""

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from healer.errors import HealerError

T = TypeVar("T")


def persist(attempt: Callable[[], T], *, pauses: Iterable[float], again: Callable[[HealerError], bool]) -> T:
    """Give the first success of `attempt`, with the given pauses (seconds) between tries.

    Raises: the last error, at once where `again` says that it would not pass by itself.
    """
    for pause in pauses:
        try:
            return attempt()
        except HealerError as error:
            if not again(error):
                raise
        time.sleep(pause)
    return attempt()
