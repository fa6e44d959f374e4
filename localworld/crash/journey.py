"""One ticket's way through the place, as those who send, review and run it go it: they try again where nobody answers."""

import threading
import time
from collections.abc import Callable
from typing import Any, Final, Self

import httpx

from localworld import workato
from localworld.crash.cells import End
from localworld.crash.place import IMPORTER, Place

_PAUSE_S: Final = 0.1
_RECEIPT: Final = "receipt_written"
_STARTED: Final = "run_started"
"""Told by the gateway, which may do so again where Redis forgot its word: then it comes after all else."""
_LOOK_S: Final = 2.0
_QUIET_S: Final = 4.0
"""The shortest patience that this place gives `reconcile` (`HEALER_RECONCILE_PENDING_S`)."""
_LONG_S: Final = 20.0
_PULLS: Final = "/api/v3/repos/acme/importers/pulls"


class Late(Exception):
    """The case did not come to its end in time."""


class Journey:
    """Brings a case to its end, and says how far it came."""

    def __init__(self, place: Place, case_id: str, end: End, deadline: float) -> None:
        self._place, self._case, self._end, self._deadline = place, case_id, end, deadline

    def travel(self) -> None:
        """Deliver the ticket, wait for its end; where the end is `confirmed`, merge and fetch on the way.

        Raises: Late.
        """
        self.deliver()
        if self._end != "confirmed":
            self.arrive(self._end)
            return
        self.arrive("published")
        self._insist(self._merge)
        self.arrive("merged", receipted=False)
        self._insist(self._fetched)
        self.arrive("confirmed")

    def deliver(self) -> None:
        """Deliver until it is acknowledged, always the same."""
        body = {"ticket": self._case, "importer": IMPORTER}
        signed = workato.delivery(body, self._place.world.layout.keys.workato)
        url = f"{self._place.world.layout.url('gateway')}/v1/hooks/workato"
        self._insist(lambda: self._place.http.post(url, content=signed.body, headers=signed.headers).is_success)

    def stop(self) -> None:
        """Stop the case as a person does."""
        url = f"{self._place.url('gateway')}/v1/cases/{self._case}/stop"
        headers = {"Authorization": f"Bearer {self._place.world.api_token}"}
        self._insist(lambda: self._place.http.post(url, headers=headers).is_success)

    def arrive(self, state: str, *, receipted: bool = True) -> None:
        """Wait until the case stands so and its receipt was the last that happened, the word that a run was started aside.

        Raises: Late with where it stands.
        """
        self._wait(lambda: self._stands(state, receipted=receipted), f"is not {state}")

    def _stands(self, state: str, *, receipted: bool) -> bool:
        case, events = self._place.case(self._case), self._place.events(self._case)
        last = next((event["kind"] for event in reversed(events) if event["kind"] != _STARTED), None)
        return bool(case and case["state"] == state and last and (not receipted or last == _RECEIPT))

    def _merge(self) -> bool:
        """Merge the pull request; one that is merged is merged."""
        pull = (self._place.case(self._case) or {}).get("pull_request")
        if not pull:
            return False
        headers = {"Authorization": f"token {self._place.world.layout.keys.maintainer}"}
        url = f"{self._place.url('github')}{_PULLS}/{pull['number']}/merge"
        return self._place.http.put(url, json={}, headers=headers).status_code in {200, 405}

    def _fetched(self) -> bool:
        """Tell of production's fetch, always the same."""
        url = f"{self._place.world.layout.url('gateway')}/v1/fetch-outcomes"
        told = {"id": f"nightly-{self._case}", "importer": IMPORTER, "outcome": "fetched", "commit": self._merged()}
        headers = {"Authorization": f"Bearer {self._place.scheduler}"}
        return self._place.http.post(url, json={**told, "bills": 6}, headers=headers).is_success

    def _merged(self) -> str:
        return self._place.git("rev-parse", "refs/heads/main")

    def _insist(self, act: Callable[[], bool]) -> None:
        def tried() -> bool:
            try:
                return act()
            except httpx.HTTPError:
                return False

        self._wait(tried, "found nobody who takes it")

    def _wait(self, what: Callable[[], bool], words: str) -> None:
        while not what():
            if time.monotonic() > self._deadline:
                stands = self._place.case(self._case) or {}
                last = [event["kind"] for event in self._place.events(self._case)][-6:]
                raise Late(f"{self._case} {words}: it is {stands.get('state')} ({stands.get('reason')}), last {last}")
            time.sleep(_PAUSE_S)


class Lookout:
    """Has `reconcile` look every few seconds, as its schedule does every two minutes, from enter to exit.

    Only where nothing happens on the case: it does nothing about one that goes on, and costs as much as a step of a healing.
    """

    def __init__(self, place: Place, case_id: str) -> None:
        self._place, self._case, self._over, self._run, self._since = place, case_id, threading.Event(), "", 0.0
        self._thread = threading.Thread(target=self._work, name="lookout", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        with httpx.Client(base_url=self._place.url("prefect") + "/api", timeout=5, trust_env=False) as http:
            before, since = -1, 0.0
            while not self._over.wait(_LOOK_S):
                if (happened := len(self._place.events(self._case))) != before:
                    before, since = happened, time.monotonic()
                if time.monotonic() - since < _QUIET_S:
                    continue
                try:
                    self._look(http)
                except (httpx.HTTPError, KeyError, OSError):
                    continue  # somebody is dead at the moment

    def _look(self, http: httpx.Client) -> None:
        """Ask for a look, unless the last one is still under way; one whose process was killed never ends by itself."""
        if self._run and time.monotonic() - self._since < _LONG_S:
            state: Any = http.get(f"/flow_runs/{self._run}").json()["state_type"]
            if state in {"SCHEDULED", "PENDING", "RUNNING"}:
                return
        deployment = http.get("/deployments/name/reconcile/reconcile").json()["id"]
        answer = http.post(f"/deployments/{deployment}/create_flow_run", json={"state": {"type": "SCHEDULED"}})
        self._run, self._since = answer.json()["id"], time.monotonic()
        self._place.redis.publish("healer:nudge", "look")
