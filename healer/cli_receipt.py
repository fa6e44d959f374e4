"""Receipts: fetch one, verify one offline, and print the keys that others verify with."""

from pathlib import Path
from typing import Annotated

import typer

from healer import dsse
from healer import receipt as receipts
from healer.clients.front_door import FrontDoor
from healer.errors import Rejected
from healer.settings import OperatorSettings, ReceiptSettings, load

receipt = typer.Typer(no_args_is_help=True, help="Signed receipts of ended cases.")


@receipt.command()
def show(ticket: Annotated[str, typer.Argument(help="The JIRA ticket's key, for example UTIL-101.")]) -> None:
    """Print the signed receipt of an ended case."""
    settings = load(OperatorSettings)
    typer.echo(FrontDoor(settings.url, settings.api_token).receipt(ticket))


@receipt.command()
def keys() -> None:
    """Print the public keys of HEALER_RECEIPT_KEYS, one a line, to give to those who verify."""
    text = load(ReceiptSettings).receipt_keys.get_secret_value()
    for key in text.split(","):
        typer.echo(dsse.signer(key).public)


@receipt.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The receipt, as `healer receipt show` prints it.", exists=True)],
    keys: Annotated[Path, typer.Option(help="Public keys, as `healer receipt keys` prints them.", exists=True)],
) -> None:
    """Verify a receipt offline: signature, event chain, and every fact that the events bear out. What does not hold is named."""
    payload_type, payload, signatures = dsse.opened(file.read_bytes())
    known = dsse.public_keys(keys.read_text().splitlines())
    wrong = []
    if payload_type != receipts.PAYLOAD_TYPE or not dsse.is_signed(payload_type, payload, signatures, known):
        wrong.append("no signature is by one of these keys")
    told = receipts.read(payload)
    wrong += receipts.findings(told)
    if wrong:
        raise Rejected(f"the receipt does not hold: {'; '.join(wrong)}.", reason="receipt", remedy="Do not trust it.")
    found = told.predicate
    count = f"{len(found.events)} events" + (f" ({len(found.masked)} masked)" if found.masked else "")
    typer.echo(f"{found.case}: {found.state.value}, {count}, head {found.head_sha or 'none'}: it holds")
