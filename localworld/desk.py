"""What a person at the desk does: sends tickets, throws the portal's switches, looks at cases, pull requests and tickets."""

import subprocess
import time
from dataclasses import dataclass
from typing import Any

import httpx

from localworld import workato
from localworld.errors import WorldError
from localworld.layout import ROBOT
from localworld.world import World

ENDED = ("published", "not_fixed", "needs_engineer", "stopped", "observed", "branch_only")
CLOSED = ("receipt_written", "pending")


@dataclass(frozen=True)
class Seen:
    """A case as the gateway shows it, with the moment we saw it end (seconds since the watch began)."""

    case: dict[str, Any]
    events: list[dict[str, Any]]
    links: dict[str, Any]

    @property
    def receipted(self) -> bool:
        """Tell whether the last thing that happened is the receipt of it all."""
        return bool(self.events[-1]["kind"] == CLOSED[0])

    @property
    def ended(self) -> bool:
        """Tell whether nothing more happens without a person or a wake-up: the case has ended, ticket and receipt tell so."""
        return self.case["state"] in ENDED and self.events[-1]["kind"] in CLOSED


class Operator:
    """One person with a read token, a browser and the portal's switchboard."""

    def __init__(self, world: World) -> None:
        self.world, self.layout = world, world.layout
        self.http = httpx.Client(timeout=10, trust_env=False)

    def switch(self, utility: str, **switches: object) -> None:
        """Throw the portal's switches for one utility."""
        self.http.post(f"{self.layout.url('portal')}/_control/{utility}", json=switches).raise_for_status()

    def send(self, ticket: str, importer: str) -> httpx.Response:
        """Let Workato deliver a ticket."""
        delivery = workato.delivery({"ticket": ticket, "importer": importer}, self.layout.keys.workato)
        return self.post(delivery)

    def post(self, delivery: workato.Signed) -> httpx.Response:
        """Post a signed delivery as it is."""
        url = f"{self.layout.url('gateway')}/v1/hooks/workato"
        return self.http.post(url, content=delivery.body, headers=delivery.headers)

    def look(self, case: str) -> Seen | None:
        """Read a case."""
        answer = self.http.get(
            f"{self.layout.url('gateway')}/v1/cases/{case}",
            headers={"Authorization": f"Bearer {self.world.api_token}"},
        )
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        answer.raise_for_status()
        body = answer.json()
        return Seen(body["case"], body["events"], body["links"])

    def wait(self, case: str, seconds: float = 120.0) -> Seen:
        """Watch a case until it ends.

        Raises: WorldError when it does not end in time.
        """
        deadline = time.monotonic() + seconds
        while True:
            seen = self.look(case)
            if seen and seen.ended:
                return seen
            if time.monotonic() > deadline:
                state = seen.case["state"] if seen else "unknown"
                raise WorldError(
                    f"case {case} is still {state} after {seconds:.0f} s; logs are in {self.world.root}/log"
                )
            time.sleep(0.1)

    def github(self, path: str) -> Any:
        """Read from GitHub's API as the maintainer."""
        answer = self.http.get(
            f"{self.layout.url('github')}/api/v3{path}",
            headers={"Authorization": f"token {self.layout.keys.maintainer}"},
        )
        answer.raise_for_status()
        return answer.json()

    def jira(self, path: str) -> Any:
        """Read from JIRA's API as the healer's own account."""
        keys, user = self.layout.keys, ROBOT
        if self.layout.plan.jira_mode == "cloud":
            answer = self.http.get(f"{self.layout.url('jira')}/rest/api/2{path}", auth=(user, keys.jira))
        else:
            bearer = {"Authorization": f"Bearer {keys.jira}"}
            answer = self.http.get(f"{self.layout.url('jira')}/rest/api/2{path}", headers=bearer)
        answer.raise_for_status()
        return answer.json()

    def branches(self) -> list[str]:
        """Give the branches of the importers repository as git has them."""
        bare = self.world.root / "github/repos/acme/importers.git"
        argv = ["git", "-C", str(bare), "for-each-ref", "--format=%(refname:short)", "refs/heads"]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)  # noqa: S603 - our own argv
        return done.stdout.split()

    def close(self) -> None:
        """Close the connections."""
        self.http.close()
