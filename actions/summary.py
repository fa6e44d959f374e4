"""What a reviewer sees of a gate run: the step summary (Markdown) and the annotation. All foreign text is inside code spans."""

import re
from collections.abc import Iterator
from typing import Final

from actions.commands import command
from healer.contracts import BaseResult, Check, Conclusion, GateReport

_SIGNS: Final = {
    Conclusion.SUCCESS: "✅ green",
    Conclusion.FAILURE: "❌ red",
    Conclusion.ERROR: "⚠️ not judged",
    Conclusion.NEUTRAL: "✅ healed already",
}
_MEANS: Final = {
    Conclusion.SUCCESS: "The live portal was fetched, and the bills are true.",
    Conclusion.NEUTRAL: "The base as it stands fetches true bills: there is nothing to heal.",
    Conclusion.FAILURE: "The live portal was asked, and what came of it does not hold.",
}
_NOT_JUDGED: Final = "Nothing was judged: this says nothing about the change."
_SPAN_MAX: Final = 300
_PATH: Final = re.compile(r"(?!/)(?!.*\.\.)[A-Za-z0-9_./-]{1,200}")


def markdown(report: GateReport) -> str:
    """Give the step summary."""
    return "\n".join(_lines(report)) + "\n"


def annotation(report: GateReport) -> str:
    """Give the workflow command that puts the outcome on the run's page, and on the line that failed where it is known."""
    title = f"{report.importer}: {report.mode.value}"
    if report.conclusion in {Conclusion.SUCCESS, Conclusion.NEUTRAL}:
        return command("notice", report.summary, title=title)
    failure = report.failure
    file = failure.file if failure and failure.file and _PATH.fullmatch(failure.file) else None
    line = failure.line if failure and file else None
    return command("error", report.summary, file=file, line=line, title=title)


def _lines(report: GateReport) -> Iterator[str]:
    yield f"### {_SIGNS.get(report.conclusion, report.conclusion.value)}: {report.importer} ({report.mode.value})"
    yield ""
    yield f"**{_MEANS.get(report.conclusion, _NOT_JUDGED)}**"
    yield ""
    yield _span(report.summary)
    yield ""
    yield from _base(report.base)
    yield from _where(report)
    yield from (f"- **does not hold:** {_named(check)}" for check in report.checks if not check.passed)
    if holding := [check.name for check in report.checks if check.passed]:
        yield f"- {len(holding)} checks hold: {', '.join(holding)}"
    yield ""
    yield " · ".join(_facts(report))
    if report.unfenced:
        yield ""
        yield f"⚠️ The container's network was not fenced, so hosts were not checked: {_span(report.unfenced)}"


def _base(base: BaseResult | None) -> Iterator[str]:
    if base:
        yield f"Base `{base.sha[:12]}`, in this job: {_SIGNS[base.conclusion]}, {_span(base.summary)}"
        yield ""


def _where(report: GateReport) -> Iterator[str]:
    """Name the line of Ruby, and what it looked for in vain."""
    failure = report.failure
    line = (
        f" It was asked at {_span(f'{failure.file}:{failure.line}')}."
        if failure and failure.file and failure.line
        else ""
    )
    if failure and failure.selector:
        page = f" on page {failure.step}" if failure.step else ""
        yield f"Nothing on the portal answers {_span(failure.selector)}{page}.{line}"
        yield ""


def _named(check: Check) -> str:
    return f"{check.name} {_span(check.detail)}" if check.detail else check.name


def _facts(report: GateReport) -> Iterator[str]:
    yield f"case {report.case}, attempt {report.attempt}"
    yield f"commit `{report.sha[:12]}`"
    yield f"{report.bills} bills"
    yield f"{report.logins_used} logins used"
    yield from (f"{name} {milliseconds / 1000:.1f} s" for name, milliseconds in report.timings_ms.items())


def _span(text: str) -> str:
    flat = " ".join(text.replace("`", "'").split())[:_SPAN_MAX]
    return f"`{flat}`"
