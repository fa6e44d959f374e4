"""Workflow runs as PyGithub shows them: find one by its correlation, start one, read one."""

from itertools import islice
from typing import Final

from github.GithubException import GithubException
from github.Workflow import Workflow
from github.WorkflowRun import WorkflowRun

from healer.contracts import RunState

LOOKED_AT: Final = 100
"""Runs that are looked through, latest first: one page."""
_UNPROCESSABLE: Final = 422
_CONFLICT: Final = 409
_COMPLETED: Final = "completed"


def find(workflow: Workflow, branch: str, correlation: str) -> tuple[int, str] | None:
    """Find a run by its name: the caller workflow's `run-name` holds the correlation."""
    for run in islice(workflow.get_runs(branch=branch, event="workflow_dispatch"), LOOKED_AT):
        if correlation in f"{run.name} {run.display_title}":
            return run.id, run.html_url
    return None


def send(workflow: Workflow, branch: str, inputs: dict[str, str]) -> tuple[int, str] | None:
    """Dispatch and give the run; None where the server is older than `return_run_details` (2026) and tells nothing."""
    try:
        run = workflow.create_dispatch(branch, inputs, throw=True, return_run_details=True)
    except GithubException as error:
        if error.status != _UNPROCESSABLE or "return_run_details" not in str(error.data):
            raise
        workflow.create_dispatch(branch, inputs, throw=True)
        return None
    # The stub promises a run; an older server answers 204, and the library then gives True.
    return (run.id, run.html_url) if isinstance(run, WorkflowRun) else None


def cancel(run: WorkflowRun) -> bool:
    """Ask for the end of a run; False where it has ended already."""
    if run.status == _COMPLETED:
        return False
    try:
        run.requester.requestJsonAndCheck("POST", f"{run.url}/cancel")  # PyGithub's own `cancel` tells no refusal
    except GithubException as error:
        if error.status != _CONFLICT:
            raise
        return False
    return True


def state(run: WorkflowRun) -> RunState:
    """Read what GitHub says about a run."""
    return RunState(
        run_id=run.id,
        run_attempt=run.run_attempt,
        status=run.status,
        conclusion=run.conclusion,
        head_sha=run.head_sha,
        head_branch=run.head_branch or "",
        event=run.event,
        path=run.path,
        url=run.html_url,
    )
