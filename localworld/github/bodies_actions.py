"""Bodies of workflows, runs, jobs and check runs."""

from typing import Any

from localworld.github.bodies import Bodies, node_id
from localworld.github.model import Check, Job, Repository, Run

_SUITE = 7_000_000
_WORKFLOWS = 161_335


def workflow_id(path: str) -> int:
    """Give the stable id of a workflow file."""
    return _WORKFLOWS + sum(path.encode())


def workflow_body(bodies: Bodies, repository: Repository, path: str, name: str) -> Any:
    """Give a workflow."""
    number = workflow_id(path)
    file = path.rpartition("/")[2]
    body = {"id": number, "node_id": node_id("Workflow", number), "name": name, "path": path, "state": "active"}
    body |= {
        "created_at": repository.created,
        "updated_at": repository.created,
        "url": bodies.at(repository, "actions/workflows", number),
    }
    return {
        **body,
        "html_url": bodies.page(repository, "blob/main", path),
        "badge_url": bodies.page(repository, "workflows", file, "badge.svg"),
    }


def run_body(bodies: Bodies, repository: Repository, run: Run, schema: str = "workflow-run") -> Any:
    """Give a workflow run."""
    whole = bodies.repository(repository, "minimal-repository")
    body = {**bodies.example("workflow-run", repository), **_run_facts(run), **_run_links(bodies, repository, run)}
    body |= {"actor": bodies.user(run.actor), "triggering_actor": bodies.user(run.actor)}
    body |= {"head_commit": _head(repository, run), "repository": whole, "head_repository": whole}
    return bodies.conform(schema, body)


def _run_facts(run: Run) -> dict[str, Any]:
    names = {"id": run.id, "node_id": node_id("WorkflowRun", run.id), "name": run.name, "display_title": run.title}
    what = {"path": run.path, "head_branch": run.branch, "head_sha": run.sha, "event": run.event}
    ends = {"status": run.status, "conclusion": run.conclusion, "run_number": run.number, "run_attempt": run.attempt}
    suite = {"check_suite_id": _SUITE + run.id, "check_suite_node_id": node_id("CheckSuite", _SUITE + run.id)}
    times = {"created_at": run.created, "updated_at": run.updated, "run_started_at": run.created}
    none: dict[str, Any] = {"pull_requests": [], "referenced_workflows": [], "previous_attempt_url": None}
    return {**names, **what, **ends, **suite, **times, **none, "workflow_id": workflow_id(run.path)}


def _run_links(bodies: Bodies, repository: Repository, run: Run) -> dict[str, str]:
    url = bodies.at(repository, "actions/runs", run.id)
    parts = {f"{part}_url": f"{url}/{part}" for part in ("jobs", "logs", "artifacts", "cancel", "rerun")}
    return {
        **parts,
        "url": url,
        "html_url": bodies.page(repository, "actions/runs", run.id),
        "check_suite_url": bodies.at(repository, "check-suites", _SUITE + run.id),
        "workflow_url": bodies.at(repository, "actions/workflows", workflow_id(run.path)),
    }


def _head(repository: Repository, run: Run) -> dict[str, Any]:
    commit = repository.git.commit(run.sha)
    who = {"author": _person(commit.author), "committer": _person(commit.committer)}
    return {
        "id": run.sha,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": commit.committer["date"],
        **who,
    }


def _person(who: dict[str, str]) -> dict[str, str]:
    return {"name": who["name"], "email": who["email"]}


def job_body(bodies: Bodies, repository: Repository, run: Run, job: Job) -> Any:
    """Give a job with its steps."""
    url = bodies.at(repository, "actions/jobs", job.id)
    steps = [
        {
            "name": s.name,
            "status": s.status,
            "conclusion": s.conclusion,
            "number": s.number,
            "started_at": s.started,
            "completed_at": s.completed,
        }
        for s in job.steps
    ]
    body = {
        "id": job.id,
        "node_id": node_id("Job", job.id),
        "name": job.name,
        "status": job.status,
        "conclusion": job.conclusion,
    }
    body |= {
        "run_id": run.id,
        "run_url": bodies.at(repository, "actions/runs", run.id),
        "run_attempt": run.attempt,
        "url": url,
    }
    body |= {
        "html_url": bodies.page(repository, "actions/runs", run.id, "job", job.id),
        "head_sha": run.sha,
        "head_branch": run.branch,
    }
    body |= {"created_at": job.started, "started_at": job.started, "completed_at": job.completed, "steps": steps}
    body |= {"check_run_url": bodies.at(repository, "check-runs", job.id), "labels": ["ubuntu-latest"], "runner_id": 1}
    return {
        **body,
        "runner_name": "GitHub Actions 1",
        "runner_group_id": 2,
        "runner_group_name": "GitHub Actions",
        "workflow_name": run.name,
    }


def check_body(bodies: Bodies, repository: Repository, check: Check) -> Any:
    """Give a check run."""
    body = bodies.example("check-run-example-of-completed-conclusion", repository)
    url = bodies.at(repository, "check-runs", check.id)
    output: dict[str, Any] = {"title": check.title or None, "summary": check.summary or None, "text": None}
    output |= {"annotations_count": len(check.annotations), "annotations_url": url + "/annotations"}
    body |= {
        "id": check.id,
        "node_id": node_id("CheckRun", check.id),
        "name": check.name,
        "head_sha": check.head_sha,
        "url": url,
    }
    body |= {
        "status": check.status,
        "conclusion": check.conclusion,
        "started_at": check.started,
        "completed_at": check.completed,
    }
    body |= {
        "html_url": bodies.page(repository, "runs", check.id),
        "details_url": check.details_url or None,
        "output": output,
    }
    body |= {"external_id": check.external_id, "pull_requests": [], "check_suite": {"id": _SUITE + check.id}}
    body["app"] = {**body["app"], "id": check.app}
    return bodies.conform("check-run", body)
