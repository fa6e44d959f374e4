"""The runner: warm, stock, and a worker in its place."""

import asyncio
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis

from factories import NOW
from flow_site import BIN, environment, program
from healer.clients.cases import Cases
from healer.clients.outbox import Outbox
from healer.contracts import Delivery, RunRequest, State

PYTHON = BIN / "python"
ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENTS = ROOT / "deployments/prefect.yaml"


def lay_cases(redis_url: str, *tickets: str) -> None:
    """Lay cases that await nothing, so that a flow run finds nothing to do but to show them, and has nobody to tell."""

    async def lay() -> None:
        async with Redis.from_url(redis_url, decode_responses=True) as redis:
            for ticket in tickets:
                delivery = Delivery(
                    id=f"d-{ticket}", ticket=ticket, importer="brightwater", body_sha256="a" * 64, received_at=NOW
                )
                received = await Cases(redis).receive(delivery, datetime.now(UTC))
                await Cases(redis).record(received.case, "gate_dispatched", {}, state=State.DIAGNOSING)

    asyncio.run(lay())


def nudge(redis_url: str) -> None:
    """Say that there is something to do, as the gateway does."""

    async def say() -> None:
        async with Redis.from_url(redis_url, decode_responses=True) as redis:
            await Outbox(redis, "test").nudge("test")

    asyncio.run(say())


def start(prefect, ticket: str, attempt: int = 0) -> str:
    return prefect.start(RunRequest(flow="heal", case=ticket, attempt=attempt))


@pytest.mark.parametrize(
    ("program", "values", "named"),
    [
        ("healer-runner", {"PREFECT_API_URL": ""}, "PREFECT_API_URL"),
        ("healer-runner", {"PREFECT_API_URL": "http://127.0.0.1:9/api", "HEALER_JIRA_URL": ""}, "HEALER_JIRA_URL"),
        ("healer-prefect-server", {"HEALER_REDACT_PERSONAL": "perhaps"}, "HEALER_REDACT_PERSONAL"),
    ],
)
def test_missing_or_wrong_settings_are_named(flow_env, program, values, named):
    """A program that lacks a setting ends at once with 2 and one line that names it; Prefect's client begins no server of its own."""
    env = environment(**{**flow_env, **values})
    done = subprocess.run([BIN / program], env=env, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"{program}: ")
    assert named in done.stderr


def test_what_runs_have_alike_is_ready_before_they_are_forked(flow_env):
    """The ways to write this environment's secrets, and data models, are worked out once; without settings a run says what it lacks."""
    program = (
        "import prefect.artifacts, flows.rehearsal, healer.redact as redact;"
        "print(redact._written.cache_info().currsize > 5, prefect.artifacts.MarkdownArtifact.__pydantic_complete__)"
    )
    for env, said in ((environment(**flow_env), "True True"), (environment(), "False True")):
        done = subprocess.run([PYTHON, "-c", program], env=env, capture_output=True, text=True, check=True, timeout=30)
        assert done.stdout.strip() == said


def test_warm_runner_executes_each_run_once_and_at_once(prefect, flow_env, redis_url, tmp_path):
    """A nudge starts a run at once, a repeated request makes no second one, and a deploy's SIGTERM ends the runner in order."""
    tickets = [f"UTIL-{n}" for n in range(201, 204)]
    lay_cases(redis_url, *tickets)
    log = tmp_path / "runner.log"
    with prefect.runner(flow_env, log, "--limit", "2", "--look-every", "3600") as runner:
        assert "runner ready (warm" in log.read_text()
        runs = [start(prefect, ticket) for ticket in tickets for _ in range(2)]
        nudge(redis_url)
        ended = [prefect.ended(run) for run in dict.fromkeys(runs)]
        runner.send_signal(signal.SIGTERM)
        assert runner.wait(10) == 0
    assert "never awaited" not in log.read_text()
    assert runs[::2] == runs[1::2]
    assert {(run["state_type"], run["run_count"]) for run in ended} == {("COMPLETED", 1)}
    assert [len(prefect.artifacts(run["id"])) for run in ended] == [1] * len(tickets)
    assert ended[0]["state"]["message"] == "UTIL-201: diagnosing."


def test_stock_runner_and_worker_do_the_same_work(prefect, flow_env, redis_url, tmp_path):
    """A run completes without a warm start too; `prefect deploy --all` makes the same deployments, and a worker executes them."""
    lay_cases(redis_url, "UTIL-211", "UTIL-212")
    log = tmp_path / "runner.log"
    with prefect.runner(flow_env, log, "--stock"):
        assert "runner ready (stock" in log.read_text()
        by_stock = prefect.ended(start(prefect, "UTIL-211"))
    by_runner = _deployments(prefect)
    run = start(prefect, "UTIL-212")
    env = {**flow_env, "PREFECT_API_URL": prefect.api_url}
    deploy = [str(BIN / "prefect"), "--no-prompt", "deploy", "--all", "--prefect-file", str(DEPLOYMENTS)]
    with program([str(BIN / "prefect"), "worker", "start", "--pool", "healer"], env, tmp_path / "worker.log"):
        done = subprocess.run(deploy, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
        by_worker = prefect.ended(run, 40)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _deployments(prefect) == by_runner
    for ticket, ended in (("UTIL-211", by_stock), ("UTIL-212", by_worker)):
        assert (ended["state_type"], ended["state"]["message"]) == ("COMPLETED", f"{ticket}: diagnosing.")


def _deployments(prefect) -> dict[str, object]:
    """Give all of a deployment that decides how it runs."""
    told = (
        "entrypoint",
        "pull_steps",
        "work_pool_name",
        "job_variables",
        "parameter_openapi_schema",
        "tags",
        "description",
    )
    found = [prefect.call("GET", f"/deployments/name/{name}/{name}") for name in ("heal", "publish")]
    return {one["name"]: {member: one[member] for member in told} for one in found}
