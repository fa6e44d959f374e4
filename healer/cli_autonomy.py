"""`healer autonomy`: how far the healer goes by itself for an importer, and a person's word about it."""

from typing import Annotated, Any

import typer

from healer.autonomy import Earned, Word, words
from healer.clients.front_door import FrontDoor
from healer.contracts import Autonomy
from healer.settings import OperatorSettings, load

autonomy = typer.Typer(no_args_is_help=True, help="See and set how far the healer goes by itself for an importer.")
_Importer = Annotated[str, typer.Argument(help="The importer's name in importers.toml.")]
_Level = Annotated[Autonomy, typer.Argument(help="From now on: observe, branch, draft or pull_request.")]
_Reason = Annotated[str, typer.Option(help="Why, for whoever asks later.")]


@autonomy.command()
def show(importer: _Importer) -> None:
    """Say how far the healer goes for an importer, why, and what people have said about it."""
    _tell(_door().autonomy(importer))


@autonomy.command("set")
def set_level(
    importer: _Importer,
    level: _Level,
    reason: _Reason,
    *,
    hold: Annotated[bool, typer.Option("--hold", help="Keep it there, whatever its healings come to.")] = False,
) -> None:
    """Set how far the healer goes for an importer; what its healings come to moves it from there, unless it is held."""
    _tell(_door().set_autonomy(importer, level.value, reason, held=hold))


@autonomy.command()
def earned(importer: _Importer, reason: _Reason) -> None:
    """Withdraw what people have said: the level of importers.toml holds again, with all that the importer's healings have come to."""
    _tell(_door().set_autonomy(importer, None, reason, held=False))


def _door() -> FrontDoor:
    settings = load(OperatorSettings)
    return FrontDoor(settings.url, settings.api_token)


def _tell(answer: dict[str, Any]) -> None:
    typer.echo(f"{answer['importer']}: {words(Earned.model_validate(answer['earned']))}")
    for said in (Word.model_validate(one) for one in answer["said"]):
        level = said.level.value if said.level else "as earned"
        typer.echo(f"  {said.at:%Y-%m-%d %H:%M} {said.by}: {level}{' (held)' if said.held else ''}, {said.reason}")
