"""How our programs begin and end: what libraries find in the environment, and an exit code that tells settings from the rest."""

import os
from collections.abc import Callable, Mapping

import typer

from healer.errors import HealerError, Misconfigured


def run(name: str, program: Callable[[], object]) -> None:
    """Run a console script. Exit codes: 2 where an error of ours is about settings, 1 where it is another."""
    try:
        program()
    except HealerError as error:
        typer.echo(f"{name}: {error}", err=True)
        raise SystemExit(2 if isinstance(error, Misconfigured) else 1) from None


def prepare_environment(defaults: Mapping[str, str]) -> None:
    """Set variables that libraries read by themselves, where nobody has set them yet."""
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def replace_environment(values: Mapping[str, str]) -> None:
    """Give a forked process the environment that it would have been started with."""
    os.environ.clear()
    os.environ.update(values)
