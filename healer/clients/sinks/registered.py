"""The registered values: all that the vault holds, opened here for the search and for nobody else."""

from collections.abc import Iterable

from healer import encodings
from healer.audit import Search, is_secret
from healer.clients.vault import Vault


async def registered(vault: Vault, settings: Iterable[str]) -> tuple[Search, tuple[str, ...]]:
    """Give the search for every credential and for the secrets of `settings`, and the names of fields that cannot be searched for.

    A short or common value is not searched for: it would be found in ordinary text.

    Raises: UpstreamError; Misconfigured (`unsealable`).
    """
    fields = {
        f"{ref}.{name}": value.get_secret_value()
        async for ref, opened in vault.everything()
        for name, value in opened.items()
    }
    left_out = [name for name, value in fields.items() if not any(map(is_secret, encodings.parts([value])))]
    return Search([*fields.values(), *settings]), tuple(left_out)
