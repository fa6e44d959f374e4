"""REST: workflows, dispatches, runs, jobs, logs."""

import io
import re
import secrets
import time
import zipfile
from typing import Any

from localworld.github.bodies_actions import job_body, run_body, workflow_body, workflow_id
from localworld.github.call import Answer, Call
from localworld.github.model import Run
from localworld.github.problem import Problem
from localworld.github.workflows import FOLDER, Workflow, load

DOWNLOAD_S = 60
_downloads: dict[str, tuple[float, int]] = {}


def _workflows(call: Call, sha: str) -> list[Workflow]:
    git = call.repository.git
    files = [name for name in git.files(sha, FOLDER) if re.search(r"\.ya?ml$", name)]
    return [load(git, sha, name) for name in files]


def _workflow(call: Call, ref: str) -> tuple[Workflow, str]:
    sha = call.repository.git.sha(ref)
    wanted = call.path["workflow"]
    for found in _workflows(call, sha) if sha else ():
        if wanted in (str(workflow_id(found.path)), found.path.rpartition("/")[2]):
            return found, sha or ""
    raise Problem(404, "Not Found")


def list_workflows(call: Call) -> Answer:
    """List the workflows of the default branch."""
    sha = call.repository.git.sha(call.repository.default_branch) or ""
    found = [workflow_body(call.bodies, call.repository, w.path, w.name) for w in _workflows(call, sha)]
    return call.page(found, lambda shown: {"total_count": len(found), "workflows": shown})


def get_workflow(call: Call) -> Answer:
    """Show a workflow of the default branch, by id or file name."""
    found, _ = _workflow(call, call.repository.default_branch)
    return Answer(200, workflow_body(call.bodies, call.repository, found.path, found.name))


def dispatch(call: Call) -> Answer:
    """Start a workflow by hand; the only way in which one starts here."""
    _workflow(call, call.repository.default_branch)
    ref = call.text("ref").removeprefix("refs/heads/")
    try:
        found, sha = _workflow(call, f"refs/heads/{ref}")
    except Problem:
        raise Problem(422, f"No ref found for: {ref}") from None
    inputs = found.accept(call.body.get("inputs") or {})
    with call.store.lock:
        number = len(call.store.runs) + 1
        run_id = 7000 + number
        title = found.run_name(inputs, call.repository.name, ref)
        run = Run(run_id, number, found.path, found.name, title, ref, sha, call.caller.login, inputs)
        run.repository = call.repository.name
        call.store.runs[run_id] = run
    call.hooks.send("workflow_run", call.repository, run.actor, _event(call, run, "requested"))
    call.store.config["runner"].start(call.repository, run, found)
    if not call.body.get("return_run_details"):
        return Answer(204)
    url = call.bodies.at(call.repository, "actions/runs", run_id)
    return Answer(
        200,
        {
            "workflow_run_id": run_id,
            "run_url": url,
            "html_url": call.bodies.page(call.repository, "actions/runs", run_id),
        },
    )


def _event(call: Call, run: Run, action: str) -> dict[str, Any]:
    body = run_body(call.bodies, call.repository, run)
    return {
        "action": action,
        "workflow_run": body,
        "workflow": workflow_body(call.bodies, call.repository, run.path, run.name),
    }


def _matching(call: Call) -> list[Run]:
    query = call.query
    found = [run for run in reversed(list(call.store.runs.values())) if run.repository == call.repository.name]
    wanted = {"branch": "branch", "event": "event", "head_sha": "sha"}
    for parameter, member in wanted.items():
        if query.get(parameter):
            found = [run for run in found if getattr(run, member) == query[parameter]]
    if query.get("status"):
        found = [run for run in found if query["status"] in (run.status, run.conclusion)]
    return found


def list_runs(call: Call) -> Answer:
    """List runs, newest first, of all workflows or of one."""
    found = _matching(call)
    if "workflow" in call.path:
        path = _workflow(call, call.repository.default_branch)[0].path
        found = [run for run in found if run.path == path]
    bodies = [run_body(call.bodies, call.repository, run) for run in found]
    return call.page(bodies, lambda shown: {"total_count": len(bodies), "workflow_runs": shown})


def _run(call: Call) -> Run:
    return call.store.run(call.repository, call.number("run"))


def get_run(call: Call) -> Answer:
    """Show a run."""
    return Answer(200, run_body(call.bodies, call.repository, _run(call)))


def list_jobs(call: Call) -> Answer:
    """List the jobs of a run."""
    run = _run(call)
    found = [job_body(call.bodies, call.repository, run, job) for job in run.jobs]
    return call.page(found, lambda shown: {"total_count": len(found), "jobs": shown})


def cancel(call: Call) -> Answer:
    """Cancel a run."""
    run = _run(call)
    if run.status == "completed":
        raise Problem(409, "Cannot cancel a workflow run that is completed.")
    call.store.config["runner"].cancel(run.id)
    return Answer(202, {})


def logs(call: Call) -> Answer:
    """Point to the log archive: an address of its own that wants no login and lives for a minute."""
    run = _run(call)
    if run.status != "completed":
        raise Problem(404, "Not Found")
    ticket = secrets.token_urlsafe(16)
    _downloads[ticket] = (time.monotonic() + DOWNLOAD_S, run.id)
    return Answer(302, None, {"Location": f"{call.store.url}/_downloads/{ticket}.zip"})


def archive(runs: dict[int, Run], ticket: str) -> bytes | None:
    """Pack the logs that a download address stands for; None once it has expired."""
    until, run_id = _downloads.get(ticket, (0.0, 0))
    if until < time.monotonic() or run_id not in runs:
        return None
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        for job in runs[run_id].jobs:
            files.writestr(f"{job.name}.txt", "\n".join(line for step in job.steps for line in step.log))
    return packed.getvalue()
