"""What the Prefect UI shows of a case: its story so far, the gate run, the pull request, the checks. One page with history each."""

import re

from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact, acreate_table_artifact

from healer import best
from healer.backfill import Backfill
from healer.contracts import Attempt, Case, Check, State
from healer.prose import code, markdown
from healer.publish import Addresses
from healer.receipt import Receipt


def _key(case: Case, what: str) -> str:
    return f"{case.id.lower()}-{what}"


async def show_case(case: Case, addresses: Addresses) -> None:
    """Show where the case stands, as one page per case."""
    await acreate_markdown_artifact(
        story(case, addresses), key=_key(case, "case"), description=f"{case.id}: {case.importer}"
    )
    if case.awaiting:
        await acreate_link_artifact(
            case.awaiting.url,
            link_text=f"Gate run {case.awaiting.run_id}",
            key=_key(case, "gate"),
            description=case.awaiting.mode.value,
        )
    if case.pull_request:
        pull = case.pull_request
        await acreate_link_artifact(pull.url, link_text=f"Pull request {pull.number}", key=_key(case, "pull-request"))


async def show_checks(case: Case, checks: tuple[Check, ...]) -> None:
    """Show what a gate run tested."""
    rows = [{"check": c.name, "result": "passed" if c.passed else "failed", "detail": c.detail} for c in checks]
    if rows:
        await acreate_table_artifact(rows, key=_key(case, "checks"), description=f"{case.id}: the gate's checks")


async def show_backfill(case: Case, missed: Backfill) -> None:
    """Show what was missed while the importer was broken, a row for each account and period."""
    rows = [row.model_dump(mode="json") for row in missed.rows]
    about = f"{case.id}: missed from {missed.since:%Y-%m-%d} to {missed.until:%Y-%m-%d}"
    await acreate_table_artifact(rows or [{"account": "none"}], key=_key(case, "backfill"), description=about)


async def show_receipt(case: Case, receipt: Receipt, envelope: str) -> None:
    """Show the receipt: its facts to read, and the signed envelope to take away."""
    facts = [
        ("Outcome", receipt.state.value),
        ("Branch head", receipt.head_sha or ""),
        ("Attempts", str(receipt.attempts)),
        ("Logins used", str(receipt.logins_used)),
        ("Spent", f"{receipt.spend.usd:.2f} USD"),
        ("People who acted", markdown(", ".join(receipt.people))),
        ("Events", f"{len(receipt.events)}, last hash `{receipt.chain}`"),
    ]
    rows = [f"| {name} | {value} |" for name, value in facts if value]
    text = "\n".join([f"# Receipt of {case.id}", "", "| | |", "|---|---|", *rows, "", "```json", envelope, "```", ""])
    await acreate_markdown_artifact(text, key=_key(case, "receipt"), description=f"{case.id}: signed receipt")


async def show_attempt(case: Case, attempt: Attempt, confinement: str) -> None:
    """Show what an agent found and changed, and what all attempts so far have cost."""
    await acreate_markdown_artifact(
        diagnosis(case, attempt, confinement), key=_key(case, "diagnosis"), description=f"{case.id}: {attempt.agent}"
    )
    rows = [cost(one) for one in (*case.attempts, attempt)]
    await acreate_table_artifact(rows, key=_key(case, "cost"), description=f"{case.id}: what its attempts cost")


def diagnosis(case: Case, attempt: Attempt, confinement: str) -> str:
    """Give an attempt's page in Markdown: the agent's words, the guard's, and the diff, none of which can leave its place."""
    lines = [f"# {case.id}, attempt {attempt.number}: {markdown(attempt.agent)}", markdown(attempt.diagnosis, 4000), ""]
    lines += [f"* {markdown(change)}" for change in attempt.changes]
    lines += [f"* refused: {markdown(refusal)}" for refusal in attempt.refusals]
    lines += ["", f"It ran with: {markdown(confinement)}."] if confinement else []
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", attempt.diff)), default=0))
    lines += ["", f"{fence}diff", attempt.diff.rstrip(), fence] if attempt.diff else []
    return "\n".join(lines) + "\n"


def cost(attempt: Attempt) -> dict[str, str | int | float]:
    """Give an attempt's row of the cost table; the cache share is that of the input tokens."""
    spend = attempt.spend
    share = spend.cached_tokens / spend.input_tokens if spend.input_tokens else 0.0
    return {
        "attempt": attempt.number,
        "agent": attempt.agent,
        "usd": round(spend.usd, 4),
        "turns": spend.turns,
        "input tokens": spend.input_tokens,
        "from the cache": f"{share:.0%}",
        "output tokens": spend.output_tokens,
        "seconds": round(spend.seconds, 1),
    }


def story(case: Case, addresses: Addresses) -> str:
    """Give the case's page in Markdown. Texts that are not ours are neutralised."""
    facts = {
        "State": case.state.value.replace("_", " "),
        "Reason": case.reason.value if case.reason else "",
        "Evidence": markdown(case.reason_text, 900),
        "Summary": markdown(case.summary),
        "Branch": f"`{case.branch}`" if case.branch else "",
        "Best candidate": best.words(case, code) if case.state is State.NEEDS_ENGINEER else "",
        "Pull request": f"[#{case.pull_request.number}]({case.pull_request.url})" if case.pull_request else "",
        "Next look": f"{case.next_check:%Y-%m-%d %H:%M} UTC" if case.next_check else "",
    }
    rows = [f"| {name} | {value} |" for name, value in facts.items() if value]
    places = f"[Ticket]({addresses.ticket}) · [case]({addresses.case}) · [its runs]({addresses.prefect})"
    lines = [f"# {case.id}: {case.importer}", places, "", "| | |", "|---|---|", *rows, *_runs(case)]
    return "\n".join(lines) + "\n"


def _runs(case: Case) -> list[str]:
    diagnosis = case.diagnosis
    base = (
        [f"| base | | [{diagnosis.run.run_id}]({diagnosis.run.url}) | {diagnosis.verdict.conclusion.value} |"]
        if diagnosis
        else []
    )
    rows = [*base, *(_attempt(attempt) for attempt in case.attempts)]
    return ["", "| attempt | agent | gate run | outcome |", "|---|---|---|---|", *rows] if rows else []


def _attempt(attempt: Attempt) -> str:
    run = f"[{attempt.run.run_id}]({attempt.run.url})" if attempt.run else ""
    outcome = (
        attempt.verdict.conclusion.value
        if attempt.verdict
        else "refused by the guard"
        if attempt.refusals
        else "at work"
    )
    return f"| {attempt.number} | {markdown(attempt.agent)} | {run} | {outcome} |"
