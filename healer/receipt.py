"""The receipt of a case: what broke, what was changed, what proved it, what it cost and who acted; an in-toto statement.

It holds no bill, no page and no login: ids, hashes, counts, names of checks, selectors, and the case's events. With the events in it
anyone can recompute the chain and hold the facts against it, without asking us (`findings`).
Form: github.com/in-toto/attestation, Statement v1. Layout of the predicate: SPEC, "Receipt".
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

from pydantic import Field, ValidationError

from healer import chain, push, strict_json
from healer.commands import OBEYED
from healer.contracts import Attempt, Case, Conclusion, Contract, Event, GateReport, Sha, Spend, State
from healer.errors import Rejected

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "urn:importer-healer:receipt:1"


class Run(Contract):
    """One gate run: where, on what, and how each check went. `tools` are versions by name."""

    run_id: int
    url: str
    sha: Sha
    conclusion: Conclusion
    checks: dict[str, bool] = Field(default_factory=dict)
    bills: int = 0
    logins_used: int = 0
    tools: dict[str, str] = Field(default_factory=dict)


class Breakage(Contract):
    """The failure that opened the case."""

    signature: str
    kind: str
    step: int | None
    selector: str | None


class Change(Contract):
    """What the last attempt changed: files, and a line for each change that names what stood on the page and what stands there now."""

    files: tuple[str, ...]
    changes: tuple[str, ...]
    agent: str


class Receipt(Contract):
    """The predicate. `chain` is the hash of the last event; `spend` and `logins_used` count all attempts.

    `masked` are the sequence numbers of events that redaction took something out of: their hashes are those of what was written.
    """

    case: str
    importer: str
    state: State
    reason: str | None
    broke: Breakage | None
    change: Change | None
    red: Run | None
    green: Run | None
    base_sha: Sha | None
    head_sha: Sha | None
    pull_request: str | None
    attempts: int
    spend: Spend
    logins_used: int
    versions: dict[str, str]
    people: tuple[str, ...]
    events: tuple[Event, ...]
    masked: tuple[int, ...] = ()
    chain: str
    autonomy: str | None = None
    """How far the healer was let go, and why, when that was last decided."""


class Statement(Contract):
    """The in-toto statement around a receipt."""

    type: Literal["https://in-toto.io/Statement/v1"]
    subject: tuple[dict[str, str | dict[str, str]], ...]
    predicate_type: Literal["urn:importer-healer:receipt:1"]
    predicate: Receipt


def shown(events: tuple[Event, ...], redact: Callable[[str], str]) -> tuple[Event, ...]:
    """Give the events as they may be shown. Hashes stay those of what was written."""
    return tuple(event.model_copy(update={"data": _masked(event, redact)}) for event in events)


def _masked(event: Event, redact: Callable[[str], str]) -> chain.EventData:
    return {name: redact(value) if isinstance(value, str) else value for name, value in event.data.items()}


def write(
    case: Case,
    written: tuple[Event, ...],
    reports: Mapping[int, GateReport],
    versions: Mapping[str, str],
    redact: Callable[[str], str] = str,
) -> Receipt:
    """Give the receipt of a case. `reports` are those that are still kept, by run id; `versions` are ours, by name.

    `redact` masks the events' texts. What else it holds must be redacted by whoever shows it.
    """
    events = shown(written, redact)
    last = case.attempts[-1] if case.attempts else None
    red = _red(case, reports)
    green = _green(last, reports)
    return Receipt(
        case=case.id,
        importer=case.importer,
        state=case.state,
        reason=case.reason.value if case.reason else None,
        broke=_broke(case),
        change=Change(files=tuple(push.files(last.diff)), changes=last.changes, agent=last.agent) if last else None,
        red=red,
        green=green,
        base_sha=case.base_sha,
        head_sha=case.head_sha,
        pull_request=case.pull_request.url if case.pull_request else None,
        attempts=len(case.attempts),
        spend=_spent(case.attempts),
        logins_used=sum(report.logins_used for report in reports.values()),
        versions=dict(versions),
        people=_people(events),
        events=events,
        masked=tuple(event.seq for event, was in zip(events, written, strict=True) if event != was),
        chain=events[-1].hash if events else chain.GENESIS,
        autonomy=_autonomy(events),
    )


def _broke(case: Case) -> Breakage | None:
    failure = case.diagnosis.failure if case.diagnosis else None
    if failure is None:
        return None
    return Breakage(signature=failure.signature, kind=failure.kind.value, step=failure.step, selector=failure.selector)


def _red(case: Case, reports: Mapping[int, GateReport]) -> Run | None:
    diagnosis = case.diagnosis
    if diagnosis is None:
        return None
    return _run(diagnosis.run.run_id, diagnosis.run.url, diagnosis.run.sha, diagnosis.verdict.conclusion, reports)


def _green(last: Attempt | None, reports: Mapping[int, GateReport]) -> Run | None:
    if last is None or last.run is None or last.verdict is None or last.verdict.conclusion is not Conclusion.SUCCESS:
        return None
    return _run(last.run.run_id, last.run.url, last.run.sha, last.verdict.conclusion, reports)


def _run(run_id: int, url: str, sha: Sha, conclusion: Conclusion, reports: Mapping[int, GateReport]) -> Run:
    run = Run(run_id=run_id, url=url, sha=sha, conclusion=conclusion)
    report = reports.get(run_id)
    if report is None:
        return run
    seen = {"checks": {c.name: c.passed for c in report.checks}, "bills": report.bills, "tools": report.tools}
    return run.model_copy(update={**seen, "logins_used": report.logins_used})


def _spent(attempts: Iterable[Attempt]) -> Spend:
    spends = [attempt.spend for attempt in attempts]
    return Spend(**{name: sum(getattr(spend, name) for spend in spends) for name in Spend.model_fields})


def _people(events: Iterable[Event]) -> tuple[str, ...]:
    """Give the names under which people gave commands that were obeyed."""
    given = (str(event.data["by"]) for event in events if event.kind in OBEYED and event.data.get("by"))
    return tuple(dict.fromkeys(given))


def _autonomy(events: Sequence[Event]) -> str | None:
    told = (event.data for event in reversed(events) if "autonomy" in event.data)
    return next((f"{data['autonomy']}: {data.get('autonomy_why')}" for data in told), None)


def statement(receipt: Receipt, repository: str) -> bytes:
    """Give the in-toto statement as JSON. Its subject is the branch head, or, where nothing was pushed, the case's chain."""
    digest = {"gitCommit": receipt.head_sha} if receipt.head_sha else {"sha256": receipt.chain}
    content = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": f"{repository}#{receipt.case}", "digest": digest}],
        "predicateType": PREDICATE_TYPE,
        "predicate": receipt.model_dump(mode="json"),
    }
    return chain.canonical(content).encode("utf-8")


