"""The impact report in words: what the Prefect UI shows, and what the page at the gateway says in a table."""

from collections.abc import Iterator
from typing import Final

from healer.healing import Outcome, Phase
from healer.impact import Report

_DAY_S: Final = 86_400
_HOUR_S: Final = 3_600
_MEANING: Final = {
    Phase.DETECT: "from the last good bill to the ticket's delivery",
    Phase.TRIAGE: "admission and diagnosis, without its gate run",
    Phase.PATCH: "agents, guard and push",
    Phase.GATE: "gate runs, their queue and their judgement",
    Phase.REVIEW: "from the pull request to its merge",
    Phase.DEPLOY: "from the merge to production's good fetch",
}


_MINUTES_FROM_S: Final = 120


def span(seconds: float | None) -> str:
    """Say how long something takes, as people say it."""
    if seconds is None:
        return "not known yet"
    if seconds < _MINUTES_FROM_S:
        return f"{seconds:.0f} s"
    if seconds < 2 * _HOUR_S:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / _HOUR_S:.1f} h" if seconds < 2 * _DAY_S else f"{seconds / _DAY_S:.1f} days"


def facts(report: Report) -> Iterator[tuple[str, str]]:
    """Give the report's lines: what, and how much of it."""
    target = f"target {span(report.target_s)}, before: {span(report.baseline_s)}"
    yield "Cases opened", str(report.cases)
    yield "Ticket to production's good fetch", f"{span(report.to_production_s)} (median of {report.proved}; {target})"
    yield "The healer's own time to a pull request", f"{span(report.to_pull_request_s)} (median of {report.published})"
    yield "Spent on agents", f"${report.usd:.2f}"
    per_bill = f"${report.usd_per_bill:.2f}" if report.usd_per_bill is not None else "not known yet"
    yield "Cost per healed bill", f"{per_bill} (all money by the {report.bills} bills of confirming fetches)"
    yield (
        "Bills delayed x hours",
        f"{report.delayed_bill_hours:,.0f} (of the {report.delayed_of} cases whose last bills are known)",
    )
    assumed = report.assumption
    yield (
        "Engineer hours saved",
        f"{report.hours_saved:,.1f} (assumed: {assumed.hours_per_fix:g} h a fix by hand, less {assumed.hours_per_review:g} h a review)",
    )
    yield (
        "False repairs",
        f"{report.false_repairs} of {report.published} published (green at the gate, failed in production)",
    )
    refused = ", ".join(f"{code} {count}" for code, count in report.refused.items())
    yield "Refused by the guard", f"{sum(report.refused.values())}" + (f" ({refused})" if refused else "")


def phases(report: Report) -> Iterator[tuple[str, str, int, str]]:
    """Give a line for each phase: its name, the median time, of how many cases, and what it means."""
    for phase in Phase:
        yield phase.value, span(report.phases.get(phase)), report.measured.get(phase, 0), _MEANING[phase]


def outcomes(report: Report) -> Iterator[tuple[str, int]]:
    """Give a line for each way in which cases ended."""
    for outcome in Outcome:
        if count := report.outcomes.get(outcome):
            yield outcome.value, count


def markdown(report: Report) -> str:
    """Give the report in Markdown. All its texts are ours."""
    lines = [f"# Impact, {report.since:%Y-%m-%d} to {report.until:%Y-%m-%d}", "", "| | |", "|---|---|"]
    lines += [f"| {what} | {much} |" for what, much in facts(report)]
    lines += ["", "| phase | median | cases | what it is |", "|---|---|---|---|"]
    lines += [f"| {name} | {time} | {cases} | {meaning} |" for name, time, cases, meaning in phases(report)]
    lines += ["", "| outcome | cases |", "|---|---|", *(f"| {name} | {count} |" for name, count in outcomes(report))]
    lines += [f"| … {reason} | {count} |" for reason, count in report.reasons.items()]
    lines += ["", "| week from | opened | healed | USD |", "|---|---|---|---|"]
    lines += [f"| {week.monday} | {week.opened} | {week.healed} | {week.usd:.2f} |" for week in report.weeks]
    return "\n".join(lines) + "\n"
