"""The `healer` command, for operators and for engineers who add an importer.

Exit codes: 0 done; 1 refused or failed, stderr says why and what to do; 2 wrong usage or settings.
"""

import json
import secrets
import time
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer

from healer import body_token, logins, logs, programs, signing, trace
from healer.chain import first_break
from healer.cli_audit import audit
from healer.cli_autonomy import autonomy
from healer.cli_backfill import backfill
from healer.cli_credential import credential
from healer.cli_doctor import doctor
from healer.cli_fleet import fleet
from healer.cli_init import init_importers
from healer.cli_mend import guard, relocate
from healer.cli_pause import pause, resume
from healer.cli_receipt import receipt
from healer.cli_redact import redact
from healer.cli_store import intake, token
from healer.clients.front_door import FrontDoor
from healer.contracts import Event, LoginStanding, Trace
from healer.errors import Misconfigured
from healer.redact import Redactor
from healer.settings import OperatorSettings, SinkSettings, load, secret_values

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
case = typer.Typer(no_args_is_help=True, help="Look at cases, and tell them what to do.")
app.add_typer(case, name="case")
app.add_typer(audit, name="audit")
app.add_typer(autonomy, name="autonomy")
app.add_typer(backfill, name="backfill")
app.add_typer(credential, name="credential")
app.add_typer(intake, name="intake")
app.add_typer(receipt, name="receipt")
app.add_typer(token, name="token")
app.command()(doctor)
app.command()(fleet)
app.command("init-importers")(init_importers)
app.command()(pause)
app.command()(redact)
app.command()(guard)
app.command()(relocate)
app.command()(resume)
for _other in entry_points(group="importer_healer.commands"):  # of rooms that this one may not know
    app.command(_other.name)(_other.load())

_Ticket = Annotated[str, typer.Argument(help="The JIRA ticket's key, for example UTIL-101.")]
_Importer = Annotated[str, typer.Option(help="The importer's name in importers.toml.")]
_Jwt = Annotated[bool, typer.Option("--jwt", help="Sign by a JWT over the body's hash (HEALER_WORKATO_JWT).")]
_TRACE_KEY_BYTES = 32


def run() -> None:
    """Be the process of the command: what it logs, and what nobody catches, is redacted."""
    logs.install(Redactor(secret_values(load(SinkSettings))), level="WARNING")
    main()


def main() -> None:
    """Run the command; every error of ours is one line on stderr."""
    programs.run("healer", app)


def _door() -> FrontDoor:
    settings = load(OperatorSettings)
    return FrontDoor(settings.url, settings.api_token)


def _signed(ticket: str, importer: str, *, as_jwt: bool) -> tuple[dict[str, str], bytes]:
    keys = load(OperatorSettings).workato_keys
    if keys is None:
        raise Misconfigured("there is no key to sign with.", reason="settings", remedy="Set HEALER_WORKATO_KEYS.")
    body = json.dumps({"ticket": ticket, "importer": importer}, separators=(",", ":")).encode()
    now, form = int(time.time()), body_token if as_jwt else signing
    key = signing.parse_keys(keys.get_secret_value())[0]
    return form.sign(key, f"send-{ticket}-{now}", now, body), body


@app.command()
def send(
    tickets: Annotated[list[str], typer.Argument(help="JIRA tickets' keys.")], importer: _Importer, *, jwt: _Jwt = False
) -> None:
    """Sign and send tickets by hand, as Workato does; each line answers with the case and what became of it."""
    for ticket in tickets:
        typer.echo(json.dumps(_door().deliver(*_signed(ticket, importer, as_jwt=jwt))))


@app.command()
def sign(ticket: _Ticket, importer: _Importer, *, jwt: _Jwt = False) -> None:
    """Print the headers and the body of a delivery, to compare with what a recipe sends."""
    headers, body = _signed(ticket, importer, as_jwt=jwt)
    typer.echo("\n".join([*(f"{name}: {value}" for name, value in headers.items()), "", body.decode()]))


@case.command("show")
def show_case(
    ticket: _Ticket, *, as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False
) -> None:
    """Show how a case stands, what happened, and where to look."""
    answer = _door().case(ticket)
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False) if as_json else "\n".join(_story(answer)))


def _story(answer: dict[str, Any]) -> list[str]:
    found, told = answer["case"], []
    told.append(f"{found['id']}  {found['importer']}  {_ending(found)}")
    told += [f"  {found['reason_text']}"] if found["reason_text"] else []
    told += [f"  next look: {found['next_check']}"] if found["next_check"] else []
    told += [f"  place in the line: {answer['place']}"] if answer["place"] else []
    told += [f"  spent: {_spent(answer['spend']['ledgers'])}"]
    told += [f"  {e['at'][:19]}  {e['kind'].replace('_', ' ')}  {_facts(e['data'])}".rstrip() for e in answer["events"]]
    told += [f"  logins of {row['ref']}: {logins.words(LoginStanding.model_validate(row))}" for row in answer["logins"]]
    told += _links(answer["links"])
    broken = first_break(Event.model_validate(event) for event in answer["events"])
    return told + ([f"  THE EVENT CHAIN IS BROKEN at event {broken}: the record was changed"] if broken else [])