def read(payload: bytes) -> Statement:
    """Read a statement.

    Raises: Rejected (`bad_receipt`).
    """
    try:
        content = strict_json.parse(payload)
        renamed = {"type": content.pop("_type", None), "predicate_type": content.pop("predicateType", None), **content}
        return Statement.model_validate_json(chain.canonical(renamed))
    except (Rejected, ValidationError):
        raise Rejected("this is no receipt of version 1.", reason="bad_receipt") from None


def findings(told: Statement) -> Iterator[str]:
    """Name, in words, everything in a receipt that its own events do not bear out. None: all of it holds."""
    receipt, events = told.predicate, told.predicate.events
    if (broken := chain.first_break(events, receipt.masked)) is not None:
        yield f"the event chain is broken at event {broken}"
    if receipt.chain != (events[-1].hash if events else chain.GENESIS):
        yield "the chain's last hash is not that of the last event"
    if receipt.people != _people(events):
        yield "the people who acted are not those of the events"
    if receipt.autonomy != _autonomy(events):
        yield "the autonomy is not the one that an event tells"
    digest = {"gitCommit": receipt.head_sha} if receipt.head_sha else {"sha256": receipt.chain}
    if [subject.get("digest") for subject in told.subject] != [digest]:
        yield "the subject is not the case's branch head"
    yield from _against(receipt, events)


def _against(receipt: Receipt, events: tuple[Event, ...]) -> Iterator[str]:
    pushed = [event.data.get("sha") for event in events if event.kind == "pushed"]
    if receipt.head_sha != (pushed[-1] if pushed else None):
        yield "the branch head is not the commit that was pushed last"
    if receipt.green and receipt.green.sha != receipt.head_sha:
        yield "the green run is not one of the branch head"
    if receipt.green and False in receipt.green.checks.values():
        yield "a check of the green run did not pass"
    judged = [
        e for e in events if e.kind == "judged" and receipt.green and e.data.get("run_id") == receipt.green.run_id
    ]
    if receipt.green and not any(e.data.get("conclusion") == Conclusion.SUCCESS.value for e in judged):
        yield "no event tells that the green run was judged a success"
    states = [event.kind for event in events if event.kind in set(State)]
    if states[-1:] != [receipt.state]:
        yield f"the state is {receipt.state.value}, the last one that an event tells is {states[-1] if states else 'none'}"
