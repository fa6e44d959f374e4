"""Which process may hold which secret in its environment, and what of an environment is therefore searched.

A program of ours holds the secrets of its own settings, under their own names. `git` holds the login header that the door to git gives it.
A portal's login is in the environment of the fetch in the gate's container and of nobody else. Whatever else holds a secret leaks it.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

_OURS: Final = re.compile(
    r"(?:\S*/)?(?:healer(?:-[a-z-]+)?|prefect)|prefect\.engine|api\.main:app|from multiprocessing\..*"
)
_GIT: Final = re.compile(r"(?:\S*/)?git(?:-[a-z-]+)?")
_FETCH: Final = re.compile(r"fetch\[[a-z0-9_-]+\]")
_GATE_USER: Final = 65534
"""Nobody: as whom the gate's container runs."""
_PROGRAM_WORDS: Final = 5
"""An interpreter and its options stand before the program; what stands behind is the program's own matter."""


def _mine(argv: Sequence[str], uid: int, settings: Iterable[str]) -> re.Pattern[str] | None:
    """Give the names of the variables that this process may hold."""
    if uid == _GATE_USER and any(map(_FETCH.fullmatch, argv)):
        return re.compile("PORTAL_[A-Z0-9_]+")
    if argv and _GIT.fullmatch(argv[0]):
        return re.compile("GIT_CONFIG_VALUE_[0-9]+")
    if any(map(_OURS.fullmatch, argv[:_PROGRAM_WORDS])):
        return re.compile("|".join(map(re.escape, settings)))
    return None


def to_search(argv: Sequence[str], uid: int, environ: bytes, settings: Iterable[str]) -> bytes:
    """Give what of a process's environment is searched: all but the variables that it may hold.

    `environ` has its variables parted by zero bytes, as the kernel shows them; `settings` are the names of secret settings.
    """
    mine = _mine(argv, uid, settings)
    if mine is None:
        return environ
    variables = environ.split(b"\0")
    return b"\0".join(v for v in variables if not mine.fullmatch(v.partition(b"=")[0].decode("utf-8", "replace")))
