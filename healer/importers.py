"""`importers.toml` (SPEC, "importers.toml"): text in, the registry of importers out."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from healer.contracts import Importer
from healer.errors import Misconfigured

PATH: Final = "importers.toml"


def _unusable(detail: str) -> Misconfigured:
    return Misconfigured(
        f"{PATH} is not usable: {detail}.",
        reason="registry",
        remedy="Mend it on the base branch of the importers repository; SPEC, importers.toml, has the form.",
    )


@dataclass(frozen=True)
class Registry:
    """The importers that may be healed, by name. `broken` says what is wrong with the entries that cannot be used."""

    importers: Mapping[str, Importer]
    broken: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> Importer | None:
        """Give the entry, or None where the healer is not meant to touch such an importer.

        Raises: Misconfigured (`registry`) where the entry is there and broken; the others stay usable.
        """
        if name in self.broken:
            raise _unusable(f"[importers.{name}] {self.broken[name]}")
        return self.importers.get(name)

    def __iter__(self) -> Iterator[Importer]:
        return iter(self.importers.values())


def _at_origin(entry: Importer, origin: str | None) -> Importer:
    """Move an entry's portal to another origin; the path of its address stays."""
    if not origin:
        return entry
    parts, there = urlsplit(entry.url), urlsplit(origin)
    moved = parts._replace(scheme=there.scheme, netloc=there.netloc).geturl()
    return entry.model_copy(update={"url": moved.rstrip("/"), "hosts": (there.netloc,)})


def _read(name: str, fields: Any) -> Importer | str:
    """Give the entry, or what is wrong with it."""
    if not isinstance(fields, dict):
        return "is no table"
    try:
        return Importer.model_validate({**fields, "name": name})
    except ValidationError as error:
        return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'entry'}: {e['msg']}" for e in error.errors())


def parse(text: str, portal_origin: str | None = None) -> Registry:
    """Read the registry. `portal_origin` (`scheme://host:port`) replaces the origin and hosts of every entry.

    Raises: Misconfigured (`registry`) where the text is no TOML or names no importer at all.
    """
    try:
        entries = tomllib.loads(text).get("importers")
    except tomllib.TOMLDecodeError as error:
        raise _unusable(str(error)) from None
    if not isinstance(entries, dict) or not entries:
        raise _unusable("it has no [importers.NAME] entry")
    read = {name: _read(name, fields) for name, fields in entries.items()}
    return Registry(
        {name: _at_origin(entry, portal_origin) for name, entry in read.items() if isinstance(entry, Importer)},
        {name: wrong for name, wrong in read.items() if isinstance(wrong, str)},
    )
