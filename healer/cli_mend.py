"""`healer guard` and `healer relocate`: the guard's judgement in any clone, and relocation of selectors from standard input."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from healer import importers
from healer.clients import clone
from healer.clients.clone import Clone
from healer.contracts import FileChange, Importer, Refusal
from healer.errors import HealerError, Misconfigured, PolicyViolation

_Importer = Annotated[str, typer.Option(help="The importer's name in importers.toml, as it stands at the base.")]
_Base = Annotated[str, typer.Option(help="The revision that was changed.")]
_Head = Annotated[str, typer.Option(help="The revision with the change.")]
_Folder = Annotated[Path, typer.Option(help="A folder of the clone.", exists=True, file_okay=False)]


def guard(*, importer: _Importer, base: _Base, head: _Head, repository: _Folder = Path()) -> None:
    """Judge what differs between two commits as an agent's change is judged before it is pushed; print the judgement as JSON.

    Exit codes: 0 nothing is refused; 1 refused; 2 it could not be judged.
    """
    try:
        answer = _judged(importer, base, head, repository)
    except HealerError as error:
        answer = {"passed": False, "error": str(error), "refusals": []}
    except Exception as error:  # noqa: BLE001 - Python's exit 1 would say "refused" and blame the change for our fault
        answer = {"passed": False, "error": f"a fault of the guard: {type(error).__name__}", "refusals": []}
    typer.echo(json.dumps(answer, indent=1, ensure_ascii=False))
    raise typer.Exit(0 if answer["passed"] else 2 if "error" in answer else 1)


def _judged(name: str, base: str, head: str, folder: Path) -> dict[str, Any]:
    with clone.opened(folder) as opened:
        before, after = opened.sha(base), opened.sha(head)
        found, refusals = _compared(opened, before, after)
        entry = _entry(opened.read(before, importers.PATH), name, base)
    refusals = refusals or _refusals(found, entry)
    return {
        "passed": not refusals,
        "importer": name,
        "base": before,
        "head": after,
        "files": [change.path for change in found],
        "refusals": [refusal.model_dump() for refusal in refusals],
    }


def _compared(opened: Clone, before: str, after: str) -> tuple[tuple[FileChange, ...], tuple[Refusal, ...]]:
    try:
        return opened.changes(before, after), ()
    except PolicyViolation as error:
        return (), (Refusal(code=error.reason, path="", detail=error.what),)


def _entry(registry: str | None, name: str, base: str) -> Importer:
    entry = importers.parse(registry).get(name) if registry is not None else None
    if entry is None:
        raise Misconfigured(
            f"{importers.PATH} at {base} has no importer {name}.",
            reason="registry",
            remedy="Name one that it has; what may change is read from the base.",
        )
    return entry


def _refusals(found: tuple[FileChange, ...], entry: Importer) -> tuple[Refusal, ...]:
    if not found:
        return (Refusal(code="empty", path="", detail="nothing was changed"),)
    try:
        from healer import guard as rules  # noqa: PLC0415 - not every installation has a parser of Ruby
    except ImportError:
        raise _lacking() from None
    return rules.judge(found, entry)


# ---------------------------------------------------------------- relocation


def relocate(*, jsonl: Annotated[bool, typer.Option("--jsonl", help="The one form that there is.")] = False) -> None:
    """Find moved elements: one JSON object a line in, one a line out, each as soon as it is known.

    In: `{"id", "old_html", "old_selector", "many", "new_html"}`; the selector is CSS or XPath. Out: `{"id", "selector", "confidence"}`;
    `selector` is null where nothing on the new page is surely the same thing.
    """
    if not jsonl:
        raise typer.BadParameter("say --jsonl, and give pairs of pages on standard input.")
    try:
        from healer.relocate import relocate as relocated  # noqa: PLC0415 - not every installation has cssselect
    except ImportError:
        raise _lacking() from None
    for number, line in _lines():
        given: dict[str, Any] = {}
        selector, confidence = None, 0.0
        try:
            given = _object(line)
            found = relocated(given["old_html"], given["old_selector"], given["new_html"], many=bool(given.get("many")))
            selector, confidence = (found.selector, found.confidence) if found else (None, 0.0)
        except Exception as error:  # noqa: BLE001 - no page may end what judges the others; no answer is the safe one
            typer.echo(f"healer: line {number} is not answered ({type(error).__name__}).", err=True)
        answer = {"id": given.get("id"), "selector": selector, "confidence": round(confidence, 4)}
        typer.echo(json.dumps(answer, ensure_ascii=False))  # it flushes


def _lines() -> Iterator[tuple[int, str]]:
    for number, line in enumerate(sys.stdin, 1):
        if line.strip():
            yield number, line


def _object(line: str) -> dict[str, Any]:
    given = json.loads(line)
    if not isinstance(given, dict):
        raise TypeError(line[:0])
    return given


def _lacking() -> Misconfigured:
    return Misconfigured(
        "this installation cannot read pages and Ruby.", reason="installation", remedy="Install importer-healer[flows]."
    )
