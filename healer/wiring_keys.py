"""The composition of the vault's keys: which source the settings name, and AWS only where they name it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from healer.clients.vault_keys import KeyFile, KeySource, Setting
from healer.envelope import KeyRing
from healer.errors import Misconfigured
from healer.settings import StoreSettings, parts_of


class Keys(NamedTuple):
    """The ring, and what of the keys' text a redactor must know."""

    ring: KeyRing
    texts: tuple[str, ...]


def vault_keys(settings: StoreSettings) -> Keys:
    """Read the vault's keys from where the settings say.

    Raises: Misconfigured (`vault_keys`, `aws`), UpstreamError (`aws`).
    """
    text = _source(settings).read().get_secret_value()
    return Keys(KeyRing.parse(text, _decrypt_key), tuple(parts_of(text)))


def _source(settings: StoreSettings) -> KeySource:
    if settings.vault_keys:
        return Setting(settings.vault_keys)
    if settings.vault_keys_file:
        return KeyFile(settings.vault_keys_file)
    with _aws_extra():
        from healer.clients.aws_keys import Parameter  # noqa: PLC0415 - boto3 is there where AWS is used
    return Parameter(settings.vault_keys_ssm or "")


def _decrypt_key(key_id: str, blob: bytes) -> bytes:
    with _aws_extra():
        from healer.clients.aws_keys import decrypt_key  # noqa: PLC0415 - boto3 is there where AWS is used
    return decrypt_key(key_id, blob)


@contextmanager
def _aws_extra() -> Iterator[None]:
    try:
        yield
    except ImportError:
        remedy = "Install importer-healer[aws]."
        raise Misconfigured("keys in AWS need boto3.", reason="vault_keys", remedy=remedy) from None
