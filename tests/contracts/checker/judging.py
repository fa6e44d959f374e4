"""A whole record judged, line by line."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from contracts.checker.data_center import DIFFERENCES, speaks_data_center
from contracts.checker.dialect import Json
from contracts.checker.document import Document, Operation
from contracts.checker.exchanges import Exchanges
from contracts.checker.finding import Finding, Note
from contracts.checker.github import check_github
from contracts.checker.listed import set_apart
from contracts.checker.record import Contract, Exchange, contract, exchange, lines
from contracts.checker.webhooks import check_webhook, label

_DOCUMENTS = Path(__file__).resolve().parents[1]


def judge(record: Path, *, webhook_secret: str | None = None) -> list[Finding]:
    """Judge a record (JSONL, one exchange or webhook a line) by the vendors' own documents.

    Signatures of webhooks are verified where the secret is given. A line that cannot be read is a violation.
    """
    entries = list(lines(record))
    data_center = speaks_data_center(entry for _, entry in entries)
    return [
        Finding(kind, f"{record.name}:{number} {where}", what)
        for number, entry in entries
        for where, (kind, what) in _line(entry, webhook_secret, data_center=data_center)
    ]


def tally(record: Path) -> Counter[Contract]:
    """Count the lines of a record by the contract that judges them."""
    return Counter(contract(entry) for _, entry in lines(record))


@cache
def github() -> Exchanges:
    """Give GitHub's contract, loaded once."""
    return Exchanges(Document(_DOCUMENTS / "github-slim.json.gz", "urn:github"))


@cache
def jira() -> Exchanges:
    """Give JIRA's contract, loaded once."""
    return Exchanges(Document(_DOCUMENTS / "jira-cloud-v3.json.gz", "urn:jira"))


def _line(entry: Json, secret: str | None, *, data_center: bool) -> Iterator[tuple[str, Note]]:
    match contract(entry):
        case "unreadable":
            yield "line", ("VIOLATION", "neither an exchange nor a webhook")
        case "webhook":
            yield from ((f"webhook {label(entry)}", note) for note in check_webhook(github(), entry, secret))
        case "github":
            given = exchange(entry)
            operation = github().document.find(given.method, given.path)
            where = _where(operation, given)
            yield from ((where, note) for note in check_github(github(), operation, given))
        case "jira":
            yield from _jira(exchange(entry), data_center=data_center)
        case "skipped":
            return


def _jira(given: Exchange, *, data_center: bool) -> Iterator[tuple[str, Note]]:
    operation = jira().document.find(given.method, given.path)
    name, listed = operation.name if operation else "", DIFFERENCES if data_center else ()
    for note in jira().check(operation, given):
        yield _where(operation, given), set_apart(listed, name, note)


def _where(operation: Operation | None, given: Exchange) -> str:
    return f"{operation.name if operation else f'{given.method} {given.path}'} -> {given.status}"
