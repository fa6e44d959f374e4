"""How our programs end where they cannot do their work: one line on stderr, and an exit code that tells settings from the rest."""

from collections.abc import Callable

import typer

from healer.errors import HealerError, Misconfigured


def run(name: str, program: Callable[[], object]) -> None:
    """Run a console script. Exit codes: 2 where an error of ours is about settings, 1 where it is another."""
    try:
        program()
    except HealerError as error:
        typer.echo(f"{name}: {error}", err=True)
        raise SystemExit(2 if isinstance(error, Misconfigured) else 1) from None
