"""Commands on credentials. Values come by prompt or standard input, never as arguments, and are shown by `get --reveal` alone."""

import json
import os
import pwd
import re
import socket
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from healer import logins
from healer.cli_store import with_store
from healer.credential import findings, read_fields
from healer.errors import Rejected

if TYPE_CHECKING:
    from healer.clients.reveals import Reveal
    from healer.clients.vault import Stored
    from healer.wiring_store import OperatorStore

credential = typer.Typer(no_args_is_help=True, help="Portal logins in the vault.")

_REF = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_FIELDS = ("username", "password")
_MOST_SEALED = 64 * 1024
_SPAN = re.compile(r"([1-9][0-9]{0,3})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_NOBODY = 2**32 - 1


def _checked(ref: str) -> str:
    if not _REF.fullmatch(ref):
        raise typer.BadParameter("a credentialRef has lower-case letters, digits and -")
    return ref


_Ref = Annotated[str, typer.Argument(help="The credentialRef, as importers.toml names it.", callback=_checked)]


def _given(names: Sequence[str] = _FIELDS) -> dict[str, SecretStr]:
    """Ask for the fields, or read a JSON object from standard input.

    Raises: Rejected (`bad_credential`).
    """
    if sys.stdin.isatty():
        return read_fields({name: typer.prompt(name, hide_input=name != "username") for name in names})
    try:
        members = json.load(sys.stdin)
    except ValueError:
        members = None
    if not isinstance(members, dict):
        remedy = 'Give a JSON object of texts such as {"username": "…", "password": "…"}.'
        raise Rejected("standard input holds no JSON object.", reason="bad_credential", remedy=remedy)
    return read_fields(members)


def _warn(fields: Mapping[str, SecretStr]) -> None:
    for name, against in findings(fields).items():
        for word in against:
            typer.echo(f"{name} {word}", err=True)


@credential.command()
def put(
    ref: _Ref,
    sealed: Annotated[
        str, typer.Option(metavar="SCHEME", help="Standard input is a value as this decryptor's scheme has sealed it.")
    ] = "",
) -> None:
    """Seal a credential under its ref, in place of what was there."""
    given = None if sealed else _given()

    async def keep(store: "OperatorStore") -> Mapping[str, SecretStr]:
        if given is None:
            fields = await store.vault.adopt(ref, f"{sealed}.{sys.stdin.read(_MOST_SEALED).strip()}")
        else:
            await store.vault.put(ref, fields := given)
        await store.logins.open(ref)
        return fields

    fields = with_store(keep)
    typer.echo(f"{ref}: {', '.join(fields)} stored", err=True)
    _warn(fields)


@credential.command()
def rotate(ref: _Ref) -> None:
    """Put new values of the fields that a credential has; the old ones do not open any more."""

    async def keep(store: "OperatorStore") -> tuple[int, Mapping[str, SecretStr]]:
        fields = _given(tuple(await _fields(store, ref)))
        number = await store.vault.rotate(ref, fields)
        await store.logins.open(ref)
        return number, fields

    number, fields = with_store(keep)
    typer.echo(f"{ref}: {', '.join(fields)} rotated, value {number}", err=True)
    _warn(fields)


async def _fields(store: "OperatorStore", ref: str) -> dict[str, SecretStr]:
    from healer.clients.vault import missing  # noqa: PLC0415 - see with_store

    if fields := await store.vault.open(ref):
        return fields
    raise missing(ref)


def _who() -> str:
    """Say who types, on which machine: the user who logged in, also behind sudo (no variable of the environment says so)."""
    try:
        user = int(Path("/proc/self/loginuid").read_text())
    except (OSError, ValueError):
        user = _NOBODY
    user = os.getuid() if user == _NOBODY else user
    try:
        name = pwd.getpwuid(user).pw_name
    except KeyError:
        name = f"uid {user}"
    return f"{name}@{socket.gethostname()}"


@credential.command()
def get(
    ref: _Ref,
    *,
    reveal: Annotated[bool, typer.Option("--reveal", help="Print the values too, as JSON; it is recorded.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Reveal also where standard output is no terminal.")] = False,
) -> None:
    """Tell which fields a credential has, and who has seen their values; with --reveal print these."""
    if reveal and not (force or sys.stdout.isatty()):
        raise typer.BadParameter("standard output is no terminal; --force prints the values there nevertheless")

    async def look(store: "OperatorStore") -> "tuple[dict[str, SecretStr], tuple[Reveal, ...]]":
        fields = await _fields(store, ref)
        if reveal:
            await store.reveals.note(ref, _who(), tuple(fields))
        return fields, await store.reveals.of(ref)

    fields, reveals = with_store(look)
    typer.echo(_in_clear(fields) if reveal else "\n".join(fields))
    for one in reveals:
        typer.echo(f"revealed {one.at:%Y-%m-%d %H:%M} UTC to {one.who}: {one.fields}", err=True)


def _in_clear(fields: Mapping[str, SecretStr]) -> str:
    """Write the values as JSON; one that could steer a terminal is escaped."""
    values = {name: value.get_secret_value() for name, value in fields.items()}
    return json.dumps(values, indent=2, ensure_ascii=not all(value.isprintable() for value in values.values()))


@credential.command("open")
def open_ref(ref: _Ref) -> None:
    """Release logins of a ref again that the portal refused or locked: say that a person has looked, and that the value is right."""
    was_closed = with_store(lambda store: store.logins.open(ref))
    typer.echo(f"{ref}: {'open again' if was_closed else 'was not closed'}", err=True)


async def _used(store: "OperatorStore", row: "Stored") -> str:
    """Say how many logins a ref has had, of how many that its last lease allowed."""
    if row.allowed is None:
        return f"{await store.logins.used(row.ref)} logins in 24 h, no lease yet"
    return logins.words(await store.logins.standing(row.ref, row.allowed))


def _age(since: datetime | None) -> str:
    if since is None:
        return "at an unknown time"
    minutes = int((datetime.now(UTC) - since).total_seconds()) // 60
    for size, unit in ((24 * 60, "d"), (60, "h")):
        if minutes >= size:
            return f"{minutes // size} {unit} ago"
    return f"{minutes} min ago"


def _line(row: "Stored", used: str) -> str:
    key = f"key {row.key_id}" if row.key_id else row.scheme
    parts = [f"{row.ref:24} {key:12} value {row.counter} put {_age(row.put_at)}"]
    parts += [f"last lease {_age(row.leased_at)}"] if row.leased_at else []
    parts += [used]
    parts += [f"until {row.expires_at:%Y-%m-%d %H:%M} UTC"] if row.expires_at else []
    parts += [] if row.is_current else ["to be rewrapped"]
    return "  ".join(parts)


@credential.command("list")
def list_credentials() -> None:
    """List what the vault holds: ref, key or scheme, age, last lease, logins used of the ceiling; never a value."""

    async def look(store: "OperatorStore") -> list[str]:
        return [_line(row, await _used(store, row)) for row in await store.vault.list()]

    for line in with_store(look):
        typer.echo(line)


@credential.command("test")
def test_ref(ref: _Ref) -> None:
    """Open a credential and say of each field whether it is fit for use, without showing it. No portal is asked, no login is spent."""

    async def look(store: "OperatorStore") -> tuple[dict[str, SecretStr], list[str]]:
        fields, row = await _fields(store, ref), await store.vault.find(ref)
        return fields, [_line(row, await _used(store, row))] if row else []

    fields, lines = with_store(look)
    found = findings(fields)
    lines += [f"{name}: {'; '.join(against) or 'fit for use'}" for name, against in found.items()]
    typer.echo("\n".join(lines))
    if unfit := [name for name, against in found.items() if against]:
        what = f"{', '.join(unfit)} of {ref} should be put anew."
        raise Rejected(what, reason="unfit_credential", remedy="Run `healer credential rotate`.")


@credential.command()
def expire(
    ref: _Ref,
    at: Annotated[
        datetime | None, typer.Option(help="When, in UTC.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%MZ"])
    ] = None,
    after: Annotated[str, typer.Option("--in", help="How long from now: 30m, 12h or 7d.")] = "",
) -> None:
    """Let a credential open no longer than until then; without a time, take its value away now."""
    until = _until(at, after)
    with_store(lambda store: store.vault.expire(ref, int(until.timestamp()) if until else None))
    typer.echo(f"{ref}: " + (f"opens until {until:%Y-%m-%d %H:%M} UTC" if until else "its value is gone"), err=True)


