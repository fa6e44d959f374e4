"""Verdict → the check run on the pushed head: what a reviewer sees beside the commit, and branch protection can require.

It is made by us, after GitHub's own word about the run was read again, and not by the workflow: the token of a job beside code that an
agent wrote could say anything, and a branch protection that names our App as the source takes nobody else's word.
"""

import re
from typing import Final

from healer import prose
from healer.contracts import Annotation, CheckRun, Conclusion, GateReport, GateRun, Verdict

NAME: Final = "importer-healer / rake fetch"
_SAYS: Final[dict[Conclusion, str]] = {
    Conclusion.SUCCESS: "success",
    Conclusion.FAILURE: "failure",
    Conclusion.TIMED_OUT: "timed_out",
    Conclusion.CANCELLED: "cancelled",
}
"""Anything else asks for a look: to a branch protection `neutral` would be a pass, and `failure` would blame the patch."""
_TITLES: Final[dict[Conclusion, str]] = {
    Conclusion.SUCCESS: "Fetched for real: the bills are true",
    Conclusion.FAILURE: "The fetch does not hold",
    Conclusion.TIMED_OUT: "The fetch did not end in time",
    Conclusion.CANCELLED: "The run was cancelled",
    Conclusion.NEUTRAL: "There is nothing to heal: the base fetches true bills",
}
_PATH: Final = re.compile(r"(?!/)(?!.*\.\.)[A-Za-z0-9_./-]{1,200}")


def of(verdict: Verdict, report: GateReport | None, run: GateRun) -> CheckRun:
    """Give the check run of a judged gate run; the report counts only as far as the verdict believes it."""
    believed = report if verdict.conclusion is not Conclusion.ERROR else None
    return CheckRun(
        name=NAME,
        head_sha=run.sha,
        mark=f"{run.run_id}:{run.run_attempt}",
        conclusion=_SAYS.get(verdict.conclusion, "action_required"),
        title=_TITLES.get(verdict.conclusion, "Not judged: this blames no patch"),
        summary="\n".join(_summary(verdict, believed, run)),
        url=run.url,
        annotations=_annotations(believed),
    )


def _summary(verdict: Verdict, report: GateReport | None, run: GateRun) -> list[str]:
    lines = [prose.code(verdict.why), "", f"[The run]({run.url}), commit `{run.sha[:12]}`"]
    if report is None:
        return lines
    lines[-1] += f", {report.bills} bills, {report.logins_used} logins"
    if report.base:
        colour = "green" if report.base.conclusion is Conclusion.SUCCESS else "red"
        lines += [
            "",
            f"The base `{report.base.sha[:12]}` was {colour} in the same job: {prose.code(report.base.summary)}",
        ]
    rows = [
        f"| {prose.code(check.name)} | {'holds' if check.passed else '**does not hold**'} | {prose.markdown(check.detail)} |"
        for check in sorted(report.checks, key=lambda check: check.passed)
    ]
    return [*lines, *(["", "| check | | |", "|---|---|---|", *rows] if rows else [])]


def _annotations(report: GateReport | None) -> tuple[Annotation, ...]:
    failure = report.failure if report else None
    if failure is None or not failure.file or not failure.line or not _PATH.fullmatch(failure.file):
        return ()
    message = prose.tame(failure.message or failure.exception or failure.kind.value)
    return (Annotation(path=failure.file, line=failure.line, title=failure.kind.value, message=message),)
