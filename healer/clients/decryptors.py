"""The decryptors that installed packages bring, found by their entry points. Only those that the settings name are loaded."""

import re
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from pydantic import SecretStr

from healer.decryptor import OWN, Decryptor, Decryptors
from healer.errors import Misconfigured

GROUP: Final = "importer_healer.decryptors"
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def _wrong(what: str, remedy: str) -> Misconfigured:
    return Misconfigured(what, reason="decryptors", remedy=remedy)


def _wanted(text: str) -> dict[str, list[SecretStr]]:
    """Read `NAME:KEY,NAME:KEY`: each decryptor with its keys, which may be none where it finds them by itself."""
    wanted: dict[str, list[SecretStr]] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, key = entry.partition(":")
        wanted.setdefault(name, []).extend([SecretStr(key)] if key else [])
    return wanted


def _entry_point(name: str) -> EntryPoint:
    found = entry_points(group=GROUP, name=name)
    if name == OWN or len(found) != 1:
        # A key whose name was forgotten stands here; it is longer than a name may be.
        shown = name if _NAME.fullmatch(name) else "something without a name"
        what = f"HEALER_DECRYPTORS names {shown}, which {len(found) or 'no'} installed packages bring."
        raise _wrong(what, f"Install the one package that has it as an entry point of {GROUP}, or take the name out.")
    return next(iter(found))


def _made(name: str, keys: Sequence[SecretStr]) -> Decryptor:
    entry = _entry_point(name)
    try:
        made: Decryptor = entry.load()(keys)
    except Exception as error:  # noqa: BLE001 - other people's code may raise anything, with a key in its text
        what = f"the decryptor {name} cannot be built ({type(error).__name__})."
        raise _wrong(what, "Look at its keys in HEALER_DECRYPTORS and at its package.") from None
    return made


def load_decryptors(names: SecretStr | None) -> Decryptors:
    """Build the decryptors that `names` (`NAME:KEY,…`) asks for; none where it is None.

    Raises: Misconfigured (`decryptors`), without any of the keys.
    """
    wanted = _wanted(names.get_secret_value()) if names else {}
    return {name: _made(name, keys) for name, keys in wanted.items()}
