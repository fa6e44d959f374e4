"""What the doctor asks neighbours over HTTP: Prefect, the gateway, GitHub and JIRA, each as its own API tells it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import metadata
from typing import Any, Final

import httpx

from healer import doctor
from healer.clients import github_app
from healer.clients.orchestrator import basic_auth
from healer.clients.sinks.rest import Rest
from healer.clients.wire import authorization
from healer.doctor import Finding
from healer.settings import AuditSettings, FlowSettings, GatewaySettings
from healer.wiring import github

Room = FlowSettings | GatewaySettings
_TIMEOUT_S: Final = 10


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _rest(address: str, service: str, **login: Any) -> Iterator[Rest]:
    with httpx.Client(base_url=address, timeout=_TIMEOUT_S, **login) as http:
        yield Rest(http, service)


def _told_at(answer: httpx.Response) -> datetime | None:
    return parsedate_to_datetime(answer.headers["date"]) if "date" in answer.headers else None


def prefect(places: AuditSettings) -> Iterator[Finding]:
    """Ask Prefect for its version, its time, its deployments and the last round of `reconcile`.

    Raises: HealerError.
    """
    if not places.prefect_api_url:
        yield doctor.note("Prefect", "not looked at: HEALER_PREFECT_API_URL is not set", "Set it here.")
        return
    with _rest(places.prefect_api_url, "Prefect", headers=basic_auth(places.prefect_auth)) as rest:
        answer = rest.send("GET", "/admin/version")
        yield _prefect_version(str(answer.json()))
        yield doctor.clock("clock of Prefect", _now(), _told_at(answer))
        known = rest.post("/deployments/filter", {})
        yield from doctor.deployments({one["name"]: (bool(one["paused"]), one["status"] == "READY") for one in known})
        yield doctor.rounds(_last_reconcile(rest), _now())


def _prefect_version(found: str) -> Finding:
    try:
        return doctor.version("Prefect", found, metadata.version("prefect"))
    except metadata.PackageNotFoundError:  # the gateway has no Prefect of its own
        return doctor.good("Prefect", f"version {found}")


def _last_reconcile(rest: Rest) -> datetime | None:
    wanted = {
        "sort": "END_TIME_DESC",
        "limit": 1,
        "flows": {"name": {"any_": ["reconcile"]}},
        "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
    }
    runs = rest.post("/flow_runs/filter", wanted)
    return datetime.fromisoformat(runs[0]["end_time"]) if runs else None


def gateway(url: str) -> Iterator[Finding]:
    """Ask the gateway whether it is ready, and whom it reaches.

    Raises: HealerError.
    """
    with _rest(url, "the gateway") as rest:
        answer = rest.send("GET", "/readyz")
    states = {name: state for name, state in answer.json().items() if name != "status"}
    failing = [name for name, state in states.items() if state == "failing"]
    if failing:
        mend = "See what the doctor says about them where the gateway runs."
        yield doctor.bad("gateway", f"ready, but does not reach {', '.join(failing)}", mend)
    else:
        yield doctor.good("gateway", f"ready; reaches {', '.join(states)}")
    yield doctor.clock("clock of the gateway", _now(), _told_at(answer))


def repository(room: Room) -> Iterator[Finding]:
    """Ask GitHub for the importers repository, and what we may do there.

    Raises: HealerError.
    """
    login = authorization("Bearer", github(room).git_token())
    with _rest(room.github_api_url, "GitHub", headers=login) as rest:
        answer = rest.send("GET", f"/repos/{room.importers_repository}")
    if answer.is_error:
        mend = "Check HEALER_IMPORTERS_REPOSITORY, and that the App is installed on it."
        yield doctor.bad("GitHub", f"there is no repository {room.importers_repository} for us", mend)
        return
    yield doctor.good("GitHub", f"shows us {room.importers_repository}")
    yield doctor.clock("clock of GitHub", _now(), _told_at(answer))
    yield from _permissions(room)


def _permissions(room: Room) -> Iterator[Finding]:
    app, installation, key = room.github_app_id, room.github_app_installation, room.github_app_key
    if app and installation and key:
        given = github_app.permissions(app, installation, key, room.github_api_url)
        yield from doctor.app_permissions(given, commands=room.github_command_team is not None)
    else:
        says = "a token does not tell what it may do, and makes no check run"
        yield doctor.note("GitHub permissions", says, "Use a GitHub App.")


def jira(room: Room) -> Iterator[Finding]:
    """Ask JIRA who we are, what we may do in the project, and which statuses it has.

    Raises: HealerError.
    """
    login: dict[str, Any] = {"headers": authorization("Bearer", room.jira_token)}
    if room.jira_user:
        login = {"auth": (room.jira_user, room.jira_token.get_secret_value())}
    with _rest(f"{room.jira_url.rstrip('/')}/rest/api/2/", "JIRA", **login) as rest:
        rest.send("GET", "myself")
        told = rest.get("serverInfo")
        yield doctor.good("JIRA", f"knows us; {told['deploymentType']} {told['version']}")
        yield doctor.clock("clock of JIRA", _now(), datetime.fromisoformat(told["serverTime"]))
        yield _permitted(rest, room.jira_project)
        yield _statuses(room, rest.get(f"project/{room.jira_project}/statuses") or [])


def _permitted(rest: Rest, project: str) -> Finding:
    names = doctor.JIRA_PERMISSIONS
    given = rest.get("mypermissions", {"projectKey": project, "permissions": ",".join(names)})["permissions"]
    return doctor.jira_permissions({name: bool(given.get(name, {}).get("havePermission")) for name in names})


def _statuses(room: Room, kinds: list[dict[str, Any]]) -> Finding:
    """Look for the statuses that the settings name among those of the types that we take."""
    types = {name.casefold() for name in room.jira_issue_types}
    known = {status["name"] for kind in kinds if kind["name"].casefold() in types for status in kind["statuses"]}
    wanted = (room.jira_status_review, room.jira_status_waiting, room.jira_status_done)
    there = ", ".join(sorted(known)) or "none for our types"
    mend = f"Name the project's own in HEALER_JIRA_STATUS_… and HEALER_JIRA_ISSUE_TYPES; it has {there}."
    return doctor.named("JIRA statuses", wanted, known, mend)
