"""`healer pause` and `healer resume`: one importer, one class of failure, or everything."""

from typing import Annotated, Any

import typer

from healer.clients.front_door import FrontDoor
from healer.pauses import CLASS, EVERYTHING
from healer.settings import OperatorSettings, load

_Importers = Annotated[list[str] | None, typer.Argument(help="Importers' names in importers.toml.")]
_Kinds = Annotated[list[str] | None, typer.Option("--class", help="A kind of failure, for example silent_wrong.")]
_All = Annotated[bool, typer.Option("--everything", help="All importers.")]


def pause(importers: _Importers = None, kinds: _Kinds = None, *, everything: _All = False) -> None:
    """Hold cases where they stand until they are resumed; without a name, say what is paused."""
    named = _entries(importers, kinds, everything=everything)
    _tell(_door().change_pauses(named, []) if named else _door().pauses())


def resume(importers: _Importers = None, kinds: _Kinds = None, *, everything: _All = False) -> None:
    """Let cases go on from where they stand, within minutes; --everything takes every pause away."""
    named = _entries(importers, kinds, everything=everything)
    if not named:
        raise typer.BadParameter("name an importer, a --class, or --everything.")
    _tell(_door().change_pauses([], named))


def _door() -> FrontDoor:
    settings = load(OperatorSettings)
    return FrontDoor(settings.url, settings.api_token)


def _entries(importers: list[str] | None, kinds: list[str] | None, *, everything: bool) -> list[str]:
    return [*(importers or []), *(f"{CLASS}{kind}" for kind in kinds or []), *([EVERYTHING] if everything else [])]


def _tell(answer: dict[str, Any]) -> None:
    entries, unreadable = answer["entries"], answer["unreadable"]
    typer.echo(f"everything is paused: {unreadable}" if unreadable else f"paused: {', '.join(entries) or 'nothing'}")
