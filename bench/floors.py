"""What a healing stands on, measured by itself in the same world: an empty flow run, an empty gate job, a push."""

import shutil
import statistics
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx
from redis import Redis

from bench.worlds import ROOM, wait
from localworld.desk import Operator
from localworld.processes import Process
from localworld.seed import CHECKOUT, git

_TIMES: Final = 8
_API: Final = "/repos/acme/importers"


def flow_run(operator: Operator) -> dict[str, float]:
    """Measure a flow run that does nothing, from the request to its end, on a warm runner of ours (seconds)."""
    layout, log = operator.layout, ROOM / "empty.log"
    log.unlink(missing_ok=True)
    argv = [str(Path(sys.executable).parent / "healer-runner"), "--deployments", str(CHECKOUT / "bench/empty.yaml")]
    env = layout.environment({**layout.flow_settings(), "PYTHONPATH": str(CHECKOUT)})
    runner = Process("empty", argv, env, log)
    runner.start()
    try:
        runner.wait_until(lambda: "runner ready" in log.read_text())
        return _told([_one_run(operator) for _ in range(_TIMES + 1)][1:])
    finally:
        runner.stop()


def _one_run(operator: Operator) -> float:
    deployment = _prefect(operator, "GET", "/deployments/name/empty/empty")["id"]
    began = time.time()
    due = {"state": {"type": "SCHEDULED"}}
    run = _prefect(operator, "POST", f"/deployments/{deployment}/create_flow_run", json=due)
    with Redis.from_url(operator.world.redis.url) as redis:
        redis.publish("healer:nudge", "empty")

    def ended() -> Any:
        found = _prefect(operator, "GET", f"/flow_runs/{run['id']}")
        return found if found["state_type"] == "COMPLETED" else None

    return datetime.fromisoformat(wait(ended)["end_time"]).timestamp() - began


def _prefect(operator: Operator, method: str, path: str, **request: Any) -> Any:
    """Call Prefect's API as its own client does: again where SQLite was busy."""

    def answered() -> Any:
        answer = operator.http.request(method, operator.layout.url("prefect") + "/api" + path, **request)
        return answer if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE else None

    return wait(answered).raise_for_status().json()


def gate_job(operator: Operator) -> dict[str, float]:
    """Measure a workflow run whose only step is `true`, from the dispatch to its end (seconds)."""
    return _told([_one_job(operator) for _ in range(_TIMES)])


def _one_job(operator: Operator) -> float:
    url = f"{operator.layout.url('github')}/api/v3{_API}/actions"
    headers = {"Authorization": f"token {operator.layout.keys.maintainer}"}
    began = time.monotonic()
    body = {"ref": "main", "return_run_details": True}
    answer = operator.http.post(f"{url}/workflows/empty.yml/dispatches", json=body, headers=headers)
    answer.raise_for_status()
    run = f"{_API}/actions/runs/{answer.json()['workflow_run_id']}"
    ended = wait(lambda: (found := operator.github(run))["status"] == "completed" and found)
    if ended["conclusion"] != "success":
        raise RuntimeError(f"the empty job ended with {ended['conclusion']}")
    return time.monotonic() - began


def push(operator: Operator) -> dict[str, float]:
    """Measure the push of one commit on a new branch (seconds)."""
    layout, clone = operator.layout, ROOM / "clone"
    shutil.rmtree(clone, ignore_errors=True)
    url = layout.url("github").replace("://", f"://x-access-token:{layout.keys.maintainer}@") + "/acme/importers.git"
    git("clone", "-q", "--depth=1", url, str(clone), cwd=ROOM)
    found = []
    for number in range(_TIMES):
        (clone / "README.md").write_text(f"{number}\n")
        git("commit", "-q", "-a", "-m", "Change a line", cwd=clone)
        began = time.monotonic()
        git("push", "-q", "origin", f"HEAD:refs/heads/bench-{number}", cwd=clone)
        found.append(time.monotonic() - began)
    return _told(found)


def _told(seconds: list[float]) -> dict[str, float]:
    return {"p50": round(statistics.median(seconds), 3), "most": round(max(seconds), 3), "times": len(seconds)}
