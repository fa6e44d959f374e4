"""How a pull request that nobody needs is withdrawn, write by write: killed before and after each effect, then done again."""

import asyncio
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

import flow_github
from factories import NOW, make_delivery, make_run
from flow_site import PLANTED
from git_site import git
from healer.clients.cases import Cases
from healer.contracts import Case, Conclusion, Diagnosis, Event, PullRequest, Reason, State, Verdict
from localworld.crash.tripwire import Side, Tripwire, Wire
from loopback import NO_TLS

GREEN = Diagnosis(run=make_run(), verdict=Verdict(conclusion=Conclusion.SUCCESS, why="green"))
REPO = f"/repos/{flow_github.REPOSITORY}"
WRITES = {
    "redis": {"decision": rb'"kind":"withdrawing"', "record": rb'"kind":"withdrawn"'},
    "github": {
        "comment": f"POST {REPO}/issues/1/comments".encode(),
        "close": f"PATCH {REPO}/pulls/1".encode(),
        "branch": f"DELETE {REPO}/git/refs/heads/heal/UTIL-480".encode(),
    },
}
KEY, BRANCH = "UTIL-480", "heal/UTIL-480"


async def _ended_green(redis_url: str, head: str) -> None:
    """Lay a case with an open pull request, of an importer that fetches its bills again without it."""
    pull = PullRequest(number=1, url="https://github.example/pull/1", state="open", head_sha=head)
    where = {"branch": BRANCH, "head_sha": head, "pull_request": pull, "diagnosis": GREEN}
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        await redis.flushdb()
        case = (await Cases(redis).receive(make_delivery(ticket=KEY), NOW)).case
        await Cases(redis).record(case, "not_fixed", {}, state=State.NOT_FIXED, reason=Reason.ALREADY_HEALED, **where)


async def _stands(redis_url: str) -> tuple[Case | None, tuple[Event, ...]]:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        return await Cases(redis).get(KEY), await Cases(redis).events(KEY)


def _opened(github: flow_github.GitHubWire) -> str:
    """Open the one pull request anew on a fresh branch; give its head."""
    github.pulls.clear()
    github.comments.clear()
    git("branch", "--force", BRANCH, "main", cwd=github.bare)
    body = {"title": "Heal", "body": "-", "head": BRANCH, "base": "main", "draft": False}
    httpx.post(f"{github.url}{REPO}/pulls", json=body, verify=NO_TLS, trust_env=False).raise_for_status()
    return str(github.head(BRANCH))


def _environment(redis_url: str, github: flow_github.GitHubWire, work: Path) -> dict[str, str]:
    return {
        **PLANTED,
        "HEALER_REDIS_URL": redis_url,
        "HEALER_JIRA_URL": "http://127.0.0.1:9",
        "HEALER_JIRA_USER": "importer-healer@acme.example",
        "HEALER_JIRA_PROJECT": "UTIL",
        "HEALER_GITHUB_API_URL": github.url,
        "HEALER_GITHUB_URL": github.url,
        "HEALER_IMPORTERS_REPOSITORY": flow_github.REPOSITORY,
        "HEALER_WORK_DIR": str(work),
    }


@pytest.mark.parametrize(("link", "name"), [(link, name) for link, names in WRITES.items() for name in names])
def test_each_effect_killed_before_and_after_is_there_once(link, name, redis_url, teller, tmp_path):
    """Killed at any write, before it or after it, and done again: one comment, closed once, no branch, and nobody turned it down."""
    with flow_github.running(tmp_path / "github") as github:
        ports = {
            "github": int(github.url.rpartition(":")[2]),
            "redis": int(redis_url.rpartition(":")[2].partition("/")[0]),
        }
        with Tripwire(ports[link]) as wire:
            near = redis_url
            if link == "github":
                github.url = f"http://127.0.0.1:{wire.port}"  # also the one that its answers name
            else:
                near = redis_url.replace(str(ports["redis"]), str(wire.port))
            env = _environment(near, github, tmp_path / "work")
            for side in Side:
                asyncio.run(_ended_green(redis_url, _opened(github)))
                teller.killed(wire, Wire(WRITES[link][name], side), "withdraw", KEY, env)
                for _ in range(2):
                    teller.begin("withdraw", KEY, env)
                    assert teller.ended() == 0
                case, events = asyncio.run(_stands(redis_url))
                kinds = [event.kind for event in events]
                assert case is not None
                assert (kinds.count("withdrawing"), kinds.count("withdrawn")) == (1, 1), side
                assert (len(github.comments), github.pulls[0]["state"], github.head(BRANCH)) == (1, "closed", None), (
                    side
                )
                assert case.pull_request is not None
                assert (case.state, case.pull_request.state) == (State.NOT_FIXED, "closed")
