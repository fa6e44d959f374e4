"""Takes dispatched runs to their end: concurrency groups, identity, act, states, webhooks."""

import logging
import subprocess
import threading
from collections import defaultdict

from localworld.github.act import Act, Workspace, limit_s, may_identify
from localworld.github.act_log import ActLog, conclude
from localworld.github.bodies import Bodies
from localworld.github.bodies_actions import check_body, job_body, run_body, workflow_body
from localworld.github.masking import Masker
from localworld.github.model import Check, Job, Repository, Run
from localworld.github.oidc import Issuer
from localworld.github.problem import Problem
from localworld.github.store import Store
from localworld.github.templates import now
from localworld.github.webhooks import Webhooks
from localworld.github.workflows import Workflow

_LOG = logging.getLogger(__name__)


class Runner:
    """GitHub's hosted runners: one thread a run; runs of one concurrency group one after the other."""

    def __init__(self, store: Store, hooks: Webhooks, issuer: Issuer) -> None:
        self._store, self._hooks, self._issuer = store, hooks, issuer
        self._groups: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._acts: dict[int, Act] = {}
        self._cancelled: set[int] = set()

    def start(self, repository: Repository, run: Run, workflow: Workflow) -> None:
        """Take a run in hand."""
        threading.Thread(target=self._queue, args=(repository, run, workflow), daemon=True).start()

    def cancel(self, run_id: int) -> None:
        """Cancel a run, running or queued."""
        self._cancelled.add(run_id)
        if run_id in self._acts:
            self._acts[run_id].stop("cancelled")

    def _queue(self, repository: Repository, run: Run, workflow: Workflow) -> None:
        group = workflow.group(run.inputs, repository.name, run.branch)
        with self._groups[group] if group else threading.Lock():
            conclusion = "cancelled" if run.id in self._cancelled else self._run(repository, run, workflow)
        run.status, run.conclusion, run.updated = "completed", conclusion, now()
        self._tell_run(repository, run, "completed")

    def _run(self, repository: Repository, run: Run, workflow: Workflow) -> str:
        workspace, token = Workspace(self._store, repository, run), self._store.new_installation_token()
        identity = None
        try:
            if may_identify(self._store, workflow):
                identity = self._issuer.identify(repository, run, workflow)
            arguments, limit = workspace.lay(token, identity), limit_s(self._store, workflow)
            run.status = "in_progress"
            self._tell_run(repository, run, "in_progress")
            secrets = [token, identity.token] if identity else [token]
            return self._act(repository, run, Act(self._store, workspace, arguments), secrets, limit)
        except Problem as problem:
            run.notes.append(problem.message)
            return "startup_failure"
        except (OSError, subprocess.CalledProcessError):
            _LOG.exception("run %s could not be set up", run.id)
            run.notes.append("The runner could not be set up.")
            return "startup_failure"
        finally:
            self._issuer.forget(run.id)
            self._store.installation_tokens.pop(token, None)
            workspace.remove()

    def _act(self, repository: Repository, run: Run, act: Act, secrets: list[str], limit: float) -> str:
        masker = Masker()
        for secret in secrets:
            masker.learn(secret)
        log = ActLog(run, masker, self._store.new_id, lambda action, job: self._tell_job(repository, run, job, action))
        self._acts[run.id] = act
        if run.id in self._cancelled:  # it was cancelled while its files were laid
            act.stop("cancelled")
        code = act.follow(log.line, limit)
        del self._acts[run.id]
        return conclude(run, code, act.stopped)

    # ------------------------------------------------------------ webhooks

    def _tell_run(self, repository: Repository, run: Run, action: str) -> None:
        bodies = Bodies(self._store)
        shown = {
            "workflow_run": run_body(bodies, repository, run),
            "workflow": workflow_body(bodies, repository, run.path, run.name),
        }
        self._hooks.send("workflow_run", repository, run.actor, {"action": action, **shown})

    def _tell_job(self, repository: Repository, run: Run, job: Job, action: str) -> None:
        bodies = Bodies(self._store)
        body = {"action": action, "workflow_job": job_body(bodies, repository, run, job)}
        self._hooks.send("workflow_job", repository, run.actor, body)
        check = Check(
            job.id, job.name, run.sha, job.status, job.conclusion, summary=job.summary, annotations=job.annotations
        )
        check.completed = job.completed
        check.details_url = bodies.page(repository, "actions/runs", run.id)
        repository.checks[job.id] = check
        told = {
            "action": "completed" if action == "completed" else "created",
            "check_run": check_body(bodies, repository, check),
        }
        self._hooks.send("check_run", repository, run.actor, told)
