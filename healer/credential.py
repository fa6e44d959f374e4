"""A credential's fields: which names they may have, and the environment variables that they become (SPEC, "The importers repository")."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import SecretStr

from healer.contracts import GateMode, GateRun, Importer
from healer.errors import Rejected
from healer.redact import is_maskable

_FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OURS: Final = frozenset({"url"})
_MAX_VALUE: Final = 4096


def _refuse(why: str) -> Rejected:
    return Rejected(
        f"the credential is refused: {why}.",
        reason="bad_credential",
        remedy='Give a JSON object of texts such as {"username": "…", "password": "…"}.',
    )


def read_fields(members: Mapping[str, Any]) -> dict[str, SecretStr]:
    """Check the fields of a credential as an operator gives them: lower-case names, non-empty texts.

    Raises: Rejected (`bad_credential`) naming the field, never its value.
    """
    if not members:
        raise _refuse("it has no field")
    for name, value in members.items():
        if not _FIELD.fullmatch(name) or name in _OURS:
            raise _refuse(f"{name!r} is no name for a field")
        if not isinstance(value, str) or not 0 < len(value) <= _MAX_VALUE or "\0" in value:
            raise _refuse(f"{name} is no text of 1 to {_MAX_VALUE} characters")
    return {name: SecretStr(value) for name, value in members.items()}


def findings(fields: Mapping[str, SecretStr]) -> dict[str, tuple[str, ...]]:
    """Say of each field what speaks against its value, in words that do not show it; nothing where it is fit for use."""
    return {name: tuple(_against(value.get_secret_value())) for name, value in fields.items()}


def _against(value: str) -> Iterator[str]:
    if not is_maskable(value):
        yield "is too short or too common to be masked in logs; choose a longer one"
    if value != value.strip():
        yield "begins or ends with white space, which is seldom meant"
    if not value.isprintable():
        yield "has a character that cannot be seen"


def check_rotation(old: Mapping[str, SecretStr], new: Mapping[str, SecretStr]) -> None:
    """Refuse what is no new value of the same credential.

    Raises: Rejected (`bad_credential`) naming the fields, never their values.
    """
    if old.keys() != new.keys():
        raise _refuse(f"it has the fields {', '.join(sorted(new))} in place of {', '.join(sorted(old))}")
    if old == new:
        raise _refuse("every field is as it was")


def variables(fields: Mapping[str, SecretStr]) -> dict[str, SecretStr]:
    """Give the environment of a fetch: `PORTAL_<FIELD>`."""
    return {f"PORTAL_{name.upper()}": value for name, value in fields.items()}


def refs_for(mode: GateMode, importer: Importer) -> tuple[str, ...]:
    """Give the credentials that a run of this mode may need: a probe looks at the portal without a login."""
    return () if mode is GateMode.PROBE else importer.credentials


def chosen(mode: GateMode, refs: tuple[str, ...], fields: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Give those of the refs that a run of this mode uses; `fields` are the names of each ref's fields.

    A ref that has a field of the first one is a login of its own; any other adds to each login. A changed importer must also fetch
    what a second login sees, where there is one: a written answer knows one. The base is fetched with the first alone.
    """
    main = frozenset(fields[refs[0]]) if refs else frozenset[str]()
    own = [ref for ref in refs[1:] if not main.isdisjoint(fields[ref])]
    left = own[1:] if mode is GateMode.VERIFY else own
    return tuple(ref for ref in refs if ref not in left)


def debits(
    run: GateRun, importer: Importer, refs: tuple[str, ...], fields: Mapping[str, Iterable[str]]
) -> dict[str, int]:
    """Give how many logins of each ref a run makes: those of its mode, and that of a diagnosis where it fetches with the base too."""
    taken = dict.fromkeys(chosen(run.mode, refs, fields), repetitions(run.mode, importer))
    for ref in chosen(GateMode.DIAGNOSE, refs, fields) if run.base_sha else ():
        taken[ref] += 1
    return taken


def repetitions(mode: GateMode, importer: Importer) -> int:
    """Give how often a run of this mode fetches with each login."""
    return importer.repetitions if mode is GateMode.VERIFY else 1
