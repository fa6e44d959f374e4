"""From what a container left to what may be said about it: checks, failure, trace, log."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from actions import log, results
from actions.console import Exit
from actions.judging import RESULT, Fetched, Judged, failed_check, judge, to_remember
from healer.bills import Bill
from healer.clients.container import RunResult
from healer.clients.gateway import Lease
from healer.contracts import BaseResult, Check, Conclusion, Failure, History, Importer, Trace
from healer.egress import HOSTS_ALLOWED
from healer.errors import HealerError
from healer.redact import Redactor
from healer.trace import failure_from, redact_trace

TRACE: Final = "trace"
"""Name of `FETCH_TRACE_DIR` in the writable directory."""
_SOURCE_DOWN: Final = 4


@dataclass(frozen=True)
class Evidence:
    """What a gate run found. `log` is fit to be shown."""

    conclusion: Conclusion
    exit: Exit
    summary: str
    failure: Failure | None = None
    checks: tuple[Check, ...] = ()
    exit_code: int | None = None
    bills: tuple[Bill, ...] = ()
    """Those of a good fetch. They stay on this machine; the report counts them."""
    log: tuple[str, ...] = ()
    trace: Trace | None = None
    history: History | None = None
    hosts: tuple[str, ...] = ()
    unfenced: str = ""
    base: BaseResult | None = None


def broken(error: HealerError, exit: Exit = Exit.BROKEN) -> Evidence:  # noqa: A002 - the word for it
    """Say that the gate itself could not do its work; it blames no patch."""
    return Evidence(Conclusion.ERROR, exit, f"The gate could not judge: {error}")


def of_probe(importer: Importer, *, up: bool) -> Evidence:
    """Say whether the portal answers."""
    check = Check(name="portal_answers", passed=up)
    if up:
        return Evidence(Conclusion.SUCCESS, Exit.GREEN, f"{importer.title} answers.", checks=(check,))
    failure = failure_from(None, _SOURCE_DOWN, importer.name)
    return Evidence(Conclusion.FAILURE, Exit.RED, f"{importer.title} does not answer.", failure, (check,))


def of_fetch(fetched: Fetched, out: Path, lease: Lease, redactor: Redactor, today: date, *, login: int = 0) -> Evidence:
    """Judge a fetch by how it ended, whom it contacted, and what it left in `out`. `login` is the number of the lease's login."""
    ended, contacts, importer = fetched.ended, fetched.contacts, lease.grant.importer
    judged = judge(fetched, out, lease, today, login=login)
    failure = _failure(ended, judged, out, importer, redactor) if judged.broken else None
    return Evidence(
        conclusion=Conclusion.FAILURE if failure else Conclusion.SUCCESS,
        exit=Exit.RED if failure else Exit.GREEN,
        summary=_summary(importer, judged.checks, failure),
        failure=failure,
        checks=judged.checks,
        exit_code=ended.exit_code,
        bills=judged.bills,
        log=log.lines(ended.output, redactor),
        trace=_trace(out / TRACE, lease, redactor),
        history=to_remember(judged.bills, lease) if judged.bills and not failure else None,
        hosts=contacts.contacted,
        unfenced=contacts.unfenced,
    )


def confirmed(fetches: list[list[Evidence]], checks: tuple[Check, ...], lease: Lease) -> Evidence:
    """Give the evidence of a verification all of whose fetches are good: by login, then by repetition; `checks` are what joins them."""
    first, importer = fetches[0][0], lease.grant.importer
    judged = Judged((*first.checks, *checks), tuple(bill for login in fetches for bill in login[0].bills))
    failure = failed_check(judged, importer.name) if judged.broken else None
    return replace(
        first,
        conclusion=Conclusion.FAILURE if failure else Conclusion.SUCCESS,
        exit=Exit.RED if failure else Exit.GREEN,
        summary=_summary(importer, judged.checks, failure),
        failure=failure,
        checks=judged.checks,
        bills=() if failure else judged.bills,
        history=None if failure else to_remember(judged.bills, lease),
        hosts=tuple(sorted({host for login in fetches for fetch in login for host in fetch.hosts})),
        unfenced=next((fetch.unfenced for login in fetches for fetch in login if fetch.unfenced), ""),
    )


def _failure(ended: RunResult, judged: Judged, out: Path, importer: Importer, redactor: Redactor) -> Failure:
    if ended.exit_code == 0 or HOSTS_ALLOWED in judged.broken:
        return failed_check(judged, importer.name)
    if spent := _spent(ended):
        return failure_from(spent, ended.exit_code, importer.name)
    written = results.read_json(out / RESULT, f"{importer.name}.error.json", results.RESULT_MAX)
    return failure_from(redactor.data(written), ended.exit_code, importer.name)


def _spent(ended: RunResult) -> dict[str, str]:
    """Say what a container used up, empty where it was nothing."""
    if ended.out_of_memory:
        return {"exception": "out of memory", "message": "The container reached its memory limit."}
    if ended.out_of_room:
        return {"exception": "out of room", "message": "The container reached the limit of its writable directory."}
    return {}


def _trace(folder: Path, lease: Lease, redactor: Redactor) -> Trace | None:
    """Redact by value before by shape: a changed digit would hide a password from the search."""
    raw = results.read_json(folder, "trace.json", results.TRACE_MAX)
    if raw is None:
        return None
    bodies = {name: _redacted(body, redactor) for name, body in results.read_bodies(folder, raw).items()}
    trace = redact_trace(redactor.data(raw), bodies, key=lease.trace_key.get_secret_value())
    return trace.model_copy(update={"importer": lease.grant.importer.name})


def _redacted(body: bytes, redactor: Redactor) -> bytes:
    """Latin-1 keeps every byte where UTF-8 does not fit."""
    try:
        return redactor.text(body.decode()).encode()
    except UnicodeDecodeError:
        return redactor.text(body.decode("latin-1")).encode("latin-1", "replace")


def _summary(importer: Importer, checks: tuple[Check, ...], failure: Failure | None) -> str:
    if failure is None:
        return f"rake fetch[{importer.name}] fetched bills and all {len(checks)} checks hold."
    where = f" at {failure.file}:{failure.line or 1}" if failure.file else ""
    what = failure.message or failure.exception
    return f"rake fetch[{importer.name}] ended with {failure.kind.value}{where}{': ' if what else '.'}{what}"
