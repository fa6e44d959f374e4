"""`python -m localworld demo | world`: the local world from the command line.

Exit codes: 0 all went as it should; 1 a story did not; 2 the world could not be set up.
"""

import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from localworld import agents, scoreboard
from localworld.agents import Agent
from localworld.demo import Demo, write
from localworld.errors import WorldError
from localworld.layout import TICKET_KEEPERS, Plan
from localworld.seed import CHECKOUT
from localworld.stories import stories
from localworld.world import World

PORTS = {"gateway": 8000, "prefect": 4200, "github": 8080, "jira": 8081, "portal": 8082, "redis": 6399}
app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
WIDTH = 132
# A pipe has no width, and 80 columns cut the tables.
console = Console(width=None if sys.stdout.isatty() else WIDTH)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where the result is written.")] = Path("out/demo.json"),
    agent: Annotated[Agent, typer.Option(help="Who mends the importers.")] = Agent.RELOCATE,
) -> None:
    """Break portals, heal the importers, show the scoreboard."""
    world = World(Plan(root=CHECKOUT / "var/world/demo", **agents.plan(agent)))
    result = Demo(world, console, stories(free=agent is Agent.CLAUDE)).run()
    scoreboard.show(result, world, console)
    write(result, world, out)
    console.print(
        f"\nThe world is down again; its logs are in {world.root.relative_to(CHECKOUT)}/log, the figures in {out}."
    )
    console.print("To open the links, run `make world` and send the tickets yourself.")
    raise typer.Exit(0 if result.ok else 1)


@app.command()
def world(
    importers: Annotated[
        Path, typer.Option(help="An importers repository: a git checkout or a folder.")
    ] = Plan.importers,
    portal: Annotated[str | None, typer.Option(help="A command that serves the portal on $PORT.")] = None,
    credentials: Annotated[Path | None, typer.Option(help="JSON file: {REF: {username, password}}.")] = None,
    jira: Annotated[str, typer.Option(help="cloud or datacenter")] = "cloud",
    agent: Annotated[Agent, typer.Option(help="Who mends the importers.")] = Agent.RELOCATE,
) -> None:
    """Bring the local world up and leave it up until Ctrl-C."""
    extra = agents.plan(agent)
    hears = {"HEALER_JIRA_COMMAND_GROUP": TICKET_KEEPERS}
    extra["runner_settings"] = {**extra.get("runner_settings", {}), **hears}
    ports = PORTS | extra.pop("ports", {})
    plan = Plan(CHECKOUT / "var/world/own", importers.resolve(), portal, credentials, jira, ports=ports, **extra)
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    with console.status("starting"), World(plan) as running:
        _tell(running)
        try:
            over.wait()
        except KeyboardInterrupt:
            console.print("\nEnding the world.")


def _tell(running: World) -> None:
    layout = running.layout
    env = running.root / "env"
    lines = [f"export {k}='{v}'" for k, v in layout.operator_settings(running.api_token).items()]
    env.write_text("\n".join([*lines, f'export PATH="{CHECKOUT}/.venv/bin:$PATH"']) + "\n")
    env.chmod(0o600)
    for part, what in (
        ("prefect", "Prefect UI"),
        ("github", "GitHub"),
        ("jira", "JIRA"),
        ("gateway", "gateway"),
        ("portal", "portal"),
    ):
        console.print(f"  {what:12} {layout.url(part)}")
    console.print("\nTickets: " + ", ".join(f"{t['key']} ({t['importer']})" for t in layout.tickets()))
    ticket = layout.tickets()[0]
    console.print(
        f"\n  source {env.relative_to(CHECKOUT)}\n  healer send {ticket['key']} --importer {ticket['importer']}"
    )
    console.print(f"  healer case show {ticket['key']} --json")
    console.print("\nOn a ticket's page you comment as the maintainer: /healer explain is answered within two minutes.")
    console.print("Ctrl-C ends the world.")


if __name__ == "__main__":
    try:
        app()
    except WorldError as error:
        console.print(f"[red]{error}[/]")
        raise SystemExit(2) from None