def _spent(ledgers: dict[str, Any]) -> str:
    usd, minutes = ledgers["usd_per_case"], ledgers["agent_minutes_per_case"]
    return f"${usd['spent']:.2f} of ${usd['limit']:.2f}, {minutes['spent']:.1f} of {minutes['limit']:g} agent minutes"


def _links(links: dict[str, Any]) -> list[str]:
    single = [f"  {name.replace('_', ' ')}: {link}" for name, link in links.items() if isinstance(link, str)]
    return single + [f"  gate run: {link}" for link in links["gate_runs"]]


def _ending(found: dict[str, Any]) -> str:
    return str(found["state"]) + (f" ({found['reason']})" if found["reason"] else "")


def _facts(data: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in data.items() if value not in (None, ""))


@case.command("list")
def list_cases() -> None:
    """List cases, the one that was written last first."""
    for found in _door().cases()["cases"]:
        typer.echo(f"{found['id']:12} {found['importer']:16} {_ending(found):32} {found['updated_at'][:19]}")


def _command(ticket: str, name: str, **members: Any) -> None:
    told = _door().command(ticket, name, members)
    extra = {"attempts": told["extra_attempts"], "US dollars": told["extra_usd"], "minutes": told["extra_minutes"]}
    allowed = ", ".join(f"{amount:g} more {what}" for what, amount in extra.items() if amount)
    more = f", {allowed} allowed" if allowed else ""
    typer.echo(f"{told['case']}  {told['state']}  ({told['command']} by {told['by']}{more})")


@case.command()
def stop(ticket: _Ticket, reason: Annotated[str, typer.Option(help="Why, for the ticket.")] = "") -> None:
    """Stop a case at once: no push, no gate run, no login from now on."""
    _command(ticket, "stop", reason=reason)


@case.command()
def take(ticket: _Ticket) -> None:
    """Take a case over: the healer keeps its hands off, its branch stays."""
    _command(ticket, "take")


@case.command()
def release(ticket: _Ticket) -> None:
    """Give a taken case back: it is diagnosed anew."""
    _command(ticket, "release")


@case.command()
def retry(ticket: _Ticket, hint: Annotated[str, typer.Argument(help="What may help the agent.")] = "") -> None:
    """Let a case that ended without a result begin again, with a fresh diagnosis and all its attempts."""
    _command(ticket, "retry", hint=hint)


@case.command()
def publish(ticket: _Ticket) -> None:
    """Open the pull request that was held back (observe, branch): a draft, where the importer has not earned more."""
    _command(ticket, "publish")


@case.command()
def budget(
    ticket: _Ticket,
    attempts: Annotated[int | None, typer.Argument(min=1, max=10, help="How many more attempts.")] = None,
    usd: Annotated[float | None, typer.Option(min=0.01, max=1000, help="How many US dollars more.")] = None,
    minutes: Annotated[float | None, typer.Option(min=1, max=1440, help="How many more minutes of agents.")] = None,
) -> None:
    """Allow a case more attempts, money, or minutes of agents."""
    given = {"attempts": attempts, "usd": usd, "minutes": minutes}
    more = {what: amount for what, amount in given.items() if amount is not None}
    if not more:
        raise typer.BadParameter("say how many more attempts, US dollars or minutes.")
    _command(ticket, "budget", **more)


@case.command()
def explain(ticket: _Ticket) -> None:
    """Explain where a case stands, why, and what comes next."""
    typer.echo(_door().explain(ticket).rstrip())


@app.command("trace")
def redact_trace(
    importer: Annotated[str, typer.Argument(help="The importer's name.")],
    folder: Annotated[Path, typer.Argument(help="FETCH_TRACE_DIR of a good fetch.", exists=True, file_okay=False)],
) -> None:
    """Print a raw trace as a recording, redacted by shape, for recordings/NAME.json."""
    typer.echo(_recording(importer, folder).model_dump_json(indent=1))


def _recording(importer: str, folder: Path) -> Trace:
    raw = json.loads((folder / "trace.json").read_text())
    bodies = {path.name: path.read_bytes() for path in folder.glob("*.body")}
    # A key that nobody keeps: under a known one, short numbers could be tried out until their tokens fit.
    return trace.redact_trace({**raw, "importer": importer}, bodies, key=secrets.token_bytes(_TRACE_KEY_BYTES))
