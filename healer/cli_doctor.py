"""`healer doctor`: whether this installation can work, and what to do where it cannot.

Exit codes: 0 nothing is bad; 1 something is.
"""

import json
import sys
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from healer.doctor import Finding, Mark, is_well

_WIDTH: Final = 132
_COLOURS: Final = {Mark.GOOD: "green", Mark.NOTE: "yellow", Mark.BAD: "red"}


def doctor(
    image: Annotated[str, typer.Option(help="An image with a shell, to try Docker's hardening with.")] = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
) -> None:
    """Look at every connection, permission, version, key, clock and wall; each finding comes with its mend."""
    from healer.wiring_doctor import examine  # noqa: PLC0415 - it imports every client, which --help need not

    with Console(stderr=True).status("looking") as status:
        findings = examine(image, lambda about: status.update(f"looking at {about}"))
    if as_json:
        rows = [finding.model_dump(mode="json") for finding in findings]
        typer.echo(json.dumps({"well": is_well(findings), "findings": rows}, indent=1, ensure_ascii=False))
    else:
        _show(findings)
    raise typer.Exit(0 if is_well(findings) else 1)


def _show(findings: tuple[Finding, ...]) -> None:
    table = Table("about", "", "finding", "mend")
    for finding in findings:
        mark = Text(finding.mark.value, _COLOURS[finding.mark])
        table.add_row(Text(finding.about), mark, Text(finding.says), Text(finding.mend))
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(table)
