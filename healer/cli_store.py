"""Commands on the store itself: credentials, API tokens and dead letters. Values come by prompt or standard input, never as arguments."""

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from pydantic import SecretStr

from healer.credential import read_fields
from healer.errors import Rejected
from healer.redact import is_maskable
from healer.settings import StoreSettings, load

if TYPE_CHECKING:
    from healer.clients.outbox import Letter
    from healer.clients.vault import Stored
    from healer.wiring import OperatorStore

credential = typer.Typer(no_args_is_help=True, help="Portal logins in the vault.")
intake = typer.Typer(no_args_is_help=True, help="Flow runs that Prefect refuses to start.")
token = typer.Typer(no_args_is_help=True, help="Tokens of people and programs that call the API.")

_Ref = Annotated[str, typer.Argument(help="The credentialRef, as importers.toml names it.")]
_REF = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")
_FIELDS = ("username", "password")
T = TypeVar("T")


def _with_store(work: "Callable[[OperatorStore], Awaitable[T]]") -> T:
    # Wiring imports every client, which takes a second that `--help` need not take.
    from healer.wiring import operator_store  # noqa: PLC0415 - see above

    async def run() -> T:
        store = operator_store(load(StoreSettings))
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


def _given() -> dict[str, SecretStr]:
    """Ask for the fields, or read a JSON object from standard input.

    Raises: Rejected (`bad_credential`).
    """
    if sys.stdin.isatty():
        return read_fields({name: typer.prompt(name, hide_input=name != "username") for name in _FIELDS})
    try:
        members = json.load(sys.stdin)
    except ValueError:
        members = None
    if not isinstance(members, dict):
        remedy = 'Give a JSON object of texts such as {"username": "…", "password": "…"}.'
        raise Rejected("standard input holds no JSON object.", reason="bad_credential", remedy=remedy)
    return read_fields(members)


@credential.command()
def put(ref: _Ref) -> None:
    """Seal a credential under its ref, in place of what was there."""
    if not _REF.fullmatch(ref):
        raise typer.BadParameter("a credentialRef has lower-case letters, digits and -")
    fields = _given()

    async def keep(store: "OperatorStore") -> None:
        await store.vault.put(ref, fields)
        await store.logins.open(ref)

    _with_store(keep)
    typer.echo(f"{ref}: {', '.join(fields)} stored", err=True)
    for name, value in fields.items():
        if not is_maskable(value.get_secret_value()):
            typer.echo(f"{name} is too short or too common to be masked in logs; choose a longer one", err=True)


@credential.command("open")
def open_ref(ref: _Ref) -> None:
    """Release logins of a ref again that the portal refused or locked: say that a person has looked, and that the value is right."""
    was_closed = _with_store(lambda store: store.logins.open(ref))
    typer.echo(f"{ref}: {'open again' if was_closed else 'was not closed'}", err=True)


@credential.command("list")
def list_credentials() -> None:
    """List what the vault holds: ref, key id, when it was put, logins of the last 24 hours; never a value."""

    async def look(store: "OperatorStore") -> list[tuple["Stored", int]]:
        return [(row, await store.logins.used(row.ref)) for row in await store.vault.list()]

    for row, logins in _with_store(look):
        put_at = f"{row.put_at:%Y-%m-%d %H:%M} UTC" if row.put_at else "unknown"
        typer.echo(f"{row.ref:24} key {row.key_id:10} put {put_at}  logins {logins}")


@token.command()
def create(
    scope: Annotated[list[str], typer.Option(help="read, operate or logins; may be repeated.")],
    name: Annotated[
        str, typer.Option(help="Whose token it is: commands are recorded under it, revoke goes by it.")
    ] = "operator",
) -> None:
    """Make a token and print it, this once."""
    from healer.clients.tokens import Scope  # noqa: PLC0415 - see _with_store

    if not _NAME.fullmatch(name):
        raise typer.BadParameter(
            "a name has 1 to 64 letters, digits, spaces and . _ @ -, and begins with a letter or digit"
        )
    try:
        scopes = [Scope(one) for one in scope]
    except ValueError:
        raise typer.BadParameter("a scope is read, operate or logins") from None
    typer.echo(_with_store(lambda store: store.tokens.create(name, scopes)).get_secret_value())


@token.command()
def revoke(name: Annotated[str, typer.Argument(help="Whose tokens.")]) -> None:
    """Forget every token of that name; where there is none, it ends with 1, so that a slip of the pen is noticed."""
    if not (count := _with_store(lambda store: store.tokens.revoke(name))):
        what = f"there is no token of {name}."
        raise Rejected(what, reason="unknown_token", status=404, remedy="See `healer token list`.")
    typer.echo(f"{count} revoked", err=True)


@token.command("list")
def list_tokens() -> None:
    """List whose tokens there are, what they allow and since when; never a token."""
    for holder in _with_store(lambda store: store.tokens.list()):
        scopes = ", ".join(sorted(holder.scopes))
        typer.echo(f"{holder.name:24} {scopes:14} made {holder.created_at:%Y-%m-%d %H:%M} UTC")


_LETTER = re.compile(r"\d{1,20}-\d{1,20}")


@intake.command("list")
def list_letters() -> None:
    """List what was buried: id, when, why, and the run; how many runs are still owed goes to stderr."""

    async def look(store: "OperatorStore") -> tuple[int, tuple["Letter", ...]]:
        return await store.outbox.owed(), await store.outbox.dead()

    owed, letters = _with_store(look)
    for letter in letters:
        run = letter.request.key if letter.request else "unreadable"
        typer.echo(f"{letter.id:20} {letter.buried_at:%Y-%m-%d %H:%M} UTC  {letter.reason:12} {run}")
    typer.echo(f"{len(letters)} buried, {owed} owed", err=True)


@intake.command()
def redrive(
    letters: Annotated[list[str] | None, typer.Argument(help="Ids, as `healer intake list` prints them.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All that are buried.")] = False,
) -> None:
    """Owe buried runs to Prefect again, once what it refused them for is mended; a run that it has already is not started twice."""
    if bool(letters) == every or not all(_LETTER.fullmatch(one) for one in letters or ()):
        raise typer.BadParameter("give ids such as 1764000000000-0, or --all")

    async def owe(store: "OperatorStore") -> list[str]:
        ids = letters or [letter.id for letter in await store.outbox.dead()]
        return [one for one in ids if not await store.outbox.redrive(one)]

    if missing := _with_store(owe):
        what = f"there is no dead letter {', '.join(missing)}."
        raise Rejected(
            what, reason="unknown_letter", status=404, remedy="See `healer intake list`; the others are owed again."
        )
