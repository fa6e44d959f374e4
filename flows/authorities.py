"""Whom TLS trusts, loaded once: in a flow run Prefect makes a client for each of four purposes, and each loads all authorities anew.

That is 20 ms of processor each time, a third of what a short run takes, also where the server is spoken to without TLS.
"""

import ssl
from typing import Any, Final

import certifi

_USUAL: Final = certifi.where()
_LOADED: Final = ssl.create_default_context(cafile=_USUAL)
"""Loaded with this module, so that processes forked from one that has it need not load it again."""
_anew: Final = ssl.create_default_context


def share() -> None:
    """Let all clients of this process that trust the usual authorities share what is loaded; whoever names others gets those."""
    ssl.create_default_context = _shared


def _shared(purpose: ssl.Purpose = ssl.Purpose.SERVER_AUTH, **others: Any) -> ssl.SSLContext:
    is_usual = purpose is ssl.Purpose.SERVER_AUTH and others == {"cafile": _USUAL}
    return _LOADED if is_usual else _anew(purpose, **others)
