"""The composition of what the operator's commands do in Redis itself."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from healer.clients import store
from healer.clients.decryptors import load_decryptors
from healer.clients.evidence import Evidence
from healer.clients.logins import Logins
from healer.clients.outbox import Outbox
from healer.clients.reveals import Reveals
from healer.clients.tokens import Tokens
from healer.clients.vault import Vault
from healer.settings import StoreSettings
from healer.wiring_keys import vault_keys


@dataclass(frozen=True)
class OperatorStore:
    """What the operator's commands do in Redis itself: tokens, credentials, dead letters. `close` ends the connection."""

    outbox: Outbox
    tokens: Tokens
    vault: Vault
    evidence: Evidence
    reveals: Reveals
    logins: Logins
    close: Callable[[], Awaitable[None]]


def operator_store(settings: StoreSettings) -> OperatorStore:
    """Build what opens the store.

    Raises: Misconfigured where a vault key does not have its form.
    """
    redis, keys = store.connect(settings.redis_url), vault_keys(settings)
    return OperatorStore(
        outbox=Outbox(redis, consumer="operator"),
        tokens=Tokens(redis),
        vault=Vault(redis, keys.ring, load_decryptors(settings.decryptors)),
        evidence=Evidence(redis, keys.ring, settings.evidence_days, settings.good_trace_days),
        reveals=Reveals(redis),
        logins=Logins(redis),
        close=redis.aclose,
    )
