"""`python -m localworld.photograph`: takes the pictures of the README, in headless Chromium, of a small world with a scripted gate.

Exit codes: 0 done; 2 the world could not be set up, or there is no Chromium.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from PIL import Image

from localworld.desk import Operator
from localworld.errors import WorldError
from localworld.layout import Plan
from localworld.seed import CHECKOUT, git
from localworld.world import World

PICTURES: Final = CHECKOUT / "localworld/pictures"
_QUIET: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
)
_COLOURS: Final = 96
_PATIENCE_S: Final = 180.0
_SCRIPT_MS: Final = 15_000
"""A page that draws itself by script is given so much of the browser's own time."""
T = TypeVar("T")


class Photographer:
    """Somebody with a browser in a world, and with the tokens that its pages and its intake want."""

    def __init__(self, world: World, browser: str, folder: Path) -> None:
        self.world, self._browser, self._folder = world, browser, folder
        self.operator, self._room = Operator(world), Path(tempfile.mkdtemp(prefix="healer-pictures-"))
        self._scheduler = world.healer("token", "create", "--scope", "fetches", "--name", "scheduler").strip()

    def take(self, name: str, url: str, size: tuple[int, int], wait_ms: int = 0) -> None:
        """Take a picture of a page of the world."""
        raw = self._room / f"{name}.png"
        argv = [self._browser, *_QUIET, f"--user-data-dir={self._room / name}", f"--screenshot={raw}"]
        argv += [f"--window-size={size[0]},{size[1]}", *([f"--virtual-time-budget={wait_ms}"] if wait_ms else [])]
        subprocess.run([*argv, url], check=True, capture_output=True, timeout=_PATIENCE_S)  # noqa: S603 - our own argv
        self._folder.mkdir(parents=True, exist_ok=True)
        with Image.open(raw) as picture:
            small = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
            small.save(self._folder / f"{name}.png", optimize=True)

    def page(self, path: str) -> str:
        """Give the address of a page at the gateway, with the token that opens it."""
        return self.world.layout.url("gateway").replace("://", f"://reader:{self.world.api_token}@") + path

    def prefect(self, method: str, path: str, body: Any = None) -> Any:
        """Ask Prefect's API."""
        answer = self.operator.http.request(method, f"{self.world.layout.url('prefect')}/api{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def fetched(self, importer: str, outcome: str, commit: str, bills: int = 0) -> None:
        """Have production tell of a fetch."""
        told = {"id": f"{importer}-{time.time_ns()}", "importer": importer, "outcome": outcome, "commit": commit}
        url = f"{self.world.layout.url('gateway')}/v1/fetch-outcomes"
        headers = {"Authorization": f"Bearer {self._scheduler}"}
        self.operator.http.post(url, json={**told, "bills": bills}, headers=headers).raise_for_status()

    def round(self, name: str) -> None:
        """Have a round run now, and wait for its end."""
        deployment = self.prefect("GET", f"/deployments/name/{name}/{name}")["id"]
        run = self.prefect(
            "POST", f"/deployments/{deployment}/create_flow_run", {"state": {"type": "SCHEDULED"}, "name": name}
        )
        _wait(lambda: self.prefect("GET", f"/flow_runs/{run['id']}")["state_type"] in {"COMPLETED", "FAILED"} or None)

    def close(self) -> None:
        """Leave nothing behind."""
        self.operator.close()
        shutil.rmtree(self._room, ignore_errors=True)


def live(photographer: Photographer) -> None:
    """Let things happen: healed into production, in review, well by itself, failing in production, taken by a person."""
    operator, world = photographer.operator, photographer.world
    bare = world.root / "github/repos/acme/importers.git"
    tickets = {ticket["importer"]: ticket["key"] for ticket in world.layout.tickets()}
    broken = git("rev-parse", "refs/heads/main", cwd=bare).strip()
    for importer, bills in (("cascade", 7), ("ostrava", 5), ("brightwater", 6)):
        photographer.fetched(importer, "fetched", broken, bills)
    healed = tickets["brightwater"]
    operator.send(healed, "brightwater").raise_for_status()
    pull = operator.wait(healed, _PATIENCE_S).case["pull_request"]["number"]
    merge = f"{world.layout.url('github')}/api/v3/repos/acme/importers/pulls/{pull}/merge"
    headers = {"Authorization": f"token {world.layout.keys.maintainer}"}
    operator.http.put(merge, json={}, headers=headers).raise_for_status()
    _wait(lambda: _stands(operator, healed, "merged"))
    photographer.fetched("brightwater", "fetched", git("rev-parse", "refs/heads/main", cwd=bare).strip(), 6)
    _wait(lambda: _stands(operator, healed, "confirmed"))
    git("update-ref", "refs/heads/main", broken, cwd=bare)  # the portal changes again
    again = {"key": "UTIL-131", "type": "Bug", "component": "importer-brightwater", "summary": "no bills since Monday"}
    jira = f"{world.layout.url('jira')}/_control/tickets"
    operator.http.post(jira, json={**again, "description": "-"}).raise_for_status()
    for key, importer in (("UTIL-131", "brightwater"), (tickets["voltara"], "voltara")):
        operator.send(key, importer).raise_for_status()
        operator.wait(key, _PATIENCE_S)
    for _ in range(3):
        photographer.fetched("northgas", "failed", broken)
    operator.send(tickets["halden"], "halden").raise_for_status()
    world.healer("case", "take", tickets["halden"])
    for name in ("fleet", "digest", "reconcile"):
        photographer.round(name)


def shoot(photographer: Photographer) -> None:
    """Take all pictures."""
    ui = photographer.world.layout.url("prefect")
    named = {"flow_runs": {"name": {"any_": ["heal-UTIL-131-1"]}}}
    (run,) = photographer.prefect("POST", "/flow_runs/filter", named)
    (case,) = photographer.prefect(
        "POST", "/artifacts/latest/filter", {"artifacts": {"key": {"any_": ["util-131-case"]}}}
    )
    photographer.take("fleet", photographer.page("/fleet"), (1400, 1010))
    photographer.take("impact", photographer.page("/impact"), (1100, 1460))
    photographer.take("runs", f"{ui}/v2/runs?flow-run-search=UTIL-131", (1400, 1060), _SCRIPT_MS)
    photographer.take("heal", f"{ui}/v2/runs/flow-run/{run['id']}?tab=Artifacts", (1400, 1040), _SCRIPT_MS)
    photographer.take("case", f"{ui}/v2/artifacts/artifact/{case['latest_id']}", (1400, 1000), _SCRIPT_MS)


def _stands(operator: Operator, case: str, state: str) -> bool | None:
    seen = operator.look(case)
    return True if seen and seen.case["state"] == state else None


def _wait(what: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + _PATIENCE_S
    while (found := what()) is None:
        if time.monotonic() > deadline:
            raise WorldError("what was waited for did not happen in time")
        time.sleep(0.2)
    return found


def main(folder: Annotated[Path, typer.Option(help="Where the pictures go.")] = PICTURES) -> None:
    """Bring a world up, let things happen in it, and take the pictures."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        raise WorldError("there is no Chromium here: apt-get install chromium")
    with World(Plan(root=CHECKOUT / "var/world/pictures", gate="scripted")) as world:
        photographer = Photographer(world, browser, folder)
        try:
            live(photographer)
            shoot(photographer)
        finally:
            photographer.close()
    for picture in sorted(folder.glob("*.png")):
        typer.echo(f"{picture.relative_to(CHECKOUT)}: {picture.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    try:
        typer.run(main)
    except WorldError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
