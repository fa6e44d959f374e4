"""Commands on the store itself: API tokens and dead letters."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from healer.errors import Rejected
from healer.settings import StoreSettings, load

if TYPE_CHECKING:
    from healer.clients.outbox import Letter
    from healer.wiring_store import OperatorStore

intake = typer.Typer(no_args_is_help=True, help="Flow runs that Prefect refuses to start.")
token = typer.Typer(no_args_is_help=True, help="Tokens of people and programs that call the API.")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")
T = TypeVar("T")


def with_store(work: "Callable[[OperatorStore], Awaitable[T]]") -> T:
    """Do something with what the operator's settings open, and close it again.

    Raises: Misconfigured; what the work raises.
    """
    # Wiring imports every client, which takes a second that `--help` need not take.
    from healer.wiring_store import operator_store  # noqa: PLC0415 - see above

    async def run() -> T:
        store = operator_store(load(StoreSettings))
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


@token.command()
def create(
    scope: Annotated[list[str], typer.Option(help="read, operate or logins; may be repeated.")],
    name: Annotated[
        str, typer.Option(help="Whose token it is: commands are recorded under it, revoke goes by it.")
    ] = "operator",
) -> None:
    """Make a token and print it, this once."""
    from healer.clients.tokens import Scope  # noqa: PLC0415 - see with_store

    if not _NAME.fullmatch(name):
        raise typer.BadParameter(
            "a name has 1 to 64 letters, digits, spaces and . _ @ -, and begins with a letter or digit"
        )
    try:
        scopes = [Scope(one) for one in scope]
    except ValueError:
        raise typer.BadParameter("a scope is read, operate or logins") from None
    typer.echo(with_store(lambda store: store.tokens.create(name, scopes)).get_secret_value())


@token.command()
def revoke(name: Annotated[str, typer.Argument(help="Whose tokens.")]) -> None:
    """Forget every token of that name; where there is none, it ends with 1, so that a slip of the pen is noticed."""
    if not (count := with_store(lambda store: store.tokens.revoke(name))):
        what = f"there is no token of {name}."
        raise Rejected(what, reason="unknown_token", status=404, remedy="See `healer token list`.")
    typer.echo(f"{count} revoked", err=True)


@token.command("list")
def list_tokens() -> None:
    """List whose tokens there are, what they allow, since when, and their ids; never a token."""
    for holder in with_store(lambda store: store.tokens.list()):
        scopes = ", ".join(sorted(holder.scopes))
        typer.echo(f"{holder.name:24} {scopes:14} made {holder.created_at:%Y-%m-%d %H:%M} UTC  {holder.id}")


_LETTER = re.compile(r"\d{1,20}-\d{1,20}")


@intake.command("list")
def list_letters() -> None:
    """List what was buried: id, when, why, and the run; how many runs are still owed goes to stderr."""

    async def look(store: "OperatorStore") -> tuple[int, tuple["Letter", ...]]:
        return await store.outbox.owed(), await store.outbox.dead()

    owed, letters = with_store(look)
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

    if missing := with_store(owe):
        what = f"there is no dead letter {', '.join(missing)}."
        raise Rejected(
            what, reason="unknown_letter", status=404, remedy="See `healer intake list`; the others are owed again."
        )