def _until(at: datetime | None, after: str) -> datetime | None:
    now, span = datetime.now(UTC), _SPAN.fullmatch(after)
    if (at and after) or (after and not span):
        raise typer.BadParameter("give --at 2026-12-31T18:00, or --in with 30m, 12h or 7d, or neither")
    if span:
        return now + timedelta(**{_UNITS[span[2]]: int(span[1])})
    if at and at.replace(tzinfo=UTC) <= now:
        raise typer.BadParameter("that is over; without a time the value is taken away now")
    return at.replace(tzinfo=UTC) if at else None


@credential.command()
def rewrap() -> None:
    """Seal everything in Redis anew under the first vault key: credentials, reports, traces. It may be stopped and run again."""
    from healer.clients.rewrap import Rewrapped  # noqa: PLC0415 - see with_store

    async def work(store: "OperatorStore") -> list[tuple[str, Rewrapped]]:
        told = [one async for one in store.vault.rewrap()]
        return told + [one async for one in store.evidence.rewrap()]

    told = with_store(work)
    counts = ", ".join(f"{sum(found is one for _, found in told)} {one.value}" for one in Rewrapped)
    typer.echo(counts, err=True)
    if lost := [name for name, found in told if found is Rewrapped.UNREADABLE]:
        what = f"these do not open and stay as they are: {', '.join(lost)}."
        remedy = "Give their key or decryptor back and run it again, or put them anew; until then drop no key."
        raise Rejected(what, reason="unsealable", remedy=remedy)
