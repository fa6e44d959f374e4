"""`healer init-importers`: what the gate needs in an importers repository, as a pull request."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import typer

from healer import importers, installer
from healer.clients.checkout import Checkout
from healer.contracts import Sha
from healer.errors import Misconfigured
from healer.settings import GitHubSettings, load
from healer.wiring import github

_SOURCES: Final = {
    "healer-gate.yml": f"localworld/importers/{installer.CALLER}",
    "healer-approval.yml": f"localworld/importers/{installer.APPROVAL}",
    "recorder.rb": f"localworld/importers/{installer.RECORDER}",
}
"""Where a checkout has what a wheel holds among the templates."""

_Folder = Annotated[Path, typer.Argument(metavar="PATH", help="A clone of the importers repository.")]
_Gate = Annotated[str, typer.Option(help="Your copy of this repository, OWNER/NAME.")]
_Sha = Annotated[str, typer.Option(help="The commit of it that the gate runs from, 40 hex digits.")]
_Base = Annotated[str, typer.Option(help="The branch to build on.")]
_Owners = Annotated[str, typer.Option(help="Who must review these files, for CODEOWNERS: @organization/team.")]
_Recorder = Annotated[str, typer.Option(help="Where the recorder goes; one that is there stays.")]
_Approval = Annotated[bool, typer.Option("--approval", help="Add the check that people have approved the head.")]
_Dry = Annotated[bool, typer.Option("--dry-run", help="Print the change and do nothing.")]


def init_importers(  # noqa: PLR0913 - the options of a command
    folder: _Folder,
    gate: _Gate,
    sha: _Sha,
    base: _Base = "main",
    owners: _Owners = "",
    recorder: _Recorder = installer.RECORDER,
    *,
    approval: _Approval = False,
    dry_run: _Dry = False,
) -> None:
    """Add caller workflow, recorder and CODEOWNERS lines on a branch, make the labels, and open a pull request.

    It pushes with your own git login and opens the pull request with HEALER_GITHUB_TOKEN: the healer's App may touch no workflow.
    """
    checkout = Checkout(folder)
    callers = {installer.CALLER: _template("healer-gate.yml")}
    callers |= {installer.APPROVAL: _template("healer-approval.yml")} if approval else {}
    have = checkout.read(base, (*callers, recorder, importers.PATH, *installer.CODEOWNERS))
    change = installer.wanted(
        have,
        callers,
        _template("recorder.rb"),
        gate=(_named(gate), _pinned(sha)),
        owners=owners,
        recorder_path=recorder,
    )
    if dry_run or not change:
        typer.echo(installer.diff(have, change) or "Nothing is to be done.", nl=not change)
        return
    checkout.commit(base, installer.BRANCH, change, installer.TITLE)
    checkout.push(installer.BRANCH)
    typer.echo(_pull(base, have, change))


def _pull(base: str, have: dict[str, str], change: dict[str, str]) -> str:
    """Make the labels and open the pull request; give its address."""
    door = github(load(GitHubSettings))
    registry = have.get(importers.PATH)
    names = tuple(importers.parse(registry).importers) if registry else ()
    door.make_labels(installer.labels(names))
    text = installer.body(change, has_registry=registry is not None)
    return door.open_pull(installer.BRANCH, base, installer.TITLE, text, ("importer-healer",)).url


def _template(name: str) -> str:
    packed = files("healer").joinpath("templates", name)
    return packed.read_text() if packed.is_file() else (Path(__file__).parents[1] / _SOURCES[name]).read_text()


def _named(gate: str) -> str:
    if gate.count("/") != 1 or not all(gate.split("/")):
        raise Misconfigured("--gate is no OWNER/NAME.", reason="usage", remedy="Name your copy of this repository.")
    return gate


def _pinned(sha: str) -> Sha:
    """Take a commit alone: a branch or tag can be moved by whoever may push."""
    if len(sha) != 40 or not set(sha) <= set("0123456789abcdef"):  # noqa: PLR2004 - a commit
        raise Misconfigured("--sha is no commit.", reason="usage", remedy="Give the 40 hex digits of `git rev-parse`.")
    return sha
