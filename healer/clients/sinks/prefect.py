"""What Prefect keeps, through its API: runs with their parameters, states, logs, artifacts, variables, events and what is beside them."""

from collections.abc import Iterator
from typing import Any, Final

from healer.audit import Piece, of_json
from healer.clients.sinks.rest import Rest

_PAGE: Final = 200
_EVENTS_PAGE: Final = 50
_EVER: Final = "1970-01-01T00:00:00Z"
_TABLES: Final = {
    "flow runs": "flow_runs",
    "task runs": "task_runs",
    "logs": "logs",
    "artifacts": "artifacts",
    "variables": "variables",
    "deployments": "deployments",
    "flows": "flows",
    "block documents": "block_documents",
}
_OF_NO_CASE: Final = ("variables", "deployments", "flows", "block documents")
KINDS: Final = (*_TABLES, "states", "events")


class PrefectSink:
    """One Prefect server. With a case, its runs and what hangs on them; what belongs to no case is read all the same."""

    def __init__(self, rest: Rest, case: str | None = None) -> None:
        self._rest, self._case = rest, case

    def pieces(self, kind: str) -> Iterator[Piece]:
        """Give what there is of one of `KINDS`.

        Raises: UpstreamError `unread`.
        """
        match kind:
            case "states":
                yield from self._states()
            case "events":
                yield from self._events()
            case _:
                yield from (of_json(f"{kind} {row['id']}", row) for row in self._rows(kind))

    def _rows(self, kind: str) -> Iterator[dict[str, Any]]:
        """Page through a table by offset."""
        table, offset = _TABLES[kind], 0
        while rows := self._rest.post(f"/{table}/filter", {**self._filter(kind), "limit": _PAGE, "offset": offset}):
            yield from rows
            offset += len(rows)

    def _filter(self, kind: str) -> dict[str, Any]:
        if self._case is None or kind in _OF_NO_CASE:
            return {}
        if kind == "logs":
            return {"logs": {"flow_run_id": {"any_": [run["id"] for run in self._rows("flow runs")]}}}
        return {"flow_runs": {"tags": {"all_": [f"case:{self._case}"]}}}

    def _states(self) -> Iterator[Piece]:
        for kind, path, name in (
            ("flow runs", "/flow_run_states/", "flow_run_id"),
            ("task runs", "/task_run_states/", "task_run_id"),
        ):
            for run in self._rows(kind):
                yield of_json(f"states of {kind[:-1]} {run['id']}", self._rest.get(path, {name: run["id"]}))

    def _events(self) -> Iterator[Piece]:
        since = {"occurred": {"since": _EVER}}
        about = {"any_resource": {"id": self._resources()}} if self._case else {}
        if about and not about["any_resource"]["id"]:
            return
        page = self._rest.post("/events/filter", {"filter": {**since, **about}, "limit": _EVENTS_PAGE})
        while page:
            yield from (of_json(f"event {event['id']}", event) for event in page["events"])
            token = (page.get("next_page") or "").partition("page-token=")[2]
            page = self._rest.get("/events/filter/next", {"page-token": token}) if token else None

    def _resources(self) -> list[str]:
        """Name the case's runs as events do."""
        flow_runs = [f"prefect.flow-run.{run['id']}" for run in self._rows("flow runs")]
        return flow_runs + [f"prefect.task-run.{run['id']}" for run in self._rows("task runs")]
