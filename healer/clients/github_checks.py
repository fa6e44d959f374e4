"""Check runs on a commit: what branch protection can require. GitHub lets only Apps make them."""

from typing import Any, Final

from github.Repository import Repository

from healer.contracts import Annotation, CheckRun

_MOST_ANNOTATIONS: Final = 50
"""GitHub takes so many in one request."""


def show(repository: Repository, check: CheckRun, app_id: int | str) -> None:
    """Make the check run, unless our App has made it already. Somebody else's with our name or mark counts for nothing."""
    path = f"{repository.url}/commits/{check.head_sha}/check-runs"
    wanted = {"check_name": check.name, "app_id": str(app_id), "filter": "all", "per_page": "100"}
    _, found = repository.requester.requestJsonAndCheck("GET", path, parameters=wanted)
    if all(each["external_id"] != check.mark for each in found["check_runs"]):
        repository.requester.requestJsonAndCheck("POST", f"{repository.url}/check-runs", input=_body(check))


def _body(check: CheckRun) -> dict[str, Any]:
    output: dict[str, Any] = {"title": check.title, "summary": check.summary}
    if check.annotations:
        output["annotations"] = [_annotation(each) for each in check.annotations[:_MOST_ANNOTATIONS]]
    about = {"name": check.name, "head_sha": check.head_sha, "details_url": check.url, "external_id": check.mark}
    return {**about, "status": "completed", "conclusion": check.conclusion, "output": output}


def _annotation(given: Annotation) -> dict[str, Any]:
    lines = {"path": given.path, "start_line": given.line, "end_line": given.line}
    return {**lines, "annotation_level": "failure", "title": given.title, "message": given.message}
