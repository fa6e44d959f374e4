"""The stories that the demo and the tests tell: what is broken, and how the case must end, told by those who can see it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from localworld import workato
from localworld.desk import Operator, Seen
from localworld.layout import APP_ID

REPOSITORY = "/repos/acme/importers"


@dataclass(frozen=True)
class Story:
    """One breakage. `switches` are thrown at the portal; `ending` is what everybody must see when the case has ended."""

    name: str
    title: str
    importer: str
    switches: dict[str, object]
    ending: Callable[[Operator, Seen], dict[str, bool]]
    patience_s: float = 240.0


@dataclass
class Told:
    """A story as it went: the case at its end, and each finding with whether it held."""

    story: Story
    seen: Seen | None
    seconds: float
    findings: dict[str, bool] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Tell whether it ended as it should."""
        return bool(self.findings) and all(self.findings.values())


def _pulls(operator: Operator, seen: Seen) -> list[dict[str, Any]]:
    head = f"acme:heal/{seen.case['id']}"
    pulls: list[dict[str, Any]] = operator.github(f"{REPOSITORY}/pulls?state=all&head={head}")
    return pulls


def _ticket(operator: Operator, seen: Seen) -> dict[str, Any]:
    fields: dict[str, Any] = operator.jira(f"/issue/{seen.case['id']}")["fields"]
    return fields


def _comments(operator: Operator, seen: Seen) -> list[str]:
    return [c["body"] for c in operator.jira(f"/issue/{seen.case['id']}/comment")["comments"]]


def _checks(operator: Operator, seen: Seen) -> list[tuple[str, int]]:
    """Give conclusion and App of the check that a branch protection would require of the branch's head."""
    path = f"{REPOSITORY}/commits/{seen.case['head_sha']}/check-runs?check_name=importer-healer / rake fetch"
    return [(run["conclusion"], run["app"]["id"]) for run in operator.github(path)["check_runs"]]


def _branch(seen: Seen) -> str:
    return f"heal/{seen.case['id']}"


def healed(attempts: int | None) -> Callable[[Operator, Seen], dict[str, bool]]:
    """Make the ending of a healed case: one branch, one pull request, one comment, the ticket in review. None: any number of attempts."""

    def ending(operator: Operator, seen: Seen) -> dict[str, bool]:
        pulls, comments = _pulls(operator, seen), _comments(operator, seen)
        return {
            "case is published": seen.case["state"] == "published",
            f"{attempts or 'any number of'} attempt(s)": attempts in {None, len(seen.case["attempts"])},
            "one branch": operator.branches().count(_branch(seen)) == 1,
            "one open pull request": [p["state"] for p in pulls] == ["open"],
            "its head is the verified commit": bool(pulls) and pulls[0]["head"]["sha"] == seen.case["head_sha"],
            "its check is green, by our App": _checks(operator, seen) == [("success", APP_ID)],
            "one comment on the ticket": len(comments) == 1,
            "ticket is in review": _ticket(operator, seen)["status"]["name"] == "In Review",
        }

    return ending


def site_down(operator: Operator, seen: Seen) -> dict[str, bool]:
    """Tell how a case of a portal that is down must end."""
    comments = _comments(operator, seen)
    return {
        "case is not_fixed SITE_DOWN": (seen.case["state"], seen.case["reason"]) == ("not_fixed", "SITE_DOWN"),
        "no branch": _branch(seen) not in operator.branches(),
        "no pull request": not _pulls(operator, seen),
        "next check is set": bool(seen.case["next_check"]),
        "one comment that says why and when": len(comments) == 1 and "next look" in comments[0].lower(),
    }


def spent(operator: Operator, seen: Seen) -> dict[str, bool]:
    """Tell how a case that stays red must end."""
    comments = _comments(operator, seen)
    return {
        "case needs an engineer": seen.case["state"] == "needs_engineer",
        "because attempts are spent": seen.case["reason"] == "ATTEMPTS_SPENT",
        "no pull request": not _pulls(operator, seen),
        "its check is red": _checks(operator, seen) == [("failure", APP_ID)],
        "branch kept": _branch(seen) in operator.branches(),
        "branch and runs linked on the ticket": len(comments) == 1
        and _branch(seen) in comments[0]
        and "/actions/runs/" in comments[0],
    }


def healed_or_handed_over(operator: Operator, seen: Seen) -> dict[str, bool]:
    """Tell how a case must end that an agent may heal or not: with a pull request, or with a person and the reason."""
    if seen.case["state"] == "published":
        return healed(None)(operator, seen)
    return {
        "case needs an engineer": seen.case["state"] == "needs_engineer",
        "no pull request": not _pulls(operator, seen),
        "one comment on the ticket": len(_comments(operator, seen)) == 1,
    }


STORIES = (
    Story("renamed", "Selectors renamed", "brightwater", {"version": "v2"}, healed(1)),
    Story("twice", "Two things broken at once", "northgas", {"version": "v2"}, healed(2)),
    Story("down", "Portal answers 503", "voltara", {"down": True}, site_down),
    Story("red", "Red to the end", "cascade", {"version": "v2"}, spent),
)


def stories(*, free: bool = False) -> tuple[Story, ...]:
    """Give the stories. A `free` agent takes the attempts that it takes, and may heal what relocation cannot; it has more time."""
    if not free:
        return STORIES
    endings = {"renamed": healed(None), "twice": healed(None), "red": healed_or_handed_over}
    return tuple(replace(s, ending=endings.get(s.name, s.ending), patience_s=3600.0) for s in STORIES)


def refusals(operator: Operator, ticket: str, importer: str) -> dict[str, bool]:
    """Send what must be refused; tell for each whether it was, and that nothing was started by it."""
    key, body = operator.layout.keys.workato, {"ticket": ticket, "importer": importer}
    before = _census(operator)
    tries: dict[str, tuple[workato.Signed, int]] = {
        "replayed after the window": (workato.delivery(body, key, at=1_700_000_000), 401),
        "forged signature": (workato.delivery(body, "whsec_" + "QUJD" * 11), 401),
        "unknown importer": (workato.delivery({**body, "importer": "nobody"}, key, id="unknown-importer"), 422),
        "body that is no JSON": (workato.delivery(b"ticket=UTIL-1", key, id="no-json"), 422),
    }
    found = {name: _refused(operator.post(signed), status) for name, (signed, status) in tries.items()}
    return {**found, "nothing started": _census(operator) == before}


def _refused(answer: httpx.Response, status: int) -> bool:
    problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return answer.status_code == status and problem


def _census(operator: Operator) -> tuple[int, int]:
    headers = {"Authorization": f"Bearer {operator.world.api_token}"}
    cases = operator.http.get(operator.layout.url("gateway") + "/v1/cases", headers=headers).json()
    ours = {"flows": {"name": {"any_": ["heal", "publish"]}}}
    runs = operator.http.post(operator.layout.url("prefect") + "/api/flow_runs/count", json=ours).json()
    return len(cases["cases"]), runs
