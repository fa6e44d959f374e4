"""The receipt of an ended case: written, signed, kept, and shown where people look: pull request, ticket and the Prefect UI."""

import hashlib
import json
from importlib.metadata import version
from typing import Final

import prompts
from flows import artifacts, filing
from flows.story import Story, call, step
from healer import dsse, guard, notice, publish, receipt
from healer.contracts import ENDED, Case, File, GateReport
from healer.reconcile import RECEIPT_WRITTEN

_NAME: Final = "importer-healer:receipt"
_PROPERTY: Final = "healer.receipt"


async def leave(story: Story) -> None:
    """Leave a receipt where the case has ended."""
    if (await story.case()).state in ENDED:
        await write(story)


@step("receipt")
async def write(story: Story) -> None:
    """Write the receipt of the case as it ended, once after all that has happened; the event chain then holds its hash."""
    case = await story.case()
    events = await story.parts.cases.events(case.id)
    if events[-1].kind == RECEIPT_WRITTEN:
        return
    versions = {"importer-healer": version("importer-healer"), "prompts": prompts.PROMPT_VERSION}
    versions["policy"] = guard.POLICY_VERSION
    redact = story.parts.redactor.text
    written = receipt.write(case, events, await _reports(story, case), versions, redact)
    statement = receipt.statement(written, story.parts.settings.importers_repository)
    text = redact(statement.decode())
    envelope = json.dumps(dsse.seal(receipt.PAYLOAD_TYPE, text.encode(), story.parts.signers), indent=1)
    await story.parts.evidence.keep_receipt(case.id, envelope)
    await artifacts.show_receipt(case, written, envelope)
    digest = hashlib.sha256(envelope.encode()).hexdigest()
    attached = await _show(story, case, envelope, digest)
    await story.parts.cases.note(case.id, RECEIPT_WRITTEN, {"sha256": digest, "ticket": attached})


async def _reports(story: Story, case: Case) -> dict[int, GateReport]:
    runs = [case.diagnosis.run] if case.diagnosis else []
    runs += [attempt.run for attempt in case.attempts if attempt.run]
    found = [await story.parts.evidence.report(run.run_id, run.run_attempt) for run in runs]
    return {report.run_id: report for report in found if report}


async def _show(story: Story, case: Case, envelope: str, digest: str) -> str | None:
    """Attach it to the pull request and to a ticket that is told of the case, and leave there where it is and what it must hash to.

    Gives what became of it on the ticket, None where that is not told. A case that goes on by itself is not over: each look would
    attach another one, and tell everybody who watches the ticket.
    """
    if case.pull_request:
        await call(story.parts.github.say, case.pull_request.number, _NAME, publish.receipt_comment(case, envelope))
    if not notice.is_told(case):
        return None
    address = f"{story.addresses.case}/receipt"
    await call(story.parts.jira.link, case.id, f"{_NAME}:{case.id}", address, "Receipt")
    await call(story.parts.jira.set_state, case.id, _PROPERTY, {"sha256": digest, "url": address})
    return "linked" if case.next_check else await _attach(story, case, envelope, digest)


async def _attach(story: Story, case: Case, envelope: str, digest: str) -> str:
    """Hang it on the ticket, in place of an older one, whose events it has too."""
    prefix = f"receipt-{case.id}-"
    file = File(name=f"{prefix}{digest[:12]}.json", mime="application/json", content=envelope)
    return await filing.attach(story, case, prefix, [file])
