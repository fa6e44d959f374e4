"""The receipt of an ended case: written, signed, kept, and shown where people look: pull request, ticket and the Prefect UI."""

import hashlib
import json
from importlib.metadata import version
from typing import Final

from prefect import task

import prompts
from flows import artifacts
from flows.story import STEP, Story, call
from healer import dsse, guard, notice, publish, receipt
from healer.contracts import ENDED, Case, GateReport
from healer.reconcile import RECEIPT_WRITTEN

_NAME: Final = "importer-healer:receipt"
_PROPERTY: Final = "healer.receipt"


async def leave(story: Story) -> None:
    """Leave a receipt where the case has ended."""
    if (await story.case()).state in ENDED:
        await write(story)


@task(name="receipt", **STEP)
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
    await _show(story, case, envelope, digest)
    await story.parts.cases.note(case.id, RECEIPT_WRITTEN, {"sha256": digest})


async def _reports(story: Story, case: Case) -> dict[int, GateReport]:
    runs = [case.diagnosis.run] if case.diagnosis else []
    runs += [attempt.run for attempt in case.attempts if attempt.run]
    found = [await story.parts.evidence.report(run.run_id, run.run_attempt) for run in runs]
    return {report.run_id: report for report in found if report}


async def _show(story: Story, case: Case, envelope: str, digest: str) -> None:
    """Attach it to the pull request, and leave on a ticket that is told of the case where it is and what it must hash to."""
    if case.pull_request:
        await call(story.parts.github.say, case.pull_request.number, _NAME, publish.receipt_comment(case, envelope))
    if not notice.is_told(case):
        return
    address = f"{story.addresses.case}/receipt"
    await call(story.parts.jira.link, case.id, f"{_NAME}:{case.id}", address, "Receipt")
    await call(story.parts.jira.set_state, case.id, _PROPERTY, {"sha256": digest, "url": address})
